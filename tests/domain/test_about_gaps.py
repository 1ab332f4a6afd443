"""Filling gaps: what cannot be filled or judged is told, with a button that puts it right and loses nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from app.domain.checks import check_spec
from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.training.preprocessing.preparation import prepare
from app.domain.vocabulary import Purpose, Severity, SplitStrategy
from tests.domain.tables import made, make_spec, profile_of

FRAME = made(120)
FRAME.loc[40:44, "y"] = None
FRAME["whole"] = FRAME["a"] + 1
FRAME["mostly"] = FRAME["a"].where(FRAME.index % 3 == 0)
PROFILE = profile_of(FRAME, "day")
BLOCKS = {"strategy": "masked_blocks", "parameters": {"n_splits": 3, "lengths": [3, 10]}}
CODES = (
    "gaps_need_numbers",
    "no_gaps",
    "mostly_gaps",
    "gaps_without_blocks",
    "blocks_without_gaps",
    "holdout_is_no_gap",
    "blocks_too_long",
    "blocks_overlap",
    "estimator_of_another_purpose",
)


def spec_of(task: dict[str, Any] | None = None, **parts: Any) -> Spec:
    task = {"time_column": "day", "purpose": "fill_gaps", **(task or {})}
    return make_spec(task=task, selected=["b"], **{"validation": BLOCKS, **parts})


def problems_of(spec: Spec) -> list[Problem]:
    return [problem for problem in check_spec(spec, PROFILE, None) if problem.code in CODES]


def blocks(**parameters: Any) -> dict[str, Any]:
    return {"validation": {"strategy": "masked_blocks", "parameters": {"n_splits": 3, **parameters}}}


FORWARD = {"validation": {"strategy": "time_series", "parameters": {"n_splits": 3}}}
HELD = {"validation": {**BLOCKS, "holdout": {"fraction": 0.2}}}
# Answers, and the problem that they give: "severity step field code".
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"target": "two", "kind": "binary"}, {}, "error data purpose gaps_need_numbers"),
    ({"target": "whole"}, {}, "notice data purpose no_gaps"),
    ({"target": "mostly"}, {}, "notice data purpose mostly_gaps"),
    ({}, FORWARD, "warning validation strategy gaps_without_blocks"),
    ({"purpose": "simulate"}, {}, "warning validation strategy blocks_without_gaps"),
    ({"purpose": None, "time_column": None}, {}, "warning validation strategy blocks_without_gaps"),
    ({}, HELD, "warning validation holdout_percent holdout_is_no_gap"),
    ({}, blocks(lengths=[3, 60]), "error validation masked_blocks.lengths blocks_too_long"),
    ({"group_column": "site"}, blocks(lengths=[15]), "error validation masked_blocks.lengths blocks_too_long"),
    ({}, blocks(share=0.4), "notice validation masked_blocks.share blocks_overlap"),
    (
        {"purpose": "simulate"},
        {**FORWARD, "estimator": "linear_interpolation"},
        "error model estimator estimator_of_another_purpose",
    ),
    (
        {"purpose": None},
        {**FORWARD, "estimator": "linear_interpolation"},
        "error model estimator estimator_of_another_purpose",
    ),
]


def test_a_sound_config_for_gaps_has_none_of_these_problems() -> None:
    assert problems_of(spec_of()) == []
    assert problems_of(spec_of(estimator="linear_interpolation")) == []


@pytest.mark.parametrize(("task", "parts", "expected"), CASES)
def test_each_problem_is_told_at_its_field_with_a_remedy(
    task: dict[str, Any], parts: dict[str, Any], expected: str
) -> None:
    spec = spec_of(task, **parts)
    problems = {f"{item.severity.value} {item.step} {item.field} {item.code}": item for item in problems_of(spec)}
    assert expected in problems
    problem = problems[expected]
    assert problem.message.endswith(".")
    assert problem.remedy is not None
    if not problem.remedy.changes:
        return
    remedy = Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, PROFILE)))
    assert problem.code not in {item.code for item in check_spec(remedy, PROFILE, None)}


def test_the_buttons_lead_to_masked_blocks_and_back() -> None:
    spec = spec_of(**FORWARD)
    (problem,) = problems_of(spec)
    remedy = Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, PROFILE)))
    assert remedy.validation.strategy is SplitStrategy.MASKED_BLOCKS
    spec = spec_of({"purpose": "simulate"})
    (problem,) = problems_of(spec)
    remedy = Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, PROFILE)))
    assert remedy.task.purpose is Purpose.FILL_GAPS


@pytest.mark.parametrize("lengths", ["3, 10", [0], [3.5], {"a": 1}, []])
def test_lengths_that_are_no_steps_are_an_error_with_a_reset(lengths: Any) -> None:
    spec = spec_of(**blocks(lengths=lengths))
    (problem,) = [item for item in check_spec(spec, PROFILE, None) if item.code == "parameter_invalid"]
    assert (problem.severity, problem.field) == (Severity.ERROR, "masked_blocks.lengths")
    remedy = Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, PROFILE)))
    assert "parameter_invalid" not in {item.code for item in check_spec(remedy, PROFILE, None)}


@pytest.mark.parametrize("share", [0, 0.7, "0.1", -1])
def test_a_share_out_of_bounds_is_an_error(share: Any) -> None:
    results = {problem.code for problem in check_spec(spec_of(**blocks(share=share)), PROFILE, None)}
    assert "parameter_invalid" in results


def test_gaps_of_several_series_ask_for_their_group() -> None:
    frame = pd.concat([FRAME.assign(well="a"), FRAME.assign(well="b", y=FRAME["y"] + 5)])
    profile = profile_of(frame, "day")
    (problem,) = [item for item in check_spec(spec_of(), profile, None) if item.code == "gaps_mix_series"]
    assert (problem.step, problem.field, problem.severity) == ("data", "group_column", Severity.ERROR)
    assert problem.message.startswith("120 of 240 rows share their time")
    with pytest.raises(TrainingError, match="Choose the group column"):
        prepare(spec_of(), frame, profile)
    grouped = spec_of({"group_column": "well"})
    assert not [item for item in check_spec(grouped, profile, None) if item.code == "gaps_mix_series"]
    assert len(prepare(grouped, frame, profile).target) == 230


def test_rows_without_a_target_are_said_to_be_filled() -> None:
    told = {problem.code: problem.message for problem in check_spec(spec_of(), PROFILE, None)}
    assert told["target_missing_rows"] == "y is missing on 5 rows; gaps between known values are filled."
