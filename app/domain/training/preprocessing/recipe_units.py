"""The units that recipes are told of, and what turns each into millimetres per step or degrees Celsius."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.estimators.parameters import Parameter


@dataclass(frozen=True)
class UnitChoice:
    """A unit: standard value = value * factor + offset; with `per_seconds`, of an amount for so many seconds."""

    label: str
    factor: float
    offset: float = 0.0
    per_seconds: float | None = None


WATER_UNITS: dict[str, UnitChoice] = {
    "mm": UnitChoice("mm per step", 1.0),
    "cm": UnitChoice("cm per step", 10.0),
    "m": UnitChoice("m per step", 1000.0),
    "tenth_mm": UnitChoice("tenths of mm per step", 0.1),
    "inch": UnitChoice("inches per step", 25.4),
    "mm_day": UnitChoice("mm per day", 1.0, per_seconds=86_400.0),
    "mm_hour": UnitChoice("mm per hour", 1.0, per_seconds=3_600.0),
    "kg_m2_s": UnitChoice("kg per m2 and second", 1.0, per_seconds=1.0),
    "mm_negative": UnitChoice("mm per step, counted negative", -1.0),
    "m_negative": UnitChoice("m per step, counted negative", -1000.0),
}
TEMPERATURE_UNITS: dict[str, UnitChoice] = {
    "c": UnitChoice("degrees Celsius", 1.0),
    "k": UnitChoice("kelvin", 1.0, -273.15),
    "f": UnitChoice("degrees Fahrenheit", 5.0 / 9.0, -160.0 / 9.0),
    "tenth_c": UnitChoice("tenths of degrees Celsius", 0.1),
}


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
