"""After the run the page shows what was estimated beside what it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.estimation import Machine
from app.domain.vocabulary import JobKind
from app.services.measurements import estimates
from app.storage.db import db
from app.storage.tables import Job, User
from app.web.charts import expected
from tests.web.client import Browser, draft_on_sample, step_path

ESTIMATE = {"seconds_low": 2.0, "seconds_high": 8.0, "memory_mb_low": 240.0, "memory_mb_high": 310.0, "fits": 6}


def _said(**actual: Any) -> expected.ExpectedCost:
    cost = expected.build(ESTIMATE, {"seconds": 5.0, "work_seconds": 4.0, "memory_mb": 280.0, **actual})
    assert cost is not None
    return cost


def test_what_came_true_is_said() -> None:
    cost = _said()
    assert cost.time == (
        "Estimated 2 to 8 s of processor time; it took 4 s, within what was estimated. "
        "Time in the queue is not included."
    )
    assert cost.memory == "Estimated 240 to 310 MB; peak memory 280 MB, within what was estimated."
    assert "learnt" in cost.learnt


def test_fits_at_once_are_judged_by_the_time_on_the_wall() -> None:
    cost = expected.build({**ESTIMATE, "processes": 2}, {"seconds": 5.0, "work_seconds": 9.0, "memory_mb": 280.0})
    assert cost is not None
    assert cost.time.startswith("Estimated 2 to 8 s with 2 fits at once; it took 5 s, within what was estimated.")


@pytest.mark.parametrize(("work", "word"), [(1.0, "less than"), (9.0, "more than")])
def test_what_did_not_come_true_is_said_too(work: float, word: str) -> None:
    assert f"{word} was estimated" in _said(work_seconds=work, seconds=work).time
    assert f"{word} was estimated" in _said(memory_mb=100.0 if work < 2 else 900.0).memory


def test_a_busy_machine_is_not_a_wrong_estimate_and_adds_no_second_duration() -> None:
    assert _said(seconds=30.0).time == _said().time


def test_who_waited_is_told_one_time_from_launch_to_result() -> None:
    launched = datetime(2026, 11, 2, 8, 0, 0, tzinfo=UTC)
    assert expected.format_waiting(launched, launched + timedelta(seconds=13.2)) == "13 s"
    assert expected.format_waiting(launched, None) == ""


def test_old_experiments_have_their_seconds_on_the_wall_only() -> None:
    cost = expected.build(ESTIMATE, {"seconds": 5.0, "memory_mb": 280.0})
    assert cost is not None
    assert cost.learnt == ""
    assert "it took 5 s on the clock" in cost.time
    assert expected.build(None, {"seconds": 5.0}) is None
    assert expected.build(ESTIMATE, None) is None
    assert expected.build(ESTIMATE, {"seconds": None, "memory_mb": 1.0}) is None


def test_from_the_model_step_on_a_worker_is_asked_to_time_the_estimator(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)

    def predict_seconds() -> int:
        kinds = select(Job).where(Job.kind == JobKind.CALIBRATE.value)
        return len(list(db.session.scalars(kinds)))

    features = browser.get(step_path(row, "features"))
    assert predict_seconds() == 0
    page = browser.follow(browser.press(features, "Continue"))
    assert predict_seconds() == 1
    browser.follow(browser.press(page, "Continue"))
    assert predict_seconds() == 1, "One estimator is timed once on the same data."
    assert "While the machine is busy it takes longer." in page.words


@pytest.mark.parametrize(("cpus", "words"), [(1, "of processor time for 6 fits,"), (2, "for 6 fits, 2 at once,")])
def test_the_promise_before_the_launch_says_whose_time_it_is(
    browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch, cpus: int, words: str
) -> None:
    monkeypatch.setattr(estimates, "this_machine", lambda: Machine(cpus, 8000.0))
    page = browser.get(step_path(draft_on_sample(user), "review"))
    assert words in page.words
    assert "plus any time in the queue" in page.words
