"""Recommendations as services: at once by rules, then by short fits that a worker stores as they come."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from app.domain.experiment import Draft
from app.domain.recommendation import evidence as racing
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import RunState
from app.services.datasets import analysis_cache, datasets
from app.services.jobs import jobs as job_views
from app.services.measurements import estimates, fit_requests, recommendations
from app.services.measurements.recommendations import Recommendations, recommend, sort_by_goal
from app.services.measurements.runner import JobLease
from app.services.measurements.suggested_plans import plan_for
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, User
from tests.services.measured import is_measured, work_off
from tests.services.tables import upload


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Race few candidates, so that no test depends on how fast the machine is."""
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 3)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    monkeypatch.setattr(racing, "DRAWS", 1)
    monkeypatch.setattr(racing, "BUDGET", 60.0)


def table(rows: int = 300, *, seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 4)).round(4), columns=list("abcd"))
    frame["y"] = (3 * frame["a"] - frame["b"] + 0.1 * frame["c"] ** 2).round(4)
    return frame.to_csv(index=False).encode()


@pytest.fixture
def held(user: User) -> Dataset:
    return upload(user, table())


def asked(dataset: Dataset, **more: bool) -> Recommendations:
    result = recommend(dataset, plan_for(dataset, target="y", features=None), **more)
    assert result is not None
    return result


def job_of(result: Recommendations) -> Job:
    assert result.job_id is not None
    return jobs.get_job(result.job_id)


def test_the_first_list_is_there_at_once_and_a_worker_is_asked_once(held: Dataset) -> None:
    first, second = asked(held), asked(held)
    assert (first.state, first.evidence, first.busy) == ("queued", None, True)
    assert first.job_id == second.job_id
    assert first.items[-1].ranked.entry.is_baseline
    for item in first.items[:-1]:
        assert item.ranked.reasons
        assert item.expected is not None
        assert item.expected.score_low <= item.expected.score_high
        assert item.expected.basis == "rules"
        assert item.estimate.seconds_high > 0


def test_looking_at_recommendations_starts_nothing(held: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_for(held, target="y", features=None)
    monkeypatch.setattr(analysis_cache, "find", lambda _key: None)
    known = recommendations.known_of(held, plan, estimates.learned_machine())
    assert known is not None
    assert (known.state, known.job_id, known.busy) == ("none", None, False)
    assert len(known.items) == len(asked(held).items)
    waiting = recommendations.known_of(held, plan, estimates.learned_machine())
    assert waiting is not None
    assert waiting.busy


def test_short_fits_reorder_the_list_and_say_what_to_expect(held: Dataset) -> None:
    assert work_off(job_of(asked(held)))
    result = asked(held)
    assert result.state == "finished"
    assert result.evidence is not None
    assert [item.ranked.entry.id for item in result.items[:3]] == [item.estimator for item in result.evidence.items]
    best = result.items[0]
    assert best.expected is not None
    assert best.expected.basis == "short fits"
    assert best.measured is not None
    assert best.expected.score_low <= best.measured.mean <= best.expected.score_high
    assert result.advice == ()


def test_what_was_stopped_keeps_what_had_come_and_is_measured_again_when_asked(held: Dataset) -> None:
    job = job_of(asked(held))
    assert not work_off(job, parts=1)
    with transaction():
        jobs.end(job.id, attempt=1, state=RunState.CANCELLED)
    stopped = asked(held)
    assert stopped.evidence is not None
    assert not stopped.evidence.complete
    assert asked(held, again=True).job_id != job.id


def test_a_worker_that_lost_the_job_stores_nothing(held: Dataset) -> None:
    job = job_of(asked(held))
    assert not is_measured(job, JobLease(job.id, attempt=99, should_stop=lambda: False))
    assert asked(held).evidence is None


def test_the_same_content_needs_no_second_measuring(held: Dataset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr(analysis_cache, "keep", lambda key, values: kept.update({key: json.dumps(values)}))
    monkeypatch.setattr(analysis_cache, "find", lambda key: json.loads(kept[key]) if key in kept else None)
    assert work_off(job_of(asked(held)))
    again = asked(upload(user, table()))
    assert (again.state, again.job_id) == ("finished", None)
    other = asked(upload(user, table(seed=1)))
    assert other.state == "queued"


def test_another_way_of_judging_is_measured_by_itself(held: Dataset) -> None:
    profile = datasets.profile_of(held)
    assert profile is not None

    def plan(**answers: str) -> Plan:
        return make_plan(Draft({"data": {"target": "y"}, "validation": answers}), profile, None)

    keys = {
        fit_requests.key_of(made.spec, profile)
        for made in (plan(), plan(seed="7"), plan(primary_metric="rmse"), plan(strategy="holdout"), plan(seed="42"))
        if made.spec is not None
    }
    assert len(keys) == 4


def test_what_cannot_be_judged_is_not_fitted(held: Dataset) -> None:
    profile = datasets.profile_of(held)
    plan = make_plan(Draft({"data": {"target": "y"}, "validation": {"seed": "x"}}), profile, None)
    result = recommend(held, plan)
    assert result is not None
    assert (result.state, result.job_id) == ("none", None)
    assert result.reason.startswith("Short fits start once this is solved: ")


def test_a_goal_moves_what_is_wanted_to_the_front(held: Dataset) -> None:
    result = asked(held)
    read = [item.ranked.entry.id for item in sort_by_goal(result, "explanation").items]
    assert set(read[:5]) == {"ridge", "linear_regression", "lasso", "elastic_net", "decision_tree"}
    quick = [item.estimate.seconds_high for item in sort_by_goal(result, "speed").items[:-1]]
    assert quick[0] < 2 * quick[-1], "Within a power of two the order stays."
    assert sort_by_goal(result, "accuracy").items == result.items


def test_the_job_shows_what_has_come(held: Dataset) -> None:
    job = job_of(asked(held))
    assert job_views.view_of(job).partial is None
    work_off(job)
    partial = job_views.view_of(jobs.get_job(job.id)).partial
    assert partial is not None
    assert partial["task"] == "regression"
    assert partial["recommendations"][0]["measured"]["scores"]
