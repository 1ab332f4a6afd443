"""The addresses of the short fits: what has come, once more, and taking what they suggest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.domain.estimators import registry
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.begin import ON_ONE_PAGE, begin
from app.steps.choice import SHOWN, as_shown
from app.steps.context import DraftContext, load, step_url
from app.steps.frame import frame_of
from app.steps.model.measured import panel
from app.steps.model.routes import PAGE, VIEW, blueprint, cards_first
from app.steps.posted import changes_here
from app.web.hypermedia import fragment, into, render, see_other, wants_fragment

PAGE_ALONE, PANEL = "pages/model_evidence.html", "partials/model/evidence.html"


@blueprint.get("/evidence")
def show_evidence(draft_id: uuid.UUID) -> Response:
    """Show what the short fits say so far: the panel alone where a page looks for more, else a page of its own."""
    draft = as_shown(load(draft_id))
    shown = panel(draft)
    if shown is None:
        return see_other(step_url(draft.id, "data"))
    base = f"/experiments/drafts/{draft_id}"
    if not wants_fragment():
        return render(PAGE_ALONE, PANEL, base=base, measured=shown, on_page="model")
    on_page = ON_ONE_PAGE if request.args.get("on") == ON_ONE_PAGE else "model"
    if request.args.get("cards") == "new":
        values = {"with_choices": True, **VIEW.context(draft), **frame_of(draft, "model"), "on_page": on_page}
        return fragment(PANEL, with_estimate=True, **values)
    # What the fits taught about time changes the estimate beside them too; the cards are left where they are.
    order = request.args.get("order", "")
    shown["has_new_order"] = not shown["found"].busy and order != order_of(draft, shown["ranking"])
    beside: dict[str, Any] = {"plan": draft.plan, "machine_mb": draft.machine.memory_mb, "base": base}
    return fragment(PANEL, with_estimate=True, measured=shown, on_page=on_page, cards_order=order, **beside)


def order_of(draft: DraftContext, ranking: Sequence[EstimatorSuggestion]) -> str:
    """Return in which order the cards would stand now."""
    return ",".join(one.entry.id for one in cards_first(draft, ranking))


@blueprint.post("/evidence")
def measure_again(draft_id: uuid.UUID) -> Response:
    """Have the fits made that were never begun, failed or were stopped."""
    draft = load(draft_id)
    begin(draft, "model")
    if draft.dataset is not None:
        recommendations.recommend(draft.dataset, draft.plan, again=True)
    if "on" in request.args and wants_fragment():
        asked = {name: request.values.get(name, "") for name in ("on", "order", SHOWN)}
        return see_other(url_for("model.show_evidence", draft_id=draft_id, **dict[str, Any](asked)))
    return see_other(step_url(draft.id, "model") + "#model-evidence")


@blueprint.post("/choose")
def choose(draft_id: uuid.UUID) -> Response:
    """Take an estimator from the panel; what was typed beside it is kept as well."""
    draft, wanted = load(draft_id), request.form.get("take", "")
    task = draft.plan.spec.task if draft.plan.spec else None
    if task is None or wanted not in {entry.id for entry in registry.for_task(task.kind, task.purpose)}:
        gone = DomainError("This estimator is not offered for the task any more.", code="estimator_unknown")
        return into("#wizard", PAGE.draw(draft, status=422, shown_problems=(gone,)))
    saved = flow.save_changes(draft, {"model": {**changes_here(VIEW, draft), "estimator": wanted}}, reached="model")
    begin(saved, "model")
    return see_other(step_url(draft.id, "model"))
