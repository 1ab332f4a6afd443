"""Routes that preview a recipe on real rows before it is added."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services.measurements import previews
from app.steps import flow
from app.steps.context import draft_url, load
from app.steps.features.derived import AddingValues, adding_values
from app.steps.features.feature_queries import standing_of
from app.steps.features.recipes import PREFIX, RecipeQuestion, recipe_question
from app.steps.features.routes import PAGE as STEP
from app.steps.features.routes import blueprint
from app.web.hypermedia import ViewContext, render_view, see_other


@dataclass(frozen=True, kw_only=True)
class TransformContext(ViewContext):
    """The form for one more recipe with its preview, as a page of its own."""

    page_name: ClassVar[str] = "pages/features_transform.html"
    fragment_name: ClassVar[str] = "partials/features/transform_preview.html"
    base: str
    adding: AddingValues


@blueprint.get("/transform")
def preview_transform(draft_id: uuid.UUID) -> Response:
    """Show what a recipe does to real rows; nothing is changed."""
    draft = load(draft_id)
    dataset, _ = standing_of(draft)
    question = recipe_question(request.args, draft.plan)
    question = _drop_open_faults(question, just_chosen=request.args.get("new.fields") != question.entry.kind)
    preview, fault = None, ""
    if question.part is not None and draft.plan.spec is not None:
        try:
            preview = previews.preview(dataset, draft.plan.spec, question.part)
        except DomainError as problem:
            fault = problem.message
    values = adding_values(draft.plan, question, preview=preview, fault=fault)
    context = TransformContext(base=draft_url(draft_id), adding=values)
    return render_view(context, status=422 if question.faults or fault else 200)


def _drop_open_faults(question: RecipeQuestion, *, just_chosen: bool) -> RecipeQuestion:
    """Return the question without what is wrong only because nothing was said yet.

    Before a column is chosen there is nothing to preview, and nothing wrong with that; nor with an empty field of a
    recipe whose fields are only now shown.
    """
    left_open = [] if question.columns else ["new.column"]
    if just_chosen or (question.entry.needs_columns and not question.columns):
        left_open += [PREFIX + name for name, value in question.values.items() if value in (None, "")]
    return replace(question, faults={name: fault for name, fault in question.faults.items() if name not in left_open})


@blueprint.post("/transform")
def ask_transform(draft_id: uuid.UUID) -> Response:
    """Keep what was ticked on the page, and go to the preview of what was asked for."""
    draft = load(draft_id)
    flow.store(STEP, draft)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(PREFIX)]
    here = url_for("features.preview_transform", draft_id=draft_id)
    return see_other(f"{here}?{urlencode(fields, errors='replace')}")
