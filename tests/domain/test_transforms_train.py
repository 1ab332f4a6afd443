"""Every recipe in an experiment from end to end: it trains, reports, predicts, draws, and comes back from its config."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.checks.rules import check_transforms
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.domain.training.report.document import Report
from app.domain.training.report.outcome import TrainingResult
from app.domain.training.run import train
from app.web.charts import facts, result_page
from tests.domain.tables import make_spec, profile_of
from tests.domain.test_no_look_ahead import BY_KIND, FOLD_KINDS, holed, recipe_of, spec_for
from tests.variants import slow_after

pytestmark = pytest.mark.fits

FORWARD = {"strategy": "time_series", "parameters": {"n_splits": 2, "gap": 0}, "holdout": {"fraction": 0.2}}


def run(spec: Spec, frame: pd.DataFrame) -> TrainingResult:
    profile = profile_of(frame, spec.task.time_column)
    return train(spec, frame, profile, on_progress=lambda progress: None, should_stop=lambda: False)


@pytest.mark.parametrize("estimator", slow_after(1, ["ridge", "hist_gradient_boosting", "decision_tree"]))
@pytest.mark.parametrize("entry", TRANSFORMS, ids=lambda entry: entry.kind)
def test_every_recipe_trains_reports_predicts_and_is_drawn(entry: TransformEntry, estimator: str) -> None:
    frame = holed()
    spec = spec_for(entry, estimator=estimator, validation=FORWARD)
    spec = Spec.model_validate(json.loads(json.dumps(spec.to_json())))
    result = run(spec, frame)
    report = json.loads(json.dumps(result.report.to_json(), allow_nan=False))
    assert report["scores"]["nse"]["mean"] is not None
    assert np.isfinite(result.predictions.select_dtypes("number").drop(columns=["row"], errors="ignore")).all().all()
    assert not any("warned while fitting" in note for note in report["notes"])
    # What is shuffled for the importance is the column as it came, so all that a fold makes of it goes with it.
    assert {item["feature"] for item in report["charts"]["importance"]["items"]} == set(report["features"]["used"])
    assert result_page.build_result_page(Report.from_json(report), model_title="Ridge").tiles
    assert entry.title in {fact.term for fact in facts.facts(spec)}


@pytest.mark.parametrize("kind", FOLD_KINDS)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_every_recipe_of_a_fold_works_for_classes(kind: str, task: str) -> None:
    validation = {"strategy": "stratified_k_fold", "parameters": {"n_splits": 2}}
    result = run(spec_for(BY_KIND[kind], task=task, validation=validation), holed())
    assert result.report.to_json()["scores"]["balanced_accuracy"]["mean"] > 0.3


CHAINS = [
    ["impute_median", "log", "scale_robust"],
    ["impute_nearest", "yeo_johnson", "missing_indicator"],
    ["missing_indicator", "box_cox", "scale_min_max"],
]


@pytest.mark.parametrize("kinds", CHAINS, ids=" ".join)
def test_recipes_on_one_column_are_done_in_their_order(kinds: list[str]) -> None:
    frame = holed()
    frame["b"] = frame["b"].abs() + 0.1
    recipes = [{"kind": kind, "columns": ["b"], "parameters": {}} for kind in kinds]
    spec = make_spec(task={"time_column": "day"}, selected=["a", "b"], transforms=recipes, validation=FORWARD)
    assert run(spec, frame).report.to_json()["scores"]["nse"]["mean"] is not None


def test_a_logarithm_then_a_scaling_by_hand() -> None:
    frame = holed()
    recipes = [
        {"kind": "log", "columns": ["a"], "parameters": {"offset": 2}},
        {"kind": "scale_min_max", "columns": ["a"]},
    ]
    spec = make_spec(selected=["a"], transforms=recipes)
    table = prepare(spec, frame, profile_of(frame))
    seen = build_pipeline(spec, table).named_steps["prepare"].fit_transform(table.features)[:, 0]
    logs = np.log(frame["a"].to_numpy() + 2)
    np.testing.assert_allclose(seen, (logs - logs.min()) / (logs.max() - logs.min()), atol=1e-12)


def test_the_nearest_rows_fill_what_the_median_cannot() -> None:
    random = np.random.default_rng(4)
    a = random.normal(size=80)
    frame = pd.DataFrame({"a": a, "b": 3 * a, "y": a})
    frame.loc[frame["a"].nlargest(3).index, "b"] = np.nan
    spec = make_spec(transforms=[{"kind": "impute_nearest", "columns": ["b"], "parameters": {"neighbours": 2}}])
    table = prepare(spec, frame, profile_of(frame))
    steps = build_pipeline(spec, table).named_steps["prepare"]
    steps.fit(table.features, table.target)
    filled = steps.named_transformers_["numbers 1"][1].transform(table.features[["b", "a"]].to_numpy())[:, 0]
    gaps = frame["b"].isna().to_numpy()
    assert (filled[gaps] > frame["b"].quantile(0.9)).all()
    np.testing.assert_allclose(filled[~gaps], frame["b"][~gaps], atol=1e-9)


@pytest.mark.parametrize("kind", FOLD_KINDS)
def test_columns_that_hold_nothing_or_one_value_stop_nothing(kind: str) -> None:
    frame, entry = holed(), BY_KIND[kind]
    for name, value in (("a", 2.0), ("b", np.nan), ("word", None)):
        other = frame.copy()
        other[name] = pd.Series([value] * len(frame), dtype=object if name == "word" else float)
        kinds = {"a": "numeric", "b": "numeric", "word": "categorical"}
        recipe = {**recipe_of(entry)}
        if entry.takes == "numbers":
            recipe["columns"] = ["a", "b"]
            other["b"] = other["b"].abs()
        spec = make_spec(selected=["a", "b", "word"], transforms=[recipe], kinds=kinds)
        assert run(spec, other).report.to_json()["scores"]["nse"]["folds"]


def test_a_recipe_may_work_on_what_another_derives() -> None:
    recipes = [
        {"kind": "rolling_sum", "columns": ["a"], "parameters": {"window": 3}},
        {"kind": "log", "columns": ["a_sum_3"], "parameters": {"offset": 1}},
    ]
    spec = make_spec(task={"time_column": "day"}, selected=["a"], transforms=recipes, validation=FORWARD)
    frame = holed()
    assert not [
        transform
        for transform in check_transforms(spec, profile_of(frame, "day"))
        if transform.code == "column_unknown"
    ]
    assert "a_sum_3" in run(spec, frame).report.to_json()["features"]["used"]


@pytest.mark.parametrize(
    ("recipes", "says"),
    [
        ([("scale_standard", "word")], "Standard scaling: word does not hold numbers."),
        ([("one_hot", "a")], "holds numbers"),
        ([("ordinal", "word"), ("target_encoding", "word")], "in one way only"),
        ([("log", "y")], "the target may not be among its columns"),
        ([("log", "gone")], "The column gone of a derived feature is not in the dataset."),
    ],
)
def test_what_cannot_be_done_ends_in_a_sentence(recipes: list[tuple[str, str]], says: str) -> None:
    listed = [{"kind": kind, "columns": [column], "parameters": {}} for kind, column in recipes]
    with pytest.raises(TrainingError, match=says):
        run(make_spec(selected=["a", "b", "word"], transforms=listed), holed())


def test_many_rows_are_refused_to_the_nearest_rows_with_a_remedy() -> None:
    frame = holed()
    profile = replace(profile_of(frame), rows=200_000)
    spec = make_spec(transforms=[{"kind": "impute_nearest", "columns": ["b"], "parameters": {}}])
    (problem,) = (transform for transform in check_transforms(spec, profile) if transform.code == "too_many_rows")
    assert "200,000 rows" in problem.message or "199,9" in problem.message
    assert problem.remedy is not None
    assert problem.remedy.changes["features"]["transforms"][0]["kind"] == "impute_median"


def test_an_old_config_still_loads_and_gives_the_same_columns() -> None:
    old: list[dict[str, Any]] = [
        {"columns": ["a"], "kind": "lag", "parameters": {"steps": [1, 2]}},
        {"columns": ["a"], "kind": "rolling_sum", "parameters": {"window": 7}},
        {"columns": ["a"], "kind": "rolling_mean", "parameters": {"window": "7"}},
        {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic", "month"]}},
    ]
    frame = holed()
    spec = make_spec(task={"time_column": "day"}, selected=["a"], transforms=old)
    expected = ("a_lag_1", "a_lag_2", "a_sum_7", "a_mean_7", "day_doy_sin", "day_doy_cos", "day_month")
    assert prepare(spec, frame, profile_of(frame, "day")).derived == expected


def test_what_was_made_a_number_of_can_be_scaled() -> None:
    recipes = [{"kind": kind, "columns": ["word"], "parameters": {}} for kind in ("target_encoding", "scale_min_max")]
    spec = make_spec(selected=["a", "word"], transforms=recipes, estimator="k_nearest_neighbors")
    frame = holed()
    table = prepare(spec, frame, profile_of(frame))
    steps = build_pipeline(spec, table).named_steps["prepare"].fit_transform(table.features, table.target)
    assert (steps[:, 1].min(), steps[:, 1].max()) == (0, 1)
