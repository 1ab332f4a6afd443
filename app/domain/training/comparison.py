"""Comparison of a model with a baseline: the difference of their losses on the same rows, with an interval.

The rows of all folds and of the hold-out are taken together, each once. Resampling keeps together what belongs
together: blocks of moments where time orders the rows, whole groups where groups were held out, single rows elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.training.block_bootstrap import Resampling, blocks_of, bootstrap_interval, groups_of, rows_of
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.metrics import Metric, MetricInput
from app.domain.training.validation.scoring import Predictions

LEVEL = 0.9
BEATS, UNDECIDED, LOSES, NO_BASELINE = "beats", "undecided", "loses", "no_baseline"
# Metrics that no single row has a share in are told apart by leaving out one of so many parts of the rows.
MAX_PARTS = 100
ROUNDING = 1e-12
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedPart:
    """One fold, or the hold-out: the rows that were judged, what the model predicted there, and what a baseline did."""

    rows: NDArray[np.intp]
    model: Predictions
    baseline: Predictions


@dataclass(frozen=True)
class Comparison:
    """How much better a model is than a baseline, in the unit of the metric; above zero the model is better.

    `low` and `high` bound the 90 % interval, and `probability` is that of a difference above zero. They are None where
    too little can be resampled. `unit` says what was resampled: "row", "block" or "group", of which there were `units`.
    """

    difference: float
    low: float | None
    high: float | None
    probability: float | None
    rows: int
    cuts: int
    unit: str
    units: int
    block_length: int | None = None

    @property
    def state(self) -> str:
        """Say what the interval bears out; one cut alone never says that the model beats the baseline."""
        if self.low is None or self.high is None:
            return UNDECIDED
        if self.low > 0 and self.cuts > 1:
            return BEATS
        return LOSES if self.high < 0 else UNDECIDED


def compare(
    metric: Metric, table: TrainingTable, parts: Sequence[JudgedPart], *, by_group: bool, seed: int
) -> Comparison | None:
    """Compare a model and a baseline on the rows that judged both; None where the metric has no value on them.

    Parameters
    ----------
    metric, table
        What decides, and the table that was trained on.
    parts
        The folds and the hold-out; a row that several judged counts once, by its mean loss.
    by_group
        Whether whole groups were held out.
    seed
        Of the resampling.
    """
    has_row_losses = metric.id in _ROW_LOSSES
    losses = _compute_losses(metric, table, parts) if has_row_losses else _pseudo_losses(metric, table, parts, seed)
    if losses is None:
        return None
    resampling = _make_resampling(table, losses, by_group=by_group, seed=seed)
    combine = _COMBINE.get(metric.id, _mean_difference)
    difference = float(combine(losses.sums.sum(axis=0)[None, :])[0])
    if not math.isfinite(difference):
        return None
    results = bootstrap_interval(resampling, combine, difference, level=LEVEL, seed=seed)
    low, high, probability = (None, None, None) if results is None else results
    return Comparison(
        difference=difference,
        low=low,
        high=high,
        probability=probability,
        rows=len(losses.places) if losses.rows is None else losses.rows,
        cuts=len(parts),
        unit=resampling.unit,
        units=resampling.units,
        block_length=resampling.block_length,
    )


@dataclass(frozen=True)
class _Losses:
    """What each row (or part of rows) adds: columns model, baseline, spread of the observed, weight; and its place."""

    places: NDArray[np.intp]
    sums: Floats
    rows: int | None = None


def _compute_losses(metric: Metric, table: TrainingTable, parts: Sequence[JudgedPart]) -> _Losses | None:
    total = np.zeros((len(table.target), 4))
    for part in parts:
        observed = table.target[part.rows]
        ours, theirs = (
            _ROW_LOSSES[metric.id](table, observed, predictions) for predictions in (part.model, part.baseline)
        )
        if ours is None or theirs is None:
            return None
        # Two predictions that differ by rounding alone are the same.
        ours = np.where(np.abs(ours - theirs) <= ROUNDING * (ours + theirs), theirs, ours)
        spread = np.zeros(len(observed)) if table.labels else _spread(metric, observed)
        there = np.isfinite(ours) & np.isfinite(theirs)
        rows = np.column_stack([ours, theirs, spread, np.ones(len(observed))])
        total[part.rows[there]] += rows[there]
    places = np.flatnonzero(total[:, 3])
    if not len(places):
        return None
    return _Losses(places, total[places] / total[places, 3:])


def _spread(metric: Metric, observed: Floats) -> Floats:
    values = np.log(observed + _logarithm_offset(observed)) if metric.id == "log_nse" else observed
    return np.asarray((values - values.mean()) ** 2, dtype=float)


def _logarithm_offset(observed: Floats) -> float:
    """Return the offset of a logarithm: a hundredth of the mean, as in `log_nse`."""
    return float(observed.mean()) / 100


def _squared_errors(_table: TrainingTable, observed: Floats, predictions: Predictions) -> Floats:
    return np.asarray((observed - predictions.values) ** 2, dtype=float)


def _absolute_errors(_table: TrainingTable, observed: Floats, predictions: Predictions) -> Floats:
    return np.asarray(np.abs(observed - predictions.values), dtype=float)


def _relative_errors(_table: TrainingTable, observed: Floats, predictions: Predictions) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = 100 * np.abs((observed - predictions.values) / observed)
    return np.where(observed != 0, errors, np.nan)


def _squared_logarithms(_table: TrainingTable, observed: Floats, predictions: Predictions) -> Floats | None:
    epsilon = _logarithm_offset(observed)
    if (observed < 0).any() or epsilon <= 0:
        return None
    return np.asarray(
        (np.log(observed + epsilon) - np.log(np.maximum(predictions.values, 0) + epsilon)) ** 2, dtype=float
    )


def _wrong_classes(_table: TrainingTable, observed: NDArray[Any], predictions: Predictions) -> Floats:
    return np.asarray(observed != predictions.values, dtype=float)


def _wrong_by_class(table: TrainingTable, observed: NDArray[Any], predictions: Predictions) -> Floats:
    counts = np.bincount(observed, minlength=len(table.labels))
    weights = len(observed) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.asarray(_wrong_classes(table, observed, predictions) * weights[observed], dtype=float)


def _log_losses(_table: TrainingTable, observed: NDArray[Any], predictions: Predictions) -> Floats | None:
    if predictions.scores is None or not predictions.are_probabilities:
        return None
    shares = predictions.scores / predictions.scores.sum(axis=1, keepdims=True)
    chosen = shares[np.arange(len(observed)), observed]
    return np.asarray(-np.log(np.clip(chosen, np.finfo(float).eps, 1)), dtype=float)


def _mean_difference(sums: Floats) -> Floats:
    return np.asarray((sums[:, 1] - sums[:, 0]) / sums[:, 3])


def _share_of_spread(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((sums[:, 1] - sums[:, 0]) / sums[:, 2])


def _root_difference(sums: Floats) -> Floats:
    return np.asarray(np.sqrt(sums[:, 1] / sums[:, 3]) - np.sqrt(sums[:, 0] / sums[:, 3]))


def _root_of_share(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(sums[:, 1] / sums[:, 2]) - np.sqrt(sums[:, 0] / sums[:, 2]))


_ROW_LOSSES: dict[str, Callable[[TrainingTable, Any, Predictions], Floats | None]] = {
    "nse": _squared_errors,
    "r2": _squared_errors,
    "rmse": _squared_errors,
    "rsr": _squared_errors,
    "log_nse": _squared_logarithms,
    "mae": _absolute_errors,
    "mape": _relative_errors,
    "accuracy": _wrong_classes,
    "balanced_accuracy": _wrong_by_class,
    "log_loss": _log_losses,
}
_COMBINE: dict[str, Callable[[Floats], Floats]] = {
    "nse": _share_of_spread,
    "r2": _share_of_spread,
    "log_nse": _share_of_spread,
    "rmse": _root_difference,
    "rsr": _root_of_share,
}


def _pseudo_losses(metric: Metric, table: TrainingTable, parts: Sequence[JudgedPart], seed: int) -> _Losses | None:
    """Return the share of each of up to 100 parts of the rows in a metric that has none for a single row.

    These are the pseudo-values of the jackknife (Tukey 1958; Efron 1982, chapter 3) of the difference, which is the
    mean over the cuts, each weighing as many rows as it judged.
    """
    members = _part_numbers(table, parts, seed)
    count = max(int(members[part.rows].max()) for part in parts) + 1
    whole = _mean_of_cuts(metric, table, parts, members, without=None)
    if whole is None or count < 2:
        return None
    values = []
    for position in range(count):
        left = _mean_of_cuts(metric, table, parts, members, without=position)
        values.append(whole if left is None else count * whole - (count - 1) * left)
    sums = np.zeros((count, 4))
    sums[:, 1], sums[:, 3] = values, 1.0
    first = [int(np.flatnonzero(members == index)[0]) for index in range(count)]
    rows = len(np.unique(np.concatenate([part.rows for part in parts])))
    return _Losses(np.asarray(first, dtype=np.intp), sums, rows)


def _part_numbers(table: TrainingTable, parts: Sequence[JudgedPart], seed: int) -> NDArray[np.intp]:
    """Return which part each judged row belongs to, -1 for others: stretches of time, or rows drawn at random."""
    judged = np.unique(np.concatenate([part.rows for part in parts]))
    count = min(MAX_PARTS, max(len(judged) // 5, 2))
    order = judged if table.times is not None else np.random.default_rng(seed).permutation(judged)
    members = np.full(len(table.target), -1, dtype=np.intp)
    members[order] = np.arange(len(order)) * count // len(order)
    return members


def _mean_of_cuts(
    metric: Metric, table: TrainingTable, parts: Sequence[JudgedPart], members: NDArray[np.intp], *, without: int | None
) -> float | None:
    total, weight = 0.0, 0
    for part in parts:
        kept = np.ones(len(part.rows), dtype=np.bool_) if without is None else members[part.rows] != without
        scores = [
            _score(metric, table, part.rows[kept], _select_rows(predictions, kept))
            for predictions in (part.model, part.baseline)
        ]
        if scores[0] is None or scores[1] is None:
            continue
        total += metric.loss(scores[0], scores[1]) * len(part.rows)
        weight += len(part.rows)
    return total / weight if weight else None


def _select_rows(predictions: Predictions, kept: NDArray[np.bool_]) -> Predictions:
    scores = None if predictions.scores is None else predictions.scores[kept]
    return Predictions(predictions.values[kept], scores, predictions.are_probabilities)


def _score(metric: Metric, table: TrainingTable, rows: NDArray[np.intp], predictions: Predictions) -> float | None:
    observed, predicted = table.target[rows], predictions.values
    if table.labels:
        names = np.asarray(table.labels, dtype=object)
        observed, predicted = names[observed], names[predicted]
    value = metric(MetricInput(observed, predicted, predictions.scores, table.labels, predictions.are_probabilities))
    return value if math.isfinite(value) else None


def _make_resampling(table: TrainingTable, losses: _Losses, *, by_group: bool, seed: int) -> Resampling:
    """Return the units to resample: groups, blocks as long as the memory of the differences, or rows."""
    if losses.rows is not None:
        return rows_of(losses.sums, unit="block" if table.times is not None else "row", seed=seed)
    if by_group and table.groups is not None:
        return groups_of(losses.sums, table.groups[losses.places])
    if table.times is not None:
        return blocks_of(losses.sums, table.times.iloc[losses.places].to_numpy())
    return rows_of(losses.sums, unit="row", seed=seed)
