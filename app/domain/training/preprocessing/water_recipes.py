"""Recipes of the water balance: snow by degree days, evaporation, and effective rain."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.estimators.parameters import Parameter
from app.domain.training.preprocessing.recipe_parameters import RecipeError, RecipeValues
from app.domain.training.preprocessing.recipe_units import (
    RAIN_UNITS,
    TEMPERATURE_UNITS,
    WATER_UNITS,
    latitude_parameter,
    unit_parameter,
)
from app.domain.training.preprocessing.transform_entry import ColumnRole, TransformEntry

WATER = "Snow and evaporation"
# The columns that degree-day snow makes, in their order.
SNOW_OUTPUTS = ("snow_store", "melt", "liquid")
MM = "mm"
# Where the height of the sun is from: a setting, or the last of the columns, with what turns that into its unit.
LATITUDE, LATITUDE_COLUMN = "latitude", "latitude_column"
SUN_COLUMNS: dict[str, float] = {LATITUDE_COLUMN: 1.0, "day_length_h": 1.0, "day_length_s": 1 / 3600}
HARGREAVES = "hargreaves"


def _latitude_is_told(values: RecipeValues) -> RecipeError | None:
    if values["sun_from"] == LATITUDE and values["latitude"] is None:
        message = "Give the latitude, or say which column tells it or the length of the day."
        return RecipeError(message, "latitude")
    return None


def _evaporation_columns(count: int, values: RecipeValues) -> str:
    """Check the number of columns: one or two of temperature, and one more where it tells the sun."""
    more = values["sun_from"] in SUN_COLUMNS
    temperatures = count - more
    if temperatures < 1:
        return "choose the temperature beside the column that tells the sun."
    if values["method"] == HARGREAVES and temperatures != 2:
        return "Hargreaves needs the minimum and the maximum temperature of each day."
    if temperatures > 2:
        return "say what the third column tells: the latitude, or the length of the day."
    return ""


def _sun_is_told_once(filled: Sequence[bool], values: RecipeValues) -> str:
    """Check that the third role and the setting that names it go together."""
    if filled[-1] == (values["sun_from"] in SUN_COLUMNS):
        return ""
    if filled[-1]:
        return "say what the third column tells: the latitude, or the length of the day."
    return "choose the column of the latitude or the length of the day."


WATER_RECIPES: tuple[TransformEntry, ...] = (
    TransformEntry(
        "degree_day_snow",
        "Degree-day snow",
        WATER,
        "The snow that lies, what melts of it, and rain and melt together. On each step, snowfall is added to the "
        "store, and min(store, factor x days x (T - threshold)) melts. Use it where winters freeze.",
        "before",
        (
            Parameter(
                "threshold", "Threshold", "number", 0.0, "Melt begins above it.", low=-10, high=10, unit="degrees C"
            ),
            Parameter(
                "transition",
                "Rain and snow",
                "number",
                2.0,
                "From all snow at the threshold to all rain so much above it.",
                low=0,
                high=10,
                unit="degrees C",
            ),
            Parameter(
                "factor",
                "Degree-day factor",
                "number",
                2.5,
                "Melt for each degree above the threshold; 2 to 6 is usual.",
                low=0,
                low_open=True,
                high=20,
                unit="mm per degree C and day",
            ),
            unit_parameter("rain_unit", "Unit of precipitation", RAIN_UNITS),
            unit_parameter("temperature_unit", "Unit of temperature", TEMPERATURE_UNITS),
        ),
        looks_back=True,
        roles=(
            ColumnRole("Precipitation"),
            ColumnRole("Temperature, or its minimum"),
            ColumnRole("Maximum temperature", optional=True),
        ),
        names_together=lambda columns, _values: [f"{columns[0]}_{output}" for output in SNOW_OUTPUTS],
        # The length of its memory is that of a winter, not of a window: each step follows from the one before.
        memory=lambda _values: 1,
        units=lambda _units, _values: [MM] * len(SNOW_OUTPUTS),
        source="Hock (2003), Journal of Hydrology 282, 104-115.",
    ),
    TransformEntry(
        "effective_rain",
        "Effective rain",
        WATER,
        "Rain minus evaporation: what is left for soil, groundwater and streams. Below 0, the ground dries.",
        "before",
        (
            unit_parameter("rain_unit", "Unit of precipitation", RAIN_UNITS),
            unit_parameter("evaporation_unit", "Unit of evaporation", WATER_UNITS),
        ),
        roles=(ColumnRole("Precipitation"), ColumnRole("Evaporation")),
        names_together=lambda columns, _values: [f"{columns[0]}_minus_{columns[-1]}"],
        units=lambda _units, _values: [MM],
    ),
    TransformEntry(
        "potential_evaporation",
        "Potential evaporation",
        WATER,
        "What would evaporate if there were water enough, in mm per step (per day where steps are irregular). Oudin "
        "needs the mean temperature: R (T + 5) / 100. Hargreaves needs minimum and maximum: "
        "0.0023 R (T + 17.8) sqrt(Tmax - Tmin). R is the radiation above the air, from date and latitude.",
        "before",
        (
            Parameter(
                "method",
                "Method",
                "choice",
                "oudin",
                "Oudin is made for rainfall-runoff models.",
                choices=(("oudin", "Oudin"), (HARGREAVES, "Hargreaves")),
            ),
            Parameter(
                "sun_from",
                "Latitude from",
                "choice",
                LATITUDE,
                "A column of latitudes serves several sites. Lengths of days tell the latitude after some weeks.",
                choices=(
                    (LATITUDE, "The setting below"),
                    (LATITUDE_COLUMN, "The last column: latitude, degrees"),
                    ("day_length_h", "The last column: length of the day, hours"),
                    ("day_length_s", "The last column: length of the day, seconds"),
                ),
            ),
            latitude_parameter(optional=True),
            unit_parameter("temperature_unit", "Unit of temperature", TEMPERATURE_UNITS),
        ),
        roles=(
            ColumnRole("Mean temperature, or its minimum"),
            ColumnRole("Maximum temperature", optional=True),
            ColumnRole("Latitude or length of the day", optional=True),
        ),
        names_together=lambda columns, values: [f"{columns[0]}_{values['method']}"],
        check=_latitude_is_told,
        check_columns=_evaporation_columns,
        check_roles=_sun_is_told_once,
        dated=True,
        units=lambda _units, _values: [MM],
        source="Oudin et al. (2005), Journal of Hydrology 303, 290-306; Hargreaves and Samani (1985), Applied "
        "Engineering in Agriculture 1, 96-99; radiation: FAO-56, equation 21.",
    ),
)
