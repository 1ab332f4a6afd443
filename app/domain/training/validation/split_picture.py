"""The split as stripes to draw, before and after training, without looking at any row."""

from __future__ import annotations

from app.domain.json_values import Settings
from app.domain.vocabulary import SplitStrategy

Stripe = tuple[str, float, float]
MAX_LINES = 10
CELLS_PER_FOLD = 4


def split_stripes(
    strategy: SplitStrategy, parameters: Settings, *, holdout: float = 0.0, rows: int = 1000, most: int = MAX_LINES
) -> list[list[Stripe]]:
    """Return, for each fold, stripes (kind, start, end) that cover 0 to 1 from left to right.

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
        lines = [_forward(fold, folds, gap, last, rolling=rolling) for fold in range(folds)]
    elif strategy is SplitStrategy.HOLDOUT:
        cut = 1 - float(parameters.get("percent") or 20) / 100
        lines = [[("train", 0.0, cut), ("valid", cut, 1.0)]]
    elif strategy in (SplitStrategy.GROUP_K_FOLD, SplitStrategy.LEAVE_ONE_GROUP_OUT):
        lines = [_blocks(fold, folds, end) for fold in range(folds)]
    else:
        lines = [_scattered(fold, folds, end) for fold in range(folds)]
    return [_clean([*line, *hold]) for line in lines[:most]]


def _clean(stripes: list[Stripe]) -> list[Stripe]:
    return [(kind, round(low, 4), round(high, 4)) for kind, low, high in stripes if high - low > 1e-6]


def _forward(fold: int, folds: int, gap: float, end: float, *, rolling: bool) -> list[Stripe]:
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


def _blocks(fold: int, folds: int, end: float) -> list[Stripe]:
    low, high = end * fold / folds, end * (fold + 1) / folds
    return [("train", 0.0, low), ("valid", low, high), ("train", high, end)]


def _scattered(fold: int, folds: int, end: float) -> list[Stripe]:
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
