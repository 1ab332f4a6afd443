"""Permutation importance: how much worse the score gets when one feature is shuffled, on rows not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.training.preprocessing.pipeline import columns_chosen
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.chart_series import FeatureLoss, ImportanceSeries
from app.domain.training.validation import scoring

MAX_ROWS = 2000
MAX_FEATURES = 200
REPEATS = 3
# Rows that are predicted in all, about three seconds of a forest: the more features, the fewer rows show each of them.
MAX_PREDICTED, MIN_ROWS = 150_000, 500


def permutation_importance(
    spec: Spec, table: TrainingTable, fitted: Any, *, rows: NDArray[np.intp], basis: str
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

    References
    ----------
    Breiman, L. (2001), Random Forests, Machine Learning 45, 5-32; with repeats as in scikit-learn's
    permutation_importance.
    """
    random = np.random.default_rng(spec.reproducibility.seed)
    rows = _draw_rows(rows, table.features.shape[1], random)
    metric = scoring.metrics_of(spec)[0]
    # The index holds the places of the rows, by which a gap filler finds the known values around them.
    features = table.features.iloc[rows]
    whole = _score(spec, table, fitted, rows, features)
    items: list[tuple[float, float, str]] = []
    for name in _used_features(spec, features, fitted)[:MAX_FEATURES]:
        losses = []
        for _ in range(REPEATS):
            shuffled = features.assign(**{name: features[name].to_numpy()[random.permutation(len(rows))]})
            score = _score(spec, table, fitted, rows, shuffled)
            if score is not None and whole is not None:
                losses.append(metric.loss(whole, score))
        if losses:
            items.append((-float(np.mean(losses)), float(np.std(losses)), str(name)))
    ranked = _rank_losses(items, _late_columns(spec, table))
    return ImportanceSeries(metric=metric.id, repeats=REPEATS, basis=basis, rows=len(rows), items=ranked)


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
