"""Recipes that need what is not known for a purpose are told, and their button makes the config sound."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.checks import check_spec
from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.checks.rules import check_transforms
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.training.preprocessing.preparation import prepare
from app.domain.vocabulary import Severity
from tests.domain.tables import made, make_spec, profile_of

FRAME = made(120)
PROFILE = profile_of(FRAME, "day")
LAGS = {"columns": ["y", "a"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}}
WINDOW = {"columns": ["y"], "kind": "rolling_mean", "parameters": {"window": 7}}
CODES = ("target_not_known_yet", "driver_not_known_yet", "target_never_known", "no_earlier_rows")


def spec_of(*recipes: dict[str, Any], **task: Any) -> Spec:
    return make_spec(task={"time_column": "day", **task}, selected=["a", "b"], transforms=list(recipes))


def problems_of(spec: Spec) -> list[Problem]:
    return [problem for problem in check_spec(spec, PROFILE, None) if problem.code in CODES]


def after_the_button(problem: Problem, spec: Spec) -> Spec:
    return Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, PROFILE)))


def recipes_of(spec: Spec) -> list[dict[str, Any]]:
    return [part.model_dump(mode="json") for part in spec.features.transforms]


@pytest.mark.parametrize(
    ("task", "codes"),
    [
        ({}, []),
        ({"purpose": "forecast", "drivers_known_ahead": True}, []),
        ({"purpose": "forecast", "drivers_known_ahead": False}, []),
        ({"purpose": "forecast", "horizon": 2, "drivers_known_ahead": True}, ["target_not_known_yet"]),
        ({"purpose": "forecast", "horizon": 2}, ["target_not_known_yet", "driver_not_known_yet"]),
        ({"purpose": "simulate"}, ["target_never_known"]),
        ({"purpose": "fill_gaps"}, ["target_never_known"]),
        ({"purpose": "ungauged", "group_column": "site"}, ["target_never_known"]),
        ({"purpose": "new_rows"}, ["target_never_known", "no_earlier_rows"]),
    ],
)
def test_a_purpose_names_the_recipes_it_cannot_have(task: dict[str, Any], codes: list[str]) -> None:
    spec = spec_of(LAGS, WINDOW, **task)
    problems = problems_of(spec)
    assert [problem.code for problem in problems] == codes
    assert [problem.code for problem in check_transforms(spec, PROFILE) if problem.code in CODES] == codes
    for problem in problems:
        assert (problem.step, problem.field, problem.severity) == ("features", "transforms", Severity.ERROR)
        assert problem.message.endswith(".")
        assert len(problem.message) < 160
        again = after_the_button(problem, spec)
        assert problem.code not in [other.code for other in problems_of(again)]
    for _ in problems:
        left = problems_of(spec)
        spec = after_the_button(left[0], spec) if left else spec
    assert not problems_of(spec)
    assert prepare(spec, FRAME, PROFILE).features.shape[1] >= 2


def test_the_button_raises_the_steps_to_the_horizon() -> None:
    spec = spec_of(LAGS, purpose="forecast", horizon=3, drivers_known_ahead=True)
    (problem,) = problems_of(spec)
    assert problem.remedy is not None
    assert problem.remedy.label == "Use steps 3, 4, 5 for y"
    (alone,) = problems_of(spec_of({**LAGS, "columns": ["y"]}, purpose="forecast", horizon=3))
    assert alone.remedy is not None
    assert alone.remedy.label == "Use steps 3, 4, 5"
    assert problem.message == "Earlier values: y of 1 and 2 steps before cannot be known 3 steps ahead."
    assert recipes_of(after_the_button(problem, spec)) == [
        {**LAGS, "columns": ["a"]},
        {**LAGS, "columns": ["y"], "parameters": {"steps": [3, 4, 5]}},
    ]


def test_the_button_removes_the_target_from_every_recipe() -> None:
    spec = spec_of(LAGS, WINDOW, purpose="simulate")
    (problem,) = problems_of(spec)
    assert problem.remedy is not None
    assert problem.remedy.label == "Leave y out of them"
    assert problem.message == (
        "Earlier values: a simulation knows no value of y. The same goes for 1 more derived feature."
    )
    assert recipes_of(after_the_button(problem, spec)) == [{**LAGS, "columns": ["a"]}]
    (alone,) = problems_of(spec_of(WINDOW, purpose="simulate"))
    assert alone.remedy is not None
    assert alone.remedy.label == "Remove it"


def test_windows_end_where_the_target_is_known() -> None:
    assert not problems_of(spec_of(WINDOW, purpose="forecast", horizon=30))


def test_rows_that_share_a_time_cannot_be_looked_back_over() -> None:
    frame = made(120).assign(day=lambda rows: rows["day"].iloc[rows.index // 3].to_numpy())
    profile = profile_of(frame, "day")
    late = spec_of(purpose="forecast", horizon=2)
    known = spec_of(purpose="forecast", horizon=2, drivers_known_ahead=True)
    codes = [[problem.code for problem in check_spec(spec, profile, None)] for spec in (late, known)]
    assert ["times_repeat" in code for code in codes] == [True, False]
