"""Features derived before the rows are split: they learn nothing, and look at the past only.

Where the series has a regular step, "3 steps ago" is found by time, so a missing day does not shift it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.transforms import TransformEntry, derived_names, get, output_names

UNKNOWN = "transform_unknown"


def apply_transforms(frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> pd.DataFrame:
    """Return the frame with every column added that is derived before the split.

    Parameters
    ----------
    frame
        Rows in time order (and by group where there is one), with a fresh index.
    spec, profile
        The config, and the dataset whose time axis says how long a step is.

    Raises
    ------
    TrainingError
        If a recipe is unknown, cannot be read, or names a column that is not there; or there is no time column and it
        needs one; or it would look at the target of the row itself.
    """
    added: dict[str, pd.Series] = {}
    clock = _Clock(frame, spec, profile)
    for transform in spec.features.transforms:
        entry, parameters = _parse_transforms(transform)
        _refuse_absent(transform, entry, held={*frame.columns, *output_names(spec)} if entry.place == "fold" else frame)
        if spec.task.time_column is None and entry.needs_time:
            raise TrainingError("Derived features need a time column.", code="time_column_missing")
        if spec.task.target in transform.columns and not entry.looks_back:
            message = f"{entry.title}: the target may not be among its columns."
            raise TrainingError(message, code="transform_of_target")
        if entry.place == "before":
            names = derived_names(transform, time_column=spec.task.time_column)
            made = _derive(frame, transform, parameters=parameters, spec=spec, clock=clock)
            added.update({name: values for name, values in zip(names, made, strict=True) if name not in frame.columns})
    return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)


def step_seconds_of(frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> float | None:
    """Return the seconds of the step by which earlier values are found; None where they are found by moment."""
    step = _Clock(frame, spec, profile).step
    return None if step is None else step.total_seconds()


def least_known(window: int) -> int:
    """Return how many values of a window must be known: four in five."""
    return max(1, int(np.ceil(0.8 * window)))


def _parse_transforms(transform: TransformPart) -> tuple[TransformEntry, RecipeValues]:
    try:
        entry = get(transform.kind)
        return entry, entry.parse(transform.parameters)
    except KeyError:
        message = f"There is no derived feature of the kind {transform.kind[:40]}."
        raise TrainingError(message, code=UNKNOWN) from None
    except ValueError as fault:
        raise TrainingError(f"{get(transform.kind).title}: {fault}", code="transform_invalid") from fault


def _refuse_absent(transform: TransformPart, entry: TransformEntry, *, held: Any) -> None:
    missing = [column for column in transform.columns if column not in held]
    if missing and entry.needs_columns:
        raise TrainingError(f"The column {missing[0]} of a derived feature is not in the dataset.")


def _derive(
    frame: pd.DataFrame, transform: TransformPart, *, parameters: RecipeValues, spec: Spec, clock: _Clock
) -> Iterator[pd.Series]:
    """Return the derived columns in the order of their names."""
    if transform.kind == "date_parts":
        for part in parameters["parts"]:
            yield from _part_values(frame[str(spec.task.time_column)], part)
        return
    for column in transform.columns:
        series = pd.to_numeric(frame[column], errors="coerce").astype(float)
        # What is made of the target must end one step before the row that it describes.
        yield from _MAKERS[transform.kind](clock, series, parameters, column == spec.task.target)


Maker = Callable[["_Clock", pd.Series, RecipeValues, bool], Iterator[pd.Series]]


def _lags(clock: _Clock, series: pd.Series, said: RecipeValues, _before: bool) -> Iterator[pd.Series]:
    for step in said["steps"]:
        yield clock.lagged(series, step)


def _rolling_sum(clock: _Clock, series: pd.Series, said: RecipeValues, before: bool) -> Iterator[pd.Series]:
    yield clock.rolling_mean(series, window=said["window"], before=before) * said["window"]


def _rolling_mean(clock: _Clock, series: pd.Series, said: RecipeValues, before: bool) -> Iterator[pd.Series]:
    yield clock.rolling_mean(series, window=said["window"], before=before)


def _difference(clock: _Clock, series: pd.Series, said: RecipeValues, before: bool) -> Iterator[pd.Series]:
    if before:
        yield clock.lagged(series, 1) - clock.lagged(series, 1 + said["step"])
    else:
        yield series - clock.lagged(series, said["step"])


def _wetness(clock: _Clock, series: pd.Series, said: RecipeValues, before: bool) -> Iterator[pd.Series]:
    index = clock.accumulated(series, keep=said["decay"])
    yield clock.lagged(index, 1) if before else index


def _circle(_clock: _Clock, series: pd.Series, said: RecipeValues, _before: bool) -> Iterator[pd.Series]:
    angle = 2 * np.pi * series.replace([np.inf, -np.inf], np.nan) / said["period"]
    yield np.sin(angle)
    yield np.cos(angle)


_MAKERS: dict[str, Maker] = {
    "lag": _lags,
    "rolling_sum": _rolling_sum,
    "rolling_mean": _rolling_mean,
    "difference": _difference,
    "antecedent_precipitation": _wetness,
    "cyclic": _circle,
}


def _part_values(times: pd.Series, part: str) -> list[pd.Series]:
    if not part.endswith("_cyclic"):
        return [getattr(times.dt, {"weekday": "day_of_week"}.get(part, part)).astype(float)]
    turn = {
        "doy_cyclic": lambda: (times.dt.day_of_year - 1) / 365.25,
        "month_cyclic": lambda: (times.dt.month - 1) / 12,
        "weekday_cyclic": lambda: times.dt.day_of_week / 7,
        "hour_cyclic": lambda: (times.dt.hour + times.dt.minute / 60) / 24,
    }[part]()
    return [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]


def _index_of(values: NDArray[np.float64], *, keep: float) -> NDArray[np.float64]:
    """Return the antecedent precipitation index of values without a gap, shape (steps,).

    References
    ----------
    API_t = k API_{t-1} + P_t: Kohler, M. A. and Linsley, R. K. (1951), Predicting the runoff from storm rainfall,
    U.S. Weather Bureau Research Paper 34.
    """
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -keep], values), dtype=float)


class _Clock:
    """Finds earlier values: by time where all rows stand on a regular step, by moment otherwise.

    Never across groups, and never from another row of the same moment.
    """

    def __init__(self, frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> None:
        time_column, group_column = spec.task.time_column, spec.task.group_column
        # Rows without a group form one of their own, which `factorize` numbers -1.
        self.groups = pd.factorize(frame[group_column])[0] if group_column else np.zeros(len(frame))
        self.times = frame[time_column] if time_column else pd.Series(pd.NaT, index=frame.index)
        axis = profile.time_axis
        self.step: pd.Timedelta | None = None
        if axis is not None and axis.regular and axis.column == time_column and axis.step_seconds > 0:
            step = pd.Timedelta(seconds=axis.step_seconds)
            # Months are called regular too, but no number of days leads from one to the next.
            if self._all_on(step):
                self.step = step

    def _all_on(self, step: pd.Timedelta) -> bool:
        since = self.times - self.times.min()
        return bool((since.dropna() % step == pd.Timedelta(0)).all())

    def _per_group(self, series: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
        parts = [work(rows) for _, rows in series.groupby(self.groups, sort=False)]
        return pd.concat(parts).reindex(series.index) if parts else series

    def _by_time(self, rows: pd.Series) -> tuple[pd.Series, pd.DatetimeIndex]:
        """Return the values by time, the first of each moment, and the time of every row."""
        times = pd.DatetimeIndex(self.times.loc[rows.index])
        known = pd.Series(rows.to_numpy(), index=times)[times.notna()]
        return known[~known.index.duplicated()].sort_index(), times

    def _per_moment(self, series: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
        """Work on one value for each moment, and give every row of the moment what comes of it."""

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            return pd.Series(work(known).reindex(times).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)

    def lagged(self, series: pd.Series, steps: int) -> pd.Series:
        """Return the value `steps` ago, NaN where that moment has no row."""
        step = self.step
        if step is None:
            return self._per_moment(series, lambda known: known.shift(steps))

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            return pd.Series(known.reindex(times - steps * step).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)

    def rolling_mean(self, series: pd.Series, *, window: int, before: bool) -> pd.Series:
        """Return the mean over the last `window` steps, of which four in five must be known.

        With `before`, the window ends one step before the row instead of at it.
        """
        step, least = self.step, least_known(window)
        if step is None:
            shift = int(before)
            return self._per_moment(series, lambda known: known.shift(shift).rolling(window, min_periods=least).mean())

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            rolled = known.rolling(window * step, min_periods=least, closed="left" if before else "right").mean()
            return pd.Series(rolled.reindex(times).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)

    def accumulated(self, series: pd.Series, *, keep: float) -> pd.Series:
        """Return the antecedent precipitation index; it starts anew in each group and after each missing step."""
        step = self.step

        def add_up(known: pd.Series) -> pd.Series:
            values = known.replace([np.inf, -np.inf], np.nan)
            held = values.notna().to_numpy()
            starts = held & ~np.concatenate([[False], held[:-1]])
            if step is not None:
                starts |= held & (known.index.to_series().diff() != step).to_numpy()
            runs = pd.Series(np.cumsum(starts), index=known.index)
            index = values[held].groupby(runs[held]).transform(lambda run: _index_of(run.to_numpy(), keep=keep))
            return index.reindex(known.index)

        return self._per_moment(series, add_up)
