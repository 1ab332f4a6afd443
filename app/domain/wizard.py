"""The five steps of the wizard: their order, and which answers a change clears."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepDef:
    """One step of the wizard. The slug names domain key, package, URL, partial and test alike."""

    slug: str
    title: str
    question: str
    clears: tuple[tuple[str, tuple[str, ...]], ...] = ()


# What the model is for names no column, so that it holds on other data too.
ABOUT_NO_COLUMN = (("data", "purpose"), ("data", "horizon"), ("data", "drivers_known_ahead"))
# A field pattern "prefix.*" stands for every field that begins with "prefix.". A new dataset makes all that names
# columns meaningless; a new target or task only what was derived from it.
STEPS: tuple[StepDef, ...] = (
    StepDef(
        "data",
        "Data",
        "Choose your data and the column to predict.",
        clears=(
            ("dataset_id", ("data.*", "features.*", "model.*", "validation.*")),
            ("target", ("data.task_kind", "features.leak.*")),
        ),
    ),
    StepDef("features", "Features", "Choose what the model learns from."),
    StepDef("model", "Model", "Choose the estimator and its settings."),
    StepDef("validation", "Validation", "Choose which rows train the model and which validate it."),
    StepDef("review", "Review", "Check the experiment. After the launch, nothing in it changes."),
)

SLUGS: tuple[str, ...] = tuple(step.slug for step in STEPS)


def step_of(slug: str) -> StepDef:
    """Return the step with this slug.

    Raises
    ------
    KeyError
        If no step has it.
    """
    for step in STEPS:
        if step.slug == slug:
            return step
    raise KeyError(slug)


def step_before(slug: str) -> StepDef | None:
    """Return the step before this one, or None for the first."""
    position = SLUGS.index(slug)
    return STEPS[position - 1] if position else None


def step_after(slug: str) -> StepDef | None:
    """Return the step after this one, or None for the last."""
    position = SLUGS.index(slug)
    return STEPS[position + 1] if position + 1 < len(STEPS) else None


def cleared_by(step: str, name: str) -> tuple[str, ...]:
    """Return the "step.field" patterns that a change of this field makes meaningless."""
    return next((patterns for key, patterns in step_of(step).clears if key == name), ())


def covers_field(pattern: str, *, step: str, name: str) -> bool:
    """Return whether a "step.field", "step.*" or "step.prefix.*" pattern covers this field.

    What is about no column has to be named by itself.
    """
    prefix, _, rest = pattern.partition(".")
    if rest.endswith("*") and (step, name) in ABOUT_NO_COLUMN:
        return False
    fits = name.startswith(rest.removesuffix("*")) if rest.endswith("*") else rest == name
    return prefix == step and fits
