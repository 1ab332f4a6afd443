"""Metrics: every number agrees with scikit-learn or with the formula, and what is undefined is never a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from app.domain.training.validation import metrics, scoring
from app.domain.training.validation.metrics import MetricInput
from app.domain.training.validation.score_summary import ScoreSummary
from app.domain.training.validation.scoring import Predictions
from app.domain.vocabulary import TaskKind
from tests.domain.tables import made, make_spec, profile_of

QUICK = settings(derandomize=True, deadline=None, max_examples=40)
FLOWS = arrays(np.float64, 12, elements=st.integers(1, 4000).map(lambda eighths: eighths / 8))
LABELS = ("dry", "mid", "wet")


def numbers(observed: list[float], predicted: list[float]) -> MetricInput:
    return MetricInput(np.asarray(observed, float), np.asarray(predicted, float))


def classes(rows: int = 90, *, labels: tuple[str, ...] = LABELS, seed: int = 3) -> MetricInput:
    """Return observed and predicted classes with probabilities that know something, but not all."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, len(labels), rows)
    raw = random.gamma(1.0, size=(rows, len(labels))) + 0.8 * np.eye(len(labels))[codes]
    shares = raw / raw.sum(axis=1, keepdims=True)
    names = np.asarray(labels, dtype=object)
    return MetricInput(names[codes], names[shares.argmax(axis=1)], shares, labels, are_probabilities=True)


REGRESSION: dict[str, Callable[[Any, Any], float]] = {
    "nse": reference.r2_score,
    "r2": reference.r2_score,
    "rmse": reference.root_mean_squared_error,
    "mae": reference.mean_absolute_error,
    "median_absolute_error": reference.median_absolute_error,
    "mape": lambda o, e: 100 * reference.mean_absolute_percentage_error(o, e),
    "pbias": lambda o, e: 100 * (e.mean() - o.mean()) / o.mean(),
    "rsr": lambda o, e: math.sqrt(1 - reference.r2_score(o, e)),
    "log_nse": lambda o, e: reference.r2_score(np.log(o + o.mean() / 100), np.log(e + o.mean() / 100)),
    "kge_2009": lambda o, e: (
        1 - math.hypot(np.corrcoef(o, e)[0, 1] - 1, e.std() / o.std() - 1, e.mean() / o.mean() - 1)
    ),
    "kge_2012": lambda o, e: (
        1
        - math.hypot(
            np.corrcoef(o, e)[0, 1] - 1, (e.std() / e.mean()) / (o.std() / o.mean()) - 1, e.mean() / o.mean() - 1
        )
    ),
}


@pytest.mark.parametrize("identifier", REGRESSION)
@QUICK
@given(observed=FLOWS, predicted=FLOWS)
def test_a_metric_of_numbers_agrees_with_its_formula(
    identifier: str, observed: np.ndarray, predicted: np.ndarray
) -> None:
    if np.ptp(observed) < 1 or np.ptp(predicted) < 1:
        return
    value = metrics.get(identifier)(MetricInput(observed, predicted))
    assert value == pytest.approx(REGRESSION[identifier](observed, predicted), rel=1e-6, abs=1e-9)


def test_every_metric_of_numbers_is_compared_with_another_source() -> None:
    assert set(REGRESSION) == {metric.id for metric in metrics.metrics_for_task(TaskKind.REGRESSION)}


def test_a_small_hydrograph_by_hand() -> None:
    judged = numbers([1, 2, 3, 4], [2, 2, 2, 6])
    assert metrics.get("rmse")(judged) == pytest.approx(math.sqrt(6 / 4))
    assert metrics.get("mae")(judged) == pytest.approx(1)
    assert metrics.get("median_absolute_error")(judged) == pytest.approx(1)
    assert metrics.get("nse")(judged) == pytest.approx(1 - 6 / 5)
    assert metrics.get("pbias")(judged) == pytest.approx(20)
    assert metrics.get("mape")(judged) == pytest.approx(100 * (1 + 0 + 1 / 3 + 1 / 2) / 4)


def test_rows_observed_as_zero_are_left_out_of_the_percentage_error() -> None:
    assert metrics.get("mape")(numbers([0, 2], [5, 3])) == pytest.approx(50)


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.id)
def test_a_perfect_answer_scores_the_best_value(metric: metrics.Metric) -> None:
    if TaskKind.REGRESSION in metric.tasks:
        judged = numbers([1, 2, 5], [1, 2, 5])
    else:
        names = np.asarray(["dry", "wet", "wet"], dtype=object)
        judged = MetricInput(names, names, np.array([[1.0, 0], [0, 1], [0, 1]]), ("dry", "wet"), are_probabilities=True)
    assert metric(judged) == pytest.approx(metric.best)


UNDEFINED = {
    "nse": ([3, 3, 3], [1, 2, 3]),
    "r2": ([3, 3, 3], [1, 2, 3]),
    "rsr": ([3, 3, 3], [1, 2, 3]),
    "kge_2009": ([3, 3, 3], [1, 2, 3]),
    "kge_2012": ([1, 2, 3], [-1, 0, 1]),
    "log_nse": ([-1, 2, 3], [1, 2, 3]),
    "pbias": ([-1, 0, 1], [1, 2, 3]),
    "mape": ([0, 0, 0], [1, 2, 3]),
}


@pytest.mark.parametrize("identifier", UNDEFINED)
def test_an_undefined_score_is_not_a_number_and_is_reported_as_none(identifier: str) -> None:
    value = metrics.get(identifier)(numbers(*UNDEFINED[identifier]))
    assert math.isnan(value)
    assert scoring.finite_or_none(value) is None


def test_the_metrics_that_need_spread_are_those_without_a_value_where_all_rows_are_alike() -> None:
    for metric in metrics.metrics_for_task(TaskKind.REGRESSION):
        assert math.isnan(metric(numbers([3, 3, 3], [1, 2, 3]))) == metric.needs_spread, metric.id


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.id)
def test_no_rows_score_nothing(metric: metrics.Metric) -> None:
    nothing = np.empty(0, dtype=object if TaskKind.BINARY in metric.tasks else float)
    judged = MetricInput(nothing, nothing, np.empty((0, 2)), ("dry", "wet"), are_probabilities=True)
    assert scoring.finite_or_none(metric(judged)) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), None])
def test_what_is_not_finite_becomes_none(value: float | None) -> None:
    assert scoring.finite_or_none(value) is None


@pytest.mark.parametrize("labels", [("dry", "wet"), LABELS])
def test_metrics_of_classes_agree_with_scikit_learn(labels: tuple[str, ...]) -> None:
    judged = classes(labels=labels)
    observed, predicted = judged.observed.astype(str), judged.predicted.astype(str)
    expected = {
        "accuracy": reference.accuracy_score(observed, predicted),
        "balanced_accuracy": reference.balanced_accuracy_score(observed, predicted),
        "f1_macro": reference.f1_score(observed, predicted, average="macro"),
        "matthews_corrcoef": reference.matthews_corrcoef(observed, predicted),
        "log_loss": reference.log_loss(observed, judged.scores, labels=list(labels)),
        "roc_auc": (
            reference.roc_auc_score(observed, judged.scores, multi_class="ovr", labels=list(labels))
            if len(labels) > 2
            else reference.roc_auc_score(observed == "wet", judged.scores[:, 1])
        ),
    }
    assert {name: metrics.get(name)(judged) for name in expected} == pytest.approx(expected)


def test_f1_and_average_precision_of_two_classes_speak_of_the_second() -> None:
    judged = classes(labels=("dry", "wet"))
    observed, predicted = judged.observed.astype(str), judged.predicted.astype(str)
    assert metrics.get("f1")(judged) == pytest.approx(reference.f1_score(observed, predicted, pos_label="wet"))
    area = reference.average_precision_score(observed == "wet", judged.scores[:, 1])
    assert metrics.get("average_precision")(judged) == pytest.approx(area)


def test_average_precision_of_many_classes_is_the_mean_over_them() -> None:
    judged = classes()
    areas = [
        reference.average_precision_score(judged.observed == label, judged.scores[:, index])
        for index, label in enumerate(LABELS)
    ]
    assert metrics.get("average_precision")(judged) == pytest.approx(np.mean(areas))


def test_log_loss_takes_columns_in_the_order_of_the_labels_not_of_the_alphabet() -> None:
    observed = np.asarray(["2", "10"], dtype=object)
    judged = MetricInput(observed, observed, np.array([[0.9, 0.1], [0.2, 0.8]]), ("2", "10"), are_probabilities=True)
    assert metrics.get("log_loss")(judged) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)


def test_log_loss_of_a_class_held_impossible_is_large_and_finite() -> None:
    observed = np.asarray(["wet"], dtype=object)
    judged = MetricInput(observed, observed, np.array([[1.0, 0.0]]), ("dry", "wet"), are_probabilities=True)
    assert 30 < metrics.get("log_loss")(judged) < 40


def test_a_class_absent_from_the_rows_does_not_count_against_balanced_accuracy() -> None:
    observed = np.asarray(["dry", "dry", "mid"], dtype=object)
    predicted = np.asarray(["dry", "wet", "mid"], dtype=object)
    judged = MetricInput(observed, predicted, None, LABELS)
    assert metrics.get("balanced_accuracy")(judged) == pytest.approx((1 / 2 + 1) / 2)


@pytest.mark.parametrize("identifier", ["roc_auc", "average_precision"])
def test_ranking_one_class_alone_is_undefined(identifier: str) -> None:
    observed = np.asarray(["wet", "wet"], dtype=object)
    judged = MetricInput(observed, observed, np.array([[0.1, 0.9], [0.4, 0.6]]), ("dry", "wet"), are_probabilities=True)
    assert scoring.finite_or_none(metrics.get(identifier)(judged)) is None


@pytest.mark.parametrize("identifier", ["roc_auc", "average_precision", "log_loss"])
def test_metrics_that_read_scores_are_undefined_without_them(identifier: str) -> None:
    observed = np.asarray(["dry", "wet"], dtype=object)
    assert (
        scoring.finite_or_none(metrics.get(identifier)(MetricInput(observed, observed, None, ("dry", "wet")))) is None
    )


def test_scores_that_are_no_probabilities_rank_but_have_no_log_loss() -> None:
    observed = np.asarray(["dry", "wet"], dtype=object)
    judged = MetricInput(observed, observed, np.array([[2.0, -2.0], [-3.0, 3.0]]), ("dry", "wet"))
    assert metrics.get("roc_auc")(judged) == 1
    assert scoring.finite_or_none(metrics.get("log_loss")(judged)) is None


def test_a_correlation_of_one_class_alone_is_zero_without_a_warning() -> None:
    observed = np.asarray(["dry", "dry"], dtype=object)
    assert metrics.get("matthews_corrcoef")(MetricInput(observed, observed, None, ("dry", "wet"))) == 0


def test_better_follows_the_direction_of_the_metric() -> None:
    assert metrics.get("nse").better(0.8, 0.7)
    assert not metrics.get("nse").better(0.7, 0.7)
    assert metrics.get("rmse").better(1, 2)
    assert metrics.get("pbias").better(-3, 5)
    assert not metrics.get("pbias").better(-5, 3)


@pytest.mark.parametrize(("alias", "identifier"), metrics.ALIASES.items())
def test_names_of_scikit_learn_lead_to_our_metric(alias: str, identifier: str) -> None:
    assert metrics.get(alias).id == identifier


def test_an_unknown_metric_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        metrics.get("luck")


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.id)
def test_every_metric_has_a_title_and_a_sentence(metric: metrics.Metric) -> None:
    assert metric.title
    assert metric.help[0].isupper()
    assert metric.help.endswith(".")
    assert [entry.id for entry in metrics.METRICS].count(metric.id) == 1


def test_scores_of_folds_are_summed_up_over_the_folds_that_have_one() -> None:
    folds = [{"nse": 0.5, "kge_2012": None}, {"nse": 0.7, "kge_2012": None}, {"nse": None, "kge_2012": None}]
    summaries = scoring.summarise_scores(folds, {"nse": 0.6, "kge_2012": None})
    assert summaries["nse"].mean == pytest.approx(0.6)
    assert summaries["nse"].std == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert (summaries["nse"].folds, summaries["nse"].holdout) == ((0.5, 0.7, None), 0.6)
    assert summaries["kge_2012"] == ScoreSummary(mean=None, std=None, folds=(None, None, None), holdout=None)


def test_the_primary_metric_comes_first_and_none_comes_twice() -> None:
    spec = make_spec(primary="kge", others=["rmse", "kge_2012", "neg_root_mean_squared_error", "nse"])
    assert [metric.id for metric in scoring.metrics_of(spec)] == ["kge_2012", "rmse", "nse"]


def test_judging_a_table_gives_one_finite_score_or_none_for_each_metric() -> None:
    from app.domain.training.preprocessing.preparation import prepare

    frame = made(20).assign(y=4.0)
    spec = make_spec(primary="nse", others=["rmse", "kge_2012", "mae"])
    table = prepare(spec, frame, profile_of(frame))
    rows = np.arange(10)
    answers = scoring.judge(spec, table, rows, Predictions(np.full(10, 6.0)))
    assert answers == {"nse": None, "rmse": 2.0, "kge_2012": None, "mae": 2.0}
