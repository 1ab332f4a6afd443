"""The addresses of the short fits: what has come, once more, and taking what they suggest."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, DraftConflictError
from app.domain.estimators import registry
from app.services import drafts, recommendations
from app.steps import flow
from app.steps.frame import frame_of
from app.steps.model.measured import panel
from app.steps.model.routes import VIEW, blueprint
from app.web.hypermedia import fragment, into, render, see_other, wants_fragment

PAGE, PANEL = "pages/model_evidence.html", "partials/model/evidence.html"


@blueprint.get("/evidence")
def show_evidence(draft_id: uuid.UUID) -> Response:
    """Show what the short fits say so far: the panel alone where a page looks for more, else a page of its own."""
    situation = flow.situation_of(draft_id)
    shown = panel(situation)
    if shown is None:
        return see_other(flow.step_url(situation.row, "data"))
    values: dict[str, Any] = {"base": f"/experiments/drafts/{draft_id}", "measured": shown}
    if wants_fragment():
        # What the fits taught about time changes the estimate beside them too, and at their end the order of the cards.
        ended = {} if shown["found"].busy else {"with_choices": True, **VIEW.context(situation)}
        return fragment(PANEL, with_estimate=True, **{**ended, **frame_of(situation, "model"), "measured": shown})
    return render(PAGE, PANEL, **values)


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
