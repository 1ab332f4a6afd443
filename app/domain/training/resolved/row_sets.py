"""Sets of rows described by a short rule and proved by a hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.resolved.document import RowSet, Rule

Rows = NDArray[np.intp]
# Rows that no shorter rule finds are listed as runs of neighbours, up to so many in an experiment.
MAX_LISTED_RUNS = 20_000
_BLOCK = 100_000


def hash_of(numbers: Rows) -> str:
    """Return the SHA-256 of row numbers as decimal texts, with a line feed between two of them."""
    digest = hashlib.sha256()
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK].tolist()
        digest.update(("\n" if start else "").encode() + "\n".join(map(str, block)).encode())
    return digest.hexdigest()


def runs_of(numbers: Rows) -> tuple[tuple[int, int], ...]:
    """Return the first and the last number of each run of neighbours, in ascending order."""
    ordered = np.sort(numbers)
    ends = np.flatnonzero(np.diff(ordered) != 1)
    firsts = ordered[np.concatenate([[0], ends + 1])] if len(ordered) else ordered
    lasts = ordered[np.concatenate([ends, [len(ordered) - 1]])] if len(ordered) else ordered
    return tuple(zip(firsts.tolist(), lasts.tolist(), strict=True))


@dataclass
class RowDescriber:
    """Describe sets of rows of one table; `development` are the rows that the folds share."""

    table: TrainingTable
    development: Rows
    left: int = MAX_LISTED_RUNS

    @cached_property
    def _times(self) -> pd.Series | None:
        return None if self.table.times is None else pd.Series(self.table.times.to_numpy())

    def describe(self, rows: Rows, *, others: Rows | None = None) -> RowSet:
        """Return the rows by the shortest rule that finds exactly them.

        Parameters
        ----------
        rows
            Positions in the table, in the order of the table.
        others
            The rows that judge, where `rows` train: what trains may be all the rest of the development rows.
        """
        rule = self._rule(rows, others)
        runs = None
        if rule is None:
            runs = runs_of(self.table.rows[rows])
            rule = "rows" if len(runs) <= self.left else "drawn"
            runs = runs if rule == "rows" else None
            self.left -= len(runs or ())
        start, end = self._ends(rows)
        return RowSet(
            count=len(rows),
            sha256=hash_of(self.table.rows[rows]),
            rule=rule,
            start=start,
            end=end,
            groups=self._groups(rows) if rule in ("groups", "groups_and_dates") else None,
            runs=runs,
        )

    def _rule(self, rows: Rows, others: Rows | None) -> Rule | None:
        """Return the rule that finds these rows; None where they have to be listed or drawn."""
        by_group, by_time = self._of_same_groups(rows), self._of_same_times(rows)
        if by_group is not None and by_group.sum() == len(rows):
            return "groups"
        if by_time is not None and by_time.sum() == len(rows):
            return "dates"
        if by_group is not None and by_time is not None and (by_group & by_time).sum() == len(rows):
            return "groups_and_dates"
        if others is not None and len(rows) + len(others) == len(self.development):
            return "rest"
        return None

    def _of_same_groups(self, rows: Rows) -> NDArray[np.bool_] | None:
        if self.table.groups is None or not len(rows):
            return None
        here: NDArray[np.bool_] = np.isin(self.table.groups, np.unique(self.table.groups[rows]))
        return here

    def _of_same_times(self, rows: Rows) -> NDArray[np.bool_] | None:
        times = self._times
        if times is None or not len(rows):
            return None
        own = times.iloc[rows]
        return times.between(own.min(), own.max()).to_numpy(dtype=np.bool_)

    def _ends(self, rows: Rows) -> tuple[str | None, str | None]:
        if self._times is None or not len(rows):
            return None, None
        own = self._times.iloc[rows]
        return str(own.min().isoformat()), str(own.max().isoformat())

    def _groups(self, rows: Rows) -> tuple[str, ...] | None:
        groups: Any = self.table.groups
        return None if groups is None else tuple(sorted(set(groups[rows].tolist())))
