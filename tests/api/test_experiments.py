"""Experiments over the API: launched from a config or a draft, watched, stopped, and taken away, with no browser."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.checks.merging import merge_patch
from app.domain.vocabulary import RunState
from app.services import experiments
from app.services.drafts import drafts
from app.services.jobs import life_cycle, training
from app.storage.db import db, transaction
from app.storage.tables import Dataset, Experiment, Job, User
from tests.api.program import Program
from tests.services.tables import upload
from tests.web.client import Browser, draft_on_sample, fresh

URL = "/api/experiments/"
ROWS = 160


def table() -> bytes:
    """Return a river whose flow follows the rain."""
    random = np.random.default_rng(3)
    rain = random.gamma(0.6, 4.0, size=ROWS).round(3)
    flow = (0.4 * rain + pd.Series(rain).shift(1, fill_value=0.0) * 0.3 + random.normal(2, 0.1, size=ROWS)).round(4)
    wet = np.where(rain > 2, "=wet", "dry")
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=ROWS), "rain": rain, "state": wet, "flow": flow})
    return frame.to_csv(index=False).encode()


@pytest.fixture
def river(user: User) -> Dataset:
    return upload(user, table())


def config_of(row: Dataset, **parts: Any) -> dict[str, Any]:
    """Return a config that takes a moment."""
    whole: dict[str, Any] = {
        "schema_version": 1,
        "name": "Flow",
        "dataset": {"id": str(row.id), "sha256": row.sha256},
        "task": {"target": "flow", "kind": "regression", "time_column": "day", "group_column": None},
        "features": {
            "selected": ["rain"],
            "transforms": [{"columns": ["rain"], "kind": "lag", "parameters": {"steps": [1]}}],
        },
        "model": {"estimator": "ridge", "parameters": {"alpha": 1.0}},
        "validation": {
            "strategy": "time_series",
            "parameters": {"n_splits": 3, "gap": 1},
            "holdout": {"fraction": 0.2},
        },
        "metrics": {"primary": "nse", "others": ["rmse", "pbias"]},
        "reproducibility": {"seed": 42},
    }
    return {**whole, **parts}


def classes_of(row: Dataset) -> dict[str, Any]:
    """Return a config that predicts a class whose name looks like a formula."""
    return config_of(
        row,
        task={"target": "state", "kind": "binary", "time_column": None, "group_column": None},
        features={"selected": ["rain", "flow"]},
        model={"estimator": "logistic_regression"},
        validation={"strategy": "stratified_k_fold", "parameters": {"n_splits": 3}},
        metrics={"primary": "balanced_accuracy", "others": []},
    )


def train(experiment_id: str) -> None:
    """Do what a worker does with the job of an experiment."""
    row = db.session.get(Experiment, uuid.UUID(experiment_id))
    assert row is not None
    job = experiments.job_of(row)
    assert job is not None
    claimed = life_cycle.claim_job(job.id, worker_id="w", lease_seconds=60)
    assert claimed is not None
    training.run(row.id, job_id=job.id, attempt=claimed.attempt, on_progress=lambda _: None, should_stop=lambda: False)
    fresh()


def count(kind: type[Any]) -> int:
    return int(db.session.scalar(select(func.count()).select_from(kind)) or 0)


@pytest.fixture
def finished(program: Program, river: Dataset) -> str:
    """Return the id of an experiment that was launched and trained."""
    identifier = str(program.post(URL, {"config": config_of(river)}).get_json()["id"])
    train(identifier)
    return identifier


def test_a_config_is_launched_and_says_where_to_ask(program: Program, river: Dataset) -> None:
    answer = program.post(URL, {"config": config_of(river)})
    body = answer.get_json()
    assert answer.status_code == 202
    assert (body["state"], body["name"]) == ("queued", "Flow")
    assert answer.headers["Location"] == f"/api/jobs/{body['job']['id']}/"
    assert program.get(answer.headers["Location"]).get_json()["state"] == "queued"
    view = program.get(body["url"]).get_json()
    assert (view["id"], view["scores"], view["verdict"]) == (body["id"], {}, None)
    assert view["config"] == {**config_of(river), **view["config"]}
    assert view["estimate"]["fits"] == 4


def test_a_finished_experiment_has_the_shape_of_the_contract(program: Program, finished: str) -> None:
    body = program.get(f"{URL}{finished}/").get_json()
    names = {"id", "name", "state", "progress", "config", "scores", "holdout", "baselines", "intervals", "verdict"}
    assert set(body) >= names | {"estimate", "actual", "environment"}
    assert (body["state"], body["progress"]["fraction"]) == ("finished", 1.0)
    assert set(body["scores"]) == {"nse", "rmse", "pbias"}
    assert set(body["scores"]["nse"]) == {"mean", "std", "folds"}
    assert set(body["scores"]["pbias"]) == {"mean", "std", "folds", "mean_absolute"}
    assert len(body["scores"]["nse"]["folds"]) == 3
    assert body["holdout"]["nse"] > 0.8
    for item in body["baselines"].values():
        assert set(item["nse"]) == {"mean", "holdout"}
        assert set(item["pbias"]) == {"mean", "mean_absolute", "holdout"}
    assert set(body["verdict"]) >= {"state", "against", "difference", "low", "high", "probability"}
    assert body["verdict"]["against"] in body["baselines"]
    assert body["environment"]["packages"]["numpy"] == np.__version__
    assert body["actual"]
    assert json.dumps(body, allow_nan=False)


def test_what_stood_open_at_the_launch_is_told_as_it_stood(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river)}).get_json()["id"]
    warned = {"step": "data", "code": "marker_unanswered", "message": "Is -999 a mark?"}
    query = {"step": "features", "code": "group_leakage", "message": "Known then?", "severity": "notice"}
    with transaction():
        row = db.session.get(Experiment, uuid.UUID(identifier))
        assert row is not None
        row.warnings = [warned, query]
    body = program.get(f"{URL}{identifier}/").get_json()
    assert body["warnings"] == [warned]
    assert body["open_questions"] == [{**warned, "severity": "warning"}, query]


def test_the_headline_says_what_the_model_is_for(program: Program, river: Dataset) -> None:
    config = config_of(river)
    task = {**config["task"], "purpose": "simulate"}
    features = {**config["features"], "transforms": []}
    identifier = program.post(URL, {"config": {**config, "task": task, "features": features}}).get_json()["id"]
    train(identifier)
    headline = program.get(f"{URL}{identifier}/").get_json()["headline"]
    assert headline["purpose"].startswith("Simulation from ")
    assert headline["sentence"].startswith(f"{headline['purpose']}: it ")


def test_a_name_is_made_where_the_config_has_none(program: Program, river: Dataset) -> None:
    assert program.post(URL, {"config": config_of(river, name="")}).get_json()["name"] == "flow by ridge"


def test_a_draft_is_launched_once(program: Program, user: User) -> None:
    draft = draft_on_sample(user)
    moved = program.post(URL, {"draft_id": str(draft.id), "version": draft.version + 1})
    assert (moved.status_code, moved.get_json()["code"]) == (409, "draft_moved")
    first = program.post(URL, {"draft_id": str(draft.id)})
    again = program.post(URL, {"draft_id": str(draft.id)})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.get_json()["id"] == again.get_json()["id"]
    fresh()
    assert str(drafts.get_draft(user, draft.id).launched_experiment_id) == first.get_json()["id"]
    assert count(Experiment) == 1


def test_the_same_key_launches_once(program: Program, river: Dataset) -> None:
    sent, key = {"config": config_of(river)}, {"Idempotency-Key": "one"}
    first, again = program.post(URL, sent, headers=key), program.post(URL, sent, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.get_json() == again.get_json()
    assert first.headers["Location"] == again.headers["Location"]
    other = program.post(URL, {"config": config_of(river, name="Other")}, headers=key)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    assert count(Experiment) == 1
    program.post(URL, sent)
    assert count(Experiment) == 2


def test_a_key_whose_answer_was_lost_launches_once(program: Program, river: Dataset, user: User) -> None:
    sent, key = {"config": config_of(river)}, {"Idempotency-Key": "x" * 100}
    first = program.post(URL, sent, headers=key)
    from app.storage import tokens
    from app.storage.db import transaction

    with transaction():
        tokens.drop_key(user.id, "x" * 100)
    again = program.post(URL, sent, headers=key)
    assert first.get_json()["id"] == again.get_json()["id"]
    longer = program.post(URL, sent, headers={"Idempotency-Key": "x" * 99 + "y"})
    assert longer.get_json()["id"] != first.get_json()["id"]


def test_errors_of_a_config_launch_nothing(program: Program, river: Dataset) -> None:
    validation = {"strategy": "time_series", "parameters": {"n_splits": 99}}
    answer = program.post(URL, {"config": config_of(river, validation=validation)})
    body = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert body["code"] == "launch_refused"
    assert set(body["errors"][0]) == {"field", "code", "message"}
    assert set(body["problems"][0]) == {"step", "field", "severity", "code", "message", "remedy"}
    assert (count(Experiment), count(Job)) == (0, 0)
    key = {"Idempotency-Key": "mended"}
    wrong = {"config": config_of(river, model={"estimator": "magic"})}
    assert program.post(URL, wrong, headers=key).status_code == 422
    assert program.post(URL, {"config": config_of(river)}, headers=key).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"config": {}, "draft_id": str(uuid.uuid4())}, ""),
        ({"config": {}, "version": 1}, ""),
        ({"config": []}, "config"),
        ({"config": "x"}, "config"),
        ({"draft_id": 7}, "draft_id"),
        ({"draft_id": str(uuid.uuid4()), "version": "1"}, "version"),
        ({"config": {}, "more": 1}, "more"),
        ([], ""),
    ],
)
def test_what_cannot_be_launched_is_named(program: Program, body: Any, field: str) -> None:
    answer = program.post(URL, body)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.get_json()["errors"][0]["field"] == field
    assert answer.get_json()["errors"][0]["message"].endswith(".")


def test_a_config_without_a_dataset_is_refused(program: Program) -> None:
    answer = program.post(URL, {"config": {}})
    assert answer.status_code == 422
    assert "data.dataset_id" in {item["field"] for item in answer.get_json()["errors"]}


def test_what_waits_is_limited_as_on_the_pages(app: Flask, program: Program, river: Dataset) -> None:
    from app.services.context import current_settings

    for _ in range(current_settings().limits.user_queued_jobs):
        assert program.post(URL, {"config": config_of(river)}).status_code == 202
    answer = program.post(URL, {"config": config_of(river)})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_a_list_is_paged_newest_first(program: Program, river: Dataset) -> None:
    for number in range(3):
        program.post(URL, {"config": config_of(river, name=f"Flow {number}")})
    body = program.get(f"{URL}?page=2&per_page=2").get_json()
    assert (body["page"], body["per_page"], body["total"]) == (2, 2, 3)
    assert [item["name"] for item in body["items"]] == ["Flow 0"]
    assert set(body["items"][0]) == {"id", "name", "tags", "state", "created_at", "headline"}
    assert program.get(f"{URL}?page=9").get_json()["items"] == []
    assert program.get(f"{URL}?per_page=0").status_code == 422


def test_an_experiment_that_waits_is_cancelled(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": config_of(river)}).get_json()["id"]
    answer = program.post(f"{URL}{identifier}/cancel/")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "cancelled")
    assert program.post(f"{URL}{identifier}/cancel/").get_json()["state"] == "cancelled"
    assert program.get(f"{URL}{identifier}/predictions/").status_code == 404


def test_a_finished_experiment_stays_finished(program: Program, finished: str) -> None:
    assert program.post(f"{URL}{finished}/cancel/").get_json()["state"] == "finished"


def test_a_failed_experiment_says_why(program: Program, river: Dataset) -> None:
    given = {**config_of(river), "resolved": {"seed": 42}}
    identifier = program.post(URL, {"config": given}).get_json()["id"]
    row = db.session.get(Experiment, uuid.UUID(identifier))
    assert row is not None
    row.state, row.failure, row.failure_code = RunState.FAILED.value, "The estimator diverged.", "diverged"
    db.session.commit()
    body = program.get(f"{URL}{identifier}/").get_json()
    assert body["error"] == {"code": "diverged", "message": "The estimator diverged."}


def test_the_exported_config_launches_the_same_experiment(program: Program, finished: str) -> None:
    exported = program.get(f"{URL}{finished}/config/").get_json()
    assert [part["name"] for part in exported["resolved"]["parts"]] == ["fold 1", "fold 2", "fold 3", "hold-out"]
    assert program.post("/api/experiments/wizard/validate-config/", exported).get_json()["problems"] == []
    again = program.post(URL, {"config": exported}).get_json()["id"]
    train(again)
    first, second = (program.get(f"{URL}{item}/").get_json() for item in (finished, again))
    assert first["scores"] == second["scores"]
    assert "resolved" not in second["config"]
    assert program.get(f"{URL}{again}/config/").get_json() == exported


def test_a_resolved_that_differs_is_told_by_name(program: Program, finished: str) -> None:
    exported = program.get(f"{URL}{finished}/config/").get_json()
    exported["resolved"]["parts"][0]["train"]["count"] += 1
    exported["resolved"]["versions"]["numpy"] = "0.1"
    exported["resolved"]["magic"] = 1
    checked = program.post("/api/experiments/wizard/validate-config/", exported).get_json()
    assert not checked["valid"]
    assert {item["severity"]: item["code"] for item in checked["problems"]} == {
        "error": "resolved_differs",
        "warning": "resolved_versions",
    }
    message = next(item["message"] for item in checked["problems"] if "parts" in item["message"])
    assert message.startswith("resolved.parts.fold 1.train.count is given as ")
    response = program.post(URL, {"config": exported})
    assert response.status_code == 422
    assert "review.resolved" in {item["field"] for item in response.get_json()["errors"]}
    remedy = merge_patch(exported, checked["problems"][0]["remedy"]["patch"])
    assert program.post(URL, {"config": remedy}).status_code == 202


@pytest.mark.parametrize(
    ("resolved", "code"),
    [
        ("[]", "resolved_invalid"),
        ("7", "resolved_invalid"),
        ('{"seed": NaN}', "resolved_invalid"),
        ('{"seed": 1e400}', "resolved_invalid"),
        ('{"parts": [{"settings": {"alpha": -Infinity}}]}', "resolved_invalid"),
        ('{"seed": "42"}', "resolved_differs"),
        ('{"seed": {"a": [1]}}', "resolved_differs"),
        ('{"parts": {}}', "resolved_differs"),
        ('{"parts": [1, 2, 3, 4]}', "resolved_differs"),
        ('{"versions": 3}', "resolved_versions"),
        ("{}", ""),
        ("null", ""),
    ],
)
def test_any_resolved_is_checked(program: Program, river: Dataset, resolved: str, code: str) -> None:
    text = json.dumps({"config": config_of(river, resolved="@here@")}).replace('"@here@"', resolved)
    answer = program.send("POST", URL, data=text.encode(), headers={"Content-Type": "application/json"})
    if code in ("", "resolved_versions"):
        assert answer.status_code == 202, answer.get_json()
    else:
        assert answer.status_code == 422
        assert code in {item["code"] for item in answer.get_json()["errors"]}


def test_a_config_may_be_larger_than_a_form_to_a_bound(program: Program, river: Dataset) -> None:
    columns = [{"name": f"column {number}", "stored_as": "number"} for number in range(40_000)]
    answer = program.post(URL, {"config": config_of(river, resolved={"table": {"columns": columns}})})
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "resolved_differs")
    assert program.post(URL, {"config": config_of(river, description="x" * 5_000_000)}).status_code == 413


def test_many_recipes_are_not_carried_out_for_a_check(program: Program, river: Dataset) -> None:
    recipes = [
        {"columns": ["rain"], "kind": "lag", "parameters": {"steps": list(range(first, first + 60))}}
        for first in range(1, 3001, 60)
    ]
    sent = config_of(river, features={"selected": ["rain"], "transforms": recipes}, resolved={"seed": 7})
    body = program.post("/api/experiments/wizard/validate-config/", sent).get_json()
    assert "resolved_differs" not in {item["code"] for item in body["problems"]}


def test_a_large_table_is_compared_by_the_worker(
    program: Program, river: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.domain.errors import TrainingError
    from app.services.drafts import given_resolved

    monkeypatch.setattr(given_resolved, "INLINE_CELLS", 10)
    answer = program.post(URL, {"config": config_of(river, resolved={"seed": 7})})
    assert answer.status_code == 202
    with pytest.raises(TrainingError, match=r"resolved\.seed is given as 7, and worked out as 42"):
        train(answer.get_json()["id"])


def test_learned_differences_stand_in_the_notes(program: Program, river: Dataset) -> None:
    tuned = {"estimator": "ridge", "tuning": {"enabled": True, "trials": 2, "inner": 2}}
    given = {"parts": [{"name": "fold 1", "settings": {"alpha": -1}}, {}, {}, {}]}
    identifier = program.post(URL, {"config": config_of(river, model=tuned, resolved=given)}).get_json()["id"]
    train(identifier)
    notes = program.get(f"{URL}{identifier}/").get_json()["notes"]
    assert any(note.startswith("resolved.parts.fold 1.settings.alpha is given as -1") for note in notes)


def test_predictions_come_as_pages_or_as_a_file(program: Program, finished: str) -> None:
    address = f"{URL}{finished}/predictions/"
    page = program.get(f"{address}?per_page=10&page=2").get_json()
    whole = program.get(f"{address}?format=csv")
    rows = list(csv.DictReader(io.StringIO(whole.get_data(as_text=True))))
    assert (whole.mimetype, page["total"], page["per_page"]) == ("text/csv", len(rows), 10)
    assert [item["row"] for item in page["items"]] == [int(row["row"]) for row in rows[10:20]]
    assert [item["predicted"] for item in page["items"]] == [float(row["predicted"]) for row in rows[10:20]]
    assert page["items"][0]["part"] == "fold 1"
    assert program.get(address, headers={"Accept": "text/csv"}).mimetype == "text/csv"
    assert program.get(address, headers={"Accept": "*/*"}).mimetype == "application/json"
    assert program.get(f"{address}?format=xml").status_code == 422
    assert program.get(f"{address}?page=99").get_json()["items"] == []


def test_classes_are_texts_as_they_are(program: Program, river: Dataset) -> None:
    identifier = program.post(URL, {"config": classes_of(river)}).get_json()["id"]
    train(identifier)
    page = program.get(f"{URL}{identifier}/predictions/?per_page=200").get_json()
    assert {item["observed"] for item in page["items"]} == {"=wet", "dry"}
    assert all(0 <= item["probability_dry"] <= 1 for item in page["items"])
    assert program.get(f"{URL}{identifier}/config/").get_json()["resolved"]["table"]["classes"] == ["=wet", "dry"]


def _calls(identifier: str) -> list[tuple[str, str]]:
    text = f"{URL}{identifier}/"
    return [("GET", text), ("POST", f"{text}cancel/"), ("GET", f"{text}config/"), ("GET", f"{text}predictions/")]


def test_somebody_elses_experiment_is_a_missing_one(stranger: Program, finished: str) -> None:
    for method, path in _calls(finished):
        nobodys = path.replace(finished, str(uuid.uuid4()))
        assert stranger.send(method, path).status_code == stranger.send(method, nobodys).status_code == 404
    assert stranger.get(URL).get_json()["items"] == []


def test_somebody_elses_things_cannot_be_launched(stranger: Program, river: Dataset, user: User) -> None:
    draft = draft_on_sample(user)
    assert stranger.post(URL, {"config": config_of(river)}).status_code == 404
    assert stranger.post(URL, {"draft_id": str(draft.id)}).status_code == 404
    assert count(Experiment) == 0


def test_nobody_is_told_anything(app: Flask, finished: str, river: Dataset) -> None:
    for method, path in [("GET", URL), ("POST", URL), *_calls(finished)]:
        assert Program(app).send(method, path).status_code == 401


def test_a_token_that_may_only_read_reads(reader: Program, program: Program, river: Dataset, finished: str) -> None:
    for path in (URL, *(path for method, path in _calls(finished) if method == "GET")):
        assert reader.get(path).status_code == 200
    for path, body in ((URL, {"config": config_of(river)}), (f"{URL}{finished}/cancel/", None)):
        answer = reader.post(path, body)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "token_may_only_read")


def test_a_session_launches_with_its_second_lock(browser: Browser, river: Dataset) -> None:
    sent = {"config": config_of(river)}
    assert browser.send("POST", URL, json=sent).status == 400
    token = browser.get("/account").token
    assert browser.send("POST", URL, json=sent, headers={"X-CSRFToken": token}).status == 202


def test_the_page_hands_out_the_same_config(browser: Browser, program: Program, finished: str) -> None:
    page = browser.get(f"/experiments/{finished}/config.json")
    assert json.loads(page.response.get_data()) == program.get(f"{URL}{finished}/config/").get_json()
    rows = hashlib.sha256("\n".join(map(str, range(1, ROWS + 1))).encode()).hexdigest()
    assert json.loads(page.response.get_data())["resolved"]["table"]["sha256"] == rows
