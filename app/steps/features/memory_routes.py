"""Routes of the panels of lag correlation and of the suggested feature set."""

from __future__ import annotations

import uuid

from flask import url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.steps import flow
from app.steps.context import DraftContext, draft_url, load, step_url
from app.steps.features.memory import MemoryContext, MemoryView, SetContext, SetView, memory_view, set_view
from app.steps.features.routes import PAGE, blueprint
from app.steps.start_measurements import begin
from app.web.hypermedia import render_view, see_other, wants_fragment


@blueprint.get("/memory")
def show_memory(draft_id: uuid.UUID) -> Response:
    """Show the memory as far as it is measured."""
    draft = load(draft_id)
    view = _memory_of(draft)
    if view is None:
        return see_other(step_url(draft.id, "features"))
    return render_view(MemoryContext(base=draft_url(draft_id), lags=view))


@blueprint.post("/memory/start")
def start_memory(draft_id: uuid.UUID) -> Response:
    """Start the measurements that the page shows, where none was started; without scripts, ticked boxes are kept."""
    draft = load(draft_id)
    if wants_fragment():
        begin(draft, "features")
        return see_other(url_for("features.show_memory", draft_id=draft_id))
    begin(flow.store(PAGE, draft), "features")
    return see_other(step_url(draft.id, "features") + "#features-derived")


@blueprint.get("/set")
def show_set(draft_id: uuid.UUID) -> Response:
    """Show what the suggested set holds, with what is measured of it."""
    draft = load(draft_id)
    view = _set_of(draft)
    if view is None:
        return see_other(step_url(draft.id, "features"))
    return render_view(SetContext(base=draft_url(draft_id), suggestion=view))


def _memory_of(draft: DraftContext) -> MemoryView | None:
    try:
        return memory_view(draft)
    except DomainError:
        return None


def _set_of(draft: DraftContext) -> SetView | None:
    try:
        return set_view(draft)
    except DomainError:
        return None
