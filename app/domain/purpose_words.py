"""Words for the purposes of a model, in the question, in headlines and on pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.analysis.profiling.step_durations import DAY, UNITS, fixed_duration_of
from app.domain.experiment import TaskPart
from app.domain.hydrology.naming import is_static
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.knowledge import horizon_of
from app.domain.vocabulary import Purpose

QUESTION = "What is the model for?"
# Months and years have no fixed number of seconds, so their steps are told by a range of days.
CALENDAR = ((29, 31, "month"), (365, 366, "year"))
# How the latest value of a series is called whose step is one unit long.
LATEST = {
    "year": "this year's",
    "month": "this month's",
    "week": "this week's",
    "day": "today's",
    "hour": "this hour's",
    "minute": "this minute's",
    "second": "this second's",
}


@dataclass(frozen=True)
class PurposeEntry:
    """One answer: its label, one sentence that says what is known, and what the pages call the task then."""

    purpose: Purpose
    label: str
    summary: str
    phrase: str


ENTRIES = (
    PurposeEntry(
        Purpose.SIMULATE,
        "Simulate from drivers",
        "Predicts each step from drivers such as rain; the target itself is never an input.",
        "Simulation from drivers",
    ),
    PurposeEntry(
        Purpose.FORECAST,
        "Forecast ahead",
        "Predicts a later step from what is known now, the target included.",
        "Forecast",
    ),
    PurposeEntry(
        Purpose.FILL_GAPS,
        "Fill gaps",
        "Predicts missing values from the values before and after each gap.",
        "Gaps filled from both sides",
    ),
    PurposeEntry(
        Purpose.UNGAUGED,
        "A site never gauged",
        "Predicts at a site that has drivers but no target; whole sites are held out.",
        "Prediction at sites never gauged",
    ),
    PurposeEntry(
        Purpose.NEW_ROWS,
        "New rows like these",
        "Predicts each new row from its own columns; time plays no part.",
        "New rows like these",
    ),
)


def get_entry(purpose: Purpose) -> PurposeEntry:
    """Return the words for a purpose."""
    return next(entry for entry in ENTRIES if entry.purpose is purpose)


def duration_words(steps: int, step_seconds: float | None) -> str:
    """Return how long a number of steps takes, "3 days", or the steps themselves where that has no fixed length.

    Parameters
    ----------
    steps
        How many steps.
    step_seconds
        The length of one step in seconds, None for an irregular series.
    """
    unit = _calendar_unit(step_seconds)
    if unit:
        return pluralise(steps, unit)
    fixed = fixed_duration_of(steps, step_seconds) if step_seconds is not None and step_seconds > 0 else ""
    return fixed or pluralise(steps, "step")


def purpose_title(
    task: TaskPart,
    *,
    step_seconds: float | None,
    drivers: Sequence[str],
    weather: Collection[str] = (),
    uses_target: bool = True,
    steps_back: int | None = None,
) -> str:
    """Return the purpose of a model for a headline, an empty text where its config names none.

    Parameters
    ----------
    task
        The task of a config.
    step_seconds
        The length of one step in seconds, None where the series is irregular or has no time.
    drivers, weather
        The measured columns that the model uses, without the target, and those of them that are weather.
    uses_target
        Whether a forecast uses earlier values of the target.
    steps_back
        How many steps before the predicted one the latest of those values lies; None where that is the horizon.

    Examples
    --------
    >>> task = TaskPart(target="flow", kind="regression", time_column="day", purpose="simulate")
    >>> purpose_title(task, step_seconds=86_400, drivers=["prcp_mm"], weather=["prcp_mm"])
    'Simulation from weather'
    """
    if task.purpose is None:
        return ""
    purpose = Purpose(task.purpose)
    if purpose is Purpose.SIMULATE:
        return f"Simulation from {_driver_words(drivers, weather)}"
    if purpose is Purpose.FORECAST:
        back = steps_back if uses_target else 0
        return _forecast_title(task, step_seconds=step_seconds, steps_back=back)
    return get_entry(purpose).phrase


def _forecast_title(task: TaskPart, *, step_seconds: float | None, steps_back: int | None) -> str:
    """Return how far ahead a forecast looks and which value of the target it needs; with 0 steps back none."""
    ahead = f"{duration_words(horizon_of(task), step_seconds)} ahead"
    if steps_back == 0:
        return f"{ahead}, from drivers alone"
    if steps_back is not None and steps_back > horizon_of(task):
        return f"{ahead}, needs {task.target} from {duration_words(steps_back, step_seconds)} before"
    return f"{ahead}, needs {_latest_value_name(step_seconds)} {task.target}"


def purpose_phrase(task: TaskPart, *, step_seconds: float | None) -> str:
    """Return the purpose of a model for the pages of a draft, an empty text where the draft names none.

    Examples
    --------
    >>> task = TaskPart(target="flow", kind="regression", time_column="day", purpose="forecast", horizon=3)
    >>> purpose_phrase(task, step_seconds=86_400)
    '3 days ahead, the target known until today'
    """
    if task.purpose is None:
        return ""
    purpose = Purpose(task.purpose)
    if purpose is not Purpose.FORECAST:
        return get_entry(purpose).phrase
    now = "today" if step_seconds == DAY else "now"
    known = "the target and the drivers" if task.drivers_known_ahead is False else "the target"
    return f"{duration_words(horizon_of(task), step_seconds)} ahead, {known} known until {now}"


def _calendar_unit(step_seconds: float | None) -> str:
    """Return "month" or "year" for a step of the calendar, "" for any other."""
    days = (step_seconds or 0.0) / DAY
    return next((name for low, high, name in CALENDAR if low <= days <= high), "")


def _latest_value_name(step_seconds: float | None) -> str:
    """Return how the latest value is called, by the unit that one step is long."""
    unit = _calendar_unit(step_seconds) or next((name for seconds, name in UNITS if seconds == step_seconds), "")
    return LATEST.get(unit, "the latest")


def _driver_words(drivers: Sequence[str], weather: Collection[str]) -> str:
    """Return drivers as "weather" where all of them are, static attributes aside, else their number."""
    varying = [name for name in drivers if not is_static(name)]
    if varying and all(name in weather for name in varying):
        return "weather"
    return pluralise(len(drivers), "driver") if drivers else "drivers"
