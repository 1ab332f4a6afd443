"""The plan: suggestions with their reasons for the samples, and answers of any shape thought through without a fault."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.checks import check_spec
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import Severity, SplitStrategy, TaskKind
from tests.domain.faults import table
from tests.domain.reading import MACHINE, Known, known, real_file, sample

RIVER, WELL = "piscataquis_01031500_daily.csv", "gw_kingstown_usgs_daily.csv"
PENGUINS = "rd_palmerpenguins_penguins_raw.csv"
SPECIES = {"data": {"target": "Species"}}
# One step ahead, with the drivers of that step known: what every series was taken for before it was asked.
TOMORROW = {"purpose": "forecast", "horizon": "1", "drivers_known_ahead": True}


def _spec(plan: Plan) -> Spec:
    assert plan.spec is not None
    return plan.spec


def _reasons(plan: Plan, *, ticked: bool) -> dict[str, str]:
    return {column.profile.name: column.reason for column in plan.columns if column.selected is ticked}


def _errors(plan: Plan) -> list[str]:
    return [
        f"{problem.step}.{problem.field} {problem.code}"
        for problem in plan.problems
        if problem.severity is Severity.ERROR
    ]


def test_without_a_dataset_the_plan_asks_for_one() -> None:
    plan = make_plan(Draft({}), None, None, machine=MACHINE)
    assert (plan.spec, plan.columns, plan.estimate, plan.launchable) == (None, (), None, False)
    assert _errors(plan) == ["data.dataset_id dataset_missing"]
    assert [error.code for error in plan.errors_of("data")] == ["dataset_missing"]
    for state in ("reading", "receiving", "failed", "deleted"):
        (problem,) = make_plan(Draft({}), None, None, file_name="river.csv", file_state=state).problems
        assert problem.message.startswith("river.csv "), "what was chosen is not asked for again"
    assert plan.problems_of("review") == ()


@pytest.mark.parametrize(
    ("name", "target", "selected"),
    [
        (RIVER, "discharge_mm", ["prcp_mm", "tmax_c", "tmin_c", "srad_wm2", "vp_pa", "dayl_s"]),
        (WELL, "head_m", ["rain_m", "evap_m"]),
    ],
)
def test_a_daily_series_gets_the_plan_a_hydrologist_would_make(name: str, target: str, selected: list[str]) -> None:
    plan = sample(name).plan(associated=True)
    spec = _spec(plan)
    assert (spec.task.target, spec.task.kind) == (target, TaskKind.REGRESSION)
    assert (spec.task.time_column, spec.task.group_column) == ("date", None)
    assert spec.features.selected == selected
    assert spec.validation.strategy is SplitStrategy.TIME_SERIES
    assert spec.validation.parameters["gap"] <= 366
    assert spec.validation.warm_up == 365
    assert spec.validation.holdout is not None
    assert spec.validation.holdout.fraction == 0.2
    assert (spec.metrics.primary, spec.metrics.others) == ("nse", ["kge_2012", "rmse", "pbias"])
    assert (spec.model.estimator, spec.reproducibility.seed) == ("averaged_trees", 42)
    assert plan.launchable


@pytest.mark.parametrize(("rows", "rain", "gap"), [(80, False, 4), (40, False, 2), (300, True, 5), (700, True, 5)])
def test_the_suggested_gap_of_a_short_series_does_not_warn_about_itself(rows: int, rain: bool, gap: int) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "date": pd.date_range("1972-01-10", periods=rows, freq="MS").strftime("%Y-%m-%d"),
            "rain" if rain else "warmth": random.gamma(0.5, 4.0, rows).round(2),
            "flow": random.gamma(2.0, 3.0, rows).round(2),
        }
    )
    profile, ahead = known(frame).profile, {"target": "flow", **TOMORROW}
    plan = make_plan(Draft({"data": ahead}), profile, None)
    assert _spec(plan).validation.parameters["gap"] == gap
    assert [problem.severity for problem in plan.problems if problem.code == "gap_short"] in ([], [Severity.NOTICE])
    if rows == 80:
        shorter = make_plan(Draft({"data": ahead, "validation": {"time_series.gap": "1"}}), profile, None)
        assert [problem.severity for problem in shorter.problems if problem.code == "gap_short"] == [Severity.WARNING]


@pytest.mark.parametrize(("name", "target", "rain"), [(RIVER, "discharge_mm", "prcp_mm"), (WELL, "head_m", "rain_m")])
def test_a_series_without_a_purpose_is_given_what_it_was(name: str, target: str, rain: str) -> None:
    plan = sample(name).plan({"data": {"purpose": ""}})
    recipes = [(part.kind, part.columns, part.parameters) for part in _spec(plan).features.transforms]
    assert recipes == [
        ("lag", [target], {"steps": [1, 2, 3]}),
        ("lag", [rain], {"steps": [1, 2, 3]}),
        ("rolling_sum", [rain], {"window": 7}),
        ("rolling_sum", [rain], {"window": 30}),
        ("date_parts", [], {"parts": ["doy_cyclic"]}),
    ]
    assert plan.reasons["features.transforms"].endswith("the target of the step before is known.")
    assert _spec(plan).validation.warm_up == 0


def test_every_suggestion_of_a_series_has_its_reason() -> None:
    reasons = sample(RIVER).plan().reasons
    assert reasons["data.target"] == "Suggested because of its name."
    assert reasons["data.inferred_task"] == "It holds 1,453 different numbers."
    assert reasons["data.time_column"] == "Daily from 1980-01-01 to 2014-12-31."
    assert reasons["data.group_column"] == "No grouping found."
    assert reasons["model.estimator"] == ("12,692 rows, 63 features of past weather: such an average errs least.")
    assert reasons["validation.strategy"].startswith("There is a time column")
    assert reasons["validation.time_series.gap"].startswith("No feature looks back at the target")
    assert reasons["validation.primary_metric"].startswith("The customary measure for a time series")
    assert all(reason.endswith(".") for reason in reasons.values())


@pytest.mark.parametrize("name", [RIVER, WELL])
def test_columns_left_out_of_a_series_say_why(name: str) -> None:
    out = _reasons(sample(name).plan(), ticked=False)
    assert out["date"] == "The time column orders the rows; derive the season from it instead."
    assert ("swe_mm" in out) == (name == RIVER)
    assert out.get("swe_mm", "Constant: it carries no information.") == "Constant: it carries no information."


def test_the_penguins_wait_for_a_target_and_then_know_their_classes() -> None:
    waiting = sample(PENGUINS).plan()
    assert (waiting.spec, _errors(waiting)) == (None, ["data.target target_missing"])
    spec = _spec(sample(PENGUINS).plan(SPECIES))
    assert (spec.task.kind, spec.task.time_column) == (TaskKind.MULTICLASS, None)
    assert spec.validation.strategy is SplitStrategy.STRATIFIED_K_FOLD
    assert spec.features.transforms == []
    assert spec.metrics.primary == "balanced_accuracy"
    assert spec.model.estimator == "random_forest"


def test_ids_constants_dates_and_texts_of_the_penguins_are_unticked_with_the_reason() -> None:
    plan = sample(PENGUINS).plan(SPECIES, associated=True)
    out = _reasons(plan, ticked=False)
    assert out["rownames"] == "Looks like a row ID; a model would only memorise rows."
    assert out["Region"] == out["Stage"] == "Constant: it carries no information."
    assert out["Individual ID"] == "Free text is not used as a feature."
    assert out["Date Egg"] == "A date; derived features use the time column."
    ticked = _reasons(plan, ticked=True)
    assert ticked["Body Mass (g)"] == "0.6 % missing; filled in inside each fold."
    assert ticked["Island"] == ""
    assert {column.profile.name for column in plan.columns} == set(out) | set(ticked)
    assert "Species" not in {*out, *ticked}


def test_copies_of_the_target_are_unticked_once_they_are_measured() -> None:
    odd = table("odd")
    answers = {"data": {"target": "y"}}
    assert "copy" in _reasons(odd.plan(answers), ticked=True)
    out = _reasons(odd.plan(answers, associated=True), ticked=False)
    assert out["copy"] == "It is the target itself, or a straight line of it."
    assert out["name"] == "Looks like a row ID; a model would only memorise rows."
    assert out["void"] == "Every value is missing."


@pytest.mark.parametrize(
    ("purpose", "strategy", "held"),
    [
        ("simulate", SplitStrategy.TIME_SERIES, True),
        ("forecast", SplitStrategy.TIME_SERIES, True),
        ("ungauged", SplitStrategy.LEAVE_ONE_GROUP_OUT, False),
        ("", SplitStrategy.GROUP_K_FOLD, False),
    ],
)
def test_the_split_of_several_sites_follows_the_purpose(purpose: str, strategy: SplitStrategy, held: bool) -> None:
    sites = real_file("hydro/camels_us_4basins_2000_2002.csv")
    plan = sites.plan({"data": {"purpose": purpose}}, associated=True)
    spec = _spec(plan)
    assert (spec.task.target, spec.task.group_column) == ("discharge_mm", "gauge_id")
    assert spec.validation.strategy is strategy
    assert (spec.validation.holdout is not None) is held
    assert spec.validation.parameters.get("n_splits") == (4 if strategy is SplitStrategy.GROUP_K_FOLD else None) or held
    assert plan.reasons["data.group_column"] == "Each date appears once per value (4 values)."
    assert plan.launchable


@pytest.mark.parametrize("name", [RIVER, WELL])
def test_a_plan_without_errors_gives_a_config_that_travels_and_is_sound(name: str) -> None:
    plan = sample(name).plan(associated=True)
    spec = _spec(plan)
    again = Spec.model_validate(json.loads(json.dumps(spec.to_json(), allow_nan=False)))
    assert again == spec
    errors = [
        problem for problem in check_spec(again, sample(name).profile, None) if problem.severity is Severity.ERROR
    ]
    assert errors == []


def test_the_user_s_own_ticks_win_and_are_told_apart_from_suggestions() -> None:
    river = sample(RIVER)
    answers = {"features": {river.key("swe_mm"): True, river.key("tmax_c"): False}}
    plan = river.plan(answers)
    choices = {column.profile.name: column for column in plan.columns}
    swe, warmth = choices["swe_mm"], choices["tmax_c"]
    assert (swe.selected, swe.suggested) == (True, False)
    assert swe.reason == "Ticked by you. Constant: it carries no information."
    assert (warmth.selected, warmth.suggested, warmth.reason) == (False, True, "Left out by you.")
    assert "swe_mm" in _spec(plan).features.selected
    assert "tmax_c" not in _spec(plan).features.selected


def test_values_show_the_answer_and_suggestions_keep_what_was_suggested() -> None:
    plan = sample(RIVER).plan({"model": {"estimator": "ridge", "ridge.alpha": "0,5"}, "review": {"tags": "a, b,a,,"}})
    assert (plan.values["model"]["estimator"], plan.suggestions["model"]["estimator"]) == (
        "ridge",
        "averaged_trees",
    )
    assert (plan.values["model"]["ridge.alpha"], plan.suggestions["model"]["ridge.alpha"]) == ("0,5", 1.0)
    assert _spec(plan).model.parameters["alpha"] == 0.5
    assert _spec(plan).tags == ["a", "b"]


@pytest.mark.parametrize(
    ("step", "field", "raw", "fault"),
    [
        ("data", "target", "gone", "data.target target_unknown"),
        ("data", "target", "", "data.target target_missing"),
        ("data", "task_kind", "guess", "data.task_kind task_unknown"),
        ("data", "time_column", "gone", "data.time_column column_unknown"),
        ("data", "group_column", "gone", "data.group_column column_unknown"),
        ("data", "kind.c1", "colour", "data.kind.c1 kind_unknown"),
        ("features", "transforms", 5, "features.transforms transform_invalid"),
        ("features", "transforms", [{"kind": "magic"}], "features.transforms transform_invalid"),
        ("features", "transforms", [{"kind": "lag", "columns": []}], "features.transforms transform_invalid"),
        ("features", "transforms", [{"kind": "lag", "columns": ["date"]}], "features.transforms transform_invalid"),
        ("model", "averaged_trees.max_iter", "9", "model.averaged_trees.max_iter parameter_invalid"),
        ("validation", "strategy", "luck", "validation.strategy strategy_unknown"),
        ("validation", "time_series.n_splits", "1", "validation.time_series.n_splits parameter_invalid"),
        ("validation", "seed", "-1", "validation.seed parameter_invalid"),
        ("validation", "other_metrics", ["luck"], "validation.other_metrics metric_unknown"),
        ("review", "name", " ", "review.name name_invalid"),
        ("review", "name", "n" * 201, "review.name name_invalid"),
        ("review", "description", "d" * 5001, "review.description description_too_long"),
        ("review", "tags", "t" * 51, "review.tags tags_invalid"),
        ("review", "tags", ",".join(map(str, range(21))), "review.tags tags_invalid"),
    ],
)
def test_what_cannot_be_understood_is_an_error_at_its_field(step: str, field: str, raw: Any, fault: str) -> None:
    plan = sample(RIVER).plan({step: {field: raw}})
    assert _errors(plan) == [fault]
    assert plan.values[step][field] == (plan.suggestions[step][field] if raw == 5 else raw)
    assert (plan.spec is None) == (step == "data" and field == "target")
    assert not plan.launchable


def _every_45_days() -> Known:
    months = pd.date_range("1970-01-01", periods=400, freq="45D")
    return known(pd.DataFrame({"month": months, "a": np.arange(400) % 17 / 4, "flow": np.arange(400) % 13 / 8}))


def test_the_reason_for_derived_features_names_only_what_is_suggested() -> None:
    plan = _every_45_days().plan()
    assert "date_parts" not in {part.kind for part in _spec(plan).features.transforms}
    assert "season" not in plan.reasons["features.transforms"]


def test_a_plan_that_can_be_launched_has_an_estimate() -> None:
    river = sample(RIVER)
    plan = river.plan({"features": {river.key(column.profile.name): False for column in river.plan().columns}})
    assert plan.launchable
    assert plan.estimate is not None


def test_a_tiny_hold_out_is_taken_or_refused_at_its_field() -> None:
    plan = sample(RIVER).plan({"validation": {"holdout_percent": "0.004"}})
    assert plan.launchable or _errors(plan) == ["validation.holdout_percent parameter_invalid"]


@pytest.mark.parametrize(
    ("step", "field", "raw"),
    [
        ("data", "target", 5),
        ("data", "kind.c1", 5),
        ("features", "column.c1", "yes"),
        ("model", "estimator", ["ridge"]),
        ("validation", "strategy", {"k_fold": 1}),
        ("validation", "other_metrics", "nse"),
        ("review", "tags", ["a", "b"]),
    ],
)
def test_an_answer_of_another_shape_is_an_error_at_its_field(step: str, field: str, raw: Any) -> None:
    assert [error.field for error in sample(RIVER).plan({step: {field: raw}}).errors_of(step)] == [field]


def test_the_quality_code_of_a_usgs_file_is_not_taken_for_the_flow() -> None:
    assert real_file("hydro/usgs_ChoptankFlow.csv").plan().suggestions["data"]["target"] == "Flow"
