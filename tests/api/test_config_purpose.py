"""What a model is for in configs that programs send: the rules of the pages, and remedies that are merge patches."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.checks.merging import merge_patch
from app.storage.tables import Dataset
from tests.api.program import Program
from tests.api.test_config import PATH, config_of

TASK = {"target": "discharge_mm", "kind": "regression", "time_column": "date", "group_column": None}


@pytest.mark.parametrize(
    ("task", "place", "patch"),
    [
        ({"purpose": "ungauged"}, ("data", "purpose", "purpose_needs_sites"), {"purpose": "simulate"}),
        ({"purpose": "simulate", "time_column": None}, ("data", "purpose", "purpose_needs_time"), {}),
        ({"purpose": "forecast", "horizon": 0}, ("data", "horizon", ""), None),
        ({"purpose": "forecast", "horizon": "soon"}, ("data", "horizon", ""), None),
        ({"purpose": "guess"}, ("data", "purpose", ""), None),
        ({"purpose": "forecast", "drivers_known_ahead": "yes"}, ("data", "drivers_known_ahead", ""), None),
    ],
)
def test_purpose_that_does_not_fit_is_said_at_its_field(
    program: Program, sample: Dataset, task: dict[str, Any], place: tuple[str, str, str], patch: dict[str, Any] | None
) -> None:
    config = config_of(sample, task={**TASK, **task})
    body = program.post(PATH, config).get_json()
    assert not body["valid"]
    (problem,) = [item for item in body["problems"] if (item["step"], item["field"]) == place[:2]]
    assert problem["message"].endswith(".")
    if patch is None:
        return
    assert problem["code"] == place[2]
    assert problem["remedy"]["patch"]["task"].items() >= patch.items()
    after = program.post(PATH, merge_patch(config, problem["remedy"]["patch"])).get_json()
    assert problem["code"] not in {item["code"] for item in after["problems"]}


def test_config_with_a_purpose_is_valid(program: Program, sample: Dataset) -> None:
    for task in ({"purpose": "simulate"}, {"purpose": "forecast", "horizon": 2, "drivers_known_ahead": True}):
        body = program.post(PATH, config_of(sample, task={**TASK, **task})).get_json()
        assert [item for item in body["problems"] if item["severity"] == "error"] == []
