"""Functions that compute water-balance features (snow, evaporation, effective rain) in standard units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.hydrology.degree_days import melt_by_degree_days
from app.domain.hydrology.evaporation import hargreaves_evaporation, oudin_evaporation
from app.domain.hydrology.sun import extraterrestrial_radiation, latitude_from_day_length
from app.domain.training.preprocessing.earlier_values import EarlierValues
from app.domain.training.preprocessing.moments import SECONDS_PER_DAY
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS, UnitChoice
from app.domain.training.preprocessing.transform_entry import TransformEntry
from app.domain.training.preprocessing.water_recipes import HARGREAVES, LATITUDE, LATITUDE_COLUMN, SUN_COLUMNS

Values = NDArray[np.float64]


def make_together(
    earlier: EarlierValues,
    columns: Sequence[pd.Series],
    entry: TransformEntry,
    parameters: RecipeValues,
    *,
    cutoff: int,
) -> list[pd.Series]:
    """Return the columns of a recipe that works on its columns together, as they were at the cutoff.

    None of them passes for an attribute of its site, known for ever, even where it does not change: that it does not
    may come of values that are not known yet, as the evaporation of a year of frost is 0.
    """
    made = _TOGETHER[entry.kind](earlier, columns, parameters)
    return [earlier.lagged(values, cutoff) for values in made] if cutoff else made


def conversions_of(
    kind: str, parameters: RecipeValues, *, count: int, step_seconds: float | None
) -> dict[str, list[float]]:
    """Return factors and offsets that turn each of `count` columns into its standard unit.

    A standard value is value * factor + offset. The result is empty where no unit is given. The standard units are mm
    per step, deg C, degrees and hours.
    """
    names = _UNITS_OF.get(kind, ())
    pairs = [_unit_conversion(units[str(parameters[name])], step_seconds) for name, units in names]
    sun = [(SUN_COLUMNS[word], 0.0)] if (word := str(parameters.get("sun_from"))) in SUN_COLUMNS else []
    while pairs and len(pairs) + len(sun) < count:
        # Minimum and maximum have one unit.
        pairs.append(pairs[-1])
    pairs += sun
    return {"factors": [number for number, _ in pairs], "offsets": [number for _, number in pairs]} if pairs else {}


def _unit_conversion(choice: UnitChoice, step_seconds: float | None) -> tuple[float, float]:
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
    "potential_evaporation": (("temperature_unit", TEMPERATURE_UNITS),),
}


def _convert_to_standard_units(
    earlier: EarlierValues, columns: Sequence[pd.Series], kind: str, parameters: RecipeValues
) -> list[pd.Series]:
    """Return the columns in mm per step and deg C; what is not finite is missing."""
    seconds = None if earlier.step is None else earlier.step.total_seconds()
    told = conversions_of(kind, parameters, count=len(columns), step_seconds=seconds)
    pairs = zip(columns, told["factors"], told["offsets"], strict=True)
    return [column.replace([np.inf, -np.inf], np.nan) * factor + offset for column, factor, offset in pairs]


def _make_snow(earlier: EarlierValues, columns: Sequence[pd.Series], parameters: RecipeValues) -> list[pd.Series]:
    moments = earlier.moments
    rain, *degrees = map(moments.values, _convert_to_standard_units(earlier, columns, "degree_day_snow", parameters))
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
    rain, evaporation = _convert_to_standard_units(earlier, columns, "effective_rain", parameters)
    return [rain - evaporation]


def _make_evaporation(
    earlier: EarlierValues, columns: Sequence[pd.Series], parameters: RecipeValues
) -> list[pd.Series]:
    converted = _convert_to_standard_units(earlier, columns, "potential_evaporation", parameters)
    degrees = converted[:-1] if parameters["sun_from"] in SUN_COLUMNS else converted
    days = earlier.times.dt.day_of_year.to_numpy(dtype=float)
    radiation = extraterrestrial_radiation(days, _row_latitudes(earlier, days, converted[-1], parameters))
    if parameters["method"] == HARGREAVES:
        _refuse_equal(*degrees)
        made = hargreaves_evaporation(degrees[0].to_numpy(), degrees[1].to_numpy(), radiation)
    else:
        made = oudin_evaporation((sum(degrees[1:], degrees[0]) / len(degrees)).to_numpy(), radiation)
    if earlier.step is not None:
        made = made * (earlier.step.total_seconds() / SECONDS_PER_DAY)
    return [pd.Series(made, index=columns[0].index)]


def _row_latitudes(earlier: EarlierValues, days: Values, told: pd.Series, parameters: RecipeValues) -> Values:
    """Return the latitude of each row, in degrees north: as it is set, or as the last column tells."""
    if parameters["sun_from"] == LATITUDE:
        return np.full(len(days), parameters["latitude"])
    if parameters["sun_from"] == LATITUDE_COLUMN:
        return told.where(told.abs() <= 90).to_numpy()
    moments = earlier.moments
    hours, days = moments.values(told), days[moments.first_row]
    result_values = np.full(len(hours), np.nan)
    for group in moments.groups():
        result_values[group] = latitude_from_day_length(days[group], hours[group])
    return moments.to_rows(result_values)


def _refuse_equal(minimum: pd.Series, maximum: pd.Series) -> None:
    """Refuse Hargreaves where nothing is between minimum and maximum on any row: it would be 0 throughout."""
    known = minimum.notna() & maximum.notna()
    if known.any() and (minimum[known] == maximum[known]).all():
        raise TrainingError(equal_sentence(str(minimum.name), str(maximum.name)), code="transform_invalid")


def equal_sentence(minimum: str, maximum: str) -> str:
    """Say why Hargreaves cannot work on two columns."""
    return f"{minimum[:60]} and {maximum[:60]} are equal on all rows, so Hargreaves would be 0 throughout. Use Oudin."


_TOGETHER: dict[str, Callable[[EarlierValues, Sequence[pd.Series], RecipeValues], list[pd.Series]]] = {
    "degree_day_snow": _make_snow,
    "effective_rain": _effective_rain,
    "potential_evaporation": _make_evaporation,
}
