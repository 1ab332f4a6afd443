"""Verdicts with their uncertainty: paired losses, what is resampled, and intervals that hold what they promise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.training.block_bootstrap import block_length_of
from app.domain.training.comparison import BEATS, LOSES, UNDECIDED, Comparison, JudgedPart, compare
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation import metrics
from app.domain.training.validation.scoring import Predictions

pytestmark = pytest.mark.fits


def table_of(target: Any, *, times: Any = None, groups: Any = None, labels: tuple[str, ...] = ()) -> TrainingTable:
    return TrainingTable(
        features=pd.DataFrame(index=range(len(target))),
        numbers=(),
        categories=(),
        derived=(),
        target=np.asarray(target),
        labels=labels,
        rows=np.arange(1, len(target) + 1),
        times=None if times is None else pd.Series(times),
        groups=groups,
        last_seen=None,
        dropped=0,
        dropped_reason="",
        notes=(),
    )


def parts_of(model: Any, baseline: Any, *, cuts: int = 4, scores: bool = False) -> list[JudgedPart]:
    def sentence(values: Any, rows: Any) -> Predictions:
        return Predictions(values[rows].argmax(axis=1), values[rows], True) if scores else Predictions(values[rows])

    pieces = np.array_split(np.arange(len(model)), cuts)
    return [JudgedPart(rows, sentence(model, rows), sentence(baseline, rows)) for rows in pieces]


def _series(rows: int = 400, *, seed: int = 1) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    observed = random.normal(size=rows)
    return observed, 0.8 * observed + 0.3 * random.normal(size=rows), np.zeros(rows)


def compared(metric: str, table: TrainingTable, parts: list[JudgedPart], *, by_group: bool = False) -> Comparison:
    comparison = compare(metrics.get(metric), table, parts, by_group=by_group, seed=7)
    assert comparison is not None
    return comparison


@pytest.mark.parametrize("metric", ["nse", "r2", "rmse", "mae", "rsr", "mape", "kge_2012", "kge_2009", "pbias"])
def test_a_better_model_beats_and_a_worse_one_loses(metric: str) -> None:
    observed, good, _ = _series()
    bad = np.random.default_rng(3).normal(size=400)
    observed, good, bad = observed + 9, good + 9, 2 * bad + 7
    table = table_of(observed)
    better, worse = (compared(metric, table, parts_of(*pair)) for pair in ((good, bad), (bad, good)))
    assert (better.state, worse.state) == (BEATS, LOSES)
    assert better.difference == pytest.approx(-worse.difference)
    assert better.low is not None
    assert better.high is not None
    assert 0 < better.low <= better.difference <= better.high
    assert (better.probability, worse.probability) == (1.0, 0.0)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "log_loss", "roc_auc", "f1_macro"])
def test_classes_are_compared_by_their_own_metric(metric: str) -> None:
    random = np.random.default_rng(5)
    target = random.integers(0, 2, size=300)
    good = np.column_stack([1 - target, target]) * 0.6 + 0.2 + 0.1 * random.random((300, 1))
    chance = np.tile([0.5, 0.5], (300, 1)) + 1e-3 * random.normal(size=(300, 2))
    table = table_of(target, labels=("dry", "wet"))
    assert compared(metric, table, parts_of(good, chance, scores=True)).state == BEATS
    assert compared(metric, table, parts_of(chance, good, scores=True)).state == LOSES


def test_one_cut_never_says_that_a_model_beats() -> None:
    observed, good, mean = _series()
    comparison = compared("nse", table_of(observed), parts_of(good, mean, cuts=1))
    assert (comparison.cuts, comparison.state) == (1, UNDECIDED)
    assert comparison.low is not None
    assert comparison.low > 0
    assert compared("nse", table_of(observed), parts_of(mean, good, cuts=1)).state == LOSES


def test_an_interval_that_holds_zero_is_undecided() -> None:
    random = np.random.default_rng(2)
    observed = random.normal(size=300)
    first, other = (observed + random.normal(size=300) for _ in range(2))
    comparison = compared("nse", table_of(observed), parts_of(first, other))
    assert comparison.low is not None
    assert comparison.high is not None
    assert comparison.low < 0 < comparison.high
    assert comparison.state == UNDECIDED
    same = compared("nse", table_of(observed), parts_of(first, first * (1 + 1e-16)))
    assert (same.difference, same.low, same.high, same.state) == (0.0, 0.0, 0.0, UNDECIDED)


def test_what_belongs_together_is_resampled_together() -> None:
    observed, good, mean = _series(300)
    days = pd.date_range("2001-10-01", periods=300)
    groups = np.repeat(["a", "b", "c", "d", "e", "f"], 50)
    parts = parts_of(good, mean)
    assert compared("nse", table_of(observed), parts).unit == "row"
    assert compared("nse", table_of(observed, times=days), parts).unit == "block"
    by_group = compared("nse", table_of(observed, times=days, groups=groups), parts, by_group=True)
    assert (by_group.unit, by_group.units) == ("group", 6)
    comparison = compared("nse", table_of(observed, groups=np.repeat("a", 300)), parts, by_group=True)
    assert (comparison.low, comparison.high, comparison.state) == (None, None, UNDECIDED)


def test_a_row_that_several_folds_judge_counts_once() -> None:
    observed, good, mean = _series(200)
    table = table_of(observed)
    once, thrice = parts_of(good, mean), parts_of(good, mean) * 3
    comparison, other = compared("rmse", table, once), compared("rmse", table, thrice)
    assert replace(other, cuts=comparison.cuts) == comparison
    assert comparison.rows == 200


def test_the_difference_is_that_of_the_metric() -> None:
    observed, good, mean = _series(250)
    (part,) = parts_of(good, mean, cuts=1)
    for name in ("nse", "rmse", "mae", "rsr", "kge_2012"):
        metric = metrics.get(name)
        ours, theirs = (
            metric(metrics.MetricInput(observed, predictions.values)) for predictions in (part.model, part.baseline)
        )
        if np.isfinite(theirs):
            comparison = compared(name, table_of(observed), [part])
            assert comparison.difference == pytest.approx(metric.loss(ours, theirs), rel=0.05), name


def test_the_same_seed_gives_the_same_interval() -> None:
    observed, good, mean = _series()
    table = table_of(observed, times=pd.date_range("2001-10-01", periods=400))
    assert compared("nse", table, parts_of(good, mean)) == compared("nse", table, parts_of(good, mean))


def test_blocks_are_as_long_as_the_memory() -> None:
    random = np.random.default_rng(4)
    shocks = random.normal(size=3000)
    lengths = []
    for memory in (0.0, 0.5, 0.9):
        series = np.zeros(3000)
        for position in range(1, 3000):
            series[position] = memory * series[position - 1] + shocks[position]
        lengths.append(block_length_of(series))
    assert lengths[0] <= 3
    assert lengths[0] < lengths[1] < lengths[2]
    assert 5 <= lengths[1] <= 20
    assert 25 <= lengths[2] <= 80
    assert block_length_of(np.ones(50)) == 1
    assert block_length_of(np.arange(4.0)) == 1


@pytest.mark.parametrize("memory", [0.0, 0.6], ids=["single rows", "days that remember"])
def test_ninety_intervals_of_a_hundred_hold_the_truth(memory: float) -> None:
    count = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        noise = random.normal(size=(2, 500))
        for position in range(1, 500):
            noise[:, position] += memory * noise[:, position - 1]
        observed = random.normal(size=500) * 2
        first, other = observed + 0.9 * noise[0], observed + noise[1]
        spread = 1 / (1 - memory**2)
        times = pd.date_range("2001-10-01", periods=500) if memory else None
        comparison = compared("nse", table_of(observed, times=times), parts_of(first, other))
        truth = (1 - 0.81) * spread / 4
        assert comparison.low is not None
        assert comparison.high is not None
        count += comparison.low <= truth <= comparison.high
    assert 0.85 <= count / 60 <= 0.97
