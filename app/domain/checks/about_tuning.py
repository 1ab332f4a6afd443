"""Rules about the search for hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from app.domain.checks import about_settings
from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.checks.fold_sizes import (
    MIN_MINORITY_ROWS,
    decimal_parameter,
    fewest_besides,
    fewest_groups,
    fewest_training_rows,
    first_moments,
    largest_group,
    whole_parameter,
)
from app.domain.checks.incompatible_settings import IncompatibleSettings
from app.domain.estimation.wording import format_duration
from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues
from app.domain.experiment import Spec, is_contest
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.plan import Estimate
from app.domain.recommendation.tuning import form_value
from app.domain.training.tuning.inner_folds import MIN_FOLDS, MIN_ROWS
from app.domain.training.tuning.search_space import Dimension, resolve
from app.domain.training.validation import metrics
from app.domain.vocabulary import SplitStrategy

SWITCH, METRIC, INNER, TRIALS = "tuning.enabled", "tuning.metric", "tuning.inner", "tuning.trials"
OFF = Remedy("Switch the search off", {"model": {SWITCH: False}})
# It has a value wherever there is a row.
RMSE = "rmse"
# Places in the quantiles of a profile.
FIRST_QUARTER, THIRD_QUARTER = 1, 3
HELD_BY = ("search", "low", "high", "scale", "choices")
PLACES = {"log": "scale", "": "search"}


def searches_something(subject: CheckContext) -> Iterator[Problem]:
    """Every range lies within the bounds of its setting and goes upwards, and there is something to search."""
    spec = subject.spec
    if not _is_tuned(subject):
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


def searched_settings_go_together(subject: CheckContext) -> Iterator[Problem]:
    """Nothing is tried that fails in every trial, whatever else is drawn: no choice, and no whole range."""
    if not _is_tuned(subject):
        return
    dimensions, faults = resolve(subject.spec)
    names = {dimension.name for dimension in dimensions}
    pairs = [pair for pair in about_settings.error_pairs(subject) if names & set(pair.settings)]
    searched = [dimension for dimension in dimensions if any(dimension.name in pair.settings for pair in pairs)]
    if faults or not searched:
        return
    works, reasons = _try_settings(subject, pairs, searched)
    for item in searched:
        never = [value for value in _range_ends(item) if (item.name, value) not in works]
        if never:
            reason = reasons[item.name, never[0]]
            yield _never_works(subject.spec.model.estimator, item, never, reason)


Tried = tuple[str, Any]


def _try_settings(
    subject: CheckContext, pairs: list[IncompatibleSettings], searched: list[Dimension]
) -> tuple[frozenset[Tried], dict[Tried, str]]:
    """Return which values go together with some draw of the others, and why one that does not fails."""
    works: set[Tried] = set()
    reasons: dict[Tried, str] = {}
    for drawn in product(*(_range_ends(dimension) for dimension in searched)):
        tried = dict(zip((dimension.name for dimension in searched), drawn, strict=True))
        values = ParameterValues({**subject.settings, **tried})
        clash = next((pair for pair in pairs if pair.clash(subject, values)), None)
        if clash is None:
            works.update(tried.items())
        else:
            reasons |= dict.fromkeys(tried.items(), clash.message(subject, values))
    return frozenset(works), reasons


def _range_ends(dimension: Dimension) -> tuple[Any, ...]:
    return dimension.choices or (dimension.low, dimension.high)


def _never_works(estimator: str, dimension: Dimension, never: list[Any], reason: str) -> Problem:
    field, title = f"space.{estimator}.{dimension.name}", dimension.parameter.title
    left = [form_value(value) for value in dimension.choices if value not in never]
    if left:
        labels: dict[Any, str] = {True: "Yes", False: "No", **dict(dimension.parameter.choices)}
        words = " or ".join(f"“{labels[value]}”" for value in never)
        message = f"{title}: every trial with {words} would fail. {reason}"
        remedy = Remedy("Leave it out" if len(never) == 1 else "Leave them out", {"model": {f"{field}.choices": left}})
        return error("model", f"{field}.choices", "search_clash", message, remedy)
    message = f"{title}: every trial that varies it would fail. {reason}"
    remedy = Remedy("Do not search for it", {"model": {f"{field}.search": False}})
    return error("model", f"{field}.search", "search_clash", message, remedy)


def metric_decides(subject: CheckContext) -> Iterator[Problem]:
    """The metric that decides among trials can judge the task, and the estimator gives what it reads."""
    identifier, task = subject.spec.model.tuning.metric, subject.spec.task.kind
    if not _is_tuned(subject) or identifier is None:
        return
    primary, metric = Remedy("Use the primary metric", {"model": {METRIC: ""}}), metrics.find(identifier)
    if metric is None:
        yield error("model", METRIC, "metric_unknown", f"There is no metric {identifier[:40]}.", primary)
    elif task not in metric.tasks:
        what = "classes" if task.is_classification else "numbers"
        message = f"{metric.title} cannot score {what}."
        yield error("model", METRIC, "metric_unfit", message, primary)
    elif metric.needs_probability and not registry.get(subject.spec.model.estimator).probabilities:
        message = f"{metric.title} needs probabilities, which this estimator does not give."
        yield error("model", METRIC, "metric_needs_probabilities", message, primary)
    elif metric.needs_non_negative and isinstance(subject.target.minimum, int | float) and subject.target.minimum < 0:
        message = f"{metric.title} needs values of zero or more; the target goes down to {subject.target.minimum:g}."
        yield error("model", METRIC, "metric_needs_positive", message, primary)


def metric_tells_trials_apart(subject: CheckContext) -> Iterator[Problem]:
    """The metric that decides has a value on parts of a series, or on single groups, where the target may not vary."""
    tuning, target = subject.spec.model.tuning, subject.target
    metric = metrics.find(tuning.metric or subject.spec.metrics.primary)
    if (
        not _is_tuned(subject)
        or metric is None
        or not metric.needs_spread
        or subject.spec.task.kind not in metric.tasks
    ):
        return
    if (
        _draws_rows(subject)
        or not target.quantiles
        or target.quantiles[FIRST_QUARTER] != target.quantiles[THIRD_QUARTER]
    ):
        return
    message = (
        f"Half of the values of {target.name[:60]} are {target.quantiles[THIRD_QUARTER]:g}: where a fold within a fold "
        f"holds nothing else, {metric.title} has no value and cannot choose."
    )
    yield notice("model", METRIC, "metric_needs_spread", message, Remedy("Let RMSE decide", {"model": {METRIC: RMSE}}))


def _draws_rows(subject: CheckContext) -> bool:
    """Return whether folds within a fold are drawn from all of its rows; a hold-out lies at the end of a series."""
    in_order = subject.strategy.id is SplitStrategy.HOLDOUT and subject.spec.task.time_column is not None
    return subject.strategy.shuffles and not subject.strategy.needs_group and not in_order


def inner_folds_can_be_cut(subject: CheckContext) -> Iterator[Problem]:
    """The training rows of the smallest fold can be divided once more."""
    if not _is_tuned(subject):
        return
    wanted, most = subject.spec.model.tuning.inner, _most_inner_folds(subject)
    few, item = _too_few_of_another_class(subject), _one_group_trains(subject)
    if most < MIN_FOLDS or few or item:
        what = "may be one group, too few" if item else "may hold too few of another class" if few else "are too few"
        message = f"The rows that train the smallest fold {what} to be divided again for the search."
        yield error("model", INNER, "inner_folds_impossible", message, OFF)
    elif most < wanted and subject.strategy.id is not SplitStrategy.HOLDOUT:
        message = f"The rows that train the smallest fold make {most} folds within a fold, not {wanted}."
        remedy = Remedy(f"Use {most} folds", {"model": {INNER: most}})
        yield notice("model", INNER, "inner_folds_fewer", message, remedy)


def _too_few_of_another_class(subject: CheckContext) -> bool:
    """Return whether a fold within a fold may train on one class alone."""
    if not subject.spec.task.kind.is_classification or not subject.class_counts:
        return False
    holdout = subject.strategy.id is SplitStrategy.HOLDOUT
    cut_alike = subject.strategy.needs_group or subject.strategy.needs_time
    left = fewest_besides(subject, cuts=2 if holdout else 1)
    two = len(subject.class_counts) == MIN_FOLDS and not cut_alike
    needed = 1 if holdout else MIN_FOLDS if two else MIN_MINORITY_ROWS
    return left < needed


def _most_inner_folds(subject: CheckContext) -> int:
    """Return how many folds the rows that train the smallest fold can surely make."""
    strategy = subject.strategy.id
    if subject.strategy.needs_group:
        groups = fewest_groups(subject)
        if groups is None:
            return MIN_FOLDS
        left = groups - -(-groups * subject.holdout.groups // 1)
        out = (
            1
            if strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT
            else -(-left // max(whole_parameter(subject, "n_splits"), 2))
        )
        return int(left - out)
    if strategy is SplitStrategy.TIME_SERIES:
        gap = whole_parameter(subject, "gap")
        moments = first_moments(subject, gap)
        # The cuts are those of a split forward in time: so many parts, the first of them longer by what is left over.
        fits = (folds for folds in range(10, 1, -1) if _forward_fits(moments, folds, gap))
        return next(fits, 0)
    left = fewest_training_rows(subject)
    if strategy is SplitStrategy.HOLDOUT:
        judged = max(1, round(left * decimal_parameter(subject, "percent") / 100))
        return MIN_FOLDS if min(judged, left - judged) >= MIN_ROWS else 0
    return left // MIN_ROWS


def _one_group_trains(subject: CheckContext) -> bool:
    """Return whether a group as large as all others together is likely to be one of two folds by itself."""
    largest, share = largest_group(subject), subject.holdout.lost
    two = subject.strategy.id is SplitStrategy.GROUP_K_FOLD and whole_parameter(subject, "n_splits") == MIN_FOLDS
    return two and largest >= (subject.rows - largest) * (1 - share)


def _forward_fits(moments: int, folds: int, gap: int) -> bool:
    size = moments // (folds + 1)
    return size >= MIN_ROWS and moments - folds * size - gap >= MIN_ROWS


def _is_tuned(subject: CheckContext) -> bool:
    try:
        registry.get(subject.spec.model.estimator)
    except KeyError:
        return False
    return subject.spec.model.tuning.enabled


def search_ends_in_time(spec: Spec, forecast: Estimate, limit_seconds: float) -> Iterator[Problem]:
    """The search is likely to end before a job is stopped for taking too long."""
    tuning = spec.model.tuning
    if is_contest(spec) or not tuning.enabled or forecast.seconds_likely <= limit_seconds:
        return
    trials = int(tuning.trials * limit_seconds / forecast.seconds_high)
    remedy = Remedy(f"Use {trials} trials", {"model": {TRIALS: trials}}) if trials >= 1 else OFF
    message = (
        f"{forecast.fits:,} fits may take {format_duration(forecast.seconds_high)}; "
        f"what runs for longer than {format_duration(limit_seconds)} is stopped."
    )
    yield warning("model", TRIALS, "search_too_long", message, remedy)
