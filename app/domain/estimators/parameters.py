"""Hyperparameters as data: bounds, defaults, levels and help, from which forms and checks are built."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NewType

from app.domain.json_values import JsonObject, Setting
from app.domain.text.numbers import format_number
from app.domain.vocabulary import Level, Purpose, TaskKind

ParameterType = Literal["integer", "number", "choice", "boolean", "steps"]
# So many lengths tell short gaps from long ones; more make a list that nobody reads.
MAX_LISTED = 30
TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
FALSE_WORDS = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter, as the user meets it.

    `help` says what it is, and `larger` what a larger number does; a choice says so by its labels.
    `optional` says that None (shown as an empty field) is allowed, and `none_means` what it then means.
    `scale` is "log" where a step is a factor. `choices` pairs each wire value with its label. "steps" is a list of
    whole numbers, in ascending order and without repetitions; no estimator has one.
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
    `handles_categories` that columns of words come whole, as categories of a frame, `probabilities` that its class
    scores are probabilities, and `max_rows` is where the method stops being sensible.
    `for_each_class` says that of several classes each needs a machine of its own. Where learning a number is mostly a
    search for settings of its own, `settle` takes what was found from a fitted machine, as parameters of one that need
    not search again.
    `purpose` is the only purpose that it serves, None where it serves any.
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
    handles_categories: bool = False
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
    purpose: Purpose | None = None
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
        """Return the cautions about a metric, for numbers also those that concern only them."""
        return self.cautions if task.is_classification else (*self.number_cautions, *self.cautions)

    def serves(self, purpose: Purpose | None) -> bool:
        """Return whether it can be used for a purpose."""
        return self.purpose is None or self.purpose is purpose

    @property
    def competes(self) -> bool:
        """Return whether it may be suggested: no baseline is, but the one that its purpose falls back on."""
        return not self.is_baseline or self.purpose is not None

    def parameters_for(self, task: TaskKind) -> tuple[Parameter, ...]:
        """Return the parameters that mean something for this task."""
        return tuple(parameter for parameter in self.parameters if task in parameter.tasks)

    def defaults(self, task: TaskKind) -> ParameterValues:
        """Return the default of every parameter that means something for this task."""
        return ParameterValues({parameter.name: parameter.default for parameter in self.parameters_for(task)})


def format_setting(number: float) -> str:
    """Write a number as people do: no trailing zeros, thousands with a comma, tiny numbers as powers of ten."""
    return format_number(number, 6)


def parse_parameter(parameter: Parameter, raw: Any) -> Any:
    """Return the value of `raw` for this parameter.

    Parameters
    ----------
    parameter
        The description with bounds or choices.
    raw
        Text from a form, or a JSON value.

    Raises
    ------
    ValueError
        With one sentence that names the bounds or the choices and what was given.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if parameter.optional:
            return None
        if parameter.type != "boolean":
            raise ValueError(f"Needs a value: {bounds_sentence(parameter)}.")
    if parameter.type == "boolean":
        return _parse_boolean(raw)
    if parameter.type == "choice":
        return _parse_choice(parameter, raw)
    if parameter.type == "steps":
        return _parse_steps(parameter, raw)
    return _parse_number(parameter, raw)


def parsed_parameters(parameters: Iterable[Parameter], raw: JsonObject) -> dict[str, Setting]:
    """Return the values of `raw` that these parameters take; others, and names that none has, are left out.

    Parameters
    ----------
    parameters
        The descriptions.
    raw
        Values of any kind by name.
    """
    settings: dict[str, Setting] = {}
    for parameter in parameters:
        if parameter.name in raw:
            with suppress(ValueError, TypeError, OverflowError):
                settings[parameter.name] = parse_parameter(parameter, raw[parameter.name])
    return settings


def bounds_sentence(parameter: Parameter) -> str:
    """Say what is allowed, such as "0.001 to 1" or "at least 1"."""
    if parameter.type == "choice":
        return ", ".join(label for _, label in parameter.choices)
    low, high = parameter.low, parameter.high
    if parameter.type == "steps":
        return (
            f"whole numbers from {format_setting(low or 0)} to {format_setting(high or math.inf)}, separated by commas"
        )
    if low is not None and high is not None:
        return (
            f"more than {format_setting(low)} to {format_setting(high)}"
            if parameter.low_open
            else f"{format_setting(low)} to {format_setting(high)}"
        )
    if low is not None:
        return f"more than {format_setting(low)}" if parameter.low_open else f"at least {format_setting(low)}"
    return f"at most {format_setting(high)}" if high is not None else "any number"


def _parse_boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw or "").strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError("Must be yes or no.")


def _parse_choice(parameter: Parameter, raw: Any) -> str:
    word = str(raw).strip()
    if word in {value for value, _ in parameter.choices}:
        return word
    raise ValueError(f"Must be one of {bounds_sentence(parameter)}; you wrote {word[:40]}.")


def _parse_steps(parameter: Parameter, raw: Any) -> list[int]:
    words = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw
    if isinstance(words, int) and not isinstance(words, bool):
        words = [words]
    if not isinstance(words, list | tuple):
        raise ValueError(f"Must be {bounds_sentence(parameter)}.")
    single = replace(parameter, type="integer", optional=False)
    numbers = sorted({int(_parse_number(single, word)) for word in words if str(word).strip()})
    if not 1 <= len(numbers) <= MAX_LISTED:
        raise ValueError(f"Give 1 to {MAX_LISTED} whole numbers, such as 3, 10, 30.")
    return numbers


def _parse_number(parameter: Parameter, raw: Any) -> float | int:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}.")
    try:
        text = str(raw).strip().replace("\u2212", "-")
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        raise ValueError(f"Must be {_range_words(parameter)}; you wrote thousands of digits.") from None
    try:
        value = float(_plain_number(text, whole=parameter.type == "integer"))
    except ValueError:
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}; you wrote {text[:40]}.") from None
    if not math.isfinite(value):
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}; you wrote {text[:40]}.")
    if parameter.type == "integer" and not value.is_integer():
        raise ValueError(f"Must be a whole number, {bounds_sentence(parameter)}; you wrote {text[:40]}.")
    too_low = parameter.low is not None and (value <= parameter.low if parameter.low_open else value < parameter.low)
    if too_low or (parameter.high is not None and value > parameter.high):
        raise ValueError(f"Must be {_range_words(parameter)}; you wrote {text[:40]}.")
    return int(value) if parameter.type == "integer" else value


def _plain_number(text: str, *, whole: bool) -> str:
    """Return a number as Python writes it: commas part the thousands of a whole number, and one is a decimal comma."""
    if whole and THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _range_words(parameter: Parameter) -> str:
    if parameter.low is not None and parameter.high is not None and not parameter.low_open:
        return f"between {format_setting(parameter.low)} and {format_setting(parameter.high)}"
    return bounds_sentence(parameter)
