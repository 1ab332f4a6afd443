"""Choice of a column's date format, where all values decide on the order of day and month and on the century."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.profiling.time_axis import step_of
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.name_words import names_other, names_time

MOSTLY = 0.995
MICRO = 1_000_000
FEW_VALUES = 3
MORE_GAPS = 3
MONOTONE = 0.99
PLAUSIBLE_YEARS = (1500, 2200)
Moments = NDArray[np.int64]


@dataclass(frozen=True)
class FormTrial:
    """A form tried on a column: how many values it fits, and their moments in file order, in microseconds."""

    form: Form
    count: int
    moments: Moments


@dataclass(frozen=True)
class Evenness:
    """How even the moments of a column are, in whatever order: one step between all of them, and how many it misses."""

    is_regular: bool
    gaps: int
    is_monotone: bool
    step_seconds: float
    distinct: int
    last_year: int


@dataclass(frozen=True)
class TimeReading:
    """How a column of times was read and why. Where `others` fit as well, it is a question; `form` is the suggestion.

    `example` is a value that each form reads otherwise.
    """

    form: Form
    reason: str
    others: tuple[Form, ...] = ()
    example: str = ""


def latest_year() -> int:
    """Return the latest year that a record may be of: that of tomorrow."""
    return datetime.now(UTC).year + 1


def evenness_of(moments: Moments) -> Evenness:
    """Return how even moments are.

    Parameters
    ----------
    moments
        Shape (n,), in file order, in microseconds since 1970.
    """
    distinct = np.unique(moments)
    changes = np.diff(moments)
    rising = int(np.count_nonzero(changes >= 0))
    is_monotone = len(changes) > 0 and max(rising, len(changes) - rising) >= MONOTONE * len(changes)
    last = int(distinct[-1:].astype("datetime64[us]").astype("datetime64[Y]").astype(int).sum()) + 1970
    if len(distinct) < FEW_VALUES:
        return Evenness(False, 0, is_monotone, 0.0, len(distinct), last)
    step = step_of(distinct / MICRO)
    return Evenness(step.regular, step.gaps, is_monotone, step.seconds, len(distinct), last)


def first_year_of(years: NDArray[Any], *, latest: int) -> int:
    """Return the earliest year of a column whose years have two digits.

    Parameters
    ----------
    years
        The years in file order; only their last two digits count.
    latest
        No year is later than this one.

    Notes
    -----
    On the circle of a hundred years the column begins behind its longest pause. All of it then lies as late as it can.
    """
    short = np.unique(np.asarray(years) % 100)
    pauses = np.diff(np.append(short, short[0] + 100))
    place = int(np.argmax(pauses))
    first = int(short[(place + 1) % len(short)]) if pauses[place] > 1 else int(np.asarray(years)[0] % 100)
    span = 100 - int(pauses[place]) if pauses[place] > 1 else 99
    return latest - span - (latest - span - first) % 100


def choose(tried: Sequence[FormTrial], *, present: int, share: float = MOSTLY) -> TimeReading | None:
    """Return the form that fits a column, with the reason, or None where none fits most of its values.

    Parameters
    ----------
    tried
        The forms that could be, each tried on all values.
    present, share
        How many values there are, and the share of them that must fit.
    """
    most = max((trial.count for trial in tried), default=0)
    if not most or most < share * present:
        return None
    able = [trial for trial in tried if trial.count == most]
    if any(trial.form.code.startswith("%Y") and _date_order(trial.form)[:3] == "Ymd" for trial in able):
        able = [trial for trial in able if _date_order(trial.form)[:3] != "Ydm"]
    if len(able) == 1:
        return TimeReading(able[0].form, _why_alone(able[0], tried))
    even = [(evenness_of(trial.moments), trial) for trial in able]
    ranked = sorted(even, key=_rank)
    best, first = ranked[0]
    others = [trial for other, trial in ranked[1:] if not _is_plainly_better(best, other)]
    if others:
        return TimeReading(first.form, _why_likelier(best, first), tuple(trial.form for trial in others))
    named = " or ".join(trial.form.words for _, trial in ranked[1:])
    return TimeReading(first.form, f"the step is regular; read as {named} it is not")


def _rank(pair: tuple[Evenness, FormTrial]) -> tuple[bool, int, bool, bool]:
    even, trial = pair
    # With AM and PM the month stands first, as it does in the United States; elsewhere the day does.
    is_usual = _date_order(trial.form)[:1] == ("m" if trial.form.has("p") else "d")
    return not even.is_regular, even.gaps, not even.is_monotone, not is_usual


def _is_plainly_better(best: Evenness, other: Evenness) -> bool:
    if not best.is_regular:
        return False
    return not other.is_regular or other.gaps > MORE_GAPS * (best.gaps + 1)


def _date_order(form: Form) -> str:
    """Return the letters of year, month and day in the order of a form."""
    letters = "".join(token[1] for token in form.tokens if token[0] == "%" and token[1:] in ("Y", "y", "m", "d"))
    return letters.replace("y", "Y") if form.code.startswith("%Y") else letters


def _why_alone(trial: FormTrial, tried: Sequence[FormTrial]) -> str:
    order = _date_order(trial.form)
    if len(tried) > 1 and order[:1] in ("d", "m") and "d" in order and "m" in order:
        place = "first" if order.index("d") < order.index("m") else "second"
        return f"the {place} number goes above 12, so it is the day"
    return "every value fits" if trial.count else ""


def _why_likelier(best: Evenness, first: FormTrial) -> str:
    if best.is_regular:
        return "both orders of day and month give a regular step"
    order = "in the order of the rows" if best.is_monotone else "as it is more usual"
    return f"neither order of day and month gives a regular step; this one is likelier, {order}"


def is_believed(reading: TimeReading, moments: Moments, name: str) -> bool:
    """Return whether texts that fit a form are times, and no codes or versions that happen to fit it.

    Parameters
    ----------
    reading, moments
        What was decided, and what the values mean by it, in file order.
    name
        The column's name.
    """
    form = reading.form
    if is_plainly_time(form, name):
        return True
    even = evenness_of(moments)
    in_order = even.is_regular or even.is_monotone
    if is_whole_day(form):
        return names_time(name) or not names_other(name) or even.is_regular
    low, high = (
        int(moment.astype("datetime64[us]").astype("datetime64[Y]").astype(int)) + 1970
        for moment in (moments.min(), moments.max())
    )
    if not PLAUSIBLE_YEARS[0] <= low <= high <= PLAUSIBLE_YEARS[1] or _are_seasons(form, moments):
        return False
    return names_time(name) or (in_order and even.distinct >= FEW_VALUES and not names_other(name))


def is_plainly_time(form: Form, name: str) -> bool:
    """Return whether values of a form are times whatever their order, unless years of two digits are still open."""
    return is_whole_day(form) and not form.has("y") and (names_time(name) or not names_other(name))


def is_whole_day(form: Form) -> bool:
    """Return whether values of a form can hardly be anything else: a whole day or a name, with signs between."""
    if form.has("b") and form.has("Y", "d"):
        return True
    if form.has("q", "V") or (form.has("H", "I") and form.has("M") and not form.code.replace("%", "").isalpha()):
        return True
    return form.has("Y") and form.has("m", "j") and form.has("d", "j") and not form.code.replace("%", "").isalpha()


def _are_seasons(form: Form, moments: Moments) -> bool:
    """Return whether values such as "2009-10" name a year that ends in the next, and no month."""
    if form.has("d") or not form.has("Y") or not form.has("m"):
        return False
    months = np.unique(moments).astype("datetime64[us]").astype("datetime64[M]").astype(int)
    years = months // 12 + 1970
    return bool(np.all(months % 12 + 1 == (years + 1) % 100))
