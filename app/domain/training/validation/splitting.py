"""Who trains and who judges: the strategies as data, and the folds they make.

Whatever the strategy, rows held out at the end are never seen by a fold. Where there is a time column, rows are put in
its order once; "gap" then counts rows left out between training and judging.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import Parameter, ParameterValues
from app.domain.experiment import Spec
from app.domain.vocabulary import Level, SplitStrategy, TaskKind

__all__ = [
    "MAX_GAP_SHARE",
    "MAX_GROUP_FOLDS",
    "STRATEGIES",
    "Fold",
    "RowFacts",
    "Split",
    "StrategyEntry",
    "get",
    "held_out_rows",
    "make_split",
]

Rows = NDArray[np.intp]
ALL = tuple(TaskKind)
CLASSES = (TaskKind.BINARY, TaskKind.MULTICLASS)


@dataclass(frozen=True)
class StrategyEntry:
    """One strategy: what it protects against, when it misleads, and what it needs."""

    id: SplitStrategy
    title: str
    summary: str
    protects: str
    misleads: str
    parameters: tuple[Parameter, ...]
    tasks: tuple[TaskKind, ...] = ALL
    needs_time: bool = False
    needs_group: bool = False
    shuffles: bool = True

    def defaults(self) -> ParameterValues:
        """Return every parameter's default."""
        return ParameterValues({parameter.name: parameter.default for parameter in self.parameters})

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return next((item for item in self.parameters if item.name == name), None)


FOLDS = Parameter("n_splits", "Folds", "integer", 5, "More folds train on more rows and take longer.", low=2, high=20)

STRATEGIES: tuple[StrategyEntry, ...] = (
    StrategyEntry(
        SplitStrategy.TIME_SERIES,
        "Forward in time",
        "Each fold trains on the past and is validated on what follows.",
        "Protects against validating a day by its neighbours.",
        "Misleads when the site itself changed, as after a dam.",
        (
            FOLDS,
            Parameter(
                "gap",
                "Gap",
                "integer",
                0,
                "Steps left out between training and judging.",
                low=0,
                high=100_000,
                unit="steps",
            ),
            Parameter(
                "window",
                "Training window",
                "choice",
                "expanding",
                "Rolling forgets the oldest rows.",
                level=Level.ADVANCED,
                choices=(("expanding", "Expanding"), ("rolling", "Rolling")),
            ),
        ),
        needs_time=True,
        shuffles=False,
    ),
    StrategyEntry(
        SplitStrategy.HOLDOUT,
        "Hold-out",
        "One split: fast, but depends on chance.",
        "Protects against nothing more than seeing the same row twice.",
        "Misleads on few rows: another cut may score very differently.",
        (Parameter("percent", "Rows that judge", "number", 20, "The rest trains.", low=1, high=80, unit="%"),),
    ),
    StrategyEntry(
        SplitStrategy.K_FOLD,
        "k-fold",
        "Every row validates once; the others train.",
        "Protects against the luck of one split.",
        "Misleads when neighbouring rows are alike, as days or sites are.",
        (FOLDS,),
    ),
    StrategyEntry(
        SplitStrategy.STRATIFIED_K_FOLD,
        "Stratified k-fold",
        "As k-fold, with the share of each class kept in every fold.",
        "Protects rare classes from missing in a fold.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS,),
        tasks=CLASSES,
    ),
    StrategyEntry(
        SplitStrategy.REPEATED_K_FOLD,
        "Repeated k-fold",
        "k-fold several times over, with new draws.",
        "Protects against the luck of the draw on few rows.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS, Parameter("n_repeats", "Repeats", "integer", 3, "More repeats steady the mean.", low=2, high=20)),
    ),
    StrategyEntry(
        SplitStrategy.GROUP_K_FOLD,
        "Group k-fold",
        "Whole sites or basins stay together.",
        "Protects against judging a site by its own other rows.",
        "Misleads when the future of known sites is what you need.",
        (FOLDS,),
        needs_group=True,
    ),
    StrategyEntry(
        SplitStrategy.LEAVE_ONE_GROUP_OUT,
        "Leave one group out",
        "Each site validates once, unseen.",
        "Answers how well it travels to a new site.",
        "Takes one fit for every group.",
        (),
        needs_group=True,
    ),
)
_BY_ID = {entry.id: entry for entry in STRATEGIES}
MAX_GROUP_FOLDS = 200
MAX_GAP_SHARE = 0.05
FEW_GROUPS = "too_few_groups"


def get(strategy: SplitStrategy | str) -> StrategyEntry:
    """Return the entry of a strategy; KeyError or ValueError if there is none."""
    return _BY_ID[SplitStrategy(strategy)]


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
    """What splitting may look at: how many rows, classes for stratifying, groups, and the time step of each row.

    `steps` has shape (rows,) and never falls: 0 for all rows of the first moment, 1 for those of the next, and so on.
    It is None where time does not order the rows. Cuts fall between steps, so that rows of one moment stay together
    and a gap counts moments however many sites were measured at each.
    """

    rows: int
    classes: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    steps: NDArray[np.intp] | None = None

    def of(self, rows: Rows) -> RowFacts:
        """Return the facts of some of the rows."""
        steps = None if self.steps is None else np.unique(self.steps[rows], return_inverse=True)[1]
        return RowFacts(
            rows=len(rows),
            classes=None if self.classes is None else self.classes[rows],
            groups=None if self.groups is None else self.groups[rows],
            steps=steps,
        )


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
        raise TrainingError("Forward in time needs a time column.", code="time_column_missing")
    if entry.needs_group and facts.groups is None:
        raise TrainingError(f"{entry.title} needs a group column.", code="group_column_missing")
    seed = spec.reproducibility.seed
    development, holdout = _hold_out(spec, facts, gap=int(parameters.get("gap") or 0), seed=seed)
    cut = _folds(entry.id, parameters, facts.of(development), seed)
    folds = tuple(Fold(development[train], development[validation]) for train, validation in cut)
    if any(len(fold.train) < 2 or len(fold.validation) < 1 for fold in folds):
        raise TrainingError(
            f"{facts.rows:,} rows are too few for these folds. Choose fewer folds or a smaller gap.",
            code="too_few_rows",
        )
    return Split(folds, development, holdout)


def held_out_rows(spec: Spec, facts: RowFacts) -> Rows | None:
    """Return the rows that a config keeps from all training, None where there are none.

    Raises
    ------
    TrainingError
        If the rows cannot be divided.
    """
    seed = spec.reproducibility.seed
    if spec.validation.strategy is SplitStrategy.HOLDOUT:
        parameters = {**get(SplitStrategy.HOLDOUT).defaults(), **spec.validation.parameters}
        return _one_cut(facts, float(parameters["percent"]) / 100, gap=0, seed=seed)[1]
    if get(spec.validation.strategy).needs_group and facts.groups is None:
        raise TrainingError("There is no group column.", code="group_column_missing")
    return _hold_out(spec, facts, gap=0, seed=seed)[1]


def _hold_out(spec: Spec, facts: RowFacts, *, gap: int, seed: int) -> tuple[Rows, Rows | None]:
    held, strategy = spec.validation.holdout, spec.validation.strategy
    if held is None or strategy is SplitStrategy.HOLDOUT:
        return np.arange(facts.rows), None
    if get(strategy).needs_group:
        return _whole_groups_out(facts, held.fraction, seed)
    return _one_cut(facts, held.fraction, gap=gap, seed=seed)


def _whole_groups_out(facts: RowFacts, share: float, seed: int) -> tuple[Rows, Rows]:
    from sklearn.model_selection import GroupShuffleSplit

    groups = 0 if facts.groups is None else len(np.unique(facts.groups))
    if groups - math.ceil(groups * share) < 1:
        raise TrainingError("One group cannot be divided into those that train and those that judge.", code=FEW_GROUPS)
    splitter = GroupShuffleSplit(1, test_size=share, random_state=seed)
    rest, out = next(splitter.split(np.arange(facts.rows), groups=facts.groups))
    return np.sort(rest), np.sort(out)


def _one_cut(facts: RowFacts, share: float, *, gap: int, seed: int) -> tuple[Rows, Rows]:
    """Keep the last share of the steps, or a random share of the rows where time does not order them."""
    from sklearn.model_selection import train_test_split

    if facts.steps is not None:
        moments = int(facts.steps[-1]) + 1 if facts.rows else 0
        first = moments - max(1, round(moments * share))
        return _between(facts.steps, 0, first - gap), _between(facts.steps, first, moments)
    count = max(1, round(facts.rows * share))
    if facts.rows - count < 1:
        raise TrainingError(f"{facts.rows} rows cannot be divided.", code="too_few_rows")
    classes = _stratifiable(facts.classes, smallest_part=min(count, facts.rows - count))
    rest, out = train_test_split(np.arange(facts.rows), test_size=count, random_state=seed, stratify=classes)
    return np.sort(rest), np.sort(out)


def fewest_left(count: int, rows: int, share: float) -> int:
    """Return how many of `count` alike rows surely stay for the folds when a stratified share of all rows is held out.

    scikit-learn gives each class the whole part of its share of the training rows, and the rows left over to some.
    """
    held = max(1, round(rows * share)) if share > 0 else 0
    return count * (rows - held) // max(rows, 1)


def longest_gap(moments: int) -> int:
    """Return how many steps a gap may take before it costs more training than what is shared at the border is worth.

    One in twenty: with five folds and a hold-out the first fold then keeps about half of what it would train on.
    """
    return int(moments * MAX_GAP_SHARE)


def _between(steps: NDArray[np.intp], first: int, end: int) -> Rows:
    """Return the rows whose step is at least `first` and less than `end`."""
    low, high = np.searchsorted(steps, [first, max(first, end)])
    return np.arange(low, high)


def _stratifiable(classes: NDArray[Any] | None, *, smallest_part: int) -> NDArray[Any] | None:
    """Return the classes where each can stand on both sides of a cut, else None."""
    if classes is None:
        return None
    counts = np.unique(classes, return_counts=True)[1]
    return classes if counts.min() >= 2 and len(counts) <= smallest_part else None


def _folds(
    strategy: SplitStrategy, parameters: ParameterValues, facts: RowFacts, seed: int
) -> Iterator[tuple[Rows, Rows]]:
    from sklearn import model_selection as ms

    rows = np.zeros(facts.rows)
    folds = int(parameters.get("n_splits") or 5)
    _refuse_too_few(strategy, folds, facts)
    if strategy is SplitStrategy.TIME_SERIES and facts.steps is not None:
        rolling = parameters["window"] == "rolling"
        yield from _forward(facts.steps, folds, int(parameters["gap"] or 0), rolling=rolling)
    elif strategy is SplitStrategy.HOLDOUT:
        yield _one_cut(facts, float(parameters["percent"]) / 100, gap=0, seed=seed)
    elif strategy is SplitStrategy.K_FOLD:
        yield from ms.KFold(folds, shuffle=True, random_state=seed).split(rows)
    elif strategy is SplitStrategy.STRATIFIED_K_FOLD:
        yield from ms.StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, facts.classes)
    elif strategy is SplitStrategy.REPEATED_K_FOLD:
        yield from _repeat_folds(facts, folds, int(parameters["n_repeats"]), seed)
    elif strategy is SplitStrategy.GROUP_K_FOLD:
        yield from ms.GroupKFold(folds).split(rows, groups=facts.groups)
    else:
        yield from ms.LeaveOneGroupOut().split(rows, groups=facts.groups)


def _repeat_folds(facts: RowFacts, folds: int, repeats: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    from sklearn import model_selection as ms

    rows = np.zeros(facts.rows)
    if facts.classes is not None and _smallest(facts.classes) >= folds:
        repeated = ms.RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
        yield from repeated.split(rows, facts.classes)
    else:
        yield from ms.RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=seed).split(rows)


def _smallest(classes: NDArray[Any]) -> int:
    return int(np.unique(classes, return_counts=True)[1].min())


def _refuse_too_few(strategy: SplitStrategy, folds: int, facts: RowFacts) -> None:
    if (
        strategy in (SplitStrategy.K_FOLD, SplitStrategy.REPEATED_K_FOLD, SplitStrategy.STRATIFIED_K_FOLD)
        and facts.rows < folds
    ):
        raise TrainingError(f"{facts.rows} rows cannot make {folds} folds.", code="too_few_rows")
    if strategy is SplitStrategy.STRATIFIED_K_FOLD:
        if facts.classes is None:
            raise TrainingError("Stratified folds need classes; the target is a number.", code="strategy_needs_classes")
        if _smallest(facts.classes) < folds:
            raise TrainingError(
                f"The rarest class has {_smallest(facts.classes)} rows, fewer than {folds} folds.", code="rare_class"
            )
    if facts.groups is not None and strategy in (SplitStrategy.GROUP_K_FOLD, SplitStrategy.LEAVE_ONE_GROUP_OUT):
        groups = len(np.unique(facts.groups))
        least = folds if strategy is SplitStrategy.GROUP_K_FOLD else 2
        if groups < least:
            raise TrainingError(f"There are {groups} groups, fewer than {least} folds.", code=FEW_GROUPS)
        if strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT and groups > MAX_GROUP_FOLDS:
            raise TrainingError(
                f"{groups:,} groups would mean as many fits. Choose group k-fold instead.", code="too_many_groups"
            )


def _forward(steps: NDArray[np.intp], folds: int, gap: int, *, rolling: bool) -> Iterator[tuple[Rows, Rows]]:
    moments = int(steps[-1]) + 1 if len(steps) else 0
    size = moments // (folds + 1)
    # What the first fold trains on; a rolling window keeps this length for all folds.
    length = moments - folds * size - gap
    if size < 1 or length < 2:
        raise TrainingError(
            f"{moments:,} time steps are too few for {folds} folds with a gap of {gap:,}. "
            "Choose fewer folds or a smaller gap.",
            code="gap_too_long",
        )
    for fold in range(folds):
        start = moments - (folds - fold) * size
        first = start - gap - length if rolling else 0
        yield _between(steps, first, start - gap), _between(steps, start, start + size)
