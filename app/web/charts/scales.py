"""Linear, logarithmic and time scales with their ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.text.numbers import MINUS

# Beyond this, sums and differences of two values would no longer be finite.
MAX_ABSOLUTE = 1e300
SUPERSCRIPT = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_TICKS = 13
# What lies below zero by no more than this share of the largest value is zero but for the gauge.
ABOUT_ZERO = 0.01
CROWDED = 6


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, in per cent from its start; an optional one loses its lettering where there is no room."""

    position: float
    label: str
    optional: bool = False


@dataclass(frozen=True)
class Scale:
    """A range of values, drawn evenly or by their logarithm."""

    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return where a value stands, 0 to 1; what lies outside stands at the edge."""
        low, high = self.low, self.high
        if self.logarithmic:
            value = math.log10(value) if value > 0 else -math.inf
            low, high = math.log10(low), math.log10(high)
        return min(max((value - low) / (high - low), 0.0), 1.0) if math.isfinite(value) else float(value > 0)


def known_values(values: Iterable[Any]) -> list[float]:
    """Return the finite numbers among these, kept within what can be calculated with."""
    numbers = (float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool))
    return [min(max(value, -MAX_ABSOLUTE), MAX_ABSOLUTE) for value in numbers if math.isfinite(value)]


def to_percent(share: float) -> float:
    """Return a share as per cent, short enough for an attribute."""
    return round(100 * share, 2)


def step_of(span: float, most: int) -> float:
    """Return the smallest of 1, 2, 2.5 and 5 times a power of ten that needs at most `most` steps."""
    rough = span / most
    power = float(10.0 ** math.floor(math.log10(rough)))
    return next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= rough * 0.999_999), 10 * power)


def linear_scale(values: Iterable[Any], *, from_zero: bool = False, most: int = 5) -> Scale:
    """Return a scale with round ends around these values."""
    numbers = known_values(values)
    if from_zero:
        numbers.append(0.0)
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    # Values that differ by less than can be told apart are one value.
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < 1e-290:
        room = max(abs(high) / 2, 1.0 if abs(high) < 1e-290 else 0.0)
        low, high = (0.0 if from_zero and low >= 0 else low - room), high + room
    step = step_of(high - low, most)
    return Scale(step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9))


def amount_scale(observed: Iterable[Any], estimated: Iterable[Any]) -> Scale:
    """Return a scale of amounts: it begins at zero, or at the lowest estimate where one lies below.

    What was observed below zero, or all of it far from there as the head of an aquifer is, has a scale around its
    values instead.
    """
    seen = known_values(observed)
    everything = seen + known_values(estimated)
    lowest, highest = (min(everything), max(everything)) if everything else (0.0, 1.0)
    about_zero = not seen or min(seen) >= -ABOUT_ZERO * max(abs(highest), abs(lowest))
    if not about_zero or lowest > highest / 2:
        return linear_scale(everything)
    if lowest >= 0:
        return linear_scale(everything, from_zero=True)
    whole = linear_scale([max(lowest, -MAX_ABSOLUTE / 2), min(highest, MAX_ABSOLUTE / 2)], from_zero=True)
    return Scale(max(lowest, whole.low), whole.high)


def values_of(scale: Scale, marks: Iterable[Tick]) -> list[tuple[float, str]]:
    """Return the value of each tick with its lettering, for whoever draws the scale again."""
    if scale.logarithmic:
        span = math.log10(scale.high) - math.log10(scale.low)
        return [(scale.low * 10 ** (span * tick.position / 100), tick.label) for tick in marks]
    return [(scale.low + (scale.high - scale.low) * tick.position / 100, tick.label) for tick in marks]


def logarithmic_scale(values: Iterable[Any]) -> Scale:
    """Return a logarithmic scale around the positive ones of these values."""
    numbers = [value for value in known_values(values) if value > 1e-299]
    low, high = (min(numbers), max(numbers)) if numbers else (1.0, 10.0)
    room = max((math.log10(high) - math.log10(low)) * 0.04, 0.02)
    least, most = max(math.log10(low) - room, -300.0), min(math.log10(high) + room, 300.0)
    return Scale(10**least, 10**most, logarithmic=True)


def common_exponent(scale: Scale) -> int:
    """Return the power of ten that the lettering of an axis leaves out, so that it stays short."""
    largest = max(abs(scale.low), abs(scale.high))
    if scale.logarithmic or 1e-3 <= largest < 1e5 or largest == 0:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)


def axis_title(title: str, scale: Scale) -> str:
    """Return the title of an axis with the power of ten that its lettering leaves out."""
    power = common_exponent(scale)
    return f"{title}, \u00d7 10{str(power).translate(SUPERSCRIPT)}" if power else title


def scale_ticks(scale: Scale, *, most: int = 5, signed: bool = False) -> tuple[Tick, ...]:
    """Return the ticks of a scale; with `signed`, what lies above zero has a plus."""
    if scale.logarithmic:
        return _log_ticks(scale)
    power = common_exponent(scale)
    step = step_of(scale.high - scale.low, most)
    if scale.low < 0 < scale.high and -scale.low < step_of(scale.high, most):
        # The little below zero takes no tick and does not make the others sparser.
        step = step_of(scale.high, most)
    first, last = math.ceil(scale.low / step - 1e-6), math.floor(scale.high / step + 1e-6)
    decimals = min(max(0, power - math.floor(math.log10(step)) + (1 if _is_quarter(step) else 0)), 12)
    ticks = []
    for position in range(first, min(last, first + 20) + 1):
        text = f"{position * step / 10.0**power:,.{decimals}f}"
        text = f"+{text}" if signed and position > 0 else text
        ticks.append(Tick(to_percent(scale.share(position * step)), text.replace("-", MINUS)))
    return tuple(ticks)


def _is_quarter(step: float) -> bool:
    return abs(step / 10.0 ** math.floor(math.log10(step)) - 2.5) < 1e-6


def _log_ticks(scale: Scale) -> tuple[Tick, ...]:
    low, high = math.log10(scale.low), math.log10(scale.high)
    powers = range(math.ceil(low), math.floor(high) + 1)
    every = max(1, math.ceil(len(powers) / CROWDED))
    values = [10.0**power for power in powers if power % every == 0]
    if len(values) < 2:
        around = range(math.floor(low), math.ceil(high) + 1)
        fine = [digit * 10.0**power for power in around for digit in (1, 2, 5)]
        values = [value for value in fine if scale.low <= value <= scale.high]
    if not values:
        values = [10 ** ((low + high) / 2)]
    return tuple(Tick(to_percent(scale.share(value)), _power_label(value)) for value in values)


def _power_label(value: float) -> str:
    if 1e-3 <= value < 1e5:
        return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
    power = round(math.log10(value))
    return f"10{str(power).translate(SUPERSCRIPT)}"


def parse_moment(text: Any) -> datetime | None:
    """Return the time that an ISO text says, without its zone, or None."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None


def time_share(start: datetime, end: datetime, moment: datetime) -> float:
    """Return where a moment stands between two, 0 to 1; the middle where they are one."""
    span = (end - start).total_seconds()
    return (moment - start).total_seconds() / span if span else 0.5


def time_ticks(start: datetime, end: datetime) -> tuple[Tick, ...]:
    """Return ticks at round years, months, days, hours or minutes."""
    if start >= end:
        return (Tick(50.0, f"{start:%Y-%m-%d}"),)
    for months in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000):
        if (end - start).days / (30.44 * months) <= MAX_TICKS - 1:
            moments = _month_ticks(start, end, months)
            if len(moments) >= 3:
                return _place_ticks(start, end, moments, by_year=months >= 12)
            break
    for seconds in (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800):
        if (end - start).total_seconds() / seconds <= MAX_TICKS - 1:
            return _place_days(start, end, _step_ticks(start, end, timedelta(seconds=seconds)))
    return _place_ticks(start, end, _month_ticks(start, end, 1), by_year=False)


def _month_ticks(start: datetime, end: datetime, step: int) -> list[datetime]:
    first = start.year * 12 + start.month - 1
    moments = []
    for month in range(-(-first // step) * step, end.year * 12 + end.month, step):
        moment = start.replace(year=month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if start <= moment <= end:
            moments.append(moment)
    return moments


def _step_ticks(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + step * math.ceil((start - midnight) / step)
    moments = []
    while moment <= end:
        moments.append(moment)
        moment += step
    return moments


def _place_ticks(start: datetime, end: datetime, moments: list[datetime], *, by_year: bool) -> tuple[Tick, ...]:
    every = 3 if len(moments) > CROWDED else 1
    ticks = []
    for place, moment in enumerate(moments):
        year = place == 0 or moment.month == 1
        label = (
            str(moment.year)
            if by_year
            else f"{MONTHS[moment.month - 1]} {moment.year}"
            if year
            else MONTHS[moment.month - 1]
        )
        ticks.append(Tick(to_percent(time_share(start, end, moment)), label, optional=place % every > 0))
    return tuple(ticks)


def _place_days(start: datetime, end: datetime, moments: list[datetime]) -> tuple[Tick, ...]:
    every = 3 if len(moments) > CROWDED else 1
    ticks = []
    for place, moment in enumerate(moments):
        day = f"{moment.day} {MONTHS[moment.month - 1]}"
        if place == 0:
            day = (
                f"{day} {moment.year}"
                if moment == moment.replace(hour=0, minute=0, second=0)
                else f"{day}, {moment:%H:%M}"
            )
        clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
        label = day if place == 0 or (moment.hour, moment.minute, moment.second) == (0, 0, 0) else clock
        ticks.append(Tick(to_percent(time_share(start, end, moment)), label, optional=place % every > 0))
    return tuple(ticks)
