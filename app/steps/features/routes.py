"""The Features step: columns with their association to the target, and derived features."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.experiment import TransformPart
from app.domain.recommendation.selection import MODES, NUMBERS
from app.domain.recommendation.strategies import STRATEGIES
from app.domain.training import transforms
from app.services import associations
from app.steps import flow
from app.steps.features.form import act, read, rules_of
from app.steps.features.listing import ORDERS, USE_CHOICES, asked_of_text, listing_of, strength
from app.web.hypermedia import fragment

# A list of a few thousand options is longer than a page may be, and nobody reads it.
MOST_OPTIONS = 200


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


def measuring(situation: flow.Situation) -> bool:
    """Say whether associations are still being measured by a worker."""
    if situation.dataset is None or situation.profile is None or situation.plan.spec is None:
        return False
    kinds = {column.name: column.kind for column in situation.profile.columns}
    kinds.update(situation.plan.spec.data.column_kinds)
    key = associations.key_of(situation.profile, situation.plan.spec.task.target, kinds)
    job = associations.job_for(situation.dataset, key)
    return job is not None and job.state in ("queued", "running")


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
        **_associations(situation),
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


def _associations(situation: flow.Situation) -> dict[str, Any]:
    columns = situation.plan.columns
    return {
        "measuring": measuring(situation),
        "plan_columns": len(columns),
        "strongest": sorted((one for one in columns if strength(one) > 0), key=strength, reverse=True)[:6],
        "measured": sum(one.association is not None for one in columns),
    }


VIEW = flow.StepView("features", read, context, act=act)
blueprint = flow.blueprint_for(VIEW)


@blueprint.get("/measured")
def measured(draft_id: uuid.UUID) -> Response:
    """Show the associations that have come so far; while more are to come, the fragment asks again."""
    situation = flow.situation_of(draft_id)
    values = context(situation)
    address = flow.step_url(situation.row, "features")
    return fragment("partials/features/associations.html", address=address, **values)
