"""CheckContext: the config, profile and measurements that a rule may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.domain.analysis.profiling.profile import Associations, ColumnProfile, DatasetProfile
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter, ParameterValues
from app.domain.experiment import Spec
from app.domain.problems import Problem, Remedy
from app.domain.training.validation import splitting
from app.domain.training.validation.holdout_share import HoldoutShare, holdout_share
from app.domain.vocabulary import ColumnKind, Severity


@dataclass(frozen=True)
class CheckContext:
    """A config, its dataset, and what is measured of both."""

    spec: Spec
    profile: DatasetProfile
    associations: Associations | None

    @property
    def target(self) -> ColumnProfile:
        """The target's profile."""
        return self.profile.column(self.spec.task.target)

    @property
    def rows(self) -> int:
        """Rows with a target."""
        return max(self.profile.rows - self.target.missing, 0)

    @property
    def class_counts(self) -> list[int]:
        """Rows per class, largest first, where the profile lists all classes."""
        if self.target.distinct > len(self.target.top_values):
            return []
        return [count for _, count in self.target.top_values]

    @property
    def rarest_class(self) -> int | None:
        """Rows of the rarest class; where the profile does not list all classes, as many as it can have at most."""
        if not self.spec.task.kind.is_classification or not self.target.distinct:
            return None
        listed = [count for _, count in self.target.top_values]
        others = self.target.distinct - len(listed)
        return (self.rows - sum(listed)) // others if others > 0 else min(listed)

    @property
    def strategy(self) -> splitting.StrategyEntry:
        """The strategy's entry."""
        return splitting.get(self.spec.validation.strategy)

    @cached_property
    def holdout(self) -> HoldoutShare:
        """How much of the rows is held out or not used."""
        return holdout_share(self.spec, self.profile)

    @cached_property
    def settings(self) -> ParameterValues:
        """Every hyperparameter of the task with its value, the default where the config's cannot be read.

        Empty where there is no such estimator.
        """
        try:
            entry = registry.get(self.spec.model.estimator)
        except KeyError:
            return ParameterValues({})
        return ParameterValues(
            {parameter.name: self._setting(parameter) for parameter in entry.parameters_for(self.spec.task.kind)}
        )

    @cached_property
    def recipes(self) -> tuple[Mapping[str, Any], ...]:
        """Every recipe for features as plain JSON values."""
        return tuple(part.model_dump(mode="json") for part in self.spec.features.transforms)

    def _setting(self, parameter: Parameter) -> Any:
        try:
            return parameter.parse(self.spec.model.parameters.get(parameter.name, parameter.default))
        except ValueError:
            return parameter.default

    def kind(self, name: str) -> ColumnKind:
        """Return a column's kind, as chosen by the user or as detected."""
        return self.spec.data.column_kinds.get(name, self.profile.column(name).kind)

    def field(self, name: str) -> str:
        """Return the form field of a column on the Features step."""
        return f"column.{self.profile.column(name).key}"


def typed(parameter: Parameter, raw: Any) -> Any:
    """Return the value of a parameter in a config, where numbers are numbers and not the texts of a form.

    Raises
    ------
    ValueError
        With a sentence, if it is a text, or out of bounds.
    """
    if isinstance(raw, str) and parameter.type in ("integer", "number"):
        raise ValueError("Must be a number, not a text.")
    if isinstance(raw, str) and parameter.type == "steps":
        raise ValueError("Must be a list of whole numbers, not a text.")
    if parameter.type == "boolean" and not isinstance(raw, bool):
        raise ValueError("Must be true or false.")
    return parameter.parse(raw)


def error(step: str, field: str, code: str, message: str, remedy: Remedy) -> Problem:
    """Return a problem that stops the launch."""
    return Problem(step, field, Severity.ERROR, code, message, remedy)


def warning(step: str, field: str, code: str, message: str, remedy: Remedy) -> Problem:
    """Return a problem that makes the result doubtful."""
    return Problem(step, field, Severity.WARNING, code, message, remedy)


def notice(step: str, field: str, code: str, message: str, remedy: Remedy) -> Problem:
    """Return something worth knowing."""
    return Problem(step, field, Severity.NOTICE, code, message, remedy)
