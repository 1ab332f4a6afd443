"""What a model is for, in words: headlines and phrases of every purpose, and steps said as time."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.experiment import TaskPart
from app.domain.purpose_words import ENTRIES, duration_words, purpose_phrase, purpose_title
from app.domain.vocabulary import Purpose

DAY = 86_400.0


def _task(purpose: str | None, **more: Any) -> TaskPart:
    values = {"target": "discharge_mm", "kind": "regression", "time_column": "date", "purpose": purpose, **more}
    return TaskPart.model_validate(values)


@pytest.mark.parametrize(
    ("purpose", "drivers", "title"),
    [
        ("simulate", ["prcp_mm", "tmax_c"], "Simulation from weather"),
        ("simulate", ["prcp_mm", "elev_mean"], "Simulation from weather"),
        ("simulate", ["prcp_mm", "pumping", "stage"], "Simulation from 3 drivers"),
        ("simulate", ["pumping"], "Simulation from 1 driver"),
        ("simulate", [], "Simulation from drivers"),
        ("fill_gaps", ["prcp_mm"], "Gaps filled from both sides"),
        ("ungauged", ["prcp_mm"], "Prediction at sites never gauged"),
        ("new_rows", ["prcp_mm"], "New rows like these"),
        (None, ["prcp_mm"], ""),
    ],
)
def test_title_says_what_the_model_is_for(purpose: str | None, drivers: list[str], title: str) -> None:
    weather = {"prcp_mm", "tmax_c"}
    assert purpose_title(_task(purpose), step_seconds=DAY, drivers=drivers, weather=weather) == title


@pytest.mark.parametrize(
    ("steps", "seconds", "title"),
    [
        (3, DAY, "3 days ahead, needs today's discharge_mm"),
        (None, DAY, "1 day ahead, needs today's discharge_mm"),
        (14, DAY, "14 days ahead, needs today's discharge_mm"),
        (6, 3600.0, "6 hours ahead, needs this hour's discharge_mm"),
        (24, 3600.0, "1 day ahead, needs this hour's discharge_mm"),
        (3, 900.0, "45 minutes ahead, needs the latest discharge_mm"),
        (2, 7 * DAY, "2 weeks ahead, needs this week's discharge_mm"),
        (1, 31 * DAY, "1 month ahead, needs this month's discharge_mm"),
        (2, 365 * DAY, "2 years ahead, needs this year's discharge_mm"),
        (2, 45 * DAY, "90 days ahead, needs the latest discharge_mm"),
        (2, None, "2 steps ahead, needs the latest discharge_mm"),
    ],
)
def test_forecast_says_its_steps_as_time(steps: int | None, seconds: float | None, title: str) -> None:
    assert purpose_title(_task("forecast", horizon=steps), step_seconds=seconds, drivers=[]) == title


def test_forecast_without_the_target_does_not_claim_to_need_it() -> None:
    words = purpose_title(_task("forecast", horizon=3), step_seconds=DAY, drivers=["prcp_mm"], uses_target=False)
    assert words == "3 days ahead, from drivers alone"


@pytest.mark.parametrize(
    ("back", "title"),
    [
        (3, "3 days ahead, needs today's discharge_mm"),
        (30, "3 days ahead, needs discharge_mm from 30 days before"),
    ],
)
def test_forecast_says_which_value_of_the_target_it_needs(back: int, title: str) -> None:
    assert purpose_title(_task("forecast", horizon=3), step_seconds=DAY, drivers=[], steps_back=back) == title


def test_phrase_says_until_when_target_and_drivers_are_known() -> None:
    assert purpose_phrase(_task("simulate"), step_seconds=DAY) == "Simulation from drivers"
    ahead = _task("forecast", horizon=3, drivers_known_ahead=True)
    assert purpose_phrase(ahead, step_seconds=DAY) == "3 days ahead, the target known until today"
    unknown = _task("forecast", horizon=3, drivers_known_ahead=False)
    assert purpose_phrase(unknown, step_seconds=3600.0) == "3 hours ahead, the target and the drivers known until now"
    assert purpose_phrase(_task(None), step_seconds=DAY) == ""


def test_every_purpose_has_its_words() -> None:
    assert [entry.purpose for entry in ENTRIES] == list(Purpose)
    assert duration_words(3, 0.0) == "3 steps"
