"""The recommended value of a hyperparameter, and comparison of an answer with it."""

from __future__ import annotations

from typing import Any

from app.domain.estimators.parameters import Parameter
from app.domain.recommendation.plan import Plan

STEP = "model"


def recommended_value(plan: Plan, name: str, parameter: Parameter) -> Any:
    """Return the plan's suggestion for this setting."""
    return plan.suggestions[STEP].get(name, parameter.default)


def is_same_value(parameter: Parameter, first: Any, other: Any) -> bool:
    """Return whether two raw values mean the same; what cannot be read means nothing else."""
    try:
        return bool(parameter.parse(first) == parameter.parse(other))
    except ValueError:
        return False
