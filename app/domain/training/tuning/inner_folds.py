"""Inner folds: the training rows of a fold divided again for the search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.experiment import Spec, ValidationPart
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.splitting import Fold, RowFacts, Rows, get, make_split
from app.domain.vocabulary import SplitStrategy

MIN_FOLDS = 2
# A single row has no spread, so that no efficiency is defined on it.
MIN_ROWS = 2


def facts_of(table: TrainingTable) -> RowFacts:
    """Return the facts that splitting may look at."""
    return RowFacts(
        rows=len(table.target),
        classes=table.target if table.labels else None,
        groups=table.groups,
        steps=None if table.times is None else pd.factorize(table.times)[0],
        times=None if table.times is None else seconds_of(table.times),
        ages=table.ages,
    )


def seconds_of(times: pd.Series) -> NDArray[np.datetime64]:
    """Return moments to the second, as the clock of the file says them."""
    index = pd.DatetimeIndex(times)
    return (index if index.tz is None else index.tz_localize(None)).to_numpy().astype("datetime64[s]")


def inner_strategy(strategy: SplitStrategy, *, classes: bool) -> SplitStrategy:
    """Return the strategy that divides training rows as `strategy` divides all rows.

    Repeats are left out, one group out becomes folds of groups, and classes keep their shares.
    """
    if strategy is SplitStrategy.GROUP_TIME_SERIES:
        return strategy
    if get(strategy).needs_group:
        return SplitStrategy.GROUP_K_FOLD
    if strategy in (SplitStrategy.TIME_SERIES, SplitStrategy.HOLDOUT, SplitStrategy.MASKED_BLOCKS):
        return strategy
    return SplitStrategy.STRATIFIED_K_FOLD if classes else SplitStrategy.K_FOLD


def inner_folds(spec: Spec, facts: RowFacts, rows: Rows) -> tuple[Fold, ...]:
    """Return the folds within some rows, as positions in the table.

    Where the rows cannot make as many folds as the config says, they make as many as they can.

    Parameters
    ----------
    spec
        The config; `validation`, `model.tuning.inner` and the seed are read.
    facts
        All rows of the table.
    rows
        The rows that train: no other row is in any of the folds.

    Raises
    ------
    TrainingError
        If the rows cannot make two folds, each with more than one class to train on.
    """
    own = facts.of(rows)
    for folds in range(spec.model.tuning.inner, MIN_FOLDS - 1, -1):
        for strategy in _inner_strategies(spec, own):
            try:
                split = make_split(_inner_spec(spec, strategy, folds), own)
            except TrainingError:
                continue
            results = [Fold(rows[fold.train], rows[fold.validation]) for fold in split.folds]
            usable = tuple(item for item in results if _can_be_used(facts, item))
            if len(usable) == len(results):
                return usable
    raise TrainingError(
        f"{len(rows):,} training rows cannot be divided again for the search. Take fewer folds, or switch tuning off.",
        code="inner_folds_impossible",
    )


def _inner_strategies(spec: Spec, facts: RowFacts) -> list[SplitStrategy]:
    best = inner_strategy(spec.validation.strategy, classes=facts.classes is not None)
    instead = {
        SplitStrategy.STRATIFIED_K_FOLD: SplitStrategy.K_FOLD,
        SplitStrategy.GROUP_TIME_SERIES: SplitStrategy.GROUP_K_FOLD,
    }
    return [best, instead[best]] if best in instead else [best]


def _inner_spec(spec: Spec, strategy: SplitStrategy, folds: int) -> Spec:
    known = {parameter.name for parameter in get(strategy).parameters}
    parameters: dict[str, Any] = {name: raw for name, raw in spec.validation.parameters.items() if name in known}
    # Few water years are left within a fold, so that its own folds begin anywhere.
    parameters.pop("align", None)
    if "n_splits" in known:
        parameters["n_splits"] = folds
    return spec.model_copy(update={"validation": ValidationPart(strategy=strategy, parameters=parameters)})


def _can_be_used(facts: RowFacts, fold: Fold) -> bool:
    several = facts.classes is None or len(np.unique(facts.classes[fold.train])) > 1
    return several and len(fold.validation) >= MIN_ROWS
