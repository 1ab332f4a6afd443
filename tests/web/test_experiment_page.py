"""The page of one experiment, in every state it can be in."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.vocabulary import JobKind, RunState
from app.services import experiments
from app.services.system import system_state
from app.storage import jobs
from app.storage.db import db, transaction
from app.storage.tables import User
from tests.web import seeds
from tests.web.client import on_one_line

FRAGMENT = {"HX-Request": "true"}


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


def token_of(text: str) -> str:
    match = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert match
    return match.group(1)


def main_of(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


def test_a_finished_experiment_shows_scores_beside_baselines_and_what_can_be_taken_away(
    app: Flask, client: FlaskClient, user: User
) -> None:
    row = seeds.finish(app, user)
    response = client.get(f"/experiments/{row.id}")
    text = main_of(response.text)
    assert response.status_code == 200
    assert "✓ Finished" in text
    assert row.report is not None
    assert row.report["headline"]["sentence"] in text
    assert "A &lt;i&gt;small&lt;/i&gt; river" in text
    assert "Hydrograph, the last" in text
    assert "Predicted against observed" in text
    assert "Estimated 3 to 6 s of processor time; it took 4 s, within what was estimated." in text
    assert re.search(r'<dt>From launch to result</dt><dd class="value">\d+ s</dd>', text)
    assert text.count("it took") == 1
    assert "The clock" not in text
    assert "Estimated 240 to 310 MB; peak memory 280 MB" in text
    assert f'<a href="/experiments/{row.id}/predictions.csv">Predictions</a>' in text
    assert f'<a href="/experiments/{row.id}/config.json">Config</a>' in text
    assert "vendor/chart.js" in response.text
    assert "style=" not in response.text
    assert len(response.data) < 300_000


def test_what_was_answered_about_leaks_stands_in_the_result(app: Flask, client: FlaskClient, user: User) -> None:
    row = seeds.finish(app, user)
    with transaction():
        answers = {"<b>gauge": "known", "level_after": "not_known"}
        row.config = {**row.config, "leakage": {"answers": answers}}
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert re.search(r"<dt>Known at prediction time</dt><dd>&lt;b&gt;gauge\s*<span[^>]*>by your word", text)
    assert re.search(r"<dt>Not known then</dt><dd>level_after\s*<span[^>]*>so left out", text)


def test_classes_with_markup_in_their_names_are_escaped(app: Flask, client: FlaskClient, user: User) -> None:
    row = seeds.finish(app, user, kind="multiclass")
    text = client.get(f"/experiments/{row.id}").text
    assert "&lt;b&gt;some&lt;/b&gt;" in text
    assert "<b>some" not in text
    assert "Observed classes against predicted classes" in text
    assert "ROC, each class against the rest" in text
    assert "Hydrograph" not in text
    assert "vendor/chart.js" not in text


def test_a_script_in_a_name_cannot_leave_the_data_block(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    report["task"]["target"] = "</script><script>alert(1)</script>"
    row = seeds.finish(app, user, report=report)
    assert "<script>alert" not in client.get(f"/experiments/{row.id}").text


def test_a_model_that_does_not_beat_its_baseline_is_said_so(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    report["headline"].update(beats=False, sentence="It does not beat persistence: NSE 0.10 against 0.61.")
    report["notes"] = ["The solver stopped before it had settled."]
    text = on_one_line(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text)
    assert '<div class="notice warning"><strong>It does not beat persistence' in text
    assert "The solver stopped before it had settled." in text


@pytest.mark.parametrize(
    ("verdict", "tone", "words"),
    [
        ("beats", "success", "beats it"),
        ("undecided", "info", "about as good"),
        ("loses", "warning", "loses to it"),
        ("does_not_beat", "warning", "does not"),
    ],
)
def test_report_and_list_say_the_verdict_in_words_and_colour(
    app: Flask, client: FlaskClient, user: User, verdict: str, tone: str, words: str
) -> None:
    report = json.loads(seeds.report_text("regression"))
    interval = {**report["headline"]["interval"], "low": -0.1, "high": 0.2}
    report["headline"].update(verdict=verdict, beats=verdict == "beats", interval=interval)
    row = seeds.finish(app, user, report=report)
    with transaction():
        row.headline = report["headline"]
    assert f'<div class="notice {tone}"><strong>' in on_one_line(client.get(f"/experiments/{row.id}").text)
    assert f'<span class="chip {tone}">{words}' in on_one_line(client.get("/experiments").text)


def test_a_result_says_in_how_many_folds_a_column_was_chosen(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    assert (
        "Columns chosen in each fold"
        not in client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text
    )
    report["features"]["selection"] = {
        "rules": ["Keeps the 1 strongest of 2 columns, chosen in each fold."],
        "candidates": 2,
        "fits": 6,
        "columns": [{"column": "rain_mm", "folds": 5}, {"column": "warmth", "folds": 1}],
        "parts": [],
    }
    text = on_one_line(main_of(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text))
    assert "Keeps the 1 strongest of 2 columns, chosen in each fold." in text
    assert '<th scope="row"><code>rain_mm</code></th><td class="n">5 of 6</td>' in text
    assert '<th scope="row"><code>warmth</code></th><td class="n">1 of 6</td>' in text
    del report["features"]["selection"]
    assert client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").status_code == 200


def test_what_was_warned_of_before_the_launch_stands_under_the_headline(
    app: Flask, client: FlaskClient, user: User
) -> None:
    report = json.loads(seeds.report_text("regression"))
    old = main_of(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text)
    assert report["warnings"] == []
    assert "Warnings at launch" not in old
    report["warnings"] = [{"step": "validation", "code": "random_split_in_time", "message": "Too good, <b>surely</b>."}]
    text = main_of(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text)
    assert "<li>Too good, &lt;b&gt;surely&lt;/b&gt;.</li>" in text
    assert text.index("Warnings at launch") < text.index('<dl class="tiles">')


def test_questions_open_at_the_launch_stand_in_a_quiet_list(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    old = main_of(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text)
    assert "open_questions" not in report
    assert "Questions open at launch" not in old
    warned = {"step": "data", "code": "marker_unanswered", "message": "Is -999 a mark?"}
    query = {"step": "features", "code": "group_leakage", "message": "Known <then>?", "severity": "notice"}
    report.update(warnings=[warned], open_questions=[{**warned, "severity": "warning"}, query])
    text = main_of(client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text)
    listed = text[text.index("Questions open at launch") :]
    assert "<li>Known &lt;then&gt;?</li>" in listed[: listed.index("</ul>")]
    assert text.count("Is -999 a mark?") == 1
    report["open_questions"] = []
    assert "Questions open" not in client.get(f"/experiments/{seeds.finish(app, user, report=report).id}").text


def test_the_list_says_that_the_size_of_an_error_of_both_signs_decides(
    app: Flask, client: FlaskClient, user: User
) -> None:
    report = json.loads(seeds.report_text("regression"))
    row = seeds.finish(app, user, report=report)
    words = []
    for metric, basis, cuts in (
        ("nse", "holdout", 4),
        ("nse", "folds", 3),
        ("pbias", "folds", 3),
        ("pbias", "folds", 1),
    ):
        with transaction():
            row.headline = {**report["headline"], "metric": metric, "basis": basis, "cuts": cuts, "rows": 640}
        match = re.search(r"<td>([^<]+), 640 rows</td>", main_of(client.get("/experiments").text))
        assert match is not None
        words.append(match.group(1))
    assert words == ["rows held out", "mean of the folds", "mean absolute of the folds", "one split"]


def test_the_list_tells_a_score_from_its_baseline(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    row = seeds.finish(app, user, report=report)
    with transaction():
        row.headline = {**report["headline"], "metric": "nse", "score": 0.9942, "baseline_score": 0.9871}
    text = main_of(client.get("/experiments").text)
    assert "0.994" in text
    assert "0.987" in text


def test_the_list_says_what_a_model_is_for(app: Flask, client: FlaskClient, user: User) -> None:
    report = json.loads(seeds.report_text("regression"))
    row = seeds.finish(app, user, report=report)
    assert "Simulation from weather" not in client.get("/experiments").text
    with transaction():
        row.headline = {**report["headline"], "purpose": "Simulation from weather"}
    assert "Simulation from weather" in main_of(client.get("/experiments").text)


@pytest.mark.parametrize(("beats", "tone"), [(True, "success"), (False, "warning")])
def test_a_headline_from_before_verdicts_is_still_shown(
    app: Flask, client: FlaskClient, user: User, beats: bool, tone: str
) -> None:
    report = json.loads(seeds.report_text("regression"))
    report["headline"]["beats"] = beats
    del report["headline"]["verdict"], report["headline"]["interval"]
    row = seeds.finish(app, user, report=report)
    with transaction():
        row.headline = report["headline"]
    assert f'<div class="notice {tone}"><strong>' in on_one_line(client.get(f"/experiments/{row.id}").text)
    assert f'<span class="chip {tone}">' in on_one_line(client.get("/experiments").text)


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_a_report_without_charts_and_scores_is_still_a_page(
    app: Flask, client: FlaskClient, user: User, kind: str
) -> None:
    report: dict[str, Any] = json.loads(seeds.report_text(kind))
    report["charts"].update(dict.fromkeys(("hydrograph", "predicted_observed", "residuals", "confusion", "roc", "pr")))
    report["charts"]["importance"] = None
    for scores in (report["scores"], *(item["scores"] for item in report["baselines"])):
        for metric in scores.values():
            metric.update(mean=None, std=None, holdout=None, folds=[None for _ in metric["folds"]])
    response = client.get(f"/experiments/{seeds.finish(app, user, kind=kind, report=report).id}")
    assert response.status_code == 200
    assert "not defined" in response.text


def test_a_finished_experiment_without_its_report_says_so(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.FINISHED)
    assert "cannot be read" in client.get(f"/experiments/{row.id}").text
    assert client.get(f"/experiments/{row.id}/predictions.csv").status_code == 404


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
