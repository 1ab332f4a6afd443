"""Recommended estimators: by rules at once, by short fits a few seconds later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.estimation import Machine, estimate
from app.domain.experiment import ModelPart, Spec
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.recommendation.plan import Estimate, Plan
from app.domain.recommendation.set_fits import specs_with_and_without
from app.domain.recommendation.suggested_set import suggested_recipes
from app.domain.recommendation.traits import Traits, traits_of_spec
from app.domain.recommendation.verdict import (
    Advice,
    ExpectedScore,
    MeasuredEstimator,
    ShortFitEvidence,
    advice_for,
    expected_by_rules,
    expected_score,
    order_estimators,
)
from app.domain.training.development import HoldoutRule
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets import analysis, analysis_cache
from app.services.datasets.datasets import profile_of, require_profile
from app.services.measurements import associations, estimates, runner
from app.services.measurements.fit_faults import faults_of, with_faults
from app.services.measurements.fit_requests import (
    STORE,
    LookedUp,
    SpecRequest,
    find_evidence,
    find_shared,
    ranking_of,
    request_for,
    restore_request,
    spec_request,
)
from app.services.measurements.request import (
    kinds_of,
)
from app.services.measurements.runner import Measurement, Parts, WorkState
from app.services.measurements.suggested_plans import plan_for, spec_of
from app.storage.db import transaction
from app.storage.tables import Dataset

# Rows that are enough for short fits; where time orders them, the latest.
MAX_ROWS = 60_000


@dataclass(frozen=True)
class Recommendation:
    """One estimator with why, what to start from, what to expect and what a launch would take."""

    ranked: EstimatorSuggestion
    expected: ExpectedScore | None
    estimate: Estimate
    measured: MeasuredEstimator | None


@dataclass(frozen=True, kw_only=True)
class ShortFits(WorkState):
    """What short fits say about the estimators of a task so far; `by_rules` is the one that the rules put first."""

    by_rules: str
    evidence: ShortFitEvidence | None


@dataclass(frozen=True, kw_only=True)
class Recommendations(ShortFits):
    """All estimators of the task, the one to try first at the front, and how the work on the short fits stands."""

    spec: Spec
    items: tuple[Recommendation, ...]
    advice: tuple[Advice, ...]


def recommend(dataset: Dataset, plan: Plan, *, again: bool = False) -> Recommendations | None:
    """Return the recommendations so far; None where nothing can be recommended yet.

    `again` has the fits made once more that failed or were stopped.
    """
    request = request_for(dataset, plan)
    return None if request is None else _recommend(request, plan, again=again)


def begin_fits(dataset: Dataset, plan: Plan, *, again: bool = False) -> None:
    """Start the short fits of a plan, as `recommend` does, without deriving recommendations."""
    request = request_for(dataset, plan)
    if request is not None:
        _ensure(request, plan, again=again)


def recommend_for(dataset: Dataset, *, target: str | None, features: Sequence[str] | None) -> Recommendations:
    """Return the recommendations for a dataset as it is suggested; see `recommend` and `plan_for`."""
    profile, plan = require_profile(dataset), plan_for(dataset, target=target, features=features)
    request = spec_request(dataset, profile, spec_of(plan), suggested_recipes(plan))
    return _recommend(request, plan, again=False)


def _recommend(request: SpecRequest, plan: Plan, *, again: bool) -> Recommendations:
    known = associations.associations_for(request.dataset, *_goal_of(request))
    result, work = _ensure(request, plan, again=again)
    return _make_recommendations(request, result, with_faults(work, plan), known)


def _ensure(request: SpecRequest, plan: Plan, *, again: bool) -> tuple[ShortFitEvidence | None, WorkState]:
    shared = find_shared(request) if STORE.find(request) is None else None
    if shared is not None:
        with transaction():
            STORE.save(request, shared)
    if faults_of(plan):
        return runner.look(MEASUREMENT, request)
    return runner.ensure(MEASUREMENT, request, again=again)


def known_of(
    dataset: Dataset, plan: Plan, machine: Machine, looked_up: LookedUp | None = None
) -> Recommendations | None:
    """Return the recommendations so far; nothing is started. None where nothing can be recommended yet.

    `looked_up` is as in `finished_evidence`.
    """
    request = request_for(dataset, plan)
    if request is None:
        return None
    known = associations.known_for(dataset, *_goal_of(request))
    result, work = _look(request, looked_up)
    return _make_recommendations(request, result, with_faults(work, plan), known, machine)


def fits_of(dataset: Dataset, plan: Plan, looked_up: LookedUp | None = None) -> ShortFits | None:
    """Look up the short fits of a plan so far, without recommendations for each estimator; nothing is started."""
    request = request_for(dataset, plan)
    if request is None:
        return None
    known = associations.known_for(dataset, *_goal_of(request))
    result, work = _look(request, looked_up)
    by_rules = ranking_of(request.spec, request.profile, known)[0].entry.id
    return ShortFits(by_rules=by_rules, evidence=_with_items(result), **vars(work))


def _look(request: SpecRequest, looked_up: LookedUp | None) -> tuple[ShortFitEvidence | None, WorkState]:
    """Return the evidence and the state of the work; what this request looked up before is not looked up again."""
    current = {} if looked_up is None else looked_up
    if request.key not in current:
        current[request.key] = find_evidence(request)
    return current[request.key], runner.work_on(MEASUREMENT, request, current[request.key])


def _with_items(evidence: ShortFitEvidence | None) -> ShortFitEvidence | None:
    return evidence if evidence is not None and evidence.items else None


def _goal_of(request: SpecRequest) -> tuple[str, dict[str, ColumnKind], HoldoutRule | None]:
    """Return the target, the kind of every column, and what decides which rows are held out."""
    spec = request.spec
    return spec.task.target, kinds_of(request.profile, spec.data.column_kinds), HoldoutRule.of(spec)


def finished_evidence(dataset: Dataset, plan: Plan, looked_up: LookedUp | None = None) -> ShortFitEvidence | None:
    """Look up the evidence of finished short fits, None before they finish; nothing is started.

    `looked_up` has what this request looked up of the dataset before, by key, and takes what is looked up now.
    """
    request, evidences = request_for(dataset, plan), {} if looked_up is None else looked_up
    if request is None:
        return None
    if request.key not in evidences:
        evidences[request.key] = find_evidence(request)
    evidence = evidences[request.key]
    return evidence if evidence is not None and evidence.complete and evidence.items else None


def advice_on_data(dataset: Dataset, plan: Plan) -> tuple[Advice, ...]:
    """Return the advice that finished short fits give on the data as a whole."""
    evidence, profile = finished_evidence(dataset, plan), profile_of(dataset)
    if evidence is None or plan.spec is None or profile is None:
        return ()
    return advice_for(traits_of_spec(plan.spec, profile, None), evidence)


def sort_by_goal(recommendations: Recommendations, goal: str) -> Recommendations:
    """Return the same recommendations with what is quick, or what can be read, before the rest; the baseline last.

    Quick means the same power of two of seconds; within it, and within what can be read, the order stays.
    """
    keys: Mapping[str, Callable[[Recommendation], float]] = {
        "accuracy": lambda _: 0.0,
        "speed": lambda recommendation: round(log2(max(recommendation.estimate.seconds_high, 0.1))),
        "explanation": lambda item: item.ranked.entry.family != "linear" and item.ranked.entry.id != "decision_tree",
    }
    ordered = sorted(
        recommendations.items, key=lambda element: (not element.ranked.entry.competes, keys[goal](element))
    )
    return replace(recommendations, items=tuple(ordered))


def _make_recommendations(
    request: SpecRequest,
    evidence: ShortFitEvidence | None,
    work: WorkState,
    known: Associations | None = None,
    machine: Machine | None = None,
) -> Recommendations:
    spec, profile = request.spec, request.profile
    traits = traits_of_spec(spec, profile, known)
    by_rules = ranking_of(spec, profile, known)
    ranking = order_estimators(by_rules, evidence)
    machine = machine or estimates.learned_machine()
    items = tuple(
        _make_recommendation(spec, profile, suggestion, traits=traits, evidence=evidence, machine=machine)
        for suggestion in ranking
    )
    return Recommendations(
        by_rules=by_rules[0].entry.id,
        evidence=_with_items(evidence),
        spec=spec,
        items=items,
        advice=advice_for(traits, evidence),
        **vars(work),
    )


def _make_recommendation(
    spec: Spec,
    profile: DatasetProfile,
    ranked: EstimatorSuggestion,
    *,
    traits: Traits,
    evidence: ShortFitEvidence | None,
    machine: Machine,
) -> Recommendation:
    measured = evidence.of(ranked.entry.id) if evidence is not None else None
    expected = expected_score(measured, evidence) if evidence is not None and measured is not None else None
    model = ModelPart(estimator=ranked.entry.id, parameters=dict(ranked.parameters))
    forecast = estimate(spec.model_copy(update={"model": model}), profile, machine)
    if expected is None and not ranked.entry.is_baseline:
        expected = expected_by_rules(traits, spec.metrics.primary)
    return Recommendation(ranked, expected, forecast, measured)


def _compute(request: SpecRequest) -> Parts[ShortFitEvidence]:
    """Fit fold by fold, until the work that the fits may take is spent."""
    from app.domain.recommendation.evidence import measure

    frame, spec = _read_rows(request)
    ranking = ranking_of(
        request.spec, request.profile, associations.associations_for(request.dataset, *_goal_of(request))
    )
    for part in measure(spec, frame, request.profile, ranking=ranking, suggested=request.suggested):
        fraction = 1.0 if part.complete else min(part.share, 0.99)
        message = f"{len(part.items)} estimators on up to {max((item.rows for item in part.items), default=0):,} rows"
        yield part, {"fraction": round(fraction, 2), "message": message}
    shared = analysis.cache_key(request.dataset, "evidence", request.key)
    if shared:
        analysis_cache.keep(shared, part.to_json())


def _read_rows(request: SpecRequest) -> tuple[pd.DataFrame, Spec]:
    """Return enough rows of what the config names, drawn or the latest where time orders them, and the config for them.

    A hold-out of some of the rows is not that of all, so from a table of more rows the held-out ones are left out
    first, and the config holds out none of the others.
    """
    spec, ordered_by = request.spec, request.spec.task.time_column
    # What the set works on is read whether the set is in use or not.
    names = columns_read(specs_with_and_without(spec, request.profile, request.suggested)[0], request.profile)
    if request.profile.rows <= MAX_ROWS:
        return request.read_frame(names), spec
    looked_at = replace(request, rule=HoldoutRule.of(spec))
    frame = looked_at.read_frame(names, sample_rows=MAX_ROWS if ordered_by is None else None)
    if ordered_by is not None:
        frame = frame.sort_values(ordered_by, kind="stable", na_position="first").tail(MAX_ROWS)
    undivided = spec.validation.model_copy(update={"holdout": None})
    return frame, spec.model_copy(update={"validation": undivided})


def recommendations_json(recommendations: Recommendations) -> dict[str, Any]:
    """Return recommendations as programs see them."""
    effect = None if recommendations.evidence is None else recommendations.evidence.set_effect
    return {
        "target": recommendations.spec.task.target,
        "task": recommendations.spec.task.kind.value,
        "state": recommendations.state,
        "reason": recommendations.reason,
        "findings": [
            {"code": advice.code, "severity": advice.severity.value, "message": advice.message, "help": advice.help}
            for advice in recommendations.advice
        ],
        "validation": {
            "strategy": recommendations.spec.validation.strategy.value,
            "metric": recommendations.spec.metrics.primary,
        },
        "baseline": None if recommendations.evidence is None else {"scores": list(recommendations.evidence.baseline)},
        "suggested_set": None if effect is None else effect.describe(),
        "recommendations": [_item_json(index, item) for index, item in enumerate(recommendations.items, start=1)],
    }


def _item_json(place: int, recommendation: Recommendation) -> dict[str, Any]:
    expected, measured = recommendation.expected, recommendation.measured
    return {
        "estimator": recommendation.ranked.entry.id,
        "rank": place,
        "reasons": [*recommendation.ranked.even, *recommendation.ranked.reasons],
        "cautions": list(recommendation.ranked.cautions),
        "parameters": recommendation.ranked.parameters,
        "expected": None
        if expected is None
        else {
            "score_low": expected.score_low,
            "score_high": expected.score_high,
            "metric": expected.metric,
            "basis": expected.basis,
        },
        "measured": None
        if measured is None
        else {"scores": list(measured.scores), "rows": measured.rows, "seconds": measured.seconds},
        "estimate": {
            "seconds_low": recommendation.estimate.seconds_low,
            "seconds_high": recommendation.estimate.seconds_high,
            "memory_mb": recommendation.estimate.memory_mb_high,
        },
    }


MEASUREMENT: Measurement[SpecRequest, ShortFitEvidence] = Measurement(
    kind=JobKind.RECOMMEND,
    find=find_evidence,
    save=STORE.save,
    compute=_compute,
    restore_request=restore_request,
    describe=lambda request, result, work: recommendations_json(_make_recommendations(request, result, work)),
)
