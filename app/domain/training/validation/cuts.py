"""Functions that cut rows into folds, one for each split strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import ParameterValues
from app.domain.training.validation.holdouts import TOO_FEW_GROUPS, hold_out_share
from app.domain.training.validation.split_rows import RowFacts, Rows, group_codes, rows_between

MAX_GROUP_FOLDS = 200
# Positions that train and that judge, fold by fold.
Cut: TypeAlias = Iterator[tuple[Rows, Rows]]
# A strategy's own function: the facts of the rows that the folds share, its parameters (complete), the seed.
CutRows: TypeAlias = Callable[[RowFacts, ParameterValues, int], Cut]


def cut_forward(facts: RowFacts, parameters: ParameterValues, _seed: int) -> Cut:
    """Yield folds that train on the past and judge what follows; where asked for, each judges whole water years."""
    if facts.steps is None:
        raise TrainingError("Forward in time needs a time column.", code="time_column_missing")
    rolling, folds = parameters["window"] == "rolling", _folds_of(parameters)
    units = None
    if parameters["align"] == "water_year" and facts.times is not None:
        units = _water_years_of(facts.steps, facts.times, int(parameters["start_month"]))
    for train, judged in _forward_spans(facts.steps, folds, int(parameters["gap"] or 0), units=units, rolling=rolling):
        yield rows_between(facts.steps, *train), rows_between(facts.steps, *judged)


def cut_groups_forward(facts: RowFacts, parameters: ParameterValues, seed: int) -> Cut:
    """Yield folds that train on some groups and judge others in a later period; each group judges in one period."""
    if facts.steps is None:
        raise TrainingError("New sites in new years needs a time column.", code="time_column_missing")
    steps, periods = facts.steps, _forward_spans(facts.steps, _folds_of(parameters), int(parameters["gap"] or 0))
    for (_train, apart), (train, judged) in zip(cut_groups(facts, parameters, seed), periods, strict=True):
        earlier, later = rows_between(steps, *train), rows_between(steps, *judged)
        yield np.setdiff1d(earlier, apart, assume_unique=True), np.intersect1d(later, apart, assume_unique=True)


def cut_once(facts: RowFacts, parameters: ParameterValues, seed: int) -> Cut:
    """Yield one fold: the last rows in time, or drawn rows, judge."""
    yield hold_out_share(facts, float(parameters["percent"]) / 100, gap=0, seed=seed)


def cut_k_fold(facts: RowFacts, parameters: ParameterValues, seed: int) -> Cut:
    """Yield folds of drawn rows."""
    from sklearn.model_selection import KFold

    folds = _folds_of(parameters)
    _refuse_few_rows(facts, folds)
    yield from KFold(folds, shuffle=True, random_state=seed).split(np.zeros(facts.rows))


def cut_stratified(facts: RowFacts, parameters: ParameterValues, seed: int) -> Cut:
    """Yield folds of drawn rows that keep the share of each class."""
    from sklearn.model_selection import StratifiedKFold

    folds = _folds_of(parameters)
    _refuse_few_rows(facts, folds)
    if facts.classes is None:
        raise TrainingError("Stratified folds need classes; the target is a number.", code="strategy_needs_classes")
    smallest = _smallest_class(facts.classes)
    if smallest < folds:
        raise TrainingError(f"The rarest class has {smallest} rows, fewer than {folds} folds.", code="rare_class")
    yield from StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(facts.rows), facts.classes)


def cut_repeatedly(facts: RowFacts, parameters: ParameterValues, seed: int) -> Cut:
    """Yield folds of drawn rows, drawn anew for every repeat; they keep the share of each class where they can."""
    from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

    folds, repeats, rows = _folds_of(parameters), int(parameters["n_repeats"]), np.zeros(facts.rows)
    _refuse_few_rows(facts, folds)
    if facts.classes is not None and _smallest_class(facts.classes) >= folds:
        repeated = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
        yield from repeated.split(rows, facts.classes)
    else:
        yield from RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=seed).split(rows)


def cut_groups(facts: RowFacts, parameters: ParameterValues, _seed: int) -> Cut:
    """Yield folds of whole groups."""
    from sklearn.model_selection import GroupKFold

    folds = _folds_of(parameters)
    _refuse_few_groups(facts, folds)
    yield from GroupKFold(folds).split(np.zeros(facts.rows), groups=_codes_of(facts))


def cut_each_group(facts: RowFacts, _parameters: ParameterValues, _seed: int) -> Cut:
    """Yield one fold for each group."""
    from sklearn.model_selection import LeaveOneGroupOut

    groups = _refuse_few_groups(facts, 2)
    if groups > MAX_GROUP_FOLDS:
        raise TrainingError(
            f"{groups:,} groups would mean as many fits. Choose group k-fold instead.", code="too_many_groups"
        )
    yield from LeaveOneGroupOut().split(np.zeros(facts.rows), groups=_codes_of(facts))


def _codes_of(facts: RowFacts) -> NDArray[np.intp]:
    return np.zeros(facts.rows, dtype=np.intp) if facts.groups is None else group_codes(facts.groups)[0]


def _folds_of(parameters: ParameterValues) -> int:
    return int(parameters.get("n_splits") or 5)


def _smallest_class(classes: NDArray[Any]) -> int:
    return int(np.unique(classes, return_counts=True)[1].min())


def _refuse_few_rows(facts: RowFacts, folds: int) -> None:
    if facts.rows < folds:
        raise TrainingError(f"{facts.rows} rows cannot make {folds} folds.", code="too_few_rows")


def _refuse_few_groups(facts: RowFacts, least: int) -> int:
    """Return how many groups there are."""
    groups = 0 if facts.groups is None else len(group_codes(facts.groups)[1])
    if groups < least:
        raise TrainingError(f"There are {groups} groups, fewer than {least} folds.", code=TOO_FEW_GROUPS)
    return groups


def _water_years_of(steps: NDArray[np.intp], times: NDArray[np.datetime64], month: int) -> NDArray[np.intp]:
    """Return the number of the water year of each moment, shape (moments,), counting those that hold a row."""
    moments = times[np.unique(steps, return_index=True)[1]].astype("datetime64[M]")
    years = (moments - (month - 1)).astype("datetime64[Y]")
    return np.unique(years, return_inverse=True)[1]


Span: TypeAlias = tuple[int, int]


def _forward_spans(
    steps: NDArray[np.intp], folds: int, gap: int, *, units: NDArray[np.intp] | None = None, rolling: bool = False
) -> Iterator[tuple[Span, Span]]:
    """Yield the steps that train and those that judge, each as first and end.

    `units` numbers the moments in parts that no cut divides, such as water years; without it each is a part.
    """
    moments = int(steps[-1]) + 1 if len(steps) else 0
    parts = moments if units is None else int(units[-1]) + 1 if len(units) else 0
    size = parts // (folds + 1)

    def first_of(part: int) -> int:
        return part if units is None else int(np.searchsorted(units, part))

    # What the first fold trains on; a rolling window keeps this length for all folds.
    kept = parts - folds * size
    if units is not None and size < 1:
        message = f"The record touches {parts:,} water years, too few for {folds} folds. Choose fewer folds."
        raise TrainingError(message, code="too_few_years")
    if size < 1 or first_of(kept) - gap < 2:
        raise TrainingError(
            f"{moments:,} time steps are too few for {folds} folds with a gap of {gap:,}. "
            "Choose fewer folds or a smaller gap.",
            code="gap_too_long",
        )
    for fold in range(folds):
        part = parts - (folds - fold) * size
        start, first = first_of(part), first_of(part - kept) if rolling else 0
        yield (first, max(first, start - gap)), (start, first_of(part + size))
