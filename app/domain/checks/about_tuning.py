"""Rules about the search for hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.extent import (
    fewest_training_rows,
    first_moments,
    groups_of,
    number,
)
from app.domain.checks.subject import Subject, error, notice, warning
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.plan import Estimate
from app.domain.training import metrics
from app.domain.training.inner import LEAST_FOLDS, LEAST_ROWS
from app.domain.training.searchspace import resolve
from app.domain.vocabulary import Strategy

SWITCH, METRIC, INNER, TRIALS = "tuning.enabled", "tuning.metric", "tuning.inner", "tuning.trials"
OFF = Remedy("Switch the search off", {"model": {SWITCH: False}})
HELD_BY = ("search", "low", "high", "scale", "choices")
PLACES = {"log": "scale", "": "search"}


def searches_something(subject: Subject) -> Iterator[Problem]:
    """Every range lies within the bounds of its setting and goes upwards, and there is something to search."""
    spec = subject.spec
    if not _on(subject):
        return
    dimensions, faults = resolve(spec)
    for fault in faults:
        field = f"space.{spec.model.estimator}.{fault.name}"
        back: dict[str, None] = dict.fromkeys(f"{field}.{end}" for end in HELD_BY)
        remedy = Remedy("Use what is suggested", {"model": back})
        yield error("model", f"{field}.{PLACES.get(fault.end, fault.end)}", fault.code, fault.message, remedy)
    if not dimensions and not faults:
        title = registry.get(spec.model.estimator).title
        message = f"There is nothing to search: no setting of {title} is to be varied."
        yield error("model", SWITCH, "search_space_empty", message, OFF)


def metric_decides(subject: Subject) -> Iterator[Problem]:
    """The metric that decides among trials can judge the task, and the estimator gives what it reads."""
    identifier, task = subject.spec.model.tuning.metric, subject.spec.task.kind
    if not _on(subject) or identifier is None:
        return
    primary, metric = Remedy("Use the primary metric", {"model": {METRIC: ""}}), metrics.find(identifier)
    if metric is None:
        yield error("model", METRIC, "metric_unknown", f"There is no metric {identifier[:40]}.", primary)
    elif task not in metric.tasks:
        what = "classes" if task.is_classification else "numbers"
        message = f"{metric.title} cannot judge {what} of this task."
        yield error("model", METRIC, "metric_unfit", message, primary)
    elif metric.needs_probability and not registry.get(subject.spec.model.estimator).probabilities:
        message = f"{metric.title} needs probabilities, which this estimator does not give."
        yield error("model", METRIC, "metric_needs_probabilities", message, primary)
    elif metric.needs_non_negative and isinstance(subject.target.minimum, int | float) and subject.target.minimum < 0:
        message = f"{metric.title} needs values of zero or more; the target goes down to {subject.target.minimum:g}."
        yield error("model", METRIC, "metric_needs_positive", message, primary)


def inner_folds_can_be_cut(subject: Subject) -> Iterator[Problem]:
    """The training rows of the smallest fold can be divided once more."""
    if not _on(subject):
        return
    wanted, most = subject.spec.model.tuning.inner, _most_inner_folds(subject)
    if most < LEAST_FOLDS:
        message = "The rows that train the smallest fold are too few to be divided again for the search."
        yield error("model", INNER, "inner_folds_impossible", message, OFF)
    elif most < wanted and subject.strategy.id is not Strategy.HOLDOUT:
        message = f"The rows that train the smallest fold make {most} folds within a fold, not {wanted}."
        remedy = Remedy(f"Use {most} folds", {"model": {INNER: most}})
        yield notice("model", INNER, "inner_folds_fewer", message, remedy)


def _most_inner_folds(subject: Subject) -> int:
    """Return how many folds the rows that train the smallest fold can surely make."""
    strategy = subject.strategy.id
    if subject.strategy.needs_group:
        groups, held = groups_of(subject), subject.spec.validation.holdout
        if groups is None:
            return LEAST_FOLDS
        left = groups - (-(-groups * held.fraction // 1) if held else 0)
        out = 1 if strategy is Strategy.LEAVE_ONE_GROUP_OUT else -(-left // max(number(subject, "n_splits"), 2))
        return int(left - out)
    if strategy is Strategy.TIME_SERIES:
        gap = number(subject, "gap")
        moments = first_moments(subject, gap)
        # The cuts are those of a split forward in time: so many parts, the first of them longer by what is left over.
        fits = (folds for folds in range(10, 1, -1) if _forward_fits(moments, folds, gap))
        return next(fits, 0)
    return fewest_training_rows(subject) // LEAST_ROWS


def _forward_fits(moments: int, folds: int, gap: int) -> bool:
    size = moments // (folds + 1)
    return size >= LEAST_ROWS and moments - folds * size - gap >= LEAST_ROWS


def _on(subject: Subject) -> bool:
    try:
        registry.get(subject.spec.model.estimator)
    except KeyError:
        return False
    return subject.spec.model.tuning.enabled


def search_ends_in_time(spec: Spec, forecast: Estimate, limit_seconds: float) -> Iterator[Problem]:
    """The search is likely to end before a job is stopped for taking too long."""
    tuning = spec.model.tuning
    likely = (forecast.seconds_low + forecast.seconds_high) / 2
    if not tuning.enabled or likely <= limit_seconds:
        return
    trials = int(tuning.trials * limit_seconds / forecast.seconds_high)
    remedy = Remedy(f"Use {trials} trials", {"model": {TRIALS: trials}}) if trials >= 1 else OFF
    message = (
        f"{forecast.fits:,} fits may take {forecast.seconds_high / 3600:,.1f} h; "
        f"what runs for longer than {limit_seconds / 3600:,.1f} h is stopped."
    )
    yield warning("model", TRIALS, "search_too_long", message, remedy)
