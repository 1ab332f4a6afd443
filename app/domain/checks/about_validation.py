"""Rules about who judges, and by what."""

from __future__ import annotations

import math
from collections.abc import Iterator

from app.domain.checks.subject import Subject, error, notice, warning
from app.domain.problems import Problem, Remedy
from app.domain.training import metrics
from app.domain.training.splitting import MAX_GROUP_FOLDS, fewest_left
from app.domain.training.transforms import longest_memory
from app.domain.vocabulary import Strategy


def needs_are_met(subject: Subject) -> Iterator[Problem]:
    """Time, groups and classes are there where the strategy needs them."""
    entry, task = subject.strategy, subject.spec.task
    simple = Remedy("Use k-fold", {"validation": {"strategy": "k_fold"}})
    if entry.needs_time and task.time_column is None:
        message = f"{entry.title} needs a time column. Choose one on the Data step, or another strategy."
        yield error("validation", "strategy", "time_column_missing", message, simple)
    if entry.needs_group and task.group_column is None:
        message = f"{entry.title} needs a group column. Choose one on the Data step, or another strategy."
        yield error("validation", "strategy", "group_column_missing", message, simple)
    if task.kind not in entry.tasks:
        message = f"{entry.title} needs classes; the target is a number."
        yield error("validation", "strategy", "strategy_needs_classes", message, simple)


def parameters_are_valid(subject: Subject) -> Iterator[Problem]:
    """Every parameter of the strategy is known and within its bounds."""
    for name, raw in subject.spec.validation.parameters.items():
        parameter, field = subject.strategy.parameter(name), f"{subject.strategy.id.value}.{name}"
        if parameter is None:
            yield error(
                "validation", field, "parameter_unknown", f"{subject.strategy.title} has no setting {name[:40]}."
            )
            continue
        try:
            parameter.parse(raw)
        except ValueError as fault:
            remedy = Remedy("Reset it", {"validation": {field: parameter.default}})
            yield error("validation", field, "parameter_invalid", f"{parameter.title}: {fault}", remedy)


def _development_rows(subject: Subject) -> int:
    held = subject.spec.validation.holdout
    return subject.rows - round(subject.rows * held.fraction) if held else subject.rows


def _number(subject: Subject, name: str) -> int:
    raw = subject.spec.validation.parameters.get(name, subject.strategy.defaults().get(name, 0))
    return int(raw) if isinstance(raw, int | float) else 0


def folds_fit_rows(subject: Subject) -> Iterator[Problem]:
    """There are rows, classes and groups enough for the folds."""
    strategy, folds, rows = subject.strategy.id, _number(subject, "n_splits"), _development_rows(subject)
    field = f"{strategy.value}.n_splits"
    if folds and rows < 2 * folds:
        message = f"{rows:,} rows are too few for {folds} folds: each needs at least two."
        yield error("validation", field, "too_few_rows", message, Remedy("Use 2 folds", {"validation": {field: 2}}))
    yield from _classes_fill_folds(subject, folds, field)
    yield from _groups_fill_folds(subject, folds, field)


def _groups_fill_folds(subject: Subject, folds: int, field: str) -> Iterator[Problem]:
    strategy, groups, held = subject.strategy.id, _groups(subject), subject.spec.validation.holdout
    if groups is None or not subject.strategy.needs_group:
        return
    out = math.ceil(groups * held.fraction) if held else 0
    left, but = groups - out, f", and the rows held out take {out:,} of them" if out else ""
    if strategy is Strategy.GROUP_K_FOLD and left < folds:
        remedy = Remedy(f"Use {left} folds", {"validation": {field: left}}) if left >= 2 else None
        message = f"There are {groups:,} groups{but}: fewer than {folds} folds."
        yield error("validation", field, "too_few_groups", message, remedy)
    if strategy is Strategy.LEAVE_ONE_GROUP_OUT and not 2 <= left <= MAX_GROUP_FOLDS:
        remedy = Remedy("Use group k-fold", {"validation": {"strategy": "group_k_fold"}})
        message = f"{groups:,} groups would mean as many fits{but}; 2 to {MAX_GROUP_FOLDS} are possible."
        yield error("validation", "strategy", "too_many_groups", message, remedy)


def _classes_fill_folds(subject: Subject, folds: int, field: str) -> Iterator[Problem]:
    counts, held = subject.class_counts, subject.spec.validation.holdout
    if subject.strategy.id is not Strategy.STRATIFIED_K_FOLD or not counts:
        return
    left = fewest_left(min(counts), subject.rows, held.fraction if held else 0.0)
    if left < folds:
        remedy = Remedy("Use k-fold", {"validation": {"strategy": "k_fold"}})
        if left >= 2:
            remedy = Remedy(f"Use {left} folds", {"validation": {field: left}})
        message = f"The rarest class keeps {left} rows for the folds, fewer than {folds} folds."
        yield error("validation", field, "rare_class", message, remedy)


def _groups(subject: Subject) -> int | None:
    column = subject.spec.task.group_column
    if column is None:
        return None
    # Rows without a group form one of their own.
    known = subject.profile.column(column)
    return known.distinct + (known.missing > 0)


def random_split_in_time(subject: Subject) -> Iterator[Problem]:
    """A random split of a series is allowed, and said to mislead."""
    entry, task = subject.strategy, subject.spec.task
    if task.time_column is None or not entry.shuffles or entry.needs_group or entry.id is Strategy.HOLDOUT:
        return
    remedy = Remedy("Use forward in time", {"validation": {"strategy": "time_series"}})
    message = "This split judges a moment by its neighbours, before and after: the score will be too good."
    yield warning("validation", "strategy", "random_split_in_time", message, remedy)


def gap_covers_memory(subject: Subject) -> Iterator[Problem]:
    """The gap is no shorter than the derived features look back, and leaves rows to train on."""
    if subject.strategy.id is not Strategy.TIME_SERIES:
        return
    gap, memory, field = _number(subject, "gap"), longest_memory(subject.spec), "time_series.gap"
    if not _leaves_rows(subject, gap):
        longest = next((shorter for shorter in range(gap - 1, -1, -1) if _leaves_rows(subject, shorter)), None)
        remedy = None if longest is None else Remedy(f"Use {longest}", {"validation": {field: longest}})
        message = f"A gap of {gap:,} steps leaves no rows to train the first fold."
        yield error("validation", field, "gap_too_long", message, remedy)
    elif 0 < memory > gap:
        message = (
            f"The derived features look back {memory:,} steps, the gap is {gap:,}: the rows at the border share values."
        )
        remedy = Remedy(f"Set the gap to {memory:,} steps", {"validation": {field: memory}})
        if _leaves_rows(subject, memory):
            yield warning("validation", field, "gap_short", message, remedy)
        else:
            yield notice("validation", field, "gap_short", message)


def _leaves_rows(subject: Subject, gap: int) -> bool:
    """Say whether a gap leaves rows to train the first fold. It counts moments, and stands before a hold-out too."""
    held, folds = subject.spec.validation.holdout, max(_number(subject, "n_splits"), 1)
    moments = _moments(subject)
    if held:
        moments -= max(1, round(moments * held.fraction)) + gap
    size = moments // (folds + 1)
    return size >= 1 and moments - folds * size - gap >= 2


def _moments(subject: Subject) -> int:
    """Return about how many moments have a target; with several sites, as many as their share of rows has one."""
    column = subject.spec.task.time_column
    if column is None:
        return subject.rows
    known = subject.profile.column(column)
    rows = max(subject.profile.rows - known.missing, 1)
    return min(subject.rows, round(known.distinct * min(subject.rows / rows, 1)))


def metrics_fit(subject: Subject) -> Iterator[Problem]:
    """Every metric can judge the task and the values of the target."""
    task = subject.spec.task.kind
    low = subject.target.minimum
    named = [("primary_metric", subject.spec.metrics.primary)]
    named += [("other_metrics", identifier) for identifier in subject.spec.metrics.others]
    for field, identifier in named:
        try:
            metric = metrics.get(identifier)
        except KeyError:
            yield error("validation", field, "metric_unknown", f"There is no metric {identifier[:40]}.")
            continue
        if task not in metric.tasks:
            what = "classes" if task.is_classification else "numbers"
            fitting = metrics.for_task(task)[0]
            change = {"validation": {field: fitting.id if field == "primary_metric" else []}}
            remedy = Remedy(f"Use {fitting.title}" if field == "primary_metric" else "Report none", change)
            yield error(
                "validation", field, "metric_unfit", f"{metric.title} cannot judge {what} of this task.", remedy
            )
        elif metric.needs_non_negative and isinstance(low, int | float) and low < 0:
            message = f"{metric.title} needs values of zero or more; {subject.target.name[:60]} goes down to {low:g}."
            yield error("validation", field, "metric_needs_positive", message)
