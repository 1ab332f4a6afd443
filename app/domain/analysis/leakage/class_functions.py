"""Evidence of leakage from two or three columns that together determine the class of the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations.association import codes_of
from app.domain.analysis.associations.explained_share import MAX_CLASSES, PreparedTarget, explained_share
from app.domain.vocabulary import ColumnKind

# The bounds of the work: at most 1,770 pairs and 2,024 triples, each a count of up to 5,000 rows, about a second.
MAX_IN_PAIRS = 60
MAX_IN_TRIPLES = 24
MAX_ROWS = 5000
MAX_LEVELS = 12
# A combination must come this often on average: those of one row have one class by nature.
ROWS_PER_COMBINATION = 10
# Combinations of the rarer classes too, since one of the largest class is pure by chance.
ROWS_PER_RARE_COMBINATION = 5
MIN_BESIDE_LARGEST = 20
SEED = 42
Codes = NDArray[np.int64]


def class_functions(
    frame: pd.DataFrame, kinds: Mapping[str, ColumnKind], goal: PreparedTarget
) -> list[tuple[tuple[str, ...], int]]:
    """Return the pairs of columns that decide the class of the target, or else the triples, with the rows looked at.

    Parameters
    ----------
    frame
        The columns that may take part, on all rows looked at.
    kinds, goal
        Every column's kind, and the target made ready.

    Notes
    -----
    Columns of 2 to 12 values are looked at: in pairs the 60 that explain most by themselves, in triples the first 24 of
    them. A missing value counts as a value. Combinations must have 10 rows on average, those of all but the largest
    class 5, and these classes 20 together. A column that decides it alone takes no part: it has a leak of its own.
    """
    if goal.classes is None or len(goal.classes) == 0:
        return []
    classes = _sample(goal.classes)
    sizes = np.bincount(classes)
    if not 2 <= np.count_nonzero(sizes) <= MAX_CLASSES or len(classes) - sizes.max() < MIN_BESIDE_LARGEST:
        return []
    codes = _codes_by_strength(frame, kinds, goal, classes)
    for width, most in ((2, MAX_IN_PAIRS), (3, MAX_IN_TRIPLES)):
        results = [
            names
            for names in combinations(list(codes)[:most], width)
            if _decide([codes[name] for name in names], classes)
        ]
        if results:
            return [(names, len(classes)) for names in results]
    return []


def _sample(values: Codes) -> Codes:
    if len(values) <= MAX_ROWS:
        return values
    return values[np.sort(np.random.default_rng(SEED).choice(len(values), MAX_ROWS, replace=False))]


def _codes_by_strength(
    frame: pd.DataFrame, kinds: Mapping[str, ColumnKind], goal: PreparedTarget, classes: Codes
) -> dict[str, Codes]:
    """Return the codes of the columns of few values, those that explain most by themselves first."""
    strength, codes = {}, {}
    for name in frame.columns:
        kind, values = kinds[str(name)], frame[name][goal.there]
        if kind in (ColumnKind.DATETIME, ColumnKind.CONSTANT, ColumnKind.IDENTIFIER):
            continue
        if not 2 <= values.nunique(dropna=False) <= MAX_LEVELS:
            continue
        coded = _sample(np.nan_to_num(codes_of(values) + 1, nan=0.0).astype(np.int64))
        if _is_pure(_count([coded], classes)):
            continue
        codes[str(name)] = coded
        strength[str(name)] = explained_share(frame[name], ColumnKind.CATEGORICAL, goal)
    return {name: codes[name] for name in sorted(codes, key=lambda text: -strength[text])}


def _count(parts: Iterable[Codes], classes: Codes) -> Codes:
    """Return how many rows each combination has of each class."""
    joint, many = np.zeros(len(classes), dtype=np.int64), int(classes.max()) + 1
    for part in parts:
        joint = joint * (int(part.max()) + 1) + part
    counts = np.bincount(joint * many + classes)
    return np.pad(counts, (0, -len(counts) % many)).reshape(-1, many)


def _is_pure(counts: Codes) -> bool:
    """Return whether each combination has one class."""
    return np.count_nonzero(counts) == np.count_nonzero(counts.sum(axis=1))


def _decide(parts: Iterable[Codes], classes: Codes) -> bool:
    counts = _count(parts, classes)
    each, rows = np.count_nonzero(counts, axis=0), counts.sum(axis=0)
    if not _is_pure(counts) or each.sum() * ROWS_PER_COMBINATION > len(classes):
        return False
    largest = int(np.argmax(rows))
    return int(rows.sum() - rows[largest]) >= ROWS_PER_RARE_COMBINATION * int(each.sum() - each[largest])
