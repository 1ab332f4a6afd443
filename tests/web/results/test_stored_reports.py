"""Reports that earlier versions stored open on every page, and their downloads hold what they held."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.vocabulary import RunState
from app.services import experiments
from app.storage.db import transaction
from app.storage.tables import Experiment, User
from tests.domain.test_report_document import STORED
from tests.web import seeds
from tests.web.results.pages import main_of


def stored(app: Flask, user: User, values: dict[str, Any]) -> Experiment:
    row = seeds.finish(app, user, report=values["report"])
    with transaction():
        row.headline, row.scores = values["report"]["headline"], values["report"]["scores"]
        row.config = {**values["config"], "dataset": row.config["dataset"]}
    return row


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_report_opens_on_its_page_and_in_the_list(
    app: Flask, client: FlaskClient, user: User, path: Path
) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    row = stored(app, user, values)
    answer = client.get(f"/experiments/{row.id}")
    text, report = main_of(answer.text), values["report"]
    assert answer.status_code == 200
    assert report["headline"]["sentence"] in text
    assert all(metric["title"] in text for metric in report["metrics"])
    assert all(baseline["title"] in text for baseline in report["baselines"])
    assert ('id="experiments-searched"' in text) == bool(report.get("tuning"))
    assert ("Warnings at launch" in text) == bool(report.get("warnings"))
    assert report["headline"]["baseline_title"] in main_of(client.get("/experiments").text)
    config = client.get(f"/experiments/{row.id}/config.json").get_json()
    assert config["model"] == values["config"]["model"]
    with client.get(f"/experiments/{row.id}/predictions.csv") as download:
        assert download.status_code == 200


@pytest.mark.parametrize("broken", [{"schema": 1}, {"task": []}, {"headline": {"beats": "maybe"}}])
def test_a_damaged_report_is_said_to_be_unreadable(
    app: Flask, client: FlaskClient, user: User, broken: dict[str, Any]
) -> None:
    row = seeds.add_experiment(user, RunState.FINISHED, report=broken, headline=broken.get("headline", broken))
    assert experiments.report_of(row) is None
    assert "The report of this experiment cannot be read" in client.get(f"/experiments/{row.id}").text
    assert client.get("/experiments").status_code == 200
