"""The AnswerReader: answers of a draft parsed, with suggestions where there are none and problems where invalid."""

from __future__ import annotations

from typing import Any

from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Draft
from app.domain.problems import Problem, Remedy
from app.domain.vocabulary import Severity
from app.domain.wizard import SLUGS


class AnswerReader:
    """Gathers values, suggestions, reasons and problems while the plan is made."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.values: dict[str, dict[str, Any]] = {slug: dict(draft.answers.get(slug) or {}) for slug in SLUGS}
        self.suggestions: dict[str, dict[str, Any]] = {slug: {} for slug in SLUGS}
        self.reasons: dict[str, str] = {}
        self.problems: list[Problem] = []

    def raw(self, step: str, field: str) -> Any:
        """Return the raw answer, or None."""
        return self.draft.get(step, field)

    def suggest(self, step: str, field: str, value: Any, reason: str = "") -> None:
        """Record a suggestion; it shows where there is no answer, and its reason where no other answer stands."""
        self.suggestions[step][field] = value
        self.values[step].setdefault(field, value)
        if reason and self.values[step][field] in (value, None):
            self.reasons[f"{step}.{field}"] = reason

    def wrong(self, step: str, field: str, message: str, *, code: str, remedy: Remedy | None = None) -> None:
        """Record an error at a field; without a better remedy, the answer is taken back for what is suggested."""
        remedy_changes = remedy or Remedy("Use what is suggested", {step: {field: None}})
        self.problems.append(Problem(step, field, Severity.ERROR, code, message, remedy_changes))

    def text(self, step: str, field: str, suggested: str, reason: str = "") -> str:
        """Return the answer as text, or the suggestion."""
        self.suggest(step, field, suggested, reason)
        raw = self.raw(step, field)
        if raw is not None and not isinstance(raw, str):
            self.misread(step, field)
        return raw if isinstance(raw, str) else suggested

    def misread(self, step: str, field: str) -> None:
        """Record an answer of a shape that no form sends; what is suggested takes its place."""
        remedy = Remedy("Use what is suggested", {step: {field: None}})
        self.wrong(step, field, "This answer could not be understood.", code="answer_unreadable", remedy=remedy)

    def parameter(self, step: str, field: str, parameter: Parameter, suggested: Any) -> Any:
        """Return the parsed answer; what cannot be parsed leaves an error with a one-click remedy."""
        self.suggest(step, field, suggested)
        if not self.draft.has(step, field):
            return suggested
        try:
            return parameter.parse(self.raw(step, field))
        except ValueError as fault:
            text = str(fault)
            label = "Leave it empty" if suggested is None else f"Set it to {suggested}"
            remedy = Remedy(label, {step: {field: suggested}})
            message = f"{parameter.title}: {text[0].lower()}{text[1:]}"
            self.wrong(step, field, message, code="parameter_invalid", remedy=remedy)
            return suggested
