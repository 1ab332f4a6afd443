"""The search for hyperparameters: within the training rows alone, the same every time, and ended by trials."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import StoppedError, TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.report.outcome import Progress, TrainingResult
from app.domain.training.run import train
from app.domain.training.tuning import tuning
from app.domain.training.tuning.inner_folds import facts_of, inner_folds
from app.domain.training.validation.splitting import make_split
from tests.domain.tables import made, make_spec, profile_of

pytestmark = pytest.mark.fits

ON: dict[str, Any] = {"enabled": True, "trials": 8, "inner": 2}
FORWARD: dict[str, Any] = {
    "task": {"target": "y", "time_column": "day"},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 2, "gap": 3}, "holdout": {"fraction": 0.2}},
}
TREE: dict[str, Any] = {"estimator": "decision_tree"}


def run(spec: Spec, frame: pd.DataFrame, **hooks: Any) -> TrainingResult:
    wanted = {"on_progress": lambda _progress: None, "should_stop": lambda: False, **hooks}
    return train(spec, frame, profile_of(frame, spec.task.time_column), **wanted)


def lasting(result: TrainingResult) -> tuple[str, bytes]:
    report = {key: value for key, value in result.report.to_json().items() if key not in ("timing", "memory_mb")}
    return json.dumps(report, allow_nan=False), result.predictions.to_csv(index=False).encode()


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid"])
@pytest.mark.parametrize("pruning", ["none", "median", "halving"])
def test_the_same_seed_finds_the_same_values_to_the_byte(sampler: str, pruning: str) -> None:
    spec = make_spec(**FORWARD, **TREE, tuning={**ON, "sampler": sampler, "pruning": pruning})
    frame = made(150)
    assert lasting(run(spec, frame)) == lasting(run(spec, frame))


def test_another_seed_tries_other_values() -> None:
    first, other = (
        run(make_spec(**FORWARD, **TREE, tuning=ON, seed=seed), made(150)).report.to_json()["tuning"]["searches"][0][
            "scores"
        ]
        for seed in (1, 2)
    )
    assert first[0][2] == pytest.approx(other[0][2])
    assert first != other


def _poisoned(frame: pd.DataFrame, rows: Any) -> pd.DataFrame:
    poisoned = frame.copy()
    for name in ("a", "b", "y"):
        poisoned.loc[rows, name] = np.random.default_rng(9).normal(scale=1e3, size=len(rows))
    return poisoned


@pytest.mark.slow
@pytest.mark.parametrize(
    "parts",
    [
        FORWARD,
        {"validation": {"strategy": "k_fold", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.2}}},
        {
            "task": {"target": "y", "group_column": "site"},
            "validation": {"strategy": "group_k_fold", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.2}},
        },
        {"validation": {"strategy": "holdout"}},
    ],
)
def test_rows_that_judge_a_part_do_not_change_what_is_found_for_it(parts: dict[str, Any]) -> None:
    frame = made(150)
    spec = make_spec(**{**parts, **TREE, "tuning": ON})
    table = prepare(spec, frame, profile_of(frame, spec.task.time_column))
    split = make_split(spec, facts_of(table))
    judged = [fold.validation for fold in split.folds] + ([split.holdout] if split.holdout is not None else [])
    clean = run(spec, frame).report.to_json()["tuning"]["searches"]
    for index, rows in enumerate(judged):
        result = run(spec, _poisoned(frame, rows)).report.to_json()["tuning"]["searches"][index]
        assert result == clean[index]
    # The poison is strong enough to be noticed where it does reach a search.
    elsewhere = [run(spec, _poisoned(frame, rows)).report.to_json()["tuning"]["searches"] for rows in judged]
    assert len(judged) == 1 or any(match != clean for match in elsewhere)


def test_no_row_outside_the_training_rows_is_in_an_inner_fold() -> None:
    frame = made(150)
    for parts in (
        FORWARD,
        {"task": {"target": "y", "group_column": "site"}, "validation": {"strategy": "group_k_fold"}},
    ):
        spec = make_spec(**{**parts, "tuning": ON})
        facts = facts_of(prepare(spec, frame, profile_of(frame, spec.task.time_column)))
        for fold in make_split(spec, facts).folds:
            for inner in inner_folds(spec, facts, fold.train):
                assert set(inner.train) | set(inner.validation) <= set(fold.train)
                assert not set(inner.train) & set(inner.validation)
                if spec.task.time_column:
                    assert inner.validation.min() - inner.train.max() > 3
                if facts.groups is not None:
                    assert not set(facts.groups[inner.train]) & set(facts.groups[inner.validation])


def test_classes_keep_their_shares_within_a_fold() -> None:
    frame = made(150)
    spec = make_spec(task={"target": "two", "kind": "binary"}, tuning=ON, validation={"strategy": "stratified_k_fold"})
    facts = facts_of(prepare(spec, frame, profile_of(frame)))
    rows = make_split(spec, facts).folds[0].train
    assert facts.classes is not None
    whole = facts.classes[rows].mean()
    for inner in inner_folds(spec, facts, rows):
        assert facts.classes[inner.train].mean() == pytest.approx(whole, abs=0.02)


def test_too_few_rows_for_as_many_folds_make_fewer_and_too_few_for_two_say_so() -> None:
    spec = make_spec(**FORWARD, tuning={**ON, "inner": 10})
    facts = facts_of(prepare(spec, made(60), profile_of(made(60), "day")))
    assert 2 <= len(inner_folds(spec, facts, np.arange(20))) < 10
    with pytest.raises(TrainingError, match="5 training rows cannot be divided again") as caught:
        inner_folds(spec, facts, np.arange(5))
    assert caught.value.code == "inner_folds_impossible"


def test_what_was_found_is_no_worse_on_the_inner_folds_than_what_was_given() -> None:
    results = run(make_spec(**FORWARD, **TREE, tuning=ON), made(200)).report.to_json()["tuning"]
    assert results["greater_is_better"] is True
    assert [element["part"] for element in results["searches"]] == ["fold 1", "fold 2", "hold-out"]
    for item in results["searches"]:
        assert item["trials"] == 8
        assert item["complete"] + item["pruned"] + item["failed"] == 8
        assert item["best"] >= item["given"]
        assert {"max_depth", "min_samples_leaf"} <= set(item["chosen"])
    assert results["sentence"]


@pytest.mark.parametrize("metric", ["rmse", "pbias", "nse"])
def test_a_metric_of_its_own_decides_among_trials(metric: str) -> None:
    spec = make_spec(**FORWARD, **TREE, tuning={**ON, "metric": metric, "pruning": "none"})
    for item in run(spec, made(150)).report.to_json()["tuning"]["searches"]:
        scores = [score for _, _, score in item["scores"]]
        assert item["best"] == (max(scores) if metric == "nse" else min(scores))


def test_a_trial_that_fails_is_told_and_ends_nothing() -> None:
    space = {"solver": {"choices": ["lbfgs", "liblinear"]}, "penalty": {"choices": ["l1", "l2"]}, "C": {"fixed": True}}
    spec = make_spec(
        task={"target": "two", "kind": "binary"},
        estimator="logistic_regression",
        tuning={**ON, "sampler": "grid", "space": space},
    )
    item = run(spec, made(150)).report.to_json()["tuning"]["searches"][0]
    assert (item["failed"], item["complete"]) == (1, 3)
    assert item["failures"][0]["trials"] == 1
    assert "lbfgs" in item["failures"][0]["reason"]


def test_where_every_trial_fails_there_is_a_reason() -> None:
    space = {"penalty": {"choices": ["l1", "elasticnet"]}, "C": {"fixed": True}}
    spec = make_spec(
        task={"target": "two", "kind": "binary"},
        estimator="logistic_regression",
        parameters={"penalty": "l1"},
        tuning={**ON, "space": space},
    )
    with pytest.raises(TrainingError, match="Every trial of the search failed in fold 1") as caught:
        run(spec, made(150))
    assert caught.value.code == "search_failed"


def test_where_no_trial_can_be_judged_the_settings_stay_as_set_and_that_is_said() -> None:
    frame = made(200)
    frame.loc[:120, "y"] = 504.0
    spec = make_spec(**FORWARD, **TREE, parameters={"min_samples_leaf": 7}, tuning=ON)
    report = run(spec, frame).report.to_json()
    first, *others = report["tuning"]["searches"]
    assert (first["failed"], first["best"], first["given"]) == (8, None, None)
    assert first["chosen"]["min_samples_leaf"] == 7
    assert [note for note in report["notes"] if "NSE is not defined on the folds within" in note]
    assert all(other["best"] is not None for other in others[1:])


def test_an_early_end_keeps_the_best_so_far_and_treats_later_parts_alike() -> None:
    heard: list[Progress] = []

    def most() -> int | None:
        return 3 if any(progress.search and progress.search.done >= 3 for progress in heard) else None

    spec = make_spec(**FORWARD, **TREE, tuning=ON)
    report = run(spec, made(150), on_progress=heard.append, most_trials=most).report.to_json()
    assert [item["trials"] for item in report["tuning"]["searches"]] == [3, 3, 3]
    assert (report["tuning"]["limit"], report["tuning"]["budget"]) == (3, 8)
    assert report["scores"]["nse"]["holdout"] is not None
    assert heard[-1].fraction == 1.0
    assert any(progress.search and progress.search.limited for progress in heard)


def test_progress_counts_trials_and_knows_the_best_so_far() -> None:
    heard: list[Progress] = []
    run(make_spec(**FORWARD, **TREE, tuning=ON), made(150), on_progress=heard.append)
    under_way = [progress.search for progress in heard if progress.search]
    assert [progress.done for progress in under_way] == list(range(9)) * 3
    assert {progress.total for progress in under_way} == {8}
    best = [progress.best for progress in under_way[1:9]]
    assert best == sorted(best)
    assert [progress.done for progress in heard] == sorted(progress.done for progress in heard)
    assert heard[-1].done == heard[-1].total == 3 * 9 + 1


def test_cancelling_is_heard_within_a_search() -> None:
    heard: list[Progress] = []
    with pytest.raises(StoppedError):
        run(
            make_spec(**FORWARD, **TREE, tuning=ON),
            made(150),
            on_progress=heard.append,
            should_stop=lambda: any(progress.search and progress.search.done == 2 for progress in heard),
        )
    assert max(progress.search.done for progress in heard if progress.search) == 2


def test_fits_are_counted_as_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.tree import DecisionTreeRegressor

    fits: list[int] = []
    fit = DecisionTreeRegressor.fit
    monkeypatch.setattr(
        DecisionTreeRegressor, "fit", lambda self, *args, **more: fits.append(1) or fit(self, *args, **more)
    )
    for strategy in ("k_fold", "holdout"):
        fits.clear()
        spec = make_spec(**TREE, tuning={**ON, "pruning": "none"}, validation={"strategy": strategy})
        folds = len(run(spec, made(150)).report.to_json()["split"]["folds"])
        assert len(fits) == folds * tuning.fits_per_outer_fold(spec)
    assert tuning.fits_per_outer_fold(make_spec(**TREE)) == 1
