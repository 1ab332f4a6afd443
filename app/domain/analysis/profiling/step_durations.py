"""Durations of numbers of time steps: 30 steps of a daily series are 30 days."""

from __future__ import annotations

import re

from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.text.words import join_words, pluralise

DAY = 86_400.0
# The largest unit that the number of steps is a whole multiple of is the one that people would say.
UNITS = ((7 * DAY, "week"), (DAY, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
MONTH_LABEL, YEAR_LABEL = "monthly", "yearly"
STEPS = re.compile(r"\b(\d[\d,]*)((?:, \d[\d,]*)* and (\d[\d,]*))? steps?\b(?! \()")


def duration_of(steps: int, axis: TimeAxis) -> str:
    """Return how long a number of steps of a regular series takes, in words, or "" where that has no fixed length.

    Parameters
    ----------
    steps
        How many steps.
    axis
        The time axis; an irregular one has no step to speak of.
    """
    if not axis.regular or axis.step_seconds <= 0:
        return ""
    calendar = {MONTH_LABEL: "month", YEAR_LABEL: "year"}.get(axis.step_label)
    if calendar is not None:
        return pluralise(steps, calendar)
    return fixed_duration_of(steps, axis.step_seconds)


def fixed_duration_of(steps: int, step_seconds: float) -> str:
    """Return how long a number of steps of a fixed length takes, in words, or "" where no unit divides it.

    Parameters
    ----------
    steps, step_seconds
        How many steps, and the length of one in seconds, above 0.
    """
    seconds = steps * step_seconds
    # A daily series speaks of days, however many weeks they are.
    able = [unit for unit in UNITS if unit[0] <= max(step_seconds, DAY) and seconds % unit[0] == 0]
    return pluralise(round(seconds / able[0][0]), able[0][1]) if able else ""


def add_durations(text: str, axis: TimeAxis | None) -> str:
    """Return a text whose numbers of steps are followed by their length in time, in brackets.

    Parameters
    ----------
    text
        A sentence, such as "The derived features look back 30 steps.".
    axis
        The time axis whose steps they are; None where time does not order the rows, which leaves the text as it is.
    """
    if axis is None:
        return text
    return STEPS.sub(lambda match: _add_duration(match, axis), text)


def _add_duration(match: re.Match[str], axis: TimeAxis) -> str:
    numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", match[0])]
    durations = [duration_of(number, axis) for number in numbers]
    if not all(durations):
        return match[0]
    return f"{match[0]} ({join_words(durations)})"
