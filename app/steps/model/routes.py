"""The Model step: ranked estimators with reasons, and the hyperparameters of the chosen one."""

from __future__ import annotations

from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.vocabulary import Level
from app.steps import flow
from app.steps.model.form import act, read
from app.steps.model.measured import panel
from app.web.filters import shown

RECOMMENDED = 3


def _changed(values: dict[str, Any], name: str, default: Any) -> bool:
    return name in values and shown(values[name]) != shown(default)


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Model fragment needs."""
    spec, profile = situation.plan.spec, situation.profile
    if spec is None or profile is None:
        return {}
    rows = max(profile.rows - profile.column(spec.task.target).missing, 0)
    measured = panel(situation)
    ranked = measured["ranking"] if measured else situation.plan.ranking
    chosen = registry.get(spec.model.estimator)
    values = dict(situation.plan.values["model"])
    levels: list[tuple[Level, list[Parameter]]] = [
        (level, [one for one in chosen.parameters_for(spec.task.kind) if one.level is level]) for level in Level
    ]
    changed = {one.name: _changed(values, f"{chosen.id}.{one.name}", one.default) for one in chosen.parameters}
    first = [one for one in ranked[:RECOMMENDED] if not one.entry.is_baseline]
    return {
        "ranked": first,
        "others": [one for one in ranked if one not in first],
        "chosen": chosen,
        "levels": levels,
        "values": values,
        "changed": changed,
        "changed_names": [name for name, is_changed in changed.items() if is_changed],
        "faulty_names": [
            one.field.removeprefix(f"{chosen.id}.") for one in situation.plan.errors_of("model") if one.field
        ],
        "rows_known": rows,
        "measured": measured,
    }


VIEW = flow.StepView("model", read, context, act=act, reshapes=("estimator",))
blueprint = flow.blueprint_for(VIEW)
