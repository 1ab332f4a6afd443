"""The recipes of the water balance: snow by degree days, and what is left of rain after evaporation."""

from __future__ import annotations

from app.domain.estimators.parameters import Parameter
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS, unit_parameter
from app.domain.training.preprocessing.transform_entry import ColumnRole, TransformEntry

WATER = "Snow and evaporation"
# The columns that degree-day snow makes, in their order.
SNOW_OUTPUTS = ("snow_store", "melt", "liquid")
MM = "mm"

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
            unit_parameter("rain_unit", "Unit of precipitation", WATER_UNITS),
            unit_parameter("temperature_unit", "Unit of temperature", TEMPERATURE_UNITS),
        ),
        looks_back=True,
        roles=(
            ColumnRole("Precipitation"),
            ColumnRole("Temperature, or its minimum"),
            ColumnRole("Maximum temperature", optional=True),
        ),
        names_together=lambda columns, _said: [f"{columns[0]}_{output}" for output in SNOW_OUTPUTS],
        # The length of its memory is that of a winter, not of a window: each step follows from the one before.
        memory=lambda _said: 1,
        units=lambda _units, _said: [MM] * len(SNOW_OUTPUTS),
        source="Hock (2003), Journal of Hydrology 282, 104-115.",
    ),
    TransformEntry(
        "effective_rain",
        "Effective rain",
        WATER,
        "Rain minus evaporation: what is left for soil, groundwater and streams. Below 0, the ground dries.",
        "before",
        (
            unit_parameter("rain_unit", "Unit of precipitation", WATER_UNITS),
            unit_parameter("evaporation_unit", "Unit of evaporation", WATER_UNITS),
        ),
        roles=(ColumnRole("Precipitation"), ColumnRole("Evaporation")),
        names_together=lambda columns, _said: [f"{columns[0]}_minus_{columns[-1]}"],
        units=lambda _units, _said: [MM],
    ),
)
