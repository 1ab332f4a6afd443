"""Features derived before the rows are split: they learn nothing, and look at the past only.

Where the series has a regular step, "3 steps ago" is found by time, so a missing day does not shift it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.training.preprocessing.earlier_values import EarlierValues
from app.domain.training.preprocessing.knowledge import column_cutoff, recipe_faults
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
    earlier = EarlierValues(frame, spec, profile)
    for transform in spec.features.transforms:
        entry, parameters = _parse_transforms(transform)
        _refuse_absent(transform, entry, held={*frame.columns, *output_names(spec)} if entry.place == "fold" else frame)
        if spec.task.time_column is None and entry.needs_time:
            raise TrainingError("Derived features need a time column.", code="time_column_missing")
        if spec.task.target in transform.columns and not entry.looks_back:
            message = f"{entry.title}: the target may not be among its columns."
            raise TrainingError(message, code="transform_of_target")
        for fault in recipe_faults(transform, entry, parameters, task=spec.task):
            raise TrainingError(fault.message, code=fault.code)
        if entry.place == "before":
            names = derived_names(transform, time_column=spec.task.time_column)
            made = _derive(frame, transform, parameters=parameters, spec=spec, earlier=earlier)
            added.update({name: values for name, values in zip(names, made, strict=True) if name not in frame.columns})
    return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)


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
    frame: pd.DataFrame, transform: TransformPart, *, parameters: RecipeValues, spec: Spec, earlier: EarlierValues
) -> Iterator[pd.Series]:
    """Return the derived columns in the order of their names."""
    if transform.kind == "date_parts":
        for part in parameters["parts"]:
            yield from _part_values(frame[str(spec.task.time_column)], part)
        return
    for column in transform.columns:
        series = pd.to_numeric(frame[column], errors="coerce").astype(float)
        cutoff = column_cutoff(spec.task, column)
        if cutoff is None:
            raise TrainingError(f"Nothing of {column[:60]} is known.", code="target_never_known")
        yield from _MAKERS[transform.kind](earlier, series, parameters, cutoff)


# Makes the columns of a recipe from the values of one column, of which those nearer than the cutoff are not known.
Maker = Callable[[EarlierValues, pd.Series, RecipeValues, int], Iterator[pd.Series]]


def _lags(earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, _cutoff: int) -> Iterator[pd.Series]:
    for step in parameters["steps"]:
        yield earlier.lagged(series, step)


def _rolling_sum(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    window = parameters["window"]
    yield earlier.rolling_mean(series, window=window, cutoff=cutoff) * window


def _rolling_mean(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    yield earlier.rolling_mean(series, window=parameters["window"], cutoff=cutoff)


def _difference(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    last = earlier.lagged(series, cutoff) if cutoff else series
    yield last - earlier.lagged(series, cutoff + parameters["step"])


def _wetness(earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int) -> Iterator[pd.Series]:
    index = earlier.accumulated(series, keep=parameters["decay"])
    yield earlier.lagged(index, cutoff) if cutoff else index


def _last_known(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    yield from earlier.last_known(series, window=parameters["window"], cutoff=cutoff)


def _circle(earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int) -> Iterator[pd.Series]:
    series = earlier.known_values(series, cutoff=cutoff)
    angle = 2 * np.pi * series.replace([np.inf, -np.inf], np.nan) / parameters["period"]
    yield np.sin(angle)
    yield np.cos(angle)


_MAKERS: dict[str, Maker] = {
    "lag": _lags,
    "rolling_sum": _rolling_sum,
    "rolling_mean": _rolling_mean,
    "difference": _difference,
    "antecedent_precipitation": _wetness,
    "last_known": _last_known,
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
