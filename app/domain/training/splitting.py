"""Who trains and who judges: the strategies as data, and the folds they make.

Whatever the strategy, rows held out at the end are never seen by a fold. Where there is a time column, rows are put in
its order once; "gap" then counts rows left out between training and judging.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Spec
from app.domain.vocabulary import Level, Strategy, TaskKind

Rows = NDArray[np.intp]
ALL = tuple(TaskKind)
CLASSES = (TaskKind.BINARY, TaskKind.MULTICLASS)


@dataclass(frozen=True)
class StrategyEntry:
    """One strategy: what it protects against, when it misleads, and what it needs."""

    id: Strategy
    title: str
    summary: str
    protects: str
    misleads: str
    parameters: tuple[Parameter, ...]
    tasks: tuple[TaskKind, ...] = ALL
    needs_time: bool = False
    needs_group: bool = False
    shuffles: bool = True

    def defaults(self) -> dict[str, Any]:
        """Return every parameter's default."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return next((item for item in self.parameters if item.name == name), None)


FOLDS = Parameter("n_splits", "Folds", "integer", 5, "More folds train on more rows and take longer.", low=2, high=20)

STRATEGIES: tuple[StrategyEntry, ...] = (
    StrategyEntry(
        Strategy.TIME_SERIES,
        "Forward in time",
        "Each fold trains on the past and is judged on what follows.",
        "Protects against judging a day by its neighbours.",
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
        Strategy.HOLDOUT,
        "Hold-out",
        "One cut. Quick, and one draw of luck.",
        "Protects against nothing more than seeing the same row twice.",
        "Misleads on few rows: another cut may score very differently.",
        (Parameter("percent", "Rows that judge", "number", 20, "The rest trains.", low=1, high=80, unit="%"),),
    ),
    StrategyEntry(
        Strategy.K_FOLD,
        "k-fold",
        "Every row judges once; the others train.",
        "Protects against the luck of one cut.",
        "Misleads when neighbouring rows are alike, as days or sites are.",
        (FOLDS,),
    ),
    StrategyEntry(
        Strategy.STRATIFIED_K_FOLD,
        "Stratified k-fold",
        "As k-fold, with the share of each class kept in every fold.",
        "Protects rare classes from missing in a fold.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS,),
        tasks=CLASSES,
    ),
    StrategyEntry(
        Strategy.REPEATED_K_FOLD,
        "Repeated k-fold",
        "k-fold several times over, with new draws.",
        "Protects against the luck of the draw on few rows.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS, Parameter("n_repeats", "Repeats", "integer", 3, "More repeats steady the mean.", low=2, high=20)),
    ),
    StrategyEntry(
        Strategy.GROUP_K_FOLD,
        "Group k-fold",
        "Whole sites or basins stay together.",
        "Protects against judging a site by its own other rows.",
        "Misleads when the future of known sites is what you need.",
        (FOLDS,),
        needs_group=True,
    ),
    StrategyEntry(
        Strategy.LEAVE_ONE_GROUP_OUT,
        "Leave one group out",
        "Each site judges once, unseen.",
        "Answers how well it travels to a new site.",
        "Takes one fit for every group.",
        (),
        needs_group=True,
    ),
)
_BY_ID = {entry.id: entry for entry in STRATEGIES}
MAX_GROUP_FOLDS = 200


def get(strategy: Strategy | str) -> StrategyEntry:
    """Return the entry of a strategy; KeyError or ValueError if there is none."""
    return _BY_ID[Strategy(strategy)]


@dataclass(frozen=True)
class Fold:
    """Row positions (in the order given by `Split.order`) that train and that judge."""

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
    """What splitting may look at: the number of rows, classes for stratifying, groups, and whether time orders them."""

    rows: int
    classes: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    ordered: bool = False


def make_split(spec: Spec, facts: RowFacts) -> Split:
    """Return the folds of a config.

    Parameters
    ----------
    spec
        The config; `validation` and the seed are read.
    facts
        The rows, already in time order where `facts.ordered`.

    Raises
    ------
    TrainingError
        If there are too few rows, classes or groups for the strategy.
    """
    strategy = spec.validation.strategy
    entry = get(strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    if entry.needs_time and not facts.ordered:
        raise TrainingError("Forward in time needs a time column.", code="time_column_missing")
    if entry.needs_group and facts.groups is None:
        raise TrainingError(f"{entry.title} needs a group column.", code="group_column_missing")
    seed = spec.reproducibility.seed
    gap = int(parameters.get("gap") or 0)
    development, holdout = _hold_out(spec, facts, gap=gap, seed=seed)
    inner = RowFacts(
        rows=len(development),
        classes=None if facts.classes is None else facts.classes[development],
        groups=None if facts.groups is None else facts.groups[development],
        ordered=facts.ordered,
    )
    folds = tuple(
        Fold(development[train], development[validation])
        for train, validation in _folds(strategy, parameters, inner, seed)
    )
    for fold in folds:
        if len(fold.train) < 2 or len(fold.validation) < 1:
            raise TrainingError(
                f"{facts.rows:,} rows are too few for these folds. Choose fewer folds or a smaller gap.",
                code="too_few_rows",
            )
    return Split(folds, development, holdout)


def _hold_out(spec: Spec, facts: RowFacts, *, gap: int, seed: int) -> tuple[Rows, Rows | None]:
    everything = np.arange(facts.rows)
    held = spec.validation.holdout
    if held is None or spec.validation.strategy is Strategy.HOLDOUT:
        return everything, None
    count = max(1, round(facts.rows * held.fraction))
    if facts.ordered and not get(spec.validation.strategy).needs_group:
        return everything[: max(0, facts.rows - count - gap)], everything[facts.rows - count :]
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    if get(spec.validation.strategy).needs_group and facts.groups is not None:
        splitter = GroupShuffleSplit(1, test_size=held.fraction, random_state=seed)
        rest, out = next(splitter.split(everything, groups=facts.groups))
        return np.sort(rest), np.sort(out)
    rest, out = train_test_split(everything, test_size=count, random_state=seed, stratify=_stratifiable(facts.classes))
    return np.sort(rest), np.sort(out)


def _stratifiable(classes: NDArray[Any] | None) -> NDArray[Any] | None:
    if classes is None:
        return None
    _, counts = np.unique(classes, return_counts=True)
    return classes if counts.min() >= 2 else None


def _folds(strategy: Strategy, parameters: dict[str, Any], facts: RowFacts, seed: int) -> Iterator[tuple[Rows, Rows]]:
    from sklearn import model_selection as ms

    rows = np.zeros(facts.rows)
    folds = int(parameters.get("n_splits") or 5)
    _refuse_too_few(strategy, folds, facts)
    if strategy is Strategy.TIME_SERIES:
        yield from _forward(facts.rows, folds, int(parameters["gap"] or 0), rolling=parameters["window"] == "rolling")
    elif strategy is Strategy.HOLDOUT:
        yield _one_cut(facts, float(parameters["percent"]) / 100, seed)
    elif strategy is Strategy.K_FOLD:
        yield from ms.KFold(folds, shuffle=True, random_state=seed).split(rows)
    elif strategy is Strategy.STRATIFIED_K_FOLD:
        yield from ms.StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, facts.classes)
    elif strategy is Strategy.REPEATED_K_FOLD:
        repeats = int(parameters["n_repeats"])
        if facts.classes is not None and _smallest(facts.classes) >= folds:
            repeated = ms.RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
            yield from repeated.split(rows, facts.classes)
        else:
            yield from ms.RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=seed).split(rows)
    elif strategy is Strategy.GROUP_K_FOLD:
        yield from ms.GroupKFold(folds).split(rows, groups=facts.groups)
    else:
        yield from ms.LeaveOneGroupOut().split(rows, groups=facts.groups)


def _smallest(classes: NDArray[Any]) -> int:
    return int(np.unique(classes, return_counts=True)[1].min())


def _refuse_too_few(strategy: Strategy, folds: int, facts: RowFacts) -> None:
    if strategy in (Strategy.K_FOLD, Strategy.REPEATED_K_FOLD, Strategy.STRATIFIED_K_FOLD) and facts.rows < folds:
        raise TrainingError(f"{facts.rows} rows cannot make {folds} folds.", code="too_few_rows")
    if strategy is Strategy.STRATIFIED_K_FOLD:
        if facts.classes is None:
            raise TrainingError("Stratified folds need classes; the target is a number.", code="strategy_needs_classes")
        if _smallest(facts.classes) < folds:
            raise TrainingError(
                f"The rarest class has {_smallest(facts.classes)} rows, fewer than {folds} folds.", code="rare_class"
            )
    if facts.groups is not None and strategy in (Strategy.GROUP_K_FOLD, Strategy.LEAVE_ONE_GROUP_OUT):
        groups = len(np.unique(facts.groups))
        least = folds if strategy is Strategy.GROUP_K_FOLD else 2
        if groups < least:
            raise TrainingError(f"There are {groups} groups, fewer than {least} folds.", code="too_few_groups")
        if strategy is Strategy.LEAVE_ONE_GROUP_OUT and groups > MAX_GROUP_FOLDS:
            raise TrainingError(
                f"{groups:,} groups would mean as many fits. Choose group k-fold instead.", code="too_many_groups"
            )


def _one_cut(facts: RowFacts, share: float, seed: int) -> tuple[Rows, Rows]:
    from sklearn.model_selection import train_test_split

    everything = np.arange(facts.rows)
    count = max(1, round(facts.rows * share))
    if facts.ordered:
        return everything[: facts.rows - count], everything[facts.rows - count :]
    train, out = train_test_split(everything, test_size=count, random_state=seed, stratify=_stratifiable(facts.classes))
    return np.sort(train), np.sort(out)


def _forward(rows: int, folds: int, gap: int, *, rolling: bool) -> Iterator[tuple[Rows, Rows]]:
    size = rows // (folds + 1)
    if size < 1 or rows - folds * size - gap < 2:
        raise TrainingError(
            f"{rows:,} rows are too few for {folds} folds with a gap of {gap:,}. Choose fewer folds or a smaller gap.",
            code="gap_too_long",
        )
    for fold in range(folds):
        start = rows - (folds - fold) * size
        end = start - gap
        first = max(0, end - (rows - folds * size)) if rolling else 0
        yield np.arange(first, end), np.arange(start, start + size)


def picture(
    strategy: Strategy, parameters: dict[str, Any], *, holdout: float = 0.0, rows: int = 1000, most: int = 10
) -> list[list[tuple[str, float, float]]]:
    """Return the split as stripes to draw: per fold a list of (kind, start, end) with fractions of all rows.

    Kinds are train, valid, gap, unused and hold. Group and shuffled strategies are drawn as blocks or scattered
    stripes, which says what they do; forward in time is drawn to scale.
    """
    end = 1.0 - (holdout if strategy is not Strategy.HOLDOUT else 0.0)
    hold = [("hold", end, 1.0)] if end < 1 else []
    folds = max(2, min(int(parameters.get("n_splits") or 5), 20))
    if strategy is Strategy.TIME_SERIES:
        gap = min(float(parameters.get("gap") or 0) / max(rows, 1), 0.2)
        rolling = parameters.get("window") == "rolling"
        lines = [_forward_stripes(fold, folds, gap, end, rolling=rolling) for fold in range(folds)]
    elif strategy is Strategy.HOLDOUT:
        cut = 1 - float(parameters.get("percent") or 20) / 100
        lines = [[("train", 0.0, cut), ("valid", cut, 1.0)]]
    elif strategy in (Strategy.GROUP_K_FOLD, Strategy.LEAVE_ONE_GROUP_OUT):
        lines = [_block_stripes(fold, folds, end) for fold in range(folds)]
    else:
        lines = [_scattered_stripes(fold, folds, end) for fold in range(folds)]
    return [[*line, *hold] for line in lines[:most]]


def _forward_stripes(fold: int, folds: int, gap: float, end: float, *, rolling: bool) -> list[tuple[str, float, float]]:
    size = end / (folds + 1)
    start = end - (folds - fold) * size
    trained = max(start - gap, 0.01)
    first = max(0.0, trained - size) if rolling else 0.0
    parts = [("unused", 0.0, first), ("train", first, trained), ("gap", trained, start)]
    parts += [("valid", start, start + size), ("unused", start + size, end)]
    return [(kind, round(low, 4), round(high, 4)) for kind, low, high in parts if high - low > 1e-6]


def _block_stripes(fold: int, folds: int, end: float) -> list[tuple[str, float, float]]:
    low, high = end * fold / folds, end * (fold + 1) / folds
    parts = [("train", 0.0, low), ("valid", low, high), ("train", high, end)]
    return [(kind, round(a, 4), round(b, 4)) for kind, a, b in parts if b - a > 1e-6]


def _scattered_stripes(fold: int, folds: int, end: float) -> list[tuple[str, float, float]]:
    cells = 4 * folds
    # A fixed stride scatters the judging cells without any randomness, so the picture never flickers.
    chosen = {(fold + step * (folds + 2)) % cells for step in range(4)}
    return [
        ("valid" if cell in chosen else "train", round(end * cell / cells, 4), round(end * (cell + 1) / cells, 4))
        for cell in range(cells)
    ]
