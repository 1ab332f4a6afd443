"""Known values before and after each row of a gap, and linear interpolation between them."""

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
        The time of every row of the table as a number, in any unit.
    known
        The places of the rows whose value is known.
    rows
        The places of the rows to look around from.
    groups
        The group of every row, or None where there is one series.
    """
    if not len(known):
        nothing = np.full(len(rows), -1, dtype=np.intp)
        return Neighbours(nothing, nothing)
    keys = _time_keys(times, groups)
    known = known[np.argsort(keys[known], kind="stable")]
    codes = _group_codes(times, groups)
    late = np.searchsorted(keys[known], keys[rows], side="right") - 1
    early = np.searchsorted(keys[known], keys[rows], side="left")
    before, after = known[np.maximum(late, 0)], known[np.minimum(early, len(known) - 1)]
    return Neighbours(
        before=np.where((late >= 0) & (codes[before] == codes[rows]), before, -1),
        after=np.where((early < len(known)) & (codes[after] == codes[rows]), after, -1),
    )


def known_around(times: Floats, *, known: Rows, groups: NDArray[Any] | None) -> Neighbours:
    """Return for every row of the table that is known the known row before and after it; -1 for all other rows."""
    before, after = np.full(len(times), -1, dtype=np.intp), np.full(len(times), -1, dtype=np.intp)
    codes = _group_codes(times, groups)
    known = known[np.argsort(_time_keys(times, groups)[known], kind="stable")]
    alike = codes[known[1:]] == codes[known[:-1]]
    before[known[1:][alike]] = known[:-1][alike]
    after[known[:-1][alike]] = known[1:][alike]
    return Neighbours(before, after)


def _group_codes(times: Floats, groups: NDArray[Any] | None) -> Rows:
    return np.zeros(len(times), dtype=np.intp) if groups is None else np.unique(groups, return_inverse=True)[1]


def _time_keys(times: Floats, groups: NDArray[Any] | None) -> NDArray[np.int64]:
    """Return whole numbers that rise with time within a group, and from group to group."""
    moments, ranks = np.unique(times, return_inverse=True)
    return np.asarray(_group_codes(times, groups) * np.int64(len(moments)) + ranks, dtype=np.int64)


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
    return interpolate_between(
        times, values, find_neighbours(times, known=known, rows=rows, groups=groups), known=known, rows=rows
    )


def interpolate_between(times: Floats, values: Floats, near: Neighbours, *, known: Rows, rows: Rows) -> Floats:
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
