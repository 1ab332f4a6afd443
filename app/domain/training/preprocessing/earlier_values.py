"""Lags, rolling means and last known values of a column, by time, within groups, up to a cutoff."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import Spec
from app.domain.training.preprocessing.moments import MomentTable

DAY = pd.Timedelta(days=1)


class EarlierValues:
    """Find earlier values: by time where all rows stand on a regular step, by moment otherwise.

    Never across groups, and never from another row of the same moment. A cutoff is how many steps before a row the last
    value lies that may be used, 0 for the row itself.
    """

    def __init__(self, frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> None:
        time_column, group_column = spec.task.time_column, spec.task.group_column
        # Rows without a group form one of their own, which `factorize` numbers -1.
        self.groups = pd.factorize(frame[group_column])[0] if group_column else np.zeros(len(frame))
        self.times = frame[time_column] if time_column else pd.Series(pd.NaT, index=frame.index)
        axis = profile.time_axis
        self.step: pd.Timedelta | None = None
        if axis is not None and axis.regular and axis.column == time_column and axis.step_seconds > 0:
            step = pd.Timedelta(seconds=axis.step_seconds)
            # Months are called regular too, but no number of days leads from one to the next.
            if self._all_on(step):
                self.step = step

    @cached_property
    def moments(self) -> MomentTable:
        """The moments of all groups, for what works on many columns at once."""
        return MomentTable(np.asarray(self.groups), self.times, self.step)

    def _all_on(self, step: pd.Timedelta) -> bool:
        since = self.times - self.times.min()
        return bool((since.dropna() % step == pd.Timedelta(0)).all())

    def _per_group(self, series: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
        parts = [work(rows) for _, rows in series.groupby(self.groups, sort=False)]
        return pd.concat(parts).reindex(series.index) if parts else series

    def _by_time(self, rows: pd.Series) -> tuple[pd.Series, pd.DatetimeIndex]:
        """Return the values by time, the first of each moment, and the time of every row."""
        times = pd.DatetimeIndex(self.times.loc[rows.index])
        known = pd.Series(rows.to_numpy(), index=times)[times.notna()]
        return known[~known.index.duplicated()].sort_index(), times

    def _per_moment(self, series: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
        """Work on one value for each moment, and give every row of the moment what comes of it."""

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            return pd.Series(work(known).reindex(times).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)

    def lagged(self, series: pd.Series, steps: int) -> pd.Series:
        """Return the value `steps` ago, NaN where that moment has no row."""
        values = series.to_numpy(dtype=float)[self.moments.first_row]
        return pd.Series(self.moments.to_rows(self.moments.lagged(values, steps)), index=series.index)

    def rolling_mean(self, series: pd.Series, *, window: int, cutoff: int) -> pd.Series:
        """Return the mean over `window` steps that end at the cutoff, of which four in five must be known."""
        if cutoff > 1 and self.step is not None:
            return self._late_rolling_mean(series, window=window, cutoff=cutoff, step=self.step)
        values = self.moments.values(series)[:, np.newaxis]
        means = self.moments.window_means(values, window=window, cutoff=cutoff, least=least_known(window))
        return pd.Series(self.moments.to_rows(means)[:, 0], index=series.index)

    def _late_rolling_mean(self, series: pd.Series, *, window: int, cutoff: int, step: pd.Timedelta) -> pd.Series:
        """Return the mean over windows that end at a cutoff of two steps or more.

        One pass over all groups sums the same values in another order, and differs from this in the last bits. Results
        of earlier versions stay as they are.
        """

        def look_back(rows: pd.Series) -> pd.Series:
            known, times = self._by_time(rows)
            # Each value stands where it comes to be the one of the step before.
            known.index = known.index + (cutoff - 1) * step
            known = known.reindex(known.index.union(times[times.notna()].unique()))
            rolled = known.rolling(window * step, min_periods=least_known(window), closed="left").mean()
            return pd.Series(rolled.reindex(times).to_numpy(), index=rows.index)

        return self._per_group(series, look_back)

    def last_known(self, series: pd.Series, *, window: int, cutoff: int) -> tuple[pd.Series, pd.Series]:
        """Return the last value known within `window` steps that end at the cutoff, and how old it is.

        Its age counts steps where they are regular, and days elsewhere.
        """
        unit = DAY if self.step is None else self.step

        def find(values: pd.Series) -> tuple[pd.Series, pd.Series]:
            places = np.arange(len(values))
            last = pd.Series(places, index=values.index).where(np.isfinite(values)).ffill()
            moments = pd.Series(values.index, index=values.index)
            first = _first_usable(values.index, step=self.step, window=window, cutoff=cutoff)
            end = _last_usable(values.index, step=self.step, cutoff=cutoff)
            result_values = np.where(end >= 0, last.to_numpy()[np.maximum(end, 0)], np.nan)
            usable = result_values >= first
            positions = np.where(usable, result_values, 0).astype(int)
            age = (moments - moments.to_numpy()[positions]) / unit
            return values.iloc[positions].set_axis(values.index).where(usable), age.where(usable)

        return (
            self._per_moment(series, lambda known: find(known)[0]),
            self._per_moment(series, lambda known: find(known)[1]),
        )

    def known_values(self, series: pd.Series, *, cutoff: int) -> pd.Series:
        """Return the value at the cutoff, missing where that moment has no row.

        A column that holds one value in the first half of every group is known for ever, as an attribute of a site is:
        it enters with that value, until another one is known at the cutoff.
        """
        if not cutoff:
            return series
        unchanged = [_count_unchanged(self._by_time(rows)[0]) for _, rows in series.groupby(self.groups, sort=False)]
        is_attribute = _never_change(unchanged)

        def find(values: pd.Series) -> pd.Series:
            exact = _values_at_cutoff(values, step=self.step, cutoff=cutoff)
            alike = _count_unchanged(values)[0] if is_attribute else 0
            if not alike:
                return exact
            return exact.mask(_last_usable(values.index, step=self.step, cutoff=cutoff) < alike, values.iloc[0])

        return self._per_moment(series, find)

    def accumulated(self, series: pd.Series, *, keep: float) -> pd.Series:
        """Return the antecedent precipitation index; it starts anew in each group and after each missing step."""
        step = self.step

        def add_up(known: pd.Series) -> pd.Series:
            values = known.replace([np.inf, -np.inf], np.nan)
            numpy = values.notna().to_numpy()
            starts = numpy & ~np.concatenate([[False], numpy[:-1]])
            if step is not None:
                starts |= numpy & (known.index.to_series().diff() != step).to_numpy()
            runs = pd.Series(np.cumsum(starts), index=known.index)
            index = values[numpy].groupby(runs[numpy]).transform(lambda run: _index_of(run.to_numpy(), keep=keep))
            return index.reindex(known.index)

        return self._per_moment(series, add_up)


def step_seconds_of(frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> float | None:
    """Return the seconds of the step by which earlier values are found; None where they are found by moment."""
    step = EarlierValues(frame, spec, profile).step
    return None if step is None else step.total_seconds()


def least_known(window: int) -> int:
    """Return how many values of a window must be known: four in five."""
    return max(1, int(np.ceil(0.8 * window)))


def _index_of(values: NDArray[np.float64], *, keep: float) -> NDArray[np.float64]:
    """Return the antecedent precipitation index of values without a gap, shape (steps,).

    References
    ----------
    API_t = k API_{t-1} + P_t: Kohler, M. A. and Linsley, R. K. (1951), Predicting the runoff from storm rainfall,
    U.S. Weather Bureau Research Paper 34.
    """
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -keep], values), dtype=float)


def _count_unchanged(values: pd.Series) -> tuple[int, int]:
    """Return how many moments pass before a value differs from the first, and how many there are."""
    if not len(values):
        return 0, 0
    changes = np.flatnonzero((values != values.iloc[0]).to_numpy())
    return int(changes[0]) if len(changes) else len(values), len(values)


def _never_change(counts: list[tuple[int, int]]) -> bool:
    """Return whether every group shows that a column is an attribute: it takes two moments to see that nothing changes.

    Groups of one moment show nothing. Were each judged by itself, a column measured once or twice at each of many sites
    would pass for an attribute, and its value of the very row would enter. One whose first value is missing has none.
    """
    visible_rows = [2 * alike >= moments and alike > 1 for alike, moments in counts if moments > 1 and alike]
    return bool(visible_rows) and all(visible_rows)


def _last_usable(moments: pd.Index, *, step: pd.Timedelta | None, cutoff: int) -> NDArray[np.intp]:
    """Return the place of the last moment at the cutoff or before it, for each moment; -1 where there is none."""
    if step is None:
        return np.maximum(np.arange(len(moments)) - cutoff, -1)
    dates = pd.DatetimeIndex(moments)
    return np.asarray(dates.searchsorted(dates - cutoff * step, side="right") - 1, dtype=np.intp)


def _first_usable(moments: pd.Index, *, step: pd.Timedelta | None, window: int, cutoff: int) -> NDArray[np.intp]:
    """Return the place of the first moment within a window that ends at the cutoff, for each moment."""
    if step is None:
        return np.arange(len(moments)) - cutoff - window + 1
    dates = pd.DatetimeIndex(moments)
    return np.asarray(dates.searchsorted(dates - (cutoff + window - 1) * step, side="left"), dtype=np.intp)


def _values_at_cutoff(values: pd.Series, *, step: pd.Timedelta | None, cutoff: int) -> pd.Series:
    """Return the value that stands exactly at the cutoff of each moment, missing where that moment has no row."""
    if step is None:
        return values.shift(cutoff)
    return values.reindex(pd.DatetimeIndex(values.index) - cutoff * step).set_axis(values.index)
