"""Sizes of folds in rows, moments and groups, as far as a profile tells."""

from __future__ import annotations

from math import ceil, floor, sqrt

from app.domain.checks.check_context import CheckContext
from app.domain.training.validation.holdout_share import span_of
from app.domain.training.validation.splitting import fewest_left
from app.domain.vocabulary import SplitStrategy

# So many standard deviations below the expected, hardly any draw falls.
Z_SCORE = 3.0
# So many rows of each class can be cut in their shares.
MIN_STRATIFIED = 2
# With so many rows besides the commonest class, all of them land in one of five random folds once in 600 splits.
MIN_MINORITY_ROWS = 5
# What is as rare as that is not reckoned with.
SELDOM = 0.005


def whole_parameter(subject: CheckContext, name: str) -> int:
    """Return a parameter of the strategy, its default where the config's is out of bounds, 0 where it has none."""
    return int(decimal_parameter(subject, name))


def decimal_parameter(subject: CheckContext, name: str) -> float:
    """Return a parameter as `whole_parameter` does, and its decimals too."""
    parameter = subject.strategy.parameter(name)
    if parameter is None:
        return 0.0
    try:
        return float(parameter.parse(subject.spec.validation.parameters.get(name, parameter.default)))
    except ValueError:
        return float(parameter.default)


def development_rows(subject: CheckContext) -> int:
    """Return how many rows the folds share."""
    return subject.rows - round(subject.rows * subject.holdout.lost)


def fewest_kept(subject: CheckContext, count: int) -> int:
    """Return how many of `count` rows of a class the folds keep at least, when rows are held out.

    A hold-out at the end of time is not stratified: what it takes of a class is taken for a draw.
    """
    share = subject.holdout.lost
    if share and subject.spec.task.time_column is not None:
        return max(0, floor(count * (1 - share) - Z_SCORE * sqrt(count * share * (1 - share))))
    return fewest_left(count, subject.rows, share)


def keeps_shares(subject: CheckContext) -> bool:
    """Return whether the cut gives every part its share of each class, as far as the rarest one allows."""
    counts, strategy = subject.class_counts, subject.strategy.id
    rarest = min(counts, default=0)
    if strategy is SplitStrategy.REPEATED_K_FOLD:
        return fewest_kept(subject, rarest) >= whole_parameter(subject, "n_splits")
    in_order = strategy is SplitStrategy.HOLDOUT and subject.spec.task.time_column is not None
    return (
        strategy in (SplitStrategy.STRATIFIED_K_FOLD, SplitStrategy.HOLDOUT)
        and rarest >= MIN_STRATIFIED
        and not in_order
    )


def fewest_besides(subject: CheckContext, *, cuts: int = 1) -> int:
    """Return how many rows that are not of the commonest class train the smallest fold at least.

    After two cuts they train the smallest fold within it, where a hold-out is cut like the one around it.
    """
    counts = subject.class_counts
    besides = sum(counts) - max(counts, default=0)
    alone = subject.strategy.id is SplitStrategy.HOLDOUT
    left, rows = (besides, subject.rows) if alone else (fewest_kept(subject, besides), development_rows(subject))
    share = min(max(fewest_training_rows(subject) / max(rows, 1), 0.0), 1.0)
    for _ in range(cuts):
        spread = 0.0 if keeps_shares(subject) else Z_SCORE * sqrt(left * share * (1 - share))
        left = max(0, floor(left * share - spread))
    return left


def groups_of(subject: CheckContext) -> int | None:
    """Return how many groups there are, None without a group column."""
    column = subject.spec.task.group_column
    if column is None:
        return None
    # Rows without a group form one of their own.
    known = subject.profile.column(column)
    return known.distinct + (known.missing > 0)


def fewest_groups(subject: CheckContext) -> int | None:
    """Return how many groups surely have rows with a target, None without a group column.

    Where the target is missing on a share of the rows, a small group may lose all of its rows.
    """
    groups, column = groups_of(subject), subject.spec.task.group_column
    share = subject.target.missing / max(subject.profile.rows, 1)
    if groups is None or column is None or not share:
        return groups
    known = subject.profile.column(column)
    counts = [*(count for _, count in known.top_values), *([known.missing] if known.missing else [])]
    if len(counts) == groups:
        return sum(bool(share**count < SELDOM) for count in counts)
    lost = float(share ** (subject.profile.rows / max(groups, 1)))
    return max(0, floor(groups * (1 - lost) - Z_SCORE * sqrt(groups * lost * (1 - lost))))


def moments_of(subject: CheckContext) -> int:
    """Return about how many moments have a target; with several sites, as many as their share of rows has one."""
    column = subject.spec.task.time_column
    if column is None:
        return subject.rows
    known = subject.profile.column(column)
    rows = max(subject.profile.rows - known.missing, 1)
    return min(subject.rows, round(known.distinct * min(subject.rows / rows, 1)))


def first_moments(subject: CheckContext, gap: int) -> int:
    """Return how many moments train the first fold of a split forward in time, less than 2 where it cannot be cut.

    The gap stands before a hold-out too.
    """
    share, folds, moments = subject.holdout, max(whole_parameter(subject, "n_splits"), 1), moments_of(subject)
    if share.later:
        moments -= max(1, round(moments * share.later)) + gap
    moments -= round(moments * share.warm_up)
    years, size = water_years_of(subject), moments // (folds + 1)
    if years is not None:
        if not fits_years(subject, years):
            return 0
        return moments * (years - folds * (years // (folds + 1))) // years - gap
    return moments - folds * size - gap if size >= 1 else 0


def water_years_of(subject: CheckContext) -> int | None:
    """Return about how many water years the folds share, None where folds do not begin with one.

    Where the target is missing on a share of the rows, as large a share of the years may have none.
    """
    span = span_of(subject.profile, subject.spec.task.time_column)
    if subject.spec.validation.parameters.get("align") != "water_year" or not subject.strategy.needs_time or not span:
        return None
    month, length = whole_parameter(subject, "start_month"), span.end - span.start
    first, last = span.start + length * subject.holdout.warm_up, span.end - length * subject.holdout.later
    years = last.year - first.year + (last.month >= month) - (first.month >= month) + 1
    return floor(years * subject.rows / max(subject.profile.rows, 1))


def fits_years(subject: CheckContext, years: int) -> bool:
    """Return whether each fold can have a water year, and one more trains the first."""
    return years > max(whole_parameter(subject, "n_splits"), 1)


def leaves_rows(subject: CheckContext, gap: int) -> bool:
    """Return whether a gap leaves rows to train the first fold."""
    return first_moments(subject, gap) >= 2


def fewest_training_rows(subject: CheckContext) -> int:
    """Return about how many rows train the smallest fold, 0 where no fold can be cut."""
    strategy, rows, folds = subject.strategy.id, development_rows(subject), max(whole_parameter(subject, "n_splits"), 2)
    if strategy is SplitStrategy.HOLDOUT:
        return subject.rows - max(1, round(subject.rows * decimal_parameter(subject, "percent") / 100))
    if strategy is SplitStrategy.GROUP_TIME_SERIES:
        moments, besides = max(moments_of(subject), 1), rows - max(largest_group(subject), ceil(rows / folds))
        return max(0, first_moments(subject, whole_parameter(subject, "gap"))) * besides // moments
    if strategy is SplitStrategy.MASKED_BLOCKS:
        return rows - ceil(rows * decimal_parameter(subject, "share"))
    if subject.strategy.needs_group:
        share = 0 if strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT else ceil(rows / folds)
        return rows - max(largest_group(subject), share)
    if strategy is SplitStrategy.TIME_SERIES:
        moments = max(moments_of(subject), 1)
        return max(0, first_moments(subject, whole_parameter(subject, "gap"))) * subject.rows // moments
    return rows - ceil(rows / folds)


def largest_group(subject: CheckContext) -> int:
    """Return how many rows the largest group has, 0 without a group column or where the profile lists no values."""
    column = subject.spec.task.group_column
    if column is None:
        return 0
    # Rows without a group form one of their own.
    known = subject.profile.column(column)
    return max(known.missing, *(count for _, count in known.top_values), 0)
