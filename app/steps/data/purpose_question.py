"""The question about the purpose of the model, with the fields of a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.purpose_words import ENTRIES, QUESTION, duration_words
from app.domain.recommendation.purpose import HORIZON, NO_PURPOSE
from app.domain.text.words import pluralise
from app.domain.vocabulary import Purpose
from app.steps.context import DraftContext

DRIVER, KNOWN, PREDICTED, COLUMN, NOW = "d", "k", "p", "c", "|"
# One line for each series or row, one character for each step: a driver, a known or a predicted value, nothing known
# (a full stop), and the moment at which a forecast is made.
PICTURES = {
    Purpose.SIMULATE: ("dddddddddddd", "pppppppppppp"),
    Purpose.FORECAST: ("ddddddd|.....", "kkkkkkk|..p.."),
    Purpose.FILL_GAPS: ("dddddddddddd", "kkkkppppkkkk"),
    Purpose.UNGAUGED: ("dddddddddddd", "kkkkkkkkkkkk", "dddddddddddd", "pppppppppppp"),
    Purpose.NEW_ROWS: ("cccc.k", "cccc.k", "cccc.p"),
}


@dataclass(frozen=True)
class PurposeChoice:
    """One answer as its card shows it."""

    purpose: Purpose
    label: str
    summary: str
    picture: tuple[str, ...]
    is_checked: bool
    is_suggested: bool


@dataclass(frozen=True)
class PurposeQuestion:
    """The question with its answers; `reason` says why one is suggested, or that none was given."""

    legend: str
    choices: tuple[PurposeChoice, ...]
    reason: str
    horizon: Any
    horizon_hint: str
    are_drivers_known: bool


def purpose_question(draft: DraftContext) -> PurposeQuestion | None:
    """Return the question; None while there is no target."""
    spec, profile = draft.plan.spec, draft.profile
    if spec is None or profile is None:
        return None
    values, suggested = draft.plan.values["data"], draft.plan.suggestions["data"].get("purpose")
    axis = profile.time_axis
    reason = draft.plan.reasons.get("data.purpose", "")
    if values.get("purpose") == NO_PURPOSE:
        reason = "The config of this draft does not say it, and runs as it did. Choose an answer to change that."
    return PurposeQuestion(
        legend=QUESTION,
        choices=tuple(
            PurposeChoice(
                purpose=entry.purpose,
                label=entry.label,
                summary=entry.summary,
                picture=PICTURES[entry.purpose],
                is_checked=values.get("purpose") == entry.purpose.value,
                is_suggested=suggested == entry.purpose.value,
            )
            for entry in ENTRIES
        ),
        reason=reason,
        horizon=values.get("horizon"),
        horizon_hint=_horizon_hint(
            values.get("horizon"), axis if axis and axis.column == spec.task.time_column else None
        ),
        are_drivers_known=values.get("drivers_known_ahead") is True,
    )


def _horizon_hint(raw: Any, axis: TimeAxis | None) -> str:
    """Say the steps as time where they can be, and how many there may be."""
    allowed = f"1 to {HORIZON.high:,.0f}."
    try:
        steps = int(HORIZON.parse(raw))
    except ValueError:
        return allowed
    if axis is None:
        return allowed
    if not axis.regular:
        return f"{allowed} A step is one row, since the times are uneven."
    words, duration = pluralise(steps, "step"), duration_words(steps, axis.step_seconds)
    return allowed if words == duration else f"{words} = {duration}. {allowed}"
