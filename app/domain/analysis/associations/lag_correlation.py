"""Correlation of a target with earlier values of its drivers, lag by lag, and how long each is remembered.

A single day of rain half a year ago tells next to nothing about the level of a well; the mean of the days from 90 to
180 before tells a lot. So each lag is a range of steps, wider the longer ago, and the driver's mean over it is what is
compared. The season is taken out first, since all that has a season goes with all else that has one, at any lag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY_SECONDS = 86_400
YEAR_SECONDS = 365.25 * DAY_SECONDS
HOUR_SECONDS = 3_600
# Where the ranges begin: no round number of days has to be guessed from a logarithm.
EDGES_SECONDS = (
    *(HOUR_SECONDS * hours for hours in (0, 0.25, 0.5, 1, 2, 3, 6, 12)),
    *(DAY_SECONDS * days for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365)),
)
HARMONICS = (1, 2, 3)
MIN_STEPS = 100
# Of a range of steps four in five must be known, as of a window in training.
MIN_KNOWN = 0.8
# Chance is what shifted records reach: the target moved against its drivers by so many different spans.
SHIFTS = 19
# Of more groups the first are looked at, and a record that spans more steps is not.
MAX_GROUPS = 20
MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class LagRange:
    """Steps of the past, `first` to `last` before a row, with what goes with the target there.

    `chance` is the size that shifted records reach at most; `value` is None where too few rows have both.
    """

    first: int
    last: int
    value: float | None
    chance: float


@dataclass(frozen=True)
class LagCurve:
    """One driver: its correlation with the target, range by range, and how many steps it is remembered (0: not)."""

    driver: str
    ranges: tuple[LagRange, ...]
    remembered: int

    @property
    def strongest(self) -> float:
        """The correlation that is largest, whatever its sign; 0 where nothing could be measured."""
        return max((part.value for part in self.ranges if part.value is not None), key=abs, default=0.0)


@dataclass(frozen=True)
class LagMeasures:
    """The curves of all drivers that were measured, on `rows` rows; `reason` says why there are none.

    `seasonless` are the drivers taken for radiation whose values follow no season.
    """

    curves: tuple[LagCurve, ...] = ()
    step_seconds: float = float(DAY_SECONDS)
    rows: int = 0
    reason: str = ""
    seasonless: tuple[str, ...] = ()


def measure_lags(
    frame: pd.DataFrame,
    *,
    target: str,
    drivers: Sequence[str],
    time_column: str,
    group_column: str | None,
    step_seconds: float,
) -> LagMeasures:
    """Return the correlation of a target with each driver at earlier steps.

    Parameters
    ----------
    frame
        The rows that may be looked at, in any order; of those that share a moment and a group the first counts.
    target, drivers, time_column, group_column
        The columns; the target and its drivers are numbers.
    step_seconds
        The length of a step, on which the rows stand.
    """
    rows = frame[frame[time_column].notna()].sort_values(time_column, kind="stable")
    labels = pd.factorize(rows[group_column])[0] if group_column else np.zeros(len(rows))
    groups = [some for _, some in rows.groupby(labels, sort=False)][:MAX_GROUPS]
    places, kept = [], []
    for group in groups:
        since = (group[time_column] - group[time_column].iloc[0]) / pd.Timedelta(seconds=step_seconds)
        steps = since.round().astype(np.int64).to_numpy()
        first = np.unique(steps, return_index=True)[1]
        if len(first) and steps[first[-1]] < MAX_STEPS:
            places.append(steps[first])
            kept.append(group.iloc[first])
    values = {name: [_finite_numbers(group[name]) for group in kept] for name in (target, *drivers)}
    goal = values.pop(target)
    curves = lag_curves(places, goal, values, step_seconds=step_seconds)
    reason = "" if curves else f"Fewer than {MIN_STEPS} steps have a value of {target[:60]}."
    return LagMeasures(tuple(curves), step_seconds, sum(map(len, kept)), reason)


def _finite_numbers(values: pd.Series) -> Floats:
    return np.asarray(pd.to_numeric(values, errors="coerce"), dtype=float)


def ranges_of(step_seconds: float) -> list[tuple[int, int]]:
    """Return the ranges of lags in steps, from the row itself to a year before, each (first, last)."""
    edges = sorted({round(seconds / step_seconds) for seconds in EDGES_SECONDS} | {0, 1})
    return [(first, after - 1) for first, after in pairwise(edges)]


def lag_curves(
    places: Sequence[NDArray[np.int64]],
    target: Sequence[Floats],
    drivers: Mapping[str, Sequence[Floats]],
    *,
    step_seconds: float,
) -> list[LagCurve]:
    """Return the correlation of the target with each driver at earlier steps, in the order of the drivers.

    Parameters
    ----------
    places
        For each group, shape (rows,): on which step from the group's first one each row stands, all different.
    target, drivers
        For each group, shape (rows,): the values, NaN where missing.
    step_seconds
        Of a step.

    Returns
    -------
    list of LagCurve
        Empty where fewer than 100 steps are known. Correlations are of ranks without their season.

    References
    ----------
    Box, G. E. P., Jenkins, G. M. (1976), Time Series Analysis, chapter 11, for cross-correlation against lag; Theiler,
    J. et al. (1992), Physica D 58, 77-94, for chance from surrogate records, here circular shifts.
    """
    ranges = ranges_of(step_seconds)
    spans = [int(some.max(initial=-1)) + 1 for some in places]
    if sum(np.isfinite(values).sum() for values in target) < MIN_STEPS:
        return []
    phases = [np.arange(span, dtype=float) * (step_seconds / YEAR_SECONDS) for span in spans]
    on_grid = partial(_fill_grids, places=places, spans=spans)
    rest = [_remove_season(values, phase) for values, phase in zip(_rank_groups(on_grid(target)), phases, strict=True)]
    curves = []
    for name, groups in drivers.items():
        parts = _add_chance(ranges, [_correlations(rest, on_grid(groups), phases, row) for row in ranges])
        curves.append(LagCurve(name, parts, _last_remembered_step(parts)))
    return curves


def _fill_grids(groups: Sequence[Floats], *, places: Sequence[NDArray[np.int64]], spans: Sequence[int]) -> list[Floats]:
    """Return the values of each group step by step, NaN where a step has none."""
    return [_fill_grid(values, some, span) for values, some, span in zip(groups, places, spans, strict=True)]


def _fill_grid(values: Floats, places: NDArray[np.int64], span: int) -> Floats:
    grid = np.full(span, np.nan)
    grid[places] = np.where(np.isfinite(values), values, np.nan)
    return grid


def _rank_groups(groups: Sequence[Floats]) -> list[Floats]:
    """Return the values of each group as ranks between 0 and 1, ties at their middle."""
    return [np.asarray(pd.Series(values).rank(pct=True), dtype=float) for values in groups]


def _remove_season(values: Floats, phase: Floats) -> Floats:
    """Subtract the mean of values and, from two years on, their season."""
    known = np.isfinite(values)
    if not known.any():
        return values
    turns = HARMONICS if phase[-1] >= 2 else ()
    waves = [wave(2 * np.pi * turn * phase) for turn in turns for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(len(values)), *waves])
    some = design[known]
    # The normal equations of so few waves are good enough. Sums by einsum stay on one core, where a product of long
    # vectors would wait for the threads of others.
    squares = np.einsum("ij,ik->jk", some, some)
    fit, *_ = np.linalg.lstsq(squares, np.einsum("ij,i->j", some, values[known]), rcond=None)
    return np.asarray(values - np.einsum("ij,j->i", design, fit))


def _mean_before(values: Floats, first: int, last: int) -> Floats:
    """Return for each step the mean of the values `first` to `last` steps before, NaN where too few are known."""
    known = np.isfinite(values)
    totals = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    steps = np.arange(len(values))
    high, low = np.maximum(steps - first + 1, 0), np.maximum(steps - last, 0)
    number = counts[high] - counts[low]
    enough = number >= max(1, np.ceil(MIN_KNOWN * (last - first + 1)))
    return np.where(enough, (totals[high] - totals[low]) / np.maximum(number, 1), np.nan)


def _correlations(
    rest: Sequence[Floats], grids: Sequence[Floats], phases: Sequence[Floats], item: tuple[int, int]
) -> list[float | None]:
    """Return the correlation over one range of lags, first as it is and then for each shift of the target."""
    means = _rank_groups([_mean_before(values, *item) for values in grids])
    moved = [_remove_season(values, phase) for values, phase in zip(means, phases, strict=True)]
    sums = np.zeros((SHIFTS + 1, 4))
    for goal, driver in zip(rest, moved, strict=True):
        for turn in range(SHIFTS + 1):
            sums[turn] += _pair_sums(np.roll(goal, turn * len(goal) // (SHIFTS + 1)), driver)
    return [_correlation(row) for row in sums]


def _add_chance(ranges: Sequence[tuple[int, int]], values: Sequence[Sequence[float | None]]) -> tuple[LagRange, ...]:
    """Return the ranges with what chance gives each.

    Long ranges vary more by chance than short ones, so each is scaled by its own. Chance is as large as the largest of
    all ranges and shifts then: among many ranges one would stand out of its own shifts by luck.
    """
    shifted = np.array([[value or 0.0 for value in some[1:]] for some in values])
    scale = np.sqrt((shifted**2).mean(axis=1))
    largest = float((np.abs(shifted) / np.maximum(scale, 1e-12)[:, None]).max(initial=0.0))
    return tuple(
        LagRange(*row, None if some[0] is None else round(some[0], 4), round(float(own) * largest, 4))
        for row, some, own in zip(ranges, values, scale, strict=True)
    )


def _pair_sums(first: Floats, other: Floats) -> Floats:
    """Return the number of steps that have both values, and the sums that a correlation is made of."""
    both = np.isfinite(first) & np.isfinite(other)
    a, b = np.where(both, first, 0.0), np.where(both, other, 0.0)
    pairs = ((a, b), (a, a), (b, b))
    return np.array([both.sum(), *(np.einsum("i,i->", *pair) for pair in pairs)])


def _correlation(sums: Floats) -> float | None:
    number, product, first, other = sums
    if number < MIN_STEPS or first * other <= 1e-24:
        return None
    return float(product / np.sqrt(first * other))


def _last_remembered_step(parts: Sequence[LagRange]) -> int:
    """Return the last step of the run of ranges above chance, with one sign, that the strongest range is part of."""
    visible_rows = [part.value if part.value is not None and abs(part.value) > part.chance else 0.0 for part in parts]
    peak = int(np.argmax(np.abs(visible_rows)))
    if not visible_rows[peak]:
        return 0
    last = peak
    while last + 1 < len(parts) and visible_rows[last + 1] * visible_rows[peak] > 0:
        last += 1
    return parts[last].last + 1
