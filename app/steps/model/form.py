"""The Model step's answers: the estimator and its hyperparameters, as typed."""

from __future__ import annotations

from typing import Any

from app.domain.estimators import registry
from app.domain.recommendation.plan import Plan
from app.steps.flow import Form
from app.steps.model import tuning

USE_DEFAULT = "default:"


def read(form: Form, _plan: Plan) -> dict[str, Any]:
    """Return estimator and hyperparameters; those of other estimators stay as they were."""
    known = {entry.id for entry in registry.ESTIMATORS}
    values: dict[str, Any] = {"estimator": form["estimator"]} if "estimator" in form else {}
    for name in form:
        if name.partition(".")[0] in known and "." in name:
            values[name] = form[name]
    return {**values, **tuning.read(form)}


def act(form: Form, plan: Plan) -> dict[str, Any]:
    """Return what a button of the step changes: one setting, or all, back to what is suggested."""
    action = form.get("action", "")
    if action == "reset":
        chosen = plan.spec.model.estimator if plan.spec else ""
        return {name: None for name in plan.values["model"] if name.startswith(f"{chosen}.")}
    if action.startswith(USE_DEFAULT):
        return {action.removeprefix(USE_DEFAULT): None}
    return {}
