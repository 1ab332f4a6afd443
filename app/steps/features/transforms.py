"""The address of the preview of a recipe: real rows before and after, before it is added."""

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
from app.steps.features.asked import standing_of
from app.steps.features.derived import AddingValues, adding
from app.steps.features.recipes import PREFIX, RecipeQuestion, asked_of
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
    asked = asked_of(request.args, draft.plan)
    asked = _without_open_fields(asked, just_chosen=request.args.get("new.fields") != asked.entry.kind)
    shown, fault = None, ""
    if asked.part is not None and draft.plan.spec is not None:
        try:
            shown = previews.preview(dataset, draft.plan.spec, asked.part)
        except DomainError as problem:
            fault = problem.message
    values = adding(draft.plan, asked, shown=shown, fault=fault)
    context = TransformContext(base=draft_url(draft_id), adding=values)
    return render_view(context, status=422 if asked.faults or fault else 200)


def _without_open_fields(asked: RecipeQuestion, *, just_chosen: bool) -> RecipeQuestion:
    """Return the question without what is wrong only because nothing was said yet.

    Before a column is chosen there is nothing to preview, and nothing wrong with that; nor with an empty field of a
    recipe whose fields are only now shown.
    """
    left_open = [] if asked.columns else ["new.column"]
    if just_chosen or (asked.entry.needs_columns and not asked.columns):
        left_open += [PREFIX + name for name, value in asked.values.items() if value in (None, "")]
    return replace(asked, faults={name: said for name, said in asked.faults.items() if name not in left_open})


@blueprint.post("/transform")
def ask_transform(draft_id: uuid.UUID) -> Response:
    """Keep what was ticked on the page, and go to the preview of what was asked for."""
    draft = load(draft_id)
    flow.store(STEP, draft)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(PREFIX)]
    here = url_for("features.preview_transform", draft_id=draft_id)
    return see_other(f"{here}?{urlencode(fields, errors='replace')}")
