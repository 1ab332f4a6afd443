"""The optimism of choosing a winner: by how much its fold score is better than it will be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from app.domain.contest.leaderboard import Contender
from app.domain.contest.race import mean_score, place_of
from app.domain.contest.summary import ChoiceOptimism
from app.domain.text.numbers import format_score
from app.domain.training.comparison import LEVEL
from app.domain.training.validation.metrics import Metric

MIN_FOLDS = 2


def choice_optimism(metric: Metric, contenders: Sequence[Contender], winner: str) -> ChoiceOptimism:
    """Return by how much the fold score of the winner is too good because it was chosen by it.

    For each fold the best on the other folds is chosen, and judged on that fold, which had no part in the choice: what
    the winner scores above that on average is luck of the choice. The interval is that of the mean over the folds.

    Parameters
    ----------
    metric
        What decides.
    contenders
        All entries that were judged on every fold, the winner among them.
    winner
        Its key.

    References
    ----------
    Cawley, G. and Talbot, N. (2010), On over-fitting in model selection and subsequent selection bias in performance
    evaluation, Journal of Machine Learning Research 11, 2079-2107, for the outer loop around a choice.
    """
    chosen = next(contender for contender in contenders if contender.key == winner)
    folds = len(chosen.scores)
    losses = [
        metric.loss(mine, honest)
        for fold in range(folds if folds >= MIN_FOLDS else 0)
        if (mine := chosen.scores[fold][metric.id]) is not None
        and (honest := _best_on_others(metric, contenders, fold).scores[fold][metric.id]) is not None
    ]
    count = len(contenders)
    if len(losses) < MIN_FOLDS or count < MIN_FOLDS:
        return ChoiceOptimism(candidates=count, metric=metric.id, amount=None, sentence="")
    amount, low, high = _interval(losses)
    sentence = _sentence(metric, count, amount, low, high)
    return ChoiceOptimism(candidates=count, metric=metric.id, amount=amount, low=low, high=high, sentence=sentence)


def _best_on_others(metric: Metric, contenders: Sequence[Contender], fold: int) -> Contender:
    def place(contender: Contender) -> float:
        others = [item[metric.id] for number, item in enumerate(contender.scores) if number != fold]
        score = mean_score(metric, others)
        return math.inf if score is None else place_of(metric, score)

    return min(contenders, key=place)


def _interval(losses: Sequence[float]) -> tuple[float, float, float]:
    from scipy.stats import t

    mean, count = float(np.mean(losses)), len(losses)
    spread = float(np.std(losses, ddof=1)) / math.sqrt(count) * float(t.ppf((1 + LEVEL) / 2, count - 1))
    return mean, mean - spread, mean + spread


def _sentence(metric: Metric, count: int, amount: float, low: float, high: float) -> str:
    digits = 3 if abs(amount) < 1 else 2
    if amount <= 0 or format_score(amount, digits) == format_score(0.0, digits):
        return f"Choosing among {count} does not measurably flatter the fold score of the winner."
    ends = f"{format_score(low, digits)} to {format_score(high, digits)}"
    return (
        f"Choosing the best of {count} flatters its fold score by about {format_score(amount, digits)} {metric.title} "
        f"(90 % interval {ends})."
    )
