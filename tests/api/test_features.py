"""Correlations and feature importance over the API: the result at once, or a job that fills."""

from __future__ import annotations

import uuid

import pytest

from app.services.measurements import runner
from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.services.tables import upload, wide_csv

MATRIX, RANKING = "/api/experiments/wizard/correlations/", "/api/experiments/wizard/feature-importance/"


@pytest.fixture
def wide(user: User) -> Dataset:
    return upload(user, wide_csv(columns=30, rows=80))


def test_a_small_matrix_is_answered_at_once(reader: Program, wide: Dataset) -> None:
    answer = reader.post(MATRIX, {"dataset_id": str(wide.id), "columns": ["flow", "gauge_0"], "method": "pearson"})
    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["method"], body["columns"]) == ("pearson", ["flow", "gauge_0"])
    assert body["matrix"][0][1] == body["matrix"][1][0] == body["pairs_ranked"][0]["value"]
    assert body["pairs_ranked"][0]["columns"] == ["flow", "gauge_0"]
    assert body["measures"][0][1] == "Pearson"


def test_a_large_matrix_is_a_job_with_what_has_come(
    program: Program, wide: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    answer = program.post(MATRIX, {"dataset_id": str(wide.id)})
    job = answer.get_json()["job"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}/"
    assert (job["kind"], job["state"]) == ("correlate", "queued")
    assert job["partial"]["blocks_done"] == 1
    again = program.post(MATRIX, {"dataset_id": str(wide.id)})
    assert (again.status_code, again.get_json()["job"]["id"]) == (202, job["id"])
    few = program.post(MATRIX, {"dataset_id": str(wide.id), "columns": ["flow", "gauge_0"]})
    assert few.status_code == 200, "one block is measured while the request waits"


def test_a_ranking_is_answered_at_once_or_is_a_job(
    program: Program, wide: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"dataset_id": str(wide.id), "target": "flow"}
    body = program.post(RANKING, query).get_json()
    assert (body["method"], body["rows_used"]) == ("mutual_information", 80)
    assert {item["name"] for item in body["features"][:2]} == {"gauge_0", "gauge_1"}
    assert [item["rank"] for item in body["features"]] == list(range(1, 30))
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    answer = program.post(RANKING, {**query, "target": "gauge_3"})
    assert (answer.status_code, answer.get_json()["job"]["kind"]) == (202, "rank")
    program.post(f"/api/jobs/{answer.get_json()['job']['id']}/cancel/")
    stopped = program.post(RANKING, {**query, "target": "gauge_3"})
    assert (stopped.status_code, stopped.get_json()["code"]) == (422, "ranking_stopped")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (MATRIX, {"columns": ["gone"]}, "columns"),
        (MATRIX, {"method": "magic"}, "method"),
        (RANKING, {"target": "gone"}, "target"),
        (RANKING, {"target": "flow", "columns": ["gone"]}, "columns"),
        (RANKING, {}, "target"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_its_field(
    program: Program, wide: Dataset, path: str, body: dict[str, object], field: str
) -> None:
    answer = program.post(path, {"dataset_id": str(wide.id), **body})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == field


@pytest.mark.parametrize("path", [MATRIX, RANKING])
def test_somebody_elses_dataset_is_a_missing_one(stranger: Program, wide: Dataset, path: str) -> None:
    hers, nobodys = (
        stranger.post(path, {"dataset_id": str(identifier), "target": "flow"}) for identifier in (wide.id, uuid.uuid4())
    )
    if path == MATRIX:
        hers, nobodys = (stranger.post(path, {"dataset_id": str(identifier)}) for identifier in (wide.id, uuid.uuid4()))
    assert hers.status_code == nobodys.status_code == 404
    assert hers.get_json() == nobodys.get_json()


def test_the_analysis_names_the_leaks_of_a_target(reader: Program, wide: Dataset) -> None:
    query = {"dataset_id": str(wide.id), "target": "flow"}
    body = reader.post("/api/experiments/wizard/dataset-analysis/", query).get_json()
    leaks = [item for item in body["findings"] if item["code"] == "target_leakage"]
    assert {leak["columns"][0] for leak in leaks} == {"gauge_0", "gauge_1"}
    assert body["leaks_measured"] is True
    assert next(item for item in body["columns"] if item["name"] == "gauge_0")["findings"][-1] == "target_leakage"
    assert leaks[0]["remedies"][0]["kind"] == "leave_out"
