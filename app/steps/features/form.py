"""The Features step's answers: exceptions to the suggestion, column by column, and the list of derived features."""

from __future__ import annotations

from typing import Any

from app.domain.recommendation.plan import Plan
from app.domain.training import transforms
from app.steps.flow import Form

ADD, REMOVE, RESET = "add-transform", "remove-transform:", "reset-transforms"
BULK = {"tick-all": True, "untick-all": False, "tick-suggested": None}


def read(form: Form, plan: Plan) -> dict[str, Any]:
    """Return which of the columns on the page were ticked or unticked by hand."""
    on_page = set(form.get("shown", "").split(","))
    ticked = set(form.getlist("column"))
    values: dict[str, Any] = {}
    for choice in plan.columns:
        key = choice.profile.key
        if key in on_page and (key in ticked) != choice.selected:
            # Back at the suggestion, the exception is forgotten.
            values[f"column.{key}"] = None if (key in ticked) == choice.suggested else key in ticked
    return values


def act(form: Form, plan: Plan) -> dict[str, Any]:
    """Return what a button of the step changes."""
    action = form.get("action", "")
    if action in BULK:
        return _bulk(form, plan, BULK[action])
    if action == RESET:
        return {"transforms": None}
    current = list(plan.values["features"].get("transforms") or [])
    if action == ADD:
        return {"transforms": [*current, _new(form)]}
    kept = [item for place, item in enumerate(current) if action != f"{REMOVE}{place}"]
    return {} if len(kept) == len(current) else {"transforms": kept}


def _bulk(form: Form, plan: Plan, wanted: bool | None) -> dict[str, Any]:
    on_page = set(form.get("shown", "").split(","))
    changes: dict[str, Any] = {}
    for choice in plan.columns:
        if choice.profile.key in on_page:
            goal = choice.suggested if wanted is None else wanted
            changes[f"column.{choice.profile.key}"] = None if goal == choice.suggested else goal
    return changes


def _new(form: Form) -> dict[str, Any]:
    kind = form.get("new.kind", "lag")
    entry = next((one for one in transforms.TRANSFORMS if one.kind == kind), transforms.TRANSFORMS[0])
    column = form.get("new.column", "")
    raw: Any = form.getlist("new.parts") if entry.parameter == "parts" else form.get("new.amount", "")
    return {
        "columns": [column] if entry.needs_columns and column else [],
        "kind": entry.kind,
        "parameters": {entry.parameter: raw},
    }
