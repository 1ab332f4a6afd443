"""Hyperparameters as data: bounds, default, level and a sentence of help. Forms and checks are built from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

from app.domain.vocabulary import Level, TaskKind

ParameterType = Literal["integer", "number", "choice", "boolean"]


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter, as the user meets it.

    `help` says what it is, and `larger` what a larger number does; a choice says so by its labels.
    `optional` says that None (shown as an empty field) is allowed, and `none_means` what it then means.
    `scale` is "log" where a step is a factor. `choices` pairs each wire value with its label.
    """

    name: str
    title: str
    type: ParameterType
    default: Any
    help: str
    level: Level = Level.BASIC
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    unit: str = ""
    scale: Literal["linear", "log"] = "linear"
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    none_means: str = ""
    tasks: tuple[TaskKind, ...] = tuple(TaskKind)
    larger: str = ""

    def parse(self, raw: Any) -> Any:
        """Turn what was typed (text from a form, or a JSON value) into a valid value.

        Raises
        ------
        ValueError
            With a sentence that names the bounds or the choices.
        """
        from app.domain.estimators.parsing import parse_parameter

        return parse_parameter(self, raw)


# A value for every hyperparameter of one estimator, or every parameter of one split, by name. What a value may be hangs
# on its name alone, so that no type can tell; the registry's `parse` and `defaults` make them, and nothing else does.
ParameterValues = NewType("ParameterValues", Mapping[str, Any])

Build = Callable[[TaskKind, ParameterValues, int], Any]
Cost = Callable[[int, int, ParameterValues], float]
Settle = Callable[[Any], ParameterValues]


@dataclass(frozen=True)
class EstimatorEntry:
    """One estimator. `build(task, parameters, seed)` returns an unfitted scikit-learn estimator.

    `work(rows, features, parameters)` is the relative amount of work of one fit, and `memory_mb(...)` its peak; both
    feed the estimate. A column of zeros and ones counts as `indicator_work` of a column of numbers there, and
    predicting some rows takes `predict_share` of learning from as many. `scale` asks for standardised numbers,
    `scale_target` for a standardised numeric target, `handles_missing` says that NaN needs no imputation,
    `probabilities` that its class scores are probabilities, and `max_rows` is where the method stops being sensible.
    `for_each_class` says that of several classes each needs a machine of its own. Where learning a number is mostly a
    search for settings of its own, `settle` takes what was found from a fitted machine, as parameters of one that need
    not search again.
    `origin` names the package that brought it, with its version; empty where HydroML did.
    """

    id: str
    title: str
    family: str
    summary: str
    tasks: tuple[TaskKind, ...]
    parameters: tuple[Parameter, ...]
    build: Build
    work: Cost
    memory_mb: Cost
    scale: bool = False
    scale_target: bool = False
    handles_missing: bool = False
    probabilities: bool = True
    indicator_work: float = 1.0
    predict_share: float = 0.02
    is_baseline: bool = False
    max_rows: int | None = None
    strengths: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    number_cautions: tuple[str, ...] = ()
    for_each_class: bool = False
    settle: Settle | None = None
    origin: str = ""
    _by_name: dict[str, Parameter] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({parameter.name: parameter for parameter in self.parameters})

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return self._by_name.get(name)

    def machines(self, classes: int) -> int:
        """Return how many machines one fit makes: one for each of several classes where it knows two at most."""
        return classes if self.for_each_class and classes > 2 else 1

    def cautions_for(self, task: TaskKind) -> tuple[str, ...]:
        """Return what to beware of, and where a number is predicted also what means only that."""
        return self.cautions if task.is_classification else (*self.number_cautions, *self.cautions)

    def parameters_for(self, task: TaskKind) -> tuple[Parameter, ...]:
        """Return the parameters that mean something for this task."""
        return tuple(parameter for parameter in self.parameters if task in parameter.tasks)

    def defaults(self, task: TaskKind) -> ParameterValues:
        """Return the default of every parameter that means something for this task."""
        return ParameterValues({parameter.name: parameter.default for parameter in self.parameters_for(task)})
