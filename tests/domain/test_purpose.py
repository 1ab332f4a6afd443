"""What a model is for: the suggestion and its reason, the answers, what follows for features, and what does not fit.

The rule was made on the Piscataquis and Kingstown series, four CAMELS basins and the penguins; the files of `KEPT_ASIDE`
were looked at only once it stood.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.checks import check_spec
from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.recommendation.from_config import answers_of_config
from app.domain.recommendation.plan import Plan
from app.domain.vocabulary import Purpose, Severity
from app.domain.wizard import cleared_by, covers_field
from tests.domain.reading import Known, known, mended, real_file, sample
from tests.variants import slow_after

RIVER, WELL = "piscataquis_01031500_daily.csv", "gw_kingstown_usgs_daily.csv"
PENGUINS, BASINS = "rd_palmerpenguins_penguins_raw.csv", "hydro/camels_us_4basins_2000_2002.csv"
FORECAST = {"purpose": "forecast", "horizon": "3", "drivers_known_ahead": False}
# The recipes of the set for a river with snow, in their order.
MEMORY = ["degree_day_snow", "window_means", "lag", "exponential_memory"]
SEASON = ("date_parts", [], {"parts": ["doy_cyclic"]})
KEPT_ASIDE = [
    ("hydro/gw_heby_daily.csv", "head_m", "simulate"),
    ("hydro/challenge/well_germany.csv", "head_m", "simulate"),
    ("hydro/reservoir_08049800_inflow.csv", "in_flow", "simulate"),
    ("hydro/usgs_ChoptankFlow.csv", "Flow", "forecast"),
    ("hydro/usgs_KlamathTP.csv", "TP", "simulate"),
    ("hydro/water_potability.csv", "Potability", "new_rows"),
    ("hydro/camels_us_attributes_671.csv", "q_mean", "new_rows"),
    ("hydro/camels_us_10basins_1990_2013.csv.gz", "discharge_mm", "simulate"),
    ("general/uci_bike_sharing_hour.csv", "cnt", "simulate"),
    ("general/titanic_kaggle_train.csv", "Survived", "new_rows"),
]


def _series(rows: int = 200, **columns: Any) -> Known:
    random = np.random.default_rng(0)
    days = pd.date_range("2001-10-01", periods=rows, freq="D").strftime("%Y-%m-%d")
    return known(pd.DataFrame({"day": days, **columns, "flow": random.gamma(2.0, 3.0, rows).round(3)}))


def _task(plan: Plan) -> tuple[Any, Any, Any]:
    assert plan.spec is not None
    task = plan.spec.task
    return task.purpose, task.horizon, task.drivers_known_ahead


def _recipes(plan: Plan) -> list[tuple[str, list[str], dict[str, Any]]]:
    assert plan.spec is not None
    return [(part.kind, part.columns, part.parameters) for part in plan.spec.features.transforms]


def _errors(plan: Plan) -> list[str]:
    return [
        f"{problem.step}.{problem.field} {problem.code}"
        for problem in plan.problems
        if problem.severity is Severity.ERROR
    ]


@pytest.mark.parametrize(
    ("name", "target", "purpose", "reason"),
    [
        (RIVER, "discharge_mm", "simulate", "6 drivers, such as prcp_mm, are measured beside discharge_mm."),
        (WELL, "head_m", "simulate", "2 drivers, such as rain_m, are measured beside head_m."),
        (PENGUINS, "Species", "new_rows", "there is no time column."),
    ],
)
def test_purpose_of_a_sample_is_suggested(name: str, target: str, purpose: str, reason: str) -> None:
    plan = sample(name).plan({"data": {"target": target}})
    assert _task(plan) == (Purpose(purpose), None, None)
    assert plan.suggestions["data"]["purpose"] == purpose
    assert plan.reasons["data.purpose"] == f"Suggested because {reason}"


def test_gauged_sites_are_simulated_unless_somebody_says_never_gauged() -> None:
    plan = real_file(BASINS).plan()
    assert _task(plan)[0] is Purpose.SIMULATE
    reason = 'Suggested because 4 groups have drivers. For groups never seen, choose "A site never gauged".'
    assert plan.reasons["data.purpose"] == reason


@pytest.mark.parametrize(("name", "target", "purpose"), slow_after(2, KEPT_ASIDE))
def test_purpose_fits_files_kept_aside(name: str, target: str, purpose: str) -> None:
    assert _task(real_file(name).plan({"data": {"target": target}}))[0] is Purpose(purpose)


def test_series_alone_is_forecast_by_one_step() -> None:
    alone = _series()
    plan = alone.plan()
    assert _task(plan) == (Purpose.FORECAST, 1, False)
    assert plan.reasons["data.purpose"] == "Suggested because no other column could drive flow."
    parts = _series(month=np.arange(200) // 30 % 12 + 1, level=np.full(200, 2.5))
    assert _task(parts.plan())[0] is Purpose.FORECAST, "neither a part of the date nor a constant drives anything"


def test_what_gives_the_target_away_drives_nothing() -> None:
    random = np.random.default_rng(0)
    flow = random.gamma(2.0, 3.0, 200).round(3)
    days = pd.date_range("2001-10-01", periods=200, freq="D").strftime("%Y-%m-%d")
    twice = known(pd.DataFrame({"day": days, "flow_cfs": flow * 35.3147, "flow": flow}))
    answers = {"data": {"target": "flow"}}
    assert _task(twice.plan(answers))[0] is Purpose.SIMULATE
    assert _task(twice.plan(answers, associated=True))[0] is Purpose.FORECAST
    unknown = {**answers, "features": {f"leak.{twice.column('flow_cfs').key}": "not_known"}}
    assert _task(twice.plan(unknown))[0] is Purpose.FORECAST


def test_dates_that_repeat_without_a_group_are_no_series_to_forecast() -> None:
    days = [day for day in pd.date_range("2001-10-01", periods=100, freq="D").strftime("%Y-%m-%d") for _ in range(2)]
    table = known(pd.DataFrame({"day": days, "flow": np.random.default_rng(0).gamma(2.0, 3.0, 200).round(3)}))
    plan = table.plan({"data": {"target": "flow", "time_column": "day", "group_column": ""}})
    assert _task(plan)[0] is Purpose.NEW_ROWS


def test_classes_in_time_are_new_rows() -> None:
    table = _series(rain=np.arange(200) % 7 / 2, wet=np.where(np.arange(200) % 3, "yes", "no"))
    plan = table.plan({"data": {"target": "wet"}})
    assert _task(plan)[0] is Purpose.NEW_ROWS
    assert plan.reasons["data.purpose"] == "Suggested because wet holds classes."


def test_forecast_keeps_its_horizon_and_its_drivers() -> None:
    river = sample(RIVER)
    assert _task(river.plan({"data": FORECAST})) == (Purpose.FORECAST, 3, False)
    assert _task(river.plan({"data": {**FORECAST, "drivers_known_ahead": True}})) == (Purpose.FORECAST, 3, True)
    other = river.plan({"data": {**FORECAST, "purpose": "simulate"}})
    assert _task(other) == (Purpose.SIMULATE, None, None)
    assert other.values["data"]["horizon"] == "3", "it is there again once a forecast is chosen again"


@pytest.mark.parametrize("purpose", ["simulate", "ungauged"])
def test_nothing_of_the_target_is_suggested_but_for_a_forecast(purpose: str) -> None:
    plan = sample(RIVER).plan({"data": {"purpose": purpose}})
    assert [kind for kind, _, _ in _recipes(plan)] == [*MEMORY, "date_parts"]
    assert not [columns for _, columns, _ in _recipes(plan) if "discharge_mm" in columns]
    assert plan.reasons["features.transforms"] == (
        "Memory of the drivers: 61 features of rain, snow, temperature and radiation over 3 to 365 days and the season. "
        "No earlier value of the target is used."
    )


def test_gaps_are_filled_without_lags_of_the_target() -> None:
    plan = sample(RIVER).plan({"data": {"purpose": "fill_gaps"}})
    assert _recipes(plan)
    assert not [columns for _, columns, _ in _recipes(plan) if "discharge_mm" in columns]


@pytest.mark.parametrize(
    ("known_ahead", "rain", "reason"),
    [
        (True, [1, 2, 3], "Drivers of the steps ahead are known."),
        (False, [4, 5, 6], "Drivers enter as they were 3 steps before."),
    ],
)
def test_forecast_looks_back_from_its_horizon(known_ahead: bool, rain: list[int], reason: str) -> None:
    plan = sample(RIVER).plan({"data": {**FORECAST, "drivers_known_ahead": known_ahead}})
    assert _recipes(plan)[:2] == [
        ("lag", ["discharge_mm"], {"steps": [3, 4, 5, 6, 7]}),
        ("window_means", ["discharge_mm"], {"windows": [7, 30]}),
    ]
    assert [kind for kind, _, _ in _recipes(plan)[2:]] == [*MEMORY, "date_parts"]
    assert ("lag", ["prcp_mm", "prcp_mm_liquid"], {"steps": rain}) in _recipes(plan)
    why = plan.reasons["features.transforms"]
    assert why.startswith(
        "Memory of the drivers and the target: the target 3, 4, 5, 6 and 7 steps before, 61 features of"
    )
    assert why.endswith(reason)


def test_new_rows_look_back_on_nothing() -> None:
    plan = sample(RIVER).plan({"data": {"purpose": "new_rows"}})
    assert _recipes(plan) == []
    assert "nothing looks back" in plan.reasons["features.transforms"]


def test_draft_without_a_purpose_is_as_it_was_before_there_were_any() -> None:
    plan = sample(RIVER).plan({"data": {"purpose": ""}})
    assert _task(plan) == (None, None, None)
    assert plan.spec is not None
    assert "purpose" not in plan.spec.to_json()["task"]
    assert _recipes(plan)[0] == ("lag", ["discharge_mm"], {"steps": [1, 2, 3]})
    assert _errors(plan) == []


@pytest.mark.parametrize("data", [{"purpose": ""}, {"purpose": "ungauged"}, FORECAST, {"purpose": "fill_gaps"}])
def test_config_opened_again_keeps_its_purpose(data: dict[str, Any]) -> None:
    river = sample(RIVER)
    spec = river.plan({"data": data}).spec
    assert spec is not None
    answers = answers_of_config(spec, river.profile)
    assert answers["data"]["purpose"] == data["purpose"]
    again = river.plan(answers).spec
    assert again is not None
    assert again.task == spec.task


def test_changes_of_data_and_target_keep_the_purpose() -> None:
    for by in ("dataset_id", "target", "time_column", "group_column"):
        for name in ("purpose", "horizon", "drivers_known_ahead"):
            assert not any(covers_field(pattern, step="data", name=name) for pattern in cleared_by("data", by))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"purpose": "fly"}, "data.purpose purpose_unknown"),
        ({"purpose": 5}, "data.purpose answer_unreadable"),
        ({"purpose": "forecast", "horizon": "soon"}, "data.horizon parameter_invalid"),
        ({"purpose": "forecast", "horizon": ""}, "data.horizon parameter_invalid"),
        ({"purpose": "forecast", "horizon": "0"}, "data.horizon parameter_invalid"),
        ({"purpose": "forecast", "horizon": "10001"}, "data.horizon parameter_invalid"),
        ({"purpose": "forecast", "drivers_known_ahead": "perhaps"}, "data.drivers_known_ahead answer_unreadable"),
    ],
)
def test_odd_answer_is_an_error_at_its_field(data: dict[str, Any], fault: str) -> None:
    river = sample(RIVER)
    plan = river.plan({"data": data})
    assert _errors(plan) == [fault]
    (problem,) = plan.errors_of("data")
    assert _errors(river.plan(mended({"data": data}, problem))) == []


@pytest.mark.parametrize("purpose", ["simulate", "forecast", "fill_gaps"])
def test_purpose_in_time_asks_for_the_time_column(purpose: str) -> None:
    river = sample(RIVER)
    answers = {"data": {"purpose": purpose, "time_column": ""}}
    plan = river.plan(answers)
    (problem,) = [error for error in plan.errors_of("data") if error.code == "purpose_needs_time"]
    assert (problem.field, problem.remedy and problem.remedy.label) == ("purpose", "Use date as the time column")
    assert plan.values["data"]["purpose"] == purpose, "nothing is lost"
    after = river.plan(mended(answers, problem))
    assert "purpose_needs_time" not in {item.code for item in after.problems}


def test_purpose_in_time_without_any_dates_becomes_new_rows() -> None:
    penguins, answers = sample(PENGUINS), {"data": {"target": "Body Mass (g)", "purpose": "simulate"}}
    (problem,) = penguins.plan(answers).errors_of("data")
    assert problem.message == '"Simulate from drivers" needs a time column, and none is chosen.'
    assert _task(penguins.plan(mended(answers, problem)))[0] is Purpose.NEW_ROWS


def test_site_never_gauged_needs_other_sites() -> None:
    answers = {"data": {"purpose": "ungauged"}}
    (problem,) = sample(RIVER).plan(answers).errors_of("data")
    assert (problem.field, problem.code) == ("purpose", "purpose_needs_sites")
    assert problem.remedy is not None
    assert problem.remedy.label == 'Use "Simulate from drivers"'
    basins = real_file(BASINS)
    without = {"data": {"purpose": "ungauged", "group_column": ""}}
    (problem,) = [error for error in basins.plan(without).errors_of("data") if error.code == "purpose_needs_sites"]
    assert problem.remedy is not None
    assert problem.remedy.label == "Use gauge_id as the group column"
    assert "purpose_needs_sites" not in _errors(basins.plan(mended(without, problem)))


def test_one_site_alone_is_never_held_out() -> None:
    table = _series(site=["north"] * 200, rain=np.arange(200) % 7 / 2)
    answers = {"data": {"purpose": "ungauged", "target": "flow", "group_column": "site"}}
    problem = next(item for item in table.plan(answers).problems if item.code == "purpose_needs_sites")
    assert problem.message == "site has one site with a target, so no other site could be held out."
    assert "purpose_needs_sites" not in {item.code for item in table.plan(mended(answers, problem)).problems}


def test_horizon_longer_than_the_record_is_an_error_at_its_field() -> None:
    table = _series(rain=np.arange(200) % 7 / 2)
    answers = {"data": {"target": "flow", "purpose": "forecast", "horizon": "200"}}
    plan = table.plan(answers)
    problem = next(item for item in plan.problems if item.code == "horizon_too_long")
    assert (problem.step, problem.field, problem.severity) == ("data", "horizon", Severity.ERROR)
    assert problem.message == "200 steps ahead is longer than the record, which has 200 steps."
    assert plan.values["data"]["horizon"] == "200"
    assert _task(table.plan(mended(answers, problem))) == (Purpose.FORECAST, 1, False)


def _patched(table: Known, task: dict[str, Any], code: str) -> tuple[Problem, Spec]:
    spec = table.plan({"data": {"target": "flow", "purpose": "new_rows"}}).spec
    assert spec is not None
    config = merge_patch(spec.to_json(), {"task": task})
    odd = Spec.model_validate(config)
    problem = next(item for item in check_spec(odd, table.profile, None) if item.code == code)
    return problem, Spec.model_validate(merge_patch(config, patch_of(problem, odd, table.profile)))


def test_remedies_change_a_config_as_well_as_a_draft() -> None:
    table = _series(rain=np.arange(200) % 7 / 2)
    _, after = _patched(table, {"purpose": "forecast", "horizon": 500}, "horizon_too_long")
    assert (after.task.purpose, after.task.horizon) == (Purpose.FORECAST, 1)
    _, after = _patched(table, {"purpose": "ungauged"}, "purpose_needs_sites")
    assert after.task.purpose is Purpose.SIMULATE
    _, after = _patched(table, {"purpose": "simulate", "time_column": None}, "purpose_needs_time")
    assert after.task.time_column == "day"
    unused, after = _patched(table, {"purpose": "simulate", "horizon": 3}, "horizon_unused")
    assert (unused.severity, after.task.horizon, after.task.purpose) == (Severity.WARNING, None, Purpose.SIMULATE)
