"""A contest: the same folds for all, the winner by the folds alone, a blend judged by rows that had no part in it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.contest.blend import MemberErrors, blend_folds, find_weights
from app.domain.contest.choice_optimism import choice_optimism
from app.domain.contest.executor import ContestMeans
from app.domain.contest.leaderboard import Contender
from app.domain.contest.summary import BLEND, ContestEntry, ContestSummary
from app.domain.contest.wishes import ContestWishes
from app.domain.errors import StoppedError, TrainingError
from app.domain.experiment import ModelPart, Spec, candidates_of
from app.domain.training.report.document import Report
from app.domain.training.report.outcome import JobProgress, Progress, TrainingResult
from app.domain.training.run import train
from app.domain.training.validation.metrics import get as get_metric
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold
from tests.domain.tables import made, make_spec, profile_of, real
from tests.domain.test_run import lasting, river, river_spec

pytestmark = pytest.mark.fits
BOOSTING = {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 20}}
RIDGE = {"estimator": "ridge"}
TREE = {"estimator": "decision_tree", "parameters": {"max_depth": 4}}
LOGISTIC = {"estimator": "logistic_regression"}
CLASSES: dict[str, Any] = {
    "task": {"target": "three", "kind": "multiclass"},
    "selected": ["a", "b", "word"],
    "validation": {"strategy": "stratified_k_fold", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}},
}


def contest(spec: Spec, frame: pd.DataFrame, **changed: Any) -> TrainingResult:
    column = spec.task.time_column
    calls: dict[str, Any] = {"on_progress": lambda _: None, "should_stop": lambda: False, **changed}
    return train(spec, frame, profile_of(frame, column), **calls)


def summary_of(result: TrainingResult) -> ContestSummary:
    assert result.report.contest is not None
    return result.report.contest


def by_key(result: TrainingResult) -> dict[str, ContestEntry]:
    return {entry.key: entry for entry in summary_of(result).entries}


def test_a_config_of_one_estimator_stays_as_it_was() -> None:
    model = make_spec(estimator="ridge", parameters={"alpha": 2.0}).to_json()["model"]
    assert set(model) == {"estimator", "parameters", "tuning"}


def test_the_first_candidate_fills_the_fields_of_one() -> None:
    model = ModelPart.model_validate({"candidates": [TREE, RIDGE], "blend": True, "estimator": "lasso"})
    assert (model.estimator, model.parameters) == ("decision_tree", {"max_depth": 4})
    assert ModelPart.model_validate(model.model_dump(mode="json")) == model


def test_each_candidate_scores_as_it_does_alone() -> None:
    frame = river(700)
    spec = river_spec(candidates=[BOOSTING, RIDGE, TREE])
    result = contest(spec, frame)
    for number, alone in enumerate(candidates_of(spec), start=1):
        report, entry = contest(alone, frame).report, by_key(result)[str(number)]
        assert {name: score.folds for name, score in entry.scores.items()} == {
            name: score.folds for name, score in report.scores.items()
        }
        if str(number) == summary_of(result).winner:
            assert result.report.scores == report.scores
            assert result.report.charts == report.charts


def test_the_holdout_judges_the_winner_alone() -> None:
    frame = river(700)
    result = contest(river_spec(candidates=[BOOSTING, RIDGE, TREE], blend=True), frame)
    winner = summary_of(result).winner
    for key, entry in by_key(result).items():
        current = {score.holdout for score in entry.scores.values()}
        assert current == {None} if key != winner else None not in current


def test_the_rows_held_out_do_not_choose_the_winner() -> None:
    frame = river(700)
    spoiled = frame.copy()
    current = spoiled.index >= 560
    spoiled.loc[current, "discharge_mm"] = (
        spoiled.loc[current, "discharge_mm"].sample(frac=1, random_state=1).to_numpy()
    )
    spec = river_spec(candidates=[BOOSTING, RIDGE, TREE], blend=True)
    first, other = (summary_of(contest(spec, table)) for table in (frame, spoiled))
    assert [entry.key for entry in first.entries] == [entry.key for entry in other.entries]
    assert first.winner == other.winner
    assert first.blend is not None
    assert other.blend is not None
    assert first.blend.members == other.blend.members


def test_ranks_follow_the_folds_and_differences_are_paired() -> None:
    result = contest(make_spec(candidates=[TREE, RIDGE, BOOSTING], selected=["a", "b", "word"]), made(300))
    entries = summary_of(result).entries
    means = [entry.scores["nse"].mean for entry in entries]
    assert [entry.rank for entry in entries] == [1, 2, 3]
    assert means == sorted(means, key=lambda mean: -(mean or 0))
    first = entries[0].against_next
    assert first is not None
    assert first.against == entries[1].key
    assert first.probability is not None
    assert first.probability > 0.5
    assert entries[-1].against_next is None
    assert all(entry.size_mb and entry.predict_seconds is not None for entry in entries)


def test_a_contest_is_the_same_every_time_to_the_byte() -> None:
    spec = make_spec(candidates=[BOOSTING, RIDGE, TREE], blend=True)
    first, other = (_lasting(contest(spec, made(200))) for _ in range(2))
    assert first == other


def _lasting(result: TrainingResult) -> tuple[str, bytes]:
    """Return all of a result but what a clock told."""
    report, predictions = lasting(result)
    values = json.loads(report)
    for entry in values["contest"]["entries"]:
        for name in ("seconds", "work_seconds", "predict_seconds"):
            entry.pop(name)
    return json.dumps(values), predictions


def test_a_report_of_a_contest_is_read_as_it_was_stored() -> None:
    report = contest(make_spec(candidates=[BOOSTING, RIDGE], blend=True), made(200)).report
    assert Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report


def test_a_report_of_one_estimator_has_no_contest() -> None:
    assert "contest" not in contest(make_spec(), made(120)).report.to_json()


def test_the_blend_of_two_views_beats_both() -> None:
    random = np.random.default_rng(5)
    columns = {f"x{place}": random.normal(size=500) for place in range(8)}
    steps = np.sign(columns["x0"]) * (1 + np.sign(columns["x1"]))
    frame = pd.DataFrame({**columns, "y": sum(columns.values()) + 2 * steps + random.normal(size=500)})
    forest = {"estimator": "random_forest", "parameters": {"n_estimators": 30}}
    validation = {"strategy": "k_fold", "parameters": {"n_splits": 5}, "holdout": {"fraction": 0.2}}
    spec = make_spec(selected=list(columns), candidates=[RIDGE, forest], blend=True, validation=validation)
    result = contest(spec, frame)
    summary = summary_of(result)
    assert summary.winner == BLEND
    assert summary.blend is not None
    assert sum(member.weight for member in summary.blend.members) == pytest.approx(1, abs=1e-5)
    assert summary.blend.sentence.startswith("The blend is ")
    assert summary.blend.against_best is not None
    assert summary.blend.against_best.low is not None
    assert summary.blend.against_best.low > 0
    assert result.report.scores["nse"] == by_key(result)[BLEND].scores["nse"]
    assert result.report.charts.importance is not None
    assert {item.feature for item in result.report.charts.importance.items} <= set(columns)


def test_a_blend_that_is_not_surely_better_does_not_win() -> None:
    frame = made(90, seed=4)
    result = contest(make_spec(candidates=[RIDGE, {"estimator": "linear_regression"}], blend=True), frame)
    summary = summary_of(result)
    assert summary.blend is not None
    assert not summary.blend.wins
    assert summary.winner != BLEND


def test_the_rows_of_a_fold_have_no_part_in_its_weights() -> None:
    random = np.random.default_rng(2)
    target = random.normal(size=90)

    class Table:
        labels: tuple[str, ...] = ()

        def __init__(self, values: Any) -> None:
            self.target = values

    folds = [Fold(np.arange(0), np.arange(start, start + 30)) for start in (0, 30, 60)]
    members = [[Predictions(target[fold.validation] + random.normal(size=30)) for fold in folds] for _ in range(3)]
    changed = target.copy()
    changed[:30] = random.normal(size=30)
    metric = get_metric("rmse")
    first, other = (blend_folds(metric, Table(values), folds, members, seed=1) for values in (target, changed))  # type: ignore[arg-type]
    assert np.array_equal(first.weights_by_fold[0], other.weights_by_fold[0])
    assert not np.array_equal(first.weights_by_fold[1], other.weights_by_fold[1])


def test_weights_prefer_the_member_that_errs_least() -> None:
    random = np.random.default_rng(0)
    small, large = random.normal(scale=0.1, size=500), random.normal(scale=2.0, size=500)
    weights = find_weights([MemberErrors(np.column_stack([large, small]), np.ones(500))], classes=False, seed=1)
    assert weights[1] > 0.95


def test_a_blend_of_classes_averages_probabilities() -> None:
    frame = made(400)
    result = contest(make_spec(**CLASSES, candidates=[LOGISTIC, BOOSTING, TREE], blend=True), frame)
    summary = summary_of(result)
    assert summary.blend is not None
    assert summary.blend.members
    assert by_key(result)[BLEND].scores["log_loss"].mean is not None


def test_a_candidate_that_fails_leaves_the_others() -> None:
    frame = made(200)
    # Ten neighbours of each row cannot be found in folds that hold fewer.
    broken = {"estimator": "k_nearest_neighbors", "parameters": {"n_neighbors": 190}}
    result = contest(make_spec(candidates=[broken, RIDGE, TREE], blend=True), frame)
    entry = by_key(result)["1"]
    assert (entry.state, entry.rank) == ("failed", None)
    assert entry.reason.endswith(".") or "Expected" in entry.reason
    assert summary_of(result).winner in ("2", "3", BLEND)


def test_a_contest_that_all_fail_says_why() -> None:
    broken = [{"estimator": "k_nearest_neighbors", "parameters": {"n_neighbors": count}} for count in (180, 190)]
    with pytest.raises(TrainingError) as fault:
        contest(make_spec(candidates=broken), made(200))
    assert fault.value.code == "every_candidate_failed"
    assert "neighbours" in fault.value.message


def test_a_hopeless_candidate_is_ended_early() -> None:
    validation = {"strategy": "k_fold", "parameters": {"n_splits": 5}}
    dummy = {"estimator": "dummy"}
    spec = make_spec(candidates=[RIDGE, TREE, dummy], validation=validation)
    entry = by_key(contest(spec, made(400)))["3"]
    assert (entry.state, entry.folds_judged, entry.rank) == ("ended_early", 3, 3)
    assert "far behind" in entry.reason


def test_a_candidate_is_ended_on_request() -> None:
    means = ContestMeans(wishes=lambda: ContestWishes(frozenset({"1"})))
    result = contest(make_spec(candidates=[RIDGE, TREE, BOOSTING]), made(200), means=means)
    assert by_key(result)["1"].state == "ended_by_user"
    assert summary_of(result).winner != "1"


def test_a_contest_finished_early_keeps_the_best() -> None:
    seen: list[Progress] = []
    means = ContestMeans(wishes=lambda: ContestWishes(finish=len(seen) > 4))
    spec = make_spec(candidates=[TREE, RIDGE, BOOSTING], blend=True)
    result = contest(spec, made(200), means=means, on_progress=seen.append)
    summary = summary_of(result)
    assert summary.finished_early
    assert [entry.state for entry in summary.entries].count("finished") == 1
    assert summary.blend is not None
    assert summary.blend.reason


def test_a_contest_stops_when_it_is_cancelled() -> None:
    seen: list[Progress] = []
    with pytest.raises(StoppedError):
        contest(
            make_spec(candidates=[RIDGE, TREE]), made(200), on_progress=seen.append, should_stop=lambda: len(seen) > 3
        )


def test_progress_tells_every_candidate_and_the_lines_to_beat() -> None:
    seen: list[Progress] = []
    contest(make_spec(candidates=[TREE, RIDGE]), made(200), on_progress=seen.append)
    stored = [JobProgress.from_json(json.loads(json.dumps(item.to_json()))) for item in seen]
    halfway, last = stored[3].contest, stored[-1].contest
    assert halfway is not None
    assert last is not None
    assert {line.state for line in halfway.candidates} == {"running", "waiting"} or len(halfway.candidates) == 2
    assert [line.state for line in last.candidates] == ["finished", "finished"]
    assert last.baselines[0].score is not None
    assert [item.fraction for item in stored] == sorted(item.fraction or 0 for item in stored)


def test_a_search_may_be_a_candidate() -> None:
    searched = {**RIDGE, "tuning": {"enabled": True, "trials": 4}}
    result = contest(make_spec(candidates=[searched, TREE], blend=True), made(200))
    entry = by_key(result)["1"]
    assert (entry.is_tuned, entry.state) == (True, "finished")
    if summary_of(result).winner == "1":
        assert result.report.tuning is not None


def test_without_a_holdout_the_last_fold_shows_importance() -> None:
    result = contest(make_spec(candidates=[RIDGE, TREE]), made(200))
    assert result.report.charts.importance is not None
    assert result.report.charts.importance.basis == "fold 3"


def test_gaps_are_filled_by_the_winner_of_a_contest() -> None:
    frame = real("hydro/piscataquis_01031500_daily.csv", parse_dates=["date"]).iloc[:800].reset_index(drop=True)
    frame.loc[200:215, "discharge_mm"] = np.nan
    spec = make_spec(
        task={"target": "discharge_mm", "time_column": "date", "purpose": "fill_gaps"},
        selected=["prcp_mm", "tmax_c"],
        validation={"strategy": "masked_blocks", "parameters": {"lengths": [5, 15]}},
        candidates=[RIDGE, BOOSTING],
        blend=True,
    )
    result = contest(spec, frame)
    assert result.report.gaps is not None
    assert result.report.gaps.filled == 16


def test_choosing_among_equals_flatters_and_a_clear_best_does_not() -> None:
    random = np.random.default_rng(3)
    metric = get_metric("rmse")

    def contenders(means: list[float]) -> list[Contender]:
        return [
            Contender(str(number), f"c{number}", tuple({"rmse": mean + random.normal(scale=0.1)} for _ in range(5)), ())
            for number, mean in enumerate(means, start=1)
        ]

    amounts = []
    for _ in range(60):
        equal = contenders([1.0] * 8)
        best = min(equal, key=lambda item: sum(scores["rmse"] or 0 for scores in item.scores))
        amounts.append(choice_optimism(metric, equal, best.key).amount or 0.0)
    # The smallest of eight means of five draws lies 1.42 standard errors below their mean.
    assert np.mean(amounts) == pytest.approx(1.42 * 0.1 / np.sqrt(5), rel=0.35)
    result = choice_optimism(metric, contenders([1.0, 3.0, 3.0]), "1")
    assert result.amount == 0.0
    assert result.sentence == "Choosing among 3 does not measurably flatter the fold score of the winner."
