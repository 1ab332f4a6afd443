"""Rules about the split, the hold-out and the metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.domain.checks.about_data import MIN_ROWS
from app.domain.checks.about_holdout import LAST_PART, leaves_nothing, share_answers
from app.domain.checks.check_context import CheckContext, error, notice, typed, warning
from app.domain.checks.fold_sizes import (
    MIN_MINORITY_ROWS,
    decimal_parameter,
    development_rows,
    fewest_besides,
    fewest_groups,
    fewest_kept,
    fits_years,
    groups_of,
    keeps_shares,
    largest_group,
    leaves_rows,
    moments_of,
    water_years_of,
    whole_parameter,
)
from app.domain.estimators import registry
from app.domain.problems import Problem, Remedy
from app.domain.text.messages import fill_count, join_sentences
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.knowledge import horizon_of
from app.domain.training.preprocessing.transforms import target_memory_of
from app.domain.training.tuning.inner_folds import MIN_FOLDS
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.splitting import MAX_GROUP_FOLDS
from app.domain.vocabulary import Purpose, SplitStrategy

# A group that leaves less than this share of the rows may leave a single class.
MIN_BESIDES = 0.1
# As few as a dataset may have at all.
MIN_JUDGED = MIN_ROWS


def needs_are_met(subject: CheckContext) -> Iterator[Problem]:
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


def parameters_are_valid(subject: CheckContext) -> Iterator[Problem]:
    """Every parameter of the strategy is known and within its bounds."""
    for name, raw in subject.spec.validation.parameters.items():
        parameter, field = subject.strategy.parameter(name), f"{subject.strategy.id.value}.{name}"
        if parameter is None:
            message = f"{subject.strategy.title} has no setting {name[:40]}."
            remedy = Remedy("Leave it out", {"validation": {field: None}})
            yield error("validation", field, "parameter_unknown", message, remedy)
            continue
        try:
            typed(parameter, raw)
        except ValueError as fault:
            remedy = Remedy("Reset it", {"validation": {field: parameter.default}})
            yield error("validation", field, "parameter_invalid", f"{parameter.title}: {fault}", remedy)


def folds_fit_rows(subject: CheckContext) -> Iterator[Problem]:
    """There are rows, classes and groups enough for the folds."""
    strategy, folds, rows = subject.strategy.id, whole_parameter(subject, "n_splits"), development_rows(subject)
    field = f"{strategy.value}.n_splits"
    if leaves_nothing(subject):
        return
    if folds and rows < 2 * folds:
        message = f"{rows:,} rows are too few for {folds} folds: each needs at least two."
        remedy = _more_rows_remedy(subject)
        if rows >= 2 * MIN_FOLDS:
            remedy = Remedy("Use 2 folds", {"validation": {field: MIN_FOLDS}})
        yield error("validation", field, "too_few_rows", message, remedy)
    yield from _classes_fill_folds(subject, folds, field)
    yield from _groups_fill_folds(subject, folds, field)


def _more_rows_remedy(subject: CheckContext) -> Remedy:
    """Return the remedy for folds with too few rows: another hold-out where it begins early, or more data."""
    holdout = subject.spec.validation.holdout
    if holdout is not None and holdout.from_date is not None:
        return LAST_PART
    return Remedy("Bring more rows, or choose another target.")


def _groups_fill_folds(subject: CheckContext, folds: int, field: str) -> Iterator[Problem]:
    strategy, groups, share = subject.strategy.id, groups_of(subject), subject.holdout.groups
    fewest = fewest_groups(subject)
    if groups is None or fewest is None or not subject.strategy.needs_group:
        return
    out, but = math.ceil(groups * share), ""
    left = fewest - math.ceil(fewest * share)
    if fewest < groups:
        but = f", of which {groups - fewest:,} may have no row with a target"
    if out:
        but = f"{but}, and the held-out rows take {out:,} of them"
    if subject.strategy.parameter("n_splits") is not None and left < folds:
        instead = ("Use forward in time", "time_series") if subject.strategy.needs_time else ("Use k-fold", "k_fold")
        remedy = Remedy(instead[0], {"validation": {"strategy": instead[1]}})
        if left >= 2:
            remedy = Remedy(f"Use {left} folds", {"validation": {field: left}})
        message = f"There are {groups:,} groups{but}: fewer than {folds} folds."
        yield error("validation", field, "too_few_groups", message, remedy)
    if strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT and not (left >= 2 and groups - out <= MAX_GROUP_FOLDS):
        remedy = Remedy("Use group k-fold", {"validation": {"strategy": "group_k_fold"}})
        fits = "1 group" if groups == 1 else f"{groups:,} groups"
        message = f"{fits} would mean as many fits{but}; 2 to {MAX_GROUP_FOLDS} are possible."
        yield error("validation", "strategy", "too_many_groups", message, remedy)


def _classes_fill_folds(subject: CheckContext, folds: int, field: str) -> Iterator[Problem]:
    rarest = subject.rarest_class
    if subject.strategy.id is not SplitStrategy.STRATIFIED_K_FOLD or rarest is None:
        return
    left = fewest_kept(subject, rarest)
    if left < folds:
        remedy = Remedy("Use k-fold", {"validation": {"strategy": "k_fold"}})
        if left >= 2:
            remedy = Remedy(f"Use {left} folds", {"validation": {field: left}})
        message = f"The rarest class may keep as few as {left} rows for the folds, fewer than {folds} folds."
        yield error("validation", field, "rare_class", message, remedy)


def classes_reach_training(subject: CheckContext) -> Iterator[Problem]:
    """Folds drawn at random are not likely to train on a single class."""
    counts, strategy = subject.class_counts, subject.strategy.id
    besides = sum(counts) - max(counts, default=0)
    drawn = strategy is SplitStrategy.K_FOLD or (
        strategy is SplitStrategy.REPEATED_K_FOLD and not keeps_shares(subject)
    )
    kept = fewest_kept(subject, besides)
    if not subject.spec.task.kind.is_classification or not besides:
        return
    yield from _classes_train_beside_holdout(subject, besides)
    if kept >= MIN_MINORITY_ROWS or not drawn:
        return
    remedy = Remedy("Bring more rows of the rare class, or choose another target.")
    if min(counts) >= 2:
        stratified = {"strategy": "stratified_k_fold", "stratified_k_fold.n_splits": 2, **share_answers(0)}
        remedy = Remedy("Use 2 stratified folds", {"validation": stratified})
    item = "Only {count} row is of another class: a fold may train on one class alone."
    many = "Only {count} rows are of another class: a fold may train on one class alone."
    if kept < besides:
        item = "Only {count} row is of another class, and it may be held out: a fold may train on one class alone."
        many = (
            "Only {count} rows are of another class, and all but {kept} may be held out: "
            "a fold may train on one class alone."
        )
    message = fill_count(besides, item, many, kept=kept)
    yield error("validation", "strategy", "one_class_fold", message, remedy)


def _classes_train_beside_holdout(subject: CheckContext, besides: int) -> Iterator[Problem]:
    if subject.strategy.id is not SplitStrategy.HOLDOUT or fewest_besides(subject):
        return
    message = fill_count(
        besides,
        "Only {count} row is of another class: the validation rows may take it.",
        "Only {count} rows are of another class: the validation rows may take all of them.",
    )
    field = "holdout.percent"
    usual = splitting.get(SplitStrategy.HOLDOUT).defaults()["percent"]
    remedy = Remedy("Bring more rows of the rare class, or choose another target.")
    if whole_parameter(subject, "percent") > usual:
        remedy = Remedy(f"Validate on {usual} %", {"validation": {field: usual}})
    yield error("validation", field, "one_class_fold", message, remedy)


def no_group_is_nearly_all(subject: CheckContext) -> Iterator[Problem]:
    """Where whole groups judge, those that are left have rows and classes to train on."""
    largest, classes = largest_group(subject), subject.spec.task.kind.is_classification
    besides = max(subject.profile.rows - largest, 0)
    # The rows held out are whole groups too, so that this is what is to be expected.
    train = math.floor(besides * (1 - subject.holdout.lost))
    known = train * subject.rows // max(subject.profile.rows, 1)
    one_class = besides < MIN_BESIDES * subject.profile.rows or _few_of_another_class(subject, train)
    if not subject.strategy.needs_group or not (
        one_class if classes else subject.rows > 0 and known < MIN_MINORITY_ROWS
    ):
        return
    remedy = Remedy("Use k-fold", {"validation": {"strategy": "k_fold"}})
    rows = pluralise(train, "row")
    message = f"One group holds {largest:,} rows, which leaves about {rows} for training while it validates."
    if not largest:
        message = f"This leaves about {rows} for training while a group validates."
    if classes:
        message = join_sentences((message, "They may be of one class."))
    yield error("validation", "strategy", "group_too_large", message, remedy)


def _few_of_another_class(subject: CheckContext, rows: int) -> bool:
    """Return whether so many rows are to be expected to hold fewer than five that are not of the commonest class."""
    counts = subject.class_counts
    others = sum(counts) - max(counts, default=0)
    return bool(counts) and rows * others < MIN_MINORITY_ROWS * sum(counts)


def random_split_in_time(subject: CheckContext) -> Iterator[Problem]:
    """Warn of a random split of a series, which is allowed and misleads."""
    entry, task = subject.strategy, subject.spec.task
    if task.time_column is None or not entry.shuffles or entry.needs_group or entry.id is SplitStrategy.HOLDOUT:
        return
    remedy = Remedy("Use forward in time", {"validation": {"strategy": "time_series"}})
    message = "Neighbouring moments end up in both training and validation: the score will be too good."
    yield warning("validation", "strategy", "random_split_in_time", message, remedy)


def gap_covers_memory(subject: CheckContext) -> Iterator[Problem]:
    """The gap is no shorter than features look back at the target, as far as can be afforded, and leaves rows."""
    strategy, years = subject.strategy.id.value, water_years_of(subject)
    if subject.strategy.parameter("gap") is None or leaves_nothing(subject):
        return
    if years is not None and not fits_years(subject, years):
        return
    gap, field = whole_parameter(subject, "gap"), f"{strategy}.gap"
    memory = target_memory_of(subject.spec.features.transforms, subject.spec.task)
    if not leaves_rows(subject, gap):
        longest = next((shorter for shorter in range(gap - 1, -1, -1) if leaves_rows(subject, shorter)), None)
        remedy = _more_rows_remedy(subject)
        if leaves_rows(_cut_in_two(subject), 0):
            remedy = Remedy("Use 2 folds", {"validation": {f"{strategy}.n_splits": MIN_FOLDS, field: 0}})
        if longest is not None:
            remedy = Remedy(f"Use {longest}", {"validation": {field: longest}})
        if subject.spec.task.purpose is Purpose.FORECAST and (longest or 0) < horizon_of(subject.spec.task):
            # A shorter gap than the forecast looks ahead would train on values that are not known yet. A draft is then
            # suggested another gap; a config says its own.
            nearer = {"validation": {"parameters": {"gap": 1}}}
            remedy = Remedy("Set steps ahead to 1", {"data": {"horizon": 1}}, nearer)
        message = f"A gap of {gap:,} steps leaves no rows to train the first fold."
        yield error("validation", field, "gap_too_long", message, remedy)
    elif 0 < memory > gap:
        who = "Features of the target" if subject.spec.task.purpose else "The derived features"
        message = f"{who} look back {memory:,} steps, the gap is {gap:,}: the rows at the border share values."
        remedy = Remedy(f"Set the gap to {memory:,} steps", {"validation": {field: memory}})
        if leaves_rows(subject, memory) and gap < splitting.longest_gap(moments_of(subject)):
            yield warning("validation", field, "gap_short", message, remedy)
        else:
            yield notice("validation", field, "gap_short", message, Remedy("Take a shorter lag or window."))


def enough_rows_are_held_out(subject: CheckContext) -> Iterator[Problem]:
    """The rows held out are enough to judge by; a single one has neither an efficiency nor a rate."""
    alone = subject.strategy.id is SplitStrategy.HOLDOUT
    share = decimal_parameter(subject, "percent") / 100 if alone else subject.holdout.row_share
    rows, holdout = max(1, round(subject.rows * share)), subject.spec.validation.holdout
    if not share or rows >= MIN_JUDGED or subject.rows < MIN_JUDGED or subject.strategy.holds_out_groups(holdout):
        return
    dated = holdout is not None and holdout.from_date is not None
    field = "holdout.percent" if alone else "holdout_from" if dated else "holdout_percent"
    usual = splitting.get(SplitStrategy.HOLDOUT).defaults()["percent"]
    remedy = Remedy("Hold nothing out", {"validation": share_answers(0)})
    if dated:
        remedy = Remedy(f"Hold out the last {usual} %", {"validation": share_answers(usual)})
    elif subject.rows * usual >= 100 * MIN_JUDGED:
        remedy = Remedy(f"Hold out {usual} %", {"validation": {field: usual} if alone else share_answers(usual)})
    elif alone:
        ordered = subject.spec.task.time_column is not None
        better = splitting.get(SplitStrategy.TIME_SERIES if ordered else SplitStrategy.K_FOLD)
        remedy = Remedy(
            f"Use {better.title[0].lower()}{better.title[1:]}", {"validation": {"strategy": better.id.value}}
        )
    message = fill_count(
        rows, "{count} row is held out: too few for a score.", "{count} rows are held out: too few for a score."
    )
    yield warning("validation", field, "holdout_too_small", message, remedy)


def _cut_in_two(subject: CheckContext) -> CheckContext:
    validation = subject.spec.validation
    fewest = validation.model_copy(update={"parameters": {**validation.parameters, "n_splits": MIN_FOLDS}})
    return replace(subject, spec=subject.spec.model_copy(update={"validation": fewest}))


def metrics_fit(subject: CheckContext) -> Iterator[Problem]:
    """Every metric can judge the task and the values of the target."""
    task, low = subject.spec.task.kind, subject.target.minimum
    for field, identifier in _chosen_metrics(subject):
        metric = metrics.find(identifier)
        if _fits_task(subject, metric):
            continue
        remedy = _remove_metrics_remedy(subject, field, lambda item: _fits_task(subject, item))
        if metric is None:
            message = f"There is no metric {identifier[:40]}."
            yield error("validation", field, "metric_unknown", message, remedy)
        elif task not in metric.tasks:
            what = "classes" if task.is_classification else "numbers"
            message = f"{metric.title} cannot score {what}."
            yield error("validation", field, "metric_unfit", message, remedy)
        else:
            message = f"{metric.title} needs values of zero or more; {subject.target.name[:60]} goes down to {low:g}."
            yield error("validation", field, "metric_needs_positive", message, remedy)


def _chosen_metrics(subject: CheckContext) -> Iterator[tuple[str, str]]:
    """Yield the metrics of a config, each with the field where it was chosen."""
    yield "primary_metric", subject.spec.metrics.primary
    yield from (("other_metrics", identifier) for identifier in subject.spec.metrics.others)


def _fits_task(subject: CheckContext, metric: metrics.Metric | None) -> bool:
    low = subject.target.minimum
    below_zero = isinstance(low, int | float) and low < 0
    known = metric is not None and subject.spec.task.kind in metric.tasks
    return known and not (metric is not None and metric.needs_non_negative and below_zero)


def metrics_can_be_computed(subject: CheckContext) -> Iterator[Problem]:
    """No metric reads probabilities that the estimator does not give, or divides by what may be zero."""
    gives = _gives_probabilities(subject)
    for field, identifier in _chosen_metrics(subject):
        metric = metrics.find(identifier)
        if metric is None or subject.spec.task.kind not in metric.tasks:
            continue
        if metric.needs_probability and not gives:
            message = f"{metric.title} needs probabilities, which this estimator does not give."
            severity = error if field == "primary_metric" else warning
            remedy = _remove_metrics_remedy(subject, field, lambda item: item is None or not item.needs_probability)
            yield severity("validation", field, "metric_needs_probabilities", message, remedy)
        if metric.id == "mape" and subject.target.minimum == 0:
            message = (
                f"{metric.title} divides by what was observed; rows where {subject.target.name[:60]} is 0 are left out."
            )
            remedy = _remove_metrics_remedy(subject, field, lambda element: element is None or element.id != "mape")
            yield notice("validation", field, "metric_divides_by_zero", message, remedy)


def _gives_probabilities(subject: CheckContext) -> bool:
    try:
        return registry.get(subject.spec.model.estimator).probabilities
    except KeyError:
        return True


def _remove_metrics_remedy(subject: CheckContext, field: str, stays: Callable[[metrics.Metric | None], bool]) -> Remedy:
    """Return the remedy that takes metrics out: one that suits any target of the task decides."""
    if field == "primary_metric":
        fitting = metrics.metrics_for_task(subject.spec.task.kind)[0]
        return Remedy(f"Use {fitting.title}", {"validation": {field: fitting.id}})
    others = subject.spec.metrics.others
    left = [identifier for identifier in others if stays(metrics.find(identifier))]
    out = [identifier for identifier in others if identifier not in left]
    metric = metrics.find(out[0])
    label = f"Leave out {out[0][:40] if metric is None else metric.title}" if len(out) == 1 else "Leave them out"
    return Remedy(label, {"validation": {field: left}})
