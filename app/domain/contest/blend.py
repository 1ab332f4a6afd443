"""The blend: a weighted average of candidates, its weights from predictions that no member was trained on.

Greedy ensemble selection with replacement, bagged over stretches of rows so that luck on some rows does not decide:
Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004), Ensemble selection from libraries of models, ICML.
A fold's rows have no part in the weights that judge the blend on that fold, so its score is honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation import scoring
from app.domain.training.validation.metrics import Metric
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold

Floats = NDArray[np.float64]
# Each bag adds so many members, one at a time, and keeps the best of the averages on the way.
STEPS, BAGS = 30, 20
# Rows are drawn in stretches of neighbours, so many of each fold.
STRETCHES = 25
# A smaller share than this changes no prediction that matters, and costs a model to keep and to ask.
MIN_WEIGHT = 0.02
# Of more rows than these, as many are drawn to find weights of classes.
MAX_ROWS = 20_000
# Metrics that weigh every class alike, so that the weights of the blend do too.
BY_CLASS = frozenset({"balanced_accuracy", "f1_macro", "recall_macro", "precision_macro"})
# Metrics that divide squared errors by the spread of what was observed in each fold.
BY_SPREAD = frozenset({"nse", "r2", "rsr", "kge_2009", "kge_2012", "log_nse"})


@dataclass(frozen=True)
class MemberErrors:
    """What each member did on the rows of one fold, shape (rows, members).

    Of numbers these are errors, of classes the probabilities of the class observed; `weights` has shape (rows,).
    """

    values: Floats
    weights: Floats


def can_blend(predictions: Sequence[Predictions], *, classes: bool) -> bool:
    """Return whether a candidate's predictions can be averaged: numbers, or probabilities of classes."""
    return not classes or all(
        prediction.scores is not None and prediction.are_probabilities for prediction in predictions
    )


def errors_on(metric: Metric, table: TrainingTable, fold: Fold, members: Sequence[Predictions]) -> MemberErrors:
    """Return the errors of each member on the validation rows of a fold."""
    observed = table.target[fold.validation]
    if not table.labels:
        values = np.column_stack([member.values - observed for member in members]).astype(np.float64)
        spread = float(np.var(observed)) if metric.id in BY_SPREAD else 1.0
        return MemberErrors(values, np.full(len(observed), 1.0 / (spread or 1.0)))
    rows = np.arange(len(observed))
    by_class = metric.id in BY_CLASS
    shares = [
        score / np.maximum(score.sum(axis=1, keepdims=True), 1e-12)
        for score in (_deciding(member) if by_class else member.scores for member in _with_scores(members))
    ]
    values = np.column_stack([share[rows, observed] for share in shares])
    counts = np.bincount(observed, minlength=len(table.labels))
    weights = 1.0 / counts[observed] if by_class else np.ones(len(observed))
    return MemberErrors(values, weights * len(observed) / weights.sum())


def _deciding(member: Predictions) -> Floats:
    """Return the scores by which a member decides."""
    assert member.scores is not None  # noqa: S101  # Whoever has none cannot be blended.
    return scoring.decision_scores(member.scores, member.class_shares)


def _with_scores(members: Sequence[Predictions]) -> list[Any]:
    return list(members)


def find_weights(errors: Sequence[MemberErrors], *, classes: bool, seed: int) -> Floats:
    """Return the weight of each member, shape (members,), which add up to one.

    Parameters
    ----------
    errors
        What the members did, fold by fold.
    classes
        Whether they predict classes: the loss is then the logarithm of the probability of the class observed, else the
        squared error.
    seed
        Of the bags.
    """
    random = np.random.default_rng(seed)
    loss = _ClassLoss(errors, random) if classes else _SquaredLoss(errors)
    total = np.zeros(errors[0].values.shape[1])
    for _ in range(BAGS):
        drawn = np.bincount(random.integers(0, loss.stretches, size=loss.stretches), minlength=loss.stretches)
        total += _greedy(loss, drawn.astype(np.float64))
    weights = total / total.sum()
    weights[weights < MIN_WEIGHT] = 0.0
    return np.asarray(np.round(weights / weights.sum(), 6), dtype=float)


def _greedy(loss: _SquaredLoss | _ClassLoss, drawn: Floats) -> Floats:
    """Return the shares of the best average on the way of one bag."""
    loss.draw(drawn)
    counts = np.zeros(loss.members)
    best, best_loss = counts, np.inf
    for _ in range(STEPS):
        losses = loss.with_one_more(counts)
        chosen = int(np.argmin(losses))
        counts = counts.copy()
        counts[chosen] += 1
        # Rounding alone never makes an average longer.
        if losses[chosen] < best_loss * (1 - 1e-9) - 1e-15:
            best, best_loss = counts, float(losses[chosen])
    return np.asarray(best / best.sum())


def _stretch_of(errors: Sequence[MemberErrors]) -> NDArray[np.intp]:
    """Return the stretch that each row belongs to, fold after fold."""
    places, first = [], 0
    for error in errors:
        count = min(STRETCHES, len(error.values))
        places.append(first + np.arange(len(error.values)) * count // len(error.values))
        first += count
    return np.concatenate(places)


class _SquaredLoss:
    """Squared errors of averages, by way of the products of errors summed over stretches of rows."""

    def __init__(self, errors: Sequence[MemberErrors]) -> None:
        stretch = _stretch_of(errors)
        values = np.concatenate([error.values for error in errors])
        weighted = values * np.concatenate([error.weights for error in errors])[:, None]
        self.stretches, self.members = int(stretch.max()) + 1, values.shape[1]
        starts = np.searchsorted(stretch, np.arange(self.stretches))
        ends = np.append(starts[1:], len(stretch))
        pairs = zip(starts, ends, strict=True)
        self.products = np.stack([weighted[start:end].T @ values[start:end] for start, end in pairs])

    def draw(self, drawn: Floats) -> None:
        """Take each stretch as often as it was drawn."""
        self.sum = np.tensordot(drawn, self.products, axes=1)

    def with_one_more(self, counts: Floats) -> Floats:
        """Return the loss of each average that has one more of a member."""
        crossed = self.sum @ counts
        size = counts.sum() + 1
        return np.asarray((counts @ crossed + 2 * crossed + np.diag(self.sum)) / size**2)


class _ClassLoss:
    """Logarithms of the probabilities that averages give the class observed."""

    def __init__(self, errors: Sequence[MemberErrors], random: np.random.Generator) -> None:
        stretch = _stretch_of(errors)
        values = np.concatenate([error.values for error in errors])
        weights = np.concatenate([error.weights for error in errors])
        if len(values) > MAX_ROWS:
            kept = np.sort(random.choice(len(values), MAX_ROWS, replace=False))
            stretch, values, weights = stretch[kept], values[kept], weights[kept]
        self.stretches, self.members = int(stretch.max()) + 1, values.shape[1]
        self.stretch, self.values, self.weights = stretch, values, weights

    def draw(self, drawn: Floats) -> None:
        """Take each stretch as often as it was drawn."""
        times = drawn[self.stretch] * self.weights
        there = times > 0
        self.drawn, self.times = self.values[there], times[there]

    def with_one_more(self, counts: Floats) -> Floats:
        """Return the loss of each average that has one more of a member."""
        average = ((self.drawn @ counts)[:, None] + self.drawn) / (counts.sum() + 1)
        return np.asarray(-(self.times @ np.log(np.maximum(average, 1e-15))) / self.times.sum())


def average(members: Sequence[Predictions], weights: Floats, *, classes: bool) -> Predictions:
    """Return the weighted average of predictions of the same rows; the class that their average decides."""
    if not classes:
        return Predictions(
            np.asarray(sum(w * member.values for w, member in zip(weights, members, strict=True)), float)
        )
    shares = np.asarray(sum(w * score.scores for w, score in zip(weights, _with_scores(members), strict=True)), float)
    deciding = shares
    if any(member.class_shares is not None for member in members):
        deciding = np.asarray(sum(w * _deciding(member) for w, member in zip(weights, members, strict=True)), float)
    return Predictions(np.argmax(deciding, axis=1), shares, are_probabilities=True)


@dataclass(frozen=True)
class NestedBlend:
    """The blend on every fold, each with weights from the other folds, and the weights from all of them."""

    weights: Floats
    predictions: tuple[Predictions, ...]
    weights_by_fold: tuple[Floats, ...]


def blend_folds(
    metric: Metric,
    table: TrainingTable,
    folds: Sequence[Fold],
    members: Sequence[Sequence[Predictions]],
    *,
    seed: int,
) -> NestedBlend:
    """Blend candidates on every fold with weights that the fold has no part in.

    Parameters
    ----------
    metric, table, folds
        What decides, what was trained on, and its folds; two at least.
    members
        The predictions of each member, fold by fold.
    seed
        Of the experiment.
    """
    classes = bool(table.labels)
    errors = [errors_on(metric, table, fold, [member[k] for member in members]) for k, fold in enumerate(folds)]
    by_fold, predictions = [], []
    for k in range(len(folds)):
        others = [error for place, error in enumerate(errors) if place != k]
        weights = find_weights(others, classes=classes, seed=seed + 1 + k)
        by_fold.append(weights)
        predictions.append(average([member[k] for member in members], weights, classes=classes))
    return NestedBlend(find_weights(errors, classes=classes, seed=seed), tuple(predictions), tuple(by_fold))


class BlendedModel:
    """Fitted pipelines and their shares, asked like one pipeline.

    Parameters
    ----------
    pipelines, weights
        The members and their shares.
    classes
        How many classes the target has, 0 for numbers.
    """

    def __init__(self, pipelines: Sequence[Any], weights: Sequence[float], *, classes: int) -> None:
        self.pipelines = tuple(pipelines)
        self.weights = tuple(weights)
        self.classes_ = np.arange(classes)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the average of numbers, or the code of the likeliest class."""
        return self._average(X).values

    def predict_proba(self, X: Any) -> Floats:
        """Return the average of the probabilities, shape (rows, classes)."""
        scores = self._average(X).scores
        if scores is None:
            raise AttributeError("numbers have no probabilities")
        return scores

    def _average(self, X: Any) -> Predictions:
        from app.domain.training.validation.scoring import predict

        count = len(self.classes_)
        members = [predict(pipeline, X, classes=count) for pipeline in self.pipelines]
        return average(members, np.asarray(self.weights), classes=bool(count))
