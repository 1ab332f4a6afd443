"""Which estimators to try: at once by rules, and a few seconds later by short fits on this very data."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log2
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.errors import DomainError
from app.domain.estimation import estimate
from app.domain.experiment import Draft, ModelPart, Spec
from app.domain.recommendation.estimators import Ranked, rank
from app.domain.recommendation.plan import Estimate, Plan
from app.domain.recommendation.propose import make_plan
from app.domain.recommendation.traits import Traits, traits_of_spec
from app.domain.recommendation.verdict import (
    Evidence,
    Expected,
    Measured,
    Said,
    expected_by_rules,
    expected_of,
    in_order,
    said_of,
)
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import JobKind
from app.services.datasets import analysis, analysis_cache
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.services.measurements import associations, estimates, runner
from app.services.measurements.request import (
    MeasurementRequest,
    digest_of,
    kinds_of,
    ready_profile_of,
    require_columns,
)
from app.services.measurements.runner import JsonStore, Measurement, MeasurementStatus, PartialResult
from app.storage import columnar, jobs, measurements
from app.storage.db import transaction
from app.storage.tables import Dataset, ModelEvidence

# Rows that are enough for short fits; where time orders them, the latest.
MAX_ROWS = 60_000
SECONDS = 120
# Reading the rows takes from the time of the fits, which are given so much at least.
MIN_SECONDS = 3.0
# Part of the key: raise it when the same rows would give other evidence.
EVIDENCE_VERSION = 2
# Steps whose errors would make every fit fail.
NEEDED = ("data", "features", "validation")


@dataclass(frozen=True)
class Recommendation:
    """One estimator with why, what to start from, what to expect and what a launch would take."""

    ranked: Ranked
    expected: Expected | None
    estimate: Estimate
    measured: Measured | None


@dataclass(frozen=True)
class Recommendations:
    """All estimators of the task, the one to try first at the front.

    `state` is "none", "queued", "running", "finished", "cancelled" or "failed", of the short fits; `reason` says in a
    sentence why there are none.
    """

    spec: Spec
    items: tuple[Recommendation, ...]
    said: tuple[Said, ...]
    evidence: Evidence | None
    state: str
    reason: str = ""
    fraction: float = 0.0
    job_id: uuid.UUID | None = None

    @property
    def busy(self) -> bool:
        """Say whether more is on its way."""
        return self.state in jobs.OPEN


@dataclass(frozen=True)
class EvidenceRequest(MeasurementRequest):
    """What is asked of short fits: all that a config decides but the estimator."""

    spec: Spec

    @cached_property
    def key(self) -> str:
        """Return the key of the evidence: all that decides about it but the rows themselves."""
        return key_of(self.spec, self.profile)

    @property
    def arguments(self) -> dict[str, Any]:
        """Return plain JSON values from which a worker builds the same request."""
        return {"config": self.spec.to_json()}


@dataclass(frozen=True)
class EvidenceStore(JsonStore[Evidence]):
    """Keep evidence with its dataset, and for a while for whoever opens the same content as another one."""

    def _find_payload(self, request: MeasurementRequest) -> dict[str, Any] | None:
        payload = super()._find_payload(request)
        if payload is not None:
            return payload
        shared = analysis.cache_key(request.dataset, "evidence", request.key)
        values = analysis_cache.find(shared) if shared else None
        if not isinstance(values, dict):
            return None
        with transaction():
            measurements.save_payload(self.table, request.dataset.id, request.key, values)
        return values


def _request_for(dataset: Dataset, plan: Plan) -> EvidenceRequest | None:
    profile = profile_of(dataset)
    return None if profile is None or plan.spec is None else EvidenceRequest(dataset, profile, plan.spec)


def recommend(dataset: Dataset, plan: Plan, *, again: bool = False, start: bool = True) -> Recommendations | None:
    """Return what is known so far; what is not known is being measured. None where nothing can be recommended yet.

    `again` has the fits made once more that failed or were stopped. Without `start` nothing is measured.
    """
    request = _request_for(dataset, plan)
    if request is None:
        return None
    look = associations.associations_for if start else associations.find_associations
    known = look(dataset, request.spec.task.target, kinds_of(request.profile, request.spec.data.column_kinds))
    faults = [problem for step in NEEDED for problem in plan.errors_of(step)]
    if faults or not start:
        status = runner.get_status(MEASUREMENT, request)
    else:
        status = runner.ensure(MEASUREMENT, request, again=again)
    found = _recommendations(request, status, known)
    if faults and not found.reason:
        return replace(found, reason="Short fits begin when this is put right: " + faults[0].message)
    return found


def said_of_data(dataset: Dataset, plan: Plan) -> tuple[Said, ...]:
    """Return what short fits that are done say of the data as a whole; none are begun for it."""
    request = _request_for(dataset, plan)
    found = None if request is None else MEASUREMENT.store.find(request)
    if request is None or found is None or not found.complete:
        return ()
    return said_of(traits_of_spec(request.spec, request.profile, None), found)


def plan_for(dataset: Dataset, *, target: str | None, features: Sequence[str] | None) -> Plan:
    """Return the plan for a dataset as it is suggested, with this target and these features where they are given.

    Raises
    ------
    DomainError
        Where the dataset is not read yet, no column has such a name, or no target is given and none suggests itself.
    """
    profile = ready_profile_of(dataset)
    features = _names(features or (), profile)
    require_columns(profile, [target] if target else (), field="target")
    require_columns(profile, features, field="features")
    if target in features:
        raise DomainError("The target cannot be its own feature.", code="target_leakage", field="features")
    answers: dict[str, dict[str, Any]] = {"data": {"target": target} if target else {}}
    if features:
        chosen = set(features)
        answers["features"] = {f"column.{one.key}": one.name in chosen for one in profile.columns if one.name != target}
    plan = make_plan(Draft(answers), profile, None)
    if plan.spec is None:
        raise DomainError(plan.problems[0].message, code=plan.problems[0].code, field="target")
    known = associations.associations_for(dataset, plan.spec.task.target, kinds_of(profile, None))
    return plan if known is None else make_plan(Draft(answers), profile, known)


def _names(said: Sequence[str], profile: DatasetProfile) -> list[str]:
    """Return the columns that a query names: once for each, or all in one text with commas between them."""
    if len(said) == 1 and not profile.has(said[0]):
        said = said[0].split(",")
    return [name if profile.has(name) else name.strip() for name in said if name.strip()]


def by_goal(found: Recommendations, goal: str) -> Recommendations:
    """Return the same recommendations with what is quick, or what can be read, before the rest; the baseline last.

    Quick means the same power of two of seconds; within it, and within what can be read, the order stays.
    """
    keys: Mapping[str, Callable[[Recommendation], float]] = {
        "accuracy": lambda _: 0.0,
        "speed": lambda one: round(log2(max(one.estimate.seconds_high, 0.1))),
        "explanation": lambda one: one.ranked.entry.family != "linear" and one.ranked.entry.id != "decision_tree",
    }
    ordered = sorted(found.items, key=lambda one: (one.ranked.entry.is_baseline, keys[goal](one)))
    return replace(found, items=tuple(ordered))


def key_of(spec: Spec, profile: DatasetProfile) -> str:
    """Return under which key the evidence is kept: all that decides about it but the rows themselves."""
    config = spec.to_json()
    parts = {name: config[name] for name in ("data", "task", "features", "validation", "reproducibility")}
    started = {one.entry.id: one.parameters for one in _ranking(spec, profile)}
    return digest_of("evidence", EVIDENCE_VERSION, parts, spec.metrics.primary, started)


def _ranking(spec: Spec, profile: DatasetProfile, known: Associations | None = None) -> tuple[Ranked, ...]:
    return rank(traits_of_spec(spec, profile, known), metric=spec.metrics.primary)


def _recommendations(
    request: EvidenceRequest, status: MeasurementStatus[Evidence], known: Associations | None = None
) -> Recommendations:
    spec, profile, found = request.spec, request.profile, status.result
    traits = traits_of_spec(spec, profile, known)
    ranking = in_order(_ranking(spec, profile, known), found)
    return Recommendations(
        spec=spec,
        items=tuple(_item(spec, profile, one, traits=traits, found=found) for one in ranking),
        said=said_of(traits, found),
        evidence=found if found is not None and found.items else None,
        state=status.state,
        reason=status.reason,
        fraction=status.fraction,
        job_id=status.job_id,
    )


def _item(
    spec: Spec, profile: DatasetProfile, ranked: Ranked, *, traits: Traits, found: Evidence | None
) -> Recommendation:
    measured = found.of(ranked.entry.id) if found is not None else None
    expected = expected_of(measured, found) if found is not None and measured is not None else None
    model = ModelPart(estimator=ranked.entry.id, parameters=ranked.parameters)
    forecast = estimate(spec.model_copy(update={"model": model}), profile, estimates.machine())
    if expected is None and not ranked.entry.is_baseline:
        expected = expected_by_rules(traits, spec.metrics.primary)
    return Recommendation(ranked, expected, forecast, measured)


def _compute(request: EvidenceRequest) -> Generator[PartialResult[Evidence], None, None]:
    """Fit fold by fold; what the fits may take is counted from before the rows are read."""
    from app.domain.recommendation.evidence import SECONDS as BUDGET
    from app.domain.recommendation.evidence import measure

    begin, spec, profile = time.monotonic(), request.spec, request.profile
    frame = _rows(request.dataset, profile, spec)
    kinds = kinds_of(profile, spec.data.column_kinds)
    ranking = _ranking(spec, profile, associations.associations_for(request.dataset, spec.task.target, kinds))
    left = max(BUDGET - (time.monotonic() - begin), MIN_SECONDS)
    for part in measure(spec, frame, profile, ranking=ranking, seconds=left):
        fraction = 1.0 if part.complete else min(part.seconds / BUDGET, 0.99)
        message = f"{len(part.items)} estimators on up to {max((one.rows for one in part.items), default=0):,} rows"
        yield PartialResult(part, {"fraction": round(fraction, 2), "message": message})
    shared = analysis.cache_key(request.dataset, "evidence", request.key)
    if shared:
        analysis_cache.keep(shared, part.to_json())


def _rows(dataset: Dataset, profile: DatasetProfile, spec: Spec) -> pd.DataFrame:
    """Return enough rows of what the config names: drawn, or the latest where time orders them."""
    names, ordered_by = columns_read(spec, profile), spec.task.time_column
    if ordered_by is None:
        return columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=MAX_ROWS)
    frame = columnar.read_frame(sound_rows_of(dataset), profile, names)
    if len(frame) <= MAX_ROWS:
        return frame
    return frame.sort_values(ordered_by, kind="stable", na_position="first").tail(MAX_ROWS)


def as_json(found: Recommendations) -> dict[str, Any]:
    """Return recommendations as programs see them."""
    return {
        "target": found.spec.task.target,
        "task": found.spec.task.kind.value,
        "state": found.state,
        "reason": found.reason,
        "findings": [{"code": one.code, "severity": one.severity.value, "message": one.message} for one in found.said],
        "validation": {"strategy": found.spec.validation.strategy.value, "metric": found.spec.metrics.primary},
        "baseline": None if found.evidence is None else {"scores": list(found.evidence.baseline)},
        "recommendations": [_item_json(at, one) for at, one in enumerate(found.items, start=1)],
    }


def _item_json(place: int, one: Recommendation) -> dict[str, Any]:
    expected, measured = one.expected, one.measured
    return {
        "estimator": one.ranked.entry.id,
        "rank": place,
        "reasons": list(one.ranked.reasons),
        "cautions": list(one.ranked.cautions),
        "parameters": one.ranked.parameters,
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
            "seconds_low": one.estimate.seconds_low,
            "seconds_high": one.estimate.seconds_high,
            "memory_mb": one.estimate.memory_mb_high,
        },
    }


MEASUREMENT: Measurement[EvidenceRequest, Evidence] = Measurement(
    kind=JobKind.RECOMMEND,
    seconds=SECONDS,
    store=EvidenceStore(ModelEvidence, Evidence.from_json),
    restore_request=lambda dataset, profile, arguments: EvidenceRequest(
        dataset, profile, Spec.model_validate(arguments["config"])
    ),
    compute=_compute,
    describe=lambda request, status: as_json(_recommendations(request, status)),
)
