"""Reading a config from JSON, with a problem at each field that does not fit the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.domain.checks.check_context import error
from app.domain.experiment import SCHEMA_VERSION, Spec
from app.domain.problems import Problem, Remedy
from app.domain.schema_words import sentence_of

MAX_FAULTS = 50
# What stands in a config beside the parts of a Spec: where it was made and from what, and what was worked out.
BESIDE = ("dataset", "template", "resolved")
# Where each part of a config is answered: "part.name", or "part" for all of it -> (step, field).
PLACES: dict[str, tuple[str, str]] = {
    "dataset": ("data", "dataset_id"),
    "data": ("data", ""),
    "leakage": ("features", ""),
    "task.kind": ("data", "task_kind"),
    "task": ("data", "*"),
    "features.transforms": ("features", "transforms"),
    "features.selection": ("features", "selection"),
    "features": ("features", ""),
    "model.estimator": ("model", "estimator"),
    "model.tuning.trials": ("model", "tuning.trials"),
    "model.tuning.metric": ("model", "tuning.metric"),
    "model.tuning.sampler": ("model", "tuning.sampler"),
    "model.tuning.pruning": ("model", "tuning.pruning"),
    "model.tuning.inner": ("model", "tuning.inner"),
    "model.tuning": ("model", "tuning.enabled"),
    "model.candidates": ("model", "candidates"),
    "model.blend": ("model", "blend"),
    "model": ("model", ""),
    "validation.strategy": ("validation", "strategy"),
    "validation.holdout.from": ("validation", "holdout_from"),
    "validation.holdout.to": ("validation", "holdout_to"),
    "validation.warm_up": ("validation", "warm_up"),
    "validation.holdout": ("validation", "holdout_percent"),
    "validation": ("validation", ""),
    "metrics.primary": ("validation", "primary_metric"),
    "metrics.others": ("validation", "other_metrics"),
    "metrics": ("validation", ""),
    "reproducibility.seed": ("validation", "seed"),
    "reproducibility": ("validation", ""),
    "name": ("review", "name"),
    "description": ("review", "description"),
    "tags": ("review", "tags"),
}
SPACE = ["model", "tuning", "space"]
# How a form calls the parts of a search space that have another name in a config.
ENDS = {"log": "scale", "fixed": "search"}


def read_config(config: Mapping[str, Any]) -> tuple[Spec | None, tuple[Problem, ...]]:
    """Return the config as a Spec, or None with what does not fit.

    Parameters
    ----------
    config
        The config of the contract as JSON values; what stands beside the parts of a Spec is left to the caller.
    """
    version = config.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = (
            f"This config has the schema version {str(version)[:20]}; this HydroML reads version {SCHEMA_VERSION}."
        )
        remedy = Remedy("Update HydroML, or write the config in the older version.")
        return None, (error("review", "", "schema_newer", message, remedy),)
    try:
        return Spec.model_validate({name: value for name, value in config.items() if name not in BESIDE}), ()
    except ValidationError as fault:
        faults = fault.errors(include_url=False, include_input=False)[:MAX_FAULTS]
        return None, tuple(_schema_problem(item, config) for item in faults)


def _schema_problem(fault: Any, config: Mapping[str, Any]) -> Problem:
    path = [str(part) for part in fault["loc"]]
    step, field = _place(path)
    if path[:3] == SPACE and len(path) > len(SPACE):
        end = ENDS.get(path[4], path[4]) if len(path) > len(SPACE) + 1 else "search"
        field = f"space.{config['model'].get('estimator')}.{path[3]}.{end}"
    message = f"{'.'.join(path)[:100]}: {sentence_of(fault)}"
    return error(step, field, fault["type"], message, _remove_part_remedy(fault))


def _remove_part_remedy(fault: Any) -> Remedy:
    """Return the remedy for a part that does not fit: without it, the config may be whole again."""
    if fault["type"] == "missing":
        return Remedy("Add it.")
    unknown = fault["type"] == "extra_forbidden"
    if not (unknown or _has_default(fault["loc"])) or not all(isinstance(part, str) for part in fault["loc"]):
        return Remedy("Correct it in the config.")
    patch: Any = None
    for part in reversed(fault["loc"]):
        patch = {part: patch}
    return Remedy("Take it out." if unknown else "Use the default.", patch=patch)


def _has_default(path: tuple[Any, ...]) -> bool:
    """Return whether a config does without this part."""
    current: Any = Spec
    for part in path[:-1]:
        fields = getattr(current, "model_fields", {})
        current = fields[part].annotation if part in fields else None
    fields = getattr(current, "model_fields", {})
    return path[-1] in fields and not fields[path[-1]].is_required()


def _place(path: list[str]) -> tuple[str, str]:
    """Return the step and the field where this part of a config is answered; the review where there is none."""
    head = path[:3]
    while head:
        results = PLACES.get(".".join(head))
        if results is not None:
            return (results[0], path[1] if len(path) > 1 else "") if results[1] == "*" else results
        head.pop()
    return "review", ""
