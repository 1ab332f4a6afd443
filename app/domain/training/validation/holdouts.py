"""Functions that hold out rows: the last in time, those from a date on, whole groups, or a random share.

Each function returns the rows that the folds share and the rows held out; a row in neither is not used at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.experiment import HoldoutPart
from app.domain.text.dates import end_of, parse_date
from app.domain.training.validation.split_rows import RowFacts, Rows, group_codes, rows_between

TOO_FEW_GROUPS = "too_few_groups"
# New sites in new years are a share of the groups, where a date says which years: as many as are usually held out.
SHARE_OF_GROUPS = 0.2
# A strategy's own way: the facts of all rows, what is to be held out, the gap before it, the seed.
HoldOut: TypeAlias = Callable[[RowFacts, HoldoutPart, int, int], tuple[Rows, Rows]]


def hold_out_rows(facts: RowFacts, holdout: HoldoutPart, gap: int, seed: int) -> tuple[Rows, Rows]:
    """Hold out the rows from a date on, or else the last share of the steps, or a share drawn where time is unknown."""
    if holdout.fraction is None:
        return hold_out_dates(facts, holdout, gap)
    return hold_out_share(facts, holdout.fraction, gap=gap, seed=seed)


def hold_out_groups(facts: RowFacts, holdout: HoldoutPart, gap: int, seed: int) -> tuple[Rows, Rows]:
    """Hold out whole groups; from a date on, the later rows of all of them."""
    if holdout.fraction is None:
        return hold_out_dates(facts, holdout, gap)
    return draw_groups(facts, holdout.fraction, seed)


def hold_out_groups_in_time(facts: RowFacts, holdout_part: HoldoutPart, gap: int, seed: int) -> tuple[Rows, Rows]:
    """Hold out the later rows of a share of the groups, and train on the earlier rows of the others."""
    earlier, later = hold_out_rows(facts, holdout_part, gap, seed)
    if facts.groups is None:
        raise TrainingError("There is no group column.", code="group_column_missing")
    # Only a group that has later rows can be judged by them.
    _, drawn = draw_groups(facts.of(later), holdout_part.fraction or SHARE_OF_GROUPS, seed)
    holdout = later[drawn]
    codes = group_codes(facts.groups)[0]
    development = earlier[~np.isin(codes[earlier], np.unique(codes[holdout]))]
    if not len(development):
        message = "The groups that are left have no earlier row to train on. Hold out fewer groups, or later rows."
        raise TrainingError(message, code="nothing_to_train")
    return development, holdout


def hold_out_dates(facts: RowFacts, holdout: HoldoutPart, gap: int) -> tuple[Rows, Rows]:
    """Hold out the rows from one date to another, both included; what follows is not used.

    Raises
    ------
    TrainingError
        If there is no time column, or no row lies in the dates or before them.
    """
    if facts.times is None or facts.steps is None:
        raise TrainingError("Holding out from a date needs a time column.", code="time_column_missing")
    first = np.datetime64(parse_date(str(holdout.from_date)), "s")
    end = None if holdout.to_date is None else np.datetime64(end_of(holdout.to_date), "s")
    inside = np.flatnonzero(facts.times >= first if end is None else (facts.times >= first) & (facts.times < end))
    until = f" to {holdout.to_date}" if holdout.to_date else ""
    if not len(inside):
        message = f"No row with a target has a date from {holdout.from_date}{until}: nothing can be held out."
        raise TrainingError(message, code="holdout_empty")
    development = rows_between(facts.steps, 0, int(facts.steps[inside[0]]) - gap)
    if not len(development):
        message = f"No row with a target is left to train before {holdout.from_date}. Hold out from a later date."
        raise TrainingError(message, code="nothing_to_train")
    return development, inside


def draw_groups(facts: RowFacts, share: float, seed: int) -> tuple[Rows, Rows]:
    """Keep a drawn share of the groups, each whole."""
    from sklearn.model_selection import GroupShuffleSplit

    codes, names = (None, []) if facts.groups is None else group_codes(facts.groups)
    groups = len(names)
    if groups - math.ceil(groups * share) < 1:
        message = "One group cannot be split into training and validation."
        raise TrainingError(message, code=TOO_FEW_GROUPS)
    splitter = GroupShuffleSplit(1, test_size=share, random_state=seed)
    rest, out = next(splitter.split(np.arange(facts.rows), groups=codes))
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
    classes = stratifiable_classes(facts.classes, smallest_part=min(count, facts.rows - count))
    rest, out = train_test_split(np.arange(facts.rows), test_size=count, random_state=seed, stratify=classes)
    return np.sort(rest), np.sort(out)


def stratifiable_classes(classes: NDArray[Any] | None, *, smallest_part: int) -> NDArray[Any] | None:
    """Return the classes where each can stand on both sides of a cut, else None.

    Parameters
    ----------
    classes
        The class of every row, None where the target is a number.
    smallest_part
        How many rows the smaller side of the cut has.
    """
    if classes is None:
        return None
    counts = np.unique(classes, return_counts=True)[1]
    return classes if counts.min() >= 2 and len(counts) <= smallest_part else None
