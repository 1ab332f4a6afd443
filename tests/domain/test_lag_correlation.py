"""Correlation against lag: what is remembered is found, and season, chance and other sites are not taken for memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations import lag_correlation
from app.domain.analysis.associations.lag_correlation import LagMeasures, measure_lags, ranges_of
from app.domain.json_values import from_json, to_json

DAY = 86_400.0
DAYS = 3_000


def _table(seed: int = 3, days: int = DAYS) -> pd.DataFrame:
    """Return rain, a level that is its mean over 60 days, and warmth and light that have nothing but a season."""
    random = np.random.default_rng(seed)
    turn = 2 * np.pi * np.arange(days) / 365.25
    rain = random.gamma(0.4, 8.0, size=days) * (random.random(days) < 0.4)
    frame = pd.DataFrame({"day": pd.date_range("2000-01-01", periods=days), "rain": rain})
    frame["level"] = frame["rain"].rolling(60, min_periods=1).mean() + np.sin(turn) + random.normal(0, 0.05, days)
    frame["warmth"] = 10 * np.sin(turn - 0.5) + random.normal(0, 2, days)
    return frame


def _measures(frame: pd.DataFrame, *drivers: str, group: str | None = None, step: float = DAY) -> LagMeasures:
    return measure_lags(
        frame, target="level", drivers=drivers, time_column="day", group_column=group, step_seconds=step
    )


def test_memory_of_rain_is_about_as_long_as_its_window() -> None:
    curve = _measures(_table(), "rain").curves[0]
    assert 45 <= curve.remembered <= 90
    assert curve.strongest > 0.4


def test_a_season_in_common_is_no_memory() -> None:
    frame = _table(seed=5)
    plain = np.corrcoef(frame["level"], frame["warmth"])[0, 1]
    curve = _measures(frame, "warmth").curves[0]
    assert abs(plain) > 0.3
    assert curve.remembered == 0


def test_order_of_rows_and_repeated_moments_change_nothing() -> None:
    frame = _table()
    mixed = pd.concat([frame, frame.iloc[:50].assign(rain=99.0, level=99.0)])
    shuffled = frame.sample(frac=1, random_state=1)
    assert _measures(shuffled, "rain") == _measures(frame, "rain")
    assert _measures(mixed, "rain") == _measures(frame, "rain")


def test_lags_are_counted_in_time_where_days_are_missing() -> None:
    frame = _table()
    gone = frame.drop(index=range(200, 1400, 4))
    values = [part.value for part in _measures(gone, "rain").curves[0].ranges]
    whole = [part.value for part in _measures(frame, "rain").curves[0].ranges]
    known = [(a, b) for a, b in zip(values, whole, strict=True) if a is not None and b is not None]
    assert max(abs(a - b) for a, b in known) < 0.1


def test_no_site_is_remembered_by_another() -> None:
    frame, other = _table(seed=8), _table(seed=9)
    both = pd.concat([frame.assign(site="a"), other.assign(site="b")])
    apart = _measures(both, "rain", group="site").curves[0]
    swapped = pd.concat([frame.assign(site="a", rain=other["rain"]), other.assign(site="b", rain=frame["rain"])])
    assert apart.remembered >= 45
    assert _measures(swapped, "rain", group="site").curves[0].remembered == 0


def test_ranges_reach_from_the_row_to_a_year_without_a_gap() -> None:
    for step in (900.0, 3600.0, DAY, 7 * DAY, 30 * DAY):
        ranges = ranges_of(step)
        assert ranges[0] == (0, 0)
        assert all(after[0] == before[1] + 1 for before, after in pairwise(ranges))
        assert ranges[-1][1] + 1 == round(365 * DAY / step)


def test_means_before_a_row_are_those_of_a_plain_loop() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=80)
    values[10:14] = np.nan
    for first, last in ((0, 0), (2, 4), (7, 13)):
        means = lag_correlation._mean_before(values, first, last)
        for step in range(80):
            window = [values[step - lag] for lag in range(first, last + 1) if step - lag >= 0]
            known = [value for value in window if np.isfinite(value)]
            enough = len(known) >= 0.8 * (last - first + 1)
            assert means[step] == pytest.approx(np.mean(known)) if enough else np.isnan(means[step])


def test_a_short_record_says_why_there_is_nothing() -> None:
    measures = _measures(_table(days=60), "rain")
    assert (measures.curves, measures.reason) == ((), "Fewer than 100 steps have a value of level.")


def test_measures_of_lags_come_back_from_json() -> None:
    measures = _measures(_table(days=400), "rain", "warmth")
    assert from_json(LagMeasures, to_json(measures)) == measures
