"""The addresses of the short fits: what has come, once more, and taking what they suggest."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, DraftConflictError
from app.domain.estimators import registry
from app.services.drafts import drafts
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.frame import frame_of
from app.steps.model.measured import panel
from app.steps.model.routes import VIEW, blueprint
from app.web.hypermedia import fragment, into, render, see_other, wants_fragment

PAGE, PANEL = "pages/model_evidence.html", "partials/model/evidence.html"
SINGLE_PAGE = "single-page"


@blueprint.get("/evidence")
def show_evidence(draft_id: uuid.UUID) -> Response:
    """Show what the short fits say so far: the panel alone where a page looks for more, else a page of its own."""
    situation = flow.situation_of(draft_id)
    shown = panel(situation)
    if shown is None:
        return see_other(flow.step_url(situation.row, "data"))
    if not wants_fragment():
        return render(PAGE, PANEL, base=f"/experiments/drafts/{draft_id}", measured=shown)
    # What the fits taught about time changes the estimate beside them too; the cards are left where they are.
    frame = frame_of(situation, "model")
    on_page = SINGLE_PAGE if request.args.get("on") == SINGLE_PAGE else "model"
    if request.args.get("cards") == "new":
        shown = {"with_choices": True, **VIEW.context(situation), **frame, "on_page": on_page}
        return fragment(PANEL, with_estimate=True, **shown)
    order = request.args.get("order", "")
    shown["has_new_order"] = not shown["found"].busy and order != order_of(situation)
    return fragment(PANEL, with_estimate=True, **frame, measured=shown, on_page=on_page, cards_order=order)


def order_of(situation: flow.Situation) -> str:
    """Return in which order the cards would stand now."""
    return ",".join(one.entry.id for one in VIEW.context(situation)["ranked"])


@blueprint.post("/evidence")
def measure_again(draft_id: uuid.UUID) -> Response:
    """Have the fits made once more that failed or were stopped."""
    situation = flow.situation_of(draft_id)
    if situation.dataset is not None:
        recommendations.recommend(situation.dataset, situation.plan, again=True)
    return see_other(flow.step_url(situation.row, "model") + "#model-evidence")


@blueprint.post("/choose")
def choose(draft_id: uuid.UUID) -> Response:
    """Take an estimator from the panel; what was typed beside it is kept as well."""
    situation, wanted = flow.situation_of(draft_id), request.form.get("take", "")
    task = situation.plan.spec.task.kind if situation.plan.spec else None
    if task is None or wanted not in {entry.id for entry in registry.for_task(task)}:
        gone = DomainError("This estimator is not offered for the task any more.", code="estimator_unknown")
        return into("#wizard", flow.show_step(VIEW, situation, status=422, shown_problems=(gone,)))
    version = flow.version_of(situation)
    changes = {**flow.changes_of(VIEW, situation, version), "estimator": wanted}
    try:
        drafts.save_answers(situation.user, draft_id, step="model", changes=changes, version=version)
    except DraftConflictError as fault:
        return flow.show_conflict(VIEW, situation, fault, changes)
    return see_other(flow.step_url(situation.row, "model"))
