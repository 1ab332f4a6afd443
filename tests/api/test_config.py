"""Configs that programs send: the rules of the pages, field by field, and never a fault of the server."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from flask import Flask

from app.domain.checks.merging import merge_patch
from app.services.drafts import drafts
from app.services.drafts.drafts import plan_of
from app.storage.tables import Dataset, User
from app.web.access import READ_BY_POST
from tests.api.program import Program
from tests.services.tables import upload
from tests.web.client import answers_of, draft_on_sample

PATH = "/api/experiments/wizard/validate-config/"
LOGISTIC = {"estimator": "logistic_regression", "parameters": {"penalty": "l1"}}
# It stands for the id of the sample, which is known only when a test runs.
ID = "the id of the sample"
KEYS = {"step", "field", "severity", "code", "message", "remedy"}


def config_of(row: Dataset, **parts: Any) -> dict[str, Any]:
    """Return the config of the contract on the streamflow sample, with parts of it changed."""
    whole: dict[str, Any] = {
        "schema_version": 1,
        "name": "Flow",
        "description": "",
        "tags": [],
        "dataset": {"id": str(row.id), "sha256": row.sha256},
        "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "group_column": None},
        "features": {
            "selected": ["prcp_mm"],
            "transforms": [{"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}}],
        },
        "model": {
            "estimator": "hist_gradient_boosting",
            "parameters": {},
            "tuning": {"enabled": False, "trials": 30, "metric": "nse"},
        },
        "validation": {
            "strategy": "time_series",
            "parameters": {"n_splits": 5, "gap": 7},
            "holdout": {"fraction": 0.2},
        },
        "metrics": {"primary": "nse", "others": ["kge_2012", "rmse", "pbias"]},
        "reproducibility": {"seed": 42},
    }
    return {**whole, **parts}


def _problems(program: Program, config: Any) -> list[dict[str, Any]]:
    answer = program.post(PATH, config)
    assert answer.status_code == 200, answer.get_json()
    body = answer.get_json()
    assert set(body) == {"valid", "problems", "estimate"}
    errors = [element for element in body["problems"] if element["severity"] == "error"]
    assert body["valid"] == (not errors)
    assert (body["estimate"] is None) == bool(errors)
    for item in body["problems"]:
        assert set(item) == KEYS
        assert item["message"].endswith(".")
        assert item["remedy"]["label"]
    return list(body["problems"])


def test_the_config_of_the_contract_is_valid_and_estimated(program: Program, sample: Dataset) -> None:
    body = program.post(PATH, config_of(sample)).get_json()
    assert (body["valid"], [item["code"] for item in body["problems"]]) == (True, ["target_missing_rows"])
    assert body["estimate"]["fits"] == 6
    assert 0 < body["estimate"]["seconds_low"] < body["estimate"]["seconds_high"]


DRIVERS = ["prcp_mm", "tmax_c", "tmin_c", "srad_wm2", "vp_pa", "dayl_s"]


def test_rules_of_each_fold_are_checked_and_counted(program: Program, sample: Dataset) -> None:
    features = {"selected": DRIVERS, "transforms": []}
    whole = program.post(PATH, config_of(sample, features=features)).get_json()
    rule = {"kind": "keep_strongest", "amount": 1}
    some = program.post(PATH, config_of(sample, features={**features, "selection": [rule]})).get_json()
    assert (whole["valid"], some["valid"]) == (True, True)
    assert some["estimate"]["seconds_high"] < whole["estimate"]["seconds_high"]
    wrong = [{**rule, "amount": "1"}, {"kind": "magic"}]
    problems = _problems(program, config_of(sample, features={**features, "selection": wrong}))
    assert {(row["step"], row["field"], row["severity"]) for row in problems} == {("features", "selection", "error")}
    config = config_of(sample, features={**features, "selection": [{**rule, "threshold": 0.5}]})
    (problem,) = (row for row in _problems(program, config) if row["severity"] == "error")
    assert problem["code"] == "selection_invalid"
    assert not [
        row for row in _problems(program, merge_patch(config, problem["remedy"]["patch"])) if row["severity"] == "error"
    ]


def test_recipes_that_need_what_is_not_known_are_mended(program: Program, sample: Dataset) -> None:
    recipe = {"columns": ["discharge_mm", "prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}}
    features = {"selected": ["prcp_mm"], "transforms": [recipe]}
    ahead = {"purpose": "forecast", "horizon": 3}
    for purpose, codes in (
        ({"purpose": "simulate"}, ["target_never_known"]),
        ({**ahead, "drivers_known_ahead": True}, ["target_not_known_yet"]),
        ({**ahead, "drivers_known_ahead": False}, ["target_not_known_yet", "driver_not_known_yet"]),
    ):
        config = config_of(sample, features=features)
        config["task"].update(purpose)
        for count in range(len(codes), -1, -1):
            errors = [problem for problem in _problems(program, config) if problem["severity"] == "error"]
            assert [(error["field"], error["code"]) for error in errors] == [
                ("transforms", code) for code in codes[len(codes) - count :]
            ]
            config = merge_patch(config, errors[0]["remedy"]["patch"]) if errors else config


def test_a_get_asks_the_same(program: Program, sample: Dataset) -> None:
    config = config_of(sample)
    response = program.get(PATH, query_string={"config": json.dumps(config)})
    assert response.get_json() == program.post(PATH, config).get_json()


def test_a_token_that_may_only_read_is_enough(reader: Program, sample: Dataset) -> None:
    assert "api_config.validate" in READ_BY_POST
    assert reader.post(PATH, config_of(sample)).get_json()["valid"]


def test_somebody_elses_dataset_is_a_missing_one(stranger: Program, sample: Dataset) -> None:
    nobodys = config_of(sample, dataset={"id": str(uuid.uuid4())})
    assert stranger.post(PATH, config_of(sample)).status_code == stranger.post(PATH, nobodys).status_code == 404


def test_a_clash_stands_at_its_field_with_a_button(program: Program, sample: Dataset) -> None:
    model = {"estimator": "hist_gradient_boosting", "parameters": {"max_depth": 2}}
    (notice,) = (
        problem for problem in _problems(program, config_of(sample, model=model)) if problem["step"] == "model"
    )
    assert notice["field"] == "hist_gradient_boosting.max_leaf_nodes"
    assert notice["remedy"] == {
        "label": "Use 4 leaves",
        "changes": {"model": {"hist_gradient_boosting.max_leaf_nodes": 4}},
        "patch": {"model": {"parameters": {"max_leaf_nodes": 4}}},
    }


def test_the_patch_of_a_remedy_is_one_of_the_config(program: Program, sample: Dataset) -> None:
    task = {"target": "discharge_mm", "kind": "regression", "time_column": None, "group_column": None}
    config = config_of(sample, task=task, colour="blue", dataset={"id": str(sample.id), "place": "Maine"})
    for _ in range(5):
        errors = [problem for problem in _problems(program, config) if problem["severity"] == "error"]
        for error in errors:
            config = merge_patch(config, error["remedy"]["patch"])
    assert not errors
    assert config["validation"] == {
        "strategy": "k_fold",
        "parameters": {"n_splits": 5},
        "holdout": {"fraction": 0.2},
    }
    assert config["features"]["transforms"] == []
    assert config["dataset"] == {"id": str(sample.id)}


@pytest.mark.parametrize(
    ("parts", "step", "field", "code"),
    [
        ({"schema_version": 2}, "review", "", "schema_newer"),
        ({"schema_version": "one"}, "review", "", "literal_error"),
        ({"schema_version": True}, "review", "", "literal_error"),
        ({"colour": "blue"}, "review", "", "extra_forbidden"),
        ({"name": 5}, "review", "name", "string_type"),
        ({"tags": "a"}, "review", "tags", "list_type"),
        ({"task": None}, "data", "", "model_type"),
        ({"task": {"target": "discharge_mm", "kind": "guess"}}, "data", "task_kind", "enum"),
        ({"features": {}}, "features", "", "missing"),
        ({"features": {"selected": ["prcp_mm"], "transforms": 3}}, "features", "transforms", "list_type"),
        ({"model": {"estimator": 3}}, "model", "estimator", "string_type"),
        ({"validation": {"strategy": "luck"}}, "validation", "strategy", "enum"),
        (
            {"validation": {"strategy": "k_fold", "holdout": {"fraction": 2}}},
            "validation",
            "holdout_percent",
            "less_than",
        ),
        ({"metrics": {}}, "validation", "primary_metric", "missing"),
        ({"reproducibility": {"seed": -1}}, "validation", "seed", "greater_than_equal"),
        ({"reproducibility": {"seed": "42"}}, "validation", "seed", "int_type"),
        ({"reproducibility": {"seed": True}}, "validation", "seed", "int_type"),
        (
            {"validation": {"strategy": "k_fold", "holdout": {"fraction": "0.2"}}},
            "validation",
            "holdout_percent",
            "float_type",
        ),
        ({"model": {"estimator": "ridge", "tuning": {"enabled": 1}}}, "model", "tuning.enabled", "bool_type"),
        ({"model": {"estimator": "ridge", "tuning": {"trials": 0}}}, "model", "tuning.trials", "greater_than_equal"),
        ({"model": {"estimator": "ridge", "tuning": {"trials": "5"}}}, "model", "tuning.trials", "int_type"),
        (
            {"model": {"estimator": "ridge", "tuning": {"space": {"alpha": {"low": "1"}}}}},
            "model",
            "space.ridge.alpha.low",
            "float_type",
        ),
        (
            {"model": {"estimator": "ridge", "parameters": {"fit_intercept": 1}}},
            "model",
            "ridge.fit_intercept",
            "parameter_invalid",
        ),
        ({"data": {"column_kinds": 3}}, "data", "", "dict_type"),
        ({"leakage": 3}, "features", "", "model_type"),
        ({"dataset": {"id": ID, "colour": "blue"}}, "data", "dataset_id", "extra_forbidden"),
        ({"dataset": {"id": ID, "sha256": 3}}, "data", "dataset_id", "string_type"),
        ({"dataset": {"id": "x"}}, "data", "dataset_id", "uuid_parsing"),
        ({"dataset": 7}, "data", "dataset_id", "dataset_missing"),
        ({"model": LOGISTIC}, "model", "estimator", "estimator_unfit"),
        ({"features": {"selected": ["gone"]}}, "features", "", "column_unknown"),
    ],
)
def test_what_does_not_fit_is_a_problem_at_its_field(
    program: Program, sample: Dataset, parts: dict[str, Any], step: str, field: str, code: str
) -> None:
    if parts.get("dataset", 0) and isinstance(parts["dataset"], dict) and parts["dataset"]["id"] is ID:
        parts = {"dataset": {**parts["dataset"], "id": str(sample.id)}}
    results = [
        (problem["step"], problem["field"], problem["code"])
        for problem in _problems(program, config_of(sample, **parts))
    ]
    assert (step, field, code) in results


def test_another_file_than_that_of_the_config_is_warned_about(program: Program, sample: Dataset) -> None:
    other = {"id": str(sample.id), "sha256": "0" * 64}
    codes = [problem["code"] for problem in _problems(program, config_of(sample, dataset=other))]
    assert "dataset_differs" in codes


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_splits": 10**300},
        {"gap": 10**15},
        {"gap": "7"},
        {"gap": [1]},
        {"n_splits": True},
        {"window": 5},
        {"x": None},
    ],
    ids=str,
)
def test_parameters_of_any_shape_are_told_and_never_waited_for(
    program: Program, sample: Dataset, parameters: dict[str, Any]
) -> None:
    validation = {"strategy": "time_series", "parameters": parameters}
    steps = [problem["step"] for problem in _problems(program, config_of(sample, validation=validation))]
    assert "validation" in steps


@pytest.mark.parametrize(
    "config", [{}, {"dataset": {}}, {"dataset": {"id": None}}, {"task": {"target": {"a": [1]}}}, {"name": "\ud800"}]
)
def test_the_oddest_config_is_answered(program: Program, config: dict[str, Any]) -> None:
    assert _problems(program, config)


@pytest.mark.parametrize("body", ["", "[]", "nothing", "3", "[" * 100_000, '{"a": ' + "1" * 5000 + "}"])
def test_what_is_no_config_is_refused_in_a_sentence(program: Program, body: str) -> None:
    answer = program.send("POST", PATH, data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "config"


def test_page_and_program_are_told_the_same(app: Flask, program: Program, user: User) -> None:
    row = draft_on_sample(user)
    answers = {"estimator": "hist_gradient_boosting", "hist_gradient_boosting.max_depth": "2"}
    drafts.save_answers(user, row.id, step="model", changes=answers, version=row.version)
    assert answers_of(user, row)["model"] == answers
    plan = plan_of(user, drafts.get_draft(user, row.id))
    assert plan.spec is not None
    dataset = drafts.dataset_of(user, drafts.get_draft(user, row.id))
    assert dataset is not None
    told = _problems(program, {**plan.spec.to_json(), "dataset": {"id": str(dataset.id)}})
    visible_rows = [(problem.step, problem.field, problem.code, problem.message) for problem in plan.problems]
    assert sorted((item["step"], item["field"], item["code"], item["message"]) for item in told) == sorted(visible_rows)
    assert "leaves_beyond_depth" in [item["code"] for item in told]


@pytest.mark.parametrize(
    "parts",
    [
        {"features": {"selected": [f"gone {position}" for position in range(5_000)]}},
        {"features": {"selected": ["prcp_mm"] * 20_000}},
        {"features": {"selected": ["prcp_mm"], "transforms": [{"columns": ["prcp_mm"], "kind": "one_hot"}] * 200}},
        {"metrics": {"primary": "nse", "others": ["luck"] * 50}},
        {"model": {"estimator": "ridge", "parameters": {f"gone {position}": 1 for position in range(5_000)}}},
    ],
)
def test_very_many_faults_are_told_in_an_answer_that_can_be_read(
    program: Program, sample: Dataset, parts: dict[str, Any]
) -> None:
    answer = program.post(PATH, config_of(sample, **parts))
    assert answer.status_code == 200
    assert 1 <= len(answer.get_json()["problems"]) <= 100
    assert len(answer.get_data()) < 3_000_000


def test_more_recipes_than_a_draft_keeps_are_refused(program: Program, sample: Dataset) -> None:
    recipes = [{"columns": ["prcp_mm"], "kind": "lag"}] * 201
    (problem,) = _problems(program, config_of(sample, features={"selected": ["prcp_mm"], "transforms": recipes}))
    assert (problem["field"], problem["code"]) == ("transforms", "too_long")


def test_times_that_repeat_are_refused_and_the_patch_names_the_group(program: Program, user: User) -> None:
    lines = (f"2001-{1 + day // 28:02d}-{1 + day % 28:02d},{site},{day * 7 % 31}.5,{day * site % 17}.25"
             for day in range(120) for site in (1, 2, 3, 4))  # fmt: skip
    row = upload(user, "\n".join(["date,site,rain,flow", *lines]).encode())
    config = config_of(
        row,
        task={"target": "flow", "kind": "regression", "time_column": "date", "group_column": None},
        features={
            "selected": ["rain"],
            "transforms": [{"columns": ["rain"], "kind": "lag", "parameters": {"steps": [1]}}],
        },
    )
    (problem,) = (item for item in _problems(program, config) if item["code"] == "times_repeat")
    assert (problem["severity"], problem["step"], problem["field"]) == ("error", "features", "transforms")
    assert problem["remedy"]["patch"]["task"] == {"group_column": "site"}
    changes = merge_patch(config, problem["remedy"]["patch"])
    assert "error" not in {item["severity"] for item in _problems(program, changes)}
