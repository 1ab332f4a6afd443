"""What short fits say of the data, and the range of scores that they let expect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.recommendation.estimators import rank
from app.domain.recommendation.paired_scores import Standing, compare_scores
from app.domain.recommendation.traits import Traits
from app.domain.recommendation.verdict import (
    MeasuredEstimator,
    ShortFitEvidence,
    advice_for,
    expected_by_rules,
    expected_score,
    order_estimators,
)
from app.domain.vocabulary import Severity, TaskKind

TRAITS = Traits(TaskKind.BINARY, rows=1000, numbers=4, words=0, classes=2, rarest=400, commonest=600)


def said(
    *scores: float, right: float = 0.8, baseline: float = 0.5, metric: str = "balanced_accuracy"
) -> ShortFitEvidence:
    estimator = MeasuredEstimator("ridge", 800, scores, right, 0.1, 2)
    ground = tuple(baseline for _ in scores)
    return ShortFitEvidence(metric, 1000, 800, 0.25, (estimator,), ground, baseline_right=0.6, complete=True)


def test_nothing_beyond_luck_is_said_to_be_nothing() -> None:
    (advice,) = advice_for(TRAITS, said(0.52, 0.46, 0.53, 0.48, 0.52))
    assert advice.code == "no_signal"
    assert advice.message.startswith("No estimator clearly beats the baseline: Ridge scores 0.502")


def test_hardly_anything_is_said_with_both_numbers() -> None:
    (advice,) = advice_for(TRAITS, said(0.60, 0.61, 0.62, 0.60, 0.61, right=0.65))
    assert advice.code == "no_signal"
    assert "65 %" in advice.message
    assert "60 %" in advice.message


def test_something_is_not_called_nothing() -> None:
    assert advice_for(TRAITS, said(0.80, 0.81, 0.79, 0.80, 0.82)) == ()
    (near,) = advice_for(TRAITS, said(0.52, 0.99))
    assert (near.code, near.severity) == ("near_baseline", Severity.NOTICE)
    assert "differs much from fold to fold" in near.message
    assert advice_for(TRAITS, replace(said(0.5, 0.5), complete=False)) == (), "not before the fits are done"


def test_only_all_rows_say_how_much_there_is_to_learn() -> None:
    weak = said(0.65, 0.66, right=0.65)
    assert [advice.code for advice in advice_for(TRAITS, weak)] == ["no_signal"]
    assert advice_for(TRAITS, replace(weak, train_rows=801)) == ()
    noise = said(0.52, 0.46, 0.53, 0.48, 0.52)
    (part,) = advice_for(TRAITS, replace(noise, train_rows=801))
    assert (part.code, part.severity) == ("near_baseline", Severity.NOTICE)
    assert "They learnt from 800 of 801 rows" in part.message


def test_losing_to_the_baseline_is_said_with_what_would_help() -> None:
    (below,) = advice_for(TRAITS, said(0.42, 0.43, 0.44))
    assert (below.code, below.severity) == ("below_baseline", Severity.WARNING)
    assert "Ridge scores 0.430 and the best baseline 0.500" in below.message
    assert below.help.startswith("What would help: ")
    series = replace(TRAITS, ordered=True)
    assert "longer sums of the drivers" in advice_for(series, said(0.42, 0.43, 0.44))[0].help


@pytest.mark.parametrize(
    ("scores", "baseline", "standing"),
    [
        ((0.7, 0.71, 0.72), 0.5, Standing.BETTER),
        ((0.4, 0.41, 0.42), 0.5, Standing.WORSE),
        ((0.4, 0.52, 0.61), 0.5, Standing.TIED),
        ((0.6,), 0.5, Standing.BETTER),
    ],
)
def test_a_score_is_signed_by_its_comparison(scores: tuple[float, ...], baseline: float, standing: Standing) -> None:
    evidence = said(*scores, baseline=baseline)
    assert evidence.standing_of(evidence.items[0]) is standing
    ranking = rank(TRAITS)
    ridge = next(estimator for estimator in order_estimators(ranking, evidence) if estimator.entry.id == "ridge")
    where = {Standing.BETTER: ridge.reasons, Standing.WORSE: ridge.cautions, Standing.TIED: ridge.even}
    for item, texts in where.items():
        assert any("in short fits" in text for text in texts) is (item is standing), item
    assert "in short fits" in ridge.why


def test_a_smaller_error_is_the_better_score() -> None:
    evidence = said(0.3, 0.31, 0.32, metric="rmse")
    assert evidence.standing_of(evidence.items[0]) is Standing.BETTER
    assert compare_scores((), ()) is Standing.TIED


def test_a_number_that_hardly_explains_anything_is_said_so() -> None:
    number = replace(TRAITS, task=TaskKind.REGRESSION, classes=0)
    flat = replace(said(0.012, 0.013, 0.012, 0.013, baseline=0.0, metric="r2"), baseline_right=0.0)
    assert [advice.code for advice in advice_for(number, flat)] == ["no_signal"]
    steep = replace(said(0.42, 0.43, 0.41, 0.44, baseline=0.0, metric="r2"), baseline_right=0.0)
    assert advice_for(number, steep) == ()


def test_few_rows_are_said_and_widen_what_is_expected() -> None:
    few = replace(TRAITS, rows=80)
    assert [advice.code for advice in advice_for(few, None)] == ["too_few_rows"]
    many = said(0.80, 0.81, 0.60, 0.80, 0.82)
    wide, narrow = expected_score(many.items[0], replace(many, rows=80)), expected_score(many.items[0], many)
    assert wide is not None
    assert narrow is not None
    assert wide.score_low <= 0.6
    assert wide.score_low <= narrow.score_low < 0.766 < narrow.score_high <= 1


def test_the_range_to_expect_covers_what_a_launch_scores_nine_times_in_ten() -> None:
    """Known answer by simulation: fold scores drawn around a mean, with the spread of the formula."""
    random, inside = np.random.default_rng(0), 0
    for _ in range(400):
        truth = random.normal(0.7, 0.05 * np.sqrt(0.25))
        scores = tuple(float(item) for item in random.normal(truth, 0.05, size=5))
        score = expected_score(said(*scores).items[0], said(*scores))
        assert score is not None
        inside += score.score_low <= 0.7 <= score.score_high
    assert 0.85 <= inside / 400 <= 0.97


def test_one_fold_gives_no_range() -> None:
    assert expected_score(said(0.7).items[0], said(0.7)) is None


@pytest.mark.parametrize(
    "metric", ["r2", "nse", "accuracy", "balanced_accuracy", "roc_auc", "f1", "kge_2012", "rmse", "mae"]
)
def test_before_any_fit_the_range_is_wide_and_in_the_unit_of_the_metric(metric: str) -> None:
    score = expected_by_rules(replace(TRAITS, target_std=4.0, strongest=("a", 0.6)), metric)
    assert score is not None
    assert score.score_low < score.score_high
    assert score.metric == metric
    assert expected_by_rules(TRAITS, "log_loss") is None
