"""A contest of what is too much, too little or wrong: a sentence, and the rest goes on."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.checks import check_spec
from app.domain.contest.summary import BLEND
from app.domain.experiment import Spec
from app.domain.training.run import train
from app.domain.vocabulary import Severity
from tests.domain.tables import made, make_spec, profile_of
from tests.domain.test_contest import LOGISTIC, RIDGE, TREE, by_key, contest, summary_of

FEW: dict[str, Any] = {"strategy": "k_fold", "parameters": {"n_splits": 3}}
STOPPING = {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 20, "early_stopping": True}}


def problems_of(spec: Spec, rows: int) -> dict[str, Any]:
    return {problem.code: problem for problem in check_spec(spec, profile_of(made(rows)), None)}


def test_twelve_candidates_on_forty_rows_are_judged_and_told_of() -> None:
    trees = [{"estimator": "decision_tree", "parameters": {"max_depth": depth}} for depth in range(1, 12)]
    spec = make_spec(candidates=[*trees, RIDGE], blend=True, validation=FEW)
    assert problems_of(spec, 40)["many_candidates_few_rows"].severity is Severity.WARNING
    summary = summary_of(contest(spec, made(40)))
    assert {entry.key for entry in summary.entries} >= {str(number) for number in range(1, 13)}
    assert all(entry.state in ("finished", "ended_early") for entry in summary.entries)
    assert summary.optimism is not None
    assert summary.optimism.sentence


def test_a_candidate_that_cannot_run_with_the_folds_is_named_and_the_others_go_on() -> None:
    many = {"estimator": "k_nearest_neighbors", "parameters": {"n_neighbors": 70}}
    spec = make_spec(candidates=[RIDGE, many, TREE], blend=True, validation=FEW)
    problem = problems_of(spec, 90)["too_many_neighbors"]
    assert (problem.step, problem.field, problem.severity) == ("model", "candidates.2", Severity.ERROR)
    result = contest(spec, made(90))
    failed = by_key(result)["2"]
    assert (failed.state, failed.rank, failed.folds_judged) == ("failed", None, 0)
    assert failed.reason.endswith(".") or "neighbors" in failed.reason
    assert by_key(result)[BLEND].rank is not None


def test_a_class_of_one_row_ends_the_candidate_that_cannot_learn_from_it_alone() -> None:
    frame = made(120)
    frame.loc[frame["three"] == "high", "three"] = "mid"
    frame.loc[:1, "three"] = "high"
    spec = make_spec(
        task={"target": "three", "kind": "multiclass"},
        candidates=[STOPPING, LOGISTIC, TREE],
        blend=True,
        validation=FEW,
    )
    result = train(spec, frame, profile_of(frame), on_progress=lambda _: None, should_stop=lambda: False)
    entries = by_key(result)
    assert entries["1"].state == "failed"
    assert entries["1"].reason
    assert {entries["2"].state, entries["3"].state} == {"finished"}
    assert entries["2"].scores["log_loss"].mean is not None


@pytest.mark.parametrize("other", ["support_vector_machine", "ridge"])
def test_a_blend_of_one_says_what_it_lacks(other: str) -> None:
    spec = make_spec(
        task={"target": "two", "kind": "binary"},
        candidates=[LOGISTIC, {"estimator": other}],
        blend=True,
        validation=FEW,
    )
    summary = summary_of(contest(spec, made(120)))
    assert summary.blend is not None
    assert summary.blend.reason == "A blend needs two candidates that give probabilities that finished every fold."
    assert summary.winner in ("1", "2")


def test_a_blend_whose_other_members_fail_leaves_the_one_that_stands() -> None:
    broken = [{"estimator": "k_nearest_neighbors", "parameters": {"n_neighbors": count}} for count in (70, 75)]
    summary = summary_of(contest(make_spec(candidates=[*broken, RIDGE], blend=True, validation=FEW), made(90)))
    assert summary.winner == "3"
    assert summary.blend is not None
    assert summary.blend.reason == "A blend needs two candidates that finished every fold."
