"""The report: plain JSON, a headline that tells the truth, and a table of every judged row."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.text.numbers import format_score
from app.domain.training.headline import decimals_for
from app.domain.training.report.outcome import TrainingResult
from app.domain.training.run import train
from app.domain.training.validation import metrics
from app.domain.training.validation.split_picture import split_stripes
from app.domain.training.validation.splitting import STRATEGIES
from app.domain.vocabulary import SplitStrategy
from tests.domain.tables import made, make_spec, profile_of

PARTS = {"schema", "task", "split", "metrics", "primary", "scores", "baselines", "headline", "charts", "features"}
PARTS |= {"verdict", "leakage", "tuning", "timing", "memory_mb", "environment", "notes", "warnings", "resolved"}
FORWARD: dict[str, Any] = {
    "task": {"target": "y", "time_column": "day"},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.25}},
}
BINARY: dict[str, Any] = {"task": {"target": "two", "kind": "binary"}, "estimator": "logistic_regression"}


def run(frame: pd.DataFrame, **parts: Any) -> TrainingResult:
    spec = make_spec(**parts)
    profile = profile_of(frame, spec.task.time_column)
    return train(spec, frame, profile, on_progress=lambda progress: None, should_stop=lambda: False)


def report_of(frame: pd.DataFrame, **parts: Any) -> dict[str, Any]:
    return run(frame, **parts).report.to_json()


@pytest.mark.parametrize("parts", [{}, FORWARD, BINARY, {"estimator": "dummy"}])
def test_a_report_is_plain_json_and_holds_every_part(parts: dict[str, Any]) -> None:
    report = report_of(made(80), **parts)
    assert set(report) == PARTS
    text = json.dumps(report, allow_nan=False)
    assert json.dumps(json.loads(text)) == text
    assert report["primary"] == next(iter(report["scores"]))
    for entry in report["baselines"]:
        assert entry["scores"].keys() == report["scores"].keys()
    assert report["environment"]["packages"]["numpy"] == np.__version__


def test_scores_can_be_computed_again_from_the_predictions() -> None:
    result = run(made(120), **FORWARD)
    frame = result.predictions
    for name, kept in result.report.to_json()["scores"].items():
        again = {
            part: metrics.get(name)(metrics.MetricInput(rows["observed"].to_numpy(), rows["predicted"].to_numpy()))
            for part, rows in frame.groupby("part", sort=False)
        }
        assert list(again) == ["fold 1", "fold 2", "fold 3", "hold-out"]
        assert [*kept["folds"], kept["holdout"]] == pytest.approx(list(again.values()))
        assert kept["mean"] == pytest.approx(np.mean(kept["folds"]))


def test_the_headline_names_the_strongest_rival_on_the_rows_held_out() -> None:
    report = report_of(made(120), **FORWARD)
    headline = report["headline"]
    rivals = {entry["id"]: entry["scores"]["nse"]["holdout"] for entry in report["baselines"]}
    assert headline["baseline_id"] == max(rivals, key=lambda name: rivals[name])
    assert (headline["basis"], headline["rows"]) == ("holdout", 30)
    own, other = format_score(headline["score"]), format_score(headline["baseline_score"])
    assert headline["beats"]
    answer, interval = headline["sentence"].split(" Over all ")
    assert answer == f"It beats the mean: NSE {own} against {other}, on 30 days it had never seen."
    assert re.fullmatch(r"96 validated rows, NSE is better by [01]\.\d+, 90 % interval 0\.\d+ to [01]\.\d+\.", interval)


def test_a_loss_is_told_as_a_worse_score_with_its_interval() -> None:
    frame = made(200).assign(a=0.0, b=0.0)
    frame["y"] = np.cumsum(np.random.default_rng(1).normal(size=200))
    sentence = report_of(frame, **FORWARD)["headline"]["sentence"]
    worse = re.search(r"NSE is worse by (\d+\.\d+), 90 % interval (-?\d+\.\d+) to (\d+\.\d+)\.", sentence)
    assert worse is not None, sentence
    assert float(worse[2]) <= float(worse[1]) <= float(worse[3])


def test_a_model_that_says_the_mean_does_not_beat_the_mean() -> None:
    headline = report_of(made(60), estimator="dummy")["headline"]
    assert not headline["beats"]
    assert headline["score"] == headline["baseline_score"]
    assert headline["verdict"] == "undecided"
    assert headline["sentence"].startswith("It is about as good as the mean: NSE ")


def test_a_bias_nearer_to_zero_wins_whatever_its_sign() -> None:
    frame = made(120).assign(y=lambda table: table["y"] + 20)
    headline = report_of(frame, **{**FORWARD, "estimator": "decision_tree"}, primary="pbias")["headline"]
    assert (headline["interval"]["difference"] > 0) == (headline["verdict"] == "beats")


def test_the_size_of_a_bias_decides_over_the_folds() -> None:
    frame = made(120).assign(y=lambda table: table["y"] + 20)
    parts = {**FORWARD, "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}}}
    report = report_of(frame, **{**parts, "estimator": "decision_tree"}, primary="pbias")
    own, headline = report["scores"]["pbias"], report["headline"]
    assert own["mean"] == pytest.approx(np.mean(own["folds"]))
    assert own["mean_absolute"] == pytest.approx(np.mean(np.abs(own["folds"])))
    assert headline["score"] == own["mean_absolute"]
    assert "mean_absolute" not in report["scores"]["rmse"]
    assert "(later ones train on more rows)" in headline["detail"]
    assert "mean absolute" in headline["detail"]


def test_scores_that_look_alike_are_written_with_more_digits() -> None:
    frame = made(90).assign(b=0.0, word="clay")
    frame["y"] = 100 + 1e-3 * frame["a"] + np.random.default_rng(3).normal(size=90)
    sentence = report_of(frame, selected=["a"], primary="rmse", parameters={"alpha": 1e5})["headline"]["sentence"]
    own, other = sentence.split("RMSE ")[1].split(", on")[0].split(" against ")
    assert own != other


@pytest.mark.parametrize(
    ("pairs", "decimals"),
    [
        ([(0.9012, 0.61)], 2),
        ([(0.9912, 0.9893)], 3),
        ([(0.9981, 0.61)], 3),
        ([(1.0, 0.61)], 2),
        ([(0.99999, 0.61)], 4),
        ([(0.5, 0.5)], 2),
        ([(None, 0.61)], 2),
    ],
    ids=["apart", "alike", "nearly perfect", "perfect", "at most four", "equal", "unknown"],
)
def test_decimals_tell_a_score_from_its_rival_and_from_1(pairs: list[Any], decimals: int) -> None:
    assert decimals_for(pairs, decimals=2, most=4, best=1.0) == decimals


def test_a_score_that_is_defined_nowhere_has_won_nowhere() -> None:
    headline = report_of(made(60), primary="log_nse", others=[])["headline"]
    assert (headline["score"], headline["baseline_score"], headline["beats"]) == (None, None, False)
    assert "every time" not in headline["detail"]


def test_where_one_row_is_held_out_that_has_no_score_the_folds_decide() -> None:
    validation = {**FORWARD["validation"], "holdout": {"fraction": 0.001}}
    headline = report_of(made(120), **{**FORWARD, "validation": validation})["headline"]
    assert (headline["basis"], headline["beats"]) == ("folds", True)
    assert "not defined" not in headline["sentence"]
    assert "on average over 3 folds. Over all" in headline["sentence"]
    by_error = report_of(made(120), **{**FORWARD, "validation": validation}, primary="rmse")["headline"]
    assert "on 1 day it had never seen" in by_error["sentence"]


def test_one_cut_is_not_an_average_over_folds() -> None:
    headline = report_of(made(60), validation={"strategy": "holdout"})["headline"]
    assert headline["detail"] == "One split: 48 rows trained, 12 validated."
    assert (headline["verdict"], headline["beats"]) == ("undecided", False)
    assert headline["sentence"].startswith("One split alone does not decide whether it beats the mean: NSE ")
    assert "1 folds" not in headline["sentence"]


def test_rows_that_were_dropped_are_counted_with_the_reason() -> None:
    frame = made(60)
    frame.loc[:4, "y"] = np.nan
    features = report_of(frame)["features"]
    assert (features["rows_used"], features["rows_dropped"]) == (55, 5)
    assert features["dropped_reason"] == "y is missing on 5 rows"


def test_spans_of_the_folds_are_dates_in_order() -> None:
    split = report_of(made(120), **FORWARD)["split"]
    for line in [*split["folds"], split["holdout"]]:
        assert line["train_start"] <= line["train_end"] < line["validation_start"] <= line["validation_end"]
    assert split["holdout"]["validation_end"] == "2002-01-28"
    assert (split["holdout"]["train_rows"], split["holdout"]["validation_rows"]) == (90, 30)


def test_every_judged_row_is_in_the_predictions_as_it_stands_in_the_file() -> None:
    frame = made(90).sample(frac=1, random_state=2).reset_index(drop=True)
    task = {"target": "y", "time_column": "day", "group_column": "site"}
    group = {"strategy": "group_k_fold", "parameters": {"n_splits": 3}}
    predictions = run(frame, task=task, validation=group).predictions
    assert list(predictions.columns) == ["row", "day", "site", "part", "observed", "predicted"]
    assert sorted(predictions["row"]) == list(range(1, 91))
    for ours, theirs in (("day", "day"), ("site", "site"), ("observed", "y")):
        assert predictions[ours].tolist() == frame[theirs].iloc[predictions["row"] - 1].tolist()


def test_predictions_of_classes_hold_a_probability_for_each() -> None:
    frame = run(made(90), **BINARY).predictions
    assert list(frame.columns) == ["row", "part", "observed", "predicted", "probability_dry", "probability_wet"]
    np.testing.assert_allclose(frame["probability_dry"] + frame["probability_wet"], 1)
    assert (frame["predicted"] == np.where(frame["probability_wet"] > 0.5, "wet", "dry")).all()


@pytest.mark.parametrize("name", ["row", "part", "observed", "predicted"])
def test_a_time_column_of_any_name_is_kept_in_the_predictions(name: str) -> None:
    frame = made(40).rename(columns={"day": name})
    predictions = run(frame, task={"target": "y", "time_column": name}).predictions
    kept = [set(predictions[column]) for column in predictions.columns]
    assert set(frame[name]) in kept
    assert set(range(1, 41)) in kept
    assert {"fold 1", "fold 2", "fold 3"} in kept
    assert set(frame["y"]) in kept
    assert predictions.shape[1] == 5


@pytest.mark.parametrize(
    ("value", "text"), [(None, "not defined"), (-0.414, "\u22120.41"), (0.0, "0.00"), (12.346, "12.35")]
)
def test_scores_are_written_with_a_true_minus(value: float | None, text: str) -> None:
    assert format_score(value) == text


def test_a_solver_that_did_not_settle_is_told_in_plain_words() -> None:
    few = {"estimator": "multilayer_perceptron", "parameters": {"max_iter": 10}}
    notes = report_of(made(60), **few)["notes"]
    assert notes == ["The solver stopped before it had settled; more iterations or scaled features may help."]


@pytest.mark.parametrize("entry", STRATEGIES, ids=lambda entry: entry.id.value)
@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_the_picture_of_a_split_covers_the_rows_without_overlap(entry: Any, holdout: float) -> None:
    lines = split_stripes(entry.id, {**entry.defaults(), "n_splits": 4}, holdout=holdout)
    for line in lines:
        ends = [0.0, *(end for _, _, end in line)]
        assert [start for _, start, _ in line] == pytest.approx(ends[:-1], abs=1e-3)
        assert ends[-1] == 1.0
        judged = sum(high - low for kind, low, high in line if kind == "valid")
        assert judged > 0
        current = sum(high - low for kind, low, high in line if kind == "hold")
        assert current == pytest.approx(0.0 if entry.id is SplitStrategy.HOLDOUT else holdout)


def test_the_picture_of_forward_folds_has_the_gap_to_scale_and_no_training_after_judging() -> None:
    lines = split_stripes(
        SplitStrategy.TIME_SERIES, {"n_splits": 4, "gap": 50, "window": "expanding"}, holdout=0.2, rows=1000
    )
    for line in lines:
        ends = {kind: high for kind, _, high in line if kind == "train"}
        starts = {kind: low for kind, low, _ in line if kind in ("valid", "hold")}
        assert starts["valid"] - ends["train"] == pytest.approx(0.05, abs=1e-3)
        assert starts["hold"] == pytest.approx(0.8)


def test_held_out_rows_may_contradict_the_folds() -> None:
    frame = made(150)
    frame.loc[120:, "y"] = -frame.loc[120:, "y"]
    report = report_of(frame, **FORWARD)
    headline = report["headline"]
    assert headline["interval"]["cuts"] == 4
    assert (headline["verdict"], headline["beats"]) != ("beats", True)
    assert headline["score"] < headline["baseline_score"]


def test_the_verdict_of_the_contract_stands_in_the_report() -> None:
    verdict = report_of(made(120), **FORWARD)["verdict"]
    assert {"state", "against", "difference", "low", "high", "probability"} <= set(verdict)
    assert (verdict["state"], verdict["against"], verdict["resampled"]) == ("beats", "mean", "block")
    assert 0 < verdict["low"] <= verdict["difference"] <= verdict["high"]
    assert verdict["probability"] == 1.0


def test_the_unit_of_the_target_is_that_of_its_scores() -> None:
    frame = made(60).rename(columns={"y": "flow_mm"})
    report = report_of(frame, task={"target": "flow_mm"})
    units = {entry["id"]: entry["unit"] for entry in report["metrics"]}
    assert (report["task"]["unit"], units["rmse"], units["nse"]) == ("mm", "mm", "")
    assert report_of(made(60))["task"]["unit"] == ""


def _year(**more: Any) -> dict[str, Any]:
    return {**FORWARD, "task": {"target": "y", "time_column": "day", **more}}


@pytest.mark.parametrize(
    ("task", "lags", "purpose"),
    [
        ({"purpose": "simulate"}, None, "Simulation from 2 drivers"),
        ({"purpose": "forecast", "horizon": 3}, [3], "3 days ahead, needs today's y"),
        ({"purpose": "forecast"}, [30], "1 day ahead, needs y from 30 days before"),
        ({"purpose": "forecast"}, None, "1 day ahead, from drivers alone"),
        (
            {"purpose": "simulate", "group_column": "site"},
            None,
            "Simulation from 2 drivers (gauged sites, other years)",
        ),
        ({}, None, None),
    ],
)
def test_the_headline_says_what_the_model_is_for(task: dict[str, Any], lags: Any, purpose: str | None) -> None:
    transforms = [{"columns": ["y"], "kind": "lag", "parameters": {"steps": lags}}] if lags else []
    report = report_of(made(120), **_year(**task), transforms=transforms)
    headline = report["headline"]
    assert headline.get("purpose") == purpose
    if purpose is None:
        assert headline["sentence"].startswith("It beats the mean: NSE ")
    else:
        assert re.match(rf"{re.escape(purpose)}: it (beats|is about as good as) the mean, NSE ", headline["sentence"])


@pytest.mark.parametrize(
    ("seed", "verdict", "opening"),
    [
        (0, "beats", "It beats the mean over all validated rows, but not on 40 days it had never seen: NSE "),
        (1, "undecided", "Folds and held-out rows disagree on whether it beats the mean: NSE "),
    ],
)
def test_the_headline_says_where_held_out_rows_contradict_it(seed: int, verdict: str, opening: str) -> None:
    frame, random = made(400, seed=seed), np.random.default_rng(900 + seed)
    frame["y"] = 0.6 * frame["a"] + random.normal(size=400)
    # On the last rows the target no longer follows its driver.
    frame.loc[360:, "y"] = -0.05 * frame.loc[360:, "a"] + random.normal(size=40)
    validation = {**FORWARD["validation"], "holdout": {"fraction": 0.1}}
    headline = report_of(frame, **{**FORWARD, "validation": validation})["headline"]
    assert headline["verdict"] == verdict
    assert headline["score"] < headline["baseline_score"]
    assert headline["sentence"].startswith(opening)


def test_group_folds_with_the_own_flow_of_a_site_are_gauged_sites() -> None:
    lag = {"columns": ["y"], "kind": "lag", "parameters": {"steps": [1]}}
    parts: dict[str, Any] = {
        "task": {"target": "y", "time_column": "day", "group_column": "site"},
        "validation": {"strategy": "leave_one_group_out"},
    }
    frame = made(240)
    own = report_of(frame, **parts, transforms=[lag])["headline"]
    assert own["purpose"] == "Gauged sites, other years"
    assert own["sentence"].startswith("Gauged sites, other years: it ")
    assert "purpose" not in report_of(frame, **parts)["headline"]


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        ({"strategy": "leave_one_group_out"}, ""),
        (FORWARD["validation"], " (validated at sites that trained)"),
        ({"strategy": "leave_one_group_out", "holdout": {"from": "2002-03-01"}}, " (validated at sites that trained)"),
    ],
)
def test_sites_that_trained_are_not_said_to_be_ungauged(validation: Any, said: str) -> None:
    task = {"target": "y", "time_column": "day", "group_column": "site", "purpose": "ungauged"}
    headline = report_of(made(240), task=task, validation=validation)["headline"]
    assert headline["purpose"] == f"Prediction at sites never gauged{said}"


def test_rows_of_which_a_baseline_knows_nothing_are_told_once() -> None:
    frame = made(120).rename(columns={"a": "rain"})
    frame["rain"], frame["y"] = frame["rain"].abs(), frame["y"].abs()
    frame.loc[100:109, "rain"] = np.nan
    parts = {**_year(purpose="simulate"), "selected": ["rain", "b"]}
    notes = report_of(frame, **parts)["notes"]
    told = [note for note in notes if "knows nothing" in note and note.startswith("Rainfall-runoff ratio knows")]
    assert told == [
        "Rainfall-runoff ratio knows nothing on 10 of 96 validated rows, and predicts the training mean there."
    ]
    older = report_of(frame, **{**parts, "task": {"target": "y", "time_column": "day"}})["notes"]
    assert not any("knows nothing" in note for note in older)


def test_the_verdict_is_against_the_strongest_baseline_of_the_purpose() -> None:
    random = np.random.default_rng(4)
    frame = made(400)
    frame["y"] = np.cumsum(random.normal(size=400))
    lag = {"columns": ["y"], "kind": "lag", "parameters": {"steps": [30]}}
    ahead = report_of(frame, **_year(purpose="forecast"), transforms=[lag])["headline"]
    before = report_of(frame, **_year(), transforms=[lag])["headline"]
    assert ahead["baseline_title"] == "Persistence, 30 days" or ahead["baseline_id"] == "mean"
    assert before["baseline_title"] == "Persistence"
    assert before["verdict"] == "loses"
    assert ahead["baseline_score"] < before["baseline_score"]
