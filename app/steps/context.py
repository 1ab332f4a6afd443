"""Loading the draft of the current request, and addresses of its steps."""

from __future__ import annotations

import uuid

from flask import url_for

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.experiment import Spec
from app.services.drafts import draft_context
from app.services.drafts.draft_context import DraftContext
from app.web.sessions import current_user

__all__ = ["DraftContext", "draft_url", "load", "profile_and_spec", "step_url"]


def load(draft_id: uuid.UUID) -> DraftContext:
    """Load a draft of the person who asks."""
    return draft_context.load(current_user(), draft_id)


def step_url(draft_id: uuid.UUID, slug: str) -> str:
    """Return the address of a step, or of the page of all steps."""
    return url_for(f"{slug.replace('-', '_')}.show", draft_id=draft_id)


def draft_url(draft_id: uuid.UUID) -> str:
    """Return the address of a draft, behind which its pages stand."""
    return url_for("drafts.resume", draft_id=draft_id)


def profile_and_spec(draft: DraftContext) -> tuple[DatasetProfile, Spec]:
    """Return the profile and the config that every step after the first is about.

    Raises
    ------
    DomainError
        If there are none.
    """
    if draft.profile is None or draft.plan.spec is None:
        raise DomainError("Choose a dataset and a target on the Data step first.", code="dataset_missing")
    return draft.profile, draft.plan.spec
