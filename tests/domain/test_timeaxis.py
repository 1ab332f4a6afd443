"""Water years: where they start, which are whole, and which series have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.time_axis import describe_axis, water_years

DAY = 86_400.0


def _seconds(start: str, end: str, step: str) -> np.ndarray:
    return pd.date_range(start, end, freq=step).as_unit("s").asi8.astype(float)


@pytest.mark.parametrize(
    ("start", "end", "step", "seconds", "month", "touched", "complete"),
    [
        ("1999-10-01", "2001-09-30", "D", DAY, 10, 2, (2000, 2001)),
        ("1999-10-02", "2001-09-29", "D", DAY, 10, 2, ()),
        ("2000-01-01", "2002-12-31", "D", DAY, 10, 4, (2001, 2002)),
        ("1990-11-01", "1992-10-31", "D", DAY, 11, 2, (1991, 1992)),
        ("1990-07-01", "1991-06-30", "D", DAY, 7, 1, (1991,)),
        ("1999-10-01", "2000-09-30 23:00", "h", 3600.0, 10, 1, (2000,)),
        ("1999-10-01", "2001-09-30", "MS", 30 * DAY, 10, 2, (2000, 2001)),
        ("1999-11-02", "2000-10-31", "MS", 30 * DAY, 10, 2, ()),
        ("1960-10-01", "1961-09-30", "D", DAY, 10, 1, (1961,)),
    ],
)
def test_the_water_years_of_a_series(
    start: str, end: str, step: str, seconds: float, month: int, touched: int, complete: tuple[int, ...]
) -> None:
    years = water_years(_seconds(start, end, step), seconds)
    assert (years.month, years.touched, years.complete) == (month, touched, complete)


def test_a_year_with_a_hole_is_not_complete() -> None:
    days = np.delete(_seconds("1999-10-01", "2001-09-30", "D"), 500)
    assert water_years(days, DAY).complete == (2000,)


@pytest.mark.parametrize("step", [0.0, 366 * DAY])
def test_a_series_of_years_has_no_water_years(step: float) -> None:
    assert water_years(_seconds("1950-01-01", "2000-01-01", "YS"), step).touched == 0


def test_an_irregular_axis_has_no_water_years_and_a_regular_one_carries_them() -> None:
    steps = np.random.default_rng(3).uniform(0.5, 90, size=80)
    uneven = describe_axis("t", np.cumsum(steps) * DAY, np.ones(80))
    assert uneven is not None
    assert (uneven.water_years, uneven.complete_water_years) == (0, ())
    days = _seconds("1999-10-01", "2001-09-30", "D")
    axis = describe_axis("t", days, np.ones(len(days)))
    assert axis is not None
    assert (axis.water_year_month, axis.water_years, axis.complete_water_years) == (10, 2, (2000, 2001))
    assert axis.group is None
