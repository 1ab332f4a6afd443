"""The hyperparameter search in a draft: answers, and the suggested search space."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.recommendation.answers import AnswerReader
from app.domain.training.tuning.search_space import Dimension, is_searched_by_itself, suggest_range
from app.domain.vocabulary import Level, TaskKind

ENABLED = Parameter("enabled", "Search for better settings", "boolean", False, "Tries sets within each fold.")
TRIALS = Parameter(
    "trials", "Trials", "integer", 30, "Sets that are tried in each fold.", low=1, high=10_000, unit="trials"
)
INNER = Parameter(
    "inner",
    "Folds within a fold",
    "integer",
    3,
    "Steadier choice, longer run. They split the way the validation splits.",
    level=Level.ADVANCED,
    low=2,
    high=10,
    unit="folds",
)
SAMPLER = Parameter(
    "sampler",
    "How sets are drawn",
    "choice",
    "tpe",
    "Learning from trials finds good sets soonest; a grid tries all combinations that the trials allow.",
    level=Level.ADVANCED,
    choices=(
        ("tpe", "Learn from trials (TPE)"),
        ("random", "At random"),
        ("qmc", "Evenly spread (QMC)"),
        ("grid", "Grid"),
    ),
)
PRUNING = Parameter(
    "pruning",
    "Give up poor sets early",
    "choice",
    "median",
    "After each fold within a fold, poor trials are pruned.",
    level=Level.ADVANCED,
    choices=(("median", "Worse than the median"), ("halving", "Worse half"), ("none", "Never")),
)
SEARCH = Parameter("search", "Search", "boolean", False, "Off keeps the value set above.")
SCALE = Parameter(
    "scale",
    "Steps",
    "choice",
    "linear",
    "By factors suits ranges over several powers of ten.",
    choices=(("linear", "Evenly"), ("log", "By factors")),
)
METHOD = (TRIALS, INNER, SAMPLER, PRUNING)
YES, NO = "true", "false"


def fill_tuning(reader: AnswerReader, entry: EstimatorEntry, task: TaskKind, values: ParameterValues) -> dict[str, Any]:
    """Return the config's part about the search; what was typed while it is off waits until it is on."""
    if not reader.parameter("model", "tuning.enabled", ENABLED, False):
        return {"enabled": False}
    part = {
        parameter.name: reader.parameter("model", f"tuning.{parameter.name}", parameter, parameter.default)
        for parameter in METHOD
    }
    metric = reader.text("model", "tuning.metric", "")
    return {"enabled": True, **part, "metric": metric or None, "space": _search_space(reader, entry, task, values)}


def _search_space(
    reader: AnswerReader, entry: EstimatorEntry, task: TaskKind, values: ParameterValues
) -> dict[str, Any]:
    own, space = is_searched_by_itself(entry, task), {}
    for parameter in entry.parameters_for(task):
        field, dimension = f"space.{entry.id}.{parameter.name}", suggest_range(parameter, values[parameter.name])
        search = replace(SEARCH, title=f"Search for {parameter.title.lower()}")
        wanted = reader.parameter("model", f"{field}.search", search, parameter.name in own)
        read = _read_choices if dimension.choices else _read_range
        results = read(reader, field, dimension, wanted=wanted)
        if wanted:
            space[parameter.name] = results
        elif parameter.name in own:
            space[parameter.name] = {"fixed": True}
    return space


def _read_range(reader: AnswerReader, field: str, dimension: Dimension, *, wanted: bool) -> dict[str, Any]:
    parameter = replace(dimension.parameter, optional=False)
    low, high, scale = (f"{field}.{end}" for end in ("low", "high", "scale"))
    steps = "log" if dimension.log else "linear"
    if not wanted:
        for name, value in ((low, dimension.low), (high, dimension.high), (scale, steps)):
            reader.suggest("model", name, value)
        return {}
    return {
        "low": reader.parameter("model", low, replace(parameter, title=f"{parameter.title}, from"), dimension.low),
        "high": reader.parameter("model", high, replace(parameter, title=f"{parameter.title}, to"), dimension.high),
        "log": reader.parameter("model", scale, SCALE, steps) == "log",
    }


def _read_choices(reader: AnswerReader, field: str, dimension: Dimension, *, wanted: bool) -> dict[str, Any]:
    name = f"{field}.choices"
    reader.suggest("model", name, [form_value(choice) for choice in dimension.choices])
    raw = reader.raw("model", name)
    if raw is None or not wanted:
        return {"choices": list(dimension.choices)}
    known = {form_value(choice): choice for choice in dimension.choices}
    if not isinstance(raw, list) or any(str(item) not in known for item in raw):
        reader.misread("model", name)
        return {"choices": list(dimension.choices)}
    return {"choices": [known[str(item)] for item in raw]}


def form_value(choice: Any) -> str:
    """Return a choice as a form sends it."""
    return (YES if choice else NO) if isinstance(choice, bool) else str(choice)
