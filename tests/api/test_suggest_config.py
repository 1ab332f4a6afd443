"""The suggested config: what a person gets who accepts everything, measured first, and what was asked for in it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from app.domain.recommendation import evidence as racing
from app.storage import jobs
from app.storage.db import db
from app.storage.tables import Dataset, Job, User
from app.web.access import READ_BY_POST
from tests.api.program import Program
from tests.services.measured import work_off
from tests.services.tables import upload, wide_csv
from tests.web.client import everything

URL = "/api/experiments/wizard/suggest-config/"
VALIDATE = "/api/experiments/wizard/validate-config/"


@pytest.fixture(autouse=True)
def _short_fits_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 2)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    monkeypatch.setattr(racing, "DRAWS", 1)
    monkeypatch.setattr(racing, "BUDGET", 60.0)


@pytest.fixture
def wide(user: User) -> Dataset:
    return upload(user, wide_csv(columns=8, rows=120))


@pytest.fixture
def river(user: User) -> Dataset:
    """Return a year and a half of rain and flow, with gaps in the flow."""
    random = np.random.default_rng(5)
    rain = random.gamma(0.6, 4.0, size=540).round(3)
    flow = (2 + 0.3 * pd.Series(rain).rolling(5, min_periods=1).mean() + random.normal(0, 0.05, 540)).round(4)
    for start in (60, 200, 333):
        flow[start : start + 6] = np.nan
    days = pd.date_range("2000-10-01", periods=540)
    return upload(user, pd.DataFrame({"day": days, "rain_mm": rain, "flow": flow}).to_csv(index=False).encode())


def suggested(program: Program, **body: Any) -> dict[str, Any]:
    """Ask until the answer is there, and do what workers do meanwhile."""
    for _ in range(6):
        answer = program.post(URL, body)
        if answer.status_code != 202:
            assert answer.status_code == 200, answer.get_json()
            return dict(answer.get_json())
        assert answer.headers["Location"] == f"/api/jobs/{answer.get_json()['job']['id']}/"
        assert work_off(jobs.get_job(uuid.UUID(answer.get_json()["job"]["id"])))
        db.session.expire_all()
    pytest.fail("no config came")


def test_a_job_is_told_until_the_config_is_there(reader: Program, wide: Dataset) -> None:
    assert "api_suggestions.suggest" in READ_BY_POST
    first = reader.post(URL, {"dataset_id": str(wide.id), "target": "flow"})
    assert (first.status_code, first.get_json()["state"]) == (202, "ready")
    body = suggested(reader, dataset_id=str(wide.id), target="flow")
    assert set(body) == {"config", "reasons", "problems"}
    assert body["config"]["task"]["target"] == "flow"
    assert body["config"]["dataset"] == {"id": str(wide.id), "sha256": wide.sha256}
    assert body["reasons"]["model.estimator"].endswith(".")
    assert reader.post(URL, {"dataset_id": str(wide.id), "target": "flow"}).get_json() == body


def test_the_config_has_what_the_short_fits_put_first(program: Program, wide: Dataset) -> None:
    body = suggested(program, dataset_id=str(wide.id), target="flow")
    request = f"/api/experiments/wizard/model-recommendations/?dataset_id={wide.id}&target=flow&evidence=measured"
    first = program.get(request).get_json()["recommendations"][0]
    assert first["measured"] is not None
    assert body["config"]["model"]["estimator"] == first["estimator"]


def test_the_config_is_valid_and_can_be_launched(program: Program, wide: Dataset) -> None:
    body = suggested(program, dataset_id=str(wide.id), target="flow")
    checked = program.post(VALIDATE, body["config"]).get_json()
    assert checked["valid"]
    told = {(item["step"], item["field"], item["code"]) for item in body["problems"]}
    assert {(item["step"], item["field"], item["code"]) for item in checked["problems"]} <= told
    assert program.post("/api/experiments/", {"config": body["config"]}).status_code == 202


def test_nothing_but_measures_is_stored(reader: Program, wide: Dataset) -> None:
    before = everything()
    suggested(reader, dataset_id=str(wide.id), target="flow")
    changed = {name for name, rows in everything().items() if rows != before[name]}
    assert changed <= {"jobs", "target_associations", "model_evidence", "api_tokens"}


def test_what_is_asked_for_is_in_the_config(program: Program, wide: Dataset) -> None:
    query = {"dataset_id": str(wide.id), "target": "flow", "holdout": {"fraction": 0.3}, "group_column": ""}
    config = suggested(program, **query)["config"]
    assert config["validation"]["holdout"] == {"fraction": 0.3}
    assert config["task"]["group_column"] is None
    assert suggested(program, **{**query, "holdout": {"fraction": 0}})["config"]["validation"]["holdout"] is None


PURPOSES = [
    ({"purpose": "simulate"}, {"purpose": "simulate"}),
    (
        {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False},
        {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False},
    ),
    ({"purpose": "forecast", "horizon": 2, "drivers_known_ahead": True}, {"horizon": 2, "drivers_known_ahead": True}),
    ({"purpose": "new_rows"}, {"purpose": "new_rows"}),
    ({"purpose": "fill_gaps"}, {"purpose": "fill_gaps"}),
]


@pytest.mark.parametrize(("asked", "task"), PURPOSES)
def test_a_purpose_decides_about_the_config(
    program: Program, river: Dataset, asked: dict[str, Any], task: dict[str, Any]
) -> None:
    body = suggested(program, dataset_id=str(river.id), target="flow", **asked)
    assert {name: body["config"]["task"][name] for name in task} == task
    assert "not_followed" not in {item["code"] for item in body["problems"]}
    recipes = body["config"]["features"]["transforms"]
    near = [step for recipe in recipes if "flow" in recipe["columns"] for step in recipe["parameters"].get("steps", [])]
    assert all(step >= task.get("horizon", 10**6) for step in near)
    assert [item for item in body["problems"] if item["severity"] == "error"] == []


def test_rows_from_a_date_on_are_held_out(program: Program, river: Dataset) -> None:
    current_values = {"from": "2001-12-01", "to": "2002-02-28"}
    body = suggested(program, dataset_id=str(river.id), target="flow", purpose="simulate", holdout=current_values)
    assert body["config"]["validation"]["holdout"] == current_values
    assert "not_followed" not in {item["code"] for item in body["problems"]}


def test_what_cannot_be_followed_is_a_problem(program: Program, wide: Dataset) -> None:
    query = {"dataset_id": str(wide.id), "target": "flow", "holdout": {"from": "1066-10-14"}}
    body = suggested(program, **query)
    codes = {item["code"] for item in body["problems"] if item["step"] == "validation"}
    assert codes & {"not_followed", "time_column_missing"}
    forecast = program.post(URL, {"dataset_id": str(wide.id), "target": "flow", "purpose": "forecast"})
    result = forecast.get_json().get("problems") if forecast.status_code == 200 else forecast.get_json()["errors"]
    assert result


def test_a_file_that_is_being_read_is_waited_for(program: Program, user: User, wide: Dataset) -> None:
    wide.state = "reading"
    db.session.commit()
    assert program.post(URL, {"dataset_id": str(wide.id)}).status_code in (202, 503)
    wide.state, wide.reason, wide.reason_code = "failed", "The file holds no table.", "no_table"
    db.session.commit()
    answer = program.post(URL, {"dataset_id": str(wide.id)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "no_table")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"dataset_id": "x"}, "dataset_id"),
        ({"target": "nothing"}, "target"),
        ({"target": ""}, "target"),
        ({"target": 7}, "target"),
        ({"group_column": "nothing"}, "group_column"),
        ({"purpose": "magic"}, "purpose"),
        ({"purpose": []}, "purpose"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": 1.5}, "horizon"),
        ({"horizon": "3"}, "horizon"),
        ({"horizon": 10**9}, "horizon"),
        ({"drivers_known_ahead": "yes"}, "drivers_known_ahead"),
        ({"drivers_known_ahead": 1}, "drivers_known_ahead"),
        ({"holdout": 0.2}, "holdout"),
        ({"holdout": {}}, "holdout"),
        ({"holdout": {"fraction": 0.95}}, "holdout.fraction"),
        ({"holdout": {"fraction": "0.2"}}, "holdout.fraction"),
        ({"holdout": {"fraction": 0.2, "from": "2001-01-01"}}, "holdout"),
        ({"holdout": {"from": 2001}}, "holdout.from"),
        ({"holdout": {"until": "2001-01-01"}}, "holdout.until"),
        ({"more": 1}, "more"),
    ],
)
def test_a_field_that_cannot_be_followed_is_named(
    program: Program, wide: Dataset, more: dict[str, Any], field: str
) -> None:
    answer = program.post(URL, {"dataset_id": str(wide.id), **more})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    results = {item["field"] for item in answer.get_json()["errors"]}
    assert any(name == field or name.startswith(f"{field}.") for name in results), results


@pytest.mark.parametrize("raw", ["NaN", "1e400", "-Infinity"])
def test_a_share_that_is_no_number_is_refused(program: Program, wide: Dataset, raw: str) -> None:
    text = json.dumps({"dataset_id": str(wide.id), "holdout": {"fraction": "@"}}).replace('"@"', raw)
    answer = program.send("POST", URL, data=text.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_somebody_elses_dataset_is_a_missing_one(stranger: Program, wide: Dataset) -> None:
    nobodys = stranger.post(URL, {"dataset_id": str(uuid.uuid4())})
    assert stranger.post(URL, {"dataset_id": str(wide.id)}).status_code == nobodys.status_code == 404
    assert db.session.query(Job).filter_by(subject_id=wide.id, kind="recommend").count() == 0


def test_nobody_is_told_anything(app: Flask, wide: Dataset) -> None:
    assert Program(app).post(URL, {"dataset_id": str(wide.id)}).status_code == 401


def test_gaps_that_nothing_fills_better_get_the_straight_line(program: Program, user: User) -> None:
    random = np.random.default_rng(3)
    rain, walk = random.gamma(0.6, 4.0, size=540).round(3), np.cumsum(random.normal(size=540)).round(4)
    walk[200:206] = np.nan
    days = pd.date_range("2000-10-01", periods=540)
    table = pd.DataFrame({"day": days, "rain_mm": rain, "head": walk})
    dataset = upload(user, table.to_csv(index=False).encode())
    body = suggested(program, dataset_id=str(dataset.id), target="head", purpose="fill_gaps")
    assert body["config"]["model"]["estimator"] == "linear_interpolation"
    assert program.post("/api/experiments/", {"config": body["config"]}).status_code == 202
