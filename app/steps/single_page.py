"""All five steps on one page, for those who know what they want: the flow over five views at once."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

from app.domain import wizard
from app.steps import flow
from app.steps.begin import ON_ONE_PAGE
from app.steps.context import DraftContext, step_url
from app.steps.data.routes import VIEW as DATA
from app.steps.features.routes import VIEW as FEATURES
from app.steps.frame import frame_of
from app.steps.model.routes import VIEW as MODEL
from app.steps.review.routes import VIEW as REVIEW
from app.steps.validation import optimism
from app.steps.validation.routes import VIEW as VALIDATION
from app.steps.views import StepView, WizardPage
from app.web.hypermedia import leave_for, render

# Which part of a step stands here; the model and the validation as a whole.
PARTS = {
    "data": "partials/data/goal.html",
    "features": "partials/wizard/feature_choices.html",
    "model": "partials/steps/model.html",
    "validation": "partials/steps/validation.html",
    "review": "partials/review/words.html",
}
VIEWS = (DATA, FEATURES, MODEL, VALIDATION, REVIEW)
STEP = wizard.StepDef(ON_ONE_PAGE, "All on one page", "Every answer of the five steps. What you launch is frozen.")


def _frame(draft: DraftContext) -> dict[str, Any]:
    return {**frame_of(draft, wizard.SLUGS[-1]), "step": STEP, "home": "#section-"}


def _draw(draft: DraftContext, *, status: int = 200, pressed: str = "", **more: Any) -> Response:
    """Answer with the page; without data there is nothing to show but the Data step."""
    if draft.plan.spec is None:
        return leave_for(step_url(draft.id, "data"))
    sections = [(wizard.step_of(view.slug), _section(view, draft, pressed)) for view in VIEWS]
    key = REVIEW.context(draft)["key"]
    values = {**flow.UNTOUCHED, "sections": sections, "key": key, **more, **_frame(draft)}
    push = request.method == "GET"
    return render("pages/single_page.html", "partials/wizard/single.html", status=status, push=push, **values)


def _section(view: StepView, draft: DraftContext, pressed: str) -> Any:
    """Return one step's part as its own template renders it, from a context of its own."""
    values = {**flow.UNTOUCHED, "focus": False, "bare": True, "pressed": pressed}
    values.update(view.context(draft))
    values.update(frame_of(draft, view.slug))
    current_app.update_template_context(values)
    return current_app.jinja_env.get_template(PARTS[view.slug]).make_module(values)


SINGLE = WizardPage(
    slug=ON_ONE_PAGE,
    views=VIEWS,
    reached=wizard.SLUGS[-1],
    draw=_draw,
    frame=_frame,
    live=MODEL,
    measured=FEATURES,
    follows="partials/wizard/single_measured.html",
)
blueprint = flow.blueprint_for(SINGLE, launches=True)
optimism.add_routes(blueprint, SINGLE)
