"""Choice of the unit of a driver column: as stated, or as values and neighbouring columns suggest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.analysis.profiling.profile import ColumnProfile
from app.domain.analysis.profiling.units import unit_named
from app.domain.hydrology.driver_behaviour import guess_unit, is_too_sunny, varies_little
from app.domain.hydrology.driver_codes import NameReading
from app.domain.hydrology.driver_context import Candidate, TableContext
from app.domain.hydrology.driver_units import (
    CONVERSIONS,
    MIXING_RATIOS,
    STANDARD,
    TEMPERATURE_ROLES,
    DriverRole,
    conversion_of,
    lies_within,
)
from app.domain.hydrology.unit_ranges import DAY, Span

HOUR = 3600.0
GUESSED = ("behaviour", "code", "company", "nobody")
# In a table of stations whose temperatures are whole tenths, so are these.
TENTHS = {
    DriverRole.TEMPERATURE: "0.1 °C", DriverRole.TEMPERATURE_MIN: "0.1 °C", DriverRole.TEMPERATURE_MAX: "0.1 °C",
    DriverRole.RAIN: "0.1 mm", DriverRole.EVAPORATION: "0.1 mm", DriverRole.WIND: "0.1 m/s",
}  # fmt: skip
# What a file may call a unit although it says nothing of it.
UNCLEAR = frozenset(["1", "-", "--", "none", "None", "n/a", "unitless", "dimensionless", "°"])


@dataclass(frozen=True)
class MeasuredUnit:
    """A unit, who says it, and its conversion."""

    unit: str
    source: str
    factor: float
    offset: float


def stated_unit(candidate: Candidate) -> tuple[str, str]:
    """Return the known unit of a column and its source, ("", "") where it is unknown."""
    column = candidate.column
    if candidate.is_code and column.unit_source == "name":
        return "", ""
    if column.unit:
        return unit_named(column.unit) or column.unit, column.unit_source or "note"
    if column.unit_source:
        # The user said that it has none.
        return "", ""
    return candidate.unit, "name" if candidate.unit else ""


def unit_of_reading(
    column: ColumnProfile, reading: NameReading, span: Span, context: TableContext, stated: tuple[str, str]
) -> MeasuredUnit | None:
    """Return the unit in which a column may be what a name stands for, None where it cannot be that."""
    unit, source = stated
    role = reading.role
    if unit and unit not in CONVERSIONS[role]:
        if source in ("convention", "values") or unit in UNCLEAR or not unit_named(unit):
            unit = ""
        else:
            return None
    for name, who in (
        (unit, source),
        (_unit_of_other_columns(role, span, context), "company"),
        *((name, "code") for name in _documented_units(reading, span, context)),
        (column.unit_suggested, "behaviour"),
        ("°F" if context.has_fahrenheit and role in TEMPERATURE_ROLES else "", "company"),
        (guess_unit(role, span), "behaviour"),
        ("", "nobody"),
    ):
        if not name and who != "nobody":
            continue
        results = _plausible_conversion(name, reading, span, context)
        if results is not None:
            return MeasuredUnit(name, who, *results)
        if source == "user" and who == "user":
            return None
    return None


def _plausible_conversion(
    unit: str, reading: NameReading, span: Span, context: TableContext
) -> tuple[float, float] | None:
    """Return factor and offset from a unit, "" for the standard one, where values can lie as they would in it."""
    role = reading.role
    if role in TEMPERATURE_ROLES and not unit and varies_little(span):
        return None
    step = _step_of(role, unit, span, context)
    conversion = conversion_of(role, unit or STANDARD[role], step)
    if conversion is None:
        return None
    factor, offset = (-conversion[0], conversion[1]) if _is_upward(reading, span) else conversion
    if role is DriverRole.RADIATION and is_too_sunny(span, unit, factor, step):
        return None
    turned = span if factor >= 0 else replace(span, low=span.high, high=span.low)
    if unit in MIXING_RATIOS or lies_within(role, turned, factor, offset, is_signed=reading.is_signed):
        return factor, offset
    return None


def _step_of(role: DriverRole, unit: str, span: Span, context: TableContext) -> float:
    """Return the length of a step in seconds; where no time tells, an hour where a day is out of the question."""
    largest = max((abs(end) for end in (span.low, span.high) if end is not None), default=0.0)
    if context.is_step_known or not largest or span.step_seconds > DAY:
        return span.step_seconds
    conversion = CONVERSIONS[role].get(unit)
    if conversion is None or not conversion.power:
        return span.step_seconds
    daily = largest * conversion.over(DAY)[0]
    is_hourly = daily < 60 if role is DriverRole.RADIATION else daily > 500 or unit.endswith("/h")
    return HOUR if is_hourly else DAY


def _is_upward(reading: NameReading, span: Span) -> bool:
    """Return whether evaporation is told as a loss, with a negative sign, as models of the weather do."""
    if reading.role is not DriverRole.EVAPORATION or span.low is None or span.high is None:
        return False
    return span.low < 0 and -span.low > 3 * span.high


def _documented_units(reading: NameReading, span: Span, context: TableContext) -> list[str]:
    """Return the unit that a product documents for its code, where the values can be whole tenths if it says so."""
    unit = reading.unit
    if not unit or not (reading.is_agreed or context.believes(reading.family)):
        return []
    if unit.startswith("0.1 "):
        if not span.whole or (reading.role in TEMPERATURE_ROLES and not context.has_tenths):
            return []
        if reading.family == "GHCN" and not context.has_tenths:
            return []
    return [unit]


def _unit_of_other_columns(role: DriverRole, span: Span, context: TableContext) -> str:
    """Return the unit that other columns of the table are in, where this one is probably in it too."""
    if context.has_tenths and span.whole:
        return TENTHS.get(role, "")
    is_low = span.high is not None and span.high < 15 and not span.whole
    return "m" if context.has_metres and role is DriverRole.SNOW and is_low else ""
