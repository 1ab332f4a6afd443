"""The page of a finished experiment, and its line in the list."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.vocabulary import RunState
from app.storage.db import transaction
from app.storage.tables import User
from tests.web import seeds
from tests.web.client import on_one_line
from tests.web.results.pages import main_of


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
