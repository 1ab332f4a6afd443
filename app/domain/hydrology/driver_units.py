"""Units of drivers: conversion to the standard unit, and plausible ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.hydrology.unit_ranges import DAY, Span, is_dry_mark


class DriverRole(StrEnum):
    """What drives the water; the values stand in stored data."""

    RAIN = "rain"
    SNOW = "snow"
    TEMPERATURE = "temperature"
    TEMPERATURE_MIN = "temperature_min"
    TEMPERATURE_MAX = "temperature_max"
    RADIATION = "radiation"
    EVAPORATION = "evaporation"
    HUMIDITY = "humidity"
    VAPOUR_PRESSURE = "vapour_pressure"
    PRESSURE = "pressure"
    WIND = "wind"
    STAGE = "stage"
    DAY_LENGTH = "day_length"


TEMPERATURE_ROLES = (DriverRole.TEMPERATURE, DriverRole.TEMPERATURE_MIN, DriverRole.TEMPERATURE_MAX)
WATER_ROLES = (DriverRole.RAIN, DriverRole.SNOW, DriverRole.EVAPORATION)
# The unit in which formulas take each of them; water falls, lies or leaves in mm of one time step.
STANDARD = {
    DriverRole.RAIN: "mm",
    DriverRole.SNOW: "mm",
    DriverRole.TEMPERATURE: "°C",
    DriverRole.TEMPERATURE_MIN: "°C",
    DriverRole.TEMPERATURE_MAX: "°C",
    DriverRole.RADIATION: "W/m²",
    DriverRole.EVAPORATION: "mm",
    DriverRole.HUMIDITY: "%",
    DriverRole.VAPOUR_PRESSURE: "hPa",
    DriverRole.PRESSURE: "hPa",
    DriverRole.WIND: "m/s",
    DriverRole.STAGE: "m",
    DriverRole.DAY_LENGTH: "h",
}


@dataclass(frozen=True)
class Conversion:
    """How a value becomes standard: value * factor + offset. `power` of the step's length in seconds is a factor too.

    It is 1 for a rate per second that becomes the sum of a step, and -1 for a sum that becomes the mean of a step.
    """

    factor: float
    offset: float = 0.0
    power: int = 0

    def over(self, step_seconds: float) -> tuple[float, float]:
        """Return factor and offset for steps of a length in seconds."""
        return self.factor * step_seconds**self.power, self.offset


# Heat that evaporates 1 mm of water at 20 °C, in J/m² (Allen et al. 1998, FAO Irrigation and Drainage Paper 56).
LATENT_HEAT = 2.45e6
_DEPTHS = {
    "mm": Conversion(1.0), "0.1 mm": Conversion(0.1), "0.01 mm": Conversion(0.01), "cm": Conversion(10.0),
    "m": Conversion(1000.0), "in": Conversion(25.4), "0.1 in": Conversion(2.54), "0.01 in": Conversion(0.254),
    "ft": Conversion(304.8), "kg/m²": Conversion(1.0), "0.1 kg/m²": Conversion(0.1),
}  # fmt: skip
_RATES = {
    "mm/s": Conversion(1.0, power=1), "kg/m²/s": Conversion(1.0, power=1), "m/s": Conversion(1000.0, power=1),
    "mm/h": Conversion(1 / 3600, power=1), "mm/d": Conversion(1 / DAY, power=1), "cm/d": Conversion(10 / DAY, power=1),
    "kg/m²/d": Conversion(1 / DAY, power=1), "m/d": Conversion(1000 / DAY, power=1),
    "in/d": Conversion(25.4 / DAY, power=1), "in/h": Conversion(25.4 / 3600, power=1),
    "mm/month": Conversion(12 / (365.25 * DAY), power=1), "mm/a": Conversion(1 / (365.25 * DAY), power=1),
    "0.1 mm/d": Conversion(0.1 / DAY, power=1), "0.1 mm/h": Conversion(0.1 / 3600, power=1),
}  # fmt: skip
_HEAT = {
    "W/m²": Conversion(1 / LATENT_HEAT, power=1), "MJ/m²": Conversion(1e6 / LATENT_HEAT),
    "MJ/m²/d": Conversion(1e6 / LATENT_HEAT / DAY, power=1),
}  # fmt: skip
_TEMPERATURES = {
    "°C": Conversion(1.0), "K": Conversion(1.0, -273.15), "°F": Conversion(5 / 9, -160 / 9),
    "0.1 °C": Conversion(0.1), "0.01 °C": Conversion(0.01), "0.1 K": Conversion(0.1, -273.15),
    "0.1 °F": Conversion(0.5 / 9, -160 / 9),
}  # fmt: skip
_PRESSURES = {
    "hPa": Conversion(1.0), "Pa": Conversion(0.01), "kPa": Conversion(10.0), "0.1 hPa": Conversion(0.1),
    "0.1 kPa": Conversion(1.0), "0.01 hPa": Conversion(0.01), "bar": Conversion(1000.0), "dbar": Conversion(100.0),
    "mmHg": Conversion(1.333224), "inHg": Conversion(33.86389),
    "in": Conversion(33.86389), "psi": Conversion(68.94757), "MPa": Conversion(1e4),
}  # fmt: skip
_ENERGIES = {
    "J/m²": 1.0,
    "kJ/m²": 1e3,
    "MJ/m²": 1e6,
    "J/cm²": 1e4,
    "Wh/m²": 3600.0,
    "kWh/m²": 3.6e6,
    "cal/cm²": 4.184e4,
}
CONVERSIONS: Mapping[DriverRole, Mapping[str, Conversion]] = {
    DriverRole.RAIN: {**_DEPTHS, **_RATES},
    DriverRole.SNOW: {**_DEPTHS, **_RATES},
    DriverRole.EVAPORATION: {**_DEPTHS, **_RATES, **_HEAT},
    DriverRole.TEMPERATURE: _TEMPERATURES,
    DriverRole.TEMPERATURE_MIN: _TEMPERATURES,
    DriverRole.TEMPERATURE_MAX: _TEMPERATURES,
    DriverRole.RADIATION: {
        "W/m²": Conversion(1.0),
        "kW/m²": Conversion(1000.0),
        "0.1 W/m²": Conversion(0.1),
        **{unit: Conversion(joules, power=-1) for unit, joules in _ENERGIES.items()},
        **{f"{unit}/d": Conversion(joules / DAY) for unit, joules in _ENERGIES.items()},
        **{f"{unit}/h": Conversion(joules / 3600) for unit, joules in _ENERGIES.items()},
    },
    # A mixing ratio cannot become a percentage without temperature and pressure, and stays as it is.
    DriverRole.HUMIDITY: {
        "%": Conversion(1.0), "0.1 %": Conversion(0.1), "fraction": Conversion(100.0), "kg/kg": Conversion(1.0),
        "g/kg": Conversion(1.0),
    },
    DriverRole.VAPOUR_PRESSURE: _PRESSURES,
    DriverRole.PRESSURE: _PRESSURES,
    DriverRole.WIND: {
        "m/s": Conversion(1.0), "0.1 m/s": Conversion(0.1), "km/h": Conversion(1 / 3.6), "mph": Conversion(0.44704),
        "kn": Conversion(1852 / 3600), "0.1 kn": Conversion(185.2 / 3600), "ft/s": Conversion(0.3048),
        "cm/s": Conversion(0.01), "km/d": Conversion(1 / 86.4), "0.1 km/h": Conversion(1 / 36),
    },
    DriverRole.STAGE: {
        "m": Conversion(1.0), "cm": Conversion(0.01), "mm": Conversion(0.001), "ft": Conversion(0.3048),
        "in": Conversion(0.0254),
    },
    DriverRole.DAY_LENGTH: {
        "h": Conversion(1.0), "s": Conversion(1 / 3600), "min": Conversion(1 / 60), "0.1 h": Conversion(0.1),
    },
}  # fmt: skip
MIXING_RATIOS = ("kg/kg", "g/kg")


@dataclass(frozen=True)
class Limits:
    """Between which ends values of a kind lie in its standard unit, and how far they reach at the least."""

    low: float
    high: float
    reaches: float = 0.0


# World Meteorological Organization, World Weather and Climate Extremes Archive: 1,825 mm of rain in a day, air of
# -89.2 to 56.7 °C, 870 to 1,084 hPa at sea level, a gust of 113 m/s. High mountains have 300 hPa. The sun brings
# 1,361 W/m² at most, and a cloud's edge some more. Glaciers hold metres of snow water.
LIMITS: Mapping[DriverRole, Limits] = {
    DriverRole.RAIN: Limits(-0.2, 1_900.0, 0.5),
    DriverRole.SNOW: Limits(-1.0, 20_000.0),
    DriverRole.TEMPERATURE: Limits(-95.0, 62.0, -60.0),
    DriverRole.TEMPERATURE_MIN: Limits(-95.0, 62.0, -60.0),
    DriverRole.TEMPERATURE_MAX: Limits(-95.0, 62.0, -60.0),
    DriverRole.RADIATION: Limits(-30.0, 1_700.0, 60.0),
    DriverRole.EVAPORATION: Limits(-10.0, 60.0, 0.2),
    DriverRole.HUMIDITY: Limits(-0.5, 125.0, 15.0),
    DriverRole.VAPOUR_PRESSURE: Limits(-0.5, 110.0, 1.0),
    DriverRole.PRESSURE: Limits(300.0, 1_100.0, 500.0),
    DriverRole.WIND: Limits(-0.01, 115.0, 1.2),
    DriverRole.STAGE: Limits(-500.0, 9_000.0),
    DriverRole.DAY_LENGTH: Limits(0.0, 24.01, 8.0),
}
# Nowhere is the air always as warm as a body is.
MILD = 30.0
# A long step has more of what falls: the records of a month and a year.
LONG_STEPS = ((367 * DAY, 26_470.0), (32 * DAY, 9_300.0))


def conversion_of(role: DriverRole, unit: str, step_seconds: float = DAY) -> tuple[float, float] | None:
    """Return factor and offset from a unit to the standard unit of a kind; None where the unit measures another thing.

    Parameters
    ----------
    role, unit
        What is measured, and its unit by the name that pages show.
    step_seconds
        The length of a time step in seconds: a rate becomes the sum of a step.
    """
    conversion = CONVERSIONS[role].get(unit)
    return None if conversion is None else conversion.over(step_seconds)


def lies_within(role: DriverRole, span: Span, factor: float, offset: float, *, is_signed: bool = False) -> bool:
    """Return whether converted values lie where this kind of driver can.

    Parameters
    ----------
    role, span
        What is measured, and where its values lie before they are converted.
    factor, offset
        The conversion.
    is_signed
        Whether the column has a direction, as a component of the wind or a net flux has.
    """
    limits = LIMITS[role]
    low, high = limits.low, limits.high
    if is_signed:
        low = -high
    elif role in WATER_ROLES and span.step_seconds > 3 * DAY:
        longest = next((most for seconds, most in LONG_STEPS[::-1] if span.step_seconds <= seconds), LONG_STEPS[0][1])
        high = max(high, longest if role is DriverRole.RAIN else 60.0 * span.step_seconds / DAY)
    if role in TEMPERATURE_ROLES and span.low is not None and span.low * factor + offset >= MILD:
        return False
    if role in (DriverRole.RAIN, DriverRole.SNOW) and is_dry_mark(span):
        span = replace(span, low=0.0)
    ends = [end * factor + offset for end in (span.low, span.high) if end is not None]
    if any(not low <= end <= high for end in ends):
        return False
    return span.high is None or max(abs(end) if is_signed else end for end in ends) >= limits.reaches
