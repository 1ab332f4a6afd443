"""Fold, Split and RowFacts: a split as positions of rows, and the facts it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Fold:
    """Row positions (rows in time order where time orders them) that train and that judge."""

    train: Rows
    validation: Rows


@dataclass(frozen=True)
class Split:
    """All folds, and the rows kept for the very last score (or None). `development` are the rows the folds share."""

    folds: tuple[Fold, ...]
    development: Rows
    holdout: Rows | None


@dataclass(frozen=True)
class RowFacts:
    """What splitting may look at: how many rows, classes for stratifying, groups, and when each row was measured.

    `steps` has shape (rows,) and never falls: 0 for all rows of the first moment, 1 for those of the next, and so on.
    It is None where time does not order the rows. Cuts fall between steps, so that rows of one moment stay together
    and a gap counts moments however many sites were measured at each. `times` are the moments themselves, to the
    second. `ages` counts, for each row, the moments of its group's record before it, those without a target too.
    """

    rows: int
    classes: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    steps: NDArray[np.intp] | None = None
    times: NDArray[np.datetime64] | None = None
    ages: NDArray[np.intp] | None = None

    def of(self, rows: Rows) -> RowFacts:
        """Return the facts of some of the rows."""
        steps = None if self.steps is None else np.unique(self.steps[rows], return_inverse=True)[1]
        return RowFacts(
            rows=len(rows),
            classes=None if self.classes is None else self.classes[rows],
            groups=None if self.groups is None else self.groups[rows],
            steps=steps,
            times=None if self.times is None else self.times[rows],
            ages=None if self.ages is None else self.ages[rows],
        )


def group_codes(groups: NDArray[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """Return each row's group as its place among the sorted groups, and the groups as texts.

    Places are compared much faster than texts, and sort in the same order, so that a draw among them is the same.
    """
    codes, names = pd.factorize(groups, sort=True)
    return codes.astype(np.intp), [str(name) for name in names]


def rows_between(steps: NDArray[np.intp], first: int, end: int) -> Rows:
    """Return the rows whose step is at least `first` and less than `end`."""
    low, high = np.searchsorted(steps, [first, max(first, end)])
    return np.arange(low, high)
