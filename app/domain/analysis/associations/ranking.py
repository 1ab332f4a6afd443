"""Columns ranked by their mutual information with the target, compared with what chance gives.

Numbers are cut into bins that hold about as many rows each, so no scale and no outlier matters. The information of a
table of counts is too high on few rows; what that adds on average is taken away again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations.association import MAX_LEVELS, MIN_ROWS, codes_of, is_number, numbers_of
from app.domain.json_values import JsonObject
from app.domain.vocabulary import ColumnKind

# Rows of each round: the first is there at once, and later ones are added until the order settles.
ROUNDS = (10_000, 40_000, 160_000, 640_000)
SETTLED_TAU = 0.97
SHUFFLES = 20
# Larger samples need no shuffles of their own: what chance gives shrinks with the rows, by the law of the G-test.
MAX_SHUFFLED_ROWS = 40_000
MAX_BINS = 32
ROWS_PER_CELL = 10
# Cuts between bins are taken from this many rows, spread over the sample.
ROWS_FOR_CUTS = 10_000
MAX_CLASSES = 64
UNMEASURED = {ColumnKind.CONSTANT: "constant", ColumnKind.DATETIME: "a date"}
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class RankedColumn:
    """One column's share in what can be known of the target.

    `score` is the mutual information in nats, `error` its standard error. `rank` counts from 1; with two standard
    errors either way it lies between `rank_best` and `rank_worst`. `noise` says that the target, shuffled, did as well
    at least once in 20 times; `shuffled` is the highest it reached. `score` is None where the column cannot be
    measured, for the `reason`.
    """

    name: str
    score: float | None
    error: float = 0.0
    rank: int = 0
    rank_best: int = 0
    rank_worst: int = 0
    noise: bool = False
    shuffled: float = 0.0
    rows: int = 0
    reason: str = ""

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return asdict(self)


def sizes_of(rows: int) -> list[int]:
    """Return how many rows each round looks at; the last round of a table that is not huge looks at all of them."""
    return [size for size in ROUNDS if size < rows] + ([rows] if rows <= ROUNDS[-1] else [])


def rank_columns(
    frame: pd.DataFrame,
    target: str,
    kinds: Mapping[str, ColumnKind],
    *,
    seed: int,
    before: Mapping[str, RankedColumn] | None = None,
) -> list[RankedColumn]:
    """Measure every other column of a frame against the target; ranks are given by `assign_ranks`.

    Parameters
    ----------
    frame, target, kinds
        The rows looked at with the user's column names, the target, and every column's kind.
    seed
        Of the shuffles.
    before
        What fewer rows gave. On more than 40,000 rows chance is taken from there instead of from shuffles.

    References
    ----------
    Altmann, A. et al. (2010), Bioinformatics 26, 1340-1347, for shuffling the target. That 2nI of independent columns
    follows a chi-squared law, so that chance shrinks as 1/n, is Wilks' theorem.
    """
    names = [str(name) for name in frame.columns if name != target]
    goal = _encode_column(frame[target], kinds[target], len(frame))
    there = goal >= 0
    goal = goal[there]
    if len(goal) < MIN_ROWS or np.ptp(goal) == 0:
        return [RankedColumn(name, None, reason="the target does not vary, or is missing") for name in names]
    shuffles = _shuffled_information(goal, seed) if len(goal) <= MAX_SHUFFLED_ROWS or not before else []
    columns = []
    for name in names:
        if kinds[name] in UNMEASURED:
            columns.append(RankedColumn(name, None, reason=UNMEASURED[kinds[name]]))
        else:
            codes = _encode_column(frame[name], kinds[name], len(goal))[there]
            columns.append(_rank_column(name, codes, goal, shuffles=shuffles, before=(before or {}).get(name)))
    return columns


def _shuffled_information(goal: Codes, seed: int) -> list[Codes]:
    random = np.random.default_rng(seed)
    return [random.permutation(goal) for _ in range(SHUFFLES)]


def _rank_column(
    name: str, codes: Codes, goal: Codes, *, shuffles: Sequence[Codes], before: RankedColumn | None
) -> RankedColumn:
    both = codes >= 0
    rows = int(np.count_nonzero(both))
    if rows < MIN_ROWS or np.ptp(codes[both]) == 0:
        return RankedColumn(name, None, rows=rows, reason="too few values that vary")
    whole = rows == len(codes)
    own = codes if whole else codes[both]
    if int(own.max()) + 1 > max(MAX_LEVELS, rows // 2):
        return RankedColumn(name, None, rows=rows, reason="nearly every row has its own value")
    score, error = mutual_information(own, goal if whole else goal[both])
    if shuffles:
        chance = max(mutual_information(own, other if whole else other[both])[0] for other in shuffles)
    else:
        chance = before.shuffled * before.rows / rows if before is not None else 0.0
    return RankedColumn(name, score, error, noise=bool(score <= chance), shuffled=float(chance), rows=rows)


def mutual_information(first: Codes, other: Codes) -> tuple[float, float]:
    """Return the mutual information of two columns of codes in nats, corrected for its bias, and its standard error.

    Parameters
    ----------
    first, other
        Shape (n,), whole codes from 0 on, none missing.

    References
    ----------
    Miller, G. (1955), Information Theory in Psychology, 95-100, for the bias; Roulston, M. (1999), Physica D 125,
    285-294, for the standard error.
    """
    wide, n = int(other.max()) + 1, len(first)
    table = np.bincount(first * wide + other, minlength=(int(first.max()) + 1) * wide).reshape(-1, wide)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    i, j = np.nonzero(table)
    shares = table[i, j] / n
    density = np.log(shares * n * n / (rows[i] * columns[j].astype(float)))
    plain = float(shares @ density)
    bias = (len(i) - np.count_nonzero(rows) - np.count_nonzero(columns) + 1) / (2 * n)
    error = float(np.sqrt(max(float(shares @ density**2) - plain**2, 0.0) / n))
    return max(float(plain - bias), 0.0), error


def _encode_column(values: pd.Series, kind: ColumnKind, rows: int) -> Codes:
    """Return a column as codes from 0 on, -1 where missing: bins of a number, classes of anything else."""
    if is_number(kind, values):
        return _bin_numbers(numbers_of(values), rows)
    result_values = codes_of(values)
    codes = np.nan_to_num(result_values, nan=-1).astype(np.int32)
    if codes.max(initial=-1) < MAX_CLASSES or codes.max(initial=-1) + 1 > max(MAX_LEVELS, rows // 2):
        return codes
    # What is left after the commonest classes is one class: a class of a few rows tells more of chance than of itself.
    common = np.argsort(-np.bincount(codes[codes >= 0]), kind="stable")[: MAX_CLASSES - 1]
    place = np.full(int(codes.max()) + 2, MAX_CLASSES - 1, dtype=np.int32)
    place[common], place[-1] = np.arange(len(common)), -1
    return np.asarray(place[codes])


def _bin_numbers(values: NDArray[np.float64], rows: int) -> Codes:
    there = np.isfinite(values)
    bins = int(np.clip(np.sqrt(rows / ROWS_PER_CELL), 2, MAX_BINS))
    step = max(1, len(values) // ROWS_FOR_CUTS)
    some = values[::step][there[::step]]
    if len(some) < MIN_ROWS:
        some = values[there]
    if len(some) == 0:
        return np.full(len(values), -1, dtype=np.int32)
    distinct = np.unique(some)
    cuts = distinct[1:] if len(distinct) <= bins else np.unique(np.quantile(some, np.arange(1, bins) / bins))
    codes = np.searchsorted(cuts, values, side="right").astype(np.int32)
    codes[~there] = -1
    return codes


def assign_ranks(items: Iterable[RankedColumn]) -> tuple[RankedColumn, ...]:
    """Return the columns in the order of their score, ranks given; what cannot be measured stands at the end."""
    everything = list(items)
    measured = sorted(
        (ranked_column for ranked_column in everything if ranked_column.score is not None),
        key=lambda item: (-(item.score or 0), item.name),
    )
    low = np.sort([(ranked_column.score or 0) - 2 * ranked_column.error for ranked_column in measured])
    high = np.sort([(ranked_column.score or 0) + 2 * ranked_column.error for ranked_column in measured])
    out = []
    for place, column in enumerate(measured, start=1):
        score = column.score or 0.0
        better = len(low) - int(np.searchsorted(low, score + 2 * column.error, side="right"))
        worse = int(np.searchsorted(high, score - 2 * column.error, side="left"))
        out.append(replace(column, rank=place, rank_best=1 + better, rank_worst=len(measured) - worse))
    return (*out, *(replace(ranked_column, rank=0) for ranked_column in everything if ranked_column.score is None))


def has_settled(earlier: Iterable[RankedColumn], later: Iterable[RankedColumn]) -> bool:
    """Return whether more rows hardly changed the order of the columns that are not noise: Kendall's tau of 0.97."""
    from scipy.stats import kendalltau

    known = {column.name: column.score for column in earlier if column.score is not None}
    pairs = [
        (known[column.name], column.score)
        for column in later
        if not column.noise and column.score and column.name in known
    ]
    if len(pairs) < 2:
        return True
    tau = kendalltau([a for a, _ in pairs], [b for _, b in pairs]).statistic
    return bool(np.isnan(tau) or tau >= SETTLED_TAU)
