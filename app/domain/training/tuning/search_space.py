"""Search spaces: a range or list of choices for each hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter, bounds_sentence
from app.domain.experiment import SpacePart, Spec
from app.domain.json_values import Settings
from app.domain.vocabulary import Level, TaskKind

# More of these costs time and hardly ever harms, so there is nothing to look for.
PATIENCE = frozenset({"max_iter", "n_estimators", "tol"})
# These matter only beside a choice that is not the default.
BESIDE_A_CHOICE = frozenset({"logistic_regression.l1_ratio", "support_vector_machine.degree"})
# A range reaches so many times below and above the value it starts from; the far one where bounds are very wide.
NEAR, FAR, WIDE = 10.0, 100.0, 1e6
FEW_WHOLE_NUMBERS = 10


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter that is looked for: between `low` and `high`, or among `choices`."""

    parameter: Parameter
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The name of the hyperparameter."""
        return self.parameter.name

    def holds(self, value: Any) -> bool:
        """Return whether the search could come upon this value."""
        if self.choices:
            return value in self.choices
        return isinstance(value, int | float) and self.low <= value <= self.high

    def points(self, most: int) -> tuple[Any, ...]:
        """Return at most `most` values that cover it evenly, both ends among them where there is room."""
        if self.choices:
            return self.choices
        whole, steps = self.parameter.type == "integer", max(most, 1)
        shares = [0.5] if steps == 1 else [position / (steps - 1) for position in range(steps)]
        values = [self._value_at_share(share) for share in shares]
        return tuple(dict.fromkeys(round(value) if whole else value for value in values))

    def _value_at_share(self, share: float) -> float:
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class SpaceFault:
    """One thing wrong with a search space. `end` is the part of the form's field: "low", "high", "log", "choices"."""

    name: str
    end: str
    code: str
    message: str


def is_searched_by_itself(entry: EstimatorEntry, task: TaskKind) -> frozenset[str]:
    """Return the parameters that are searched by default: numbers that shape the model.

    Where an estimator has none of those, its choices are looked for.
    """
    mine = entry.parameters_for(task)
    numbers = frozenset(parameter.name for parameter in mine if _is_shaping(entry, parameter))
    return numbers or frozenset(parameter.name for parameter in mine if parameter.type in ("choice", "boolean"))


def _is_shaping(entry: EstimatorEntry, parameter: Parameter) -> bool:
    if parameter.type not in ("integer", "number") or parameter.level is Level.EXPERT or not parameter.default:
        return False
    return parameter.name not in PATIENCE and f"{entry.id}.{parameter.name}" not in BESIDE_A_CHOICE


def suggest_range(parameter: Parameter, around: Any) -> Dimension:
    """Return the default search space of a parameter.

    Parameters
    ----------
    parameter
        The description: its bounds are never left.
    around
        The value that the search starts from. A share of one, and a few whole numbers, are looked for throughout their
        bounds; other numbers from a tenth to ten times the value, or a hundredth to a hundred times where the bounds
        lie a million apart.
    """
    if parameter.type == "choice":
        return Dimension(parameter, choices=tuple(value for value, _ in parameter.choices))
    if parameter.type == "boolean":
        return Dimension(parameter, choices=(False, True))
    low, high = parameter.low or 0.0, parameter.high if parameter.high is not None else math.inf
    whole = parameter.type == "integer"
    linear = parameter.scale == "linear"
    if linear and (high <= 1 or (whole and high - low <= FEW_WHOLE_NUMBERS)):
        return _range_dimension(parameter, max(low, _least_value(parameter)), high, log=False)
    if not isinstance(around, int | float) or around <= 0:
        least = max(low, 1.0 if whole else 0.0)
        return _range_dimension(parameter, least, min(high, 30.0 if whole else 1.0), log=False)
    factor = FAR if low <= 0 or high / low >= WIDE else NEAR
    return _range_dimension(parameter, max(low, around / factor), min(high, around * factor), log=True)


def _least_value(parameter: Parameter) -> float:
    """Return the smallest value that is sensible where the bound itself is not allowed."""
    return 0.001 if parameter.low_open and not parameter.low else 0.0


def _range_dimension(parameter: Parameter, low: float, high: float, *, log: bool) -> Dimension:
    if parameter.type == "integer":
        low, high = max(round(low), 1 if log else round(low)), round(high)
    else:
        low, high = (_round_to_three_digits(low), _round_to_three_digits(high))
    return Dimension(parameter, low, high, log=log and low > 0)


def _round_to_three_digits(value: float) -> float:
    """Return a number of three digits, which is all that the end of a range needs."""
    return float(f"{value:.3g}")


def resolve(spec: Spec) -> tuple[tuple[Dimension, ...], tuple[SpaceFault, ...]]:
    """Return the space of a config's search, and its faults.

    Parameters
    ----------
    spec
        A config whose estimator is known.

    Raises
    ------
    KeyError
        If there is no such estimator.
    """
    entry, spaces = registry.get(spec.model.estimator), spec.model.tuning.space
    own = is_searched_by_itself(entry, spec.task.kind)
    dimensions: list[Dimension] = []
    faults = [
        SpaceFault(name, "", "search_parameter_unknown", f"{entry.title} has no setting {name[:40]} for this task.")
        for name in spaces
        if name not in {item.name for item in entry.parameters_for(spec.task.kind)}
    ]
    for parameter in entry.parameters_for(spec.task.kind):
        part = spaces.get(parameter.name)
        if (part is None and parameter.name not in own) or (part is not None and part.fixed):
            continue
        dimension = suggest_range(parameter, _start(spec, parameter))
        wrong = list(_part_faults(parameter, part)) if part else []
        dimension = _narrow_range(dimension, part) if part and not wrong else dimension
        wrong += list(_empty_dimension_faults(dimension)) if not wrong else []
        faults += wrong
        if not wrong:
            dimensions.append(dimension)
    return tuple(dimensions), tuple(faults)


def _start(spec: Spec, parameter: Parameter) -> Any:
    try:
        return parameter.parse(spec.model.parameters.get(parameter.name, parameter.default))
    except ValueError:
        return parameter.default


def _part_faults(parameter: Parameter, part: SpacePart) -> Iterator[SpaceFault]:
    name, title = parameter.name, parameter.title
    if parameter.type in ("choice", "boolean"):
        allowed = {value for value, _ in parameter.choices} if parameter.type == "choice" else {True, False}
        if part.choices is not None and not part.choices:
            yield SpaceFault(name, "choices", "search_range_empty", f"{title}: choose at least one to try, or keep it.")
        if any(choice not in allowed for choice in part.choices or ()):
            what = bounds_sentence(parameter) if parameter.choices else "yes, no"
            yield SpaceFault(name, "choices", "search_out_of_bounds", f"{title}: must be some of {what}.")
        return
    solid = replace(parameter, optional=False)
    for end, value in (("low", part.low), ("high", part.high)):
        try:
            if value is not None:
                solid.parse(value)
        except ValueError as fault:
            text = str(fault)
            yield SpaceFault(name, end, "search_out_of_bounds", f"{title}: {text[0].lower()}{text[1:]}")


def _narrow_range(dimension: Dimension, part: SpacePart) -> Dimension:
    if dimension.choices:
        return replace(dimension, choices=tuple(part.choices)) if part.choices else dimension
    low = dimension.low if part.low is None else part.low
    high = dimension.high if part.high is None else part.high
    # What was said about one end alone must not be refused because of the end that was suggested.
    log = dimension.log and low > 0 if part.log is None else part.log
    return replace(dimension, low=low, high=high, log=log)


def _empty_dimension_faults(dimension: Dimension) -> Iterator[SpaceFault]:
    parameter = dimension.parameter
    if dimension.choices:
        return
    if dimension.low >= dimension.high:
        message = f"{parameter.title}: the search must go from a smaller to a larger value."
        yield SpaceFault(parameter.name, "high", "search_range_empty", message)
    elif dimension.log and dimension.low <= 0:
        message = f"{parameter.title}: a search by factors must begin above 0."
        yield SpaceFault(parameter.name, "low", "search_log_of_zero", message)


def grid_settings(dimensions: tuple[Dimension, ...], trials: int) -> list[Settings]:
    """Return every combination of a grid with as many values per parameter as the trials allow.

    Choices are tried all; ranges get the same number of values each, at least one. The combinations beyond `trials`
    are left out by the caller, in the order given here.
    """
    fixed = math.prod(len(dimension.choices) for dimension in dimensions if dimension.choices)
    ranges = sum(not dimension.choices for dimension in dimensions)
    per_range = 1
    while ranges and fixed * (per_range + 1) ** ranges <= trials:
        per_range += 1
    names = [dimension.name for dimension in dimensions]
    return [
        dict(zip(names, values, strict=True))
        for values in product(*(dimension.points(per_range) for dimension in dimensions))
    ]
