"""Values for the derived-features panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request

from app.domain.recommendation.plan import Plan
from app.domain.training.preprocessing import transforms
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.services.measurements.previews import TransformPreview
from app.steps.features.form import ADD
from app.steps.features.recipes import MAX_OPTIONS, RecipeLine, RecipeQuestion, lines_of, options_of, recipe_question
from app.web.hypermedia import ContextPart


@dataclass(frozen=True, kw_only=True)
class AddingValues(ContextPart):
    """The form for one more recipe: kinds by family, columns to choose, and the preview of what was asked for."""

    question: RecipeQuestion
    families: dict[str, list[TransformEntry]]
    options: list[str]
    more_options: bool
    date_parts: Mapping[str, str]
    preview: TransformPreview | None
    preview_fault: str


@dataclass(frozen=True, kw_only=True)
class DerivedValues(ContextPart):
    """The recipes there are, why they are suggested, and the form for one more, which is open where `adds` says so."""

    recipes: list[RecipeLine]
    reasons: Mapping[str, str]
    adds: bool
    adding: AddingValues


def derived_values(plan: Plan) -> DerivedValues:
    """Return the values of the panel; the answers of a form that came back stay in its fields."""
    typed = request.form if request.method == "POST" else request.args
    question = recipe_question(typed, plan)
    if typed.get("action") != ADD:
        question = replace(question, faults={})
    adds = "new.kind" in request.values and request.values.get("action") in (ADD, None)
    return DerivedValues(recipes=lines_of(plan), reasons=plan.reasons, adds=adds, adding=adding_values(plan, question))


def adding_values(
    plan: Plan, question: RecipeQuestion, *, preview: TransformPreview | None = None, fault: str = ""
) -> AddingValues:
    """Return the form for one more recipe."""
    families: dict[str, list[TransformEntry]] = {}
    timeless = plan.spec is None or plan.spec.task.time_column is None
    for entry in TRANSFORMS:
        if not (timeless and entry.needs_time):
            families.setdefault(entry.family, []).append(entry)
    options = options_of(plan, question.entry) if plan.spec and question.entry.needs_columns else []
    return AddingValues(
        question=question,
        families=families,
        options=list(dict.fromkeys([*(name for name in options if name in question.columns), *options]))[:MAX_OPTIONS],
        more_options=len(options) > MAX_OPTIONS,
        date_parts=transforms.DATE_PARTS,
        preview=preview,
        preview_fault=fault,
    )
