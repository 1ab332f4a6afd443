"""Routes of the short fits: show results, measure again, choose the first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain import wizard
from app.domain.errors import DomainError
from app.domain.estimators import registry
from app.domain.recommendation.plan import Plan
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.context import DraftContext, draft_url, load, step_url
from app.steps.estimator_choice import SHOWN, restore_page_estimator
from app.steps.frame import frame_of, side_of
from app.steps.model.evidence_panel import EvidencePanel, build_evidence_panel
from app.steps.model.routes import PAGE, VIEW, ModelValues, blueprint, cards_first, model_values, order_of
from app.steps.page_contexts import FrameValues, SideValues
from app.steps.posted_changes import changes_here
from app.steps.start_measurements import ON_ONE_PAGE, begin
from app.web.hypermedia import ContextPart, ViewContext, render_view, see_other, wants_fragment


@dataclass(frozen=True, kw_only=True)
class EvidenceValues(ContextPart):
    """The panel of the short fits, and the estimate that they changed; `on_page` is the page that shows it."""

    base: str
    plan: Plan
    machine_mb: float
    measured: EvidencePanel
    on_page: str
    cards_order: str


@dataclass(frozen=True, kw_only=True)
class EvidencePageContext(ViewContext):
    """The panel as a page of its own."""

    page_name: ClassVar[str] = "pages/model_evidence.html"
    fragment_name: ClassVar[str] = "partials/model/evidence.html"
    values: EvidenceValues


@dataclass(frozen=True, kw_only=True)
class EvidenceContext(ViewContext):
    """The panel alone, with the estimate beside it."""

    fragment_name: ClassVar[str] = "partials/model/evidence.html"
    values: EvidenceValues
    with_estimate: bool = True


@dataclass(frozen=True, kw_only=True)
class CardsContext(ViewContext):
    """The panel with the cards of the estimators in their new order, and the estimate."""

    fragment_name: ClassVar[str] = "partials/model/evidence.html"
    included: ClassVar[Mapping[str, str]] = {"cards": "partials/model/choices.html"}
    side: SideValues
    frame: FrameValues
    answers: ModelValues
    with_choices: bool = True
    with_estimate: bool = True


@blueprint.get("/evidence")
def show_evidence(draft_id: uuid.UUID) -> Response:
    """Show what the short fits say so far: the panel alone where a page looks for more, else a page of its own."""
    draft = restore_page_estimator(load(draft_id))
    panel = build_evidence_panel(draft)
    if panel is None:
        return see_other(step_url(draft.id, "data"))
    on_page = ON_ONE_PAGE if request.args.get("on") == ON_ONE_PAGE else "model"
    if not wants_fragment():
        return render_view(EvidencePageContext(values=_evidence_values(draft, panel, on_page="model")))
    if request.args.get("cards") == "new":
        side, frame = side_of(draft, wizard.step_of("model")), frame_of(draft, "model", on_page=on_page)
        return render_view(CardsContext(side=side, frame=frame, answers=model_values(draft)))
    # What the fits taught about time changes the estimate beside them too; the cards are left where they are.
    order = request.args.get("order", "")
    has_new_order = not panel.recommendations.busy and order != order_of(cards_first(draft, panel.ranking))
    panel = replace(panel, has_new_order=has_new_order)
    return render_view(EvidenceContext(values=_evidence_values(draft, panel, on_page=on_page, order=order)))


def _evidence_values(draft: DraftContext, panel: EvidencePanel, *, on_page: str, order: str = "") -> EvidenceValues:
    return EvidenceValues(
        base=draft_url(draft.id),
        plan=draft.plan,
        machine_mb=draft.machine.memory_mb,
        measured=panel,
        on_page=on_page,
        cards_order=order,
    )


@blueprint.post("/evidence")
def measure_again(draft_id: uuid.UUID) -> Response:
    """Have the fits made that were never begun, failed or were stopped."""
    draft = load(draft_id)
    begin(draft, "model")
    if draft.dataset is not None:
        recommendations.begin_fits(draft.dataset, draft.plan, again=True)
    if "on" in request.args and wants_fragment():
        query = {name: request.values.get(name, "") for name in ("on", "order", SHOWN)}
        return see_other(url_for("model.show_evidence", draft_id=draft_id, **dict[str, Any](query)))
    return see_other(step_url(draft.id, "model") + "#model-evidence")


@blueprint.post("/choose")
def choose(draft_id: uuid.UUID) -> Response:
    """Take an estimator from the panel; what was typed beside it is kept as well."""
    draft, wanted = load(draft_id), request.form.get("take", "")
    task = draft.plan.spec.task if draft.plan.spec else None
    if task is None or wanted not in {entry.id for entry in registry.estimators_for_task(task.kind, task.purpose)}:
        gone = DomainError("This estimator is not offered for the task any more.", code="estimator_unknown")
        return flow.refuse(PAGE, draft, gone, status=422)
    saved = flow.save_changes(draft, {"model": {**changes_here(VIEW, draft), "estimator": wanted}}, reached="model")
    begin(saved, "model")
    return see_other(step_url(draft.id, "model"))
