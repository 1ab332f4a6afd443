"""Bootstrap intervals of sums over rows, resampling single rows, blocks in time, or whole groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RESAMPLES = 2000
# More units than this are put together first, which changes the interval by less than the resampling does.
MAX_UNITS = 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resampling:
    """What is drawn with replacement: `sums`, shape (units, columns), in blocks of `length` neighbours.

    `units` is how many of them are independent of one another, and `block_length` how many moments a block holds.
    """

    sums: Floats
    length: int
    unit: str
    units: int
    block_length: int | None = None


def rows_of(sums: Floats, *, unit: str, seed: int) -> Resampling:
    """Return rows that are drawn singly; of very many, batches of rows drawn at random."""
    if len(sums) > MAX_UNITS:
        order = np.random.default_rng(seed).permutation(len(sums))
        sums = _sum_batches(sums[order], MAX_UNITS)
    return Resampling(sums, 1, unit, len(sums))


def groups_of(sums: Floats, groups: NDArray[Any]) -> Resampling:
    """Return groups that are drawn whole."""
    place = pd.factorize(groups, sort=True)[0]
    whole = _sum_places(sums, place)
    return Resampling(whole, 1, "group", len(whole))


def blocks_of(sums: Floats, times: NDArray[Any]) -> Resampling:
    """Return moments in order that are drawn in blocks as long as the memory of the differences; rows stand in order.

    Rows of one moment stay together however many sites were measured then.
    """
    place = pd.factorize(times)[0]
    moments = _sum_places(sums, place)
    length = block_length_of(moments[:, 1] - moments[:, 0])
    count = len(moments)
    bins = min(count, MAX_UNITS)
    together = math.ceil(length * bins / count)
    return Resampling(_sum_batches(moments, bins), together, "block", max(int(count / length), 1), length)


def _sum_places(sums: Floats, place: NDArray[np.intp]) -> Floats:
    """Return the sums of the rows of each place, shape (places, columns)."""
    return np.column_stack([np.bincount(place, weights=column) for column in sums.T]).astype(np.float64)


def _sum_batches(sums: Floats, count: int) -> Floats:
    """Return sums over `count` runs of neighbours of nearly the same length."""
    if count >= len(sums):
        return sums
    starts = np.arange(count) * len(sums) // count
    return np.asarray(np.add.reduceat(sums, starts, axis=0))


def block_length_of(series: Floats) -> int:
    """Return how long the blocks of a circular bootstrap should be, from the autocorrelation of the series itself.

    Parameters
    ----------
    series
        Shape (n,), in the order of time.

    References
    ----------
    Politis, D. and White, H. (2004), Automatic block-length selection for the dependent bootstrap, Econometric Reviews
    23, 53-70; with the correction of Patton, A., Politis, D. and White, H. (2009), Econometric Reviews 28, 372-375.
    """
    n = len(series)
    centred = series - series.mean()
    variance = float(centred @ centred) / n
    if n < 10 or variance <= 0:
        return 1
    steady = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(math.ceil(math.sqrt(n)) + steady, n - 1)
    covariances = np.array([float(centred[: n - lag] @ centred[lag:]) / n for lag in range(most + 1)])
    band = 2 * math.sqrt(math.log10(n) / n)
    small = np.abs(covariances[1:] / variance) < band
    # The memory ends before the first run of small autocorrelations; else after the last one that is not small.
    runs = [lag for lag in range(len(small) - steady + 1) if small[lag : lag + steady].all()]
    last = runs[0] if runs else int(np.flatnonzero(~small).max(initial=0)) + 1
    reach = min(2 * max(last, 1), most)
    lags = np.arange(-reach, reach + 1)
    window = np.clip(2 * (1 - np.abs(lags) / reach), 0, 1)
    weighted = window * covariances[np.abs(lags)]
    slope, spectrum = float(np.abs(lags) @ weighted), float(weighted.sum())
    longest = math.ceil(min(3 * math.sqrt(n), n / 3))
    if spectrum <= 0:
        return 1
    length = (2 * slope**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * n ** (1 / 3)
    return int(min(max(math.ceil(length), 1), longest))


def bootstrap_interval(
    resampling: Resampling, combine: Callable[[Floats], Floats], value: float, *, level: float, seed: int
) -> tuple[float, float, float] | None:
    """Return the interval of a value and the probability that it lies above zero; None where nothing can be resampled.

    Few units make percentiles too narrow, so the draws are stretched about the value as Student's law is wider than
    the normal one, and by the share that a variance of so many units misses. Interval and probability are those of the
    stretched draws: four sites never make anything nearly certain.

    Parameters
    ----------
    resampling
        What is drawn.
    combine
        Turns sums, shape (draws, columns), into values, shape (draws,).
    value
        What all units together give.
    level, seed
        The level of the interval, and the seed of the draws.

    References
    ----------
    Hesterberg, T. (2015), What teachers should know about the bootstrap, The American Statistician 69, 371-386, for
    the expanded percentile interval.
    """
    from scipy.stats import norm, t

    units = resampling.units
    if units < 2:
        return None
    drawn = combine(_draw(resampling, seed))
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < RESAMPLES // 2:
        return None
    tail = (1 - level) / 2
    stretch = math.sqrt(units / (units - 1)) * float(t.ppf(1 - tail, units - 1) / norm.ppf(1 - tail))
    spread = value + stretch * (drawn - value)
    low, high = (float(end) for end in np.quantile(spread, [tail, 1 - tail]))
    above = float(np.mean(spread > 0) + np.mean(spread == 0) / 2)
    return low, high, above


def _draw(resampling: Resampling, seed: int) -> Floats:
    """Return the sums of every draw, shape (draws, columns): circular blocks of neighbours."""
    count, length = len(resampling.sums), resampling.length
    around = np.concatenate([resampling.sums, resampling.sums[: length - 1]]) if length > 1 else resampling.sums
    running = np.concatenate([np.zeros((1, around.shape[1])), np.cumsum(around, axis=0)])
    blocks = running[length:] - running[:-length] if length > 1 else resampling.sums
    blocks = blocks[:count]
    starts = np.random.default_rng(seed).integers(0, count, size=(RESAMPLES, max(round(count / length), 1)))
    return np.column_stack([column[starts].sum(axis=1) for column in blocks.T])
