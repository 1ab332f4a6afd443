"""Gallery examples of the question about the purpose of a model, and of the forecast fields."""

from __future__ import annotations

from app.dev.example import Example, macro_example
from app.domain.problems import Problem, Remedy
from app.domain.purpose_words import ENTRIES, QUESTION
from app.domain.vocabulary import Purpose, Severity
from app.steps.data.purpose_question import PICTURES, PurposeChoice, PurposeQuestion


def _question(chosen: Purpose | None, *, horizon: str = "3", hint: str = "3 steps = 3 days.") -> PurposeQuestion:
    return PurposeQuestion(
        legend=QUESTION,
        choices=tuple(
            PurposeChoice(
                purpose=entry.purpose,
                label=entry.label,
                summary=entry.summary,
                picture=PICTURES[entry.purpose],
                is_checked=entry.purpose is chosen,
                is_suggested=entry.purpose is Purpose.SIMULATE,
            )
            for entry in ENTRIES
        ),
        reason="Suggested because 6 drivers, such as prcp_mm, are measured beside discharge_mm.",
        horizon=horizon,
        horizon_hint=hint,
        are_drivers_known=False,
    )


def examples() -> list[Example]:
    """Return the examples of `purposes`."""
    remedy = Remedy("Set it to 1", {"data": {"horizon": 1}})
    message = "900 steps ahead is longer than the record, which has 400 steps."
    too_long = Problem("data", "horizon", Severity.ERROR, "horizon_too_long", message, remedy)
    ahead = _question(Purpose.FORECAST)
    return [
        *(
            macro_example("purposes", "picture", entry.label.lower(), lines=PICTURES[entry.purpose])
            for entry in ENTRIES
        ),
        macro_example("purposes", "key", "of the pictures"),
        macro_example("purposes", "forecast", "as suggested", question=ahead, problems=()),
        macro_example("purposes", "forecast", "with a fault", question=ahead, problems=(too_long,)),
        macro_example("purposes", "question", "answered", question=_question(Purpose.SIMULATE), problems=()),
        macro_example("purposes", "question", "a forecast", question=ahead, problems=()),
        macro_example("purposes", "question", "not answered", question=_question(None), problems=()),
    ]
