"""What each recipe makes of the columns that it works on, as far as they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.hydrology.degree_days import melt_by_degree_days
from app.domain.training.preprocessing.earlier_values import EarlierValues, least_known
from app.domain.training.preprocessing.moments import MomentTable
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS, UnitChoice
from app.domain.training.preprocessing.transform_entry import TransformEntry

Values = NDArray[np.float64]
# Recipes that go over all their columns in one pass for each window.
OVER_MANY = ("window_means", "window_sums", "exponential_memory")

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


MAKERS: dict[str, Maker] = {
    "lag": _lags,
    "rolling_sum": _rolling_sum,
    "rolling_mean": _rolling_mean,
    "difference": _difference,
    "antecedent_precipitation": _wetness,
    "last_known": _last_known,
    "cyclic": _circle,
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
            found = moments.to_rows(_over_one_length(moments, values, kind, length=length, cutoff=cutoff))
            made.update({(place, length): found[:, at] for at, place in enumerate(places)})
    index = columns[0].index
    return [pd.Series(made[place, length], index=index) for place in range(len(columns)) for length in lengths]


def _over_one_length(moments: MomentTable, values: Values, kind: str, *, length: Any, cutoff: int) -> Values:
    if kind == "exponential_memory":
        means = moments.exponential_means(values, keep=length)
        return moments.lagged(means, cutoff) if cutoff else means
    means = moments.window_means(values, window=length, cutoff=cutoff, least=least_known(length))
    return means * length if kind == "window_sums" else means


def make_together(
    earlier: EarlierValues,
    columns: Sequence[pd.Series],
    entry: TransformEntry,
    parameters: RecipeValues,
    *,
    cutoff: int,
) -> list[pd.Series]:
    """Return the columns of a recipe that works on its columns together, as they were at the cutoff."""
    made = _TOGETHER[entry.kind](earlier, columns, parameters)
    if not cutoff:
        return made
    late = earlier.lagged if entry.looks_back else None
    return [earlier.known_values(one, cutoff=cutoff) if late is None else late(one, cutoff) for one in made]


def conversions_of(kind: str, parameters: RecipeValues, step_seconds: float | None) -> dict[str, list[float]]:
    """Return what turns each column of a recipe into its standard unit: value * factor + offset, column by column.

    A list of two stands for three columns too, whose last two have one unit. It is empty where no unit is told.
    """
    names = _UNITS_OF.get(kind, ())
    pairs = [_conversion(units[str(parameters[name])], step_seconds) for name, units in names]
    return {"factors": [one for one, _ in pairs], "offsets": [one for _, one in pairs]} if pairs else {}


def _conversion(choice: UnitChoice, step_seconds: float | None) -> tuple[float, float]:
    """Return factor and offset of a unit at a step.

    Raises
    ------
    TrainingError
        Where an amount for so many seconds stands on irregular steps.
    """
    if choice.per_seconds is None:
        return choice.factor, choice.offset
    if step_seconds is None:
        message = f"Amounts in {choice.label} need regular steps. Give them per step, such as in mm."
        raise TrainingError(message, code="transform_invalid")
    return choice.factor * (step_seconds / choice.per_seconds), choice.offset


# The parameters that tell the units of a recipe's columns, in the order of the columns.
_UNITS_OF: dict[str, tuple[tuple[str, Mapping[str, UnitChoice]], ...]] = {
    "degree_day_snow": (("rain_unit", WATER_UNITS), ("temperature_unit", TEMPERATURE_UNITS)),
    "effective_rain": (("rain_unit", WATER_UNITS), ("evaporation_unit", WATER_UNITS)),
}


def _in_standard_units(
    earlier: EarlierValues, columns: Sequence[pd.Series], kind: str, parameters: RecipeValues
) -> list[pd.Series]:
    """Return the columns in mm per step and deg C; what is not finite is missing."""
    seconds = None if earlier.step is None else earlier.step.total_seconds()
    told = conversions_of(kind, parameters, seconds)
    pairs = list(zip(told["factors"], told["offsets"], strict=True))
    converted = []
    for place, column in enumerate(columns):
        factor, offset = pairs[min(place, len(pairs) - 1)]
        converted.append(column.replace([np.inf, -np.inf], np.nan) * factor + offset)
    return converted


def _snow(earlier: EarlierValues, columns: Sequence[pd.Series], parameters: RecipeValues) -> list[pd.Series]:
    moments = earlier.moments
    rain, *degrees = map(moments.values, _in_standard_units(earlier, columns, "degree_day_snow", parameters))
    temperature, days = sum(degrees[1:], degrees[0]) / len(degrees), moments.days_of_steps()
    made = np.full((len(rain), 3), np.nan)
    for group in moments.groups():
        snow = melt_by_degree_days(
            rain[group],
            temperature[group],
            days=days[group],
            threshold=parameters["threshold"],
            factor=parameters["factor"],
            transition=parameters["transition"],
        )
        made[group] = np.column_stack([snow.store, snow.melt, snow.liquid])
    rows = moments.to_rows(made)
    return [pd.Series(rows[:, place], index=columns[0].index) for place in range(3)]


def _effective_rain(earlier: EarlierValues, columns: Sequence[pd.Series], parameters: RecipeValues) -> list[pd.Series]:
    rain, evaporation = _in_standard_units(earlier, columns, "effective_rain", parameters)
    return [rain - evaporation]


_TOGETHER: dict[str, Callable[[EarlierValues, Sequence[pd.Series], RecipeValues], list[pd.Series]]] = {
    "degree_day_snow": _snow,
    "effective_rain": _effective_rain,
}
