"""Filling gaps in a fold: nothing inside a judged block is looked at, and what is learnt beats the straight line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import TrainingError
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.recommendation.estimators import EstimatorSuggestion, rank
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.traits import traits_of_spec
from app.domain.recommendation.verdict import order_estimators
from app.domain.training.fold_fit import fit_fold
from app.domain.training.gap_filling import GAP_FEATURES, GapFiller, fit_rows
from app.domain.training.preprocessing import gaps
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.report.document import Report
from app.domain.training.report.importance import permutation_importance
from app.domain.training.report.outcome import TrainingResult
from app.domain.training.run import train
from app.domain.training.tuning.inner_folds import facts_of, inner_folds
from app.domain.training.validation.splitting import Fold, make_split
from app.domain.vocabulary import Purpose, TaskKind
from tests.domain.tables import make_spec, profile_of

pytestmark = pytest.mark.fits

ROWS = 700
TASK = {"time_column": "day", "purpose": "fill_gaps"}
BLOCKS = {"strategy": "masked_blocks", "parameters": {"n_splits": 3, "lengths": [3, 10]}}
SEARCH = {"enabled": True, "sampler": "random", "trials": 3, "inner": 2, "pruning": "none"}


def frame_of(rows: int = ROWS, *, sites: int = 1, seed: int = 1) -> pd.DataFrame:
    """Return levels that follow rain with a memory, with gaps at the same places of every site."""
    parts = []
    for site in range(sites):
        random = np.random.default_rng([seed, site])
        rain = random.gamma(0.3, 10, size=rows)
        level, wet = np.zeros(rows), 0.0
        for day in range(rows):
            wet = 0.9 * wet + rain[day]
            level[day] = 0.1 * wet + 0.01 * random.normal() + site
        level[200:205] = level[430:441] = np.nan
        word = random.choice(["dry", "wet"], size=rows)
        days = pd.date_range("2001-01-01", periods=rows)
        parts.append(pd.DataFrame({"day": days, "a": rain, "word": word, "site": f"s{site}", "y": level}))
    return pd.concat(parts, ignore_index=True)


MEMORY = [
    {"columns": ["a"], "kind": "rolling_mean", "parameters": {"window": 10}},
    {"columns": ["a"], "kind": "antecedent_precipitation", "parameters": {"decay": 0.9}},
]


def spec_of(estimator: str = "ridge", *, sites: int = 1, **parts: Any) -> Spec:
    task = {**TASK, "group_column": "site"} if sites > 1 else TASK
    given = {"selected": ["a"], "transforms": MEMORY, "validation": BLOCKS, **parts}
    return make_spec(task=task, estimator=estimator, **given)


def case_of(estimator: str = "ridge", *, sites: int = 1, **parts: Any) -> tuple[Spec, TrainingTable, Fold]:
    frame, spec = frame_of(sites=sites), spec_of(estimator, sites=sites, **parts)
    table = prepare(spec, frame, profile_of(frame, "day"))
    return spec, table, make_split(spec, facts_of(table)).folds[0]


def predict(spec: Spec, table: TrainingTable, fold: Fold) -> np.ndarray:
    return fit_fold(spec, table, fold, name="fold 1", number=0).predicted.values


def line_of(table: TrainingTable, fold: Fold) -> np.ndarray:
    days = gaps.times_as_numbers(table.times)
    return gaps.interpolate(days, table.target, known=fold.train, rows=fold.validation, groups=table.groups)


@pytest.mark.parametrize("sites", [1, 3])
def test_linear_interpolation_is_the_straight_line(sites: int) -> None:
    spec, table, fold = case_of("linear_interpolation", sites=sites)
    np.testing.assert_allclose(predict(spec, table, fold), line_of(table, fold), rtol=0, atol=1e-12)


@pytest.mark.parametrize("estimator", ["ridge", "hist_gradient_boosting", "multilayer_perceptron"])
def test_what_is_learnt_of_drivers_beats_the_straight_line(estimator: str) -> None:
    spec, table, fold = case_of(estimator)
    observed = table.target[fold.validation]
    ours, line = (
        np.sqrt(np.mean((observed - predictions) ** 2))
        for predictions in (predict(spec, table, fold), line_of(table, fold))
    )
    assert ours < 0.6 * line


POISONED = {
    "ridge": {},
    "hist_gradient_boosting": {"parameters": {"max_iter": 20}},
    "linear_interpolation": {},
    "random_forest": {"parameters": {"n_estimators": 10}, "tuning": SEARCH},
    "k_nearest_neighbors": {"selected": ["a", "word"]},
}


@pytest.mark.parametrize("sites", [1, 2])
@pytest.mark.parametrize("estimator", POISONED)
def test_values_inside_a_judged_block_move_no_prediction(estimator: str, sites: int) -> None:
    spec, table, fold = case_of(estimator, sites=sites, **POISONED[estimator])
    poison = table.target.copy()
    poison[fold.validation] = np.random.default_rng(5).normal(1e6, 1e5, size=len(fold.validation))

    first, second = (
        predict(spec, training_table, fold) for training_table in (table, replace(table, target=poison, choices={}))
    )

    assert first.tobytes() == second.tobytes()


def test_poison_reaches_no_prediction_from_the_file_on() -> None:
    frame, spec = frame_of(), spec_of("hist_gradient_boosting", parameters={"max_iter": 20})
    table = prepare(spec, frame, profile_of(frame, "day"))
    fold = make_split(spec, facts_of(table)).folds[0]
    poisoned = frame.copy()
    poisoned.loc[table.rows[fold.validation] - 1, "y"] = -1e7
    other = prepare(spec, poisoned, profile_of(poisoned, "day"))

    assert predict(spec, table, fold).tobytes() == predict(spec, other, fold).tobytes()


def test_rules_choose_columns_without_the_judged_values() -> None:
    spec, table, fold = case_of()
    rules = {"selected": ["a"], "transforms": MEMORY, "selection": [{"kind": "keep_strongest", "amount": 1}]}
    spec = spec.model_copy(update={"features": type(spec.features).model_validate(rules)})
    poison = np.where(np.isin(np.arange(len(table.target)), fold.validation), 1e9, table.target)
    first, second = (
        predict(spec, training_table, fold) for training_table in (table, replace(table, target=poison, choices={}))
    )
    assert first.tobytes() == second.tobytes()


def test_known_values_beside_a_block_do_move_its_prediction() -> None:
    spec, table, fold = case_of()
    moved = table.target.copy()
    moved[fold.validation[0] - 1] += 5
    assert (predict(spec, table, fold) != predict(spec, replace(table, target=moved), fold)).any()


@pytest.mark.parametrize("estimator", ["ridge", "hist_gradient_boosting"])
def test_a_rerun_gives_the_same_bits_in_any_order_of_rows(estimator: str) -> None:
    spec, table, fold = case_of(estimator)
    mixed = Fold(np.random.default_rng(2).permutation(fold.train), fold.validation)
    first, again, shuffled = (predict(spec, table, item) for item in (fold, fold, mixed))
    assert first.tobytes() == again.tobytes() == shuffled.tobytes()


def test_each_row_is_predicted_alone_as_among_others() -> None:
    spec, table, fold = case_of()
    pipeline = build_pipeline(spec, table).fit(table.features.iloc[fold.train], table.target[fold.train])
    together = pipeline.predict(table.features.iloc[fold.validation])
    alone = [pipeline.predict(table.features.iloc[[row]])[0] for row in fold.validation[:5]]
    np.testing.assert_allclose(together[:5], alone, rtol=1e-9)


def test_training_rows_are_described_as_if_their_block_were_a_gap() -> None:
    spec, table, fold = case_of("ridge", transforms=[])
    pipeline: GapFiller = build_pipeline(spec, table)
    pipeline.fit(table.features.iloc[fold.train], table.target[fold.train])
    features, left = pipeline._lesson(None)
    since = features[:, -len(GAP_FEATURES) + GAP_FEATURES.index("time since the value before")]
    length = features[:, -len(GAP_FEATURES) + GAP_FEATURES.index("length of the gap")]
    assert set(np.unique(length - 1)) <= set(range(1, 11))
    assert since.min() >= 1
    assert len(left) > 1.8 * len(fold.train)


def test_the_search_divides_training_rows_into_blocks_too() -> None:
    spec, table, fold = case_of("ridge", tuning=SEARCH)
    for inner in inner_folds(spec, facts_of(table), fold.train):
        assert not set(inner.validation) & set(inner.train)
        assert set(inner.validation) | set(inner.train) <= set(fold.train)
        assert len(inner.validation) < 0.2 * len(inner.train)


def test_importance_shuffles_drivers_and_keeps_the_values_around_gaps() -> None:
    spec, table, fold = case_of("ridge")
    pipeline = build_pipeline(spec, table).fit(table.features.iloc[fold.train], table.target[fold.train])
    series = permutation_importance(spec, table, pipeline, rows=fold.validation, basis="fold 1")
    assert series.items[0].mean > 0.01
    assert {item.feature for item in series.items} == set(table.features.columns)


def test_few_rows_teach_while_all_around_a_gap_are_known() -> None:
    spec, table, fold = case_of("ridge")
    few = fold.train[::5]
    pipeline = fit_rows(build_pipeline(spec, table), table, few, known=fold.train)
    predicted = pipeline.predict(table.features.iloc[fold.validation])
    observed = table.target[fold.validation]
    assert np.sqrt(np.mean((observed - predicted) ** 2)) < np.sqrt(np.mean((observed - line_of(table, fold)) ** 2))


def test_the_table_keeps_the_rows_of_the_records_own_gaps() -> None:
    _, table, _ = case_of(sites=2)
    missing = table.missing
    assert missing is not None
    assert len(missing.rows) == 2 * 16
    assert missing.features.index[0] == len(table.features)
    assert set(missing.rows) & set(table.rows) == set()
    assert prepare(make_spec(selected=["a"]), frame_of(), profile_of(frame_of(), "day")).missing is None


def test_a_record_without_drivers_is_filled_too() -> None:
    spec, table, fold = case_of("ridge", selected=["word"], transforms=[])
    assert np.isfinite(predict(spec, table, fold)).all()


def test_a_constant_driver_does_not_blow_up_a_line() -> None:
    frame = frame_of()
    frame["b"] = 0.1
    spec = spec_of("ridge", selected=["a", "b"])
    table = prepare(spec, frame, profile_of(frame, "day"))
    fold = make_split(spec, facts_of(table)).folds[0]
    assert np.abs(predict(spec, table, fold)).max() < 2 * np.abs(table.target).max()


def test_classes_have_no_gaps_to_fill() -> None:
    frame, spec = frame_of(), make_spec(task={"target": "word", "kind": "binary", **TASK}, selected=["a"])
    table = prepare(spec, frame, profile_of(frame, "day"))
    with pytest.raises(TrainingError) as refusal:
        build_pipeline(spec, table)
    assert refusal.value.code == "gaps_need_a_series"


def trained(estimator: str = "ridge", *, sites: int = 1, **parts: Any) -> TrainingResult:
    frame = frame_of(sites=sites)
    frame.loc[frame.index[-4:], "y"] = np.nan
    spec = spec_of(estimator, sites=sites, **parts)
    profile = profile_of(frame, "day")
    return train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)


@pytest.mark.parametrize("sites", [1, 2])
def test_gaps_of_the_record_are_filled_and_marked_in_the_predictions(sites: int) -> None:
    result = trained(sites=sites)
    frame, summary = result.predictions, result.report.gaps
    assert summary is not None
    assert (summary.filled, summary.open) == (16 * sites, 4)
    filled = frame[frame["filled"] == "yes"]
    assert set(filled["part"]) == {"gaps"}
    assert (filled["observed"] == "").all()
    assert np.isfinite(filled["predicted"].astype(float)).all()
    expected = {row + site * ROWS for site in range(sites) for row in [*range(201, 206), *range(431, 442)]}
    assert set(filled["row"]) == expected
    assert "4 missing values are left open" in " ".join(result.report.notes)


def test_filled_values_follow_the_rain_better_than_a_line() -> None:
    whole, frame = frame_of(), frame_of()
    wet, truth = 0.0, []
    for rain in whole["a"]:
        wet = 0.9 * wet + rain
        truth.append(0.1 * wet)
    result_values = trained().predictions
    filled = result_values[result_values["filled"] == "yes"].sort_values("row")
    rows = filled["row"].to_numpy() - 1
    line = frame["y"].interpolate().to_numpy()[rows]
    error = np.sqrt(np.mean((filled["predicted"].to_numpy(dtype=float) - np.asarray(truth)[rows]) ** 2))
    assert error < 0.6 * np.sqrt(np.mean((line - np.asarray(truth)[rows]) ** 2))


def test_the_report_scores_each_length_of_gap_beside_the_line() -> None:
    summary = trained("linear_interpolation").report.gaps
    assert summary is not None
    assert [(score.shortest, score.longest) for score in summary.lengths] == [(3, 3), (10, 10)]
    for length in summary.lengths:
        assert length.rmse == pytest.approx(length.baseline_rmse, rel=1e-12)
        assert length.rows > 50


def test_a_search_ends_with_gaps_filled_by_what_it_found() -> None:
    result = trained("ridge", tuning=SEARCH)
    assert result.report.gaps is not None
    assert result.report.gaps.filled == 16
    assert len(result.report.tuning.searches if result.report.tuning else ()) == 3


def test_the_report_is_read_as_it_was_stored() -> None:
    report = trained().report
    again = Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False)))
    assert again == report
    assert again.gaps == report.gaps


def ranked_by_fits(frame: pd.DataFrame) -> tuple[EstimatorSuggestion, ...]:
    spec, profile = spec_of(transforms=[], primary="rmse"), profile_of(frame, "day")
    ranking = rank(traits_of_spec(spec, profile), metric="rmse")
    few = [
        suggestion
        for suggestion in ranking
        if suggestion.entry.id in ("linear_interpolation", "ridge", "k_nearest_neighbors")
    ]
    return order_estimators(few, list(measure(spec, frame, profile, ranking=few))[-1])


def test_the_straight_line_is_suggested_where_nothing_beats_it() -> None:
    random, frame = np.random.default_rng(3), frame_of()
    frame["y"] = np.where(frame["y"].isna(), np.nan, np.cumsum(random.normal(size=ROWS)))
    first = ranked_by_fits(frame)[0]
    assert first.entry.id == "linear_interpolation"
    assert first.reasons[0] == "No estimator clearly beats linear interpolation in short fits"


def test_what_follows_its_drivers_is_suggested_before_the_line() -> None:
    results = [fit.entry.id for fit in ranked_by_fits(frame_of())]
    assert results.index("linear_interpolation") > 0


def test_the_straight_line_is_offered_for_gaps_alone() -> None:
    offered = {entry.id for entry in registry.estimators_for_task(TaskKind.REGRESSION, Purpose.FILL_GAPS)}
    assert "linear_interpolation" in offered
    assert all(
        "linear_interpolation" not in {entry.id for entry in registry.estimators_for_task(TaskKind.REGRESSION, purpose)}
        for purpose in (None, *set(Purpose) - {Purpose.FILL_GAPS})
    )


def test_lengths_that_no_stretch_holds_are_told_in_the_report() -> None:
    blocks = {"strategy": "masked_blocks", "parameters": {"n_splits": 2, "lengths": [3, 300]}}
    notes = " ".join(trained("linear_interpolation", validation=blocks).report.notes)
    assert "No known stretch of the record holds blocks of 300 steps" in notes


def test_a_record_without_gaps_inside_fills_none_and_says_so() -> None:
    frame = frame_of()
    frame["y"] = frame["y"].interpolate(limit_direction="both")
    frame.loc[frame.index[-4:], "y"] = np.nan
    spec, profile = spec_of("linear_interpolation"), profile_of(frame, "day")
    result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
    notes = " ".join(result.report.notes)
    assert "No missing value lies between known ones, so none was filled." in notes
    assert "4 missing values are left open" in notes
