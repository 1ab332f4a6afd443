"""The measurement of derived features against the target, on development rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
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
MAX_REMEMBERED_COLUMNS = 2_000
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


class MeasuredBefore:
    """The derived columns that this process measured last, by what they are made of.

    Another choice of features derives most of its columns as the one before did, so those are not measured again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured: OrderedDict[tuple[str, ...], tuple[DerivedMeasure, int]] = OrderedDict()

    def known_of(self, request: DerivedRequest) -> MeasuredDerived:
        """Return the columns of a request that were measured; it is complete where that is all of them."""
        places = _places_of(request)
        with self._lock:
            result = {name: self._measured[place] for name, place in places.items() if place in self._measured}
        rows = max((count for _, count in result.values()), default=0)
        items = {name: measure for name, (measure, _) in result.items()}
        return MeasuredDerived(items, rows, complete=0 < len(items) == len(places))

    def keep(self, request: DerivedRequest, derived: MeasuredDerived) -> None:
        """Remember what was measured for a request."""
        places = _places_of(request)
        with self._lock:
            for name, place in places.items():
                if name in derived.items:
                    self._measured[place] = derived.items[name], derived.rows_used
                    self._measured.move_to_end(place)
            while len(self._measured) > MAX_REMEMBERED_COLUMNS:
                self._measured.popitem(last=False)


def _places_of(request: DerivedRequest) -> dict[str, tuple[str, ...]]:
    """Return under what each derived column of a request is remembered: the rows, what it is made of, and its name."""
    config = {name: part for name, part in request.arguments["config"].items() if name != "features"}
    rows = digest_of(DERIVED_VERSION, {**request.arguments, "config": config})
    origins = derived_measures.column_origins(request.spec)
    return {name: (str(request.dataset.id), rows, origin, name) for name, origin in origins.items()}


measured_before = MeasuredBefore()


def known_of(dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None = None) -> DerivedState:
    """Return the measures of the derived columns so far, those suggested and those in use; nothing is started."""
    return _derived_state(dataset, config, rule, start=False)


def derived_for(dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None = None) -> DerivedState:
    """Return the same, and have it measured: at once where that is quick, else by a worker."""
    return _derived_state(dataset, config, rule, start=True)


def _derived_state(
    dataset: Dataset, config: DerivedConfig | None, rule: HoldoutRule | None, *, start: bool
) -> DerivedState:
    recipes = derived_measures.recipes_to_measure(config.suggested, config.used) if config is not None else []
    profile = profile_of(dataset)
    if profile is None or config is None or not recipes:
        return DerivedState(state="finished", items={})
    # A kind that was confirmed is no other kind than the one that was found.
    kinds = config.data.column_kinds
    answer = {name: kind for name, kind in kinds.items() if not profile.has(name) or profile.column(name).kind != kind}
    data = config.data.model_copy(update={"column_kinds": answer})
    spec = derived_measures.measured_spec(data, config.task, recipes)
    request = _request_for(dataset, profile, spec, rule)
    result, work = runner.ensure(MEASUREMENT, request) if start else runner.look(MEASUREMENT, request)
    derived = result or MeasuredDerived({})
    work = replace(work, reason=work.reason or derived.reason)
    return DerivedState(
        names=tuple(output_names(request.spec)), items=derived.items, rows_used=derived.rows_used, **vars(work)
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
    derived = MeasuredDerived({}, complete=True)
    known = measured_before.known_of(request)
    if known.complete:
        yield known, {}
        return
    try:
        rows = derived_measures.derived_rows(request.spec, request.read_rows(), request.profile)
    except TrainingError as fault:
        yield replace(derived, reason=fault.message), {}
        return
    names = [str(name) for name in rows.columns if name != request.spec.task.target]
    items = {name: known.items[name] for name in names if name in known.items}
    for block in derived_measures.measure_derived(rows, request.spec, [name for name in names if name not in items]):
        items.update({column.name: column for column in block})
        derived = MeasuredDerived(dict(items), len(rows), complete=len(items) >= len(names))
        yield derived, {"measured": len(items), "fraction": len(items) / len(names)}
    if not derived.items:
        derived = MeasuredDerived(items, len(rows), complete=True)
        yield derived, {}
    measured_before.keep(request, derived)


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
