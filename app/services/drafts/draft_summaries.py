"""Summaries of drafts for the list of experiments."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from app.domain.estimators import registry
from app.domain.purpose_words import purpose_phrase
from app.services.drafts import drafts
from app.services.drafts.draft_context import DraftContext, context_of
from app.storage import drafts as draft_rows
from app.storage.drafts import DraftLine
from app.storage.tables import User

# A hundred people with a full list each; one takes less than 1 kB.
GLANCES_KEPT = 2000


@dataclass(frozen=True)
class VersionSummary:
    """What a draft at one of its versions is about; empty where it is not known yet, as a name that nobody gave.

    `changed` are the answers of the last save, each as step.field.
    """

    name: str
    target: str
    purpose: str
    estimator: str
    changed: tuple[str, ...]


_glances: OrderedDict[tuple[uuid.UUID, int, str], VersionSummary] = OrderedDict()


@dataclass(frozen=True)
class DraftSummary:
    """A draft in the list."""

    id: uuid.UUID
    dataset: str
    is_deleted: bool
    reached: str
    touched_at: datetime
    glance: VersionSummary


def list_draft_summaries(user: User, *, page: int, per_page: int) -> tuple[list[DraftSummary], int]:
    """Return a page of the user's drafts that were not launched, last touched first, and how many there are in all."""
    lines = draft_rows.list_lines(user.id, limit=per_page, offset=(page - 1) * per_page)
    summaries = [
        DraftSummary(
            line.id,
            line.dataset_name or "",
            line.deleted_at is not None,
            line.reached,
            line.touched_at,
            _cached_summary(user, line),
        )
        for line in lines
    ]
    return summaries, draft_rows.count_drafts(user.id)


def _cached_summary(user: User, line: DraftLine) -> VersionSummary:
    # What a file holds becomes known, and data are deleted and brought back, without a new version.
    state = "" if line.dataset_state is None or line.deleted_at is not None else line.dataset_state
    key = (line.id, line.version, state)
    if key not in _glances:
        # Thinking a draft through takes milliseconds, and a list holds many.
        _glances[key] = _version_summary(context_of(user, drafts.get_draft(user, line.id)))
        while len(_glances) > GLANCES_KEPT:
            _glances.popitem(last=False)
    return _glances[key]


def _purpose_of(context: DraftContext) -> str:
    """Return the purpose of the model in words, with steps told as time where they have a length."""
    spec, axis = context.plan.spec, context.profile.time_axis if context.profile is not None else None
    if spec is None:
        return ""
    is_regular = axis is not None and axis.regular and axis.column == spec.task.time_column
    return purpose_phrase(spec.task, step_seconds=axis.step_seconds if axis is not None and is_regular else None)


def _version_summary(context: DraftContext) -> VersionSummary:
    row, spec = context.row, context.plan.spec
    events = draft_rows.list_events(row.id, after_version=row.version - 1)
    return VersionSummary(
        name=str(row.answers.get("review", {}).get("name") or "").strip(),
        target=spec.task.target if spec else "",
        purpose=_purpose_of(context),
        estimator=registry.get(spec.model.estimator).title if spec else "",
        changed=tuple(events[-1].changes) if events else (),
    )
