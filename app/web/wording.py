"""Fields, answers and settings in words, by the labels of the registries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.purpose_words import ENTRIES
from app.domain.setting_words import describe_holdout, format_answer, format_setting_value
from app.domain.text.words import join_words
from app.domain.training.validation import splitting

__all__ = [
    "describe_answer",
    "describe_change",
    "describe_holdout",
    "field_title",
    "format_answer",
    "format_hyperparameter",
    "format_setting_value",
    "full_field_title",
]

# Fields whose label is not their name.
TITLES = {
    "data.purpose": "What the model is for",
    "data.horizon": "Steps ahead",
    "data.drivers_known_ahead": "Drivers of the days ahead are known",
}
PURPOSES = {entry.purpose.value: entry.label for entry in ENTRIES}


def format_hyperparameter(estimator: str, name: str, value: Any) -> str:
    """Write the value of an estimator's parameter, plainly where this version knows no such parameter."""
    parameter = registry.get(estimator).parameter(name) if registry.has(estimator) else None
    return format_answer(value) if parameter is None else format_setting_value(parameter, value)


def field_title(path: str) -> str:
    """Return the title of an answer's field: a setting by its title, anything else by its field."""
    parameter = _find_parameter(path)
    if path in TITLES:
        return TITLES[path]
    return path.rpartition(".")[2].replace("_", " ") if parameter is None else parameter.title


def full_field_title(path: str, profile: DatasetProfile | None) -> str:
    """Return the title of an answer's field as a heading; one about a column by the column's name."""
    about = {"kind": "Kind of", "column": "Use of"}
    part, _, key = path.partition(".")[2].partition(".")
    column = (
        next((column_profile for column_profile in profile.columns if column_profile.key == key), None)
        if profile and part in about
        else None
    )
    words = field_title(path) if column is None else f"{about[part]} {column.name[:80]}"
    return words[:1].upper() + words[1:]


def describe_answer(path: str, value: Any) -> str:
    """Write an answer by the labels of its form; nothing for one that was not given."""
    plain, parameter = format_answer(value), _find_parameter(path)
    if not plain:
        return ""
    if path == "data.purpose":
        return PURPOSES.get(plain, plain)
    if path == "model.estimator":
        return registry.get(plain).title if registry.has(plain) else plain
    return plain if parameter is None else format_setting_value(parameter, value)


def describe_change(paths: Iterable[str]) -> str:
    """Describe in a few words which answers a save changed, each named by step and field."""
    named = dict.fromkeys(_option_name(path) for path in paths)
    return join_words(list(named), most=3) if len(named) > 3 else ", ".join(named)


def _option_name(path: str) -> str:
    """Name an answer; one that is about a column, which is known by its place, by what is asked of columns."""
    step, _, field = path.partition(".")
    about = {
        "column": "columns ticked",
        "rules": "columns ticked",
        "selection": "columns kept",
        "kind": "kind of a column",
        "dataset_id": "data",
    }
    if path == "data.purpose":
        return "purpose"
    if field.startswith("space."):
        return "search space"
    if field.startswith("tuning."):
        return "search"
    words = about.get(field.partition(".")[0]) if step in ("data", "features") else None
    return words or field_title(path).lower()


def _find_parameter(path: str) -> Parameter | None:
    step, _, field = path.partition(".")
    owner, _, name = field.partition(".")
    if step == "model" and registry.has(owner):
        return registry.get(owner).parameter(name)
    known = next((strategy for strategy in splitting.STRATEGIES if strategy.id.value == owner), None)
    return known.parameter(name) if step == "validation" and known is not None else None
