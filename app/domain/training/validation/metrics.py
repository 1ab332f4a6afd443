"""The registry of metrics: those of scikit-learn and of hydrology."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from app.domain.hydrology import efficiency
from app.domain.vocabulary import TaskKind

REGRESSION = (TaskKind.REGRESSION,)
CLASSES = (TaskKind.BINARY, TaskKind.MULTICLASS)
Unit = Literal["target", "percent", "none"]


@dataclass(frozen=True)
class MetricInput:
    """What a metric may look at, row for row.

    `observed` and `predicted` have shape (n,): floats in the target's unit, or text labels. `scores` has shape
    (n, classes), its columns in the order of `labels`, or is None where nothing ranks the rows.
    """

    observed: Any
    predicted: Any
    scores: Any = None
    labels: Sequence[str] = ()
    are_probabilities: bool = False


@dataclass(frozen=True)
class Metric:
    """One metric. `function` may return NaN where the metric is undefined on the rows given.

    `needs` says what beside predictions it reads: a "ranking" of rows per class, or "probabilities". A `signed`
    metric is best at zero and has two sides. One that `needs_spread` is undefined where all observed values are alike.
    """

    id: str
    title: str
    tasks: tuple[TaskKind, ...]
    help: str
    function: Callable[[MetricInput], float]
    greater_is_better: bool = True
    best: float | None = 1.0
    unit_kind: Unit = "none"
    needs: Literal["predictions", "ranking", "probabilities"] = "predictions"
    needs_non_negative: bool = False
    signed: bool = False
    needs_spread: bool = False

    @property
    def needs_probability(self) -> bool:
        """Return whether the metric reads probabilities themselves, not only how rows are ranked by them."""
        return self.needs == "probabilities"

    def better(self, first: float, other: float) -> bool:
        """Return whether `first` is strictly better than `other`; of a signed metric, nearer to zero is better."""
        if self.signed:
            return abs(first) < abs(other)
        return first > other if self.greater_is_better else first < other

    def loss(self, before: float, after: float) -> float:
        """Return how much worse `after` is than `before`; where a metric is signed, farther from zero is worse."""
        if self.signed:
            return abs(after) - abs(before)
        return before - after if self.greater_is_better else after - before

    def __call__(self, judged: MetricInput) -> float:
        """Return the score, NaN where it is undefined."""
        if len(judged.observed) == 0:
            return float("nan")
        return float(self.function(judged))


def _pair_metric(function: Callable[..., float]) -> Callable[[MetricInput], float]:
    return lambda judged: function(np.asarray(judged.observed, float), np.asarray(judged.predicted, float))


def _rmse(judged: MetricInput) -> float:
    return float(np.sqrt(np.mean((judged.observed - judged.predicted) ** 2)))


def _mape(judged: MetricInput) -> float:
    usable = judged.observed != 0
    if not usable.any():
        return float("nan")
    errors = np.abs((judged.observed[usable] - judged.predicted[usable]) / judged.observed[usable])
    return 100 * float(np.mean(errors))


def _log_nse(judged: MetricInput) -> float:
    if (judged.observed < 0).any():
        return float("nan")
    return efficiency.log_nse(judged.observed, judged.predicted)


def _f1(average: str) -> Callable[[MetricInput], float]:
    def score(judged: MetricInput) -> float:
        from sklearn.metrics import f1_score

        if average == "binary":
            return float(
                f1_score(judged.observed, judged.predicted, pos_label=judged.labels[-1], zero_division=0)
                if len(judged.labels) == 2
                else np.nan
            )
        return float(
            f1_score(judged.observed, judged.predicted, average=average, labels=list(judged.labels), zero_division=0)
        )

    return score


def _balanced_accuracy(judged: MetricInput) -> float:
    recalls = [
        float(np.mean(judged.predicted[judged.observed == label] == label)) for label in np.unique(judged.observed)
    ]
    return float(np.mean(recalls))


def _matthews_correlation(judged: MetricInput) -> float:
    from sklearn.metrics import matthews_corrcoef

    # One class alone cannot go together with anything; scikit-learn says so too, with a warning.
    if len(set(judged.observed)) < 2 or len(set(judged.predicted)) < 2:
        return 0.0
    return float(matthews_corrcoef(judged.observed, judged.predicted))


def one_against_rest(judged: MetricInput) -> list[tuple[str, Any, Any]]:
    """Return (label, is this class, score of this class) for each class that is both present and absent."""
    rows = []
    for index, label in enumerate(judged.labels):
        is_class = np.asarray(judged.observed == label)
        if is_class.any() and not is_class.all() and (len(judged.labels) > 2 or index == 1):
            rows.append((label, is_class, judged.scores[:, index]))
    return rows


def _mean_over_classes(name: str) -> Callable[[MetricInput], float]:
    def score(judged: MetricInput) -> float:
        from sklearn import metrics

        if judged.scores is None:
            return float("nan")
        values = [getattr(metrics, name)(is_class, scores) for _, is_class, scores in one_against_rest(judged)]
        return float(np.mean(values)) if values else float("nan")

    return score


def _log_loss(judged: MetricInput) -> float:
    # Written out, because scikit-learn takes the columns in alphabetical order and ours put "2" before "10".
    if judged.scores is None or not judged.are_probabilities:
        return float("nan")
    place = {label: index for index, label in enumerate(judged.labels)}
    shares = judged.scores / judged.scores.sum(axis=1, keepdims=True)
    answer = shares[np.arange(len(judged.observed)), [place[label] for label in judged.observed]]
    return float(-np.mean(np.log(np.clip(answer, np.finfo(float).eps, 1))))


METRICS: tuple[Metric, ...] = (
    Metric(
        "nse",
        "NSE",
        REGRESSION,
        "Nash-Sutcliffe: 1 is perfect, 0 no better than the mean.",
        _pair_metric(efficiency.nse),
        needs_spread=True,
    ),
    Metric(
        "kge_2012",
        "KGE 2012",
        REGRESSION,
        "Kling-Gupta: timing, spread and volume in one number; a constant mean scores about −0.41.",
        _pair_metric(efficiency.kge_2012),
        needs_spread=True,
    ),
    Metric(
        "kge_2009",
        "KGE 2009",
        REGRESSION,
        "The first form of Kling-Gupta.",
        _pair_metric(efficiency.kge_2009),
        needs_spread=True,
    ),
    Metric(
        "log_nse",
        "log NSE",
        REGRESSION,
        "NSE of the logarithms: weighs low flows. Needs values of zero or more.",
        _log_nse,
        needs_non_negative=True,
        needs_spread=True,
    ),
    Metric(
        "rmse",
        "RMSE",
        REGRESSION,
        "The typical error, large errors weighing more.",
        _rmse,
        greater_is_better=False,
        best=0.0,
        unit_kind="target",
    ),
    Metric(
        "mae",
        "MAE",
        REGRESSION,
        "The mean size of the error.",
        lambda j: float(np.mean(np.abs(j.observed - j.predicted))),
        greater_is_better=False,
        best=0.0,
        unit_kind="target",
    ),
    Metric(
        "pbias",
        "PBIAS",
        REGRESSION,
        "Volume: above zero is too much, below is too little.",
        _pair_metric(efficiency.pbias),
        greater_is_better=False,
        best=0.0,
        unit_kind="percent",
        signed=True,
    ),
    Metric(
        "rsr",
        "RSR",
        REGRESSION,
        "RMSE over the spread of what was observed; 0 is perfect.",
        _pair_metric(efficiency.rsr),
        greater_is_better=False,
        best=0.0,
        needs_spread=True,
    ),
    Metric(
        "r2",
        "R²",
        REGRESSION,
        "Share of the variance explained; the same formula as NSE.",
        _pair_metric(efficiency.nse),
        needs_spread=True,
    ),
    Metric(
        "median_absolute_error",
        "Median error",
        REGRESSION,
        "Half of the errors are smaller than this.",
        lambda j: float(np.median(np.abs(j.observed - j.predicted))),
        greater_is_better=False,
        best=0.0,
        unit_kind="target",
    ),
    Metric(
        "mape",
        "MAPE",
        REGRESSION,
        "The mean error in per cent of the observed value; rows observed as 0 are left out.",
        _mape,
        greater_is_better=False,
        best=0.0,
        unit_kind="percent",
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        CLASSES,
        "The share found of each class, averaged: a rare class counts as much as a common one.",
        _balanced_accuracy,
    ),
    Metric(
        "accuracy",
        "Accuracy",
        CLASSES,
        "The share of rows that are right.",
        lambda j: float(np.mean(j.observed == j.predicted)),
    ),
    Metric(
        "f1_macro", "F1, macro", CLASSES, "Precision and recall in one number, averaged over classes.", _f1("macro")
    ),
    Metric("f1", "F1", (TaskKind.BINARY,), "Precision and recall of the second class in one number.", _f1("binary")),
    Metric(
        "roc_auc",
        "ROC AUC",
        CLASSES,
        "How well rows are ranked: 0.5 is chance.",
        _mean_over_classes("roc_auc_score"),
        needs="ranking",
    ),
    Metric(
        "average_precision",
        "Average precision",
        CLASSES,
        "Area under precision against recall: tells more than ROC when a class is rare.",
        _mean_over_classes("average_precision_score"),
        needs="ranking",
    ),
    Metric(
        "log_loss",
        "Log loss",
        CLASSES,
        "How surprised the probabilities are by what happened; smaller is better.",
        _log_loss,
        greater_is_better=False,
        best=0.0,
        needs="probabilities",
    ),
    Metric(
        "matthews_corrcoef",
        "Matthews correlation",
        CLASSES,
        "A correlation between classes: 0 is chance.",
        _matthews_correlation,
    ),
)

ALIASES = {
    "neg_root_mean_squared_error": "rmse",
    "neg_mean_absolute_error": "mae",
    "neg_median_absolute_error": "median_absolute_error",
    "neg_mean_absolute_percentage_error": "mape",
    "neg_log_loss": "log_loss",
    "roc_auc_ovr": "roc_auc",
    "kge": "kge_2012",
}
_BY_ID = {metric.id: metric for metric in METRICS}


def get(identifier: str) -> Metric:
    """Return the metric with this id or scikit-learn scorer name; KeyError if there is none."""
    return _BY_ID[ALIASES.get(identifier, identifier)]


def find(identifier: str) -> Metric | None:
    """Return the metric with this id or scikit-learn scorer name, or None."""
    return _BY_ID.get(ALIASES.get(identifier, identifier))


def metrics_for_task(task: TaskKind) -> tuple[Metric, ...]:
    """Return the metrics that can judge this task."""
    return tuple(metric for metric in METRICS if task in metric.tasks)
