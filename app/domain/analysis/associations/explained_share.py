"""The share of a target that one column explains by itself, on rows it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations.association import codes_of, is_number, numbers_of, ranks_of
from app.domain.vocabulary import ColumnKind

MIN_ROWS = 50
ROWS_PER_BIN = 10
MAX_BINS = 64
MAX_CLASSES = 30
MIN_OF_CLASS = 5
SEED = 42
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PreparedTarget:
    """The target made ready. `there` has the shape (n,); `sides` the shape (m, k): what is explained, on those m rows.

    A number is explained by its rank, so that neither a scale nor a few large values count; a class by one column of
    0 and 1 for each.
    """

    there: NDArray[np.bool_]
    sides: Floats
    numbers: Floats | None
    classes: NDArray[np.int64] | None
    first_half: NDArray[np.bool_]


def prepare_target(values: pd.Series, kind: ColumnKind) -> PreparedTarget:
    """Return a target made ready; a number with two values is taken as two classes."""
    numeric = is_number(kind, values) and values.nunique() > 2
    raw = numbers_of(values) if numeric else codes_of(values)
    there = np.isfinite(raw)
    known = raw[there]
    half = np.random.default_rng(SEED).random(len(known)) < 0.5
    if numeric:
        sides = ranks_of(known)[:, None] if len(known) else np.zeros((0, 1))
        return PreparedTarget(there, sides, known, None, half)
    classes = known.astype(np.int64)
    many = int(classes.max(initial=-1)) + 1
    sides = np.eye(many)[classes] if many <= MAX_CLASSES else np.zeros((len(classes), 0))
    return PreparedTarget(there, sides, None, classes, half)


def class_names(values: pd.Series, goal: PreparedTarget) -> list[str]:
    """Return the names of a target's classes in the order of their codes; none for a number."""
    if goal.classes is None:
        return []
    names = dict(zip(goal.classes.tolist(), values[goal.there].astype(str), strict=True))
    return [names.get(code, "") for code in range(int(goal.classes.max(initial=-1)) + 1)]


def explained_share(values: pd.Series, kind: ColumnKind, goal: PreparedTarget) -> float:
    """Return the share of the target that a column explains by itself, 0 to 1.

    The column is cut into up to 64 bins (a class is a bin); the mean of the target in each is learnt on one half of the
    rows and judged on the other, both ways. For a number the share is R squared of the ranks, for classes the Brier
    skill score (Brier 1950, Monthly Weather Review 78, 1-3). Rows without a value are left out.
    """
    codes = _bin_values(values, kind)[goal.there]
    known = codes >= 0
    rows = int(np.count_nonzero(known))
    if rows < MIN_ROWS or goal.sides.shape[1] == 0:
        return 0.0
    codes, sides, half = codes[known], goal.sides[known], goal.first_half[known]
    total = left = 0.0
    for learns in (half, ~half):
        prior = sides[learns].mean(axis=0)
        guess = _smoothed_means(codes[learns], sides[learns], prior, int(codes.max()) + 1)[codes[~learns]]
        left += float(np.sum((sides[~learns] - guess) ** 2))
        total += float(np.sum((sides[~learns] - prior) ** 2))
    return float(np.clip(1 - left / total, 0.0, 1.0)) if total > 0 else 0.0


def _smoothed_means(codes: NDArray[np.int64], sides: Floats, prior: Floats, many: int) -> Floats:
    """Return the mean of the target in each bin, as if each had one more row that says what all rows say."""
    counts = np.bincount(codes, minlength=many)[:, None]
    sums = np.column_stack(
        [np.bincount(codes, weights=sides[:, position], minlength=many) for position in range(sides.shape[1])]
    )
    return np.asarray((sums + prior) / (counts + 1))


def _bin_values(values: pd.Series, kind: ColumnKind) -> NDArray[np.int64]:
    if not is_number(kind, values):
        return np.nan_to_num(codes_of(values), nan=-1).astype(np.int64)
    raw = numbers_of(values)
    there = np.isfinite(raw)
    bins = int(np.clip(there.sum() // ROWS_PER_BIN, 2, MAX_BINS))
    if not there.any():
        return np.full(len(raw), -1)
    cuts = np.unique(np.quantile(raw[there], np.arange(1, bins) / bins))
    codes = np.searchsorted(cuts, raw, side="left")
    return np.where(there, codes, -1)


def separates_classes(values: pd.Series, kind: ColumnKind, goal: PreparedTarget) -> bool:
    """Return whether a number and classes split each other without a miss: each class has a range of its own.

    That is so for a threshold of the target (stable or not) and for a number from which the classes were made. Each
    class needs five rows, since a class of one row has a range of its own by nature.
    """
    numeric = is_number(kind, values)
    if numeric and goal.classes is not None:
        numbers, classes = numbers_of(values)[goal.there], goal.classes
        known = np.isfinite(numbers)
    elif not numeric and goal.numbers is not None:
        codes = codes_of(values)[goal.there]
        known = np.isfinite(codes)
        numbers, classes = goal.numbers, np.nan_to_num(codes, nan=-1).astype(np.int64)
    else:
        return False
    numbers, classes = numbers[known], classes[known]
    counts = np.unique(classes, return_counts=True)[1]
    if len(numbers) < MIN_ROWS or not 2 <= len(counts) <= MAX_CLASSES or counts.min() < MIN_OF_CLASS:
        return False
    order = np.argsort(numbers, kind="stable")
    numbers, classes = numbers[order], classes[order]
    borders = np.flatnonzero(classes[1:] != classes[:-1])
    return len(borders) == len(counts) - 1 and bool(np.all(numbers[borders] < numbers[borders + 1]))
