"""Recommendations over the API: the first list at once, short fits as a job, and what an honest adviser says first."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest

from app.domain.recommendation import evidence as racing
from app.storage import jobs
from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.domain.tables import REAL
from tests.services.measured import work_off
from tests.services.tables import upload, wide_csv
from tests.variants import slow_after

URL = "/api/experiments/wizard/model-recommendations/"


@pytest.fixture
def wide(user: User) -> Dataset:
    return upload(user, wide_csv(columns=8, rows=120))


def work(job_id: str) -> None:
    """Do what a worker does with the job."""
    assert work_off(jobs.get_job(uuid.UUID(job_id)))


def test_the_first_list_is_answered_at_once_with_all_that_the_contract_names(reader: Program, wide: Dataset) -> None:
    answer = reader.get(f"{URL}?dataset_id={wide.id}&target=flow")
    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["task"], body["state"]) == ("regression", "queued")
    assert [item["rank"] for item in body["recommendations"]] == list(range(1, len(body["recommendations"]) + 1))
    first = body["recommendations"][0]
    assert "120 rows" in first["reasons"][0]
    assert first["cautions"]
    assert set(first["expected"]) >= {"score_low", "score_high", "metric"}
    assert first["estimate"]["seconds_low"] <= first["estimate"]["seconds_high"]
    assert first["estimate"]["memory_mb"] > 0
    assert first["parameters"]
    assert body["recommendations"][-1]["estimator"] == "dummy"
    assert body["job"].startswith("/api/jobs/")


def test_who_wants_the_evidence_is_told_when_it_is_there(
    reader: Program, wide: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 2)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    monkeypatch.setattr(racing, "DRAWS", 1)
    monkeypatch.setattr(racing, "BUDGET", 60.0)
    request = f"{URL}?dataset_id={wide.id}&target=flow&evidence=measured"
    waiting = reader.get(request)
    assert waiting.status_code == 202
    assert waiting.headers["Location"] == f"/api/jobs/{waiting.get_json()['job']['id']}/"
    work(waiting.get_json()["job"]["id"])
    done = reader.get(request)
    assert (done.status_code, done.get_json()["state"]) == (200, "finished")
    assert done.get_json()["recommendations"][0]["measured"]["scores"]
    assert done.get_json()["recommendations"][0]["expected"]["basis"] == "short fits"
    assert done.get_json()["baseline"]["scores"]
    assert done.get_json()["suggested_set"] is None


def test_what_the_suggested_set_brings_is_answered(
    reader: Program, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 2)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    random = np.random.default_rng(6)
    rain = random.gamma(0.5, 6.0, size=900).round(3)
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=900), "rain_mm": rain})
    frame["flow_mm"] = (frame["rain_mm"].rolling(30, min_periods=1).mean() + random.gamma(1, 0.2, 900)).round(4)
    dataset = upload(user, frame.to_csv(index=False).encode())
    request = f"{URL}?dataset_id={dataset.id}&target=flow_mm&evidence=measured"
    work(reader.get(request).get_json()["job"]["id"])
    body = reader.get(request).get_json()
    result = body["suggested_set"]
    assert result["estimator"] in [item["estimator"] for item in body["recommendations"] if item["measured"]]
    assert len(result["with_set"]) == len(result["without_set"]) >= result["folds_won"]
    assert result["low"] <= result["difference"] <= result["high"]


def test_features_and_a_goal_are_heeded(reader: Program, wide: Dataset) -> None:
    few = reader.get(f"{URL}?dataset_id={wide.id}&target=flow&features=gauge_0&features=gauge_1").get_json()
    assert "2 numeric features" in few["recommendations"][0]["reasons"][0]
    assert reader.get(f"{URL}?dataset_id={wide.id}&target=flow&features=").get_json()["target"] == "flow"
    same = reader.get(f"{URL}?dataset_id={wide.id}&target=flow&features=gauge_0,gauge_1").get_json()
    assert same["recommendations"] == few["recommendations"]
    json = reader.get(f"{URL}?dataset_id={wide.id}&target=flow&features=gauge_0").get_json()
    assert "1 numeric feature" in json["recommendations"][0]["reasons"][0]
    read = reader.get(f"{URL}?dataset_id={wide.id}&target=flow&goal=explanation").get_json()
    assert read["recommendations"][0]["estimator"] in ("ridge", "linear_regression", "lasso", "elastic_net")


@pytest.mark.parametrize(
    ("query", "field", "status"),
    [
        ("target=nowhere", "target", 422),
        ("target=flow&features=nowhere", "features", 422),
        ("target=flow&features=gauge_0,flow", "features", 422),
        ("target=flow&goal=fame", "goal", 422),
        ("target=flow&what=this", "what", 422),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    reader: Program, wide: Dataset, query: str, field: str, status: int
) -> None:
    answer = reader.get(f"{URL}?dataset_id={wide.id}&{query}")
    assert answer.status_code == status
    assert answer.get_json()["errors"][0]["field"] == field


def test_somebody_elses_dataset_is_a_missing_one(reader: Program) -> None:
    assert reader.get(f"{URL}?dataset_id=7e4e9d2c-8f0f-4d54-9d2c-8f0f4d549d2c").status_code == 404


@pytest.mark.parametrize(
    ("file", "target", "code"),
    slow_after(1, [("usgs_KlamathTP.csv", "TP", "too_few_rows"), ("water_potability.csv", "Potability", "no_signal")]),
)
def test_what_cannot_be_learnt_is_said(reader: Program, user: User, file: str, target: str, code: str) -> None:
    path = REAL / "hydro" / file
    if not path.exists():
        pytest.skip(f"{file} is not here")
    dataset = upload(user, path.read_bytes(), name=file)
    described = reader.post(
        "/api/experiments/wizard/dataset-analysis/", {"dataset_id": str(dataset.id), "target": target}
    )
    assert code in [item["code"] for item in described.get_json()["findings"]], "It is known before anything is fitted."
    request = f"{URL}?dataset_id={dataset.id}&target={target}&evidence=measured"
    work(reader.get(request).get_json()["job"]["id"])
    body = reader.get(request).get_json()
    assert [item["code"] for item in body["findings"]] == [code]
    assert body["findings"][0]["severity"] == "warning"
    assert body["findings"][0]["message"].endswith(".")
