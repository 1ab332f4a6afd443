"""A fold's fit depends on its arguments alone: in any order, and each in a process of its own, it gives the same bits."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.fold_fit import FoldFit, fit_fold
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import Fold, make_split
from tests.domain.tables import made, make_spec, profile_of

pytestmark = pytest.mark.fits

CLASSES: dict[str, Any] = {"task": {"target": "three", "kind": "multiclass"}, "primary": "balanced_accuracy"}
RECIPES = [
    {"columns": ["a"], "kind": "impute_nearest", "parameters": {"neighbours": 3}},
    {"columns": ["word"], "kind": "target_encoding", "parameters": {"folds": 3}},
    {"columns": ["b"], "kind": "yeo_johnson", "parameters": {}},
]
SEARCH = {"enabled": True, "sampler": "tpe", "trials": 4, "inner": 2, "pruning": "median"}
SPECS = {
    "recipes": make_spec(selected=["a", "b", "word"], transforms=RECIPES),
    "forest": make_spec(estimator="random_forest", parameters={"n_estimators": 10}, selected=["a", "b", "word"]),
    "early stopping": make_spec(
        estimator="hist_gradient_boosting", parameters={"max_iter": 20, "early_stopping": True}, **CLASSES
    ),
    "network": make_spec(estimator="multilayer_perceptron", parameters={"max_iter": 15}),
    "search": make_spec(estimator="random_forest", parameters={"n_estimators": 10}, tuning=SEARCH),
}
Task = tuple[Spec, TrainingTable, Fold, int]


def tasks() -> Iterator[Task]:
    """Return three folds of every config, each with its own table."""
    for spec in SPECS.values():
        frame = made(150)
        frame.loc[::7, "a"] = np.nan
        table = prepare(spec, frame, profile_of(frame))
        for number, fold in enumerate(make_split(spec, facts_of(table)).folds):
            yield spec, table, fold, number


def fit(task: Task) -> FoldFit:
    """Fit a fold; a process of its own gets here by the name of this function."""
    spec, table, fold, number = task
    return fit_fold(spec, table, fold, name=f"fold {number + 1}", number=number)


def bits(result: FoldFit, task: Task) -> str:
    """Return a hash of all that a fold gave: what it predicts everywhere, which values were tried, and what warned."""
    _, table, *_ = task
    predicted, scores = result.predicted.values, result.predicted.scores
    parts = [predicted.tobytes(), b"" if scores is None else scores.tobytes()]
    parts.append(np.asarray(result.pipeline.predict(table.features)).tobytes())
    parts.append(np.ascontiguousarray(result.pipeline[0].transform(table.features), dtype=float).tobytes())
    parts.append(repr((result.search, result.warned)).encode())
    return hashlib.sha256(b"|".join(parts)).hexdigest()


@pytest.fixture(scope="module")
def in_order() -> list[str]:
    """Fit the folds one after another, and return the bits of each."""
    return [bits(fit(task), task) for task in tasks()]


def test_folds_differ_from_one_another(in_order: list[str]) -> None:
    assert len(set(in_order)) == 3 * len(SPECS)


def test_folds_fitted_in_any_order_give_the_same_bits(in_order: list[str]) -> None:
    every = list(tasks())
    # Nor does it matter what else was drawn in the process.
    np.random.seed(99)
    order = np.random.permutation(len(every))
    results = {int(place): bits(fit(every[place]), every[place]) for place in order}
    assert [results[place] for place in range(len(every))] == in_order


def fit_all(some: list[Task]) -> list[FoldFit]:
    """Fit one fold of each config."""
    return [fit(task) for task in some]


def test_folds_in_fresh_processes_give_the_same_bits(in_order: list[str]) -> None:
    """No two folds of a config share a process."""
    every = list(tasks())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        by_number = list(processes.map(fit_all, [every[number::3] for number in range(3)]))
    results = [by_number[place % 3][place // 3] for place in range(len(every))]
    assert [bits(result, task) for result, task in zip(results, every, strict=True)] == in_order


def test_a_fit_changes_none_of_its_arguments() -> None:
    for task in list(tasks())[::3]:
        before = pickle.dumps(task)
        fit(task)
        assert pickle.dumps(task) == before


def test_what_libraries_warn_of_comes_with_the_fold() -> None:
    spec, table, fold, number = next(task for task in tasks() if task[0] is SPECS["network"])
    warned = fit_fold(spec, table, fold, name="fold 1", number=number).warned
    assert [category.__name__ for category, _ in warned] == ["ConvergenceWarning"]


def test_a_fold_of_one_class_is_refused_by_name() -> None:
    frame = made(60).assign(two=["wet"] * 30 + ["dry"] * 30)
    spec = make_spec(task={"target": "two", "kind": "binary"}, primary="balanced_accuracy")
    table = prepare(spec, frame, profile_of(frame))
    fold = Fold(np.arange(30), np.arange(30, 60))
    with pytest.raises(TrainingError, match="The training rows of fold 2 hold one class only"):
        fit_fold(spec, table, fold, name="fold 2", number=1)
