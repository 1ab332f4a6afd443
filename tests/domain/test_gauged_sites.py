"""Folds of whole sites whose own record is a feature say that no site in them is ungauged."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.training.gauged_sites import notes_on_sites
from app.domain.training.run import train
from tests.domain.tables import made, make_spec, profile_of

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
