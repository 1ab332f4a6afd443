"""The picture of a split as stripes, from its folds or as a sketch of a strategy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.json_values import Settings
from app.domain.training.validation.split_rows import Fold, RowFacts, Rows, Split, group_codes
from app.domain.vocabulary import SplitStrategy

Stripe = tuple[str, float, float]
MAX_LINES = 10
CELLS_PER_FOLD = 4
# Rows that change sides more often are drawn by as many single rows, evenly taken from all.
MAX_STRIPES = 160
# Names beside one another on a narrow screen; of more, the first and the last are written.
MAX_NAMES_SIDE_BY_SIDE = 4
MAX_NAME = 14
KINDS = ("unused", "train", "valid", "gap", "hold")
UNUSED, TRAIN, VALID, GAP, HOLD = range(5)


@dataclass(frozen=True)
class SplitPicture:
    """A line of stripes for each fold, and places from 0 to 1 with the date or the name of a group that is there."""

    lines: tuple[tuple[Stripe, ...], ...]
    marks: tuple[tuple[float, str], ...]


def draw_split(split: Split, facts: RowFacts, *, by_group: bool, most: int = MAX_LINES) -> SplitPicture:
    """Return the picture of folds that were computed.

    Parameters
    ----------
    split, facts
        The folds as row positions, and what is known of the rows.
    by_group
        Whether the rows stand group by group, each in the order of time, and not in the order of time alone.
    most
        How many folds are drawn at most.

    Returns
    -------
    SplitPicture
        Each row takes the same width. Where rows change sides too often to be drawn, evenly taken ones stand for all.
    """
    order = np.arange(facts.rows)
    if by_group and facts.groups is not None:
        order = np.argsort(group_codes(facts.groups)[0], kind="stable")
    lines = (_kinds_of(fold, split, facts)[order] for fold in split.folds[:most])
    marks = _group_marks(facts, order) if by_group else _date_marks(facts)
    return SplitPicture(tuple(_make_stripes(kinds) for kinds in lines), marks)


def _kinds_of(fold: Fold, split: Split, facts: RowFacts) -> NDArray[np.int8]:
    kinds = np.full(facts.rows, UNUSED, dtype=np.int8)
    kinds[fold.train], kinds[fold.validation] = TRAIN, VALID
    pairs = [(fold.train, fold.validation)]
    if split.holdout is not None:
        kinds[split.holdout] = HOLD
        pairs.append((split.development, split.holdout))
    for before, after in pairs:
        kinds[_between_in_time(before, after, facts) & (kinds == UNUSED)] = GAP
    return kinds


def _between_in_time(before: Rows, after: Rows, facts: RowFacts) -> NDArray[np.bool_]:
    """Return the rows after all that train and before all that judge; none where these are not in turn."""
    if facts.steps is None or not len(before) or not len(after):
        return np.zeros(facts.rows, dtype=np.bool_)
    return (facts.steps > facts.steps[before].max()) & (facts.steps < facts.steps[after].min())


def _make_stripes(kinds: NDArray[np.int8]) -> tuple[Stripe, ...]:
    if np.count_nonzero(np.diff(kinds)) >= MAX_STRIPES:
        kinds = kinds[np.linspace(0, len(kinds) - 1, MAX_STRIPES).round().astype(np.intp)]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(kinds)) + 1])
    ends = np.append(starts[1:], len(kinds))
    return tuple(
        (KINDS[kinds[start]], round(start / len(kinds), 4), round(end / len(kinds), 4))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _date_marks(facts: RowFacts) -> tuple[tuple[float, str], ...]:
    if facts.times is None or not facts.rows:
        return ()
    return (0.0, _format_day(facts.times[0])), (1.0, _format_day(facts.times[-1]))


def _format_day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))


def _group_marks(facts: RowFacts, order: Rows) -> tuple[tuple[float, str], ...]:
    if facts.groups is None or not facts.rows:
        return ()
    codes, names = group_codes(facts.groups[order])
    starts = np.searchsorted(codes, np.arange(len(names)))
    visible_rows = [name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}\u2026" for name in names]
    if len(visible_rows) > MAX_NAMES_SIDE_BY_SIDE:
        return (0.0, visible_rows[0]), (1.0, visible_rows[-1])
    middles = (starts + np.append(starts[1:], facts.rows)) / 2 / facts.rows
    return tuple(zip((round(float(middle), 4) for middle in middles), visible_rows, strict=True))


def split_stripes(
    strategy: SplitStrategy, parameters: Settings, *, holdout: float = 0.0, rows: int = 1000, most: int = MAX_LINES
) -> list[list[Stripe]]:
    """Return a sketch of a strategy: for each fold, stripes (kind, start, end) that cover 0 to 1 from left to right.

    Parameters
    ----------
    strategy, parameters
        The strategy and its parameters, complete.
    holdout
        The share of rows held out at the end.
    rows
        How many rows (or time steps) there are, so that a gap is drawn to scale.
    most
        How many folds are drawn at most.

    Returns
    -------
    list
        Kinds are train, valid, gap, unused and hold. Forward in time and one cut are drawn to scale; whole groups as
        blocks; random folds as scattered cells, which says what they do and not which rows they took.
    """
    end = 1.0 if strategy is SplitStrategy.HOLDOUT else 1.0 - holdout
    hold: list[Stripe] = [("hold", end, 1.0)] if end < 1 else []
    folds = max(2, min(int(parameters.get("n_splits") or 5), 20))
    if strategy is SplitStrategy.TIME_SERIES:
        gap = min(float(parameters.get("gap") or 0) / max(rows, 1), end / (folds + 1))
        rolling = parameters.get("window") == "rolling"
        # The gap stands before the rows held out too.
        last = end - gap if hold else end
        hold = [("gap", last, end), *hold]
        lines = [_forward_stripes(fold, folds, gap, last, rolling=rolling) for fold in range(folds)]
    else:
        lines = _lines_of(strategy, parameters, folds, end)
    return [_clean([*line, *hold]) for line in lines[:most]]


def _lines_of(strategy: SplitStrategy, parameters: Settings, folds: int, end: float) -> list[list[Stripe]]:
    if strategy is SplitStrategy.HOLDOUT:
        cut = 1 - float(parameters.get("percent") or 20) / 100
        return [[("train", 0.0, cut), ("valid", cut, 1.0)]]
    if strategy is SplitStrategy.GROUP_TIME_SERIES:
        return [_groups_forward(fold, folds, end) for fold in range(folds)]
    if strategy in (SplitStrategy.GROUP_K_FOLD, SplitStrategy.LEAVE_ONE_GROUP_OUT):
        return [_block_stripes(fold, folds, end) for fold in range(folds)]
    return [_scattered_stripes(fold, folds, end) for fold in range(folds)]


def _clean(stripes: list[Stripe]) -> list[Stripe]:
    return [(kind, round(low, 4), round(high, 4)) for kind, low, high in stripes if high - low > 1e-6]


def _forward_stripes(fold: int, folds: int, gap: float, end: float, *, rolling: bool) -> list[Stripe]:
    size = end / (folds + 1)
    start = end - (folds - fold) * size
    trained = max(start - gap, 0.0)
    first = max(0.0, trained - max(size - gap, 0.0)) if rolling else 0.0
    return [
        ("unused", 0.0, first),
        ("train", first, trained),
        ("gap", trained, start),
        ("valid", start, start + size),
        ("unused", start + size, end),
    ]


def _block_stripes(fold: int, folds: int, end: float) -> list[Stripe]:
    low, high = end * fold / folds, end * (fold + 1) / folds
    return [("train", 0.0, low), ("valid", low, high), ("train", high, end)]


def _groups_forward(fold: int, folds: int, end: float) -> list[Stripe]:
    """Return one block for each part of the groups, in which time goes from left to right."""
    stripes: list[Stripe] = []
    width = end / folds
    first, last = width * (fold + 1) / (folds + 1), width * (fold + 2) / (folds + 1)
    for block in range(folds):
        low = width * block
        parts: list[Stripe] = [("train", low, low + first), ("unused", low + first, low + width)]
        if block == fold:
            parts = [
                ("unused", low, low + first),
                ("valid", low + first, low + last),
                ("unused", low + last, low + width),
            ]
        stripes += parts
    return stripes


def _scattered_stripes(fold: int, folds: int, end: float) -> list[Stripe]:
    cells = CELLS_PER_FOLD * folds
    stripes: list[Stripe] = []
    for cell in range(cells):
        # In each run of as many cells as folds every fold judges one, in an order that differs from run to run; no
        # randomness, so the picture never flickers.
        run, place = divmod(cell, folds)
        mine = (folds - 1 - fold + run) % folds if run % 2 else (fold + 2 * run) % folds
        kind = "valid" if place == mine else "train"
        low, high = end * cell / cells, end * (cell + 1) / cells
        if stripes and stripes[-1][0] == kind:
            stripes[-1] = (kind, stripes[-1][1], high)
        else:
            stripes.append((kind, low, high))
    return stripes
