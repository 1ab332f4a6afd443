"""Rows kept from all training: the last in time, whole groups, or a drawn share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.training.validation.split_rows import RowFacts, Rows, rows_between

TOO_FEW_GROUPS = "too_few_groups"


def hold_out_groups(facts: RowFacts, share: float, seed: int) -> tuple[Rows, Rows]:
    """Keep a drawn share of the groups, each whole."""
    from sklearn.model_selection import GroupShuffleSplit

    groups = 0 if facts.groups is None else len(np.unique(facts.groups))
    if groups - math.ceil(groups * share) < 1:
        message = "One group cannot be divided into those that train and those that judge."
        raise TrainingError(message, code=TOO_FEW_GROUPS)
    splitter = GroupShuffleSplit(1, test_size=share, random_state=seed)
    rest, out = next(splitter.split(np.arange(facts.rows), groups=facts.groups))
    return np.sort(rest), np.sort(out)


def hold_out_share(facts: RowFacts, share: float, *, gap: int, seed: int) -> tuple[Rows, Rows]:
    """Keep the last share of the steps, or a random share of the rows where time does not order them."""
    from sklearn.model_selection import train_test_split

    if facts.steps is not None:
        moments = int(facts.steps[-1]) + 1 if facts.rows else 0
        first = moments - max(1, round(moments * share))
        return rows_between(facts.steps, 0, first - gap), rows_between(facts.steps, first, moments)
    count = max(1, round(facts.rows * share))
    if facts.rows - count < 1:
        raise TrainingError(f"{facts.rows} rows cannot be divided.", code="too_few_rows")
    classes = _stratifiable(facts.classes, smallest_part=min(count, facts.rows - count))
    rest, out = train_test_split(np.arange(facts.rows), test_size=count, random_state=seed, stratify=classes)
    return np.sort(rest), np.sort(out)


def _stratifiable(classes: NDArray[Any] | None, *, smallest_part: int) -> NDArray[Any] | None:
    """Return the classes where each can stand on both sides of a cut, else None."""
    if classes is None:
        return None
    counts = np.unique(classes, return_counts=True)[1]
    return classes if counts.min() >= 2 and len(counts) <= smallest_part else None
