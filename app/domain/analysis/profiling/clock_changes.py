"""Clock changes in a record of local time: the hour missing in spring and the hour repeated in autumn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOUR = 3600.0
DAY_OF_1970 = 3  # 1 January 1970 was a Thursday; Monday is 0.
SUNDAY = 6
# Months in which clocks go forward or back, on either half of the globe.
FORWARD, BACK = (3, 4, 9, 10, 11), (3, 4, 5, 9, 10, 11)
LATEST_HOUR = 4


@dataclass(frozen=True)
class ClockChanges:
    """How often the clock went forward and back in a record, and the steps and rows that this accounts for."""

    forward: int = 0
    back: int = 0
    steps_left_out: int = 0
    rows_repeated: int = 0


def clock_changes(seconds: NDArray[Any], counts: NDArray[Any], step_seconds: float) -> ClockChanges:
    """Return the changes of the clock that a record shows.

    Parameters
    ----------
    seconds, counts
        Shape (n,): the distinct times, ascending, in seconds since 1970, and how many rows carry each.
    step_seconds
        The usual step, in seconds; an hour is a whole number of steps, or there is nothing to see.

    Notes
    -----
    Clocks change in the night to a Sunday, in spring and in autumn, by one hour. An hour that is missing or repeated at
    such a time is no gap and no duplicate.
    """
    if not 0 < step_seconds <= HOUR or HOUR % step_seconds:
        return ClockChanges()
    per_hour = round(HOUR / step_seconds)
    times, rows = np.asarray(seconds, dtype=float), np.asarray(counts)
    forward = int(np.count_nonzero((np.diff(times) == step_seconds + HOUR) & _may_change(times[:-1], FORWARD)))
    usual = int(np.median(rows))
    twice = (rows == 2 * usual) & _may_change(times, BACK)
    days, current_values = np.unique(times[twice] // 86_400, return_counts=True)
    back = int(np.count_nonzero(current_values == per_hour))
    if back < len(days):
        # Repeats that are no whole hour have another reason, and it would be a guess to explain some of them away.
        back = 0
    return ClockChanges(forward, back, forward * per_hour, back * per_hour * usual)


def _may_change(times: NDArray[Any], months: tuple[int, ...]) -> NDArray[np.bool_]:
    """Say of each time whether it lies in a night in which clocks may change."""
    days = np.floor(times / 86_400).astype(np.int64)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    is_sunday = (days + DAY_OF_1970) % 7 == SUNDAY
    # The hour before one that is left out at midnight belongs to the Saturday.
    is_late = (times % 86_400 >= 23 * HOUR) & ((days + 1 + DAY_OF_1970) % 7 == SUNDAY)
    return np.asarray(np.isin(month, months) & ((is_sunday & (times % 86_400 < LATEST_HOUR * HOUR)) | is_late))
