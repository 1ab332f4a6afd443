"""Functions that compute the derived columns of each recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.hydrology.sun import day_length
from app.domain.training.preprocessing.earlier_values import EarlierValues, least_known
from app.domain.training.preprocessing.moments import MomentTable
from app.domain.training.preprocessing.recipe_parameters import RecipeValues

Values = NDArray[np.float64]
# Recipes that go over all their columns in one pass for each window.
OVER_MANY = ("window_means", "window_sums", "exponential_memory")

# Makes the columns of a recipe from the values of one column, of which those nearer than the cutoff are not known.
Maker = Callable[[EarlierValues, pd.Series, RecipeValues, int], Iterator[pd.Series]]


def _make_lags(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, _cutoff: int
) -> Iterator[pd.Series]:
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


def _make_difference(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    last = earlier.lagged(series, cutoff) if cutoff else series
    yield last - earlier.lagged(series, cutoff + parameters["step"])


def _make_wetness_index(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    index = earlier.accumulated(series, keep=parameters["decay"])
    yield earlier.lagged(index, cutoff) if cutoff else index


def _last_known(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    yield from earlier.last_known(series, window=parameters["window"], cutoff=cutoff)


def _make_cyclic_date(
    earlier: EarlierValues, series: pd.Series, parameters: RecipeValues, cutoff: int
) -> Iterator[pd.Series]:
    series = earlier.known_values(series, cutoff=cutoff)
    angle = 2 * np.pi * series.replace([np.inf, -np.inf], np.nan) / parameters["period"]
    yield np.sin(angle)
    yield np.cos(angle)


MAKERS: dict[str, Maker] = {
    "lag": _make_lags,
    "rolling_sum": _rolling_sum,
    "rolling_mean": _rolling_mean,
    "difference": _make_difference,
    "antecedent_precipitation": _make_wetness_index,
    "last_known": _last_known,
    "cyclic": _make_cyclic_date,
}


def _values_of_part(times: pd.Series, part: str) -> list[pd.Series]:
    if not part.endswith("_cyclic"):
        return [getattr(times.dt, {"weekday": "day_of_week"}.get(part, part)).astype(float)]
    turn = {
        "doy_cyclic": lambda: (times.dt.day_of_year - 1) / 365.25,
        "month_cyclic": lambda: (times.dt.month - 1) / 12,
        "weekday_cyclic": lambda: times.dt.day_of_week / 7,
        "hour_cyclic": lambda: (times.dt.hour + times.dt.minute / 60) / 24,
    }[part]()
    return [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]


def make_from_date(times: pd.Series, kind: str, parameters: RecipeValues) -> Iterator[pd.Series]:
    """Yield the columns of a recipe that works on the time column alone."""
    if kind == "day_length":
        days = times.dt.day_of_year.to_numpy(dtype=float)
        yield pd.Series(day_length(days, np.full(len(days), parameters["latitude"])), index=times.index)
        return
    for part in parameters["parts"]:
        yield from _values_of_part(times, part)


def make_over_many(
    earlier: EarlierValues,
    columns: Sequence[pd.Series],
    kind: str,
    parameters: RecipeValues,
    *,
    cutoffs: Sequence[int],
) -> list[pd.Series]:
    """Return the columns of a recipe with several windows, column by column."""
    moments, made = earlier.moments, dict[tuple[int, float], Values]()
    lengths = parameters["keeps" if kind == "exponential_memory" else "windows"]
    for cutoff in dict.fromkeys(cutoffs):
        places = [place for place, own in enumerate(cutoffs) if own == cutoff]
        values = np.column_stack([moments.values(columns[place]) for place in places])
        for length in lengths:
            rows = moments.to_rows(_over_one_length(moments, values, kind, length=length, cutoff=cutoff))
            made.update({(place, length): rows[:, position] for position, place in enumerate(places)})
    index = columns[0].index
    return [pd.Series(made[place, length], index=index) for place in range(len(columns)) for length in lengths]


def _over_one_length(moments: MomentTable, values: Values, kind: str, *, length: Any, cutoff: int) -> Values:
    if kind == "exponential_memory":
        means = moments.exponential_means(values, keep=length)
        return moments.lagged(means, cutoff) if cutoff else means
    means = moments.window_means(values, window=length, cutoff=cutoff, least=least_known(length))
    return means * length if kind == "window_sums" else means
