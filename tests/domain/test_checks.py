"""Every rule about a config fires on what breaks it and not on what is sound, and its remedy heals."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.domain.analysis.profiling.profile import Associations
from app.domain.checks import RULES, CheckContext, check_spec
from app.domain.experiment import Draft
from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import Severity, SplitStrategy
from app.domain.wizard import SLUGS
from tests.domain.faults import RIVER, WELL, Case, cases, table
from tests.domain.reading import MACHINE, Answers, mended, sample
from tests.domain.reading import known as read_frame
from tests.domain.tables import made, make_spec

SHOWN = [(case, case.name) for case in cases()]
CASES = pytest.mark.parametrize("case", [case for case, _ in SHOWN], ids=[name for _, name in SHOWN])


def _words(problem: Problem) -> str:
    return f"{problem.severity.value} {problem.step} {problem.field} {problem.code}"


def _plan(case: Case, answers: Answers | None = None) -> Plan:
    return table(case.table).plan(case.answers if answers is None else answers, associated=True)


def _found(case: Case) -> Problem:
    problems = {_words(problem): problem for problem in _plan(case).problems}
    assert case.problem in problems
    return problems[case.problem]


def _checked(**parts: Any) -> dict[str, Problem]:
    """Return the problems of a config on the made table, by code."""
    known = table("400")
    return {problem.code: problem for problem in check_spec(make_spec(**parts), known.profile, None)}


@CASES
def test_a_rule_fires_on_what_breaks_it(case: Case) -> None:
    problem = _found(case)
    assert problem.step in SLUGS
    assert problem.message.endswith(".")
    assert len(problem.message) < 200
    assert problem.remedy is not None


@CASES
def test_a_remedy_removes_its_problem_and_brings_no_error(case: Case) -> None:
    problem = _found(case)
    assert problem.remedy is not None
    assert problem.remedy.label
    if not problem.remedy.changes:
        return
    before = {_words(item) for item in _plan(case).problems if item.severity is Severity.ERROR}
    after = [_words(item) for item in _plan(case, mended(case.answers, problem)).problems]
    assert case.problem not in after
    assert {text for text in after if text.startswith("error")} <= before


@CASES
def test_an_error_stops_the_launch_and_a_warning_does_not(case: Case) -> None:
    plan = _plan(case)
    assert plan.launchable == (not any(problem.severity is Severity.ERROR for problem in plan.problems))


@pytest.mark.slow
def test_every_rule_of_the_table_is_broken_by_some_case() -> None:
    fired: Counter[Any] = Counter()
    for case in cases():
        spec = _plan(case).spec
        if spec is not None:
            known = table(case.table)
            subject = CheckContext(spec, known.profile, known.associations(spec.task.target))
            fired.update(rule for rule in RULES if list(rule(subject)))
    # The plan mends unknown columns and settings itself, so only a config from elsewhere can have them.
    silent = {rule.__name__ for rule in RULES if not fired[rule]}
    elsewhere = {"columns_exist", "parameters_are_valid"}
    assert silent == elsewhere | {"no_target_among_features", "answers_are_kept", "each_named_once"}


@pytest.mark.parametrize(("name", "target"), [(RIVER, "discharge_mm"), (WELL, "head_m")])
def test_the_suggested_plan_of_a_sound_series_has_nothing_but_a_notice(name: str, target: str) -> None:
    plan = sample(name).plan({"data": {"target": target}}, associated=True)
    assert [_words(problem) for problem in plan.problems] == ["notice data target target_missing_rows"]


@pytest.mark.parametrize("target", ["y", "two", "three"])
@pytest.mark.parametrize("strategy", [SplitStrategy.K_FOLD, SplitStrategy.HOLDOUT, SplitStrategy.REPEATED_K_FOLD])
def test_a_sound_config_has_no_problem_at_all(target: str, strategy: SplitStrategy) -> None:
    answers = {"data": {"target": target, "time_column": ""}, "validation": {"strategy": strategy.value}}
    assert table("400").plan(answers, associated=True).problems == ()


def test_the_penguins_need_no_more_than_a_target() -> None:
    plan = sample("rd_palmerpenguins_penguins_raw.csv").plan({"data": {"target": "Species"}}, associated=True)
    assert [problem for problem in plan.problems if problem.severity is Severity.ERROR] == []
    assert plan.launchable


@pytest.mark.parametrize(
    ("parts", "step", "field"),
    [
        ({"task": {"target": "gone"}}, "data", "target"),
        ({"task": {"time_column": "gone"}}, "data", "time_column"),
        ({"task": {"group_column": "gone"}}, "data", "group_column"),
        ({"selected": ["a", "gone"]}, "features", ""),
        ({"transforms": [{"columns": ["gone"], "kind": "lag"}]}, "features", "transforms"),
    ],
)
def test_a_column_that_is_not_there_is_the_only_thing_said(parts: dict[str, Any], step: str, field: str) -> None:
    problems = check_spec(make_spec(**parts), table("400").profile, None)
    assert [(problem.step, problem.field, problem.severity, problem.code) for problem in problems] == [
        (step, field, Severity.ERROR, "column_unknown")
    ]
    assert problems[0].message == "The dataset has no column named gone."


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"selected": ["a", "y"]}, "target_leakage"),
        ({"selected": []}, "no_features"),
        ({"estimator": "oracle"}, "estimator_unknown"),
        ({"parameters": {"depth": 3}}, "parameter_unknown"),
        ({"parameters": {"alpha": "much"}}, "parameter_invalid"),
        ({"transforms": [{"columns": ["a"], "kind": "magic"}]}, "transform_unknown"),
        ({"transforms": [{"columns": ["a"], "kind": "lag", "parameters": {"steps": [0]}}]}, "transform_invalid"),
        ({"transforms": [{"columns": [], "kind": "lag"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["day"], "kind": "lag"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["y"], "kind": "log"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["a"], "kind": "one_hot"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["a"], "kind": "target_encoding"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["word"], "kind": "log"}]}, "transform_invalid"),
        ({"transforms": [{"columns": ["a"], "kind": "lag", "parameters": {"often": 3}}]}, "parameter_unknown"),
        ({"validation": {"strategy": "k_fold", "parameters": {"folds": 3}}}, "parameter_unknown"),
        ({"validation": {"strategy": "k_fold", "parameters": {"n_splits": 21}}}, "parameter_invalid"),
        ({"primary": "luck"}, "metric_unknown"),
        ({"others": ["luck"]}, "metric_unknown"),
    ],
)
def test_a_config_from_elsewhere_meets_the_same_rules(parts: dict[str, Any], code: str) -> None:
    # With a time column, what is wrong with a recipe is nothing but the recipe.
    problems = _checked(**{"task": {"time_column": "day"}, **parts})
    assert problems[code].severity is Severity.ERROR


def test_a_recipe_that_cannot_be_followed_is_taken_out_and_the_others_stay() -> None:
    sound = {"columns": ["a"], "kind": "lag", "parameters": {"steps": [7]}}
    words = {"columns": ["word"], "kind": "one_hot", "parameters": {}}
    scaled = {"columns": ["word"], "kind": "scale_standard", "parameters": {}}
    for wrong in ({"columns": ["a"], "kind": "one_hot"}, {"kind": "magic"}, {**sound, "parameters": {"steps": [0]}}):
        problems = _checked(task={"time_column": "day"}, transforms=[sound, wrong, words, scaled])
        fault = next(problem for problem in problems.values() if problem.severity is Severity.ERROR)
        assert fault.remedy is not None
        assert fault.remedy.changes == {"features": {"transforms": [sound, words, scaled]}}


SEARCH = {"enabled": True}


@pytest.mark.parametrize(
    ("space", "code"),
    [
        ({"alpha": {"low": -1}}, "search_out_of_bounds"),
        ({"alpha": {"high": 1e9}}, "search_out_of_bounds"),
        ({"alpha": {"high": float("nan")}}, "search_out_of_bounds"),
        ({"alpha": {"low": 2, "high": 2}}, "search_range_empty"),
        ({"fit_intercept": {"choices": []}}, "search_range_empty"),
        ({"fit_intercept": {"choices": ["perhaps"]}}, "search_out_of_bounds"),
        ({"depth": {"low": 1, "high": 3}}, "search_parameter_unknown"),
        ({"alpha": {"fixed": True}}, "search_space_empty"),
    ],
)
def test_a_search_space_from_elsewhere_meets_the_bounds_of_the_settings(space: dict[str, Any], code: str) -> None:
    problems = check_spec(make_spec(tuning={**SEARCH, "space": space}), table("400").profile, None)
    assert [(problem.code, problem.severity) for problem in problems] == [(code, Severity.ERROR)]


def test_a_sound_search_has_no_problem_and_one_that_is_off_is_not_looked_at() -> None:
    sound = make_spec(tuning={**SEARCH, "space": {"alpha": {"low": 0.1, "high": 10, "log": True}}})
    off = make_spec(tuning={"enabled": False, "metric": "luck", "space": {"alpha": {"low": 5, "high": 1}}})
    assert [check_spec(spec, table("400").profile, None) for spec in (sound, off)] == [(), ()]


def test_a_search_that_outlasts_a_job_is_told_how_many_trials_would_end_in_time() -> None:
    known, answers = table("400"), {"data": {"target": "y"}, "model": {"tuning.enabled": "true", "estimator": "ridge"}}
    codes = {}
    for limit in (0.001, 4.0, 1e9):
        plan = make_plan(Draft(answers), known.profile, None, machine=MACHINE, limit_seconds=limit)
        codes[limit] = [problem for problem in plan.problems if problem.code == "search_too_long"]
    assert codes[1e9] == []
    trials, none = codes[4.0][0], codes[0.001][0]
    assert trials.severity is Severity.WARNING
    assert trials.remedy is not None
    assert 1 <= trials.remedy.changes["model"]["tuning.trials"] < 30
    assert none.remedy is not None
    assert none.remedy.changes == {"model": {"tuning.enabled": False}}


def test_a_copy_of_the_target_is_only_known_once_it_is_measured() -> None:
    known = table("odd")
    spec = make_spec(selected=["a", "copy"])
    measured = known.associations("y")
    assert check_spec(spec, known.profile, None) == ()
    assert check_spec(spec, known.profile, Associations("y", 0, (), complete=False)) == ()
    assert [problem.code for problem in check_spec(spec, known.profile, measured)] == ["target_leakage"]


def test_the_kind_that_the_user_gave_counts_and_not_the_one_that_was_found() -> None:
    known = table("400")
    spec = make_spec(kinds={"a": "constant"})
    assert [problem.code for problem in check_spec(spec, known.profile, None)] == ["constant"]
    named = make_spec(selected=["a", "word"], kinds={"word": "identifier"})
    assert [(problem.code, problem.field) for problem in check_spec(named, known.profile, None)] == [
        ("identifier", known.key("word"))
    ]


def test_problems_are_told_in_the_order_of_the_steps_errors_first() -> None:
    answers: Answers = {
        "data": {"target": "mostly", "time_column": "a"},
        "features": {table("odd").key("same"): True},
        "model": {"estimator": "oracle", "seed": "x"},
        "validation": {"strategy": "k_fold", "k_fold.n_splits": "99", "primary_metric": "roc_auc"},
        "review": {"name": " "},
    }
    problems = table("odd").plan(answers).problems
    steps = [SLUGS.index(problem.step) for problem in problems]
    assert steps == sorted(steps)
    assert {*steps} == {0, 1, 2, 3, 4}
    for slug in SLUGS:
        kinds = [problem.severity is not Severity.ERROR for problem in problems if problem.step == slug]
        assert kinds == sorted(kinds)


@pytest.mark.parametrize(
    "data", [{"target": "day", "time_column": ""}, {"target": "three", "kind.c7": "numeric"}], ids=["date", "word"]
)
def test_the_remedy_for_a_target_without_numbers_heals_what_it_is_offered_for(data: dict[str, Any]) -> None:
    answers = {"data": data}
    known = table("400")
    problem = next(item for item in known.plan(answers).problems if item.code == "target_not_numeric")
    after = known.plan(mended(answers, problem)).problems
    assert "target_not_numeric" not in {item.code for item in after}


def test_a_target_that_is_its_own_group_is_not_launched_without_a_word() -> None:
    answers = {"data": {"target": "three", "time_column": "", "group_column": "three"}}
    assert table("400").plan(answers).problems != ()


@pytest.mark.parametrize(
    "recipe",
    [
        {"columns": ["a"], "kind": "magic"},
        {"columns": ["a"], "kind": "lag", "parameters": {"steps": [0]}},
        {"kind": "date_parts", "parameters": {"parts": [[]]}},
    ],
    ids=["unknown", "invalid", "unhashable"],
)
def test_a_faulty_recipe_is_a_problem_and_no_exception_beside_forward_in_time(recipe: dict[str, Any]) -> None:
    problems = _checked(task={"time_column": "day"}, transforms=[recipe], validation={"strategy": "time_series"})
    assert any(problem.field == "transforms" and problem.severity is Severity.ERROR for problem in problems.values())


def test_rows_without_a_group_are_a_group_that_may_be_nearly_all_rows() -> None:
    frame = made(80)
    frame["remark"] = ["<" if position == 9 else None for position in range(len(frame))]
    parts = {
        "task": {"group_column": "remark"},
        "validation": {"strategy": "group_k_fold", "parameters": {"n_splits": 2}},
    }
    problems = check_spec(make_spec(**parts), read_frame(frame).profile, None)
    (problem,) = (item for item in problems if item.severity is Severity.ERROR)
    assert problem.code == "group_too_large"
    assert problem.message == "One group holds 79 rows, which leaves about 1 row for training while it validates."
