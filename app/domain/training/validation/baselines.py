"""What every experiment must beat: rules that need no learning, or hardly any, judged on the very same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.metrics import Metric

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class BaselineEntry:
    """One rule. `predict(table, train, rows)` returns predictions, and class scores where there are classes."""

    id: str
    title: str
    sentence: str
    predict: Callable[[TrainingTable, Rows, Rows], tuple[NDArray[Any], NDArray[np.float64] | None]]
    in_words: str = ""

    @property
    def spoken(self) -> str:
        """Return the name as it stands within a sentence."""
        return self.in_words or self.title.lower()


def _mean(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    return np.full(len(rows), table.target[train].mean()), None


def _persistence(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    if table.last_seen is None:
        return _mean(table, train, rows)
    values = table.last_seen[rows]
    return np.where(np.isfinite(values), values, table.target[train].mean()), None


def _day_of_year(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    if table.times is None:
        return _mean(table, train, rows)
    days = table.times.dt.day_of_year
    learnt = pd.Series(table.target[train]).groupby(days.iloc[train].to_numpy()).mean()
    found = days.iloc[rows].map(learnt).to_numpy(dtype=float)
    return np.where(np.isfinite(found), found, table.target[train].mean()), None


def _majority(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], NDArray[np.float64]]:
    shares = np.bincount(table.target[train], minlength=len(table.labels)) / len(train)
    return np.full(len(rows), int(shares.argmax())), np.tile(shares, (len(rows), 1))


MEAN = BaselineEntry("mean", "Mean", "Always predicts the mean of the training rows.", _mean, "the mean")
PERSISTENCE = BaselineEntry(
    "persistence", "Persistence", "Predicts the last value observed before the row.", _persistence
)
DAY_OF_YEAR = BaselineEntry(
    "day_of_year_mean",
    "Day-of-year mean",
    "Predicts the mean of that calendar day in the training rows.",
    _day_of_year,
    "the day-of-year mean",
)
MAJORITY = BaselineEntry(
    "majority",
    "Most common class",
    "Always predicts the most common class of the training rows.",
    _majority,
    "the most common class",
)


def for_experiment(spec: Spec, table: TrainingTable) -> tuple[BaselineEntry, ...]:
    """Return the baselines that mean something here, the one to beat first."""
    if spec.task.kind.is_classification:
        return (MAJORITY,)
    if table.times is None:
        return (MEAN,)
    span = table.times.iloc[-1] - table.times.iloc[0]
    seasonal = (DAY_OF_YEAR,) if span >= pd.Timedelta(days=730) else ()
    return (PERSISTENCE, *seasonal, MEAN)


def strongest_baseline(metric: Metric, scores: Mapping[str, float | None]) -> str:
    """Return the id of the baseline that scores best; the first one where none has a score."""
    known = {name: score for name, score in scores.items() if score is not None}
    best = next(iter(known or scores))
    for name, score in known.items():
        if metric.better(score, known[best]):
            best = name
    return best
