"""What lies around a gap: the known values before and after each row, and the straight line between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbours:
    """The nearest known rows of each row in its own group, shape (rows,); -1 where there is none on that side.

    A row that is known is its own neighbour on both sides.
    """

    before: Rows
    after: Rows


def find_neighbours(times: Floats, *, known: Rows, rows: Rows, groups: NDArray[Any] | None) -> Neighbours:
    """Return the nearest known rows before and after some rows.

    Parameters
    ----------
    times
        The time of every row of the table as a number, in any unit; it never falls within a group.
    known
        The places of the rows whose value is known.
    rows
        The places of the rows to look around from.
    groups
        The group of every row, or None where there is one series.
    """
    before, after = np.full(len(rows), -1, dtype=np.intp), np.full(len(rows), -1, dtype=np.intp)
    if not len(known):
        return Neighbours(before, after)
    known = np.sort(known)
    codes = np.zeros(len(times), dtype=np.intp) if groups is None else np.unique(groups, return_inverse=True)[1]
    for code in np.unique(codes[rows]):
        own, here = known[codes[known] == code], np.flatnonzero(codes[rows] == code)
        if not len(own):
            continue
        late = np.searchsorted(times[own], times[rows[here]], side="right") - 1
        early = np.searchsorted(times[own], times[rows[here]], side="left")
        before[here] = np.where(late >= 0, own[late], -1)
        after[here] = np.where(early < len(own), own[np.minimum(early, len(own) - 1)], -1)
    return Neighbours(before, after)


def interpolate(
    times: Floats, values: Floats, *, known: Rows, rows: Rows, groups: NDArray[Any] | None = None
) -> Floats:
    """Return the straight line in time between the known values around each row, shape (rows,).

    Before the first and after the last known value of a group, the nearest one holds; in a group without any, the mean
    of all known values. Values of other rows than `known` are never looked at.

    Parameters
    ----------
    times, values
        The time of every row as a number, and its value.
    known, rows
        The places of the rows whose value is known, and of those that are filled.
    groups
        The group of every row, or None where there is one series.
    """
    return between(times, values, find_neighbours(times, known=known, rows=rows, groups=groups), known=known, rows=rows)


def between(times: Floats, values: Floats, near: Neighbours, *, known: Rows, rows: Rows) -> Floats:
    """Return the straight line between neighbours that were found already; see `interpolate`."""
    filled = np.full(len(rows), values[known].mean() if len(known) else np.nan)
    share = share_of_way(times, near, rows=rows)
    inside = (near.before >= 0) & (near.after >= 0)
    filled[inside] = values[near.before[inside]] * (1 - share[inside]) + values[near.after[inside]] * share[inside]
    only_before, only_after = (near.before >= 0) & (near.after < 0), (near.before < 0) & (near.after >= 0)
    filled[only_before] = values[near.before[only_before]]
    filled[only_after] = values[near.after[only_after]]
    return filled


def share_of_way(times: Floats, near: Neighbours, *, rows: Rows) -> Floats:
    """Return how far each row lies on the way from the known value before it to the one after it, from 0 to 1.

    0 where only the value before is known, and 1 where only the one after is.
    """
    share = np.where(near.before < 0, 1.0, 0.0)
    inside = (near.before >= 0) & (near.after >= 0)
    start, end = times[near.before[inside]], times[near.after[inside]]
    length = np.where(end > start, end - start, 1.0)
    share[inside] = (times[rows[inside]] - start) / length
    return share


def times_as_numbers(times: Any) -> Floats:
    """Return moments as days since 1970, shape (rows,)."""
    moments = np.asarray(times, dtype="datetime64[ns]")
    return np.asarray(moments.astype(np.int64) / 86_400e9, dtype=float)
