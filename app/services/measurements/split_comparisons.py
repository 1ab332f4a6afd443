"""The measurement that compares a draft's splits, to show the optimism of a random one."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import Spec
from app.domain.recommendation.plan import Plan
from app.domain.training.development import HoldoutRule
from app.domain.training.optimism_report import SplitComparison, comparable_splits
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import JobKind, SplitStrategy
from app.services.datasets.datasets import profile_of
from app.services.measurements import runner
from app.services.measurements.fit_faults import faults_of
from app.services.measurements.fit_requests import SpecRequest
from app.services.measurements.request import digest_of
from app.services.measurements.runner import JsonStore, Measurement, Parts, WorkState
from app.storage.tables import Dataset, ModelEvidence

# Rows and values from which those to be compared are taken, since features that look back need more rows than these.
MAX_ROWS = 60_000
MAX_CELLS = 6_000_000
# Part of the key: raise it when the same rows would give another comparison.
COMPARISON_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class SplitComparisonState(WorkState):
    """A comparison of splits as far as it has come, and how the work on it stands."""

    comparison: SplitComparison | None


def known_of(dataset: Dataset, plan: Plan) -> SplitComparisonState | None:
    """Return the comparison so far; nothing is started. None where there is nothing to compare."""
    request = _request_for(dataset, plan)
    if request is None:
        return None
    comparison, work = runner.look(MEASUREMENT, request)
    return _comparison_state(comparison, work, plan)


def compare(dataset: Dataset, plan: Plan) -> SplitComparisonState | None:
    """Enqueue the comparison of splits, also where it failed before; None where there is nothing to compare."""
    request = _request_for(dataset, plan)
    if request is None:
        return None
    if not _fault_of(plan) and not runner.is_complete(MEASUREMENT.find(request)):
        runner.enqueue(MEASUREMENT, request, again=True)
    return known_of(dataset, plan)


def _comparison_state(comparison: SplitComparison | None, work: WorkState, plan: Plan) -> SplitComparisonState:
    known = {**vars(work), "reason": work.reason or ("" if runner.is_complete(comparison) else _fault_of(plan))}
    return SplitComparisonState(comparison=comparison, **known)


def _fault_of(plan: Plan) -> str:
    """Return a sentence on the fault to correct before splits can be compared; empty where there is none."""
    faults = faults_of(plan)
    return f"Splits can be compared when this is put right: {faults[0].message}" if faults else ""


def _request_for(dataset: Dataset, plan: Plan) -> SpecRequest | None:
    profile = profile_of(dataset)
    if profile is None or plan.spec is None or not comparable_splits(plan.spec, profile):
        return None
    return _spec_request(dataset, profile, plan.spec)


def _spec_request(dataset: Dataset, profile: DatasetProfile, spec: Spec) -> SpecRequest:
    return SpecRequest(
        dataset=dataset,
        profile=profile,
        key=key_of(spec),
        arguments={"config": spec.to_json()},
        spec=spec,
        rule=HoldoutRule.of(spec),
    )


def key_of(spec: Spec) -> str:
    """Return under which key a comparison is kept: all that decides about it but the rows themselves.

    Estimator, strategy and seed do not, save for the rows that these hold out, and for how long masked blocks are.
    """
    config, rule = spec.to_json(), HoldoutRule.of(spec)
    parts = {name: config[name] for name in ("data", "task", "features")}
    blocks = spec.validation.parameters if spec.validation.strategy is SplitStrategy.MASKED_BLOCKS else {}
    held_out = rule.to_json() if rule else None
    return digest_of("splits", COMPARISON_VERSION, parts, spec.metrics.primary, held_out, blocks)


def _compute(request: SpecRequest) -> Parts[SplitComparison]:
    from app.domain.training.optimism import compare_splits, refuse_too_many

    refuse_too_many(len(request.spec.features.selected))
    for part in compare_splits(request.spec, _read_rows(request), request.profile):
        message = f"{part.done} of {part.total} fits on {part.rows:,} rows"
        yield part, {"fraction": round(part.done / max(part.total, 1), 2), "message": message}


def _read_rows(request: SpecRequest) -> pd.DataFrame:
    """Return development rows of what the config names: the latest where time orders them, drawn elsewhere."""
    names, ordered_by = columns_read(request.spec, request.profile), request.spec.task.time_column
    most = min(MAX_ROWS, MAX_CELLS // len(names))
    frame = request.read_frame(names, sample_rows=most if ordered_by is None else None)
    if ordered_by is None or len(frame) <= most:
        return frame
    return frame.sort_values(ordered_by, kind="stable", na_position="first").tail(most)


STORE = JsonStore(ModelEvidence, SplitComparison.to_json, SplitComparison.from_json)
MEASUREMENT: Measurement[SpecRequest, SplitComparison] = Measurement(
    kind=JobKind.COMPARE_SPLITS,
    find=STORE.find,
    save=STORE.save,
    compute=_compute,
    restore_request=lambda dataset, profile, arguments: _spec_request(
        dataset, profile, Spec.model_validate(arguments["config"])
    ),
    describe=lambda _request, result, _work: result.to_json(),
)
