"""The suggested set of features with a memory: what it holds, how long it looks back, and what it leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.experiment import Spec
from app.domain.hydrology.drivers import Driver, DriverRole
from app.domain.problems import Severity
from app.domain.recommendation.memory_set import MemorySet, build_memory_set, longest_window, unit_choice
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS
from app.domain.training.preprocessing.transforms import output_names
from tests.domain.reading import Known, known, real_file, sample

RIVER, WELL = "piscataquis_01031500_daily.csv", "gw_kingstown_usgs_daily.csv"


def record(rows: int, freq: str = "D", **columns: Any) -> Known:
    """Return a made record with the flow as target."""
    random = np.random.default_rng(1)
    times = pd.date_range("1990-01-01", periods=rows, freq=freq)
    frame = pd.DataFrame({"date": times, **columns, "flow": random.gamma(2.0, 2.0, rows).round(3)})
    return known(frame)


def rain(rows: int) -> Any:
    """Return values like rain: most are zero."""
    random = np.random.default_rng(2)
    return np.where(random.random(rows) < 0.4, random.gamma(1.0, 6.0, rows), 0.0).round(1)


def memory_of(data: Known, target: str = "flow", **more: Any) -> MemorySet:
    memory_set = build_memory_set(data.profile, **{"target": target, "time_column": "date", "group_column": "", **more})
    assert memory_set is not None
    return memory_set


def kinds(memory_set: MemorySet) -> list[Any]:
    return [recipe["kind"] for recipe in memory_set.recipes]


def test_a_river_with_frost_is_given_snow_and_what_melts() -> None:
    memory_set = memory_of(sample(RIVER), "discharge_mm")
    assert kinds(memory_set) == ["degree_day_snow", "window_means", "lag", "exponential_memory"]
    assert memory_set.recipes[0]["columns"] == ["prcp_mm", "tmin_c", "tmax_c"]
    assert {"prcp_mm_snow_store", "prcp_mm_liquid"} <= set(memory_set.recipes[1]["columns"])
    assert memory_set.windows == (3, 7, 14, 30, 90, 180, 365)
    assert memory_set.warm_up == 365
    assert memory_set.sentence() == "61 features of rain, snow, temperature and radiation over 3 to 365 days"


def test_a_well_with_evaporation_is_given_what_is_left_of_rain() -> None:
    memory_set = memory_of(sample(WELL), "head_m")
    assert kinds(memory_set) == ["effective_rain", "window_means", "lag", "exponential_memory"]
    assert memory_set.recipes[0]["parameters"] == {"rain_unit": "m", "evaporation_unit": "m"}


def test_a_mean_temperature_stands_for_its_extremes() -> None:
    memory_set = memory_of(real_file("hydro/challenge/well_germany.csv"), "head_m")
    (means,) = [recipe for recipe in memory_set.recipes if recipe["kind"] == "window_means"]
    assert means["columns"] == ["rr", "et", "tg", "qq", "rr_snow_store", "rr_liquid", "rr_liquid_minus_et"]


@pytest.mark.parametrize(("coldest", "snow"), [(-6.0, True), (4.0, False)])
def test_snow_is_suggested_only_where_it_freezes(coldest: float, snow: bool) -> None:
    warmth = coldest + 20 + 20 * np.sin(np.arange(1500) * 2 * np.pi / 365.25)
    memory_set = memory_of(record(1500, rain_mm=rain(1500), temperature_c=warmth.round(1)))
    assert ("degree_day_snow" in kinds(memory_set)) is snow


@pytest.mark.parametrize(
    ("rows", "freq", "windows"),
    [
        (12_000, "D", (3, 7, 14, 30, 90, 180, 365)),
        (1_000, "D", (3, 7, 14, 30, 90)),
        (2_000, "h", (3, 6, 12, 24, 72, 168)),
        (600, "MS", (3, 6, 12)),
    ],
)
def test_windows_are_days_and_never_more_than_a_tenth_of_a_record(
    rows: int, freq: str, windows: tuple[int, ...]
) -> None:
    assert memory_of(record(rows, freq, rain_mm=rain(rows))).windows == windows


def test_without_a_driver_there_is_no_set() -> None:
    data = record(900, pump=np.arange(900) % 7)
    assert build_memory_set(data.profile, target="flow", time_column="date", group_column="") is None
    assert build_memory_set(data.profile, target="flow", time_column="", group_column="") is None


def test_lags_of_drivers_begin_after_the_cutoff() -> None:
    memory_set = memory_of(sample(RIVER), "discharge_mm", cutoff=7)
    assert [recipe["parameters"] for recipe in memory_set.recipes if recipe["kind"] == "lag"] == [{"steps": [8, 9, 10]}]


def test_a_driver_that_is_not_selected_is_left_out() -> None:
    memory_set = memory_of(sample(RIVER), "discharge_mm", selected=["prcp_mm"])
    assert kinds(memory_set) == ["window_means", "lag", "exponential_memory"]
    assert {name for recipe in memory_set.recipes for name in recipe["columns"]} == {"prcp_mm"}


@pytest.mark.parametrize(
    ("role", "factor", "offset", "key"),
    [
        (DriverRole.RAIN, 1.0, 0.0, "mm"),
        (DriverRole.RAIN, 1000.0, 0.0, "m"),
        (DriverRole.RAIN, 86_400.0, 0.0, "kg_m2_s"),
        (DriverRole.TEMPERATURE, 1.0, -273.15, "k"),
        (DriverRole.TEMPERATURE, 3.7, 0.0, None),
    ],
)
def test_a_unit_is_told_by_its_conversion(role: DriverRole, factor: float, offset: float, key: str | None) -> None:
    driver = Driver("x", role, "", factor, offset, "")
    units = TEMPERATURE_UNITS if role is DriverRole.TEMPERATURE else WATER_UNITS
    assert unit_choice(driver, units, step_seconds=86_400.0) == key


@pytest.mark.parametrize(("name", "target"), [(RIVER, "discharge_mm"), (WELL, "head_m")])
def test_what_is_suggested_is_sound_and_full_after_the_warm_up(name: str, target: str) -> None:
    data = sample(name)
    plan = data.plan({"data": {"target": target}})
    spec = plan.spec
    assert isinstance(spec, Spec)
    assert [problem for problem in plan.problems if problem.severity is Severity.ERROR] == []
    table = prepare(spec, data.frame, data.profile)
    assert set(table.derived) == set(output_names(spec))
    assert table.ages is not None
    full = table.features.loc[table.ages >= spec.validation.warm_up, list(table.derived)]
    # Some days of the well have no rain, and so no value of their own.
    assert full.notna().mean().min() > (0.98 if name == WELL else 0.9999)


def test_the_warm_up_follows_the_recipes_of_the_user() -> None:
    def warm_up(recipes: list[Any]) -> int:
        spec = sample(RIVER).plan({"features": {"transforms": recipes}}).spec
        assert spec is not None
        return spec.validation.warm_up

    assert warm_up([]) == 0
    assert warm_up([{"columns": ["prcp_mm"], "kind": "window_means", "parameters": {"windows": [3, 90]}}]) == 90
    assert longest_window([5, {"parameters": 3}, {"parameters": {"windows": ["x", 4], "window": 2}}]) == 4
