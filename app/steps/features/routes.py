"""The Features step: columns with their association to the target, and derived features."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.experiment import TransformPart
from app.domain.recommendation.plan import ColumnChoice
from app.domain.training import transforms
from app.services import associations
from app.steps import flow
from app.steps.features.form import act, read
from app.web.hypermedia import fragment

PER_PAGE = 100
ORDERS = (("file", "File order"), ("association", "Association"), ("missing", "Missing"), ("name", "Name"))


def _strength(choice: ColumnChoice) -> float:
    found = choice.association
    return abs(found.value) if found is not None and found.value is not None else -1.0


def _sorted(choices: list[ColumnChoice], order: str) -> list[ColumnChoice]:
    if order == "association":
        return sorted(choices, key=_strength, reverse=True)
    if order == "missing":
        return sorted(choices, key=lambda one: one.profile.missing, reverse=True)
    if order == "name":
        return sorted(choices, key=lambda one: one.profile.name.lower())
    return choices


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
    """Return what the Features fragment needs."""
    source = request.args if request.method == "GET" else {}
    word, order = str(source.get("q", "")).strip(), str(source.get("order", "file"))
    page = max(1, request.args.get("page", 1, type=int)) if source else 1
    choices = [one for one in situation.plan.columns if word.lower() in one.profile.name.lower()]
    shown = _sorted(choices, order)[(page - 1) * PER_PAGE : page * PER_PAGE]
    spec = situation.plan.spec
    kinds = spec.data.column_kinds if spec else {}
    return {
        "choices": shown,
        "found": len(choices),
        "word": word,
        "order": order,
        "orders": ORDERS,
        "page": page,
        "pages": -(-len(choices) // PER_PAGE),
        "query": request.query_string.decode() if request.method == "GET" else "",
        "selected_count": sum(one.selected for one in situation.plan.columns),
        "recipes": _recipes(situation),
        "transform_kinds": transforms.TRANSFORMS,
        "date_parts": transforms.DATE_PARTS,
        "numbers": [
            column.name
            for column in (situation.profile.columns if situation.profile else ())
            if kinds.get(column.name, column.kind).is_number
        ],
        "reasons": situation.plan.reasons,
        "measuring": measuring(situation),
        "plan_columns": len(situation.plan.columns),
        "strongest": [one for one in _sorted(list(situation.plan.columns), "association") if _strength(one) > 0][:6],
        "measured": sum(one.association is not None for one in situation.plan.columns),
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
