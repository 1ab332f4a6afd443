"""Preparation: what needs no learning is done once, and what learns looks only at the rows that train."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.empty_columns import EmptyColumns
from app.domain.training.preprocessing.pipeline import MAX_CATEGORIES, build_pipeline, parameters_of
from app.domain.training.preprocessing.preparation import MISSING_WORD, TrainingTable, label_of, prepare
from tests.domain.tables import made, make_spec, profile_of

pytestmark = pytest.mark.fits

TRAIN, JUDGE = np.arange(40), np.arange(40, 60)


def prepared(frame: pd.DataFrame, **parts: Any) -> TrainingTable:
    return prepare(make_spec(**parts), frame, profile_of(frame))


def fit(frame: pd.DataFrame, *, rows: np.ndarray = TRAIN, **parts: Any) -> tuple[Any, TrainingTable]:
    """Fit a pipeline as a fold does, on some rows only."""
    spec = make_spec(**parts)
    table = prepare(spec, frame, profile_of(frame))
    return build_pipeline(spec, table).fit(table.features.iloc[rows], table.target[rows]), table


def seen(pipeline: Any, table: TrainingTable, rows: np.ndarray) -> pd.DataFrame:
    """Return the columns that the estimator gets for these rows, by the names that scikit-learn makes."""
    step = pipeline["prepare"]
    return pd.DataFrame(step.transform(table.features.iloc[rows]), columns=step.get_feature_names_out())


def holed(rows: int = 60) -> pd.DataFrame:
    """Return a table with gaps in a number and in a word."""
    frame = made(rows)
    frame.loc[::7, "a"] = np.nan
    frame.loc[::9, "word"] = None
    return frame


@pytest.mark.parametrize("estimator", ["ridge", "random_forest", "hist_gradient_boosting", "support_vector_machine"])
def test_rows_that_judge_do_not_change_what_was_learnt(estimator: str) -> None:
    frame = holed()
    changed = frame.copy()
    changed.loc[40:, ["a", "b", "y"]] = [1e6, -1e6, 1e9]
    changed.loc[40:, "word"] = "lava"
    small = {"n_estimators": 10} if estimator == "random_forest" else {}
    parts = {"selected": ["a", "b", "word"], "estimator": estimator, "parameters": small}
    (first, table), (other, _) = fit(frame, **parts), fit(changed, **parts)
    for rows in (TRAIN, JUDGE):
        pd.testing.assert_frame_equal(seen(first, table, rows), seen(other, table, rows))
        answers = first.predict(table.features.iloc[rows]), other.predict(table.features.iloc[rows])
        assert answers[0].tobytes() == answers[1].tobytes()


def test_gaps_are_filled_with_the_median_of_the_training_rows_and_marked() -> None:
    frame = holed()
    pipeline, table = fit(frame, selected=["a", "b"], estimator="decision_tree")
    given = seen(pipeline, table, JUDGE)
    median = float(np.nanmedian(frame["a"][:40]))
    missing = frame["a"].isna()[40:].to_numpy()
    assert missing.any()
    assert given["numbers__a"][missing].tolist() == [median] * int(missing.sum())
    assert given["numbers__a"][~missing].tolist() == frame["a"][40:][~missing].tolist()
    assert given["numbers__missingindicator_a"].tolist() == missing.astype(float).tolist()


def test_scaling_takes_mean_and_spread_from_the_training_rows() -> None:
    frame = made(60)
    pipeline, table = fit(frame, selected=["a", "b"], estimator="ridge")
    for column in ("a", "b"):
        values = frame[column].to_numpy()
        expected = (values[JUDGE] - values[TRAIN].mean()) / values[TRAIN].std()
        np.testing.assert_allclose(seen(pipeline, table, JUDGE)[f"numbers__{column}"], expected)


def test_trees_get_numbers_as_they_are() -> None:
    frame = made(60)
    pipeline, table = fit(frame, selected=["b"], estimator="random_forest", parameters={"n_estimators": 10})
    assert seen(pipeline, table, JUDGE)["numbers__b"].tolist() == frame["b"][40:].tolist()


def test_the_target_is_scaled_by_the_training_rows_where_the_method_needs_it() -> None:
    frame = made(60)
    frame.loc[40:, "y"] = 1e6
    pipeline, _ = fit(frame, estimator="support_vector_machine")
    scaler = pipeline["estimate"].transformer_
    assert scaler.mean_[0] == pytest.approx(frame["y"][:40].mean())
    assert scaler.scale_[0] == pytest.approx(frame["y"][:40].std(ddof=0))


def test_a_gap_in_the_judging_rows_alone_is_filled_without_fuss() -> None:
    frame = made(60)
    frame.loc[50, "a"] = np.nan
    pipeline, table = fit(frame, selected=["a", "b"], estimator="ridge")
    assert np.isfinite(pipeline.predict(table.features.iloc[JUDGE])).all()
    expected = (frame["a"][:40].median() - frame["a"][:40].mean()) / frame["a"][:40].std(ddof=0)
    assert seen(pipeline, table, JUDGE)["numbers__a"][10] == pytest.approx(expected)


@pytest.mark.parametrize("estimator", ["ridge", "decision_tree", "hist_gradient_boosting"])
def test_a_column_empty_in_the_training_rows_says_nothing_about_the_others(estimator: str) -> None:
    frame = made(60)
    frame["late"] = np.where(np.arange(60) < 40, np.nan, frame["y"])
    frame["never"] = np.nan
    pipeline, table = fit(frame, selected=["a", "late", "never"], estimator=estimator)
    other = table.features.assign(late=1e6)
    answers = pipeline.predict(table.features.iloc[JUDGE]), pipeline.predict(other.iloc[JUDGE])
    assert np.isfinite(answers[0]).all()
    np.testing.assert_array_equal(seen(pipeline, table, JUDGE)["numbers__never"], 0)
    assert answers[0].tolist() == answers[1].tolist()


def test_an_empty_column_is_silent_for_the_methods_that_scale_too() -> None:
    frame = made(60)
    frame["late"] = np.where(np.arange(60) < 40, np.nan, 1e6)
    pipeline, table = fit(frame, selected=["a", "late"], estimator="k_nearest_neighbors")
    without, small = fit(frame, selected=["a"], estimator="k_nearest_neighbors")
    answers = pipeline.predict(table.features.iloc[JUDGE]), without.predict(small.features.iloc[JUDGE])
    np.testing.assert_allclose(*answers)


def test_empty_columns_become_zeros_and_others_stay() -> None:
    step = EmptyColumns().fit(np.array([[np.nan, 1.0], [np.nan, np.nan]]))
    given = np.array([[5.0, 3.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(step.transform(given), [[0.0, 3.0], [0.0, np.nan]])
    # The caller's own array is left as it was.
    assert given[0, 0] == 5.0
    assert step.get_feature_names_out(["p", "q"]).tolist() == ["p", "q"]


def test_a_column_of_a_few_values_is_silent_where_rows_are_kept_back_to_see_when_to_stop() -> None:
    values = np.full((50, 2), np.nan)
    values[:4, 0], values[:5, 1] = 1.0, 1.0
    assert EmptyColumns(5).fit(values).empty_.tolist() == [True, False]
    assert EmptyColumns().fit(values).empty_.tolist() == [False, False]


@pytest.mark.slow
def test_boosting_that_stops_early_is_fitted_whichever_rows_of_a_nearly_empty_column_it_keeps_back() -> None:
    frame = made(60)
    frame["late"] = np.where(np.arange(60) == 20, 1.0, np.nan)
    for seed in range(30):
        parts = {"parameters": {"early_stopping": True, "max_iter": 10}, "seed": seed}
        pipeline, table = fit(frame, selected=["a", "late"], estimator="hist_gradient_boosting", **parts)
        assert np.isfinite(pipeline.predict(table.features.iloc[JUDGE])).all()


def test_words_become_one_column_for_each_word_of_the_training_rows() -> None:
    frame = holed()
    pipeline, table = fit(frame, selected=["a", "word"], estimator="ridge")
    given = seen(pipeline, table, JUDGE)
    words = frame["word"].fillna(MISSING_WORD)[40:].to_numpy()
    for word in ("clay", "sand", "silt", MISSING_WORD):
        assert given[f"categories__word_{word}"].tolist() == (words == word).astype(float).tolist()


def test_a_word_never_seen_in_training_belongs_to_no_column() -> None:
    frame = made(60)
    frame.loc[45, "word"] = "lava"
    pipeline, table = fit(frame, selected=["a", "word"], estimator="ridge")
    given = seen(pipeline, table, JUDGE).filter(like="categories__")
    assert list(given.columns) == [f"categories__word_{word}" for word in ("clay", "sand", "silt")]
    assert given.iloc[5].tolist() == [0, 0, 0]
    assert np.isfinite(pipeline.predict(table.features.iloc[JUDGE])).all()


def test_many_words_are_held_together_beyond_the_common_ones() -> None:
    frame = made(300).assign(code=[f"k{position % 120}" for position in range(300)])
    pipeline, table = fit(frame, rows=np.arange(200), selected=["code"], estimator="ridge")
    given = seen(pipeline, table, np.arange(200, 300))
    assert given.shape[1] <= MAX_CATEGORIES
    assert (given.sum(axis=1) == 1).all()


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    frame = made(20)
    frame.loc[[3, 4], "y"] = np.nan
    frame.loc[7, "y"] = np.inf
    table = prepared(frame)
    assert table.rows.tolist() == [position + 1 for position in range(20) if position not in (3, 4, 7)]
    assert (table.dropped, table.dropped_reason) == (3, "y is missing on 3 rows")
    assert table.target.tolist() == frame["y"][table.rows - 1].tolist()


def test_rows_without_a_date_are_counted_too() -> None:
    frame = made(20)
    frame.loc[[3, 4], "day"] = pd.NaT
    table = prepared(frame, task={"target": "y", "time_column": "day"})
    assert len(table.target) + table.dropped == len(frame)


def test_rows_stand_in_time_order_and_keep_their_numbers() -> None:
    frame = made(30).sample(frac=1, random_state=4).reset_index(drop=True)
    table = prepared(frame, task={"target": "y", "time_column": "day", "group_column": "site"})
    assert table.times is not None
    assert table.groups is not None
    assert table.times.is_monotonic_increasing
    in_file = frame.iloc[table.rows - 1]
    assert table.times.tolist() == in_file["day"].tolist()
    assert table.target.tolist() == in_file["y"].tolist()
    assert table.groups.tolist() == in_file["site"].tolist()
    assert table.features["a"].tolist() == in_file["a"].tolist()


def test_without_a_time_column_rows_stay_as_in_the_file() -> None:
    frame = made(30).sample(frac=1, random_state=4).reset_index(drop=True)
    table = prepared(frame)
    assert table.rows.tolist() == list(range(1, 31))
    assert (table.times, table.groups, table.last_seen) == (None, None, None)


def test_the_last_value_seen_skips_gaps_and_stays_within_its_group() -> None:
    frame = pd.DataFrame(
        {"day": pd.date_range("2001-01-01", periods=4).repeat(2), "site": list("pqpqpqpq"), "a": np.arange(8.0)}
    ).assign(y=[1, 10, np.nan, 20, 3, np.nan, 4, 40])
    table = prepared(frame, task={"target": "y", "time_column": "day", "group_column": "site"}, selected=["a"])
    assert table.rows.tolist() == [1, 2, 4, 5, 7, 8]
    assert table.last_seen is not None
    np.testing.assert_array_equal(table.last_seen, [np.nan, np.nan, 10, 1, 3, 20])


def test_the_last_value_seen_is_of_an_earlier_moment() -> None:
    frame = made(20).assign(day=pd.date_range("2001-01-01", periods=10).repeat(2))
    table = prepared(frame, task={"target": "y", "time_column": "day"})
    assert table.last_seen is not None
    assert not np.isin(table.last_seen[1::2], table.target[0::2]).any()


def test_a_missing_group_is_a_group_or_is_refused_with_a_sentence() -> None:
    frame = made(40)
    frame.loc[[3, 9], "site"] = None
    with suppress(TrainingError):
        table = prepared(frame, task={"target": "y", "group_column": "site"})
        assert len(np.unique(table.groups)) in (6, 7)


def test_a_column_of_any_name_keeps_its_values() -> None:
    frame = made(20)
    frame["__row__"] = frame["b"]
    assert prepared(frame, selected=["a", "__row__"]).features["__row__"].tolist() == frame["b"].tolist()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, 3], "categorical", ["1", "2", "3"]),
        ([1.0, np.nan, 2.5], "categorical", ["1", MISSING_WORD, "2.5"]),
        ([True, False, True], "boolean", [1.0, 0.0, 1.0]),
        ([True, False, None], "boolean", [1.0, 0.0, None]),
        (["1", "2", "x"], "numeric", [1.0, 2.0, None]),
        # Two words of which one says no are a number already: nothing is gained by two columns.
        ([True, False, True], "categorical", [1.0, 0.0, 1.0]),
        (pd.to_datetime(["1970-01-02 00:00", None, "1970-01-03 12:00"]), "datetime", [1.0, None, 2.5]),
        ([None, None, None], "categorical", [MISSING_WORD] * 3),
        ([np.nan, np.nan, np.nan], "numeric", [None] * 3),
    ],
)
def test_a_column_is_read_as_the_kind_that_was_said(values: Any, kind: str, expected: list[Any]) -> None:
    frame = made(3).assign(given=values)
    table = prepared(frame, selected=["given"], kinds={"given": kind})
    assert [None if pd.isna(value) else value for value in table.features["given"]] == expected
    assert ("given" in table.numbers) is not isinstance(expected[0], str)


def test_infinite_values_count_as_missing_and_are_told() -> None:
    frame = made(20)
    frame.loc[[2, 3], "a"] = [np.inf, -np.inf]
    table = prepared(frame)
    assert np.flatnonzero(table.features["a"].isna()).tolist() == [2, 3]
    assert table.notes == ("2 infinite values count as missing.",)


def test_classes_stand_in_the_order_of_numbers_then_of_words() -> None:
    frame = made(6).assign(y=["10", "2", "b", "a", "2", "-1"])
    table = prepared(frame, task={"target": "y", "kind": "multiclass"})
    assert table.labels == ("-1", "2", "10", "a", "b")
    assert [table.labels[code] for code in table.target] == frame["y"].tolist()


def test_a_missing_class_is_dropped_not_made_a_class() -> None:
    frame = made(8).assign(y=[1.0, 0.0, np.nan, 1.0, 0.0, 1.0, 0.0, 1.0])
    table = prepared(frame, task={"target": "y", "kind": "binary"})
    assert (table.labels, table.dropped, len(table.target)) == (("0", "1"), 1, 7)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (np.False_, "false"), (3.0, "3"), (2.5, "2.5"), (7, "7"), ("wet", "wet")]
)
def test_a_class_is_written_as_people_write_it(value: Any, text: str) -> None:
    assert label_of(value) == text


FAULTS: dict[str, tuple[pd.DataFrame, Spec]] = {
    "column_missing": (made(9).drop(columns="b"), make_spec()),
    "time_column_unreadable": (made(9), make_spec(task={"target": "y", "time_column": "word"})),
    "target_not_numeric": (made(9), make_spec(task={"target": "word"})),
    "target_one_class": (made(9).assign(two="dry"), make_spec(task={"target": "two", "kind": "binary"})),
    "too_few_rows": (made(1), make_spec()),
    "no_features": (made(9), make_spec(selected=[])),
}


@pytest.mark.parametrize("code", FAULTS)
def test_what_cannot_be_trained_on_is_refused_with_a_sentence(code: str) -> None:
    frame, spec = FAULTS[code]
    with pytest.raises(TrainingError) as refusal:
        prepare(spec, frame, profile_of(frame))
    assert refusal.value.code == code
    assert re.fullmatch(r"[A-Z].*\.", refusal.value.message)


def test_the_users_own_table_is_left_alone() -> None:
    frame = holed()
    before = frame.copy()
    transforms = [{"columns": ["a"], "kind": "lag", "parameters": {"steps": [1]}}]
    prepared(frame, task={"target": "y", "time_column": "day"}, transforms=transforms)
    pd.testing.assert_frame_equal(frame, before)


def test_hyperparameters_are_the_configs_else_the_defaults() -> None:
    spec = make_spec(estimator="random_forest", parameters={"n_estimators": "25", "class_weight": "balanced"})
    values = parameters_of(spec)
    assert (values["n_estimators"], values["min_samples_leaf"]) == (25, 2)
    # What only classes have is passed over for a number.
    assert "class_weight" not in values


def test_classes_stand_in_one_order_whatever_they_are_called() -> None:
    words = ["10", "nan", "9", "inf", "b", "a"]
    for turn in range(6):
        frame = made(30).assign(y=[words[(position + turn) % 6] for position in range(30)])
        table = prepared(frame, task={"target": "y", "kind": "multiclass"})
        assert table.labels == ("9", "10", "a", "b", "inf", "nan")
