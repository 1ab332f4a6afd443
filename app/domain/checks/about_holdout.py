"""Rules about dates in a split: hold-out from a date, warm-up, water years, and windows that outlast folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.domain.checks.check_context import CheckContext, error, warning
from app.domain.checks.fold_sizes import development_rows, first_moments, fits_years, water_years_of, whole_parameter
from app.domain.experiment import HoldoutPart
from app.domain.problems import Problem, Remedy
from app.domain.text.dates import end_of, parse_date
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.transforms import longest_memory, memory_of
from app.domain.training.tuning.inner_folds import MIN_FOLDS
from app.domain.training.validation.holdout_share import TimeSpan, span_of
from app.domain.vocabulary import SplitStrategy


def share_answers(percent: float) -> dict[str, str | float]:
    """Return the answers that hold out a share of the rows, whatever date was held out before; 0 for nothing."""
    return {"holdout_by": "share", "holdout_percent": percent}


LAST_PART = Remedy("Hold out the last 20 %", {"validation": share_answers(20)})


def dates_hold_out_rows(subject: CheckContext) -> Iterator[Problem]:
    """Dates of a hold-out lie within the record, in order, and leave rows to train before them."""
    holdout, span = subject.spec.validation.holdout, span_of(subject.profile, subject.spec.task.time_column)
    if holdout is None or holdout.from_date is None:
        return
    if subject.strategy.id is SplitStrategy.HOLDOUT:
        remedy = Remedy("Use forward in time", {"validation": {"strategy": "time_series"}})
        message = "Hold-out splits once, by a share of the rows, so it cannot hold out from a date too."
        yield error("validation", "holdout_from", "holdout_date_unused", message, remedy)
    elif span is None:
        message = "Holding out from a date needs a time column. Choose one on the Data step."
        yield error("validation", "holdout_from", "time_column_missing", message, LAST_PART)
    else:
        yield from _dates_fit(subject, holdout, span)


def _dates_fit(subject: CheckContext, holdout: HoldoutPart, span: TimeSpan) -> Iterator[Problem]:
    first, last, day = str(holdout.from_date), holdout.to_date, span.later_day()
    other = Remedy(f"Hold out from {day}", {"validation": _from(day)})
    record = f"The record goes from {span.start.date()} to {span.end.date()}"
    if last and end_of(last) <= parse_date(first):
        message = f"What is held out ends on {last}, before it begins on {first}."
        remedy = Remedy("Hold out to the end", {"validation": {"holdout_to": ""}})
        yield error("validation", "holdout_to", "holdout_ends_early", message, remedy)
    elif parse_date(first) > span.end or (last and end_of(last) <= span.start):
        until = f" to {last}" if last else " on"
        message = f"{record}: nothing can be held out from {first}{until}."
        yield error("validation", "holdout_from", "holdout_outside", message, other)
    elif parse_date(first) <= span.start:
        message = f"{record}: no row is left to train before {first}."
        yield error("validation", "holdout_from", "nothing_to_train", message, other)
    elif (left := development_rows(subject)) < 2 * MIN_FOLDS:
        message = f"{record}: {pluralise(left, 'row')} before {first} cannot both train and validate."
        yield error("validation", "holdout_from", "nothing_to_train", message, other)
    elif not subject.holdout.judged:
        message = f"The record has no row from {first} to {last}: nothing can be held out."
        remedy = Remedy("Hold out to the end", {"validation": {"holdout_to": ""}})
        yield error("validation", "holdout_to", "holdout_outside", message, remedy)


def _from(day: str) -> dict[str, str]:
    return {"holdout_by": "date", "holdout_from": day, "holdout_to": ""}


def warm_up_leaves_rows(subject: CheckContext) -> Iterator[Problem]:
    """A warm-up has a time column, and is shorter than the record."""
    warm_up, memory = subject.spec.validation.warm_up, longest_memory(subject.spec)
    none = Remedy("Use no warm-up", {"validation": {"warm_up": 0}})
    if warm_up and subject.spec.task.time_column is None:
        message = "A warm-up needs a time column. Choose one on the Data step."
        yield error("validation", "warm_up", "time_column_missing", message, none)
    elif warm_up and (left := round(subject.rows * (1 - subject.holdout.warm_up))) < 2 * MIN_FOLDS:
        remedy = none
        if 0 < memory < warm_up and not leaves_nothing(_warmed_up(subject, memory)):
            remedy = Remedy(f"Use {memory:,} steps", {"validation": {"warm_up": memory}})
        message = f"A warm-up of {warm_up:,} steps leaves about {left:,} of {subject.rows:,} rows."
        yield error("validation", "warm_up", "warm_up_too_long", message, remedy)


def leaves_nothing(subject: CheckContext) -> bool:
    """Return whether dates or a warm-up leave no rows at all, which is told once and not of every fold."""
    return any((*dates_hold_out_rows(subject), *warm_up_leaves_rows(subject)))


def years_fill_folds(subject: CheckContext) -> Iterator[Problem]:
    """There are water years enough for folds of whole ones."""
    years = water_years_of(subject)
    if years is None or fits_years(subject, years) or leaves_nothing(subject):
        return
    field, folds = f"{subject.strategy.id.value}.n_splits", whole_parameter(subject, "n_splits")
    remedy = Remedy("Let folds begin anywhere", {"validation": {f"{subject.strategy.id.value}.align": "rows"}})
    if years > MIN_FOLDS:
        remedy = Remedy(f"Use {years - 1} folds", {"validation": {field: years - 1}})
    message = f"About {years:,} water years are left for the folds: too few for {folds} folds and one to train on."
    yield error("validation", field, "too_few_years", message, remedy)


def windows_fit_training(subject: CheckContext) -> Iterator[Problem]:
    """No derived feature looks back further than the rows that train the first fold."""
    if subject.strategy.parameter("gap") is None:
        return
    field, gap, memory = subject.strategy.id.value, whole_parameter(subject, "gap"), longest_memory(subject.spec)
    trained = first_moments(subject, gap)
    if not 2 <= trained <= memory or leaves_nothing(subject):
        return
    shorter = [
        recipe
        for recipe, part in zip(subject.recipes, subject.spec.features.transforms, strict=True)
        if memory_of([part]) < trained
    ]
    remedy = Remedy("Remove what looks back further", {"features": {"transforms": [dict(row) for row in shorter]}})
    if whole_parameter(subject, "n_splits") > MIN_FOLDS and first_moments(_halve_holdout(subject), gap) > memory:
        remedy = Remedy("Use 2 folds", {"validation": {f"{field}.n_splits": MIN_FOLDS}})
    message = (
        f"The derived features look back {memory:,} steps, but the first fold trains on about {trained:,}: "
        "it never sees a full window."
    )
    yield warning("validation", f"{field}.n_splits", "window_longer_than_training", message, remedy)


def _warmed_up(subject: CheckContext, steps: int) -> CheckContext:
    validation = subject.spec.validation.model_copy(update={"warm_up": steps})
    return replace(subject, spec=subject.spec.model_copy(update={"validation": validation}))


def _halve_holdout(subject: CheckContext) -> CheckContext:
    validation = subject.spec.validation
    fewest = validation.model_copy(update={"parameters": {**validation.parameters, "n_splits": MIN_FOLDS}})
    return replace(subject, spec=subject.spec.model_copy(update={"validation": fewest}))
