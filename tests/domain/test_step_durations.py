"""Steps are said as time where a step has a length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.analysis.profiling.step_durations import add_durations, duration_of
from tests.domain.reading import sample

DAILY = sample("piscataquis_01031500_daily.csv").profile.time_axis


def axis_of(seconds: float, label: str = "", *, regular: bool = True) -> TimeAxis:
    assert DAILY is not None
    return replace(DAILY, step_seconds=seconds, step_label=label, regular=regular)


@pytest.mark.parametrize(
    ("seconds", "label", "steps", "expected"),
    [
        (86_400, "daily", 1, "1 day"),
        (86_400, "daily", 365, "365 days"),
        (86_400, "daily", 7, "7 days"),
        (3600, "hourly", 24, "1 day"),
        (3600, "hourly", 36, "36 hours"),
        (900, "15-minute", 3, "45 minutes"),
        (900, "15-minute", 4, "1 hour"),
        (604_800, "weekly", 2, "2 weeks"),
        (2_629_800, "monthly", 12, "12 months"),
        (31_557_600, "yearly", 1, "1 year"),
        (10, "every 10 s", 3, "30 seconds"),
        (0.5, "", 1, ""),
        (0, "", 3, ""),
    ],
)
def test_a_number_of_steps_has_a_length(seconds: float, label: str, steps: int, expected: str) -> None:
    assert duration_of(steps, axis_of(seconds, label)) == expected


def test_an_irregular_series_has_no_step_to_speak_of() -> None:
    assert duration_of(7, axis_of(86_400, "daily", regular=False)) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They look back 30 steps.", "They look back 30 steps (30 days)."),
        ("Sums over 7 and 30 steps.", "Sums over 7 and 30 steps (7 days and 30 days)."),
        ("A gap of 1,096 steps is long.", "A gap of 1,096 steps (1,096 days) is long."),
        ("1 step", "1 step (1 day)"),
        ("7 steps (7 days)", "7 steps (7 days)"),
        ("The five steps of the wizard.", "The five steps of the wizard."),
    ],
)
def test_steps_in_a_text_are_said_as_time_too(text: str, expected: str) -> None:
    assert add_durations(text, axis_of(86_400, "daily")) == expected
    assert add_durations(text, None) == text
