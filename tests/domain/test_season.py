"""Radiation has a season; what has none is asked about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.hydrology.season import lacks_season, season_share
from tests.domain.reading import real_file

DAYS = pd.Series(pd.date_range("2001-01-01", periods=1_500))


def year(amplitude: float, noise: float) -> np.ndarray:
    random = np.random.default_rng(2)
    wave = np.sin(2 * np.pi * DAYS.dt.day_of_year / 365.25).to_numpy()
    return 150 + amplitude * wave + noise * random.normal(size=len(DAYS))


def test_a_cycle_of_the_year_is_found_in_noise() -> None:
    share = season_share(DAYS, year(80.0, 40.0))
    assert share == pytest.approx(80**2 / 2 / (80**2 / 2 + 40**2), abs=0.05)
    assert not lacks_season(DAYS, year(80.0, 40.0))
    assert not lacks_season(DAYS, year(15.0, 40.0)), "a weak season of the tropics is one"


def test_noise_and_a_trend_have_no_season() -> None:
    assert lacks_season(DAYS, year(0.0, 40.0))
    assert lacks_season(DAYS, np.linspace(0, 300, len(DAYS)) + year(0.0, 200.0))


def test_less_than_two_years_tell_nothing() -> None:
    values = year(0.0, 40.0)
    assert season_share(DAYS[:600], values[:600]) is None
    gaps = np.where(np.arange(len(values)) % 20 == 0, values, np.nan)
    assert season_share(DAYS, gaps) is None
    assert season_share(DAYS, np.full(len(DAYS), 5.0)) is None


def test_radiation_of_a_real_river_has_a_season() -> None:
    data = real_file("hydro/piscataquis_01031500_daily.csv")
    share = season_share(data.frame["date"], data.frame["srad_wm2"].to_numpy(float))
    assert share is not None
    assert share > 0.3
    assert not lacks_season(data.frame["date"], data.frame["srad_wm2"].to_numpy(float))
