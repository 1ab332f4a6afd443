"""How the features that recipes derive go with the target, on rows that are not held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.json_values import from_json, to_json
from app.domain.recommendation.suggested_set import DerivedConfig
from app.domain.training import derived_measures
from app.domain.training.derived_measures import DerivedMeasure
from app.domain.training.development import HoldoutRule
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.training.preprocessing.transforms import output_names
from app.domain.vocabulary import JobKind
from app.services.datasets.datasets import profile_of
from app.services.measurements import development, runner
from app.services.measurements.request import MAX_SERIES_ROWS, MeasurementRequest, digest_of
from app.services.measurements.runner import JsonStore, Measurement, Parts, WorkState
from app.storage.tables import Dataset, TargetRanking

# A derived value costs little: windows of a column share a pass, and few of its rows are measured.
VALUES_PER_CELL = 8
# Part of the key: raise it when the same rows would give another result.
DERIVED_VERSION = 1


@dataclass(frozen=True)
class MeasuredDerived:
    """The derived columns measured so far, by name; `reason` says why there are none."""

    items: dict[str, DerivedMeasure]
    rows_used: int = 0
    complete: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DerivedRequest(MeasurementRequest):
    """The columns that the recipes of `spec` derive are measured against its target."""

    spec: Spec

    def read_rows(self) -> pd.DataFrame:
        """Return the rows that may be looked at, with the columns that the recipes read."""
        task = self.spec.task
        by = [name for name in (task.group_column, task.time_column) if name is not None]
        return self.read_series(columns_read(self.spec, self.profile), by=by if task.time_column else ())


@dataclass(frozen=True, kw_only=True)
class DerivedState(WorkState):
    """What is known of the derived features so far. `names` are all of them, measured or not, in their order."""

    names: tuple[str, ...] = ()
    items: Mapping[str, DerivedMeasure]
    rows_used: int = 0


def known_of(dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None = None) -> DerivedState:
    """Return the measures of the derived columns so far, those suggested and those in use; nothing is started."""
    return _state(dataset, config, rule, start=False)


def derived_for(dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None = None) -> DerivedState:
    """Return the same, and have it measured: at once where that is quick, else by a worker."""
    return _state(dataset, config, rule, start=True)


def _state(dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None, *, start: bool) -> DerivedState:
    recipes = derived_measures.recipes_measured(config.suggested, config.used) if config is not None else []
    profile = profile_of(dataset)
    if profile is None or config is None or not recipes:
        return DerivedState(state="finished", items={})
    spec = derived_measures.measured_spec(config.data, config.task, recipes)
    request = _request_for(dataset, profile, spec, rule)
    result, work = runner.ensure(MEASUREMENT, request) if start else runner.look(MEASUREMENT, request)
    found = result or MeasuredDerived({})
    work = replace(work, reason=work.reason or found.reason)
    return DerivedState(
        names=tuple(output_names(request.spec)), items=found.items, rows_used=found.rows_used, **vars(work)
    )


def _request_for(dataset: Dataset, profile: DatasetProfile, spec: Spec, rule: HoldoutRule | None) -> DerivedRequest:
    arguments = {"config": spec.to_json(), **development.to_arguments(rule)}
    return DerivedRequest(
        dataset=dataset,
        profile=profile,
        key=digest_of("derived", DERIVED_VERSION, arguments),
        arguments=arguments,
        cells=min(profile.rows, MAX_SERIES_ROWS) * len(output_names(spec)) // VALUES_PER_CELL,
        rule=rule,
        spec=spec,
    )


def _compute(request: DerivedRequest) -> Parts[MeasuredDerived]:
    """Derive all columns once, then measure them block by block."""
    found = MeasuredDerived({}, complete=True)
    try:
        rows = derived_measures.derived_rows(request.spec, request.read_rows(), request.profile)
    except TrainingError as fault:
        yield replace(found, reason=fault.message), {}
        return
    names, items = len(rows.columns) - 1, dict[str, DerivedMeasure]()
    for block in derived_measures.measure_derived(rows, request.spec):
        items.update({column.name: column for column in block})
        found = MeasuredDerived(dict(items), len(rows), complete=len(items) >= names)
        yield found, {"measured": len(items), "fraction": len(items) / names}
    if not items:
        yield found, {}


def _restore_request(dataset: Dataset, profile: DatasetProfile, arguments: Mapping[str, Any]) -> DerivedRequest:
    spec = Spec.model_validate(arguments["config"])
    return _request_for(dataset, profile, spec, development.from_arguments(arguments))


STORE = JsonStore(TargetRanking, to_json, partial(from_json, MeasuredDerived))
MEASUREMENT: Measurement[DerivedRequest, MeasuredDerived] = Measurement(
    kind=JobKind.RANK_DERIVED,
    find=STORE.find,
    save=STORE.save,
    compute=_compute,
    restore_request=_restore_request,
    describe=lambda _request, result, _work: to_json(result) if result.items else None,
)
