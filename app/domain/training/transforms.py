"""Derived features: lags, rolling sums and means, and parts of the date. They look at the past only.

None of them learns anything, so they may be computed before the rows are split; a value of the target may enter only
from an earlier step. Where the series has a regular step, "3 steps ago" is found by time, so a missing day does not
shift it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.domain.analysis.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart

LONGEST = 10_000
MOST_STEPS = 60
UNKNOWN = "transform_unknown"
DATE_PARTS = {
    "doy_cyclic": "Day of the year, as sine and cosine",
    "month": "Month",
    "weekday": "Day of the week",
    "hour_cyclic": "Hour of the day, as sine and cosine",
    "year": "Year",
}


@dataclass(frozen=True)
class TransformEntry:
    """One recipe. `parse(parameters)` returns clean parameters or raises ValueError with a sentence."""

    kind: str
    title: str
    help: str
    parameter: str
    parse: Callable[[Mapping[str, Any]], dict[str, Any]]
    needs_columns: bool = True


def _whole(raw: Any, *, low: int, what: str) -> int:
    try:
        number = int(str(raw).strip())
    except ValueError:
        raise ValueError(f"{what} must be a whole number from {low} to {LONGEST:,}.") from None
    if not low <= number <= LONGEST:
        raise ValueError(f"{what} must be a whole number from {low} to {LONGEST:,}.")
    return number


def _parse_steps(parameters: Mapping[str, Any]) -> dict[str, Any]:
    raw = parameters.get("steps", [1])
    words = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw
    if not isinstance(words, list | tuple) or not words:
        raise ValueError("Say which steps, such as 1, 2, 3.")
    steps = sorted({_whole(word, low=1, what="Each step") for word in words if str(word).strip()})
    if not steps or len(steps) > MOST_STEPS:
        raise ValueError(f"Give 1 to {MOST_STEPS} steps, such as 1, 2, 3.")
    return {"steps": steps}


def _parse_window(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"window": _whole(parameters.get("window", 7), low=2, what="The window")}


def _are_parts(parts: Any) -> bool:
    return all(isinstance(part, str) and part in DATE_PARTS for part in parts)


def _parse_parts(parameters: Mapping[str, Any]) -> dict[str, Any]:
    raw = parameters.get("parts", ["doy_cyclic"])
    parts = [raw] if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not parts or not _are_parts(parts):
        raise ValueError(f"Choose from: {', '.join(DATE_PARTS)}.")
    return {"parts": [part for part in DATE_PARTS if part in parts]}


TRANSFORMS: tuple[TransformEntry, ...] = (
    TransformEntry("lag", "Earlier values", "The value some steps ago.", "steps", _parse_steps),
    TransformEntry("rolling_sum", "Sum over a window", "The sum over the last steps.", "window", _parse_window),
    TransformEntry("rolling_mean", "Mean over a window", "The mean over the last steps.", "window", _parse_window),
    TransformEntry(
        "date_parts", "Parts of the date", "Season or hour, from the time column.", "parts", _parse_parts, False
    ),
)
_BY_KIND = {entry.kind: entry for entry in TRANSFORMS}


def get(kind: str) -> TransformEntry:
    """Return the recipe of this kind; KeyError if there is none."""
    return _BY_KIND[kind]


def derived_names(transform: TransformPart, *, time_column: str | None) -> list[str]:
    """Return the names of the columns that a recipe adds."""
    parameters = get(transform.kind).parse(transform.parameters)
    if transform.kind == "date_parts":
        return [name for part in parameters["parts"] for name in _part_names(time_column or "time", part)]
    if transform.kind == "lag":
        return [f"{column}_lag_{step}" for column in transform.columns for step in parameters["steps"]]
    word = "sum" if transform.kind == "rolling_sum" else "mean"
    return [f"{column}_{word}_{parameters['window']}" for column in transform.columns]


def names_taken(spec: Spec, columns: Iterable[str]) -> list[str]:
    """Return the names of derived features that columns of the file have already."""
    held, column = set(columns), spec.task.time_column
    parts = [part for part in spec.features.transforms if part.kind in _BY_KIND]
    made = (name for part in parts for name in derived_names(part, time_column=column))
    return [name for name in dict.fromkeys(made) if name in held]


def target_lags(spec: Spec) -> list[str]:
    """Return the names of the derived features that are earlier values of the target itself."""
    names: list[str] = []
    for transform in spec.features.transforms:
        if transform.kind == "lag" and spec.task.target in transform.columns:
            only_target = transform.model_copy(update={"columns": [spec.task.target]})
            names += derived_names(only_target, time_column=spec.task.time_column)
    return names


def longest_memory(spec: Spec) -> int:
    """Return how many steps back the config's recipes look; one that cannot be read looks nowhere."""
    reach = 0
    for transform in spec.features.transforms:
        try:
            parameters = get(transform.kind).parse(transform.parameters)
        except (KeyError, ValueError):
            continue
        reach = max(reach, *parameters.get("steps", [0]), parameters.get("window", 0))
    return reach


def apply_transforms(frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> pd.DataFrame:
    """Return the frame with every derived column added.

    Parameters
    ----------
    frame
        Rows in time order (and by group where there is one), with a fresh index.
    spec, profile
        The config, and the dataset whose time axis says how long a step is.

    Raises
    ------
    TrainingError
        If a recipe is unknown, cannot be read, or names a column that is not there; or there is no time column.
    """
    added: dict[str, Any] = {}
    clock = _Clock(frame, spec, profile)
    for transform in spec.features.transforms:
        if transform.kind not in _BY_KIND:
            raise TrainingError(f"There is no derived feature of the kind {transform.kind[:40]}.", code=UNKNOWN)
        missing = [column for column in transform.columns if column not in frame.columns]
        if missing:
            raise TrainingError(f"The column {missing[0]} of a derived feature is not in the dataset.")
        if spec.task.time_column is None:
            raise TrainingError("Derived features need a time column.", code="time_column_missing")
        for name, values in _derive(frame, transform, spec=spec, clock=clock):
            if name not in frame.columns:
                added[name] = values
    return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)


def _derive(
    frame: pd.DataFrame, transform: TransformPart, *, spec: Spec, clock: _Clock
) -> Iterator[tuple[str, pd.Series]]:
    try:
        parameters = get(transform.kind).parse(transform.parameters)
    except ValueError as fault:
        raise TrainingError(f"{get(transform.kind).title}: {fault}", code="transform_invalid") from fault
    if transform.kind == "date_parts":
        times = frame[str(spec.task.time_column)]
        for part in parameters["parts"]:
            yield from zip(_part_names(str(spec.task.time_column), part), _part_values(times, part), strict=True)
        return
    for column in transform.columns:
        series = pd.to_numeric(frame[column], errors="coerce").astype(float)
        if transform.kind == "lag":
            for step in parameters["steps"]:
                yield f"{column}_lag_{step}", clock.lagged(series, step)
            continue
        window = parameters["window"]
        # A window over the target must end one step before the row it describes.
        mean = clock.rolling_mean(series, window=window, before=column == spec.task.target)
        if transform.kind == "rolling_sum":
            yield f"{column}_sum_{window}", mean * window
        else:
            yield f"{column}_mean_{window}", mean


def _part_names(time_column: str, part: str) -> list[str]:
    if part.endswith("_cyclic"):
        word = part.removesuffix("_cyclic")
        return [f"{time_column}_{word}_sin", f"{time_column}_{word}_cos"]
    return [f"{time_column}_{part}"]


def _part_values(times: pd.Series, part: str) -> list[pd.Series]:
    if part == "doy_cyclic":
        angle = 2 * np.pi * (times.dt.day_of_year - 1) / 365.25
        return [np.sin(angle), np.cos(angle)]
    if part == "hour_cyclic":
        angle = 2 * np.pi * (times.dt.hour + times.dt.minute / 60) / 24
        return [np.sin(angle), np.cos(angle)]
    return [getattr(times.dt, {"weekday": "day_of_week"}.get(part, part)).astype(float)]


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
        step, least = self.step, max(1, int(np.ceil(0.8 * window)))
        if step is None:
            shift = int(before)
            return self._per_moment(series, lambda known: known.shift(shift).rolling(window, min_periods=least).mean())

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            rolled = known.rolling(window * step, min_periods=least, closed="left" if before else "right").mean()
            return pd.Series(rolled.reindex(times).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)
