"""LightGBM and CatBoost: as sound as every estimator where they are installed, and told of where they are not."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.checks import check_spec
from app.domain.errors import TrainingError
from app.domain.estimators import boosters, plugins, registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.experiment import SelectionPart
from app.domain.recommendation import contest_answers
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run import train
from app.domain.vocabulary import Level, TaskKind
from tests.domain.reading import known
from tests.domain.tables import made, make_spec, profile_of
from tests.domain.test_estimators import tiny

ROOT = Path(__file__).resolve().parents[2]
THERE = [entry for entry in boosters.ENTRIES if find_spec(boosters.PACKAGES[entry.id]) is not None]
NEEDED = pytest.mark.skipif(not THERE, reason="no boosters are installed; `make run EXTRAS=boosters` installs them")
OFFERED = [pytest.param(entry, task, id=f"{entry.id}-{task.value}") for entry in THERE for task in entry.tasks]
SETTINGS = [
    pytest.param(entry, parameter, id=f"{entry.id}-{parameter.name}")
    for entry in THERE
    for parameter in entry.parameters
]
WORDS: dict[str, Any] = {"selected": ["a", "b", "word"]}
SMALL = {"max_iter": 20}
CLASSES: dict[str, Any] = {
    **WORDS,
    "task": {"target": "three", "kind": "multiclass"},
    "validation": {"strategy": "stratified_k_fold", "parameters": {"n_splits": 3}},
}


@pytest.fixture
def with_boosters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the registry have every booster, as it has where all are installed."""
    monkeypatch.setattr(registry, "BOOSTERS", boosters.ENTRIES)
    monkeypatch.setattr(registry, "ESTIMATORS", (*registry.BUILT_IN, *boosters.ENTRIES))
    for entry in boosters.ENTRIES:
        monkeypatch.setitem(registry._BY_ID, entry.id, entry)
    return


def run(spec: Any, frame: pd.DataFrame) -> Any:
    return train(spec, frame, profile_of(frame), on_progress=lambda _: None, should_stop=lambda: False)


@pytest.mark.parametrize("entry", boosters.ENTRIES, ids=lambda entry: entry.id)
def test_a_booster_is_described_as_every_estimator(entry: EstimatorEntry) -> None:
    assert list(plugins.faults_of(entry)) == []
    assert entry.strengths
    for task in entry.tasks:
        assert entry.cautions_for(task)
        assert {parameter.level for parameter in entry.parameters_for(task)} == set(Level)
        assert 1 <= len([item for item in entry.parameters_for(task) if item.level is Level.BASIC]) <= 4
    for parameter in entry.parameters:
        assert parameter.help.endswith(".")
        assert parameter.optional == bool(parameter.none_means)


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_a_booster_fits_with_its_defaults_and_gives_the_same_bits_twice(entry: EstimatorEntry, task: TaskKind) -> None:
    features, target = tiny(task)
    features[::5, 0] = np.nan
    first, other = (entry.build(task, entry.defaults(task), 1).fit(features, target) for _ in range(2))
    predictions = first.predict(features)
    assert predictions.tobytes() == other.predict(features).tobytes()
    stored = pickle.loads(pickle.dumps(first))  # noqa: S301  # What was stored a moment ago.
    assert stored.predict(features).tobytes() == predictions.tobytes()
    if not task.is_classification:
        assert float(np.var(target - predictions)) < 0.5 * float(np.var(target))
        return
    shares = first.predict_proba(features)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert float(np.mean(predictions == target)) > float(np.bincount(target).max() / len(target))
    assert (first.classes_[np.argmax(shares, axis=1)] == predictions).all()


@pytest.mark.parametrize(("entry", "parameter"), SETTINGS)
def test_every_setting_of_a_booster_is_taken_at_its_bounds(entry: EstimatorEntry, parameter: Parameter) -> None:
    task = next(task for task in entry.tasks if task in parameter.tasks)
    features, target = tiny(task)
    values: list[Any] = [value for value, _ in parameter.choices]
    if parameter.type in ("integer", "number") and parameter.name != "max_iter":
        values = [parameter.low, parameter.high]
    for value in values:
        answer = entry.build(task, {**entry.defaults(task), **SMALL, parameter.name: value}, 0).fit(features, target)
        assert np.isfinite(answer.predict(features).astype(float)).all()


@pytest.mark.parametrize("entry", THERE, ids=lambda entry: entry.id)
def test_classes_keep_their_codes_where_one_is_absent(entry: EstimatorEntry) -> None:
    features, target = tiny(TaskKind.MULTICLASS)
    kept = target != 1
    fitted = entry.build(TaskKind.MULTICLASS, {**entry.defaults(TaskKind.MULTICLASS), **SMALL}, 0)
    fitted.fit(features[kept], target[kept])
    assert fitted.classes_.tolist() == [0, 2]
    assert set(fitted.predict(features)) <= {0, 2}


@NEEDED
@pytest.mark.usefixtures("with_boosters")
@pytest.mark.parametrize("entry", THERE, ids=lambda entry: entry.id)
def test_words_reach_a_booster_whole_and_unknown_ones_are_missing(entry: EstimatorEntry) -> None:
    frame = made(150)
    spec = make_spec(estimator=entry.id, parameters=SMALL, **WORDS)
    table = prepare(spec, frame, profile_of(frame))
    pipeline = build_pipeline(spec, table).fit(table.features, table.target)
    prepared = pipeline.named_steps["prepare"].transform(table.features)
    assert prepared.shape == (150, 3)
    (categories,) = [place for place, kind in enumerate(prepared.dtypes) if isinstance(kind, pd.CategoricalDtype)]
    assert prepared.iloc[:, categories].nunique() == 3
    strange = table.features.assign(word="basalt")
    assert pipeline.named_steps["prepare"].transform(strange).iloc[:, categories].isna().all()
    assert np.isfinite(pipeline.predict(strange)).all()


@NEEDED
@pytest.mark.usefixtures("with_boosters")
@pytest.mark.parametrize("entry", THERE, ids=lambda entry: entry.id)
@pytest.mark.parametrize("parts", [WORDS, CLASSES], ids=["numbers", "classes"])
def test_an_experiment_of_a_booster_is_the_same_twice(entry: EstimatorEntry, parts: dict[str, Any]) -> None:
    spec = make_spec(estimator=entry.id, parameters=SMALL, **parts)
    assert [item for item in check_spec(spec, profile_of(made(150)), None) if item.severity == "error"] == []
    first, other = run(spec, made(150)), run(spec, made(150))
    assert first.predictions.equals(other.predictions)
    assert boosters.PACKAGES[entry.id] in first.report.to_json()["environment"]["packages"]


@NEEDED
@pytest.mark.usefixtures("with_boosters")
def test_a_search_and_rules_for_columns_go_with_a_booster() -> None:
    tuning = {"enabled": True, "sampler": "random", "trials": 2, "inner": 2}
    entry = THERE[0]
    spec = make_spec(estimator=entry.id, parameters=SMALL, tuning=tuning, **WORDS)
    rules = spec.features.model_copy(update={"selection": [SelectionPart(kind="keep_strongest", amount=2)]})
    report = run(spec.model_copy(update={"features": rules}), made(120)).report
    assert len(report.scores["nse"].folds) == 3


@pytest.mark.usefixtures("with_boosters")
def test_installed_boosters_are_recommended_and_compete() -> None:
    frame = made(800)[["a", "b", "word", "y"]]
    plan = known(frame).plan({"data": {"target": "y"}})
    order = [item.entry.id for item in plan.ranking]
    place = order.index("hist_gradient_boosting")
    assert order[place + 1 : place + 3] == ["catboost", "lightgbm"]
    suggested = plan.suggestions["model"][contest_answers.SUGGESTED]
    assert [item["estimator"] for item in suggested][-2:] == ["catboost", "lightgbm"]
    catboost = next(item for item in plan.ranking if item.entry.id == "catboost")
    assert "1 column of words, which it takes as they are" in catboost.reasons


def test_without_boosters_nothing_is_suggested_of_them() -> None:
    plan = known(made(800)[["a", "b", "word", "y"]]).plan({"data": {"target": "y"}})
    assert not {item.entry.id for item in plan.ranking} & {"lightgbm", "catboost"}
    assert registry.missing_boosters() == boosters.ENTRIES


def test_a_config_of_a_booster_that_is_not_installed_has_a_sentence() -> None:
    spec, frame = make_spec(estimator="lightgbm"), made(100)
    sentence = "LightGBM is not installed here. Start HydroML with `make run EXTRAS=boosters` to use it."
    (problem,) = (item for item in check_spec(spec, profile_of(frame), None) if item.code == "estimator_unknown")
    assert (problem.message, problem.field) == (sentence, "estimator")
    with pytest.raises(TrainingError, match="LightGBM is not installed here") as caught:
        run(spec, frame)
    assert caught.value.code == "estimator_unknown"


def test_a_contest_goes_on_without_a_booster_that_is_not_installed() -> None:
    parts = [{"estimator": "ridge"}, {"estimator": "catboost"}, {"estimator": "linear_regression"}]
    summary = run(make_spec(candidates=parts), made(100)).report.contest
    assert summary is not None
    failed = next(entry for entry in summary.entries if entry.key == "2")
    assert (failed.state, failed.reason.split(".")[0]) == ("failed", "CatBoost is not installed here")


def test_a_draft_with_a_candidate_that_is_not_installed_keeps_the_others() -> None:
    parts = [{"estimator": "ridge"}, {"estimator": "catboost"}, {"estimator": "random_forest"}]
    plan = known(made(200)[["a", "b", "y"]]).plan({"data": {"target": "y"}, "model": {"candidates": parts}})
    (problem,) = (item for item in plan.problems_of("model") if item.code == "candidate_invalid")
    assert problem.message.startswith("Candidate 2: CatBoost is not installed here.")
    assert problem.remedy is not None
    rest = problem.remedy.changes["model"]["candidates"]
    assert [part["estimator"] for part in rest] == ["ridge", "random_forest"]
    assert plan.values["model"]["candidates"] == parts


def test_nothing_is_imported_before_a_fit() -> None:
    code = "import sys, app.factory; print([name for name in ('lightgbm', 'catboost') if name in sys.modules])"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert process.stdout.strip() == "[]"


def test_a_booster_that_cannot_be_loaded_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> Any:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr("importlib.import_module", broken)
    with pytest.raises(TrainingError, match=r"^LightGBM is installed but cannot be loaded: libgomp\.so\.1"):
        boosters.LIGHTGBM.build(TaskKind.REGRESSION, boosters.LIGHTGBM.defaults(TaskKind.REGRESSION), 0)


def test_boosters_can_be_left_out_though_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(boosters.installed()) == []
    monkeypatch.delenv(boosters.SWITCH)
    assert [entry.id for entry in boosters.installed()] == [entry.id for entry in THERE]
