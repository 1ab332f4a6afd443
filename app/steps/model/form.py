"""Reading the posted form of the Model step: estimator, hyperparameters and buttons."""

from __future__ import annotations

from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.recommendation.plan import Plan
from app.steps.model import contest, tuning
from app.steps.model.tuner import default_answer, is_step_remedy
from app.steps.views import Form
from app.web.hyperparameters import STEP

USE_RECOMMENDED, USE_DEFAULT, REMEDY = "use-recommended:", "use-default:", "heal:"
ALL_RECOMMENDED, ALL_DEFAULTS = "all-recommended", "all-defaults"


def read(form: Form, plan: Plan) -> dict[str, Any]:
    """Return estimator and hyperparameters; those of other estimators stay as they were."""
    known = {entry.id for entry in registry.ESTIMATORS}
    values: dict[str, Any] = {"estimator": form["estimator"]} if "estimator" in form else {}
    for name in form:
        if name.partition(".")[0] in known and "." in name:
            values[name] = form[name]
    return {**values, **tuning.read(form), **contest.read(form, plan)}


def changes_of_button(form: Form, plan: Plan) -> dict[str, Any]:
    """Return the changes of a button: one setting or all, to the recommendation or the default."""
    action = form.get("action", "")
    settings = _setting_parameters(plan)
    if action == ALL_RECOMMENDED:
        return dict.fromkeys(settings)
    if action == ALL_DEFAULTS:
        return {name: default_answer(plan, name, setting) for name, setting in settings.items()}
    name = action.partition(":")[2]
    if action.startswith(USE_RECOMMENDED) and name in settings:
        return {name: None}
    if action.startswith(USE_DEFAULT) and name in settings:
        return {name: default_answer(plan, name, settings[name])}
    return _remedy_changes(plan, action.removeprefix(REMEDY)) if action.startswith(REMEDY) else contest.act(form, plan)


def _setting_parameters(plan: Plan) -> dict[str, Parameter]:
    if plan.spec is None:
        return {}
    entry = registry.get(plan.spec.model.estimator)
    return {f"{entry.id}.{parameter.name}": parameter for parameter in entry.parameters_for(plan.spec.task.kind)}


def _remedy_changes(plan: Plan, wanted: str) -> dict[str, Any]:
    """Return the changes of a problem's remedy; it is looked up again, so only one of ours is ever done."""
    for problem in plan.problems_of(STEP):
        if f"{problem.field}:{problem.code}" == wanted and problem.remedy is not None and is_step_remedy(problem):
            return dict(problem.remedy.changes[STEP])
    return {}
