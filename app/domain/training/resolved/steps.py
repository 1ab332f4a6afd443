"""Fitted pipelines as data: class and parameters of every step."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import JsonValue

from app.domain.training.resolved.document import ColumnSteps, PipelineStep

OURS = "app."
# The name of what divides probabilities by the shares of the classes, which is part of a pipeline for classes.
EVEN_DECISION = "hydroml.EvenDecision"


def step_of(step: Any) -> PipelineStep:
    """Return a step with its parameters, those inside it too."""
    parameters = step.get_params(deep=False)
    return PipelineStep(
        step=class_name(step), parameters={name: parameter_json(value) for name, value in parameters.items()}
    )


def class_name(step: Any) -> str:
    """Return the name under which a class is imported; one of ours is called `hydroml.` and its name."""
    kind = type(step)
    if kind.__module__.startswith(OURS):
        return f"hydroml.{kind.__qualname__}"
    visible_rows = []
    for part in kind.__module__.split("."):
        if part.startswith("_"):
            break
        visible_rows.append(part)
    public = ".".join(visible_rows)
    if visible_rows and hasattr(importlib.import_module(public), kind.__qualname__):
        return f"{public}.{kind.__qualname__}"
    return f"{kind.__module__}.{kind.__qualname__}"


def parameter_json(value: Any) -> JsonValue:
    """Return a parameter as a JSON value: a step as an object, a number without a finite value as a text."""
    if hasattr(value, "get_params"):
        inner = step_of(value)
        return {"step": inner.step, "parameters": dict(inner.parameters)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(name): parameter_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [parameter_json(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return [parameter_json(inner) for inner in sorted(value)]
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)[:200]


def prepare_of(pipeline: Any, columns: Sequence[str]) -> tuple[ColumnSteps, ...]:
    """Return the steps of each set of columns of a pipeline.

    A fitted one that chose columns has those it chose, one that was not fitted yet all of `columns`.
    """
    step = pipeline.named_steps["prepare"]
    made = step if hasattr(step, "transformers") else getattr(step, "step_", None)
    if made is None:
        made = step.build(tuple(columns))
    return tuple(
        ColumnSteps(name=name, columns=tuple(map(str, names)), steps=_chain_steps(chain))
        for name, chain, names in made.transformers
    )


def filler_of(pipeline: Any) -> PipelineStep | None:
    """Return how a pipeline fills gaps; None where it does not."""
    record = getattr(pipeline, "record", None)
    if record is None:
        return None
    own = {name: parameter_json(getattr(pipeline, name)) for name in ("seed", "learns", "scale")}
    return PipelineStep(step=class_name(pipeline), parameters={**own, "lengths": parameter_json(record.lengths)})


def _chain_steps(made: Any) -> tuple[PipelineStep, ...]:
    inner = getattr(made, "steps", None)
    return tuple(step_of(step) for _, step in inner) if inner is not None else (step_of(made),)


def estimator_of(pipeline: Any) -> PipelineStep:
    """Return the last step of a pipeline: the estimator, with the target or the decision that stands around it."""
    estimator = pipeline.named_steps["estimate"]
    if getattr(pipeline, "even", 0.0):
        return PipelineStep(
            step=EVEN_DECISION, parameters={"estimator": parameter_json(estimator), "power": pipeline.even}
        )
    return step_of(estimator)
