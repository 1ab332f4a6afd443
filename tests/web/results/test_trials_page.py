"""The trials of a search on the page of an experiment: while it runs, when it is ended early, and afterwards."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.domain.training.run import train
from app.domain.vocabulary import RunState
from app.services import experiments
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import User
from app.web.charts import facts, trials
from tests.domain.tables import made, make_spec, profile_of
from tests.web import seeds
from tests.web.results.pages import FRAGMENT, main_of, token_of

SCORES = [[1, "complete", 0.5], [2, "failed", None], [3, "pruned", 0.1], [4, "complete", 0.7]]
SEARCH: dict[str, Any] = {"done": 4, "total": 30, "metric": "nse", "best": 0.7, "limited": False, "scores": SCORES}


def test_a_search_under_way_shows_its_trials_and_can_be_ended_early(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    seeds.set_progress(row, {"fraction": 0.2, "message": "Searching", "search": SEARCH})
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "4 of 30 trials" in text
    assert "NSE of 4 trials; the best so far is 0.7" in text
    assert "given up" in text
    answer = client.post(f"/experiments/{row.id}/keep-best", data={"csrf_token": token_of(text)})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/experiments/{row.id}")
    job = experiments.job_of(row)
    assert job is not None
    assert jobs.max_trials_of(job.id) == 4
    later = {**SEARCH, "done": 9, "total": 4, "limited": True}
    seeds.set_progress(row, {"fraction": 0.4, "message": "Searching", "search": later})
    label = client.get(f"/experiments/{row.id}/progress", headers=FRAGMENT).text
    assert "Each search now ends after 4 trials" in label
    assert "Stop searching" not in label
    # The first wish stands, whatever was reached since.
    client.post(f"/experiments/{row.id}/keep-best", data={"csrf_token": token_of(text)})
    assert jobs.max_trials_of(job.id) == 4


def test_without_a_search_there_is_nothing_to_end(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    seeds.set_progress(row, {"fraction": 0.2, "message": "Fitting"})
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert "Stop searching" not in text
    client.post(f"/experiments/{row.id}/keep-best", data={"csrf_token": token_of(text)})
    job = experiments.job_of(row)
    assert job is not None
    assert jobs.max_trials_of(job.id) is None


def test_nobody_ends_the_search_of_somebody_else(app: Flask, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    seeds.set_progress(row, {"search": SEARCH})
    other = seeds.client_of(app, seeds.add_user("eve@example.org"))
    token = token_of(other.get("/experiments/new").text)
    assert other.post(f"/experiments/{row.id}/keep-best", data={"csrf_token": token}).status_code == 404


def test_a_finished_search_shows_what_every_part_found(app: Flask, client: FlaskClient, user: User) -> None:
    frame = made(150)
    spec = make_spec(estimator="decision_tree", tuning={"enabled": True, "trials": 9, "inner": 2, "pruning": "none"})
    tuned = train(
        spec, frame, profile_of(frame), on_progress=lambda _progress: None, should_stop=lambda: False
    ).report.to_json()
    report = {**seeds_report(), "tuning": tuned["tuning"]}
    row = seeds.finish(app, user, report=report)
    text = main_of(client.get(f"/experiments/{row.id}").text)
    assert 'id="experiments-searched"' in text
    for words in ("Fold 1", "Maximum depth", "Smallest leaf", "rank correlation", "best so far"):
        assert words in text
    with transaction():
        row.report = {key: value for key, value in report.items() if key != "tuning"}
    assert 'id="experiments-searched"' not in client.get(f"/experiments/{row.id}").text


def test_the_config_tells_of_its_search() -> None:
    off, on = (make_spec(tuning={"enabled": enabled, "trials": 12}) for enabled in (False, True))
    assert not any(fact.term == "Search" for fact in facts.facts(off))
    told = {fact.term: (fact.value, fact.note) for fact in facts.facts(on)}
    assert told["Search"] == (
        "12 trials in each fold",
        "Learn from trials (TPE); poor sets given up early: worse than the median; NSE decides",
    )
    assert [value for term, value in told.items() if term.startswith("Searched: ")] == [("0.01 to 100", "by factors")]


def seeds_report() -> dict[str, Any]:
    import json

    results: dict[str, Any] = json.loads(seeds.report_text("regression"))
    return results


def test_a_search_with_an_estimator_that_is_gone_is_still_told() -> None:
    told = [fact.term for fact in facts.facts(make_spec(estimator="gone", tuning={"enabled": True}))]
    assert "Search" in told
    assert not any(term.startswith("Searched") for term in told)


def test_a_search_without_a_score_yet_has_no_chart() -> None:
    assert trials.build_trial_chart("nse", [(1, "failed", None)], total=5) is None
    assert trials.build_trial_chart("nse", [], total=5) is None
    chart = trials.build_trial_chart("rmse", [[1, "complete", 2.0], [2, "complete", 1.0]], total=2)
    assert chart is not None
    assert chart.sentence == "RMSE of 2 trials; the best so far is 1."


def test_the_lettering_of_the_axis_stands_where_the_trials_do() -> None:
    chart = trials.build_trial_chart("nse", [[1, "complete", 0.0], [2, "complete", 0.6]], total=2)
    assert chart is not None
    places = {tick.label: tick.position for tick in chart.y}
    assert (places["0.0"], places["0.6"]) == (100, 0)
    assert [y for _, y in chart.judged] == [places["0.0"], places["0.6"]]


def test_the_chart_of_trials_counts_them_and_says_what_is_off_its_axis() -> None:
    scores: list[list[Any]] = [[1, "complete", 0.66], [2, "complete", 0.58], [3, "complete", 0.78], [4, "pruned", 0.52]]
    near = trials.build_trial_chart("nse", scores, total=12)
    assert near is not None
    assert [tick.label for tick in near.x] == ["1", "2", "4", "6", "8", "10", "12"]
    assert near.y[0].label == "0.5", "what was given up stands where it belongs"
    assert near.note == ""
    far = trials.build_trial_chart("nse", [*scores, [5, "pruned", -9.0]], total=12)
    assert far is not None
    assert far.y[0].label == "0.55"
    assert far.note == "2 trials given up are off the axis, at its edge."


def test_before_the_first_trial_is_judged_no_best_is_named(client: FlaskClient, user: User) -> None:
    row = seeds.add_experiment(user, RunState.RUNNING)
    search = {**SEARCH, "done": 0, "best": None, "scores": []}
    seeds.set_progress(row, {"fraction": 0.2, "message": "Searching", "search": search})
    assert "0 of 30 trials. The first is running." in main_of(client.get(f"/experiments/{row.id}").text)
