"""No transform sees a validation row: poison those rows wildly, and what was learned stays the same to the last bit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.experiment import Spec
from app.domain.training.preprocessing.fold_steps import BUILDERS
from app.domain.training.preprocessing.own_steps import TargetMeans
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.domain.training.validation.splitting import RowFacts, make_split
from tests.domain.tables import made, make_spec, needed_by, profile_of

ROWS = 90
BY_KIND = {entry.kind: entry for entry in TRANSFORMS}
FOLD_KINDS = [entry.kind for entry in TRANSFORMS if entry.place == "fold"]
PAST_KINDS = [entry.kind for entry in TRANSFORMS if entry.place == "before"]
TASKS = {"regression": "y", "binary": "two", "multiclass": "three"}


def holed(rows: int = ROWS) -> pd.DataFrame:
    """Return a table with positive, signed and missing numbers, and words that are missing too."""
    frame, positions = made(rows), np.arange(rows)
    frame["a"] = np.exp(frame["a"])
    frame["b"] = frame["b"].mask(positions % 7 == 3)
    frame["word"] = frame["word"].mask(positions % 11 == 5)
    return frame


def columns_for(entry: TransformEntry) -> list[str]:
    """Return columns that a recipe can work on."""
    if entry.takes == "words":
        return ["word"]
    if entry.takes == "any":
        return ["b", "word"]
    positive = ["a"] if entry.kind in ("log", "box_cox") else ["a", "b"]
    return positive if entry.needs_columns else []


def recipe_of(entry: TransformEntry) -> dict[str, Any]:
    return {"kind": entry.kind, "columns": columns_for(entry), "parameters": needed_by(entry)}


def spec_for(entry: TransformEntry, *, task: str = "regression", estimator: str = "", **parts: Any) -> Spec:
    answers = {"target": TASKS[task], "kind": task, "time_column": "day", **parts.pop("task_parts", {})}
    model = estimator or ("ridge" if task == "regression" else "logistic_regression")
    recipes = [recipe_of(entry)]
    return make_spec(task=answers, selected=["a", "b", "word"], transforms=recipes, estimator=model, **parts)


def poisoned(frame: pd.DataFrame, rows: Any) -> pd.DataFrame:
    """Return the table with every value of some rows replaced: numbers a million times as large, words unheard of."""
    bad = frame.copy()
    for name in ("a", "b", "y"):
        bad[name] = bad[name].astype(float)
        bad.loc[rows, name] = 1e6 * bad.loc[rows, name].fillna(3.0) + 1e6
    bad.loc[rows, "word"] = [f"poison {row}" for row in rows]
    for name in ("two", "three"):
        swapped = {"wet": "dry", "dry": "wet", "low": "high", "mid": "low", "high": "mid"}
        bad.loc[rows, name] = bad.loc[rows, name].map(swapped)
    return bad


def learned(spec: Spec, table: TrainingTable, train: Any) -> tuple[bytes, np.ndarray[Any, Any]]:
    """Return the fitted steps before the estimator as bytes, and their output for the training rows."""
    steps = build_pipeline(spec, table).named_steps["prepare"]
    seen = steps.fit_transform(table.features.iloc[train], table.target[train])
    return pickle.dumps(steps), np.asarray(seen, dtype=float)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", FOLD_KINDS)
def test_nothing_of_a_validation_row_enters_what_a_fold_learns(kind: str, task: str) -> None:
    entry, frame = BY_KIND[kind], holed()
    spec = spec_for(entry, task=task)
    table = prepare(spec, frame, profile_of(frame, "day"))
    split = make_split(spec, RowFacts(rows=ROWS, classes=table.target if table.labels else None, groups=None))
    for fold in split.folds[:2]:
        other = poisoned(frame, table.rows[fold.validation] - 1)
        again = prepare(spec, other, profile_of(other, "day"))
        state, seen = learned(spec, table, fold.train)
        other_state, other_seen = learned(spec, again, fold.train)
        assert state == other_state
        np.testing.assert_array_equal(seen, other_seen)


def test_the_poison_is_felt_where_it_is_trained_on() -> None:
    frame = holed()
    for kind in FOLD_KINDS:
        spec = spec_for(BY_KIND[kind])
        table = prepare(spec, frame, profile_of(frame, "day"))
        other = prepare(spec, poisoned(frame, np.arange(10)), profile_of(frame, "day"))
        rows = np.arange(60)
        same = learned(spec, table, rows)[0] == learned(spec, other, rows)[0]
        assert not same, kind


@pytest.mark.parametrize("kind", PAST_KINDS)
def test_no_later_row_enters_what_is_derived_before_the_split(kind: str) -> None:
    entry, frame = BY_KIND[kind], holed()
    targets = ["y"] if entry.looks_back and not entry.roles else []
    recipe = {**recipe_of(entry), "columns": [*columns_for(entry), *targets]}
    spec = make_spec(task={"time_column": "day"}, selected=["a", "b"], transforms=[recipe])
    cut = 60
    table = prepare(spec, frame, profile_of(frame, "day"))
    other = prepare(spec, poisoned(frame, np.arange(cut, ROWS)), profile_of(frame, "day"))
    assert table.derived
    pd.testing.assert_frame_equal(
        table.features.loc[: cut - 1, list(table.derived)], other.features.loc[: cut - 1, list(table.derived)],
        check_exact=True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [entry.kind for entry in TRANSFORMS if entry.looks_back and not entry.roles])
def test_the_target_of_the_row_itself_never_enters(kind: str) -> None:
    frame = holed()
    spec = make_spec(task={"time_column": "day"}, selected=["a"], transforms=[{"kind": kind, "columns": ["y"]}])
    other = frame.assign(y=frame["y"].mask(frame.index == 50, 1e9))
    table, two = (prepare(spec, each, profile_of(frame, "day")) for each in (frame, other))
    names = list(table.derived)
    pd.testing.assert_frame_equal(table.features.loc[:50, names], two.features.loc[:50, names], check_exact=True)
    assert not table.features.loc[51:, names].equals(two.features.loc[51:, names])


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_the_mean_target_of_a_training_row_is_cross_fitted(classes: int) -> None:
    random = np.random.default_rng(1)
    words = random.choice(["clay", "sand", "silt"], size=(60, 1)).astype(object)
    y = random.integers(0, classes, size=60) if classes else random.normal(size=60)
    step = TargetMeans(classes=bool(classes), folds=4, seed=3)
    seen = step.fit_transform(words, y)
    if not classes:
        # Its own target says nothing about what a row gets; that of a row of another fold does.
        other = y.copy()
        other[7] += 1e6
        again = TargetMeans(folds=4, seed=3).fit_transform(words, other)
        assert seen[7] == again[7]
        assert (seen[words[:, 0] == words[7, 0]] != again[words[:, 0] == words[7, 0]]).any()
    assert seen.shape == (60, 3 if classes == 3 else 1)
    assert len(np.unique(seen[:, 0])) > 3
    assert len(np.unique(step.transform(words)[:, 0])) == 3


def test_every_recipe_of_a_fold_has_a_step_and_every_other_one_has_none() -> None:
    assert set(BUILDERS) == set(FOLD_KINDS)
