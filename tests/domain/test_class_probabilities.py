"""Probabilities without a zero, decisions in which each class weighs the same, and classes that a fold lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from app.domain.contest.blend import average, errors_on
from app.domain.contest.summary import BLEND
from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.training.absent_classes import notes_on_classes
from app.domain.training.class_probabilities import ClassPipeline, smooth
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run import train
from app.domain.training.validation import metrics, scoring
from app.domain.training.validation.scoring import Predictions, decision_scores
from app.domain.training.validation.splitting import Fold, Split
from app.domain.vocabulary import TaskKind
from tests.domain.tables import made, make_spec, profile_of

THREE: dict[str, Any] = {"task": {"target": "three", "kind": "multiclass"}, "selected": ["a", "b", "word"]}
FOREST = {"n_estimators": 10, "min_samples_leaf": 1}


def fitted(estimator: str, *, frame: pd.DataFrame | None = None, rows: Any = None, **parameters: Any) -> Any:
    """Return a pipeline fitted on some rows, and the table."""
    frame = made(150) if frame is None else frame
    spec = make_spec(estimator=estimator, parameters=parameters, **THREE)
    table = prepare(spec, frame, profile_of(frame))
    rows = np.arange(len(frame)) if rows is None else rows
    return build_pipeline(spec, table).fit(table.features.iloc[rows], table.target[rows]), table


def rare(rows: int = 200) -> pd.DataFrame:
    """Return a table in which one class of three is rare."""
    frame = made(rows)
    frame["three"] = np.where(np.arange(rows) % 12 == 0, "high", np.where(frame["y"] > 0, "mid", "low"))
    frame["a"] = frame["a"] + (frame["three"] == "high")
    return frame


def test_smoothing_is_the_rule_of_succession() -> None:
    shares = np.array([[1.0, 0.0, 0.0], [0.5, 0.3, 0.2]])
    np.testing.assert_allclose(smooth(shares, 7), [[0.8, 0.1, 0.1], [0.45, 0.31, 0.24]])


@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        ("random_forest", FOREST),
        ("k_nearest_neighbors", {"n_neighbors": 1}),
        ("decision_tree", {"min_samples_leaf": 1}),
    ],
)
def test_no_probability_is_zero_and_no_decision_changes(estimator: str, parameters: dict[str, Any]) -> None:
    pipeline, table = fitted(estimator, **parameters)
    raw = pipeline.named_steps["estimate"].predict_proba(pipeline.named_steps["prepare"].transform(table.features))
    shares = pipeline.predict_proba(table.features)
    assert (raw == 0).any()
    assert shares.min() >= 1 / (len(table.target) + 3) - 1e-12
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (np.argmax(shares, axis=1) == np.argmax(raw, axis=1)).all()


def test_an_even_decision_leaves_the_probabilities_and_finds_more_of_a_rare_class() -> None:
    frame = rare()
    plain, table = fitted("random_forest", frame=frame, **{**FOREST, "min_samples_leaf": 10})
    even, _ = fitted("random_forest", frame=frame, **{**FOREST, "min_samples_leaf": 10}, class_weight="decision")
    assert even.predict_proba(table.features).tobytes() == plain.predict_proba(table.features).tobytes()
    code = table.labels.index("high")
    assert (even.predict(table.features) == code).sum() > (plain.predict(table.features) == code).sum()
    shares = np.bincount(table.target) / len(table.target)
    expected = np.argmax(plain.predict_proba(table.features) / shares, axis=1)
    assert (even.predict(table.features) == expected).all()
    predictions = scoring.predict(even, table.features, classes=3)
    np.testing.assert_allclose(predictions.class_shares, shares)


def test_a_class_that_was_never_trained_is_never_decided() -> None:
    scores = decision_scores(np.array([[0.5, 0.4, 0.1]]), np.array([0.9, 0.1, 0.0]))
    np.testing.assert_allclose(scores, [[0.5 / 0.9 / (0.5 / 0.9 + 4), 4 / (0.5 / 0.9 + 4), 0.0]])


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting", "ridge", "support_vector_machine"])
def test_a_class_without_training_rows_has_its_column_and_no_decision(estimator: str) -> None:
    frame = made(150)
    rows = np.flatnonzero(frame["three"] != "mid")
    few = {"max_iter": 10} if "boosting" in estimator else {}
    pipeline, table = fitted(estimator, rows=rows, **few)
    predictions = scoring.predict(pipeline, table.features, classes=3)
    code = table.labels.index("mid")
    assert predictions.scores is not None
    assert predictions.scores.shape == (150, 3)
    assert code not in predictions.values
    assert (np.argmin(predictions.scores, axis=1) == code).mean() > 0.5
    spec = make_spec(**THREE)
    scored = scoring.judge(spec, table, np.arange(150), predictions)
    assert scored["balanced_accuracy"] is not None
    assert (scored["log_loss"] is not None) is predictions.are_probabilities


def test_a_pipeline_for_classes_is_cloned_with_its_settings() -> None:
    pipeline, _ = fitted("random_forest", **FOREST, class_weight="decision")
    copy = clone(pipeline)
    assert isinstance(copy, ClassPipeline)
    assert (copy.classes, copy.even) == (3, 1.0)


def test_a_blend_decides_as_its_members_do() -> None:
    shares = np.array([0.9, 0.1])
    first = Predictions(np.array([0]), np.array([[0.7, 0.3]]), True, shares)
    other = Predictions(np.array([0]), np.array([[0.9, 0.1]]), True, shares)
    blended = average([first, other], np.array([0.5, 0.5]), classes=True)
    assert blended.values.tolist() == [1]
    assert blended.scores is not None
    np.testing.assert_allclose(blended.scores, [[0.8, 0.2]])
    plain = [Predictions(item.values, item.scores, True) for item in (first, other)]
    assert average(plain, np.array([0.5, 0.5]), classes=True).values.tolist() == [0]


def test_weights_of_a_blend_follow_decisions_where_the_metric_weighs_classes() -> None:
    frame = rare(120)
    spec = make_spec(**THREE)
    table = prepare(spec, frame, profile_of(frame))
    fold = Fold(np.arange(60), np.arange(60, 120))
    shares = np.bincount(table.target[fold.train], minlength=3) / 60
    scores = np.tile(shares, (60, 1))
    members = [Predictions(np.zeros(60, int), scores, True, shares), Predictions(np.zeros(60, int), scores, True)]
    even = errors_on(metrics.get("balanced_accuracy"), table, fold, members).values
    np.testing.assert_allclose(even[:, 0], 1 / 3)
    plain = errors_on(metrics.get("log_loss"), table, fold, members).values
    np.testing.assert_allclose(plain[:, 0], plain[:, 1])


def by_blocks() -> pd.DataFrame:
    """Return a table sorted by class, so that folds without shuffling lack one each."""
    frame = made(120)
    frame["three"] = np.repeat(["high", "low", "mid"], 40)
    frame["a"] = frame["a"] + np.repeat([0.0, 2.0, 4.0], 40)
    return frame.sort_values("three").reset_index(drop=True)


def test_a_contest_goes_on_where_folds_lack_a_class() -> None:
    frame = by_blocks()
    frame.loc[frame["three"] == "mid", "site"] = "n1"
    frame.loc[frame["three"] != "mid", "site"] = np.where(np.arange(80) % 2 == 0, "n2", "n3")
    parts = [
        {"estimator": "random_forest", "parameters": {**FOREST, "class_weight": "decision"}},
        {"estimator": "logistic_regression"},
        {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 20}},
    ]
    task = {**THREE["task"], "group_column": "site"}
    validation = {"strategy": "group_k_fold", "parameters": {"n_splits": 3}}
    spec = make_spec(
        **{**THREE, "task": task}, candidates=parts, blend=True, validation=validation, primary="log_loss", others=[]
    )
    result = train(spec, frame, profile_of(frame), on_progress=lambda _: None, should_stop=lambda: False)
    contest = result.report.contest
    assert contest is not None
    assert {entry.key for entry in contest.entries if entry.state == "finished"} == {"1", "2", "3", BLEND}
    for entry in contest.entries:
        assert None not in entry.scores["log_loss"].folds
        # A class that no training row has is as likely as one row in all of them at the least.
        assert max(value or 0.0 for value in entry.scores["log_loss"].folds) <= np.log(120 + 3)
    notes = " ".join(result.report.notes)
    assert "Classes without training rows: mid (fold " in notes
    assert "Classes without validation rows: " in notes


def test_notes_name_classes_and_parts() -> None:
    frame = by_blocks()
    spec = make_spec(**THREE)
    table = prepare(spec, frame, profile_of(frame))
    rows = np.arange(120)
    folds = (Fold(rows[:80], rows[80:]), Fold(rows[40:], rows[:40]))
    assert notes_on_classes(table, Split(folds, rows, None)) == [
        "Classes without training rows: mid (fold 1) and high (fold 2). "
        "They are never predicted there, and count in the scores.",
        "Classes without validation rows: high (fold 1), low (fold 1 and fold 2) and mid (fold 2). "
        "Scores there say nothing of them.",
    ]
    whole = (Fold(rows[::2], rows[1::2]),)
    assert notes_on_classes(table, Split(whole, rows, None)) == []


@pytest.mark.parametrize(
    "entry",
    [entry for entry in registry.estimators_for_task(TaskKind.MULTICLASS) if entry.probabilities and entry.competes],
    ids=lambda entry: entry.id,
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_every_estimator_with_probabilities_can_weigh_classes_in_its_decision(entry: EstimatorEntry) -> None:
    frame = rare()
    small = {"n_estimators": 10, "width": 8, "min_samples_leaf": 10, "n_neighbors": 20, "weights": "uniform"}
    small = {name: value for name, value in small.items() if entry.parameter(name)}
    pipelines = [fitted(entry.id, frame=frame, **small, class_weight=weight) for weight in ("none", "decision")]
    table = pipelines[0][1]
    code = table.labels.index("high")
    plain, even = (pipeline.predict(table.features) for pipeline, _ in pipelines)
    assert (even == code).sum() >= (plain == code).sum()
    shares = np.bincount(table.target) / len(table.target)
    assert (even == np.argmax(pipelines[0][0].predict_proba(table.features) / shares, axis=1)).all()


@pytest.mark.parametrize(("metric", "power"), [("balanced_accuracy", 1.0), ("f1_macro", 0.5), ("log_loss", 1.0)])
def test_how_far_a_decision_goes_follows_the_metric(metric: str, power: float) -> None:
    frame = rare()
    spec = make_spec(estimator="gaussian_naive_bayes", parameters={"class_weight": "decision"}, primary=metric, **THREE)
    table = prepare(spec, frame, profile_of(frame))
    pipeline = build_pipeline(spec, table).fit(table.features, table.target)
    shares = np.bincount(table.target) / len(table.target)
    np.testing.assert_allclose(pipeline.class_shares_, shares**power)
