"""What is known when a prediction is made."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.experiment import TaskPart
from app.domain.training.preprocessing.knowledge import driver_cutoff, target_cutoff


def task_of(**parts: Any) -> TaskPart:
    return TaskPart.model_validate({"target": "y", "kind": "regression", "time_column": "day", **parts})


@pytest.mark.parametrize(
    ("parts", "target", "drivers"),
    [
        ({}, 1, 0),
        ({"purpose": "simulate"}, None, 0),
        ({"purpose": "ungauged"}, None, 0),
        ({"purpose": "new_rows"}, None, 0),
        ({"purpose": "fill_gaps"}, None, 0),
        ({"purpose": "forecast", "drivers_known_ahead": True}, 1, 0),
        ({"purpose": "forecast", "drivers_known_ahead": False}, 1, 1),
        ({"purpose": "forecast"}, 1, 1),
        ({"purpose": "forecast", "horizon": 3, "drivers_known_ahead": True}, 3, 0),
        ({"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}, 3, 3),
        ({"horizon": 3, "drivers_known_ahead": False}, 1, 0),
    ],
)
def test_cutoffs_follow_purpose_and_horizon(parts: dict[str, Any], target: int | None, drivers: int) -> None:
    task = task_of(**parts)
    assert (target_cutoff(task), driver_cutoff(task)) == (target, drivers)
