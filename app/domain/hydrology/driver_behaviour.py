"""Checks of a column's values against the driver that its name suggests, and its likely unit."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import ColumnProfile
from app.domain.hydrology.driver_units import TEMPERATURE_ROLES, WATER_ROLES, DriverRole
from app.domain.hydrology.unit_ranges import (
    DAY,
    HALF_DAY,
    Span,
    is_dry_mark,
    pressure_unit,
    rain_unit,
    temperature_unit,
)

# Numbers that stand for a missing value at the ends of a column, as files of stations have them.
MARKS = frozenset(
    sign * value
    for sign in (1.0, -1.0)
    for value in (99.9, 99.99, 999.0, 999.9, 999.99, 9999.0, 9999.9, 9999.99, 99999.0, 99999.9, 999999.0, 32767.0)
) | {-99.0, -32768.0, -888.0, -88.8, -8888.0}
HUGE = 1e15
FAR = 3.0
# So small a part of the largest value counts as none: files of models hold traces of rain instead of 0.
TRACE = 1e-3
DRY_SHARE = 0.05
# Per kind from which largest value on, in which unit, for steps of a day and for shorter ones.
RADIATION = (
    (1e6, "J/m²"), (5e3, "kJ/m²"), (1.6e3, "J/cm²"), (60.0, "W/m²"), (12.0, "MJ/m²"), (2.0, "kWh/m²"),
)  # fmt: skip
HOURLY_RADIATION = ((1e5, "J/m²"), (1.8e3, "kJ/m²"), (60.0, "W/m²"), (2.0, "MJ/m²"))
EVAPORATION = ((60.0, "W/m²"), (0.06, "mm"), (6e-4, "m"), (0.0, "kg/m²/s"))
HUMIDITY = ((41.0, "%"), (1.06, "g/kg"), (0.06, "fraction"), (0.0, "kg/kg"))
VAPOUR = ((110.0, "Pa"), (7.0, "hPa"), (0.0, "kPa"))
DAY_LENGTH = ((1500.0, "s"), (24.1, "min"), (0.0, "h"))


def span_of(column: ColumnProfile, rows: int | None, step_seconds: float) -> Span | None:
    """Return where the values of a column of numbers lie, None where they are no amounts that vary.

    Parameters
    ----------
    column
        The column.
    rows
        How many rows the table has, None where nobody says.
    step_seconds
        The length of a time step in seconds.
    """
    low, high = column.minimum, column.maximum
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        # Nobody looked at the values, so that nothing speaks against a name.
        return Span(None, None, step_seconds=step_seconds)
    if low == high:
        return None
    if column.distinct == 2:
        # Yes and no, or two classes.
        return None
    whole = column.storage == "integer" or (column.storage != "number" and low == int(low) and high == int(high))
    quarter = middle = upper = None
    least = _end(float(low))
    if len(column.quantiles) == 5:
        first, quarter, middle, upper, last = column.quantiles
        if least is None or least < first - FAR * (last - first):
            # What lies so far below nearly all values marks a missing one.
            least = _end(first)
    filled = None if rows is None else rows - column.missing
    zeros = column.zeros / filled if filled and column.zeros is not None else None
    return Span(least, _end(float(high)), quarter, middle, upper, zeros, whole, step_seconds)


def _end(value: float) -> float | None:
    """Return an end of a column, None where it is a mark for a missing value."""
    return None if value in MARKS or abs(value) > HUGE else value


def guess_unit(role: DriverRole, span: Span) -> str:
    """Return the unit that values of a kind are probably in, "" where two would do."""
    if role in TEMPERATURE_ROLES:
        return temperature_unit(span)
    if role is DriverRole.PRESSURE:
        return pressure_unit(span) or _mountain_pressure(span)
    high = max((abs(end) for end in (span.low, span.high) if end is not None), default=0.0)
    if role is DriverRole.RAIN and span.whole and is_dry_mark(span):
        # The Royal Netherlands Meteorological Institute writes -1 for less than 0.05 mm.
        return "0.1 mm"
    if role is DriverRole.RAIN:
        return "kg/m²/s" if high <= 0.012 and not span.whole else rain_unit(span)
    if role is DriverRole.EVAPORATION and span.whole and 25 < high < 300:
        return "0.1 mm"
    steps = {
        DriverRole.RADIATION: RADIATION if span.step_seconds >= HALF_DAY else HOURLY_RADIATION,
        DriverRole.EVAPORATION: EVAPORATION,
        DriverRole.HUMIDITY: HUMIDITY,
        DriverRole.VAPOUR_PRESSURE: VAPOUR,
        DriverRole.DAY_LENGTH: DAY_LENGTH,
    }.get(role, ())
    return next((unit for least, unit in steps if high >= least and high > 0), "")


def _mountain_pressure(span: Span) -> str:
    """Return the unit of a pressure as high as air is breathed, or one in tenths."""
    if span.whole and _lies_between(span, 7_000.0, 10_950.0):
        return "0.1 hPa"
    ranges = ((4.5e4, 1.09e5, "Pa"), (450.0, 1090.0, "hPa"), (45.0, 109.0, "kPa"))
    return next((unit for low, high, unit in ranges if _lies_between(span, low, high)), "")


def _lies_between(span: Span, low: float, high: float) -> bool:
    return span.low is not None and span.high is not None and low <= span.low and span.high <= high


def looks_like(role: DriverRole, span: Span) -> bool:
    """Return whether values alone speak for a kind of driver, so that a short name may be believed."""
    low, high = span.low, span.high
    if role is DriverRole.RAIN:
        return is_rainlike(span) and (span.zeros or 0.0) >= DRY_SHARE
    if role in TEMPERATURE_ROLES:
        return low is not None and high is not None and (low < 0 < high or low > 170) and bool(temperature_unit(span))
    if role is DriverRole.PRESSURE:
        return bool(guess_unit(role, span))
    if role is DriverRole.HUMIDITY:
        return (
            low is not None and high is not None and low >= 0 and 85 <= high <= 110 and (span.zeros or 0.0) < DRY_SHARE
        )
    return False


def is_too_sunny(span: Span, unit: str, factor: float, step_seconds: float) -> bool:
    """Return whether sums of radiation over a day would be more than the sun brings, some 500 W/m²."""
    is_sum = "J" in unit or "Wh" in unit
    return is_sum and step_seconds >= HALF_DAY and span.high is not None and span.high * factor > 650


def varies_little(span: Span) -> bool:
    """Return whether temperatures vary by less than weather does: they were scaled, or are those of a machine."""
    if span.quarter is not None and span.upper is not None:
        return span.upper - span.quarter <= 1
    return span.low is not None and span.high is not None and span.high - span.low <= 3


def is_rainlike(span: Span) -> bool:
    """Return whether values can be those of rain: never clearly negative, and down to nothing in some steps.

    A wet month has no dry day to show, so that long steps are believed without.
    """
    low, high = 0.0 if is_dry_mark(span) else span.low, span.high
    if high is not None and low is not None and low < min(-0.01 * high, 0.0):
        return False
    if span.step_seconds > 3 * DAY or high is None or low is None:
        return True
    return low <= TRACE * high or (span.zeros or 0.0) >= DRY_SHARE


def is_lasting(role: DriverRole, span: Span) -> bool:
    """Return whether values of water never come near nothing, as the mean of a place over many years does not."""
    if role not in WATER_ROLES or span.low is None or span.high is None or span.step_seconds > 3 * DAY:
        return False
    return span.low > 0.1 * span.high > 0
