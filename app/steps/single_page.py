"""The wizard with all five steps on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.domain import wizard
from app.steps import flow
from app.steps.context import DraftContext, step_url
from app.steps.data.routes import VIEW as DATA
from app.steps.features.routes import VIEW as FEATURES
from app.steps.features.routes import FeaturesValues
from app.steps.frame import frame_of, name_of, search_of, side_of
from app.steps.model.routes import VIEW as MODEL
from app.steps.page_contexts import Answers, MeasuredContext, PageState, SearchValues, SideValues
from app.steps.review.routes import VIEW as REVIEW
from app.steps.review.routes import launch_key
from app.steps.start_measurements import ON_ONE_PAGE
from app.steps.validation import optimism
from app.steps.validation.routes import VIEW as VALIDATION
from app.steps.views import StepView, WizardPage
from app.web.hypermedia import ViewContext, leave_for, render_view

VIEWS = (DATA, FEATURES, MODEL, VALIDATION, REVIEW)
QUESTION = "All answers of the five steps. After the launch, nothing in them changes."
STEP = wizard.StepDef(ON_ONE_PAGE, "All on one page", QUESTION)
HOME = "#section-"


@dataclass(frozen=True, kw_only=True)
class SinglePageContext(ViewContext):
    """All steps on one page; `sections` pairs each with its part, and `key` names the launch."""

    page_name: ClassVar[str] = "pages/single_page.html"
    fragment_name: ClassVar[str] = "partials/wizard/single.html"
    side: SideValues
    search: SearchValues
    state: PageState
    draft_name: str
    sections: list[tuple[wizard.StepDef, Markup]]
    key: str


@dataclass(frozen=True, kw_only=True)
class SingleMeasuredContext(MeasuredContext):
    """What a finished measurement changes on the page of all steps."""

    included: ClassVar[Mapping[str, str]] = {"follows": "partials/wizard/single_measured.html"}
    answers: FeaturesValues


def _draw(
    draft: DraftContext, *, status: int = 200, state: PageState = flow.UNTOUCHED, answers: Answers | None = None
) -> Response:
    """Answer with the page; without data there is nothing to show but the Data step."""
    if draft.plan.spec is None:
        return leave_for(step_url(draft.id, "data"))
    search = search_of(draft)
    context = SinglePageContext(
        side=side_of(draft, STEP, home=HOME),
        search=search,
        state=state,
        draft_name=name_of(draft),
        sections=[(wizard.step_of(view.slug), _render_section(view, draft, search, state.pressed)) for view in VIEWS],
        key=launch_key(),
    )
    return render_view(context, status=status, push=request.method == "GET")


def _render_section(view: StepView, draft: DraftContext, search: SearchValues, pressed: str) -> Markup:
    """Return one step's part as its own template renders it, from a context of its own."""
    context = view.section(
        side=side_of(draft, wizard.step_of(view.slug)),
        search=search,
        frame=frame_of(draft, view.slug, on_page=ON_ONE_PAGE),
        state=PageState(focus=False, pressed=pressed),
        answers=view.part(draft),
    )
    # The template escaped it.
    return Markup(render_template(context.fragment_name, **context.by_name()))  # noqa: S704


SINGLE = WizardPage(
    slug=ON_ONE_PAGE,
    step=STEP,
    views=VIEWS,
    reached=wizard.SLUGS[-1],
    draw=_draw,
    live=MODEL,
    follows=FEATURES,
    measured=SingleMeasuredContext,
    home=HOME,
)
blueprint = flow.blueprint_for(SINGLE, launches=True)
optimism.add_routes(blueprint, SINGLE)
