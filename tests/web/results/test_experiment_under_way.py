"""The page of an experiment that waits, runs, was cancelled or failed, and what can be done with it."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.vocabulary import JobKind, RunState
from app.services import experiments
from app.services.system import system_state
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import User
from tests.web import seeds
from tests.web.client import on_one_line
from tests.web.results.pages import FRAGMENT, main_of, token_of


def test_a_running_experiment_polls_and_works_without_script(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    fold = {"fold": "fold 1", "metric": "nse", "score": 0.9, "baseline": None, "train_rows": 1200, "validation_rows": 9}
    fold["baseline_title"] = "Day-of-year mean"
    seeds.set_progress(row, {"fraction": 0.25, "message": "Fitting fold 2 of 3", "folds": [fold]})
    text = on_one_line(client.get(f"/experiments/{row.id}").text)
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert 'id="experiments-progress"' in text
    assert f'hx-get="/experiments/{row.id}/progress" hx-trigger="every 1s" hx-swap="outerHTML"' in text
    assert "Fitting fold 2 of 3." in text
    assert 'max="100" value="25.0"' in text
    assert "10 s elapsed, about 30 s left." in text
    assert '<th scope="row">Fold 1</th><td class="n"><strong>0.9</strong></td><td>Day-of-year mean' in text
    assert f'action="/experiments/{row.id}/cancel"' in text
    assert "Running" in text
    assert not re.search("Finished|Failed|Cancelled", main_of(text))


@pytest.mark.parametrize(("age", "wait"), [(0, 1), (60, 2), (900, 5)])
def test_polling_slows_down_with_age(client: FlaskClient, user: User, age: int, wait: int) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    seeds.set_progress(row, {}, age_seconds=age)
    response = client.get(f"/experiments/{row.id}/progress", headers=FRAGMENT)
    assert response.text.startswith('<section id="experiments-progress"')
    assert f'hx-trigger="every {wait}s"' in response.text
    assert '<span id="experiments-state" class="chip info" hx-swap-oob="true">Running</span>' in response.text


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.FAILED, RunState.CANCELLED])
def test_the_last_poll_shows_the_result(client: FlaskClient, user: User, state: RunState) -> None:
    row = seeds.add_experiment(user, state)
    response = client.get(f"/experiments/{row.id}/progress", headers=FRAGMENT)
    assert response.headers["HX-Redirect"] == f"/experiments/{row.id}"
    assert response.data == b""
    assert client.get(f"/experiments/{row.id}/progress").status_code == 303


def test_a_queued_experiment_says_who_is_ahead_and_that_no_worker_is_there(client: FlaskClient, user: User) -> None:
    seeds.add_experiment(user, RunState.QUEUED)
    row = seeds.add_experiment(user, RunState.QUEUED)
    text = client.get(f"/experiments/{row.id}").text
    assert "1 job is ahead of it." in text
    assert "No worker is reachable. The work starts when one is" in text
    with transaction():
        jobs.record_heartbeat("one", host="here", pid=1)
    system_state.forget()
    assert "No worker is reachable" not in client.get(f"/experiments/{row.id}").text


def test_cancelling_a_queued_experiment_ends_it(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.QUEUED)
    token = token_of(client.get(f"/experiments/{row.id}").text)
    response = client.post(f"/experiments/{row.id}/cancel", data={"csrf_token": token})
    assert (response.status_code, response.location) == (303, f"/experiments/{row.id}")
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "Cancelled" in text
    assert "Finished" not in text
    assert "<progress" not in text


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.FAILED])
def test_what_was_judged_before_it_was_stopped_is_still_said(client: FlaskClient, user: User, state: RunState) -> None:
    row = seeds.add_experiment(user, state)
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "scored before" not in text
    line = {"fold": "fold 1", "metric": "nse", "score": 0.31, "baseline": -0.02, "baseline_title": "Mean"}
    seeds.set_progress(row, {"folds": [{**line, "train_rows": 1200, "validation_rows": 9}]})
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "before it had a result" in text
    assert "before it had a score" not in text
    assert "1 fold was scored before" in text
    assert "<li>Fold 1: NSE 0.31, against \u22120.02 for mean</li>" in text


def test_cancelling_a_running_experiment_says_that_it_is_stopping(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    token = token_of(client.get(f"/experiments/{row.id}").text)
    client.post(f"/experiments/{row.id}/cancel", data={"csrf_token": token})
    assert "Stopping after the current fit" in client.get(f"/experiments/{row.id}").text
    assert client.post(f"/experiments/{row.id}/cancel").status_code == 400


def test_a_failed_experiment_says_why_as_text(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.FAILED, failure="The target <img src=x> is missing on every row.")
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "Failed" in text
    assert "The target &lt;img src=x&gt; is missing on every row." in text
    assert "config.json" in text


def test_words_can_be_changed_after_the_launch(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.CANCELLED)
    page = client.get(f"/experiments/{row.id}/edit").text
    assert 'value="first"' in page
    words = {"name": "High water", "description": "", "tags": "a, b, a", "notes": "One.\r\nTwo <b>."}
    response = client.post(f"/experiments/{row.id}/edit", data={"csrf_token": token_of(page), **words})
    assert response.status_code == 303
    text = client.get(f"/experiments/{row.id}").text
    assert "<h1>High water</h1>" in text
    assert "One.\nTwo &lt;b&gt;." in text
    assert experiments.config_of(experiments.get_experiment(user, row.id))["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "  ", "Give it a name"),
        ("tags", "x" * 51, "Up to 20 tags"),
        ("notes", "n" * 20_001, "The notes may have"),
    ],
)
def test_words_that_do_not_fit_are_refused_and_kept(
    client: FlaskClient, user: User, field: str, value: str, sentence: str
) -> None:
    row = seeds.add_experiment(user, RunState.CANCELLED)
    token = token_of(client.get(f"/experiments/{row.id}/edit").text)
    words = {"name": "High water", "description": "kept", "tags": "", "notes": "", field: value}
    response = client.post(f"/experiments/{row.id}/edit", data={"csrf_token": token, **words})
    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert f'href="#f-{field}"' in response.text
    assert sentence in response.text
    assert "kept" in response.text


def test_predictions_and_config_are_files_with_safe_names(app: Flask, client: FlaskClient, user: User) -> None:
    row = seeds.finish(app, user)
    with transaction():
        experiments.get_experiment(user, row.id).name = 'Ä "../river"\r\n; x'
    predictions = client.get(f"/experiments/{row.id}/predictions.csv")
    named = f"attachment; filename=river-x-{str(row.id)[:8]}-"
    assert predictions.headers["Content-Disposition"] == f"{named}predictions.csv"
    assert predictions.mimetype == "text/csv"
    assert predictions.text.startswith("row,observed,predicted")
    config = client.get(f"/experiments/{row.id}/config.json")
    assert config.headers["Content-Disposition"] == f"{named}config.json"
    assert config.json is not None
    assert config.json["schema_version"] == 1
    assert config.json["dataset"]["sha256"] == "ab" * 32
    predictions.close()


def test_the_history_of_the_answers_is_folded_away_and_complete(app: Flask, client: FlaskClient, user: User) -> None:
    row = seeds.finish(app, user)
    changes = {"model.parameters": [{"absent": True}, {"alpha": 2}], "model.estimator": ["ridge", "<lasso>"]}
    with transaction():
        event = {"version": 4, "step": "model", "at": "2026-11-24T01:02:03", "changes": changes}
        experiments.get_experiment(user, row.id).config_changes = [event] * 200
    text = on_one_line(client.get(f"/experiments/{row.id}").text)
    assert "<td>as suggested</td><td>alpha: 2</td>" in text
    assert "&lt;lasso&gt;" in text
    assert "Not shown: 100 later answers." in text


@pytest.mark.parametrize("path", ["", "/progress", "/edit", "/predictions.csv", "/config.json"])
def test_somebody_elses_experiment_is_a_missing_one(app: Flask, client: FlaskClient, user: User, path: str) -> None:
    row = seeds.finish(app, user)
    stranger = seeds.client_of(app, seeds.add_user("other@example.org"))
    assert stranger.get(f"/experiments/{row.id}{path}").status_code == 404
    assert client.get(f"/experiments/{uuid.uuid4()}{path}").status_code == 404
    assert app.test_client().get(f"/experiments/{row.id}{path}").status_code == 303


@pytest.mark.parametrize("verb", ["cancel", "edit"])
def test_somebody_elses_experiment_cannot_be_changed(app: Flask, user: User, verb: str) -> None:
    row = seeds.add_experiment(user, RunState.QUEUED)
    stranger = seeds.client_of(app, seeds.add_user("other@example.org"))
    token = token_of(stranger.get("/experiments").text)
    response = stranger.post(f"/experiments/{row.id}/{verb}", data={"csrf_token": token, "name": "Mine"})
    assert response.status_code == 404
    job = jobs.find_job(row.id, JobKind.TRAIN)
    assert job is not None
    assert job.cancel_requested_at is None


def test_a_long_name_without_blanks_is_broken_within_its_column(app: Flask, client: FlaskClient, user: User) -> None:
    seeds.add_experiment(user, RunState.QUEUED, name="x" * 200)
    text = client.get("/experiments").text
    assert '<th scope="row" class="name"><a href="/experiments/' in text
    css = Path(app.static_folder or "", "css", "product.css").read_text(encoding="utf-8")
    (rule,) = re.findall(r"\.data \.name \{([^}]*)\}", css)
    assert "overflow-wrap: anywhere" in rule
    assert "max-width" in rule
