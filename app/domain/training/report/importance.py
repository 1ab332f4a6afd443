"""Permutation importance: the loss of score when one feature is shuffled, on validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.contest.executor import Executor, SerialExecutor
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.training.preprocessing.pipeline import columns_chosen
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.chart_series import FeatureLoss, ImportanceSeries
from app.domain.training.tuning.tuning import SearchCallbacks
from app.domain.training.validation import scoring

MAX_ROWS = 2000
MAX_FEATURES = 200
REPEATS = 3
# Rows that are predicted in all, about three seconds of a forest: the more features, the fewer rows show each of them.
MAX_PREDICTED, MIN_ROWS = 150_000, 500


@dataclass(frozen=True)
class FeatureLosses:
    """What the score loses each time that one feature is shuffled; `fault` says why nothing is known."""

    feature: int
    losses: tuple[float, ...]
    fault: str = ""


@dataclass(frozen=True)
class ShuffledFeatures:
    """What the tasks of an importance share: the fitted pipeline, the rows that judge, and how each is shuffled.

    A task is the place of a feature in `names`; `orders` has the shape (features, repeats, rows).
    """

    spec: Spec
    table: TrainingTable
    fitted: Any
    rows: NDArray[np.intp]
    features: pd.DataFrame
    names: tuple[Any, ...]
    orders: NDArray[np.int32]
    whole: float | None

    def carry_out(self, task: int, _callbacks: SearchCallbacks) -> FeatureLosses:
        """Shuffle one feature as often as there are orders, and return what the score lost."""
        metric, name, losses = scoring.metrics_of(self.spec)[0], self.names[task], []
        for order in self.orders[task]:
            shuffled = self.features.assign(**{name: self.features[name].to_numpy()[order]})
            score = _score(self.spec, self.table, self.fitted, self.rows, shuffled)
            if score is not None and self.whole is not None:
                losses.append(metric.loss(self.whole, score))
        return FeatureLosses(task, tuple(losses))

    def fail(self, task: int, _code: str, reason: str) -> FeatureLosses:
        """Return the outcome of a task whose process ended before it did."""
        return FeatureLosses(task, (), reason)


def permutation_importance(
    spec: Spec,
    table: TrainingTable,
    fitted: Any,
    *,
    rows: NDArray[np.intp],
    basis: str,
    executor: Executor | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ImportanceSeries:
    """Return, per feature, the loss in the primary metric when its values are shuffled.

    Parameters
    ----------
    spec, table
        The config and what was trained on.
    fitted
        The pipeline fitted on the rows that trained before `rows` judged.
    rows
        Rows that judge, at most 2,000 of which are used, drawn with the config's seed; fewer where features are many.
    basis
        What those rows are called.
    executor, should_stop
        What carries out a task for each feature, this process where None, and when to leave off.

    Raises
    ------
    StoppedError, TrainingError
        When `should_stop` said so, and when the process of a task was ended twice.

    References
    ----------
    Breiman, L. (2001), Random Forests, Machine Learning 45, 5-32; with repeats as in scikit-learn's
    permutation_importance.
    """
    shared = _shuffle(spec, table, fitted, rows)
    items = _losses_of(shared, executor or SerialExecutor(), should_stop)
    ranked, metric = _rank_losses(items, _late_columns(spec, table)), scoring.metrics_of(spec)[0].id
    return ImportanceSeries(metric=metric, repeats=REPEATS, basis=basis, rows=len(shared.rows), items=ranked)


def _shuffle(spec: Spec, table: TrainingTable, fitted: Any, rows: NDArray[np.intp]) -> ShuffledFeatures:
    """Draw the rows that judge, and how each feature is shuffled, so that no task draws anything."""
    random = np.random.default_rng(spec.reproducibility.seed)
    rows = _draw_rows(rows, table.features.shape[1], random)
    # The index holds the places of the rows, by which a gap filler finds the known values around them.
    features = table.features.iloc[rows]
    names = tuple(_used_features(spec, features, fitted)[:MAX_FEATURES])
    orders = [[random.permutation(len(rows)) for _ in range(REPEATS)] for _ in names]
    whole = _score(spec, table, fitted, rows, features)
    return ShuffledFeatures(spec, table, fitted, rows, features, names, np.array(orders, dtype=np.int32), whole)


def _losses_of(
    shared: ShuffledFeatures, executor: Executor, should_stop: Callable[[], bool]
) -> list[tuple[float, float, str]]:
    """Return the mean loss, turned round, its spread and the name of each feature, in their order."""
    results: dict[int, tuple[float, ...]] = {}

    def add(outcome: FeatureLosses) -> None:
        if outcome.fault:
            raise TrainingError(outcome.fault, code="task_killed")
        results[outcome.feature] = outcome.losses

    callbacks = SearchCallbacks(should_stop, lambda: None)
    try:
        executor.run(shared, range(len(shared.names)), callbacks=callbacks, on_outcome=add)
    finally:
        executor.close()
    return [
        (-float(np.mean(losses)), float(np.std(losses)), str(shared.names[place]))
        for place, losses in sorted(results.items())
        if losses
    ]


def _draw_rows(rows: NDArray[np.intp], features: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Return the rows that judge, so few that many features take no longer than some."""
    shuffled = REPEATS * min(max(features, 1), MAX_FEATURES)
    most = min(MAX_ROWS, max(MIN_ROWS, MAX_PREDICTED // shuffled))
    return np.sort(random.choice(rows, most, replace=False)) if len(rows) > most else rows


def _rank_losses(items: list[tuple[float, float, str]], late: dict[str, int]) -> tuple[FeatureLoss, ...]:
    return tuple(
        FeatureLoss(feature=name, mean=-loss, std=spread, steps_before=late.get(name))
        for loss, spread, name in sorted(items)
    )


def _late_columns(spec: Spec, table: TrainingTable) -> dict[str, int]:
    """Return the columns that enter as they were some steps before; what never changes at a site is known for ever."""
    late = {name: steps for name in spec.features.selected if (steps := steps_before(spec.task, name))}
    sites = np.zeros(len(table.features), dtype=int) if table.groups is None else table.groups
    known = {name: table.features[name].groupby(sites).nunique().le(1).all() for name in late}
    return {name: steps for name, steps in late.items() if not known[name]}


def _used_features(spec: Spec, features: pd.DataFrame, fitted: Any) -> list[Any]:
    """Return the features that the fitted pipeline looks at: no other loses anything when it is shuffled."""
    chosen = columns_chosen(fitted)
    if chosen is None:
        return list(features.columns)
    unused = set(spec.features.selected) - set(chosen)
    return [name for name in features.columns if name not in unused]


def _score(
    spec: Spec, table: TrainingTable, fitted: Any, rows: NDArray[np.intp], features: pd.DataFrame
) -> float | None:
    predictions = scoring.predict(fitted, features, classes=len(table.labels))
    return scoring.judge(spec, table, rows, predictions)[scoring.metrics_of(spec)[0].id]
