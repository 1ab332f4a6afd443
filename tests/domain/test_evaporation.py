"""The sun, potential evaporation and the length of the day: worked examples of FAO-56, plain loops, and refusals."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.rules import check_transforms
from app.domain.errors import TrainingError
from app.domain.hydrology.evaporation import hargreaves_evaporation, oudin_evaporation
from app.domain.hydrology.sun import day_length, extraterrestrial_radiation, latitude_from_day_length
from app.domain.training.preprocessing.preparation import prepare
from tests.domain.tables import profile_of, real
from tests.domain.test_memory_recipes import features, recipe, spec_of, weather

DAYS = np.arange(1.0, 366.0)


def test_radiation_and_day_length_match_the_examples_of_fao() -> None:
    """Examples 8 and 9: 20 degrees south, 3 September."""
    day, south = np.array([246.0]), np.array([-20.0])
    assert extraterrestrial_radiation(day, south)[0] == pytest.approx(32.2, abs=0.05)
    assert day_length(day, south)[0] == pytest.approx(11.7, abs=0.05)


def test_hargreaves_matches_the_example_of_fao() -> None:
    """Example 20: Lyon in July, 14.8 to 26.6 degrees, radiation of 40.6 MJ: 5.0 mm."""
    made = hargreaves_evaporation(np.array([14.8]), np.array([26.6]), np.array([40.6]))
    assert made[0] == pytest.approx(5.0, abs=0.05)


def test_oudin_is_zero_in_the_cold_and_grows_with_warmth() -> None:
    made = oudin_evaporation(np.array([-30.0, -5.0, 0.0, 15.0, np.nan]), np.full(5, 100 / 0.408))
    np.testing.assert_allclose(made, [0.0, 0.0, 5.0, 20.0, np.nan])


def test_polar_days_and_nights_have_their_lengths() -> None:
    north = np.array([85.0, -85.0, 90.0, -90.0])
    np.testing.assert_allclose(day_length(np.full(4, 172.0), north), [24, 0, 24, 0])
    assert np.isfinite(extraterrestrial_radiation(np.full(4, 172.0), north)).all()


@pytest.mark.parametrize("north", [-60.0, -20.0, 0.0, 45.2, 65.0])
def test_lengths_of_days_tell_the_latitude(north: float) -> None:
    hours = day_length(DAYS, np.full(len(DAYS), north))
    result_values = latitude_from_day_length(DAYS, hours)
    np.testing.assert_allclose(result_values, north, atol=1e-8)
    rounded = latitude_from_day_length(DAYS, np.round(hours / 24, 2) * 24)
    np.testing.assert_allclose(rounded[60:], north, atol=1.5)


def test_an_equinox_tells_no_latitude() -> None:
    days = np.arange(75.0, 95.0)
    result_values = latitude_from_day_length(days, day_length(days, np.full(len(days), 45.0)))
    assert np.isnan(result_values[:5]).all()


def test_latitude_of_a_real_record_is_found() -> None:
    frame = real("hydro/piscataquis_01031500_daily.csv", parse_dates=["date"])
    days = frame["date"].dt.day_of_year.to_numpy(dtype=float)
    result_values = latitude_from_day_length(days, frame["dayl_s"].to_numpy() / 3600)
    assert result_values[-1] == pytest.approx(45.2, abs=0.5)


def by_hand(day: pd.Timestamp, low: float, high: float, *, north: float, method: str) -> float:
    """Return potential evaporation of one day."""
    year = 2 * math.pi * day.day_of_year / 365
    sun, f = 0.409 * math.sin(year - 1.39), math.radians(north)
    w = math.acos(-math.tan(f) * math.tan(sun))
    height = w * math.sin(f) * math.sin(sun) + math.cos(f) * math.cos(sun) * math.sin(w)
    above = 0.408 * 1440 / math.pi * 0.0820 * (1 + 0.033 * math.cos(year)) * height
    mean = (low + high) / 2
    if method == "oudin":
        return above * max(mean + 5, 0.0) / 100
    return 0.0023 * above * max(mean + 17.8, 0.0) * math.sqrt(high - low)


@pytest.mark.parametrize("horizon", [0, 3])
@pytest.mark.parametrize("method", ["oudin", "hargreaves"])
@pytest.mark.parametrize("sun_from", ["latitude", "latitude_column", "day_length_s"])
def test_potential_evaporation_matches_a_loop(sun_from: str, method: str, horizon: int) -> None:
    frame = weather()
    frame["north"] = frame["site"].map({"n1": 45.0, "n2": -30.0, "n3": 10.0})
    frame["light"] = 3600 * day_length(frame["day"].dt.day_of_year.to_numpy(dtype=float), frame["north"].to_numpy())
    task = {"purpose": "forecast", "horizon": horizon, "drivers_known_ahead": False} if horizon else {}
    more = {"latitude": [], "latitude_column": ["north"], "day_length_s": ["light"]}[sun_from]
    told = {"latitude": 45.0} if sun_from == "latitude" else {}
    part = recipe("potential_evaporation", "low", "high", *more, method=method, sun_from=sun_from, **told)
    made, rows = features(frame, part, **task)
    values = {(row.site, row.day): row for row in frame.itertuples()}
    checked = 0
    for index, (site, day) in enumerate(zip(rows["site"], rows["day"], strict=True)):
        row, got = values.get((site, day - horizon * pd.Timedelta(days=1))), made[f"low_{method}"][index]
        if row is None or not np.isfinite(row.low):
            assert np.isnan(got)
            continue
        north = 45.0 if sun_from == "latitude" else row.north
        if sun_from == "day_length_s" and np.isnan(got):
            # The record begins near an equinox.
            continue
        assert got == pytest.approx(by_hand(row.day, row.low, row.high, north=north, method=method), rel=1e-6)
        checked += 1
    assert checked > 40


def test_the_mean_is_enough_for_oudin_and_units_are_converted() -> None:
    frame = weather()
    plain, _ = features(frame, recipe("potential_evaporation", "low", "high", latitude=45))
    mean, _ = features(frame, recipe("potential_evaporation", "warmth", latitude=45))
    np.testing.assert_allclose(mean["warmth_oudin"], plain["low_oudin"], rtol=1e-10)
    other = frame.assign(warmth=frame["warmth"] * 10)
    tenths, _ = features(other, recipe("potential_evaporation", "warmth", latitude=45, temperature_unit="tenth_c"))
    np.testing.assert_allclose(tenths["warmth_oudin"], plain["low_oudin"], rtol=1e-10)


def test_hours_share_the_day() -> None:
    frame = pd.DataFrame({"day": pd.date_range("2001-06-01", periods=24, freq="h"), "site": "n1", "area": 1.0})
    frame = frame.assign(flow=1.0, warmth=12.0)
    made, _ = features(frame, recipe("potential_evaporation", "warmth", latitude=45))
    day = by_hand(frame["day"][0], 12.0, 12.0, north=45.0, method="oudin")
    assert made["warmth_oudin"].sum() == pytest.approx(day)


def test_the_length_of_the_day_follows_the_date() -> None:
    frame = weather()
    part = recipe("day_length", latitude="45,2")
    made, rows = features(frame, part, purpose="forecast", horizon=3, drivers_known_ahead=False)
    days = rows["day"].dt.day_of_year.to_numpy(dtype=float)
    np.testing.assert_allclose(made["day_day_length"], day_length(days, np.full(len(days), 45.2)))


def with_statistics(profile: DatasetProfile, frame: pd.DataFrame) -> DatasetProfile:
    columns = tuple(
        replace(
            column,
            mean=float(frame[column.name].mean()),
            std=float(frame[column.name].std()),
            minimum=float(frame[column.name].min()),
            maximum=float(frame[column.name].max()),
        )
        if column.name in ("low", "high", "warmth")
        else column
        for column in profile.columns
    )
    return replace(profile, columns=columns)


def test_hargreaves_is_refused_where_minimum_and_maximum_are_equal() -> None:
    frame = weather().assign(high=lambda rows: rows["low"])
    profile = with_statistics(profile_of(frame, "day"), frame)
    spec = spec_of(recipe("potential_evaporation", "low", "high", method="hargreaves", latitude=45))
    with pytest.raises(TrainingError, match="low and high are equal on all rows"):
        prepare(spec, frame, profile)
    told = next(transform for transform in check_transforms(spec, profile) if transform.code == "temperatures_equal")
    assert told.message == "low and high are equal on all rows, so Hargreaves would be 0 throughout. Use Oudin."
    assert told.remedy is not None
    assert told.remedy.changes["features"]["transforms"][0]["parameters"]["method"] == "oudin"
    other = weather()
    fine = with_statistics(profile_of(other, "day"), other)
    assert not [transform for transform in check_transforms(spec, fine) if transform.code == "temperatures_equal"]


def test_ten_basins_have_no_range_of_temperature() -> None:
    frame = real("hydro/camels_us_10basins_1990_2013.csv.gz", dtype={"gauge_id": str}, parse_dates=["date"]).head(3000)
    task = {"target": "discharge_mm", "time_column": "date", "group_column": "gauge_id"}
    part = recipe("potential_evaporation", "tmin_c", "tmax_c", "dayl_s", method="hargreaves", sun_from="day_length_s")
    spec = spec_of(part, **task)
    spec = spec.model_copy(update={"features": spec.features.model_copy(update={"selected": ["prcp_mm"]})})
    with pytest.raises(TrainingError, match="tmin_c and tmax_c are equal on all rows"):
        prepare(spec, frame, profile_of(frame, "date"))


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (recipe("potential_evaporation", "warmth"), "Give the latitude"),
        (recipe("potential_evaporation", "warmth", latitude=91), "Latitude: must be between \u221290 and 90"),
        (
            recipe("potential_evaporation", "warmth", latitude=45, method="hargreaves"),
            "needs the minimum and the maximum",
        ),
        (recipe("potential_evaporation", "warmth", sun_from="day_length_h"), "choose the temperature beside"),
        (recipe("potential_evaporation", "low", "high", "dry", latitude=45), "say what the third column tells"),
        (recipe("potential_evaporation", "warmth", latitude=45, method="penman"), "Method: must be one of"),
        (recipe("day_length"), "Latitude: needs a value"),
        (recipe("day_length", latitude="north"), "Latitude: must be a number"),
    ],
)
def test_evaporation_that_cannot_be_computed_is_told(part: dict[str, Any], says: str) -> None:
    frame = weather()
    told = [problem.message for problem in check_transforms(spec_of(part), profile_of(frame, "day"))]
    assert any(says in message for message in told), told
    with pytest.raises(TrainingError, match=says):
        prepare(spec_of(part), frame, profile_of(frame, "day"))


def test_two_recipes_of_one_name_are_told() -> None:
    frame, parts = weather(), [recipe("degree_day_snow", "rain", "warmth", factor=factor) for factor in (2, 4)]
    told = [
        transform
        for transform in check_transforms(spec_of(*parts), profile_of(frame, "day"))
        if transform.code == "derived_twice"
    ]
    assert [problem.message for problem in told] == [
        "Degree-day snow makes rain_snow_store a second time, with other settings: only the first is kept."
    ]
    made, _ = features(frame, *parts)
    first, _ = features(frame, parts[0])
    pd.testing.assert_frame_equal(made, first)
