"""The dataset-analysis service over the API: everything known about a file, at once when it was asked before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from app import queue
from app.domain.analysis.profiling.profile import DatasetProfile
from app.services.context import current_settings
from app.services.datasets import analysis_cache, datasets
from app.services.system import diagnostics
from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.services.measured import associate
from tests.services.tables import SMALL, nobody, upload, with_limits
from tests.workers.conftest import Server

PATH = "/api/experiments/wizard/dataset-analysis/"


@pytest.fixture
def redis(app: Flask, tmp_path: Path) -> Iterator[Server]:
    """Return a server of our own, which the application asks."""
    queue.forget_failures()
    server = Server(tmp_path)
    server.start()
    app.extensions["hydroml_settings"] = replace(current_settings(), redis_url=server.url)
    yield server
    queue.connect(server.url).close()
    server.stop()
    queue.forget_failures()


def test_everything_known_is_told_column_by_column(program: Program, sample: Dataset) -> None:
    answer = program.post(PATH, {"dataset_id": str(sample.id), "target": "discharge_mm"})
    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["rows"], len(body["columns"]), body["dataset_id"]) == (12_784, 9, str(sample.id))
    target = next(item for item in body["columns"] if item["name"] == "discharge_mm")
    profile = datasets.profile_of(sample)
    assert profile is not None
    column = profile.column("discharge_mm")
    assert (target["mean"], target["std"], target["min"], target["max"]) == (
        column.mean, column.std, column.minimum, column.maximum,
    )  # fmt: skip
    assert list(target["quantiles"].values()) == list(column.quantiles)
    assert len(target["histogram"]["edges"]) == len(target["histogram"]["counts"]) + 1
    assert {"name", "kind", "missing", "distinct", "top_values", "outliers", "findings"} <= target.keys()
    assert (body["target"]["name"], body["target"]["task"]) == ("discharge_mm", "regression")
    assert body["target"]["reason"]
    assert "classes" not in body["target"]
    assert {"code", "severity", "columns", "message", "remedy"} <= body["findings"][0].keys()
    assert {item["name"] for item in body["columns"] if "constant" in item["findings"]} == {"swe_mm"}


def test_a_target_of_classes_comes_with_them_and_how_uneven_they_are(program: Program, user: User) -> None:
    penguins = datasets.use_sample(user, "penguins")
    target = program.post(PATH, {"dataset_id": str(penguins.id), "target": "Species"}).get_json()["target"]
    assert (target["task"], len(target["classes"])) == ("multiclass", 3)
    assert sum(item["count"] for item in target["classes"]) == 344
    assert {"degree", "ratio", "severity", "message"} <= target["imbalance"].keys()


def test_without_a_target_there_is_none_and_a_wrong_one_is_refused(reader: Program, sample: Dataset) -> None:
    assert reader.post(PATH, {"dataset_id": str(sample.id)}).get_json()["target"] is None
    response = reader.post(PATH, {"dataset_id": str(sample.id), "target": "no_such"})
    assert (response.status_code, response.get_json()["errors"][0]["field"]) == (422, "target")


def test_while_a_file_is_read_the_job_is_told(app: Flask, program: Program, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    row = upload(user, SMALL.encode())
    answer = program.post(PATH, {"dataset_id": str(row.id)})
    job = answer.get_json()["job"]
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/jobs/{job['id']}/")
    assert (job["kind"], job["state"]) == ("analyse", "queued")
    datasets.read_dataset(row.id)
    assert program.post(PATH, {"dataset_id": str(row.id)}).status_code == 200


def profile_of(row: Dataset) -> DatasetProfile:
    profile = datasets.profile_of(row)
    assert profile is not None
    return profile


def _leaky_csv(rows: int = 8_000) -> bytes:
    """Return a file that is read at once and measured by a worker; two of its columns add up to the last."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        random.gamma(2.0, size=(rows, 18)).round(1), columns=[f"gauge_{position}" for position in range(18)]
    )
    frame["base"], frame["quick"] = random.gamma(2.0, size=(2, rows)).round(1)
    frame["flow"] = (frame["base"] + frame["quick"]).round(1)
    return frame.to_csv(index=False).encode()


def test_leaks_of_a_large_file_are_waited_for(program: Program, reader: Program, user: User) -> None:
    row = upload(user, _leaky_csv())
    query = {"dataset_id": str(row.id), "target": "flow"}
    first = reader.post(PATH, query)
    job = first.get_json()["job"]
    assert (first.status_code, first.headers["Location"]) == (202, f"/api/jobs/{job['id']}/")
    assert (job["kind"], job["state"]) == ("associate", "queued")
    assert reader.post(PATH, query).get_json()["job"]["id"] == job["id"]
    assert reader.post(PATH, {"dataset_id": str(row.id)}).status_code == 200, "Without a target there is no leak."
    associate(row, "flow")
    whole = reader.post(PATH, query)
    assert whole.status_code == 200
    assert whole.get_json()["leaks_measured"] is True
    leaks = [item for item in whole.get_json()["findings"] if item["code"] == "target_leakage"]
    assert {leak["columns"][0] for leak in leaks} == {"base", "quick"}


def test_leaks_that_nobody_measures_any_more_are_not_waited_for(program: Program, user: User) -> None:
    row = upload(user, _leaky_csv())
    query = {"dataset_id": str(row.id), "target": "flow"}
    job = program.post(PATH, query).get_json()["job"]
    assert program.post(f"/api/jobs/{job['id']}/cancel/").get_json()["state"] == "cancelled"
    answer = program.post(PATH, query)
    assert (answer.status_code, answer.get_json()["leaks_measured"]) == (200, False)


def test_a_file_that_could_not_be_read_says_why(app: Flask, program: Program, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    row = upload(user, SMALL.encode())
    datasets.fail_dataset(row.id, code="unclosed_quote", message="Line 3 is odd.")
    response = program.post(PATH, {"dataset_id": str(row.id)})
    problem = response.get_json()
    assert (response.status_code, problem["code"], problem["detail"]) == (422, "unclosed_quote", "Line 3 is odd.")


def test_reading_that_is_stopped_is_said_and_leaves_no_bytes(app: Flask, program: Program, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    row = upload(user, SMALL.encode())
    job = program.post(PATH, {"dataset_id": str(row.id)}).get_json()["job"]
    assert program.post(f"/api/jobs/{job['id']}/cancel/").get_json()["state"] == "cancelled"
    assert program.get(f"/api/datasets/{row.id}/").get_json()["reason"] == "Reading was stopped."
    assert datasets.original_of(row) is None


@pytest.mark.parametrize(
    "body", [None, {}, {"dataset_id": 3}, {"dataset_id": "x"}, {"dataset_id": str(nobody()), "colour": 1}, []]
)
def test_a_question_of_another_shape_is_refused(program: Program, body: object) -> None:
    assert program.post(PATH, body).status_code == 422


def test_somebody_elses_is_a_missing_one(stranger: Program, sample: Dataset) -> None:
    assert stranger.post(PATH, {"dataset_id": str(sample.id)}).status_code == 404


@pytest.mark.usefixtures("redis")
def test_what_was_asked_before_is_kept_by_content_and_choices(
    program: Program, stranger: Program, sample: Dataset, other_user: User
) -> None:
    assert diagnostics.readiness()[1]["cache"] == "nothing asked yet"
    query = {"dataset_id": str(sample.id), "target": "discharge_mm"}
    first, second = (program.post(PATH, query).get_json() for _ in range(2))
    assert (first["cached"], second["cached"]) == (False, True)
    same = ("rows", "columns", "target", "findings")
    assert {key: second[key] for key in same} == {key: first[key] for key in same}
    theirs = datasets.use_sample(other_user, "piscataquis")
    assert stranger.post(PATH, {**query, "dataset_id": str(theirs.id)}).get_json()["cached"] is True
    other_target = program.post(PATH, {**query, "target": "prcp_mm"}).get_json()
    assert (other_target["cached"], other_target["target"]["name"]) == (False, "prcp_mm")
    counts = analysis_cache.cache_counts()
    assert counts is not None
    assert (counts.hits, counts.misses) == (2, 2)
    assert diagnostics.readiness()[1]["cache"] == "2 of 4 found (50 %)"


def test_without_redis_everything_is_answered_the_same(program: Program, sample: Dataset, redis: Server) -> None:
    query = {"dataset_id": str(sample.id), "target": "discharge_mm"}
    first = program.post(PATH, query).get_json()
    redis.stop()
    away = program.post(PATH, query).get_json()
    same = ("rows", "columns", "target", "findings")
    assert {key: away[key] for key in same} == {key: first[key] for key in same}
    assert away["cached"] is False
    assert analysis_cache.cache_counts() is None
    assert diagnostics.readiness()[1]["cache"] == "unreachable"


@pytest.mark.usefixtures("redis")
def test_what_somebody_else_put_there_is_no_answer(program: Program, sample: Dataset) -> None:
    query = {"dataset_id": str(sample.id)}
    program.post(PATH, query)
    url = current_settings().redis_url
    assert url is not None
    server = queue.connect(url)
    for key in server.keys(f"{analysis_cache.PREFIX}*"):
        server.set(key, b"\x80\x04no json")
    assert program.post(PATH, query).get_json()["cached"] is False


@pytest.mark.usefixtures("redis")
def test_what_is_very_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis_cache, "MAX_BYTES", 10)
    analysis_cache.keep("large", ["x" * 20])
    analysis_cache.keep("small", [1])
    assert (analysis_cache.find("large"), analysis_cache.find("small")) == (None, [1])
