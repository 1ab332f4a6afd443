"""Folds of whole sites whose own record is a feature say that no site in them is ungauged."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.checks import check_spec
from app.domain.training.gauged_sites import notes_on_sites
from app.domain.training.run import train
from tests.domain.tables import made, make_spec, profile_of

pytestmark = pytest.mark.fits

OWN = {"kind": "lag", "columns": ["y"], "parameters": {"steps": [1]}}
RAIN = {"kind": "lag", "columns": ["a"], "parameters": {"steps": [1]}}


@pytest.mark.parametrize(
    ("strategy", "recipe", "said"),
    [
        ("group_k_fold", OWN, True),
        ("leave_one_group_out", {"kind": "last_known", "columns": ["a", "y"]}, True),
        ("group_k_fold", RAIN, False),
        ("time_series", OWN, False),
    ],
)
def test_group_folds_with_own_records_say_gauged(strategy: str, recipe: dict[str, Any], said: bool) -> None:
    task = {"time_column": "day", "group_column": "site", "purpose": "forecast", "drivers_known_ahead": True}
    spec = make_spec(task=task, transforms=[recipe], validation={"strategy": strategy, "parameters": {}})
    assert [note.startswith("Gauged sites, other years: ") for note in notes_on_sites(spec)] == [True] * said


def test_the_result_says_that_its_sites_are_gauged() -> None:
    frame = made(120)
    task = {"time_column": "day", "group_column": "site", "purpose": "forecast", "drivers_known_ahead": True}
    validation = {"strategy": "group_k_fold", "parameters": {"n_splits": 3}}
    spec = make_spec(task=task, transforms=[OWN], validation=validation)
    result = train(spec, frame, profile_of(frame, "day"), on_progress=lambda _: None, should_stop=lambda: False)
    assert notes_on_sites(spec)[0] in result.report.to_json()["notes"]


@pytest.mark.parametrize(
    ("purpose", "strategy", "holdout", "title"),
    [
        ("ungauged", "leave_one_group_out", None, "Prediction at sites never gauged"),
        ("ungauged", "time_series", None, "Prediction at sites never gauged (validated at sites that trained)"),
        ("ungauged", "k_fold", None, "Prediction at sites never gauged (validated at sites that trained)"),
        ("fill_gaps", "k_fold", None, "Gaps filled from both sides"),
        ("fill_gaps", "k_fold", {"fraction": 0.2}, "Gaps filled (validated with known values on one side alone)"),
        ("fill_gaps", "time_series", None, "Gaps filled (validated with known values on one side alone)"),
        ("fill_gaps", "leave_one_group_out", None, "Gaps filled (validated at sites without known values)"),
    ],
)
def test_headlines_promise_what_was_judged(purpose: str, strategy: str, holdout: Any, title: str) -> None:
    frame = made(240)
    task = {"time_column": "day", "group_column": "site", "purpose": purpose}
    spec = make_spec(task=task, validation={"strategy": strategy, "parameters": {}, "holdout": holdout})
    profile = profile_of(frame, "day")
    result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
    assert result.report.headline.purpose == title
    told = [problem for problem in check_spec(spec, profile, None) if problem.code == "sites_not_held_out"]
    assert bool(told) == ("that trained" in title)
    assert all(problem.remedy is not None and problem.severity == "warning" for problem in told)
