"""Series behind the plots: they agree with the predictions, hold plain finite numbers, and are cut where too long."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from app.domain.training.report import charts
from app.domain.training.report.outcome import TrainingResult
from app.domain.training.run import train
from tests.domain.tables import made, make_spec, profile_of

FORWARD: dict[str, Any] = {
    "task": {"target": "y", "time_column": "day"},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.5}},
}
BINARY: dict[str, Any] = {"task": {"target": "two", "kind": "binary"}, "estimator": "logistic_regression"}


def run(frame: pd.DataFrame, **parts: Any) -> TrainingResult:
    spec = make_spec(**parts)
    profile = profile_of(frame, spec.task.time_column)
    return train(spec, frame, profile, on_progress=lambda progress: None, should_stop=lambda: False)


def drawn(frame: pd.DataFrame, **parts: Any) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the charts, and the predictions of the part that they show."""
    result = run(frame, **parts)
    visible_rows, predictions = result.report.to_json()["charts"], result.predictions
    return visible_rows, predictions[predictions["part"] == "hold-out"] if visible_rows[
        "basis"
    ] == "hold-out" else predictions


def near(values: list[float | None], expected: Any) -> bool:
    """Return whether the drawn values are those expected, to the five digits that are kept."""
    return np.allclose(np.asarray(values, float), np.asarray(expected, float), rtol=1e-4, atol=1e-12)


def test_the_hydrograph_shows_the_last_water_year_of_the_rows_held_out() -> None:
    frame = made(900).assign(rain_mm=np.arange(900.0))
    validation = {**FORWARD["validation"], "holdout": {"fraction": 0.6}}
    visible_rows, predictions = drawn(frame, **{**FORWARD, "validation": validation}, selected=["a", "b", "rain_mm"])
    graph = visible_rows["hydrograph"]
    # The series ends on 18 March 2004, so 2003 is the last water year that is whole; it begins in October 2002.
    year = predictions[(predictions["day"] >= "2002-10-01") & (predictions["day"] < "2003-10-01")]
    assert len(year) == 365
    assert graph["title"] == "water year 2003"
    assert graph["times"] == [day.date().isoformat() for day in year["day"]]
    assert near(graph["observed"], year["observed"])
    assert near(graph["predicted"], year["predicted"])
    assert (graph["rain_column"], graph["rows_total"]) == ("rain_mm", len(predictions))
    assert near(graph["rain"], frame["rain_mm"].iloc[year["row"] - 1])


def test_without_a_whole_water_year_the_last_rows_are_shown() -> None:
    visible_rows, frame = drawn(made(200), **FORWARD)
    assert visible_rows["hydrograph"]["title"] == "the last 100 rows"
    assert visible_rows["hydrograph"]["rain"] is None
    assert near(visible_rows["hydrograph"]["observed"], frame["observed"])


@pytest.mark.parametrize("parts", [{}, {"task": {"target": "y", "time_column": "day", "group_column": "site"}}])
def test_there_is_no_hydrograph_without_time_or_across_groups(parts: dict[str, Any]) -> None:
    assert drawn(made(60), **parts)[0]["hydrograph"] is None


def test_every_moment_stands_once_in_the_hydrograph() -> None:
    repeated = {"strategy": "repeated_k_fold", "parameters": {"n_splits": 2, "n_repeats": 2}}
    times = drawn(made(120), **{**FORWARD, "validation": repeated})[0]["hydrograph"]["times"]
    assert len(times) == len(set(times))


def test_folds_are_drawn_in_the_order_of_time() -> None:
    visible_rows, frame = drawn(made(80), **{**FORWARD, "validation": {"strategy": "k_fold"}})
    assert visible_rows["basis"] == "folds"
    ordered = frame.sort_values("day")
    assert visible_rows["hydrograph"]["times"] == [day.date().isoformat() for day in ordered["day"]]
    assert near(visible_rows["hydrograph"]["predicted"], ordered["predicted"])


def test_the_hydrograph_predicts_nothing_where_no_row_was_judged() -> None:
    frame = made(500)
    masked = {"strategy": "masked_blocks", "parameters": {"n_splits": 2, "lengths": [5], "share": 0.1}}
    task = {**FORWARD["task"], "purpose": "fill_gaps"}
    visible_rows, predictions = drawn(frame, task=task, validation=masked)
    graph = visible_rows["hydrograph"]
    assert graph["title"].startswith("water year")
    judged = {day.date().isoformat() for day in predictions["day"]}
    known = {day for day, value in zip(graph["times"], graph["predicted"], strict=True) if value is not None}
    assert known == judged & set(graph["times"])
    assert 0 < len(known) < len(graph["times"])
    # What was observed is known on the days between, and stands there.
    assert None not in graph["observed"]


def test_the_hydrograph_breaks_where_the_record_does() -> None:
    frame = made(300)
    frame.loc[200:229, "y"] = np.nan
    graph = drawn(frame, **{**FORWARD, "validation": {**FORWARD["validation"], "holdout": {"fraction": 0.6}}})[0][
        "hydrograph"
    ]
    empty = [day for day, value in zip(graph["times"], graph["observed"], strict=True) if value is None]
    assert empty == [frame["day"].iloc[200].date().isoformat()]


def test_residuals_are_what_was_said_less_what_was_observed() -> None:
    visible_rows, frame = drawn(made(400), **FORWARD)
    residual = frame["predicted"] - frame["observed"]
    assert near(visible_rows["residuals"]["residual"], residual)
    assert near(visible_rows["predicted_observed"]["observed"], frame["observed"])
    assert near(visible_rows["predicted_observed"]["predicted"], frame["predicted"])
    histogram = visible_rows["residuals"]["histogram"]
    assert sum(histogram["counts"]) == len(frame)
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    low, high = np.quantile(residual, [0.005, 0.995])
    assert near([histogram["edges"][0], histogram["edges"][-1]], [low, high])


def test_residuals_by_month_hold_their_quantiles() -> None:
    visible_rows, frame = drawn(made(700), **FORWARD)
    residual = frame["predicted"] - frame["observed"]
    lines = visible_rows["residuals"]["by_month"]
    assert [line["month"] for line in lines] == sorted(frame["day"].dt.month.unique())
    for line in lines:
        of_month = residual[frame["day"].dt.month == line["month"]]
        marks = [line[name] for name in ("q05", "q25", "q50", "q75", "q95")]
        assert near(marks, of_month.quantile([0.05, 0.25, 0.5, 0.75, 0.95]))
        assert line["rows"] == len(of_month)


def test_less_than_half_a_year_says_nothing_by_month() -> None:
    assert drawn(made(120), **FORWARD)[0]["residuals"]["by_month"] is None


def test_many_points_are_thinned_by_a_seed_and_said_to_be() -> None:
    frame = made(1500)
    first, other = (drawn(frame)[0]["predicted_observed"] for _ in range(2))
    assert first == other
    assert (first["rows_shown"], first["rows_total"], len(first["observed"])) == (
        charts.MAX_POINTS,
        1500,
        charts.MAX_POINTS,
    )


@pytest.mark.parametrize(("skewed", "lowest"), [(True, 0.1), (False, 0.1), (False, 0.0)])
def test_only_skewed_positive_values_are_drawn_on_logarithms(skewed: bool, lowest: float) -> None:
    frame = made(200)
    frame["y"] = lowest + (np.exp(3 * frame["a"]) if skewed else np.abs(frame["a"]))
    assert drawn(frame)[0]["predicted_observed"]["log"] is skewed


@pytest.mark.parametrize("target", ["two", "three"])
def test_the_confusion_matrix_counts_every_judged_row(target: str) -> None:
    kind = "binary" if target == "two" else "multiclass"
    visible_rows, frame = drawn(made(150), task={"target": target, "kind": kind}, estimator="logistic_regression")
    labels = visible_rows["confusion"]["labels"]
    expected = reference.confusion_matrix(frame["observed"].astype(str), frame["predicted"].astype(str), labels=labels)
    assert visible_rows["confusion"]["counts"] == expected.tolist()


def test_classes_beyond_the_thirtieth_are_counted_together() -> None:
    frame = made(400)
    # Class k stands on more rows the smaller k is, so that the common ones are known.
    frame["many"] = [f"k{int(position):02d}" for position in 34 * np.linspace(0, 1, 400, endpoint=False) ** 1.5]
    result = run(
        frame,
        task={"target": "many", "kind": "multiclass"},
        estimator="gaussian_naive_bayes",
        validation={"strategy": "k_fold", "parameters": {"n_splits": 2}},
        others=[],
    )
    confusion, predictions = result.report.to_json()["charts"]["confusion"], result.predictions
    assert len(confusion["labels"]) == charts.MAX_LABELS
    assert confusion["labels"][-1] == "all others"
    assert sum(map(sum, confusion["counts"])) == len(predictions) == 400
    named = set(confusion["labels"][:-1])
    assert sum(confusion["counts"][-1]) == int((~predictions["observed"].isin(named)).sum())
    assert result.report.to_json()["charts"]["roc"] is None
    assert any("all others together" in note for note in result.report.to_json()["notes"])


def test_curves_of_two_classes_speak_of_the_second_and_agree_with_scikit_learn() -> None:
    visible_rows, frame = drawn(made(150), **BINARY)
    (roc,), (pr,) = visible_rows["roc"], visible_rows["pr"]
    assert roc["label"] == pr["label"] == "wet"
    is_wet = frame["observed"] == "wet"
    assert roc["auc"] == pytest.approx(reference.roc_auc_score(is_wet, frame["probability_wet"]))
    assert pr["ap"] == pytest.approx(reference.average_precision_score(is_wet, frame["probability_wet"]))
    for curve, start, end in ((roc["fpr"], 0, 1), (roc["tpr"], 0, 1), (pr["recall"], 0, 1)):
        assert (curve[0], curve[-1]) == (start, end)
        assert curve == sorted(curve)
        assert len(curve) <= 120


def test_three_classes_have_a_curve_each() -> None:
    visible_rows, frame = drawn(
        made(150), task={"target": "three", "kind": "multiclass"}, estimator="logistic_regression"
    )
    areas = {
        label: reference.roc_auc_score(frame["observed"] == label, frame[f"probability_{label}"])
        for label in ("high", "low", "mid")
    }
    assert {curve["label"]: curve["auc"] for curve in visible_rows["roc"]} == pytest.approx(areas)


@pytest.mark.parametrize("parts", [FORWARD, BINARY])
def test_charts_are_plain_json_without_a_number_that_is_none(parts: dict[str, Any]) -> None:
    visible_rows = drawn(made(120), **parts)[0]
    assert json.loads(json.dumps(visible_rows, allow_nan=False)) == visible_rows


def test_numbers_keep_five_digits_and_what_is_not_finite_becomes_none() -> None:
    assert list(charts.round_values([1 / 3, 123456.7, float("nan"), float("inf"), -0.0])) == [
        0.33333,
        123460.0,
        None,
        None,
        0.0,
    ]


@pytest.mark.parametrize(
    ("moment", "text"),
    [("2003-05-01", "2003-05-01"), ("2003-05-01 06:30", "2003-05-01T06:30"), (None, None), (pd.NaT, None)],
)
def test_a_moment_is_written_with_its_time_where_it_has_one(moment: Any, text: str | None) -> None:
    assert charts.iso_time(moment) == text
