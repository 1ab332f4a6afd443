"""Which estimators to try: at once by rules, and a few seconds later by short fits on this very data."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.errors import ConflictError, DomainError
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
from app.domain.training.development import HoldoutRule
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import JobKind, RunState
from app.services import development
from app.services.datasets import analysis, analysis_cache
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.services.measurements import associations, estimates
from app.services.measurements.measuring import OPEN, Held, ask_worker, digest_of, waiting_reason
from app.storage import columnar, datasets, evidence
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

# Rows that are enough for short fits; where time orders them, the latest.
MOST_ROWS = 60_000
SECONDS = 120
# Reading the rows takes from the time of the fits, which are given so much at least.
LEAST_SECONDS = 3.0
# Part of the key: raise it when the same rows would give other evidence.
EVIDENCE_VERSION = 3
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
        return self.state in OPEN


def recommend(dataset: Dataset, plan: Plan, *, again: bool = False) -> Recommendations | None:
    """Return what is known so far; what is not known is being measured. None where nothing can be recommended yet.

    `again` has the fits made once more that failed or were stopped.
    """
    profile, spec = profile_of(dataset), plan.spec
    if profile is None or spec is None:
        return None
    known = associations.known_for(dataset, spec)
    key = key_of(spec, profile)
    found, job = _stored(dataset, key), None
    faults = [one for step in NEEDED for one in plan.errors_of(step)]
    if (found is None or not found.complete) and not faults:
        config = spec.to_json()
        job = ask_worker(
            JobKind.RECOMMEND, dataset, key=key, seconds=SECONDS, arguments={"config": config}, again=again
        )
        found = _stored(dataset, key)
    reason = "Short fits begin when this is put right: " + faults[0].message if faults else ""
    return _of(spec, profile, found, known=known, job=job, reason=reason)


def said_of_data(dataset: Dataset, plan: Plan) -> tuple[Said, ...]:
    """Return what short fits that are done say of the data as a whole; none are begun for it."""
    profile, spec = profile_of(dataset), plan.spec
    found = _stored(dataset, key_of(spec, profile)) if profile is not None and spec is not None else None
    if profile is None or spec is None or found is None or not found.complete:
        return ()
    return said_of(traits_of_spec(spec, profile, None), found)


def plan_for(dataset: Dataset, *, target: str | None, features: Sequence[str] | None) -> Plan:
    """Return the plan for a dataset as it is suggested, with this target and these features where they are given.

    Raises
    ------
    DomainError
        Where the dataset is not read yet, no column has such a name, or no target is given and none suggests itself.
    """
    profile = profile_of(dataset)
    if profile is None:
        raise ConflictError("The dataset is not ready yet.", code="dataset_not_ready")
    features = _names(features or (), profile)
    for field, name in (*((("target", target),) if target else ()), *(("features", name) for name in features)):
        if not profile.has(name):
            raise DomainError(f"There is no column named {name[:60]}.", code="column_unknown", field=field)
    if target in features:
        raise DomainError("The target cannot be its own feature.", code="target_leakage", field="features")
    answers: dict[str, dict[str, Any]] = {"data": {"target": target} if target else {}}
    if features:
        chosen = set(features)
        answers["features"] = {f"column.{one.key}": one.name in chosen for one in profile.columns if one.name != target}
    plan = make_plan(Draft(answers), profile, None)
    if plan.spec is None:
        raise DomainError(plan.problems[0].message, code=plan.problems[0].code, field="target")
    known = associations.known_for(dataset, plan.spec)
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


def _stored(dataset: Dataset, key: str) -> Evidence | None:
    """Return what is stored for this dataset; else what the same content gave in another one."""
    row = evidence.find_evidence(dataset.id, key)
    if row is not None:
        return Evidence.from_json(row.payload)
    shared = analysis.cache_key(dataset, "evidence", key)
    values = analysis_cache.find(shared) if shared else None
    if not isinstance(values, dict):
        return None
    with transaction():
        evidence.save_evidence(dataset.id, key, values)
    return Evidence.from_json(values)


def _of(
    spec: Spec,
    profile: DatasetProfile,
    found: Evidence | None,
    *,
    known: Associations | None,
    job: Job | None,
    reason: str,
) -> Recommendations:
    traits = traits_of_spec(spec, profile, known)
    state = RunState.FINISHED.value if found and found.complete else job.state if job is not None else "none"
    if job is not None and state == RunState.FAILED.value:
        reason = job.error or "The short fits failed."
    elif state == RunState.QUEUED.value:
        reason = waiting_reason(job)
    ranking = in_order(_ranking(spec, profile, known), found)
    return Recommendations(
        spec=spec,
        items=tuple(_item(spec, profile, one, traits=traits, found=found) for one in ranking),
        said=said_of(traits, found),
        evidence=found if found is not None and found.items else None,
        state=state,
        reason=reason,
        fraction=float(job.progress.get("fraction") or 0) if job is not None else 1.0,
        job_id=None if job is None else job.id,
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


def measure_for_job(dataset_id: uuid.UUID, arguments: dict[str, Any], held: Held) -> bool:
    """Measure for a worker; returns whether all was done.

    Raises
    ------
    TrainingError
        If the data cannot carry the config.
    """
    from app.domain.recommendation.evidence import SECONDS as BUDGET
    from app.domain.recommendation.evidence import measure

    begun, dataset = time.monotonic(), datasets.get_dataset(dataset_id)
    profile = profile_of(dataset)
    if profile is None:
        raise ValueError("the dataset is not ready")
    spec, key = Spec.model_validate(arguments["config"]), str(arguments["key"])

    def keep(part: Evidence) -> bool:
        fraction = 1.0 if part.complete else min(part.seconds / BUDGET, 0.99)
        message = f"{len(part.items)} estimators on up to {max((one.rows for one in part.items), default=0):,} rows"
        with transaction():
            # The job is named in the transaction that stores, so a worker that lost it stores nothing.
            if not held.keeps({"fraction": round(fraction, 2), "message": message}):
                return False
            evidence.save_evidence(dataset_id, key, part.to_json())
        return not held.should_stop()

    frame, spec = _rows(dataset, profile, spec)
    known = associations.known_for(dataset, Spec.model_validate(arguments["config"]))
    left = max(BUDGET - (time.monotonic() - begun), LEAST_SECONDS)
    found = measure(spec, frame, profile, ranking=_ranking(spec, profile, known), keep=keep, seconds=left)
    if held.should_stop() or not keep(found):
        return False
    shared = analysis.cache_key(dataset, "evidence", key)
    if shared:
        analysis_cache.keep(shared, found.to_json())
    return True


def _rows(dataset: Dataset, profile: DatasetProfile, spec: Spec) -> tuple[pd.DataFrame, Spec]:
    """Return enough rows of what the config names, drawn or the latest where time orders them, and the config for them.

    A hold-out of some of the rows is not that of all, so from a table of more rows the held-out ones are left out
    first, and the config holds out none of the others.
    """
    names, path = columns_read(spec, profile), sound_rows_of(dataset)
    if profile.rows <= MOST_ROWS:
        return columnar.read_frame(path, profile, names), spec
    rule, ordered_by = HoldoutRule.of(spec), spec.task.time_column
    keep = development.rows_of(dataset, rule)
    if ordered_by is None:
        frame = columnar.read_frame(path, profile, names, sample_rows=MOST_ROWS, keep=keep)
    else:
        frame = columnar.read_frame(path, profile, names, keep=keep)
        frame = frame.sort_values(ordered_by, kind="stable", na_position="first").tail(MOST_ROWS)
    undivided = spec.validation.model_copy(update={"holdout": None})
    return frame, spec.model_copy(update={"validation": undivided})


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


def partial_of(job: Job) -> dict[str, Any] | None:
    """Return what a job has found so far, or None before the first fits."""
    dataset = datasets.find_dataset(job.subject_id)
    profile = profile_of(dataset) if dataset is not None and dataset.deleted_at is None else None
    row = evidence.find_evidence(job.subject_id, str(job.arguments.get("key", "")))
    if row is None or profile is None:
        return None
    found, spec = Evidence.from_json(row.payload), Spec.model_validate(job.arguments["config"])
    return as_json(_of(spec, profile, found, known=None, job=job, reason=""))
