"""Recipes with a memory against plain loops: windows by time and group, exponential memory, snow, and chains of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.checks.rules import check_transforms
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.hydrology.driver_units import CONVERSIONS, DriverRole
from app.domain.problems import Problem
from app.domain.training.preprocessing.memory_recipes import exponential_reach
from app.domain.training.preprocessing.output_units import units_of
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.recipe_units import RAIN_UNITS, TEMPERATURE_UNITS, WATER_UNITS
from app.domain.training.preprocessing.transforms import get, longest_memory
from tests.domain.tables import make_spec, profile_of
from tests.domain.test_known_values import irregular, look_up, sites

DAY = pd.Timedelta(days=1)
SNOW = {"threshold": 0.5, "transition": 2.0, "factor": 3.0}


def recipe(kind: str, *columns: str, **parameters: Any) -> dict[str, Any]:
    return {"kind": kind, "columns": list(columns), "parameters": parameters}


def weather(days: int = 90) -> pd.DataFrame:
    """Return sites with holes, whose winter freezes, in a shuffled order."""
    frame = sites(days)
    turn = 2 * np.pi * frame["day"].dt.day_of_year / 60
    frame["warmth"] = 6 * np.sin(turn) + np.arange(len(frame)) % 5
    frame["warmth"] = frame["warmth"].mask(np.arange(len(frame)) % 23 == 4)
    frame["low"], frame["high"] = frame["warmth"] - 3, frame["warmth"] + 3
    frame["dry"] = 1.0 + np.arange(len(frame)) % 3
    return frame


def spec_of(*recipes: dict[str, Any], **task: Any) -> Spec:
    parts = {"target": "flow", "time_column": "day", "group_column": "site", "purpose": "simulate", **task}
    return make_spec(task=parts, selected=["area"], transforms=list(recipes))


def features(frame: pd.DataFrame, *recipes: dict[str, Any], **task: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features, and the rows of the frame that they belong to."""
    table = prepare(spec_of(*recipes, **task), frame, profile_of(frame, "day"))
    return table.features, frame.iloc[table.rows - 1].reset_index(drop=True)


def snow_by_hand(frame: pd.DataFrame, **columns: str) -> dict[tuple[str, pd.Timestamp], tuple[float, float, float]]:
    """Return store, melt and liquid water of every site and day, one after another."""
    results: dict[tuple[str, pd.Timestamp], tuple[float, float, float]] = {}
    for site, rows in frame.groupby("site"):
        store = 0.0
        for row in rows.sort_values("day").to_dict("records"):
            rain, warmth = row[columns.get("rain", "rain")], row[columns.get("warmth", "warmth")]
            if not (np.isfinite(rain) and np.isfinite(warmth)):
                results[site, row["day"]] = (np.nan, np.nan, np.nan)
                continue
            share = min(max((SNOW["threshold"] + SNOW["transition"] - warmth) / SNOW["transition"], 0.0), 1.0)
            store += share * rain
            melt = min(store, max(0.0, SNOW["factor"] * (warmth - SNOW["threshold"])))
            store -= melt
            results[site, row["day"]] = (store, melt, rain - share * rain + melt)
    return results


@pytest.mark.parametrize("task", [{}, {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}])
def test_windows_by_time_and_group_match_a_loop(task: dict[str, Any]) -> None:
    frame, cutoff = weather(), int(task.get("horizon", 0))
    recipes = [recipe(kind, "rain", "dry", windows=[9, 3, 30]) for kind in ("window_means", "window_sums")]
    made, rows = features(frame, *recipes, **task)
    for column in ("rain", "dry"):
        look = look_up(frame, column)
        for window in (3, 9, 30):
            for name, times in (("mean", 1.0), ("sum", float(window))):
                want = []
                for site, day in zip(rows["site"], rows["day"], strict=True):
                    steps = range(cutoff, cutoff + window)
                    known = [value for step in steps if np.isfinite(value := look(site, day - step * DAY))]
                    want.append(times * np.mean(known) if len(known) >= np.ceil(0.8 * window) else np.nan)
                np.testing.assert_allclose(made[f"{column}_{name}_{window}"], want, rtol=1e-10)
        assert made[f"{column}_mean_3"].notna().any()


def test_many_windows_agree_with_one_window_at_a_time() -> None:
    frame = weather()
    many, _ = features(frame, recipe("window_means", "rain", windows=[7]), recipe("window_sums", "rain", windows=[30]))
    values, _ = features(frame, recipe("rolling_mean", "rain", window=7), recipe("rolling_sum", "rain", window=30))
    pd.testing.assert_frame_equal(many, values, rtol=1e-12)


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.97])
def test_an_exponential_memory_matches_a_loop(keep: float) -> None:
    frame = weather()
    made, rows = features(frame, recipe("exponential_memory", "rain", keeps=[keep]))
    look, want = look_up(frame, "rain"), []
    for site, day in zip(rows["site"], rows["day"], strict=True):
        ages = range((day - frame["day"].min()).days + 1)
        known = [(keep**age, value) for age in ages if np.isfinite(value := look(site, day - age * DAY))]
        weight = sum(number for number, _ in known)
        mean = sum(number * value for number, value in known) / weight if known else np.nan
        want.append(mean if weight * (1 - keep) >= 0.5 else np.nan)
    np.testing.assert_allclose(made[f"rain_memory_{keep:g}"], want, rtol=1e-10)
    assert made[f"rain_memory_{keep:g}"].notna().any()


@pytest.mark.parametrize("horizon", [0, 2])
def test_degree_day_snow_matches_a_loop(horizon: int) -> None:
    frame = weather()
    task = {"purpose": "forecast", "horizon": horizon, "drivers_known_ahead": False} if horizon else {}
    made, rows = features(frame, recipe("degree_day_snow", "rain", "warmth", **SNOW), **task)
    results, gone = snow_by_hand(frame), (np.nan, np.nan, np.nan)
    moments = zip(rows["site"], rows["day"] - horizon * DAY, strict=True)
    want = np.array([results.get((site, day), gone) for site, day in moments])
    names = ["rain_snow_store", "rain_melt", "rain_liquid"]
    np.testing.assert_allclose(made[names].to_numpy(), want, rtol=1e-12, atol=1e-12)
    assert (made["rain_snow_store"] > 1).any()
    assert (made["rain_melt"] > 1).any()


def test_snow_loses_no_water() -> None:
    frame = weather().dropna(subset=["rain", "warmth"])
    for site, rows in frame.groupby("site"):
        results = snow_by_hand(rows)
        made, _ = features(rows.assign(flow=1.0), recipe("degree_day_snow", "rain", "warmth", **SNOW))
        last = results[str(site), rows["day"].max()][0]
        assert made["rain_liquid"].sum() + last == pytest.approx(rows["rain"].sum())


def test_units_are_converted_before_anything_melts() -> None:
    frame = weather()
    plain, _ = features(frame, recipe("degree_day_snow", "rain", "warmth", **SNOW))
    other = frame.assign(rain=frame["rain"] / 86_400, warmth=frame["warmth"] + 273.15)
    units = {"rain_unit": "kg_m2_s", "temperature_unit": "k"}
    made, _ = features(other, recipe("degree_day_snow", "rain", "warmth", **SNOW, **units))
    pd.testing.assert_frame_equal(made, plain, rtol=1e-9)
    both, _ = features(frame, recipe("degree_day_snow", "rain", "low", "high", **SNOW))
    pd.testing.assert_frame_equal(both, plain, rtol=1e-9)


def test_hourly_snow_melts_by_the_day() -> None:
    hours = pd.date_range("2001-01-01", periods=48, freq="h")
    frame = pd.DataFrame({"day": hours, "site": "n1", "area": 1.0, "flow": 1.0})
    frame["rain"] = np.where(frame.index < 10, 5.0, 0.0)
    frame["warmth"] = np.where(frame.index < 10, -5.0, 4.0)
    made, _ = features(frame, recipe("degree_day_snow", "rain", "warmth", threshold=0, transition=0, factor=3))
    assert made["rain_melt"][10] == pytest.approx(3 * 4 / 24)
    assert made["rain_snow_store"][9] == 50


def test_effective_rain_is_rain_minus_evaporation_in_mm() -> None:
    frame = weather()
    made, rows = features(
        frame.assign(gone=-frame["dry"] / 1000),
        recipe("effective_rain", "rain", "gone", evaporation_unit="m_negative"),
    )
    np.testing.assert_allclose(made["rain_minus_gone"], rows["rain"] - rows["dry"], rtol=1e-12)


CHAIN = (
    recipe("degree_day_snow", "rain", "warmth", **SNOW),
    recipe("window_means", "rain_liquid", windows=[4]),
    recipe("lag", "rain_liquid", steps=[2, 3]),
    recipe("exponential_memory", "rain_liquid_mean_4", keeps=[0.6]),
)


@pytest.mark.parametrize("horizon", [0, 2])
def test_a_chain_is_late_once(horizon: int) -> None:
    frame = weather()
    task = {"purpose": "forecast", "horizon": horizon, "drivers_known_ahead": False} if horizon else {}
    made, rows = features(frame, *CHAIN, **task)
    results = snow_by_hand(frame)

    def liquid(site: str, day: pd.Timestamp) -> float:
        return results.get((site, day), (np.nan,))[-1]

    def mean(site: str, day: pd.Timestamp) -> float:
        known = [value for step in range(4) if np.isfinite(value := liquid(site, day - step * DAY))]
        return float(np.mean(known)) if len(known) >= 4 else np.nan

    positions = list(zip(rows["site"], rows["day"], strict=True))
    wanted = {
        "rain_liquid_mean_4": [mean(site, day - horizon * DAY) for site, day in positions],
        "rain_liquid_lag_3": [liquid(site, day - 3 * DAY) for site, day in positions],
    }
    for name, want in wanted.items():
        np.testing.assert_allclose(made[name], want, rtol=1e-10, err_msg=name)


def test_warm_up_adds_up_along_a_chain() -> None:
    reach = 4 + 1 + exponential_reach(0.6)
    assert longest_memory(spec_of(*CHAIN)) == reach
    ahead = {"purpose": "forecast", "horizon": 2, "drivers_known_ahead": False}
    assert longest_memory(spec_of(*CHAIN, **ahead)) == reach + 2
    assert longest_memory(spec_of(*CHAIN, purpose=None)) == reach
    assert exponential_reach(0.995) == 598


def test_steps_of_irregular_records_are_moments() -> None:
    frame, profile = irregular(weather())
    spec = spec_of(recipe("window_means", "rain", windows=[3]), recipe("degree_day_snow", "rain", "warmth", **SNOW))
    table = prepare(spec, frame, profile)
    rows = frame.iloc[table.rows - 1].reset_index(drop=True)
    want = []
    for site, day in zip(rows["site"], rows["day"], strict=True):
        last = frame[(frame["site"] == site) & (frame["day"] <= day)].sort_values("day")["rain"].tail(3).dropna()
        want.append(last.mean() if len(last) == 3 else np.nan)
    np.testing.assert_allclose(table.features["rain_mean_3"], want, rtol=1e-10)
    assert table.features["rain_melt"].max() > 0


@pytest.mark.parametrize("columns", [("a",), ("a", "b")])
def test_one_group_moves_no_window_of_another(columns: tuple[str, ...]) -> None:
    days = list(pd.date_range("2001-01-01", periods=30, freq="D"))
    frame = pd.DataFrame({"day": days * 2, "site": ["x"] * 30 + ["y"] * 30, "area": 1.0, "flow": 1.0})
    frame["a"], frame["b"] = np.random.default_rng(0).random((2, 60)) / 3
    other = frame.assign(**{name: frame[name].mask(frame["site"] == "x", 1e15) for name in columns})
    recipes = [recipe("window_means", "a", "b", windows=[5, 20]), recipe("exponential_memory", "a", "b", keeps=[0.9])]
    first, two = (features(each, *recipes)[0][rows_of_y(each)] for each in (frame, other))
    pd.testing.assert_frame_equal(first, two, check_exact=True)


def rows_of_y(frame: pd.DataFrame) -> Any:
    table = prepare(spec_of(), frame, profile_of(frame, "day"))
    return (frame["site"].to_numpy()[table.rows - 1] == "y").tolist()


def problems(frame: pd.DataFrame, *recipes: dict[str, Any], **task: Any) -> list[Problem]:
    return check_transforms(spec_of(*recipes, **task), profile_of(frame, "day"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (recipe("degree_day_snow", "rain"), "needs 2 to 3 columns: precipitation, temperature, or its minimum"),
        (recipe("degree_day_snow", "rain", "warmth", "low", "high"), "needs 2 to 3 columns"),
        (recipe("degree_day_snow", "rain", "rain"), "a different column for each role"),
        (recipe("degree_day_snow", "rain", "flow"), "flow is the target"),
        (recipe("degree_day_snow", "rain", "soil"), "soil does not hold numbers"),
        (recipe("degree_day_snow", "rain", "warmth", factor=0), "Degree-day factor: must be more than 0 to 20"),
        (recipe("degree_day_snow", "rain", "warmth", rain_unit="feet"), "Unit of precipitation: must be one of"),
        (recipe("effective_rain", "rain"), "needs 2 columns: precipitation and evaporation"),
        (recipe("window_means", "rain", windows="3, x"), "Each window: must be a number"),
        (recipe("window_means", "rain", windows=[1]), "Each window: must be between 2 and 10,000"),
        (recipe("window_sums", "rain", windows=[]), "Give 1 to 60 windows"),
        (recipe("exponential_memory", "rain", keeps=[1]), "Each share: must be between 0.01 and 0.9995"),
        (recipe("window_means", "rain_liquid"), "no column named rain_liquid"),
    ],
)
def test_what_cannot_be_followed_is_told_in_a_sentence(wrong: dict[str, Any], says: str) -> None:
    frame = weather()
    told = [problem.message for problem in problems(frame, wrong)]
    assert any(says.lower() in message.lower() for message in told), told
    if "does not hold numbers" not in says:
        with pytest.raises(TrainingError) as fault:
            prepare(spec_of(wrong), frame, profile_of(frame, "day"))
        assert str(fault.value).endswith(".")


def test_a_column_is_known_only_after_the_recipe_that_makes_it() -> None:
    frame = weather()
    assert not [problem for problem in problems(frame, *CHAIN) if problem.severity == "error"]
    late = problems(frame, CHAIN[1], CHAIN[0])
    assert [problem.message for problem in late if problem.code == "transform_invalid"]


def test_a_step_of_a_derived_column_nearer_than_its_cutoff_is_refused() -> None:
    frame = weather()
    ahead = {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}
    chain = (CHAIN[0], recipe("lag", "rain_liquid", steps=[1, 4]))
    assert "rain_liquid of 1 step before cannot be known 3 steps ahead" in str(check_purpose(frame, chain, ahead))
    with pytest.raises(TrainingError, match="cannot be known 3 steps ahead"):
        features(frame, *chain, **ahead)


def check_purpose(frame: pd.DataFrame, chain: tuple[dict[str, Any], ...], task: dict[str, Any]) -> list[str]:
    return [problem.message for problem in problems(frame, *chain, **task)]


def test_amounts_per_second_need_regular_steps() -> None:
    frame, profile = irregular(weather())
    wrong = recipe("effective_rain", "rain", "dry", rain_unit="kg_m2_s")
    with pytest.raises(TrainingError, match="need regular steps"):
        prepare(spec_of(wrong), frame, profile)


def test_windows_are_read_from_what_people_type() -> None:
    assert get("window_means").parse({"windows": "30; 7, 7"})["windows"] == [7, 30]
    assert get("exponential_memory").parse({"keeps": "0.9, 0.995"})["keeps"] == [0.9, 0.995]
    assert get("exponential_memory").parse({"keeps": 0.9})["keeps"] == [0.9]


def test_windows_of_hours_are_found_by_time() -> None:
    random = np.random.default_rng(4)
    hours = pd.date_range("2001-01-01", periods=300, freq="h")
    frame = pd.DataFrame({"day": hours, "site": "n1", "area": 1.0, "flow": 1.0, "rain": random.gamma(1, 2, 300)})
    frame = frame[random.random(300) < 0.9].reset_index(drop=True)
    made, rows = features(frame, recipe("window_sums", "rain", windows=[24, 72]))
    values = dict(zip(frame["day"], frame["rain"], strict=True))
    for window in (24, 72):
        want = []
        for hour in rows["day"]:
            steps = (hour - step * pd.Timedelta(hours=1) for step in range(window))
            known = [values[step] for step in steps if step in values]
            want.append(window * np.mean(known) if len(known) >= np.ceil(0.8 * window) else np.nan)
        np.testing.assert_allclose(made[f"rain_sum_{window}"], want, rtol=1e-10)
        assert made[f"rain_sum_{window}"].notna().sum() > 100


@pytest.mark.parametrize("cutoff", [0, 1])
def test_one_pass_over_all_groups_gives_the_bits_of_each_alone(cutoff: int) -> None:
    frame = sites(300, seed=8)
    frame["rain"] *= np.random.default_rng(8).choice([1.0, 1e-6, 1e9], len(frame))
    task: dict[str, Any] = {"purpose": "forecast", "horizon": 1, "drivers_known_ahead": not cutoff}
    for window in (2, 7, 30):
        made, rows = features(frame, recipe("rolling_mean", "rain", window=window), **task)
        alone = {}
        for site, part in frame.groupby("site"):
            values = part.set_index("day")["rain"].sort_index()
            least, closed = int(np.ceil(0.8 * window)), "left" if cutoff else "right"
            means = values.rolling(window * DAY, min_periods=least, closed=closed).mean()
            alone |= {(site, day): mean for day, mean in means.items()}
        want = [alone[site, day] for site, day in zip(rows["site"], rows["day"], strict=True)]
        np.testing.assert_array_equal(made[f"rain_mean_{window}"], want)


def test_units_of_chains_are_known() -> None:
    frame = weather().rename(columns={"rain": "rain_mm"})
    chain = [
        recipe("degree_day_snow", "rain_mm", "warmth"),
        recipe("window_sums", "rain_mm_liquid", "area", windows=[3, 9]),
        recipe("potential_evaporation", "warmth", latitude=45),
        recipe("day_length", latitude=45),
    ]
    units = units_of(spec_of(*chain).features.transforms, profile_of(frame, "day"), time_column="day")
    assert units["rain_mm_snow_store"] == units["rain_mm_liquid_sum_9"] == units["warmth_oudin"] == "mm"
    assert (units["area_sum_3"], units["day_day_length"]) == ("", "h")


@pytest.mark.parametrize("hours", [1, 24])
def test_recipes_can_be_told_every_unit_that_drivers_are_known_in(hours: int) -> None:
    seconds = hours * 3600.0
    for role, choices in (
        (DriverRole.RAIN, RAIN_UNITS),
        (DriverRole.EVAPORATION, WATER_UNITS),
        (DriverRole.TEMPERATURE, TEMPERATURE_UNITS),
    ):
        told = [
            (unit.factor * (seconds / unit.per_seconds if unit.per_seconds else 1.0), unit.offset)
            for unit in choices.values()
        ]
        for unit, conversion in CONVERSIONS[role].items():
            wanted = conversion.over(seconds)
            assert any(np.allclose(wanted, row, rtol=1e-12) for row in told), unit
