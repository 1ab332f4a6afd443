"""The time axis of a table: whether dates order the rows, their step, missing steps and water years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.profiling.clock_changes import ClockChanges, clock_changes
from app.domain.analysis.profiling.profile import TimeAxis

NAMED_STEPS = (
    (1.0, "one-second"),
    (60.0, "one-minute"),
    (900.0, "15-minute"),
    (1800.0, "half-hourly"),
    (3600.0, "hourly"),
    (10_800.0, "3-hourly"),
    (21_600.0, "6-hourly"),
    (86_400.0, "daily"),
    (604_800.0, "weekly"),
)
REGULAR_SHARE = 0.9
FEWEST_TIMES, FEWEST_OF_SERIES = 5, 30
DAY = 86_400.0
MONTH_SECONDS = 27 * DAY
MAX_STEP_SECONDS = 32 * DAY
YEAR_STARTS = (10, 11, 7)


def describe_axis(column: str, seconds: NDArray[Any], counts: NDArray[Any]) -> TimeAxis | None:
    """Return the time axis that a column of dates makes, or None where its dates do not order the rows.

    Parameters
    ----------
    column
        Its name.
    seconds
        Shape (n,): the distinct times, ascending, in seconds since 1970.
    counts
        Shape (n,): how many rows carry each of them.

    Returns
    -------
    TimeAxis or None
        None with fewer than five distinct dates, or where many rows share dates without a pattern.
    """
    distinct, rows = len(seconds), int(np.sum(counts))
    if not _order_rows(counts):
        return None
    step = step_of(seconds)
    years = water_years(seconds, step.seconds) if step.regular else WaterYears()
    changes = clock_changes(seconds, counts, step.seconds) if step.regular else ClockChanges()
    return TimeAxis(
        column=column,
        start=_iso_time(float(seconds[0])),
        end=_iso_time(float(seconds[-1])),
        step_seconds=step.seconds,
        step_label=step.label,
        regular=step.regular,
        gaps=step.gaps - changes.steps_left_out,
        duplicates=rows - distinct - changes.rows_repeated,
        clock_forward=changes.forward,
        clock_back=changes.back,
        water_year_month=years.month,
        water_years=years.touched,
        complete_water_years=years.complete,
    )


def _order_rows(counts: NDArray[Any]) -> bool:
    """Return whether times order rows: most rows have their own, or all times are those of as many series."""
    distinct, rows = len(counts), int(np.sum(counts))
    if distinct < FEWEST_TIMES:
        return False
    patterned = float(np.mean(counts == int(np.median(counts)))) >= REGULAR_SHARE and distinct >= FEWEST_OF_SERIES
    return distinct >= 0.5 * rows or patterned


@dataclass(frozen=True)
class WaterYears:
    """The water years of a series: numbered by the calendar year in which they end."""

    month: int = 10
    touched: int = 0
    complete: tuple[int, ...] = ()


def water_years(seconds: NDArray[Any], step_seconds: float) -> WaterYears:
    """Return the water years that a regular series touches and those it covers without a hole.

    Parameters
    ----------
    seconds
        Shape (n,): distinct times, ascending, in seconds since 1970.
    step_seconds
        The usual step, in seconds; above `MAX_STEP_SECONDS` there are no water years.

    Returns
    -------
    WaterYears
        From 1 October, unless the series itself begins with another of the months in `YEAR_STARTS`.

    References
    ----------
    U.S. Geological Survey, water year: 1 October to 30 September, named by the year in which it ends. American
    Meteorological Society, Glossary of Meteorology, water year: 1 July in the Southern Hemisphere. DIN 4049-1:
    1 November in Germany.
    """
    if not 0 < step_seconds <= MAX_STEP_SECONDS:
        return WaterYears()
    moments = np.floor(np.asarray(seconds, dtype=float)).astype("datetime64[s]")
    first = int(moments[0].astype("datetime64[M]").astype(int)) % 12 + 1
    month = first if first in YEAR_STARTS and moments[0].astype("datetime64[D]").item().day == 1 else YEAR_STARTS[0]
    shift = 12 - (month - 1)
    years = (moments.astype("datetime64[M]") + shift).astype("datetime64[Y]").astype(int) + 1970
    labels, counts = np.unique(years, return_counts=True)
    starts = (labels - 1 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    lengths = ((starts + 12).astype("datetime64[s]") - starts.astype("datetime64[s]")).astype(float)
    whole = counts >= np.floor(lengths / step_seconds + 0.5) if step_seconds < MONTH_SECONDS else counts >= 12
    return WaterYears(month, len(labels), tuple(int(label) for label in labels[whole]))


@dataclass(frozen=True)
class Step:
    """How far apart the moments of an axis are, and how many are left out."""

    seconds: float
    label: str
    regular: bool
    gaps: int


def step_of(seconds: NDArray[Any]) -> Step:
    """Return the usual distance between moments, in seconds or in whole months; else the middle one, as irregular."""
    steps = np.diff(np.asarray(seconds, dtype=float))
    middle = float(np.median(steps))
    usual, share = _most_common_step(np.round(steps, 3))
    if share >= REGULAR_SHARE:
        return Step(usual, _step_label(usual, regular=True), regular=True, gaps=_missing_steps(steps, usual))
    months = np.diff(np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[M]").astype(int))
    usual, share = _most_common_step(months)
    # Months and years differ in days, so a series of either is regular by the calendar alone.
    if months.min() >= 1 and share >= REGULAR_SHARE:
        label = {1: "monthly", 12: "yearly"}.get(int(usual), f"every {int(usual)} months")
        return Step(middle, label, regular=True, gaps=_missing_steps(months, usual))
    return Step(middle, _step_label(middle, regular=False), regular=False, gaps=0)


def _most_common_step(steps: NDArray[Any]) -> tuple[float, float]:
    """Return the commonest step and its share of all."""
    values, times = np.unique(steps, return_counts=True)
    return float(values[np.argmax(times)]), float(np.max(times)) / len(steps)


def _missing_steps(steps: NDArray[Any], usual: float) -> int:
    return int(np.sum(np.maximum(np.round(steps / usual) - 1, 0))) if usual > 0 else 0


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _step_label(step: float, *, regular: bool) -> str:
    for seconds, name in NAMED_STEPS:
        if abs(step - seconds) < 0.01 * seconds:
            return name if regular else f"about {name}"
    if 27 * DAY < step < 32 * DAY:
        return "monthly" if regular else "about monthly"
    if 360 * DAY < step < 370 * DAY:
        return "yearly" if regular else "about yearly"
    if regular and step < DAY and step % 3600 == 0:
        return f"{step / 3600:g}-hourly"
    if regular and step < DAY and step % 60 == 0:
        return f"{step / 60:g}-minute"
    size = f"{step / DAY:.3g} days" if step >= DAY else f"{step / 60:.3g} min" if step >= 60 else f"{step:.3g} s"
    return f"every {size}" if regular else f"irregular, about every {size}"
