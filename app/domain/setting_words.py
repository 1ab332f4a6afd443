"""Settings and answers as words, by the labels of the registries."""

from __future__ import annotations

from typing import Any

from app.domain.estimators.parameters import Parameter
from app.domain.experiment import HoldoutPart
from app.domain.training.preprocessing.recipe_parameters import DATE_PARTS, Field


def format_answer(value: Any) -> str:
    """Write an answer or a parameter in words."""
    if value is None or value == {"absent": True}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(format_answer(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {format_answer(item)}" for name, item in value.items())
    return str(value)


def format_setting_value(parameter: Field, value: Any) -> str:
    """Write the value of a parameter as its form names it, with its unit; an empty one by what empty means there."""
    if not isinstance(parameter, Parameter):
        items = value if isinstance(value, list | tuple) else [value]
        return ", ".join(DATE_PARTS.get(item, item) if isinstance(item, str) else format_answer(item) for item in items)
    if value is None or value == "":
        return parameter.none_means or "empty"
    named = isinstance(value, str | int) and not isinstance(value, bool)
    label = dict(parameter.choices).get(str(value)) if named else None
    words = label if label is not None else format_answer(value)
    return f"{words} {parameter.unit}" if parameter.unit and label is None else words


def describe_holdout(holdout: HoldoutPart | None) -> str:
    """Write what is held out at the end: a share, or dates."""
    if holdout is None:
        return "nothing"
    if holdout.fraction is not None:
        return f"{100 * holdout.fraction:g} %"
    return f"{holdout.from_date} to {holdout.to_date}" if holdout.to_date else f"from {holdout.from_date} on"
