"""A table of moments ordered by group and time, with fast windowed and exponential means over it.

One pass over the table serves every column and every group, where a pass for each would take minutes with many sites.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.indexers import BaseIndexer

Values = NDArray[np.float64]
Places = NDArray[np.intp]
MICROSECOND = pd.Timedelta(microseconds=1)
SECONDS_PER_DAY = 86_400.0
# An exponential memory is missing where less than this share of its weight lies on known values.
LEAST_WEIGHT = 0.5


class MomentTable:
    """The distinct moments of each group. Of rows that share one, the first stands for it.

    A step is a stretch of time where one is given, and leads to the next moment that has a row elsewhere.
    """

    def __init__(self, groups: NDArray[Any], times: pd.Series, step: pd.Timedelta | None) -> None:
        stamps = pd.DatetimeIndex(times).as_unit("us")
        dated = np.flatnonzero(np.asarray(stamps.notna()))
        code, stamp = np.asarray(groups)[dated].astype(np.int64) + 1, stamps.asi8[dated]
        order = np.lexsort((dated, stamp, code))
        code, stamp, dated = code[order], stamp[order], dated[order]
        fresh_group = np.diff(code, prepend=-1) != 0
        fresh = fresh_group | (np.diff(stamp, prepend=stamp[:1] - 1) != 0)
        self.row_count = len(times)
        self.first_row: Places = dated[fresh]
        self.moment_of_row: Places = np.full(self.row_count, -1, dtype=np.intp)
        self.moment_of_row[dated] = np.cumsum(fresh) - 1
        self.step = step
        self.stamps = stamp[fresh]
        starts = fresh_group[fresh]
        places = np.arange(len(self.first_row))
        self.group_start: Places = np.maximum.accumulate(np.where(starts, places, 0)).astype(np.intp)
        ticks = places - self.group_start
        if step is not None:
            ticks = (self.stamps - (self.stamps.min() if len(places) else 0)) // (step // MICROSECOND)
        self.keys = code[fresh] * (int(ticks.max(initial=0)) + 1) + ticks

    def values(self, series: pd.Series) -> Values:
        """Return the value of each moment, NaN where it is no finite number."""
        numbers = series.to_numpy(dtype=float)[self.first_row]
        return np.where(np.isfinite(numbers), numbers, np.nan)

    def to_rows(self, values: Values) -> Values:
        """Return the value of the moment of each row, NaN on a row without a time; shape (rows, ...)."""
        if not len(values):
            return np.full((self.row_count, *values.shape[1:]), np.nan)
        result_values = values[self.moment_of_row]
        result_values[self.moment_of_row < 0] = np.nan
        return result_values

    def groups(self) -> list[slice]:
        """Return the places of each group."""
        edges = [*np.unique(self.group_start).tolist(), len(self.keys)]
        return [slice(first, last) for first, last in pairwise(edges)]

    def days_of_steps(self) -> Values:
        """Return the days of each step; where steps are irregular, those since the moment before, 0 for the first."""
        if self.step is not None:
            return np.full(len(self.keys), self.step.total_seconds() / SECONDS_PER_DAY)
        days = np.diff(self.stamps, prepend=self.stamps[:1]) / (SECONDS_PER_DAY * 1e6)
        days[np.unique(self.group_start)] = 0.0
        return np.asarray(days)

    def lagged(self, values: Values, steps: int) -> Values:
        """Return the value `steps` before each moment, NaN where that moment has no row."""
        wanted = self.keys - steps
        place = np.searchsorted(self.keys, wanted, side="left")
        result = values[place]
        result[(place < self.group_start) | (self.keys[place] != wanted)] = np.nan
        return result

    def window_means(self, values: Values, *, window: int, cutoff: int, least: int) -> Values:
        """Return the mean over `window` steps that end at the cutoff, of which `least` must be known.

        Parameters
        ----------
        values
            Shape (moments, columns).
        window, cutoff, least
            Steps, steps before a moment, and number of values.
        """
        bounds = _Bounds(first=self._after(cutoff + window), last=self._after(cutoff))
        return pd.DataFrame(values).rolling(bounds, min_periods=least).mean().to_numpy()

    def _after(self, steps: int) -> Places:
        """Return the place after the last moment that lies `steps` before each moment or earlier, within its group."""
        place = np.searchsorted(self.keys, self.keys - steps, side="right")
        return np.maximum(place, self.group_start).astype(np.intp)

    def exponential_means(self, values: Values, *, keep: float) -> Values:
        """Return the mean of all known values up to each moment, each weighted by `keep` to the power of its age.

        It is missing where less than half of the weight of an endless record lies on known values.

        Parameters
        ----------
        values
            Shape (moments, columns).
        keep
            The share of a weight that is left after a step.

        References
        ----------
        Exponential smoothing: Brown, R. G. (1959), Statistical Forecasting for Inventory Control. Weights that count
        the known values alone: Wright, D. J. (1986), Management Science 32, 499-510.
        """
        known = np.isfinite(values)
        weights = self._decayed(known.astype(float), keep)
        with np.errstate(invalid="ignore"):
            means = self._decayed(np.where(known, values, 0.0), keep) / weights
        return np.where(weights * (1.0 - keep) >= LEAST_WEIGHT, means, np.nan)

    def _decayed(self, values: Values, keep: float) -> Values:
        """Return y(t) = keep^n y(t - n) + x(t), with n the steps since the moment before; 0 before a group's first."""
        from scipy.signal import lfilter

        made = np.zeros_like(values)
        ages = np.diff(self.keys, prepend=0)
        first = np.flatnonzero((ages != 1) | (self.group_start == np.arange(len(ages))))
        for start, end in zip(first, [*first[1:], len(values)], strict=True):
            own = start == self.group_start[start]
            left = np.zeros((1, values.shape[1])) if own else keep ** float(ages[start]) * made[start - 1 : start]
            made[start:end], _ = lfilter([1.0], [1.0, -keep], values[start:end], axis=0, zi=left)
        return made


class _Bounds(BaseIndexer):
    """The first place of each window and the place after its last."""

    def __init__(self, *, first: Places, last: Places) -> None:
        super().__init__()
        self.first, self.last = first.astype(np.int64), last.astype(np.int64)

    def get_window_bounds(
        self,
        num_values: int = 0,
        min_periods: int | None = None,
        center: bool | None = None,
        closed: str | None = None,
        step: int | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the bounds as pandas asks for them."""
        return self.first, self.last
