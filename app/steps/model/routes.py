"""The Model step: ranked estimators with reasons, and the hyperparameters of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from app.domain.estimators import registry
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.model import tuning
from app.steps.model.form import act, read
from app.steps.model.measured import panel
from app.steps.model.tuner import depths_of
from app.steps.views import StepView
from app.web.hypermedia import wants_fragment

RECOMMENDED = 3


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Model fragment."""
    spec, profile = draft.plan.spec, draft.profile
    if spec is None or profile is None:
        return {}
    rows = max(profile.rows - profile.column(spec.task.target).missing, 0)
    measured = panel(draft)
    choice = measured["choice"] if measured else None
    ranked = measured["ranking"] if measured else draft.plan.ranking
    chosen = registry.get(spec.model.estimator)
    first = cards_first(draft, ranked)
    return {
        "ranked": first,
        "others": [one for one in ranked if one not in first],
        "chosen": chosen,
        **_states(draft),
        "unfolded": not wants_fragment() and (request.method == "POST" or flow.UNFOLDED in request.args),
        "rows_known": rows,
        "tuning": tuning.context(draft.plan),
        "measured": measured,
        "choice": choice,
    }


def cards_first(draft: DraftContext, ranking: Sequence[EstimatorSuggestion]) -> list[EstimatorSuggestion]:
    """Return the estimators whose cards are in sight: the first ones, and what is chosen wherever it stands."""
    chosen = draft.plan.spec.model.estimator if draft.plan.spec is not None else ""
    first = [one for one in ranking[:RECOMMENDED] if one.entry.competes]
    return first + [one for one in ranking[RECOMMENDED:] if one.entry.id == chosen]


def _states(draft: DraftContext) -> dict[str, Any]:
    """Return the state of each setting that the page shows, which follows every change."""
    spec = draft.plan.spec
    depths = depths_of(draft.plan, registry.get(spec.model.estimator), spec.task.kind) if spec is not None else ()
    return {"depths": depths, "posted": frozenset(request.form)}


VIEW = StepView(
    "model",
    read,
    context,
    act=act,
    reshapes=("estimator", tuning.SWITCH),
    live="partials/model/states.html",
    live_context=_states,
    follows="partials/model/measured.html",
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
