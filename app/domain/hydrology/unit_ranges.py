"""Units that fit a range of values, for temperature, precipitation and pressure."""

from __future__ import annotations

from dataclasses import dataclass

HALF_DAY, DAY = 43_200.0, 86_400.0


@dataclass(frozen=True)
class Span:
    """Where the values of a column lie without marks for missing, None at an end that a mark hides.

    `quarter`, `middle` and `upper` are quartiles, None where nobody counted them; `zeros` is the share of values that
    are 0; `whole` says that all values are integers, and `step_seconds` how long a time step is.
    """

    low: float | None
    high: float | None
    quarter: float | None = None
    middle: float | None = None
    upper: float | None = None
    zeros: float | None = None
    whole: bool = False
    step_seconds: float = DAY


def is_dry_mark(span: Span) -> bool:
    """Return whether the least value of a rain, -1, marks a dry step or a trace, as some services write it."""
    return span.low == -1 and span.high is not None and span.high > 20


def temperature_unit(span: Span) -> str:
    """Return the unit of air or water whose temperatures lie like this, "" where none is sure.

    The hottest air ever measured had 56.7 °C and the coldest -89.2 °C (World Meteorological Organization, World Weather
    and Climate Extremes Archive), so each unit has a range that no other shares; between 45 and 57 both °C and °F fit.
    """
    low, high = span.low, span.high
    if low is None or high is None:
        return ""
    quarter = low if span.quarter is None else span.quarter
    middle = high if span.middle is None else span.middle
    upper = high if span.upper is None else span.upper
    if low > 170 and high < 345:
        return "K"
    if span.whole and (high > 140 or low < -95) and low > -900 and high < 600:
        return "0.1 °C"
    if upper - quarter <= 1:
        # What varies so little is scaled to the range from 0 to 1, or says nothing.
        return ""
    if low >= -90 and (high <= 45 or (high <= 57 and (span.upper is None or span.upper <= 40))):
        return "°C"
    return "°F" if 57 < high <= 140 and low >= -130 and middle > 20 else ""


def rain_unit(span: Span) -> str:
    """Return the unit of rain that lies like this; most days are dry, so the most rain of a step tells.

    A day's most in a year is some 20 to 200 mm: 0.02 to 0.2 m, 1 to 8 in, or 200 to 2,000 tenths of a millimetre.
    """
    low, high = span.low, span.high
    if low is None or high is None or low < 0 or high <= 0:
        return ""
    if span.step_seconds < HALF_DAY:
        return "mm" if high > 3 else ""
    if high < 0.6 and not span.whole:
        return "m"
    if span.step_seconds < 3 * DAY and span.whole and high > 500:
        return "0.1 mm"
    if high > 15:
        return "mm"
    return "in" if not span.whole and high > 0.6 else ""


def pressure_unit(span: Span) -> str:
    """Return the unit of the pressure of the air that lies like this; it varies by few percent."""
    quarter = span.low if span.quarter is None else span.quarter
    upper = span.high if span.upper is None else span.upper
    ranges = ((8.5e4, 1.09e5, "Pa"), (850, 1090, "hPa"), (85, 109, "kPa"), (640, 815, "mmHg"), (25, 32.2, "inHg"))
    if quarter is None or upper is None:
        return ""
    return next((unit for low, high, unit in ranges if low <= quarter and upper <= high), "")
