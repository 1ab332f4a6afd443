"""Whether a column of dates orders the rows, and with what step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.profile import TimeAxis

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
DAY = 86_400.0


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
    if distinct < 5:
        return None
    usual = int(np.median(counts))
    patterned = float(np.mean(counts == usual)) >= REGULAR_SHARE and distinct >= 30
    if distinct < 0.5 * rows and not patterned:
        return None
    step = _step_of(seconds)
    return TimeAxis(
        column=column,
        start=_iso(float(seconds[0])),
        end=_iso(float(seconds[-1])),
        step_seconds=step.seconds,
        step_label=step.label,
        regular=step.regular,
        gaps=step.gaps,
        duplicates=rows - distinct,
    )


@dataclass(frozen=True)
class _Step:
    """How far apart the moments of an axis are, and how many are left out."""

    seconds: float
    label: str
    regular: bool
    gaps: int


def _step_of(seconds: NDArray[Any]) -> _Step:
    """Return the usual distance between moments, in seconds or in whole months; else the middle one, as irregular."""
    steps = np.diff(np.asarray(seconds, dtype=float))
    middle = float(np.median(steps))
    usual, share = _usual(np.round(steps, 3))
    if share >= REGULAR_SHARE:
        return _Step(usual, _label(usual, regular=True), regular=True, gaps=_left_out(steps, usual))
    months = np.diff(np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[M]").astype(int))
    usual, share = _usual(months)
    # Months and years differ in days, so a series of either is regular by the calendar alone.
    if months.min() >= 1 and share >= REGULAR_SHARE:
        label = {1: "monthly", 12: "yearly"}.get(int(usual), f"every {int(usual)} months")
        return _Step(middle, label, regular=True, gaps=_left_out(months, usual))
    return _Step(middle, _label(middle, regular=False), regular=False, gaps=0)


def _usual(steps: NDArray[Any]) -> tuple[float, float]:
    """Return the commonest step and its share of all."""
    values, times = np.unique(steps, return_counts=True)
    return float(values[np.argmax(times)]), float(np.max(times)) / len(steps)


def _left_out(steps: NDArray[Any], usual: float) -> int:
    return int(np.sum(np.maximum(np.round(steps / usual) - 1, 0))) if usual > 0 else 0


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _label(step: float, *, regular: bool) -> str:
    for seconds, name in NAMED_STEPS:
        if abs(step - seconds) < 0.01 * seconds:
            return name if regular else f"about {name}"
    if 27 * DAY < step < 32 * DAY:
        return "monthly" if regular else "about monthly"
    if 360 * DAY < step < 370 * DAY:
        return "yearly" if regular else "about yearly"
    size = f"{step / DAY:.3g} days" if step >= DAY else f"{step:.3g} s"
    return f"every {size}" if regular else f"irregular, about every {size}"
