"""Inputs of the baselines (last values, rain, site attributes), from all rows of the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.analysis.profiling.units import split_name
from app.domain.experiment import Spec
from app.domain.hydrology.drivers import DriverRole, columns_of_role
from app.domain.hydrology.naming import Quantity, is_signature, quantity_of
from app.domain.training.preprocessing.earlier_values import EarlierValues
from app.domain.training.preprocessing.knowledge import horizon_of
from app.domain.training.preprocessing.transforms import readable_recipes
from app.domain.vocabulary import Purpose

Floats = NDArray[np.float64]
RECENT = pd.Timedelta(days=30)
# Beyond, a latitude or a longitude is no angle.
MAX_ANGLES = (90.0, 360.0)


@dataclass(frozen=True)
class SiteTraits:
    """What tells sites apart: `values`, shape (sites, traits), a line for each of `names`.

    Where `located` the traits are the point of the site on a sphere of radius 1; else they are static attributes.
    """

    names: tuple[str, ...]
    values: Floats
    located: bool


@dataclass(frozen=True)
class BaselineInputs:
    """What baselines know of each row, shape (rows,), and of the sites; None where it is not there or not asked for.

    `last_known` is the target's last value at least `steps` steps before the row. `rain` is that of the row, and
    `recent_rain` the mean of the 30 days that end with it. `step_seconds` is the length of a regular step.
    """

    steps: int = 1
    step_seconds: float | None = None
    last_known: Floats | None = None
    rain: Floats | None = None
    recent_rain: Floats | None = None
    sites: SiteTraits | None = None

    def of(self, rows: NDArray[np.bool_]) -> BaselineInputs:
        """Return the inputs of some of the rows."""
        last, rain, recent = (
            None if values is None else values[rows] for values in (self.last_known, self.rain, self.recent_rain)
        )
        return replace(self, last_known=last, rain=rain, recent_rain=recent)


def baseline_inputs(
    frame: pd.DataFrame, spec: Spec, profile: DatasetProfile, groups: NDArray[Any] | None
) -> BaselineInputs:
    """Return the inputs of the baselines that a config's purpose calls for.

    Parameters
    ----------
    frame
        All rows that have a time, in its order.
    spec, profile
        The config, and the dataset whose time axis says how long a step is.
    groups
        The group of each row, None where there is one series.
    """
    task = spec.task
    if task.kind.is_classification:
        return BaselineInputs()
    earlier = EarlierValues(frame, spec, profile)
    step = earlier.step
    inputs = BaselineInputs(persistence_steps(spec), None if step is None else step.total_seconds())
    if task.purpose is Purpose.UNGAUGED and groups is not None:
        inputs = replace(inputs, sites=_site_traits(frame, spec, groups))
    if task.time_column is None:
        return inputs
    times = pd.DatetimeIndex(frame[task.time_column])
    if task.purpose in (None, Purpose.FORECAST):
        target = pd.to_numeric(frame[task.target], errors="coerce").to_numpy(dtype=float)
        return replace(inputs, last_known=last_known(target, times, groups, steps=inputs.steps, step=step))
    column = chosen_rain(spec, profile)
    if task.purpose not in (Purpose.SIMULATE, Purpose.UNGAUGED) or column is None:
        return inputs
    rain = pd.to_numeric(frame[column], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    if step is not None and 2 * step <= RECENT:
        recent = earlier.rolling_mean(rain, window=int(RECENT / step), cutoff=0)
        inputs = replace(inputs, recent_rain=recent.to_numpy(dtype=float))
    return replace(inputs, rain=np.asarray(rain, dtype=float))


def persistence_steps(spec: Spec) -> int:
    """Return how many steps before a row the value lies that persistence repeats.

    That is the latest value of the target that the model itself looks at, and never nearer than the horizon. A config
    without a purpose is compared with the step before, as it always was.
    """
    if spec.task.purpose is None:
        return 1
    horizon, target = horizon_of(spec.task), spec.task.target
    used = [
        min(parameters["steps"]) if part.kind == "lag" else horizon
        for part, entry, parameters in readable_recipes(spec.features.transforms)
        if target in part.columns and entry.looks_back
    ]
    return max(horizon, min(used, default=horizon))


def chosen_rain(spec: Spec, profile: DatasetProfile) -> str | None:
    """Return the first selected column of rain, where a share of it can become the target.

    Of a water level or a temperature no share of the rain can be told: the ratio is one of flow to rain.
    """
    quantity = quantity_of(split_name(spec.task.target)[0])
    if quantity not in (None, Quantity.FLOW):
        return None
    results = columns_of_role(profile, DriverRole.RAIN, spec.features.selected)
    return next((name for name in results if name != spec.task.target), None)


def position_columns(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the columns of latitude and longitude by their names, None where one of them is missing."""
    results: dict[Quantity, str] = {}
    for name in names:
        quantity = quantity_of(split_name(name)[0])
        if quantity in (Quantity.LATITUDE, Quantity.LONGITUDE):
            results.setdefault(quantity, name)
    if len(results) < 2:
        return None
    return results[Quantity.LATITUDE], results[Quantity.LONGITUDE]


def last_known(
    values: Floats,
    times: pd.DatetimeIndex,
    groups: NDArray[Any] | None,
    *,
    steps: int,
    step: pd.Timedelta | None,
) -> Floats:
    """Return the last known value at least some steps before each row, shape (rows,), NaN where there is none.

    Parameters
    ----------
    values, times, groups
        The series by row, in the order of time; `groups` is None where there is one series. Rows of one moment do not
        tell each other's value; of several at one moment the last known counts.
    steps, step
        How many steps, and how long one is; without a fixed length each moment of the group's own rows is a step.
    """
    seen = np.full(len(values), np.nan)
    codes = np.zeros(len(values), dtype=np.intp) if groups is None else pd.factorize(groups)[0]
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        moments, place = np.unique(times[rows].to_numpy(), return_inverse=True)
        known = rows[np.isfinite(values[rows])]
        positions = np.searchsorted(moments, times[known].to_numpy())
        current_values = np.full(len(moments), -1, dtype=np.intp)
        current_values[positions] = known
        latest = np.maximum.accumulate(np.where(current_values >= 0, np.arange(len(moments)), -1))
        if step is None:
            ends = np.arange(len(moments)) - steps
        else:
            ends = np.searchsorted(moments, moments - (steps * step).to_timedelta64(), side="right") - 1
        last = np.where(ends >= 0, latest[np.maximum(ends, 0)], -1)
        result_values = np.where(last >= 0, current_values[np.maximum(last, 0)], -1)[place]
        seen[rows] = np.where(result_values >= 0, values[np.maximum(result_values, 0)], np.nan)
    return seen


def _site_traits(frame: pd.DataFrame, spec: Spec, groups: NDArray[Any]) -> SiteTraits | None:
    """Return where the sites lie, or else what is constant within each of them; None where neither tells them apart."""
    positions = position_columns([str(name) for name in frame.columns])
    if positions is not None:
        angles, constant = _site_attributes(frame, list(positions), groups)
        if constant.all() and int(angles.notna().all(axis=1).sum()) > 1:
            within = (angles.abs() <= np.array(MAX_ANGLES)).all(axis=1)
            return SiteTraits(tuple(angles.index), _sphere_points(angles.where(within)), True)
    columns = [
        name
        for name in dict.fromkeys(spec.features.selected)
        if name in frame.columns and pd.api.types.is_numeric_dtype(frame[name]) and not is_signature(name)
    ]
    if not columns:
        return None
    values, constant = _site_attributes(frame, columns, groups)
    attributes = values.loc[:, constant & (values.nunique() > 1)]
    if not attributes.shape[1]:
        return None
    return SiteTraits(tuple(attributes.index), attributes.to_numpy(dtype=float), False)


def _site_attributes(frame: pd.DataFrame, columns: list[str], groups: NDArray[Any]) -> tuple[pd.DataFrame, pd.Series]:
    """Return the first value of each column at each site, and whether the column is constant within every site."""
    values = frame[columns].apply(pd.to_numeric, errors="coerce").replace([np.inf, -np.inf], np.nan)
    grouped = values.groupby(groups, sort=True)
    return grouped.first(), (grouped.nunique() <= 1).all()


def _sphere_points(angles: pd.DataFrame) -> Floats:
    """Return points on a sphere of radius 1: a straight line between two is the longer, the longer the way between."""
    latitude, longitude = np.radians(angles.to_numpy(dtype=float)).T
    return np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
