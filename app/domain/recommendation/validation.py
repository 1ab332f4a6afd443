"""How to judge: the strategy, the rows held out, and the metrics that the data ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.training.validation.splitting import MAX_GAP_SHARE, fewest_left, longest_gap
from app.domain.vocabulary import SplitStrategy, TaskKind

SMALL = 200


@dataclass(frozen=True)
class ValidationContext:
    """What the suggestion may look at. `memory` is how many steps back the derived features look."""

    task: TaskKind
    rows: int
    ordered: bool
    groups: int
    rarest_class: int
    memory: int


@dataclass(frozen=True)
class Suggestion:
    """A value and why."""

    value: Any
    reason: str


def suggest_strategy(situation: ValidationContext) -> Suggestion:
    """Return the strategy that fits the data, and why."""
    if situation.groups >= 2:
        return Suggestion(SplitStrategy.GROUP_K_FOLD, "Rows come in groups: keep each group on one side of the split.")
    if situation.ordered:
        return Suggestion(
            SplitStrategy.TIME_SERIES, "There is a time column: validate only on what came after training."
        )
    if situation.task.is_classification and _rarest_that_trains(situation) >= 2 and situation.rows >= SMALL:
        return Suggestion(SplitStrategy.STRATIFIED_K_FOLD, "Classes: every fold keeps their shares.")
    if situation.rows < SMALL:
        return Suggestion(
            SplitStrategy.REPEATED_K_FOLD, f"{situation.rows:,} rows: repeats steady a score that luck would move."
        )
    return Suggestion(SplitStrategy.K_FOLD, "Rows are independent: each validates once.")


def _rarest_that_trains(situation: ValidationContext) -> int:
    """Return how many rows of the rarest class the folds can share once the suggested hold-out is taken."""
    held = float(suggest_holdout_percent(situation, SplitStrategy.STRATIFIED_K_FOLD).value) / 100
    return fewest_left(situation.rarest_class, situation.rows, held)


def suggest_folds(situation: ValidationContext, strategy: SplitStrategy) -> Suggestion:
    """Return the number of folds, never more than the rarest class or the groups allow."""
    folds = 5
    if strategy is SplitStrategy.STRATIFIED_K_FOLD:
        folds = max(2, min(5, _rarest_that_trains(situation)))
        return Suggestion(folds, f"The rarest class has {situation.rarest_class:,} rows." if folds < 5 else "")
    if strategy is SplitStrategy.GROUP_K_FOLD:
        folds = max(2, min(5, situation.groups))
    if strategy in (SplitStrategy.K_FOLD, SplitStrategy.REPEATED_K_FOLD):
        folds = max(2, min(5, situation.rows))
    return Suggestion(folds, "")


def suggest_gap(situation: ValidationContext) -> Suggestion:
    """Return the steps left out between training and judging: the reach of the derived features, within reason."""
    gap = min(situation.memory, longest_gap(situation.rows))
    if situation.memory == 0:
        return Suggestion(0, "No derived feature looks back.")
    if gap < situation.memory:
        return Suggestion(
            gap,
            f"The derived features look back {situation.memory:,} steps; "
            f"a gap of {MAX_GAP_SHARE:.0%} of the rows is kept.".replace("%", " %"),
        )
    return Suggestion(
        gap, f"The derived features look back {situation.memory:,} steps; with this gap, no window overlaps."
    )


def suggest_holdout_percent(situation: ValidationContext, strategy: SplitStrategy) -> Suggestion:
    """Return the per cent of rows kept for the very last score."""
    if strategy is SplitStrategy.HOLDOUT:
        return Suggestion("0", "The strategy itself holds rows out.")
    if strategy in (SplitStrategy.GROUP_K_FOLD, SplitStrategy.LEAVE_ONE_GROUP_OUT) and situation.groups < 10:
        return Suggestion("0", f"{situation.groups} groups are too few to keep some away.")
    if situation.rows < SMALL:
        return Suggestion("0", f"{situation.rows:,} rows are too few to keep some away.")
    return Suggestion("20", "One in five rows is never used before the last score.")


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
            "The customary measure for a series in time: 0 is no better than the mean.",
        )
    return "r2", ["rmse", "mae"], "The share of the variation that is explained."
