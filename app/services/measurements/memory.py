"""The measurement of correlation against lag between a target and its drivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.domain.analysis.associations.lag_correlation import LagCurve, LagMeasures, measure_lags
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import TaskPart
from app.domain.hydrology.drivers import DriverRole, recognise_drivers
from app.domain.hydrology.season import lacks_season
from app.domain.json_values import from_json, to_json
from app.domain.recommendation.plan import Plan
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets.datasets import profile_of
from app.services.measurements import development, runner
from app.services.measurements.request import MAX_SERIES_ROWS, MeasurementRequest, digest_of
from app.services.measurements.runner import JsonStore, Measurement, Parts, WorkState
from app.storage.tables import Dataset, TargetRanking

# More drivers than that are no picture; those of the file that come first are measured.
MAX_DRIVERS = 12
# Part of the key: raise it when the same rows would give another result.
MEMORY_VERSION = 2


@dataclass(frozen=True)
class MeasuredMemory:
    """The lags measured so far, driver by driver."""

    lags: LagMeasures
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class MemoryRequest(MeasurementRequest):
    """The target of a task is measured against earlier values of its drivers."""

    task: TaskPart
    drivers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MemoryState(WorkState):
    """What is known of the memory of a target so far; `drivers` are all that are measured, with what they drive."""

    drivers: Mapping[str, str]
    lags: LagMeasures


def drivers_of(plan: Plan, profile: DatasetProfile) -> dict[str, str]:
    """Return the columns whose past is looked at, each with what it drives in a word, "" where it was not recognised.

    These are the drivers among the columns that are suggested as features; where none is recognised, all of numbers.
    """
    target = plan.spec.task.target if plan.spec else ""
    able = [choice.profile.name for choice in plan.columns if choice.suggested and ColumnKind(choice.kind).is_number]
    roles = {driver.column: driver.role.value for driver in recognise_drivers(profile, target=target)}
    named = [name for name in able if name in roles] or able
    return {name: roles.get(name, "").replace("_", " ") for name in named[:MAX_DRIVERS]}


def known_of(dataset: Dataset, plan: Plan, rule: HoldoutRule | None = None) -> MemoryState:
    """Look up the memory of a plan's target, and start nothing."""
    return _memory_state(dataset, plan, rule, start=False)


def memory_for(dataset: Dataset, plan: Plan, rule: HoldoutRule | None = None) -> MemoryState:
    """Return the same, and have it measured: a small table at once, a large one by a worker."""
    return _memory_state(dataset, plan, rule, start=True)


def _memory_state(dataset: Dataset, plan: Plan, rule: HoldoutRule | None, *, start: bool) -> MemoryState:
    profile = profile_of(dataset)
    drivers = drivers_of(plan, profile) if profile is not None else {}
    reason = _why_not(plan, profile)
    if reason or profile is None or plan.spec is None or not drivers:
        return MemoryState(
            state="none", drivers={}, lags=LagMeasures(), reason=reason or "No column of numbers is suggested."
        )
    request = _request_for(dataset, profile, plan.spec.task, tuple(drivers), rule)
    result, work = runner.ensure(MEASUREMENT, request) if start else runner.look(MEASUREMENT, request)
    lags = LagMeasures() if result is None else result.lags
    return MemoryState(drivers=drivers, lags=lags, **{**vars(work), "reason": work.reason or lags.reason})


def _why_not(plan: Plan, profile: DatasetProfile | None) -> str:
    """Return why no lag can be counted, or an empty text."""
    task, axis = plan.spec.task if plan.spec else None, profile.time_axis if profile else None
    if task is None or task.kind.is_classification:
        return "Only a number has a correlation with what was before."
    if task.time_column is None or axis is None or axis.column != task.time_column:
        return "Without a time column, nothing was before."
    return "" if axis.regular and axis.step_seconds > 0 else "The time steps are irregular, so no lag is measured."


def _request_for(
    dataset: Dataset, profile: DatasetProfile, task: TaskPart, drivers: tuple[str, ...], rule: HoldoutRule | None
) -> MemoryRequest:
    # What the model is for changes nothing about what was measured.
    plain = task.model_copy(update={"purpose": None, "horizon": None, "drivers_known_ahead": None})
    current_values = development.to_arguments(rule)
    arguments = {"task": plain.model_dump(mode="json"), "drivers": list(drivers), **current_values}
    return MemoryRequest(
        dataset=dataset,
        profile=profile,
        key=digest_of("memory", MEMORY_VERSION, arguments),
        arguments=arguments,
        cells=min(profile.rows, MAX_SERIES_ROWS) * (1 + len(drivers)),
        rule=rule,
        task=plain,
        drivers=drivers,
    )


def _compute(request: MemoryRequest) -> Parts[MeasuredMemory]:
    """Measure one driver after the other; each is a part."""
    task, axis = request.task, request.profile.time_axis
    if task.time_column is None or axis is None:
        yield MeasuredMemory(LagMeasures(reason="Without a time column, nothing was before.")), {}
        return
    by = [name for name in (task.group_column, task.time_column) if name is not None]
    frame = request.read_series(list(dict.fromkeys([task.target, *request.drivers, *by])), by=by)
    drivers = recognise_drivers(request.profile, target=task.target)
    radiation = {driver.column for driver in drivers if driver.role is DriverRole.RADIATION}
    curves: tuple[LagCurve, ...] = ()
    seasonless: tuple[str, ...] = ()
    for place, driver in enumerate(request.drivers, start=1):
        measures = measure_lags(
            frame,
            target=task.target,
            drivers=[driver],
            time_column=task.time_column,
            group_column=task.group_column,
            step_seconds=axis.step_seconds,
        )
        curves += measures.curves
        if driver in radiation and lacks_season(frame[task.time_column], frame[driver].to_numpy(dtype=float)):
            seasonless = (*seasonless, driver)
        lags = LagMeasures(curves, measures.step_seconds, measures.rows, measures.reason, seasonless)
        done = place == len(request.drivers)
        yield MeasuredMemory(lags, complete=done), {"measured": place, "fraction": place / len(request.drivers)}


def _restore_request(dataset: Dataset, profile: DatasetProfile, arguments: Mapping[str, Any]) -> MemoryRequest:
    task, drivers = TaskPart.model_validate(arguments["task"]), tuple(arguments["drivers"])
    return _request_for(dataset, profile, task, drivers, development.from_arguments(arguments))


STORE = JsonStore(TargetRanking, to_json, partial(from_json, MeasuredMemory))
MEASUREMENT: Measurement[MemoryRequest, MeasuredMemory] = Measurement(
    kind=JobKind.MEASURE_MEMORY,
    find=STORE.find,
    save=STORE.save,
    compute=_compute,
    restore_request=_restore_request,
    describe=lambda _request, result, _work: to_json(result),
)
