"""Remedies of the Model step as merge patches of the config."""

from __future__ import annotations

from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.merging import merge_patches
from app.domain.estimators import registry
from app.domain.experiment import Spec, StepAnswers
from app.domain.json_values import JsonObject
from app.domain.recommendation.tuning import form_value


def patch_model(fields: StepAnswers, spec: Spec, _profile: DatasetProfile | None = None) -> JsonObject:
    """Return the merge patch that changes answers of the Model step."""
    model: JsonObject = {}
    chosen = str(fields.get("estimator") or spec.model.estimator)
    if chosen != spec.model.estimator:
        # What was set for one estimator means nothing to another.
        lost, sought = dict.fromkeys(spec.model.parameters), dict.fromkeys(spec.model.tuning.space)
        model = {"estimator": chosen, "parameters": lost, "tuning": {"space": sought}}
    space: JsonObject = {}
    for field, value in fields.items():
        if field in ("candidates", "blend"):
            model[field] = value or None
            continue
        head, _, name = field.partition(".")
        if head == "tuning":
            tuned = {name: None if value == "" else value}
            model = merge_patches(model, {"tuning": tuned})
        elif head == "space":
            name, _, end = name.removeprefix(f"{chosen}.").rpartition(".")
            space[name] = _search_space_patch(chosen, name, end, value)
        elif head == chosen:
            model = merge_patches(model, {"parameters": {name: value}})
    return {"model": merge_patches(model, {"tuning": {"space": space}}) if space else model}


def _search_space_patch(estimator: str, name: str, end: str, value: Any) -> JsonObject | None:
    """Return the changed part of a search space; None removes all choices for a setting."""
    if value is None:
        return None
    if end == "search":
        return {"fixed": not value}
    parameter = registry.get(estimator).parameter(name)
    known: list[Any] = [] if parameter is None else [word for word, _ in parameter.choices] or [False, True]
    return {"choices": [item for item in known if form_value(item) in value]}
