"""Evidence of leakage from a column that has the target of the same or a later moment: shifted, averaged, summed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.domain.text.words import pluralise

MIN_ROWS = 50
PROBED_ROWS = 1000
MAX_SHIFT = 14
WINDOWS = (*range(2, 32), 60, 90, 365)
SAME = 0.9999
Floats = NDArray[np.float64]


def time_leaks(values: Floats, goal: Floats, target: str) -> str:
    """Return in a sentence how a column of a series holds what is to be predicted; "" where it does not.

    Parameters
    ----------
    values, goal
        Shape (n,), in the order of time, one row for each moment; nan where missing.
    target
        The target's name, for the sentence.

    Notes
    -----
    A mean over w moments changes from one to the next by (y[t + a] - y[t + a - w]) / w, where a is how many moments it
    looks ahead. So its differences betray window and reach, whatever the weights of rounding. Means that end before
    the moment itself (a < 0) are honest and stay unnamed.
    """
    few = _densest_stretch(values, goal)
    if not _shift_evidence(values[few], goal[few], target):
        return ""
    return _shift_evidence(values, goal, target)


def _densest_stretch(values: Floats, goal: Floats) -> slice:
    """Return the stretch of a series where most is there: what does not hold in it holds nowhere."""
    if len(goal) <= 2 * PROBED_ROWS:
        return slice(0, len(goal))
    known = np.concatenate([[0], np.cumsum(np.isfinite(values) & np.isfinite(goal))])
    start = int(np.argmax(known[PROBED_ROWS:] - known[:-PROBED_ROWS]))
    return slice(start, start + PROBED_ROWS)


def _shift_evidence(values: Floats, goal: Floats, target: str) -> str:
    changes, moves = np.diff(values), np.diff(goal)
    for steps in range(1, min(MAX_SHIFT, len(moves) - 1) + 1):
        # A smooth series resembles itself a step later; its changes do so much less.
        if _are_alike(changes[:-steps], moves[steps:]):
            return f"It is {target} {pluralise(steps, 'step')} later."
    if _are_alike(changes, goal[1:]):
        return f"It sums {target} up, the moment itself included."
    for window in WINDOWS:
        reaches = range(window) if window < 32 else (0, window // 2, window - 1)
        for ahead in reaches:
            if _is_mean(changes, goal, window, ahead):
                reach = f"reaches {ahead:,} steps ahead" if ahead else "includes the moment itself"
                return f"It is a mean or sum of {target} over {window:,} steps that {reach}."
    return ""


def _is_mean(changes: Floats, goal: Floats, window: int, ahead: int) -> bool:
    first, last = max(window - ahead, 1), len(goal) - ahead
    if last - first < MIN_ROWS:
        return False
    differences = goal[first + ahead : last + ahead] - goal[first + ahead - window : last + ahead - window]
    return _are_alike(changes[first - 1 : last - 1], differences)


def _are_alike(first: Floats, other: Floats) -> bool:
    both = np.isfinite(first) & np.isfinite(other)
    if np.count_nonzero(both) < MIN_ROWS:
        return False
    a, b = first[both], other[both]
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return size > 0 and float(a @ b) / size > SAME
