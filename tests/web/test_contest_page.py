"""A contest on the page of its experiment: live, with candidates that can be ended, and with its leaderboard at last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.training.run import train
from app.domain.vocabulary import RunState
from app.services import experiments
from app.storage import audit, jobs
from app.storage.audit import AuditFilter
from app.storage.db import db
from app.storage.tables import User
from tests.domain.tables import made, make_spec, profile_of
from tests.web import seeds
from tests.web.test_experiment_page import FRAGMENT, main_of, token_of

CANDIDATES: list[dict[str, Any]] = [
    {"estimator": "ridge", "parameters": {}},
    {"estimator": "decision_tree", "parameters": {}},
    {"estimator": "k_nearest_neighbors", "parameters": {}},
]
MODEL: dict[str, Any] = {**CANDIDATES[0], "candidates": CANDIDATES, "blend": True}
RUNNING: dict[str, Any] = {
    "metric": "rmse",
    "folds": 3,
    "candidates": [
        {"key": "1", "title": "Ridge", "state": "running", "folds_judged": 2, "score": 1.5},
        {
            "key": "2",
            "title": "Decision tree",
            "state": "ended_early",
            "folds_judged": 2,
            "reason": "Far behind Ridge.",
        },
        {"key": "3", "title": "Nearest neighbours", "state": "waiting", "folds_judged": 0},
    ],
    "baselines": [{"id": "mean", "title": "Mean", "score": 2.5}],
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = seeds.make_app(tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def user(app: Flask) -> User:
    return seeds.add_user("ada@example.org")


@pytest.fixture
def client(app: Flask, user: User) -> FlaskClient:
    return seeds.client_of(app, user)


def running(user: User) -> Any:
    row = seeds.add_experiment(user, RunState.RUNNING)
    row.config = {**row.config, "model": MODEL}
    db.session.commit()
    seeds.set_progress(row, {"fraction": 0.4, "message": "Fitting", "contest": RUNNING})
    return row


def test_a_contest_under_way_shows_candidates_and_lines_to_beat(client: FlaskClient, user: User) -> None:
    row = running(user)
    text = main_of(client.get(f"/experiments/{row.id}").text)
    for words in ("Ridge", "1.5", "2 of 3 folds", "Ended early", "Far behind Ridge.", "Mean", "2.5", "Finish now"):
        assert words in text
    assert "End Ridge" in text
    assert "End Decision tree" not in text, "it has ended"
    assert "Ridge" in client.get(f"/experiments/{row.id}/progress", headers=FRAGMENT).text


def test_a_candidate_and_the_whole_are_ended_by_a_button(client: FlaskClient, user: User) -> None:
    row = running(user)
    token = token_of(client.get(f"/experiments/{row.id}").text)
    ended = client.post(f"/experiments/{row.id}/end-candidate", data={"csrf_token": token, "candidate": "3"})
    assert (ended.status_code, ended.headers["Location"]) == (303, f"/experiments/{row.id}")
    client.post(f"/experiments/{row.id}/finish-early", data={"csrf_token": token})
    job = experiments.job_of(row)
    assert job is not None
    wishes = jobs.contest_wishes_of(job.id)
    assert (wishes.ended, wishes.finish) == (frozenset({"3"}), True)
    last = client.post(f"/experiments/{row.id}/end-candidate", data={"csrf_token": token, "candidate": "1"})
    assert "last candidate" in last.text


def test_each_end_of_a_candidate_is_in_the_audit_trail_once(client: FlaskClient, user: User) -> None:
    row = running(user)
    token = token_of(client.get(f"/experiments/{row.id}").text)
    for _ in range(2):
        client.post(f"/experiments/{row.id}/end-candidate", data={"csrf_token": token, "candidate": "3"})
        client.post(f"/experiments/{row.id}/finish-early", data={"csrf_token": token})
    entries = audit.list_entries(AuditFilter(subject_id=row.id), limit=9, offset=0)
    acts = [(line.act, line.person, line.part) for line in reversed(entries)]
    assert acts == [("experiment.end_candidate", user.email, "3"), ("experiment.finish_early", user.email, "")]


def test_nobody_ends_a_candidate_of_somebody_else(app: Flask, user: User) -> None:
    row = running(user)
    other = seeds.client_of(app, seeds.add_user("eve@example.org"))
    token = token_of(other.get("/experiments/new").text)
    for address in ("end-candidate", "finish-early", "continue-candidate"):
        assert other.post(f"/experiments/{row.id}/{address}", data={"csrf_token": token}).status_code == 404


@pytest.mark.fits
def test_the_result_shows_the_leaderboard_and_its_winner(app: Flask, client: FlaskClient, user: User) -> None:
    frame = made(150)
    spec = make_spec(candidates=CANDIDATES, blend=True)
    report = train(
        spec, frame, profile_of(frame), on_progress=lambda _progress: None, should_stop=lambda: False
    ).report.to_json()
    row = seeds.finish(app, user, report=report)
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert 'id="experiments-contest"' in text
    assert text.count(">Winner<") == 1
    for words in ("won by the folds", "Better than the next", "The blend is", "Decision tree"):
        assert words in text


def test_one_estimator_shows_no_leaderboard(app: Flask, client: FlaskClient, user: User) -> None:
    row = seeds.finish(app, user)
    assert 'id="experiments-contest"' not in client.get(f"/experiments/{row.id}").text
