"""From any JSON to a config: what does not fit the schema becomes a problem at its field, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.domain.checks.subject import error
from app.domain.experiment import SCHEMA_VERSION, Spec
from app.domain.problems import Problem, Remedy
from app.domain.schema_words import sentence_of

MOST_FAULTS = 50
# Where each part of a config is answered: "part.name", or "part" for all of it -> (step, field).
PLACES: dict[str, tuple[str, str]] = {
    "dataset": ("data", "dataset_id"),
    "data.column_kinds": ("data", ""),
    "task.kind": ("data", "task_kind"),
    "task": ("data", "*"),
    "features.transforms": ("features", "transforms"),
    "features": ("features", ""),
    "model.estimator": ("model", "estimator"),
    "model.tuning": ("model", "tuning.enabled"),
    "model": ("model", ""),
    "validation.strategy": ("validation", "strategy"),
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
REMEDIES = {"missing": "Add it.", "extra_forbidden": "Take it out."}


def read_config(config: Mapping[str, Any]) -> tuple[Spec | None, tuple[Problem, ...]]:
    """Return the config as a Spec, or None with what does not fit.

    Parameters
    ----------
    config
        The config of the contract as JSON values; `dataset` beside the parts of a Spec is left to the caller.
    """
    version = config.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = (
            f"This config has the schema version {str(version)[:20]}; this HydroML reads version {SCHEMA_VERSION}."
        )
        remedy = Remedy("Update HydroML, or write the config in the older version.")
        return None, (error("review", "", "schema_newer", message, remedy),)
    try:
        return Spec.model_validate({name: value for name, value in config.items() if name != "dataset"}), ()
    except ValidationError as fault:
        faults = fault.errors(include_url=False, include_input=False)[:MOST_FAULTS]
        return None, tuple(_problem(one) for one in faults)


def _problem(fault: Any) -> Problem:
    path = [str(part) for part in fault["loc"]]
    step, field = _place(path)
    message = f"{'.'.join(path)[:100]}: {sentence_of(fault)}"
    return error(step, field, fault["type"], message, Remedy(REMEDIES.get(fault["type"], "Correct it in the config.")))


def _place(path: list[str]) -> tuple[str, str]:
    """Return the step and the field where this part of a config is answered; the review where there is none."""
    head = path[:2]
    while head:
        found = PLACES.get(".".join(head))
        if found is not None:
            return (found[0], path[1] if len(path) > 1 else "") if found[1] == "*" else found
        head.pop()
    return "review", ""
