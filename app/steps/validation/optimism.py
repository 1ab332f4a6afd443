"""Routes of the comparison of splits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from flask import Blueprint
from werkzeug.wrappers import Response

from app.services.measurements import split_comparisons
from app.steps import flow
from app.steps.context import DraftContext, draft_url, load
from app.steps.validation.split_preview import SplitPreview, preview_of
from app.steps.views import WizardPage
from app.web.hypermedia import ViewContext, render_view, see_other, wants_fragment

ANCHOR = "#validation-optimism"


@dataclass(frozen=True, kw_only=True)
class OptimismContext(ViewContext):
    """The comparison of splits; `on_page` is the page that shows it."""

    fragment_name: ClassVar[str] = "partials/validation/optimism.html"
    optimism: SplitPreview | None
    base: str
    on_page: str


def add_routes(blueprint: Blueprint, page: WizardPage) -> None:
    """Give a page that shows the comparison its two addresses."""
    blueprint.add_url_rule("/splits", "show_splits", partial(show_splits, page), methods=["GET"])
    blueprint.add_url_rule("/splits", "compare_splits", partial(compare_splits, page), methods=["POST"])


def show_splits(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Show the comparison as far as it has come; nothing is started."""
    draft = load(draft_id)
    return _draw(page, draft) if wants_fragment() else see_other(flow.address_of(page, draft.id) + ANCHOR)


def compare_splits(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Have the splits compared. Without scripts the whole page was posted, so it is saved first."""
    draft = load(draft_id)
    if not wants_fragment():
        draft = flow.store(page, draft)
    if draft.dataset is not None:
        split_comparisons.compare(draft.dataset, draft.plan)
    return _draw(page, draft) if wants_fragment() else see_other(flow.address_of(page, draft_id) + ANCHOR)


def _draw(page: WizardPage, draft: DraftContext) -> Response:
    base = draft_url(draft.id)
    return render_view(OptimismContext(optimism=preview_of(draft), base=base, on_page=page.slug))
