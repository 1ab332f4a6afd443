"""Launches that would be stopped for taking too long: they are told before, and each button makes them end in time."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.checks.about_machine import SHORTER
from app.domain.estimation import estimate
from app.domain.estimation.time_remedies import time_remedies
from app.domain.estimation.wording import format_duration
from app.domain.estimators import registry
from app.domain.experiment import Draft
from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import Severity
from tests.domain.faults import table
from tests.domain.reading import MACHINE, Answers, mended

RESTARTS = "n_restarts_optimizer"
ONCE = {RESTARTS: 0}
PROCESS: Answers = {
    "data": {"target": "three", "time_column": ""},
    "model": {"estimator": "gaussian_process", "gaussian_process.n_restarts_optimizer": 8},
    "validation": {
        "strategy": "repeated_k_fold",
        "repeated_k_fold.n_splits": 12,
        "repeated_k_fold.n_repeats": 6,
        "holdout_percent": 0,
    },
}
WELLS: Answers = {
    "data": {"target": "y", "time_column": "", "group_column": "a"},
    "validation": {"strategy": "leave_one_group_out", "holdout_percent": 60},
}


def planned(answers: Answers, seconds: float | None) -> Plan:
    return make_plan(Draft(answers), table("400").profile, None, machine=MACHINE, limit_seconds=seconds)


def told(plan: Plan) -> list[Problem]:
    return [problem for problem in plan.problems if problem.code in ("launch_too_long", "time_saved")]


def likely(plan: Plan) -> float:
    assert plan.estimate is not None
    return plan.estimate.seconds_likely


def test_a_launch_that_outlasts_a_job_names_changes_after_which_it_does_not() -> None:
    limit = likely(planned(PROCESS, None)) / 2
    problems = told(planned(PROCESS, limit))
    assert [(item.step, item.field, item.severity) for item in problems] == [
        ("model", "estimator", Severity.WARNING),
        ("model", "estimator", Severity.NOTICE),
        ("validation", "repeated_k_fold.n_repeats", Severity.NOTICE),
        ("validation", "repeated_k_fold.n_splits", Severity.NOTICE),
    ]
    assert "72 fits may take" in problems[0].message
    assert f"longer than {format_duration(limit)} is stopped" in problems[0].message
    assert problems[0].remedy is not None
    assert problems[0].remedy.label == "Take 2 restarts"
    for problem in problems:
        after = planned(mended(PROCESS, problem), limit)
        assert after.launchable
        assert not told(after)
        assert likely(after) <= limit


def test_a_launch_that_ends_in_time_and_a_search_are_not_told_so() -> None:
    assert not told(planned(PROCESS, 1e9))
    assert not told(planned(PROCESS, None))
    searching = {**PROCESS, "model": {**PROCESS["model"], "tuning.enabled": True}}
    codes = {problem.code for problem in planned(searching, 1.0).problems}
    assert "search_too_long" in codes
    assert "launch_too_long" not in codes


def test_one_group_after_the_other_becomes_folds_of_groups() -> None:
    limit = likely(planned(WELLS, None)) / 8
    (first, *_) = told(planned(WELLS, limit))
    assert first.remedy is not None
    assert first.remedy.changes == {"validation": {"strategy": "group_k_fold"}}
    assert not told(planned(mended(WELLS, first), limit))


def test_where_nothing_would_end_in_time_there_is_no_button() -> None:
    (only,) = told(planned(PROCESS, 0.001))
    assert only.remedy is not None
    assert (only.remedy.label, dict(only.remedy.changes)) == (SHORTER, {})


@pytest.mark.parametrize(
    ("estimator", "parameters", "words"),
    [
        ("random_forest", {"n_estimators": 2000}, "trees"),
        ("gaussian_process", {"n_restarts_optimizer": 1}, "Do without restarts"),
    ],
)
def test_the_change_named_is_the_smallest_halving_that_is_enough(
    estimator: str, parameters: dict[str, Any], words: str
) -> None:
    model = {"estimator": estimator, **{f"{estimator}.{name}": value for name, value in parameters.items()}}
    spec = planned({"data": {"target": "y"}, "model": model}, None).spec
    assert spec is not None
    profile = table("400").profile
    limit = 0.9 * estimate(spec, profile, MACHINE).seconds_likely
    ways = [remedy for remedy in time_remedies(spec, profile, MACHINE, limit) if words in remedy.label]
    assert ways
    assert all(way.seconds <= limit for way in ways)


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (45.4, "45 s"), (1000.0, "17 min"), (9000.0, "2.5 h"), (4e6, "1,111.1 h")]
)
def test_a_length_of_time_is_written_in_a_unit_that_suits_it(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_group_column_without_a_value_is_one_group_and_has_an_estimate() -> None:
    known = table("odd")
    answers: Answers = {
        "data": {"target": "y", "group_column": "void"},
        "validation": {"strategy": "leave_one_group_out", "holdout_percent": 0},
    }
    plan = make_plan(Draft(answers), known.profile, None, machine=MACHINE, limit_seconds=60.0)
    assert plan.estimate is not None
    assert plan.estimate.fits == 1
    assert [problem.message for problem in plan.problems if problem.code == "too_many_groups"]


def test_each_restart_of_a_gaussian_process_is_as_much_work_as_the_first_search() -> None:
    entry = registry.get("gaussian_process")
    once, thrice, of_old = (entry.work(200, 5, values) for values in (ONCE, {RESTARTS: 2}, {}))
    assert (thrice, of_old) == (pytest.approx(3 * once), once)
