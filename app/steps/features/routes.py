"""The Features step: columns with their association to the target, and derived features."""

from __future__ import annotations

from typing import Any

from flask import request

from app.domain.experiment import TransformPart
from app.domain.recommendation.selection import MODES, NUMBERS
from app.domain.recommendation.strategies import STRATEGIES
from app.domain.training import transforms
from app.steps import flow
from app.steps.features.asked import leaks_of
from app.steps.features.association import panel
from app.steps.features.form import act, read, rules_of
from app.steps.features.listing import ORDERS, USE_CHOICES, asked_of_text, listing_of

# A list of a few thousand options is longer than a page may be, and nobody reads it.
MOST_OPTIONS = 200
MOST_LEAKS = 8


def _recipes(situation: flow.Situation) -> list[dict[str, Any]]:
    lines = []
    for raw in situation.plan.values["features"].get("transforms") or []:
        try:
            part = TransformPart(**raw)
            entry = transforms.get(part.kind)
            time_column = situation.plan.spec.task.time_column if situation.plan.spec else None
            names = transforms.derived_names(part, time_column=time_column)
            lines.append({"title": entry.title, "names": names, "columns": part.columns, "fault": ""})
        except (KeyError, TypeError, ValueError) as fault:
            lines.append({"title": "Not understood", "names": [], "columns": [], "fault": str(fault)[:200]})
    return lines


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Features fragment needs; a filter that makes no sense is said at its field."""
    query = request.query_string.decode("utf-8", "replace")
    asked = asked_of_text(query if request.method == "GET" else request.form.get("query", ""))
    listing = listing_of(situation.plan.columns, asked)
    return {
        "listing": listing,
        "filter_numbers": NUMBERS,
        "uses": USE_CHOICES,
        "orders": ORDERS,
        "rules": [(MODES[rule.mode], rule) for rule in rules_of(situation.plan)],
        "strategies": STRATEGIES,
        "strategy_titles": {one.id: one.title for one in STRATEGIES},
        "selected_count": sum(one.selected for one in situation.plan.columns),
        **({"status": 422} if listing.faults else {}),
        **_derived(situation),
        "pairs": panel(situation, {}) if situation.plan.spec else None,
        "leaks": leaks_of(situation),
        "most_leaks": MOST_LEAKS,
    }


def _derived(situation: flow.Situation) -> dict[str, Any]:
    spec = situation.plan.spec
    kinds = spec.data.column_kinds if spec else {}
    columns = situation.profile.columns if situation.profile else ()
    return {
        "recipes": _recipes(situation),
        "transform_kinds": transforms.TRANSFORMS,
        "date_parts": transforms.DATE_PARTS,
        "numbers": [one.name for one in columns if kinds.get(one.name, one.kind).is_number][:MOST_OPTIONS],
        "reasons": situation.plan.reasons,
    }


VIEW = flow.StepView("features", read, context, act=act)
blueprint = flow.blueprint_for(VIEW)
