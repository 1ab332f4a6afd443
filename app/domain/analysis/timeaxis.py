"""Whether a column of dates orders the rows, and with what step."""

from __future__ import annotations

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
    steps = np.diff(np.asarray(seconds, dtype=float))
    values, times = np.unique(np.round(steps, 3), return_counts=True)
    step = float(values[np.argmax(times)])
    regular = float(np.max(times)) / len(steps) >= REGULAR_SHARE
    missing = int(np.sum(np.maximum(np.round(steps / step) - 1, 0))) if regular and step > 0 else 0
    label = _label(step if regular else float(np.median(steps)), regular=regular)
    months = None if regular else _by_calendar(seconds)
    if months is not None:
        regular, step, (label, missing) = True, float(np.median(steps)), months
    return TimeAxis(
        column=column,
        start=_iso(float(seconds[0])),
        end=_iso(float(seconds[-1])),
        step_seconds=step if regular else float(np.median(steps)),
        step_label=label,
        regular=regular,
        gaps=missing,
        duplicates=rows - distinct,
    )


def _by_calendar(seconds: NDArray[Any]) -> tuple[str, int] | None:
    """Return name and gaps of a step of whole months, which differ in days; None where there is none."""
    months = np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[M]").astype(int)
    steps = np.diff(months)
    if steps.min() < 1:
        return None
    values, times = np.unique(steps, return_counts=True)
    usual = int(values[np.argmax(times)])
    if float(np.max(times)) / len(steps) < REGULAR_SHARE:
        return None
    gaps = int(np.sum(np.maximum(np.round(steps / usual) - 1, 0)))
    return {1: "monthly", 12: "yearly"}.get(usual, f"every {usual} months"), gaps


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
