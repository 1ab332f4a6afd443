"""A training run: reproducible to the byte, learnt from the training rows alone, stopped when asked, and never alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from app.domain.errors import StoppedError, TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.report.importance import permutation_importance
from app.domain.training.report.outcome import Progress, TrainingResult
from app.domain.training.run import train
from app.domain.training.validation import baselines, scoring
from tests.domain.tables import PISCATAQUIS, made, make_spec, profile_of, real

pytestmark = pytest.mark.fits

LAGS = [
    {"columns": ["y", "a"], "kind": "lag", "parameters": {"steps": [1, 2]}},
    {"columns": ["y", "a"], "kind": "rolling_mean", "parameters": {"window": 3}},
]
FORWARD: dict[str, Any] = {
    "task": {"target": "y", "time_column": "day"},
    "transforms": LAGS,
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 2}, "holdout": {"fraction": 0.2}},
}
FOREST: dict[str, Any] = {"estimator": "random_forest", "parameters": {"n_estimators": 10}}


def run(
    spec: Spec,
    frame: pd.DataFrame,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> TrainingResult:
    column = spec.task.time_column
    return train(spec, frame, profile_of(frame, column), on_progress=on_progress, should_stop=should_stop)


def lasting(result: TrainingResult) -> tuple[str, bytes]:
    """Return all of a result that does not tell of the machine's hurry: what must be the same every time."""
    report = {key: value for key, value in result.report.to_json().items() if key not in ("timing", "memory_mb")}
    return json.dumps(report, allow_nan=False), result.predictions.to_csv(index=False).encode()


def river(rows: int = 900) -> pd.DataFrame:
    frame = real("hydro/piscataquis_01031500_daily.csv", parse_dates=["date"])
    return frame.iloc[:rows].reset_index(drop=True)


def river_spec(**changed: Any) -> Spec:
    quick = {"parameters": {"max_iter": 30}, "transforms": PISCATAQUIS["transforms"][:3]}
    return make_spec(**{**PISCATAQUIS, **quick, **changed})


@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "extra_trees", "multilayer_perceptron"])
def test_the_same_seed_gives_the_same_result_to_the_byte(estimator: str) -> None:
    frame, few = river(500), {"extra_trees": {"n_estimators": 10}, "multilayer_perceptron": {"max_iter": 20}}
    spec = river_spec(estimator=estimator, parameters=few.get(estimator, {"max_iter": 20}))
    assert lasting(run(spec, frame)) == lasting(run(spec, frame))


@pytest.mark.parametrize("strategy", ["k_fold", "holdout", "repeated_k_fold"])
def test_another_seed_divides_anew(strategy: str) -> None:
    frame = made(60)
    first, same, other = (
        run(make_spec(validation={"strategy": strategy}, seed=seed), frame).predictions["row"].tolist()
        for seed in (1, 1, 2)
    )
    assert first == same
    assert first != other


def test_another_seed_grows_another_forest_on_the_same_rows() -> None:
    frame, other = (run(make_spec(**FORWARD, **FOREST, seed=seed), made(100)).predictions for seed in (1, 2))
    assert frame["row"].tolist() == other["row"].tolist()
    assert frame["predicted"].tolist() != other["predicted"].tolist()


def test_a_method_without_chance_does_not_see_the_seed() -> None:
    frame, other = (run(make_spec(**FORWARD, seed=seed), made(100)).predictions for seed in (1, 2))
    pd.testing.assert_frame_equal(frame, other)


def test_the_order_of_rows_in_the_file_does_not_matter_where_time_orders_them() -> None:
    frame = made(100)
    mixed = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    first, other = (run(make_spec(**FORWARD, **FOREST), each).predictions for each in (frame, mixed))
    pd.testing.assert_frame_equal(first.drop(columns="row"), other.drop(columns="row"))


def test_a_fold_is_what_a_hand_made_fit_on_its_training_rows_says() -> None:
    frame = made(60)
    result = run(make_spec(validation={"strategy": "k_fold", "parameters": {"n_splits": 3}}), frame)
    part = result.predictions[result.predictions["part"] == "fold 2"]
    judge = part["row"].to_numpy() - 1
    rest = np.setdiff1d(np.arange(60), judge)
    scaler = StandardScaler().fit(frame[["a", "b"]].iloc[rest])
    line = Ridge(alpha=1.0).fit(scaler.transform(frame[["a", "b"]].iloc[rest]), frame["y"].iloc[rest])
    expected = line.predict(scaler.transform(frame[["a", "b"]].iloc[judge]))
    np.testing.assert_allclose(part["predicted"], expected)
    np.testing.assert_array_equal(part["observed"], frame["y"].iloc[judge])
    error = float(np.sqrt(np.mean((frame["y"].iloc[judge] - expected) ** 2)))
    assert result.report.to_json()["scores"]["rmse"]["folds"][1] == pytest.approx(error)


def test_what_happens_later_changes_no_earlier_estimate() -> None:
    frame = made(100)
    spec = make_spec(**FORWARD, **FOREST)
    before = run(spec, frame).predictions
    last = before.loc[before["part"] == "fold 2", "day"].max()
    changed = frame.copy()
    changed.loc[frame["day"] > last, ["a", "b", "y"]] *= -1000
    # The last day's own target is what is to be estimated there.
    changed.loc[frame["day"] == last, "y"] = 1e6
    after = run(spec, changed).predictions
    early = before["part"].isin(["fold 1", "fold 2"])
    assert before["predicted"][early].tolist() == after["predicted"][early].tolist()
    assert before["predicted"][~early].tolist() != after["predicted"][~early].tolist()


def test_a_shuffled_target_scores_no_better_than_the_baseline() -> None:
    frame = made(300)
    for column in ("y", "two"):
        frame[column] = np.random.default_rng(8).permutation(frame[column])
    for target, kind, primary in (("y", "regression", "nse"), ("two", "binary", "log_loss")):
        for estimator in ("ridge" if kind == "regression" else "logistic_regression", "random_forest"):
            spec = make_spec(
                task={"target": target, "kind": kind},
                selected=["a", "b", "word", "site"],
                estimator=estimator,
                parameters=FOREST["parameters"] if estimator == "random_forest" else {},
                primary=primary,
            )
            headline = run(spec, frame).report.to_json()["headline"]
            assert not headline["beats"]
            assert "beats" not in headline["sentence"]


@pytest.mark.parametrize(
    ("target", "kind", "estimator"),
    [("y", "regression", "ridge"), ("two", "binary", "logistic_regression"), ("three", "multiclass", "random_forest")],
)
def test_a_target_that_can_be_learnt_is_learnt_better_than_the_baseline(target: str, kind: str, estimator: str) -> None:
    spec = make_spec(task={"target": target, "kind": kind}, estimator=estimator)
    headline = run(spec, made(150)).report.to_json()["headline"]
    assert headline["beats"]
    assert headline["score"] > headline["baseline_score"]


def test_persistence_of_a_real_river_by_hand() -> None:
    frame = river()
    report = run(river_spec(), frame).report.to_json()
    (persistence,) = [entry for entry in report["baselines"] if entry["id"] == "persistence"]
    flow = frame["discharge_mm"].to_numpy()
    first = len(flow) - round(0.2 * len(flow))
    observed, predictions = flow[first:], flow[first - 1 : -1]
    nse = 1 - np.sum((observed - predictions) ** 2) / np.sum((observed - observed.mean()) ** 2)
    assert persistence["scores"]["nse"]["holdout"] == pytest.approx(nse)
    error = float(np.sqrt(np.mean((observed - predictions) ** 2)))
    assert persistence["scores"]["rmse"]["holdout"] == pytest.approx(error)


@pytest.mark.parametrize("lead", [1, 3, 7])
def test_persistence_of_a_real_river_by_lead(lead: int) -> None:
    frame = river()
    task = {"target": "discharge_mm", "time_column": "date", "purpose": "forecast", "horizon": lead}
    lags = [{"columns": ["discharge_mm"], "kind": "lag", "parameters": {"steps": [lead, lead + 1]}}]
    report = run(river_spec(task=task, transforms=lags, estimator="ridge", parameters={}), frame).report.to_json()
    (persistence,) = [entry for entry in report["baselines"] if entry["id"] == "persistence"]
    flow = frame["discharge_mm"].to_numpy()
    first = len(flow) - round(0.2 * len(flow))
    observed, predictions = flow[first:], flow[first - lead : len(flow) - lead]
    nse = 1 - np.sum((observed - predictions) ** 2) / np.sum((observed - observed.mean()) ** 2)
    assert persistence["scores"]["nse"]["holdout"] == pytest.approx(nse, abs=1e-12)


def test_the_mean_of_the_day_and_the_mean_of_a_real_river_by_hand() -> None:
    frame = river()
    report = run(river_spec(), frame).report.to_json()
    scores = {entry["id"]: entry["scores"]["rmse"]["holdout"] for entry in report["baselines"]}
    assert list(scores) == ["persistence", "day_of_year_mean", "mean"]
    first = len(frame) - round(0.2 * len(frame))
    trained, judged = frame.iloc[: first - 30], frame.iloc[first:]
    mean = trained["discharge_mm"].mean()
    by_day = trained.groupby(trained["date"].dt.day_of_year)["discharge_mm"].mean()
    answer = judged["date"].dt.day_of_year.map(by_day).fillna(mean)
    for name, values in (("day_of_year_mean", answer), ("mean", mean)):
        error = float(np.sqrt(((judged["discharge_mm"] - values) ** 2).mean()))
        assert scores[name] == pytest.approx(error)


def test_the_most_common_class_is_the_baseline_of_classes() -> None:
    frame = made(90)
    spec = make_spec(task={"target": "three", "kind": "multiclass"}, estimator="random_forest", others=["accuracy"])
    result = run(spec, frame)
    (rival,) = result.report.to_json()["baselines"]
    shares = []
    for part, rows in result.predictions.groupby("part", sort=False)["row"]:
        rest = frame.drop(index=rows - 1)["three"]
        shares.append(float((frame["three"].iloc[rows - 1] == rest.mode()[0]).mean()))
        assert part in ("fold 1", "fold 2", "fold 3")
    assert rival["id"] == "majority"
    assert rival["scores"]["accuracy"]["folds"] == pytest.approx(shares)
    assert rival["scores"]["balanced_accuracy"]["folds"] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, ["mean"]),
        ({"task": {"target": "y", "time_column": "day"}}, ["persistence", "mean"]),
        ({"task": {"target": "two", "kind": "binary"}}, ["majority"]),
    ],
)
def test_every_experiment_has_the_baselines_that_mean_something(parts: dict[str, Any], expected: list[str]) -> None:
    frame = made(40)
    spec = make_spec(**parts)
    assert [
        entry.id for entry in baselines.baselines_for_experiment(spec, prepare(spec, frame, profile_of(frame)))
    ] == expected


def test_training_stops_wherever_it_is_asked_to() -> None:
    frame, spec = made(60), make_spec(validation={"strategy": "k_fold", "holdout": {"fraction": 0.2}})
    query: list[int] = []
    run(spec, frame, should_stop=lambda: query.append(1) is not None)
    # Before each of five folds, before the hold-out, before what it relies on is measured, and before each of two features.
    assert len(query) == 9
    for most in range(9):
        calls: list[int] = []
        progresses: list[Progress] = []

        def stop(calls: list[int] = calls, most: int = most) -> bool:
            calls.append(1)
            return len(calls) > most

        with pytest.raises(StoppedError):
            run(spec, frame, should_stop=stop, on_progress=progresses.append)
        assert len(calls) == most + 1
        # That the hold-out has been judged is told with the next step.
        assert progresses[-1].done == min(most, 5 if most < 7 else 6)


def test_progress_only_grows_and_ends_whole() -> None:
    progresses: list[Progress] = []
    report = run(make_spec(**FORWARD), made(100), on_progress=progresses.append).report.to_json()
    assert [step.done for step in progresses] == sorted(step.done for step in progresses)
    assert {step.total for step in progresses} == {5}
    assert (progresses[0].fraction, progresses[-1].fraction) == (0, 1)
    assert all(step.message for step in progresses)
    assert [line.score for line in progresses[-1].folds] == report["scores"]["nse"]["folds"]
    rivals = {entry["title"]: entry["scores"]["nse"]["folds"] for entry in report["baselines"]}
    for index, line in enumerate(progresses[-1].folds):
        assert line.baseline == rivals[line.baseline_title][index] == max(folds[index] for folds in rivals.values())


def test_importance_finds_what_matters_and_is_measured_on_rows_not_trained_on() -> None:
    frame = made(200).assign(noise=np.random.default_rng(1).normal(size=200))
    spec = make_spec(**{**FORWARD, "transforms": []}, selected=["a", "b", "noise"])
    importance = run(spec, frame).report.charts.importance
    assert importance is not None
    assert [item.feature for item in importance.items] == ["a", "b", "noise"]
    first, second, noise = (item.mean or 0 for item in importance.items)
    assert first > second > 0.1
    assert abs(noise) < 0.05
    assert (importance.basis, importance.rows, importance.metric) == ("hold-out", 40, "nse")


def test_importance_leaves_out_no_loss_whatever_the_direction_of_the_metric() -> None:
    frame = made(120)
    for primary in ("nse", "rmse", "mae", "kge_2012"):
        spec = make_spec(primary=primary, others=[])
        table = prepare(spec, frame, profile_of(frame))
        rows = np.arange(80, 120)
        fitted = build_pipeline(spec, table).fit(table.features[:80], table.target[:80])
        losses = permutation_importance(spec, table, fitted, rows=rows, basis="fold 1").items
        assert [item.feature for item in losses] == ["a", "b"]
        assert all((item.mean or 0) > 0 for item in losses)


def test_importance_by_bias_counts_a_larger_bias_as_a_loss_whatever_its_sign() -> None:
    random = np.random.default_rng(2)
    a = random.normal(size=300)
    frame = made(300).assign(a=a, b=a + 0.05 * random.normal(size=300))
    # Shuffling either factor takes away the square, and with it water: a bias far below zero.
    frame["y"] = 1 + frame["a"] * frame["b"]
    spec = make_spec(primary="pbias", others=[], estimator="k_nearest_neighbors")
    table = prepare(spec, frame, profile_of(frame))
    rows = np.arange(200, 300)
    fitted = build_pipeline(spec, table).fit(table.features[:200], table.target[:200])
    mixed = table.features.iloc[rows].assign(a=random.permutation(frame["a"].iloc[rows]))
    bias = [
        abs(scoring.judge(spec, table, rows, scoring.predict(fitted, given, classes=0))["pbias"] or 0)
        for given in (table.features.iloc[rows], mixed)
    ]
    assert bias[1] > bias[0] + 5
    losses = permutation_importance(spec, table, fitted, rows=rows, basis="fold 1").items
    assert all((item.mean or 0) > 0 for item in losses)


REFUSED: dict[str, tuple[Spec, pd.DataFrame]] = {
    "one_class_fold": (
        make_spec(**{**FORWARD, "task": {"target": "y", "kind": "binary", "time_column": "day"}, "transforms": []}),
        made(60).assign(y=np.where(np.arange(60) < 40, "dry", "wet")),
    ),
    "fit_failed": (make_spec(estimator="k_nearest_neighbors", parameters={"n_neighbors": 50}), made(30)),
    "diverged": (
        make_spec(task={"target": "three", "kind": "multiclass"}, selected=["same"], estimator="gaussian_naive_bayes"),
        made(60).assign(same=7.5),
    ),
    "gap_too_long": (
        make_spec(**{**FORWARD, "validation": {"strategy": "time_series", "parameters": {"gap": 40}}}),
        made(60),
    ),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_trained_fails_with_a_sentence(code: str) -> None:
    spec, frame = REFUSED[code]
    with pytest.raises(TrainingError) as refusal:
        run(spec, frame)
    assert refusal.value.code == code
    assert refusal.value.message[0].isupper() or refusal.value.message[0].isdigit()


def test_a_class_that_a_fold_never_saw_is_scored_all_the_same() -> None:
    frame = made(80)
    frame["three"] = np.where(np.arange(80) < 60, frame["two"], "new")
    spec = make_spec(
        task={"target": "three", "kind": "multiclass", "time_column": "day"},
        estimator="support_vector_machine",
        validation={"strategy": "time_series", "parameters": {"n_splits": 3}},
    )
    report = run(spec, frame).report.to_json()
    assert report["task"]["labels"] == ["dry", "new", "wet"]
    assert all(score is not None for score in report["scores"]["balanced_accuracy"]["folds"])
    # Scores of a support vector machine rank, but are no probabilities.
    assert report["scores"]["log_loss"]["folds"] == [None] * 3
