"""Early stopping of candidates in a contest, by their scores on finished folds and never by time.

The rule looks at whole rounds (every candidate on the same folds), so it ends the same candidates in whichever order
the folds were fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.training.comparison import JudgedPart, compare
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.metrics import Metric
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold

# Fewer folds than these tell too little.
MIN_FOLDS = 3
# A candidate with this share of the leader's lead over the baseline may still help a blend.
HOPELESS_SHARE = 0.5
RULE = (
    f"After {MIN_FOLDS} folds or more, a candidate is ended early when it is worse than the leader on every fold, "
    "the 90 % interval of their difference lies below zero, "
    "and it has less than half of the leader's lead over the strongest baseline."
)


@dataclass(frozen=True)
class RaceStanding:
    """A candidate after some folds: its primary score and its predictions on each of them."""

    scores: tuple[float | None, ...]
    predictions: tuple[Predictions, ...]


def _known_means(metric: Metric, standings: Mapping[int, RaceStanding]) -> dict[int, float]:
    means = {number: mean_score(metric, standing.scores) for number, standing in standings.items()}
    return {number: mean for number, mean in means.items() if mean is not None}


def hopeless_candidates(
    metric: Metric,
    table: TrainingTable,
    folds: Sequence[Fold],
    standings: Mapping[int, RaceStanding],
    *,
    baseline: float | None,
    by_group: bool,
    seed: int,
) -> tuple[int, ...]:
    """Return the candidates that are to be ended after some folds, by their number.

    Parameters
    ----------
    metric, table, folds
        What decides, what was trained on, and the folds that every candidate was judged on.
    standings
        The candidates still in the race.
    baseline
        The mean score of the strongest baseline on these folds.
    by_group, seed
        Whether whole groups were held out, and the seed of the resampling.
    """
    means = _known_means(metric, standings)
    if len(folds) < MIN_FOLDS or not means or baseline is None:
        return ()
    leader = min(means, key=lambda number: (place_of(metric, means[number]), number))
    lead = metric.loss(means[leader], baseline)
    if lead <= 0:
        return ()
    return tuple(
        number
        for number, mean in means.items()
        if number != leader
        and metric.loss(mean, baseline) < HOPELESS_SHARE * lead
        and _always_worse(metric, standings[number], standings[leader])
        and _surely_worse(metric, table, folds, standings[number], standings[leader], by_group=by_group, seed=seed)
    )


def mean_score(metric: Metric, scores: Sequence[float | None]) -> float | None:
    """Return the mean over folds that decides, None where the metric is defined on none of them."""
    known = [abs(score) if metric.signed else score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def place_of(metric: Metric, score: float) -> float:
    """Return a number that is smaller the better a score is."""
    if metric.signed:
        return abs(score)
    return -score if metric.greater_is_better else score


def _always_worse(metric: Metric, standing: RaceStanding, leader: RaceStanding) -> bool:
    pairs = zip(standing.scores, leader.scores, strict=True)
    return all(mine is not None and best is not None and metric.better(best, mine) for mine, best in pairs)


def _surely_worse(
    metric: Metric,
    table: TrainingTable,
    folds: Sequence[Fold],
    standing: RaceStanding,
    leader: RaceStanding,
    *,
    by_group: bool,
    seed: int,
) -> bool:
    judged = [
        JudgedPart(fold.validation, mine, best)
        for fold, mine, best in zip(folds, standing.predictions, leader.predictions, strict=True)
    ]
    result = compare(metric, table, judged, by_group=by_group, seed=seed)
    return result is not None and result.high is not None and result.high < 0
