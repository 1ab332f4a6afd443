"""Suggested split strategy, folds, hold-out and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.text.words import pluralise
from app.domain.training.validation.holdout_share import TimeSpan
from app.domain.training.validation.splitting import MAX_GAP_SHARE, fewest_left, get, longest_gap
from app.domain.vocabulary import Purpose, SplitStrategy, TaskKind

SMALL = 200
# Up to so many sites each is judged alone; more would take as many fits.
MAX_SITES_APART = 10
MIN_GROUPS_HELD_OUT = 10

NO_GAP = "No feature looks back at the target, so no gap is needed."


@dataclass(frozen=True)
class ValidationContext:
    """What the suggestion may look at. `memory` is how many steps back features look at the target; of a
    config without a purpose, at anything.

    `moments` are the distinct times of the rows, and `span` their first and last where they are dates. Water years
    begin in `month`. `horizon` is how many steps ahead a forecast looks, 0 for any other purpose. `warm_up` is how
    many steps pass before the windows of the suggested features are full.
    """

    task: TaskKind
    rows: int
    ordered: bool
    groups: int
    rarest_class: int
    memory: int
    moments: int = 0
    span: TimeSpan | None = None
    month: int = 10
    purpose: Purpose | None = None
    horizon: int = 0
    warm_up: int = 0


@dataclass(frozen=True)
class Suggestion:
    """A value and why."""

    value: Any
    reason: str


def suggest_strategy(situation: ValidationContext) -> Suggestion:
    """Return the strategy that fits the purpose and the data, and why."""
    by_purpose = _strategy_of_purpose(situation)
    if by_purpose is not None:
        return by_purpose
    if situation.groups >= 2:
        return Suggestion(SplitStrategy.GROUP_K_FOLD, "Rows come in groups: keep each group on one side of the split.")
    if situation.ordered:
        return Suggestion(
            SplitStrategy.TIME_SERIES, "There is a time column, so validate only on what came after training."
        )
    if situation.task.is_classification and _rarest_that_trains(situation) >= 2 and situation.rows >= SMALL:
        return Suggestion(SplitStrategy.STRATIFIED_K_FOLD, "Classes: every fold keeps their shares.")
    if situation.rows < SMALL:
        return Suggestion(SplitStrategy.REPEATED_K_FOLD, f"{situation.rows:,} rows: repeating gives a steadier score.")
    return Suggestion(SplitStrategy.K_FOLD, "Rows are independent: each validates once.")


def _strategy_of_purpose(situation: ValidationContext) -> Suggestion | None:
    """Suggest the split that the purpose asks for, None where the data alone decide."""
    if situation.purpose in (Purpose.SIMULATE, Purpose.FORECAST) and situation.ordered:
        reason = "There is a time column, so validate only on what came after training."
        if situation.groups >= 2:
            reason = "The same sites in later years: validate only on what came after training."
        return Suggestion(SplitStrategy.TIME_SERIES, reason)
    if situation.purpose is Purpose.FILL_GAPS and situation.ordered and not situation.task.is_classification:
        return Suggestion(SplitStrategy.MASKED_BLOCKS, "Gaps are to be filled: blocks like them validate.")
    if situation.purpose is Purpose.UNGAUGED and situation.groups >= 2:
        reason = f"A site never gauged: each of {situation.groups:,} sites validates once, and the others train."
        if situation.groups <= MAX_SITES_APART:
            return Suggestion(SplitStrategy.LEAVE_ONE_GROUP_OUT, reason)
        return Suggestion(SplitStrategy.GROUP_K_FOLD, "A site never gauged: whole sites are kept apart.")
    return None


def _rarest_that_trains(situation: ValidationContext) -> int:
    """Return how many rows of the rarest class the folds can share once the suggested hold-out is taken."""
    current = float(suggest_holdout_percent(situation, SplitStrategy.STRATIFIED_K_FOLD).value) / 100
    return fewest_left(situation.rarest_class, situation.rows, current)


def suggest_folds(situation: ValidationContext, strategy: SplitStrategy) -> Suggestion:
    """Return the number of folds, never more than the rarest class or the groups allow."""
    folds = 5
    if strategy is SplitStrategy.STRATIFIED_K_FOLD:
        folds = max(2, min(5, _rarest_that_trains(situation)))
        return Suggestion(folds, f"The rarest class has {situation.rarest_class:,} rows." if folds < 5 else "")
    if strategy in (SplitStrategy.GROUP_K_FOLD, SplitStrategy.GROUP_TIME_SERIES):
        folds = max(2, min(5, situation.groups))
    if strategy in (SplitStrategy.K_FOLD, SplitStrategy.REPEATED_K_FOLD):
        folds = max(2, min(5, situation.rows))
    return Suggestion(folds, "")


def suggest_gap(situation: ValidationContext) -> Suggestion:
    """Return the steps left out between training and judging: how far features look back at the target, within reason.

    In a forecast they are at least as many as it looks ahead.
    """
    gap = min(situation.memory, longest_gap(situation.moments or situation.rows))
    if gap < situation.horizon:
        ahead = pluralise(situation.horizon, "step")
        return Suggestion(situation.horizon, f"The forecast looks {ahead} ahead, and the gap is no shorter.")
    if situation.memory == 0:
        return Suggestion(0, NO_GAP if situation.purpose else "No derived feature looks back.")
    who = "Features of the target" if situation.purpose else "The derived features"
    if gap < situation.memory:
        return Suggestion(
            gap,
            f"{who} look back {situation.memory:,} steps; a gap of {MAX_GAP_SHARE:.0%} of the rows is kept.".replace(
                "%", " %"
            ),
        )
    return Suggestion(gap, f"{who} look back {situation.memory:,} steps; with this gap, no window overlaps.")


def suggest_holdout_percent(situation: ValidationContext, strategy: SplitStrategy) -> Suggestion:
    """Return the per cent of rows kept for the very last score."""
    if strategy is SplitStrategy.HOLDOUT:
        return Suggestion("0", "The strategy itself holds rows out.")
    if situation.purpose is Purpose.FILL_GAPS:
        return Suggestion("0", "Rows at the end have known values on one side only, so they are no gap.")
    if get(strategy).needs_group and situation.groups < MIN_GROUPS_HELD_OUT:
        return Suggestion("0", f"{situation.groups} groups are too few to keep some away.")
    if situation.rows < SMALL:
        return Suggestion("0", f"{situation.rows:,} rows are too few to keep some away.")
    return Suggestion("20", "One in five rows is kept for the final score.")


def suggest_date(situation: ValidationContext) -> Suggestion:
    """Return the day from which about one in five rows is held out, "" where there are no dates."""
    if situation.span is None:
        return Suggestion("", "")
    record = f"The record goes from {situation.span.start.date()} to {situation.span.end.date()}."
    return Suggestion(situation.span.later_day(), record)


def suggest_metrics(situation: ValidationContext) -> tuple[str, list[str], str]:
    """Return the primary metric, the others, and why."""
    if situation.task is TaskKind.BINARY:
        return (
            "balanced_accuracy",
            ["roc_auc", "average_precision", "f1"],
            "Both classes count alike, however rare one is.",
        )
    if situation.task is TaskKind.MULTICLASS:
        return "balanced_accuracy", ["f1_macro", "accuracy", "roc_auc"], "Every class counts alike, however rare it is."
    if situation.ordered:
        return (
            "nse",
            ["kge_2012", "rmse", "pbias"],
            "The customary measure for a time series.",
        )
    return "r2", ["rmse", "mae"], "The share of the variation that is explained."
