"""Predictions of a pipeline or baseline, and their scores by each metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation import metrics
from app.domain.training.validation.metrics import Metric, MetricInput
from app.domain.training.validation.score_summary import ScoreSummary


@dataclass(frozen=True)
class Predictions:
    """Predictions for some rows: values (codes for classes), and scores per class where there are any.

    `class_shares` are those by which the decision divided, None where the likeliest class was decided.
    """

    values: NDArray[Any]
    scores: NDArray[np.float64] | None = None
    are_probabilities: bool = False
    class_shares: NDArray[np.float64] | None = None


def decision_scores(shares: NDArray[np.float64], class_shares: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return probabilities as if every class were as common, shape (rows, classes).

    Those that were learnt with the classes as they are become those of another mixture by the ratio of the shares
    (Elkan 2001, The foundations of cost-sensitive learning, IJCAI, theorem 2; Saerens et al. 2002, Neural Computation
    14, 21-41). A class that no training row had is never decided.

    Parameters
    ----------
    shares, class_shares
        The probabilities, and the share of each class among the training rows, or a power of it; None where the
        likeliest decides.
    """
    if class_shares is None:
        return shares
    seen = class_shares > 0
    ratios = np.where(seen, shares / np.where(seen, class_shares, 1.0), 0.0)
    return np.asarray(ratios / ratios.sum(axis=1, keepdims=True))


def finite_or_none(value: float | None) -> float | None:
    """Return the value, or None where it is not a finite number."""
    return float(value) if value is not None and math.isfinite(value) else None


def metrics_of(spec: Spec) -> tuple[Metric, ...]:
    """Return the config's metrics, the primary one first, each once."""
    wanted = dict.fromkeys([spec.metrics.primary, *spec.metrics.others])
    return tuple(dict.fromkeys(metrics.get(identifier) for identifier in wanted))


def predict(pipeline: Any, features: pd.DataFrame, *, classes: int) -> Predictions:
    """Ask a fitted pipeline about rows; class scores are spread over all classes, also those a fold never saw."""
    values = np.asarray(pipeline.predict(features))
    if not classes:
        return Predictions(values.astype(float))
    known = np.asarray(pipeline.classes_)
    if hasattr(pipeline, "predict_proba"):
        shares = _spread(np.asarray(pipeline.predict_proba(features)), known, classes)
        return Predictions(values, shares, True, getattr(pipeline, "class_shares_", None))
    raw = np.asarray(pipeline.decision_function(features))
    if raw.ndim == 1:
        raw = np.column_stack([-raw, raw])
    return Predictions(values, _spread(raw, known, classes, fill=float(raw.min()) - 1), False)


def _spread(scores: NDArray[Any], known: NDArray[Any], classes: int, *, fill: float = 0.0) -> NDArray[np.float64]:
    full = np.full((len(scores), classes), fill)
    full[:, known] = scores
    return full


def judge(
    spec: Spec, table: TrainingTable, rows: NDArray[np.intp], predictions: Predictions
) -> dict[str, float | None]:
    """Return metric id -> score on these rows; None where a metric is undefined there."""
    observed, predicted = table.target[rows], predictions.values
    if table.labels:
        names = np.asarray(table.labels, dtype=object)
        observed, predicted = names[observed], names[predicted]
    judged = MetricInput(observed, predicted, predictions.scores, table.labels, predictions.are_probabilities)
    return {metric.id: finite_or_none(metric(judged)) for metric in metrics_of(spec)}


def summarise_scores(
    folds: Iterable[Mapping[str, float | None]], holdout: Mapping[str, float | None] | None
) -> dict[str, ScoreSummary]:
    """Return metric id -> mean, standard deviation (over folds), the folds' scores, and the hold-out's.

    Errors of both signs cancel in the mean of a signed metric, so the mean of their sizes stands beside it and decides.
    """
    rows = list(folds)
    names = list(rows[0]) if rows else list(holdout or {})
    result = {}
    for name in names:
        values = [row[name] for row in rows]
        known = [value for value in values if value is not None]
        result[name] = ScoreSummary(
            mean=finite_or_none(float(np.mean(known))) if known else None,
            std=finite_or_none(float(np.std(known, ddof=1))) if len(known) > 1 else None,
            folds=tuple(values),
            holdout=holdout[name] if holdout else None,
            mean_absolute=finite_or_none(float(np.mean(np.abs(known)))) if known and metrics.get(name).signed else None,
        )
    return result
