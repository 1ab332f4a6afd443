"""Unit parameters of recipes, with their conversion to millimetres per step or degrees Celsius."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.estimators.parameters import Parameter
from app.domain.hydrology.driver_units import CONVERSIONS, DriverRole


@dataclass(frozen=True)
class UnitChoice:
    """A unit: standard value = value * factor + offset; with `per_seconds`, of an amount for so many seconds."""

    label: str
    factor: float
    offset: float = 0.0
    per_seconds: float | None = None


# Words of configs for the units of `driver_units`, which knows what each comes to. The standard unit is the first.
_DEPTHS = {
    "mm": ("mm", "mm per step"),
    "tenth_mm": ("0.1 mm", "tenths of mm per step"),
    "hundredth_mm": ("0.01 mm", "hundredths of mm per step"),
    "cm": ("cm", "cm per step"),
    "m": ("m", "m per step"),
    "inch": ("in", "inches per step"),
    "tenth_inch": ("0.1 in", "tenths of inches per step"),
    "hundredth_inch": ("0.01 in", "hundredths of inches per step"),
    "foot": ("ft", "feet per step"),
    "tenth_kg_m2": ("0.1 kg/m²", "tenths of kg per m² and step"),
    "mm_day": ("mm/d", "mm per day"),
    "tenth_mm_day": ("0.1 mm/d", "tenths of mm per day"),
    "cm_day": ("cm/d", "cm per day"),
    "m_day": ("m/d", "m per day"),
    "inch_day": ("in/d", "inches per day"),
    "mm_hour": ("mm/h", "mm per hour"),
    "tenth_mm_hour": ("0.1 mm/h", "tenths of mm per hour"),
    "inch_hour": ("in/h", "inches per hour"),
    "kg_m2_s": ("kg/m²/s", "kg per m² and second"),
    "m_s": ("m/s", "m per second"),
    "mm_month": ("mm/month", "mm per month"),
    "mm_year": ("mm/a", "mm per year"),
}
_HEAT = {
    "w_m2": ("W/m²", "W per m², as heat"),
    "mj_m2": ("MJ/m²", "MJ per m² and step, as heat"),
    "mj_m2_day": ("MJ/m²/d", "MJ per m² and day, as heat"),
}
_DEGREES = {
    "c": ("°C", "degrees Celsius"),
    "k": ("K", "kelvin"),
    "f": ("°F", "degrees Fahrenheit"),
    "tenth_c": ("0.1 °C", "tenths of degrees Celsius"),
    "hundredth_c": ("0.01 °C", "hundredths of degrees Celsius"),
    "tenth_k": ("0.1 K", "tenths of kelvin"),
    "tenth_f": ("0.1 °F", "tenths of degrees Fahrenheit"),
}
# Weather models count what the ground loses as negative.
_NEGATIVE = ("mm", "m", "mm_day", "kg_m2_s", "w_m2")


def _unit_choices(role: DriverRole, words: dict[str, tuple[str, str]]) -> dict[str, UnitChoice]:
    """Return a choice for each word: factor and offset of its unit, per second where it is a rate."""
    known = CONVERSIONS[role]
    return {
        key: UnitChoice(label, known[unit].factor, known[unit].offset, 1.0 if known[unit].power else None)
        for key, (unit, label) in words.items()
    }


RAIN_UNITS = _unit_choices(DriverRole.RAIN, _DEPTHS)
WATER_UNITS = RAIN_UNITS | _unit_choices(DriverRole.EVAPORATION, _HEAT)
WATER_UNITS |= {
    f"{key}_negative": replace(unit, label=f"{unit.label}, negative", factor=-unit.factor)
    for key, unit in WATER_UNITS.items()
    if key in _NEGATIVE
}
TEMPERATURE_UNITS = _unit_choices(DriverRole.TEMPERATURE, _DEGREES)


def unit_parameter(name: str, title: str, units: dict[str, UnitChoice]) -> Parameter:
    """Return the parameter that asks for one of these units, the first by default."""
    choices = tuple((key, unit.label) for key, unit in units.items())
    return Parameter(name, title, "choice", next(iter(units)), "The unit of the column.", choices=choices)


def latitude_parameter(*, optional: bool) -> Parameter:
    """Return the parameter that asks for a latitude."""
    hint, none = "North of the equator; below 0 south of it.", "not given" if optional else ""
    return Parameter(
        "latitude",
        "Latitude",
        "number",
        None,
        hint,
        low=-90,
        high=90,
        unit="degrees",
        optional=optional,
        none_means=none,
    )
