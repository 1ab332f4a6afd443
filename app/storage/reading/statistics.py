"""Statistics of a number column: counts, quantiles, histogram and outliers.

Measured values have few decimals, so most columns are small whole numbers in disguise; those are counted instead of
sorted, which takes a fifth of the time and gives the same facts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 24
TOP = 60
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SCALES = (1.0, 10.0, 100.0, 1000.0)
MAX_STEPS_PER_VALUE = 8
FEW_VALUES = 2000
MAX_TOLD_APART = 1 << 20
MAX_EXACT = 2.0**53
MAX_SHORT = 2**31 - 1
PIECE = 1 << 13

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Values:
    """The distinct values of a column, ascending, and how many rows hold each; shapes (k,) and (k,)."""

    distinct: NDArray[Any]
    rows: Counts

    @property
    def total(self) -> int:
        """Return how many rows hold a value."""
        return int(self.rows.sum())

    def rows_of(self, wanted: Iterable[float]) -> dict[float, int]:
        """Return how many rows hold each of the wanted values, where any do."""
        sought = np.asarray(list(wanted), dtype=np.float64)
        if not len(self.distinct) or not len(sought):
            return {}
        positions = np.minimum(np.searchsorted(self.distinct, sought), len(self.distinct) - 1)
        result_values = np.flatnonzero(self.distinct[positions] == sought)
        return {float(sought[item]): int(self.rows[positions[item]]) for item in result_values}


@dataclass(frozen=True)
class NumberFacts:
    """What is known of a column of numbers without its missing values."""

    count: int
    distinct: int
    mean: float | None
    std: float | None
    minimum: float | None
    maximum: float | None
    quantiles: tuple[float, ...]
    zeros: int
    negatives: int
    outliers: int | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    top: tuple[tuple[float, int], ...]


def count_values(numbers: NDArray[Any]) -> Values:
    """Return the distinct values of a column and their rows; missing ones must be gone already."""
    if numbers.dtype.kind == "M":
        numbers = numbers.astype("datetime64[us]").view(np.int64)
    if len(numbers) <= FEW_VALUES:
        return _sort_counts(numbers)
    if numbers.dtype.kind != "f":
        return _of_whole(numbers, numbers.min(), numbers.max()) or _sort_counts(numbers)
    return _shift_values(numbers) or _sort_counts(numbers)


def _sort_counts(numbers: NDArray[Any]) -> Values:
    if not len(numbers):
        return Values(numbers, np.zeros(0, dtype=np.int64))
    ordered = numbers if np.all(numbers[1:] >= numbers[:-1]) else np.sort(numbers)
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    return Values(ordered[ends], np.diff(ends, prepend=-1))


def _of_whole(numbers: NDArray[Any], low: Any, high: Any) -> Values | None:
    """Count whole numbers one by one within a small range, sort them as short ones within a larger."""
    reach = int(high) - int(low)
    if reach <= MAX_STEPS_PER_VALUE * len(numbers):
        rows = np.bincount((numbers - low).astype(np.int64))
        current_values = np.flatnonzero(rows)
        return Values(current_values + low, rows[current_values])
    if reach < MAX_SHORT:
        result_values = _sort_counts((numbers - low).astype(np.int32))
        return Values(result_values.distinct.astype(numbers.dtype) + low, result_values.rows)
    return None


def _shift_values(numbers: Floats) -> Values | None:
    """Treat numbers as whole ones where moving the decimal point by at most three places makes them so, exactly."""
    low, high = float(numbers.min()), float(numbers.max())
    for scale in SCALES:
        if not (-MAX_EXACT < low * scale <= high * scale < MAX_EXACT):
            return None
        if not _is_whole(numbers[:FEW_VALUES], scale):
            continue
        whole = np.rint(numbers * scale)
        if np.array_equal(whole / scale, numbers):
            result_values = _of_whole(whole, np.rint(low * scale), np.rint(high * scale))
            return result_values and Values(result_values.distinct / scale, result_values.rows)
    return None


def _is_whole(numbers: NDArray[Any], scale: float) -> bool:
    return bool(np.array_equal(np.rint(numbers * scale) / scale, numbers))


def describe_numbers(numbers: NDArray[Any], values: Values) -> NumberFacts:
    """Return the facts of a column from its numbers, in any order, and its distinct values."""
    if not len(numbers):
        return NumberFacts(0, 0, None, None, None, None, (), 0, 0, None, (), (), ())
    with np.errstate(all="ignore"):
        mean, std = _moments(numbers)
        quantiles = _quantiles(values)
        edges, counts = _histogram(values)
        outliers = _outliers(values, quantiles)
    negatives = int(values.rows[: np.searchsorted(values.distinct, 0)].sum())
    return NumberFacts(
        count=len(numbers),
        distinct=len(values.distinct),
        mean=_finite(mean),
        std=_finite(std),
        minimum=_finite(values.distinct[0]),
        maximum=_finite(values.distinct[-1]),
        quantiles=quantiles,
        zeros=values.rows_of((0.0,)).get(0.0, 0),
        negatives=negatives,
        outliers=outliers,
        edges=edges,
        counts=counts,
        top=_top(values),
    )


def _moments(numbers: NDArray[Any]) -> tuple[float, float]:
    """Return the mean and the standard deviation with n - 1; twice through, in pieces, so that nothing is copied."""
    mean = float(numbers.mean(dtype=np.float64))
    if len(numbers) < 2:
        return mean, math.nan
    squares = 0.0
    for start in range(0, len(numbers), PIECE):
        apart = numbers[start : start + PIECE] - mean
        squares += float(np.square(apart, out=apart).sum())
    return mean, math.sqrt(squares / (len(numbers) - 1))


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _quantiles(values: Values) -> tuple[float, ...]:
    """Return the quantiles with linear interpolation between neighbours: type 7 of Hyndman and Fan (1996)."""
    upto = np.cumsum(values.rows)
    place = np.asarray(QUANTILES) * (upto[-1] - 1)
    below = np.floor(place)
    first = values.distinct[np.searchsorted(upto, below, side="right")].astype(np.float64)
    second = values.distinct[np.searchsorted(upto, np.ceil(place), side="right")].astype(np.float64)
    share = place - below
    result = np.where(share > 0, first * (1 - share) + second * share, first)
    return tuple(float(value) for value in result) if np.isfinite(result).all() else ()


def _histogram(values: Values) -> tuple[tuple[float, ...], tuple[int, ...]]:
    low, high = float(values.distinct[0]), float(values.distinct[-1])
    width = (high - low) / BINS
    if width <= 0 or not math.isfinite(width):
        return (low, high), (int(values.rows.sum()),)
    edges = low + width * np.arange(BINS + 1)
    bounds = np.searchsorted(values.distinct, edges[1:-1])
    upto = np.concatenate(([0], np.cumsum(values.rows)))
    counts = np.diff(upto[np.concatenate(([0], bounds, [len(values.distinct)]))])
    return tuple(edges.tolist()), tuple(counts.tolist())


def _outliers(values: Values, quantiles: tuple[float, ...]) -> int | None:
    """Count values beyond Tukey's outer fences, three quartile ranges away: far out, by his own word for it."""
    if not quantiles:
        return None
    q1, q3 = quantiles[1], quantiles[3]
    below, above = q1 - 3 * (q3 - q1), q3 + 3 * (q3 - q1)
    if q3 <= q1 or not math.isfinite(below) or not math.isfinite(above):
        return 0
    first = np.searchsorted(values.distinct, below, side="left")
    last = np.searchsorted(values.distinct, above, side="right")
    return int(values.rows[:first].sum() + values.rows[last:].sum())


def _top(values: Values) -> tuple[tuple[float, int], ...]:
    """Return the values with most rows, the smaller ones first among equals."""
    rows, distinct = values.rows, values.distinct
    if len(rows) > 4 * TOP:
        # Whatever has as many rows as the last of the top stays in, so that equals are ordered by value.
        often = np.bincount(np.minimum(rows, MAX_TOLD_APART))
        least = len(often) - 1 - int(np.searchsorted(np.cumsum(often[::-1]), TOP))
        current_values = np.flatnonzero(rows >= least)[: TOP if least == 1 else None]
        rows, distinct = rows[current_values], distinct[current_values]
    best = np.lexsort((distinct, -rows))[:TOP]
    return tuple(zip(distinct[best].tolist(), rows[best].tolist(), strict=True))
