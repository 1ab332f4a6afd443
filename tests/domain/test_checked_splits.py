"""What the checks let through can be split: no launch is accepted only to fail at its first fold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.tuning.inner_folds import inner_folds
from app.domain.training.validation.splitting import RowFacts, make_split
from app.domain.vocabulary import Severity, SplitStrategy
from tests.domain.reading import Answers, Known, known, mended
from tests.domain.tables import made

QUIET = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@cache
def _table(rows: int, sites: int = 1) -> Known:
    """Return a table of daily rows, each day once for every site."""
    frame = pd.concat([made(rows, seed=site).assign(site=f"n{site}") for site in range(sites)])
    return known(frame.assign(basin=np.arange(len(frame)) % 7))


def _facts(table: Known, spec: Spec) -> RowFacts:
    """Return the facts that splitting looks at, from the columns that the config names."""
    frame = table.frame.dropna(subset=[spec.task.target])
    time, group = spec.task.time_column, spec.task.group_column
    if time is not None:
        frame = frame.sort_values(time, kind="stable")
    return RowFacts(
        rows=len(frame),
        classes=frame[spec.task.target].to_numpy() if spec.task.kind.is_classification else None,
        groups=frame[group].to_numpy() if group is not None else None,
        steps=pd.factorize(frame[time])[0] if time is not None else None,
    )


def _answers(strategy: str, *, data: dict[str, Any] | None = None, **fields: Any) -> Answers:
    settings_of = {f"{strategy}.{name}": value for name, value in fields.items() if name != "holdout_percent"}
    current_values = {"holdout_percent": fields.get("holdout_percent", "0")}
    return {
        "data": {"target": "y", "group_column": "", **(data or {})},
        "features": {"transforms": []},
        "validation": {"strategy": strategy, **settings_of, **current_values},
    }


def _outcome(table: Known, answers: Answers) -> str:
    """Return whether a draft is refused, is divided, or fails after it was accepted."""
    plan = table.plan(answers)
    if not plan.launchable or plan.spec is None:
        return "refused"
    try:
        split = make_split(plan.spec, _facts(table, plan.spec))
    except (TrainingError, ValueError) as fault:
        return f"accepted, then: {fault}"
    assert plan.estimate is not None
    assert plan.estimate.fits == len(split.folds) + (split.holdout is not None)
    judged = np.concatenate([fold.validation for fold in split.folds])
    assert len(judged) > 0
    current_values = set() if split.holdout is None else set(split.holdout)
    assert all(not set(fold.train) & set(fold.validation) for fold in split.folds)
    assert not current_values & {row for fold in split.folds for row in (*fold.train, *fold.validation)}
    return "divided"


@QUIET
@given(
    strategy=st.sampled_from(["holdout", "k_fold", "repeated_k_fold", "stratified_k_fold"]),
    rows=st.sampled_from([10, 13, 40, 150]),
    target=st.sampled_from(["y", "two", "three"]),
    folds=st.integers(2, 20),
    held=st.integers(0, 80),
)
def test_what_is_accepted_for_rows_without_order_can_be_divided(
    strategy: str, rows: int, target: str, folds: int, held: int
) -> None:
    number = {} if strategy == "holdout" else {"n_splits": str(folds)}
    answers = _answers(strategy, data={"target": target, "time_column": ""}, holdout_percent=str(held), **number)
    assert not _outcome(_table(rows), answers).startswith("accepted")


@QUIET
@given(rows=st.sampled_from([10, 13, 40, 150]), folds=st.integers(2, 20), gap=st.integers(0, 60))
def test_what_is_accepted_for_one_series_without_a_hold_out_can_be_divided(rows: int, folds: int, gap: int) -> None:
    answers = _answers("time_series", n_splits=str(folds), gap=str(gap))
    assert not _outcome(_table(rows), answers).startswith("accepted")


@pytest.mark.parametrize("window", ["expanding", "rolling"])
@pytest.mark.parametrize(("gap", "outcome"), [("0", "divided"), ("23", "divided"), ("24", "refused")])
def test_the_longest_gap_that_is_accepted_is_the_longest_that_can_be_divided(
    window: str, gap: str, outcome: str
) -> None:
    # Of 150 days five folds of 25 judge, so 25 train first, of which the gap must leave two.
    assert _outcome(_table(150), _answers("time_series", n_splits="5", gap=gap, window=window)) == outcome


@pytest.mark.parametrize("folds", range(2, 8))
def test_group_folds_are_accepted_up_to_the_number_of_groups(folds: int) -> None:
    answers = _answers("group_k_fold", data={"group_column": "basin"}, n_splits=str(folds))
    assert _outcome(_table(150), answers) == "divided"
    wanted = _answers("group_k_fold", data={"group_column": "basin"}, n_splits="8")
    assert _outcome(_table(150), wanted) == "refused"


@pytest.mark.parametrize(("rows", "gap"), [(100, "13"), (150, "18")])
def test_a_gap_beside_a_hold_out_is_refused_where_nothing_would_be_left(rows: int, gap: str) -> None:
    answers = _answers("time_series", n_splits="5", gap=gap, holdout_percent="20")
    assert not _outcome(_table(rows), answers).startswith("accepted")


def test_a_gap_for_several_sites_is_refused_where_nothing_would_be_left() -> None:
    answers = _answers("time_series", data={"group_column": "site"}, n_splits="5", gap="60")
    assert not _outcome(_table(150, sites=4), answers).startswith("accepted")


@pytest.mark.parametrize(
    ("strategy", "held", "fields"),
    [("group_k_fold", "20", {"n_splits": "7"}), ("leave_one_group_out", "80", {}), ("leave_one_group_out", "75", {})],
)
def test_groups_beside_a_hold_out_are_refused_where_too_few_would_be_left(
    strategy: str, held: str, fields: dict[str, str]
) -> None:
    column = "basin" if strategy == "group_k_fold" else "three"
    answers = _answers(strategy, data={"group_column": column}, holdout_percent=held, **fields)
    assert not _outcome(_table(150), answers).startswith("accepted")


@pytest.mark.parametrize("strategy", ["stratified_k_fold", "k_fold"])
def test_a_hold_out_at_the_end_of_time_may_take_a_class_that_came_late(strategy: str) -> None:
    positions = np.arange(400)
    late = known(made(400, seed=0).assign(late=np.where((positions >= 360) & (positions % 4 == 0), "b", "a")))
    outcomes = [
        _outcome(late, _answers(strategy, data={"target": "late", "time_column": time}, holdout_percent="20"))
        for time in ("day", "")
    ]
    assert outcomes == ["refused", "divided"]


@pytest.mark.parametrize(("strategy", "outcome"), [("stratified_k_fold", "refused"), ("k_fold", "divided")])
def test_more_classes_than_a_profile_lists_are_known_to_be_rare(strategy: str, outcome: str) -> None:
    answers = _answers(strategy, data={"target": "y", "task_kind": "multiclass", "time_column": ""}, n_splits="3")
    assert _outcome(_table(250), answers) == outcome


def test_groups_that_leave_hardly_a_row_of_another_class_are_refused() -> None:
    positions = np.arange(400)
    frame = made(400, seed=0).assign(
        rare=np.where(positions % 40 == 0, "b", "a"), where=np.where(positions < 300, "n", "s")
    )
    query = {"target": "rare", "time_column": "", "group_column": "where"}
    assert _outcome(known(frame), _answers("group_k_fold", data=query, n_splits="2")) == "refused"
    often = known(frame.assign(rare=np.where(positions % 4 == 0, "b", "a")))
    assert _outcome(often, _answers("group_k_fold", data=query, n_splits="2")) == "divided"


@cache
def _few_of(count: int = 5) -> Known:
    """Return a table of 250 rows of which so many are of another class."""
    return known(made(250, seed=0).assign(rare=np.where(np.arange(250) % (250 // count) == 7, "b", "a")))


@pytest.mark.parametrize(("held", "outcome"), [("80", "refused"), ("0", "divided")])
def test_a_hold_out_that_leaves_a_class_fewer_rows_than_folds_draws_them_at_random(held: str, outcome: str) -> None:
    query = {"target": "rare", "time_column": ""}
    assert _outcome(_few_of(), _answers("repeated_k_fold", data=query, n_splits="4", holdout_percent=held)) == outcome


@pytest.mark.parametrize(("percent", "outcome"), [("80", "refused"), ("60", "divided"), ("20", "divided")])
def test_rows_that_judge_leave_a_row_of_each_class_to_train(percent: str, outcome: str) -> None:
    answers = _answers("holdout", data={"target": "rare", "time_column": ""}, percent=percent)
    assert _outcome(_few_of(3), answers) == outcome
    if outcome == "refused":
        (problem,) = (item for item in _few_of(3).plan(answers).problems if item.code == "one_class_fold")
        assert _outcome(_few_of(3), mended(answers, problem)) == "divided"


def test_a_hold_out_of_groups_may_leave_hardly_a_row_of_another_class() -> None:
    positions = np.arange(250)
    sites = np.where(positions < 217, "n0", np.char.add("s", (positions % 16).astype(str)))
    many = known(made(250, seed=0).assign(where=sites))
    query = {"target": "three", "time_column": "", "group_column": "where"}
    outcomes = [
        _outcome(many, _answers("group_k_fold", data=query, n_splits="3", holdout_percent=current))
        for current in ("80", "0")
    ]
    assert outcomes == ["refused", "divided"]


@pytest.mark.parametrize(("every", "outcome"), [(2, "refused"), (1, "divided")])
def test_groups_that_lose_their_rows_with_the_target_do_not_count(every: int, outcome: str) -> None:
    frame, positions = made(400, seed=0), np.arange(400)
    frame["where"] = np.where(positions < 4, "n5", np.char.add("n", (positions % 4).astype(str)))
    frame["y"] = frame["y"].where((positions % every == every - 1) & ((positions > 3) | (every == 1)))
    query = {"group_column": "where", "time_column": ""}
    assert _outcome(known(frame), _answers("group_k_fold", data=query, n_splits="5")) == outcome


@pytest.mark.parametrize(
    ("strategy", "fields", "searched"),
    [
        ("holdout", {"percent": "76"}, "refused"),
        ("holdout", {"percent": "20"}, "divided"),
        ("stratified_k_fold", {"n_splits": "3"}, "divided"),
        ("group_k_fold", {"n_splits": "2"}, "refused"),
        ("time_series", {"n_splits": "2"}, "refused"),
    ],
)
def test_a_search_is_accepted_where_every_fold_can_be_divided_again(
    strategy: str, fields: dict[str, str], searched: str
) -> None:
    data = {"target": "rare", "time_column": "day" if strategy == "time_series" else "", "group_column": "word"}
    answers = {**_answers(strategy, data=data, **fields), "model": {"tuning.enabled": True, "tuning.inner": 2}}
    plan = _few_of().plan(answers)
    assert plan.spec is not None
    assert ("inner_folds_impossible" in {problem.code for problem in plan.problems}) == (searched == "refused")
    if searched == "divided":
        _divide_again(_few_of(), plan.spec)


@pytest.mark.parametrize(("percent", "searched"), [("78.4", "refused"), ("75.0", "refused"), ("66.0", "divided")])
def test_the_decimals_of_a_hold_out_count(percent: str, searched: str) -> None:
    few = _table(16)
    answers = {**_answers("holdout", data={"time_column": "day"}, percent=percent), "model": {"tuning.enabled": True}}
    plan = few.plan(answers)
    assert plan.spec is not None
    assert ("inner_folds_impossible" in {problem.code for problem in plan.problems}) == (searched == "refused")
    if searched == "divided":
        _divide_again(few, plan.spec)
        return
    with pytest.raises(TrainingError):
        _divide_again(few, plan.spec)


def test_a_search_where_one_group_trains_alone_is_refused() -> None:
    positions = np.arange(300)
    lone = known(
        made(300, seed=0).assign(where=np.where(positions < 200, "n0", np.char.add("s", (positions % 9).astype(str))))
    )
    for folds, outcome in (("2", ["inner_folds_impossible"]), ("3", [])):
        query = {"time_column": "", "group_column": "where"}
        answers = {**_answers("group_k_fold", data=query, n_splits=folds), "model": {"tuning.enabled": True}}
        plan = lone.plan(answers)
        assert [problem.code for problem in plan.problems if problem.severity is Severity.ERROR] == outcome
        assert plan.spec is not None
        if outcome:
            with pytest.raises(TrainingError):
                _divide_again(lone, plan.spec)
        else:
            _divide_again(lone, plan.spec)


def _divide_again(table: Known, spec: Spec) -> None:
    """Divide the training rows of every fold as a search does."""
    facts = _facts(table, spec)
    for fold in make_split(spec, facts).folds:
        assert len(inner_folds(spec, facts, fold.train)) >= (
            1 if spec.validation.strategy is SplitStrategy.HOLDOUT else 2
        )
