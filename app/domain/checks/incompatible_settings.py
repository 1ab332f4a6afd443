"""The IncompatibleSettings class: fields that conflict, the message to the reader, and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.checks.check_context import CheckContext
from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues
from app.domain.problems import Problem, Remedy
from app.domain.vocabulary import Severity

Values = ParameterValues
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class IncompatibleSettings:
    """Settings of an estimator that do not go together, or that do not go with the rest of a config.

    `settings` are names of hyperparameters, the first of them where the message stands; `besides` are fields of other
    steps that have a part in it. `clash` says whether they clash, from the config and every value. `message`
    and `remedy` give the sentence and the button: a label, and new values by name of setting (None takes the answer
    back). The estimator itself may be among them as "estimator". `when`, `fails` and `remedy_text` are the sentences
    of the table.
    """

    code: str
    estimators: tuple[str, ...]
    settings: tuple[str, ...]
    severity: Severity
    when: str
    fails: str
    remedy_text: str
    clash: Callable[[CheckContext, Values], bool]
    message: Callable[[CheckContext, Values], str]
    remedy: Callable[[CheckContext, Values], tuple[str, Changes]]
    besides: tuple[str, ...] = ()

    def fields(self) -> tuple[str, ...]:
        """Return the form fields involved, as "step.field"."""
        own = (f"model.{entry}.{name}" for entry in self.estimators for name in self.settings if name != "estimator")
        chosen = ("model.estimator",) if "estimator" in self.settings else ()
        return (*chosen, *own, *self.besides)

    def find(self, subject: CheckContext) -> Iterator[Problem]:
        """Yield the problem where the config has it."""
        estimator, values = subject.spec.model.estimator, subject.settings
        if estimator not in self.estimators or not values or not self.clash(subject, values):
            return
        label, changes = self.remedy(subject, values)
        remedy_changes = {_field(estimator, name): value for name, value in changes.items()}
        field = _field(estimator, self.settings[0])
        remedy = Remedy(label, {"model": remedy_changes})
        yield Problem("model", field, self.severity, self.code, self.message(subject, values), remedy)


def _field(estimator: str, setting: str) -> str:
    return setting if setting == "estimator" else f"{estimator}.{setting}"


def unused_setting(estimator: str, setting: str, *, beside: str, used_with: tuple[str, ...]) -> IncompatibleSettings:
    """Return the pair of a setting that was changed although another setting makes scikit-learn pass over it."""
    entry = registry.get(estimator)
    own, other = entry.parameter(setting), entry.parameter(beside)
    if own is None or other is None:
        raise KeyError(f"{estimator} has no setting {setting} or {beside}")
    labels = dict(other.choices)
    with_ = " or ".join(labels[value] for value in used_with)
    title, governs = own.title, other.title

    def sentence(_: CheckContext, values: Values) -> str:
        return f"{title} has no effect beside {governs.lower()} “{labels[values[beside]]}”: it is passed over."

    return IncompatibleSettings(
        code=f"{setting.lower()}_unused",
        estimators=(estimator,),
        settings=(setting, beside),
        severity=Severity.NOTICE,
        when=f"{title} is changed, and {governs.lower()} is not {with_}.",
        fails="Passes over the setting, at most with a warning in a log: two values give the same model.",
        remedy_text="Reset it to its default.",
        clash=lambda _, values: values[beside] not in used_with and values[setting] != own.default,
        message=sentence,
        remedy=lambda _, values: ("Reset it", {setting: own.default}),
    )
