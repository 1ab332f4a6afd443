"""What the panel of derived features shows: the recipes there are, and the one that may be added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.domain.recommendation.plan import Plan
from app.domain.training.preprocessing import transforms
from app.domain.training.preprocessing.recipes import TRANSFORMS
from app.services.measurements.previews import TransformPreview
from app.steps.features.recipes import MAX_OPTIONS, RecipeQuestion, asked_of, lines_of, options_of


def context(plan: Plan) -> dict[str, Any]:
    """Return the context of the panel; the answers of a form that came back stay in its fields."""
    typed = request.form if request.method == "POST" else request.args
    asked = asked_of(typed, plan)
    if typed.get("action") != "add-transform":
        asked = replace(asked, faults={})
    return {"recipes": lines_of(plan), "reasons": plan.reasons, **adding(plan, asked)}


def adding(
    plan: Plan, asked: RecipeQuestion, *, shown: TransformPreview | None = None, fault: str = ""
) -> dict[str, Any]:
    """Return the context of the form for one more recipe."""
    families: dict[str, list[Any]] = {}
    timeless = plan.spec is None or plan.spec.task.time_column is None
    for entry in TRANSFORMS:
        if not (timeless and entry.needs_time):
            families.setdefault(entry.family, []).append(entry)
    options = options_of(plan, asked.entry) if plan.spec and asked.entry.needs_columns else []
    return {
        "asked": asked,
        "families": families,
        "options": list(dict.fromkeys([*(name for name in options if name in asked.columns), *options]))[:MAX_OPTIONS],
        "more_options": len(options) > MAX_OPTIONS,
        "date_parts": transforms.DATE_PARTS,
        "shown": shown,
        "preview_fault": fault,
    }
