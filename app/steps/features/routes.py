"""The Features step: columns with their association to the target, and derived features."""

from __future__ import annotations

from typing import Any

from flask import request

from app.domain.recommendation.selection import MODES, NUMBERS
from app.domain.recommendation.strategies import STRATEGIES
from app.domain.training.selection_rules import describe
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.features import derived, memory
from app.steps.features.asked import measured_on
from app.steps.features.association import panel
from app.steps.features.form import ADD, act, read, rules_of, selection_of
from app.steps.features.listing import ORDERS, USE_CHOICES, asked_of_text, listing_of
from app.steps.views import StepView

MAX_LEAKS = 8


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Features fragment; a faulty filter is reported at its field."""
    listing = listing_of(draft.plan.columns, asked_of_text(_query()))
    ticked = sum(column.selected for column in draft.plan.columns)
    return {
        "listing": listing,
        "filter_numbers": NUMBERS,
        "uses": USE_CHOICES,
        "orders": ORDERS,
        "rules": [(MODES[rule.mode], rule) for rule in rules_of(draft.plan)],
        "selection_sentences": describe(selection_of(draft.plan), ticked),
        "measured_on": measured_on(draft),
        "strategies": STRATEGIES,
        "strategy_titles": {one.id: one.title for one in STRATEGIES},
        "selected_count": ticked,
        **({"status": 422} if listing.faults else {}),
        **derived.context(draft.plan),
        **memory.context(draft),
        "adds": "new.kind" in request.values and request.values.get("action") in (ADD, None),
        "pairs": panel(draft, {}) if draft.plan.spec else None,
        "most_leaks": MAX_LEAKS,
    }


def _query() -> str:
    """Return the query of the column list, from the address or from the field of an open page."""
    if request.method == "GET" and "query" not in request.args:
        return request.query_string.decode("utf-8", "replace")
    return request.values.get("query", "")


VIEW = StepView("features", read, context, act=act, follows="partials/features/measured.html")
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
