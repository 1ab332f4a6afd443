"""Hyperparameter fields of the chosen estimator: value, recommendation, default, problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.domain.vocabulary import Level, Severity, TaskKind
from app.web.hyperparameters import STEP, is_same_value, recommended_value
from app.web.wording import format_answer

WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTICE: "Notice"}


@dataclass(frozen=True)
class SettingField:
    """One hyperparameter with its raw value; `recommended` and `default` are in words, with those of the choices."""

    name: str
    parameter: Parameter
    value: Any
    recommended: str
    default: str
    is_changed: bool
    is_default: bool
    problems: tuple[Problem, ...]

    @property
    def fault(self) -> str:
        """Return the fault that stops the launch here, or ""."""
        return next((problem.message for problem in self.problems if problem.severity is Severity.ERROR), "")

    @property
    def doubts(self) -> tuple[tuple[str, str], ...]:
        """Return the doubts and notes, each with its first word."""
        return tuple(
            (WORDS[problem.severity], problem.message)
            for problem in self.problems
            if problem.severity is not Severity.ERROR
        )

    @property
    def remedies(self) -> tuple[tuple[str, str], ...]:
        """Return the remedies that are one button here: code and label; the recommendation has a button anyway."""
        return tuple(
            (problem.code, problem.remedy.label)
            for problem in self.problems
            if problem.remedy and is_step_remedy(problem)
        )

    @property
    def needs_way_back(self) -> bool:
        """Return whether the recommendation needs a button of its own: not where a remedy does the same."""
        remedies = [
            problem.remedy.changes[STEP] for problem in self.problems if problem.remedy and is_step_remedy(problem)
        ]
        changes = [
            format_field_value(self.parameter, remedy[self.name]) for remedy in remedies if set(remedy) == {self.name}
        ]
        return self.is_changed and self.recommended not in changes


@dataclass(frozen=True)
class SettingGroup:
    """The settings of one level; it opens by itself where one is changed or something is wrong."""

    level: Level
    settings: tuple[SettingField, ...]

    @property
    def changed(self) -> int:
        """Count the settings that differ from what is recommended."""
        return sum(setting.is_changed for setting in self.settings)

    @property
    def faulty(self) -> int:
        """Count the settings with something to say about them."""
        return sum(bool(setting.problems) for setting in self.settings)


def is_step_remedy(problem: Problem) -> bool:
    """Return whether a problem of this step is healed by changing this step alone, by more than the recommendation."""
    remedy = problem.remedy
    return remedy is not None and set(remedy.changes) == {STEP} and problem.code != "parameter_invalid"


def depths_of(plan: Plan, entry: EstimatorEntry, task: TaskKind) -> tuple[SettingGroup, ...]:
    """Return the levels that have settings, Basic first."""
    settings = [_setting_field(plan, entry, parameter) for parameter in entry.parameters_for(task)]
    depths = (
        SettingGroup(level, tuple(setting for setting in settings if setting.parameter.level is level))
        for level in Level
    )
    return tuple(depth for depth in depths if depth.settings)


def default_answer(plan: Plan, name: str, parameter: Parameter) -> Any:
    """Return the answer that stands for the default; None takes the answer back where that is recommended anyway."""
    if is_same_value(parameter, parameter.default, recommended_value(plan, name, parameter)):
        return None
    return format_answer(parameter.default) if parameter.default is None else parameter.default


def _setting_field(plan: Plan, entry: EstimatorEntry, parameter: Parameter) -> SettingField:
    name = f"{entry.id}.{parameter.name}"
    recommended = recommended_value(plan, name, parameter)
    value = plan.values[STEP].get(name, recommended)
    return SettingField(
        name=name,
        parameter=parameter,
        value=value,
        recommended=format_field_value(parameter, recommended),
        default=format_field_value(parameter, parameter.default),
        is_changed=not is_same_value(parameter, value, recommended),
        is_default=is_same_value(parameter, value, parameter.default),
        problems=tuple(problem for problem in plan.problems_of(STEP) if problem.field == name),
    )


def format_field_value(parameter: Parameter, value: Any) -> str:
    """Write a value as its field shows it: a choice by its label, nothing by what that means."""
    if value is None:
        return parameter.none_means or "empty"
    if parameter.type == "choice":
        return dict(parameter.choices).get(str(value), str(value))
    return format_answer(value).capitalize() if parameter.type == "boolean" else format_answer(value)
