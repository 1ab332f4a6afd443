"""What lies around a gap: neighbours and the straight line between them, against independent code."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.domain.training.preprocessing.gaps import find_neighbours, interpolate, times_as_numbers


def test_interpolation_agrees_with_pandas_by_time() -> None:
    random = np.random.default_rng(1)
    dates = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.sort(random.choice(4000, 900, replace=False)), unit="D")
    values = pd.Series(random.normal(size=900), index=dates)
    rows = np.sort(random.choice(np.arange(1, 899), 300, replace=False))
    known = np.setdiff1d(np.arange(900), rows)
    holed = values.copy()
    holed.iloc[rows] = np.nan

    filled = interpolate(times_as_numbers(dates), values.to_numpy(), known=known, rows=rows)

    np.testing.assert_allclose(filled, holed.interpolate(method="time").iloc[rows], rtol=0, atol=1e-12)


def test_interpolation_stays_within_each_group() -> None:
    times = np.asarray([0, 0, 1, 1, 2, 2], dtype=float)
    groups = np.asarray(["a", "b"] * 3, dtype=object)
    values = np.asarray([1.0, 10.0, np.nan, np.nan, 3.0, 30.0])

    filled = interpolate(times, values, known=np.asarray([0, 1, 4, 5]), rows=np.asarray([2, 3]), groups=groups)

    assert list(filled) == [2.0, 20.0]


def test_ends_of_a_record_hold_the_nearest_value() -> None:
    times, values = np.arange(5, dtype=float), np.asarray([0.0, 1.0, 5.0, 0.0, 0.0])

    filled = interpolate(times, values, known=np.asarray([1, 2]), rows=np.asarray([0, 3, 4]))

    assert list(filled) == [1.0, 5.0, 5.0]


def test_a_group_without_values_takes_the_mean_of_all() -> None:
    groups = np.asarray(["a", "a", "b"], dtype=object)

    filled = interpolate(
        np.arange(3.0), np.asarray([1.0, 3.0, 9.0]), known=np.asarray([0, 1]), rows=np.asarray([2]), groups=groups
    )

    assert list(filled) == [2.0]


def test_interpolation_never_looks_at_other_rows() -> None:
    times, known, rows = np.arange(40.0), np.arange(0, 40, 4), np.arange(1, 37)
    clean = np.sin(times)
    poisoned = np.where(np.isin(np.arange(40), known), clean, 1e9)

    first = interpolate(times, clean, known=known, rows=rows)

    assert first.tobytes() == interpolate(times, poisoned, known=known, rows=rows).tobytes()


def test_neighbours_are_nothing_where_nothing_is_known() -> None:
    near = find_neighbours(np.arange(3.0), known=np.asarray([], dtype=np.intp), rows=np.arange(3), groups=None)

    assert list(near.before) == list(near.after) == [-1, -1, -1]
