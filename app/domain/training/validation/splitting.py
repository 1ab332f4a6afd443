"""Making the split of a config: folds and the rows held out.

Whatever the strategy, rows held out at the end are never seen by a fold. Where there is a time column, rows are put in
its order once; "gap" then counts rows left out between training and judging.
"""

from __future__ import annotations

import numpy as np

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import ParameterValues
from app.domain.experiment import Spec
from app.domain.training.validation.cuts import MAX_GROUP_FOLDS
from app.domain.training.validation.holdouts import hold_out_share
from app.domain.training.validation.split_rows import Fold, RowFacts, Rows, Split
from app.domain.training.validation.strategies import STRATEGIES, StrategyEntry, get
from app.domain.vocabulary import SplitStrategy

__all__ = [
    "MAX_GAP_SHARE",
    "MAX_GROUP_FOLDS",
    "STRATEGIES",
    "Fold",
    "RowFacts",
    "Rows",
    "Split",
    "StrategyEntry",
    "get",
    "held_out_rows",
    "make_split",
]

MAX_GAP_SHARE = 0.05


def make_split(spec: Spec, facts: RowFacts) -> Split:
    """Return the folds of a config.

    A hold-out beside the strategy "holdout" is left out: that strategy is the hold-out.

    Parameters
    ----------
    spec
        The config; `validation` and the seed are read.
    facts
        The rows, in time order where `facts.steps` says so.

    Raises
    ------
    TrainingError
        If there are too few rows, classes or groups for the strategy.
    """
    entry = get(spec.validation.strategy)
    parameters = ParameterValues({**entry.defaults(), **spec.validation.parameters})
    if entry.needs_time and facts.steps is None:
        raise TrainingError(f"{entry.title} needs a time column.", code="time_column_missing")
    if entry.needs_group and facts.groups is None:
        raise TrainingError(f"{entry.title} needs a group column.", code="group_column_missing")
    seed = spec.reproducibility.seed
    record = rows_after_warm_up(spec, facts)
    development, holdout = _hold_out(spec, facts.of(record), gap=int(parameters.get("gap") or 0), seed=seed)
    development, holdout = record[development], None if holdout is None else record[holdout]
    cut = entry.cut(facts.of(development), parameters, seed)
    folds = tuple(Fold(development[train], development[validation]) for train, validation in cut)
    if any(len(fold.train) < 2 or len(fold.validation) < 1 for fold in folds):
        raise TrainingError(
            f"{facts.rows:,} rows are too few for these folds. Choose fewer folds or a smaller gap.",
            code="too_few_rows",
        )
    return Split(folds, development, holdout)


def rows_after_warm_up(spec: Spec, facts: RowFacts) -> Rows:
    """Return the rows that are left when the first steps of every group's record are taken away.

    Raises
    ------
    TrainingError
        If time does not order the rows, or none is left.
    """
    warm_up = spec.validation.warm_up
    if not warm_up:
        return np.arange(facts.rows)
    if facts.ages is None:
        raise TrainingError("A warm-up needs a time column.", code="time_column_missing")
    left = np.flatnonzero(facts.ages >= warm_up)
    if len(left) < 2:
        message = f"A warm-up of {warm_up:,} steps leaves no rows. Choose a shorter one."
        raise TrainingError(message, code="warm_up_too_long")
    return left


def held_out_rows(spec: Spec, facts: RowFacts) -> Rows | None:
    """Return the rows that a hold-out keeps from all training, None where there are none.

    These are the rows held out, and with a last date or whole groups those that are not used because of it.

    Raises
    ------
    TrainingError
        If the rows cannot be divided.
    """
    seed, strategy = spec.reproducibility.seed, spec.validation.strategy
    record = rows_after_warm_up(spec, facts)
    facts = facts.of(record)
    if strategy is SplitStrategy.HOLDOUT:
        parameters = {**get(SplitStrategy.HOLDOUT).defaults(), **spec.validation.parameters}
        return record[hold_out_share(facts, float(parameters["percent"]) / 100, gap=0, seed=seed)[1]]
    if get(strategy).needs_group and facts.groups is None:
        raise TrainingError("There is no group column.", code="group_column_missing")
    if spec.validation.holdout is None:
        return None
    return record[np.setdiff1d(np.arange(facts.rows), _hold_out(spec, facts, gap=0, seed=seed)[0])]


def _hold_out(spec: Spec, facts: RowFacts, *, gap: int, seed: int) -> tuple[Rows, Rows | None]:
    holdout, strategy = spec.validation.holdout, spec.validation.strategy
    if holdout is None or strategy is SplitStrategy.HOLDOUT:
        return np.arange(facts.rows), None
    return get(strategy).hold_out(facts, holdout, gap, seed)


def fewest_left(count: int, rows: int, share: float) -> int:
    """Return how many of `count` alike rows surely stay for the folds when a stratified share of all rows is held out.

    scikit-learn gives each class the whole part of its share of the training rows, and the rows left over to some.
    """
    current = max(1, round(rows * share)) if share > 0 else 0
    return count * (rows - current) // max(rows, 1)


def longest_gap(moments: int) -> int:
    """Return how many steps a gap may take before it costs more training than what is shared at the border is worth.

    One in twenty: with five folds and a hold-out the first fold then keeps about half of what it would train on.
    """
    return int(moments * MAX_GAP_SHARE)
