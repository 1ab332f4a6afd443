"""The Model step: ranked estimators with reasons, and the hyperparameters of the chosen one."""

from __future__ import annotations

from typing import Any

from flask import request

from app.domain.estimators import registry
from app.steps import flow
from app.steps.model import tuning
from app.steps.model.form import act, read
from app.steps.model.measured import panel
from app.steps.model.tuner import depths_of
from app.web.hypermedia import wants_fragment

RECOMMENDED = 3


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Model fragment needs."""
    spec, profile = situation.plan.spec, situation.profile
    if spec is None or profile is None:
        return {}
    rows = max(profile.rows - profile.column(spec.task.target).missing, 0)
    measured = panel(situation)
    ranked = measured["ranking"] if measured else situation.plan.ranking
    chosen = registry.get(spec.model.estimator)
    first = [one for one in ranked[:RECOMMENDED] if not one.entry.is_baseline]
    # What is chosen is in sight, wherever it stands in the order.
    first += [one for one in ranked[RECOMMENDED:] if one.entry.id == chosen.id]
    return {
        "ranked": first,
        "others": [one for one in ranked if one not in first],
        "chosen": chosen,
        "depths": depths_of(situation.plan, chosen, spec.task.kind),
        "unfolded": not wants_fragment() and (request.method == "POST" or flow.UNFOLDED in request.args),
        "posted": frozenset(request.form),
        "rows_known": rows,
        "tuning": tuning.context(situation.plan),
        "measured": measured,
    }


VIEW = flow.StepView(
    "model",
    read,
    context,
    act=act,
    reshapes=("estimator", tuning.SWITCH),
    live="partials/model/states.html",
    accepts=("estimator",),
    follows="partials/model/measured.html",
)
blueprint = flow.blueprint_for(VIEW)
