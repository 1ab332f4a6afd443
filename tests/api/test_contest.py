"""A contest over the API: checked, launched, trained by a worker, and read back with its leaderboard."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.api.test_experiments import URL, config_of, table, train
from tests.services.tables import upload

CHECK = "/api/experiments/wizard/validate-config/"
CONTEST: dict[str, Any] = {
    "candidates": [
        {"estimator": "ridge", "parameters": {"alpha": 1.0}},
        {"estimator": "decision_tree"},
        {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 20}},
    ],
    "blend": True,
}

FORESTS: dict[str, Any] = {
    "candidates": [
        {"estimator": "decision_tree"},
        {"estimator": "random_forest", "parameters": {"n_estimators": 10}},
        {"estimator": "extra_trees", "parameters": {"n_estimators": 10, "min_samples_leaf": 1}},
        {"estimator": "k_nearest_neighbors"},
    ],
    "blend": True,
}


@pytest.fixture
def river(user: User) -> Dataset:
    return upload(user, table())


def test_a_contest_is_launched_and_answers_with_its_leaderboard(program: Program, river: Dataset) -> None:
    config = config_of(river, model=CONTEST)
    assert program.post(CHECK, config).get_json()["valid"]
    identifier = program.post(URL, {"config": config}).get_json()["id"]
    train(identifier)
    body = program.get(f"{URL}{identifier}/").get_json()
    assert body["state"] == "finished", body["error"]
    board = body["leaderboard"]
    names = {"candidate", "rank", "scores", "holdout", "seconds", "probability_better_than_next"}
    assert all(set(entry) >= names for entry in board)
    assert [entry["rank"] for entry in board] == [1, 2, 3, 4]
    assert len({entry["candidate"] for entry in board}) == 4
    current = [entry for entry in board if entry["holdout"] is not None]
    assert len(current) == 1
    assert current[0]["holdout"] == body["holdout"]
    assert current[0]["scores"] == body["scores"]
    assert 0 <= board[0]["probability_better_than_next"] <= 1
    assert board[-1]["probability_better_than_next"] is None
    assert body["config"]["model"]["candidates"][2]["estimator"] == "hist_gradient_boosting"
    assert json.dumps(body, allow_nan=False)
    rows = program.send("GET", f"{URL}{identifier}/predictions/?format=csv").get_data(as_text=True)
    assert {row["part"] for row in csv.DictReader(io.StringIO(rows))} == {"fold 1", "fold 2", "fold 3", "hold-out"}


def test_one_estimator_has_an_empty_leaderboard(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river)}).get_json()["id"]
    train(identifier)
    assert program.get(f"{URL}{identifier}/").get_json()["leaderboard"] == []


def test_a_contest_without_a_name_is_named_after_its_size(program: Program, river: Dataset) -> None:
    body = program.post(URL, {"config": config_of(river, name="", model=CONTEST)}).get_json()
    assert body["name"] == "flow by a contest of 3"


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ({"candidates": [{"estimator": "ridge"}]}, "contest_of_one"),
        ({"candidates": [{"estimator": "ridge"}, {"estimator": "ridge"}]}, "candidate_twice"),
        ({"candidates": [{"estimator": "ridge"}, {"estimator": "logistic_regression"}]}, "estimator_unfit"),
        ({"candidates": "ridge"}, "list_type"),
        ({"candidates": [{"estimator": "ridge"}, 7]}, "model_type"),
        ({"candidates": [{"estimator": "ridge"}, {"estimator": "lasso"}], "blend": "yes"}, "bool_type"),
        ({"candidates": [{"estimator": "ridge"}] * 60}, "too_long"),
        ({"candidates": []}, "missing"),
        ({"estimator": "ridge", "blend": True}, "blend_of_one"),
    ],
)
def test_a_faulty_contest_is_refused_by_name(program: Program, river: Dataset, model: Any, code: str) -> None:
    checked = program.post(CHECK, config_of(river, model=model)).get_json()
    assert not checked["valid"]
    assert code in {item["code"] for item in checked["problems"]}
    assert program.post(URL, {"config": config_of(river, model=model)}).status_code == 422


def test_a_candidate_becomes_a_config_of_its_own(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river, model=CONTEST)}).get_json()["id"]
    alone = program.get(f"{URL}{identifier}/candidates/2/config/").get_json()
    assert set(alone["model"]) == {"estimator", "parameters", "tuning"}
    assert alone["model"]["estimator"] == "decision_tree"
    assert program.post(CHECK, alone).get_json()["valid"]
    assert program.get(f"{URL}{identifier}/candidates/blend/config/").status_code == 404
    for key in ("9", "01", "²", "9" * 5000):
        assert program.get(f"{URL}{identifier}/candidates/{key}/config/").status_code == 404


def test_candidates_end_on_request_but_for_the_last(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river, model=CONTEST)}).get_json()["id"]
    assert program.post(f"{URL}{identifier}/candidates/1/end/", {}).status_code == 200
    assert program.post(f"{URL}{identifier}/candidates/7/end/", {}).status_code >= 400
    assert program.post(f"{URL}{identifier}/candidates/2/end/", {}).status_code == 200
    refusal = program.post(f"{URL}{identifier}/candidates/3/end/", {})
    assert refusal.get_json()["detail"] == "This is the last candidate. Cancel the experiment to stop it."
    assert program.post(f"{URL}{identifier}/finish-early/", {}).status_code == 200
    train(identifier)
    states = {entry["key"]: entry["state"] for entry in program.get(f"{URL}{identifier}/").get_json()["leaderboard"]}
    assert {states["1"], states["2"], states["3"]} <= {"ended_by_user", "finished"}


@pytest.mark.parametrize("wins", [False, True])
def test_an_exported_contest_launches_the_same_contest(
    program: Program, river: Dataset, monkeypatch: pytest.MonkeyPatch, wins: bool
) -> None:
    if wins:
        # Whether a blend wins hangs on the data; here it shall, whatever its interval says.
        monkeypatch.setattr("app.domain.contest.contest.is_surely_better", lambda _found: True)
    identifier = program.post(URL, {"config": config_of(river, model=FORESTS)}).get_json()["id"]
    train(identifier)
    exported = program.get(f"{URL}{identifier}/config/").get_json()
    assert ("members" in exported["resolved"]) == wins
    checked = program.post(CHECK, exported).get_json()
    assert [item for item in checked["problems"] if item["step"] == "review"] == []
    again = program.post(URL, {"config": exported}).get_json()["id"]
    train(again)
    first, second = (program.get(f"{URL}{item}/").get_json() for item in (identifier, again))
    assert second["state"] == "finished", second["error"]
    assert first["scores"] == second["scores"]
    assert first["notes"] == second["notes"]
    assert program.get(f"{URL}{again}/config/").get_json() == exported


def test_one_estimator_has_no_candidates_to_end(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river)}).get_json()["id"]
    assert program.post(f"{URL}{identifier}/finish-early/", {}).get_json()["code"] == "no_contest"
