"""Rules about the estimator and its hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.check_context import CheckContext, error, typed, warning
from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.problems import Problem, Remedy

# Weights in training, which not every estimator knows that can weigh classes in its decision.
BALANCED = "balanced"


def estimator_exists_and_fits(subject: CheckContext) -> Iterator[Problem]:
    """The estimator is known and can do the task."""
    identifier, task = subject.spec.model.estimator, subject.spec.task.kind
    fallback = Remedy("Use a random forest", {"model": {"estimator": "random_forest"}})
    try:
        entry = registry.get(identifier)
    except KeyError:
        yield error("model", "estimator", "estimator_unknown", registry.unknown_sentence(identifier), fallback)
        return
    if task not in entry.tasks:
        what = "classes" if task.is_classification else "numbers"
        yield error("model", "estimator", "estimator_unfit", f"{entry.title} cannot predict {what}.", fallback)


def parameters_are_valid(subject: CheckContext) -> Iterator[Problem]:
    """Every hyperparameter is known and within its bounds."""
    try:
        entry = registry.get(subject.spec.model.estimator)
    except KeyError:
        return
    for name, raw in subject.spec.model.parameters.items():
        parameter, field = entry.parameter(name), f"{entry.id}.{name}"
        if parameter is None or (
            raw == BALANCED and name == "class_weight" and BALANCED not in dict(parameter.choices)
        ):
            yield _unknown_parameter(entry, name)
            continue
        if subject.spec.task.kind not in parameter.tasks:
            message = f"{parameter.title} means nothing for this task, so it is left out."
            yield warning("model", field, "setting_of_another_task", message, _forget(field))
        try:
            typed(parameter, raw)
        except ValueError as fault:
            remedy = Remedy("Reset it", {"model": {field: parameter.default}})
            yield error("model", field, "parameter_invalid", f"{parameter.title}: {fault}", remedy)


def _forget(field: str) -> Remedy:
    return Remedy("Leave it out", {"model": {field: None}})


def _unknown_parameter(entry: EstimatorEntry, name: str) -> Problem:
    field = f"{entry.id}.{name}"
    if name == "class_weight":
        message = f"{entry.title} cannot weigh classes."
        return error("model", field, "class_weight_unsupported", message, _forget(field))
    return error("model", field, "parameter_unknown", f"{entry.title} has no setting {name[:40]}.", _forget(field))


def enough_for_the_rows(subject: CheckContext) -> Iterator[Problem]:
    """The method can carry that many rows."""
    try:
        entry = registry.get(subject.spec.model.estimator)
    except KeyError:
        return
    if entry.max_rows is not None and subject.rows > entry.max_rows:
        remedy = Remedy("Use histogram gradient boosting", {"model": {"estimator": "hist_gradient_boosting"}})
        message = f"{entry.title} is made for up to {entry.max_rows:,} rows; there are {subject.rows:,}."
        severity = error if subject.rows > 4 * entry.max_rows else warning
        yield severity("model", "estimator", "too_many_rows", message, remedy)
