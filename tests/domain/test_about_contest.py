"""What is wrong with a contest: told by candidate, once where all share it, with a remedy that leaves the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.checks import check_spec
from app.domain.checks.about_machine import launch_ends_in_time, memory_fits
from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.estimation import estimate
from app.domain.estimation.contest import processes_for
from app.domain.experiment import Draft, Spec, TuningPart
from app.domain.experiment_templates.applying import answers_of_template
from app.domain.experiment_templates.template_config import config_of_spec, read_template_config
from app.domain.problems import Problem
from app.domain.recommendation.contest_answers import suggested_candidates
from app.domain.recommendation.from_config import answers_of_config
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import Severity
from tests.domain.faults import table
from tests.domain.reading import MACHINE
from tests.domain.tables import make_spec

RIDGE = {"estimator": "ridge"}
TREE = {"estimator": "decision_tree"}
FOREST = {"estimator": "random_forest"}
WHOLE = {"selected": ["a", "b", "word"]}


def found(*candidates: dict[str, Any], **parts: Any) -> tuple[Spec, dict[str, Problem]]:
    spec = make_spec(**{**WHOLE, **parts}, candidates=list(candidates))
    return spec, {item.code: item for item in check_spec(spec, table("400").profile, None)}


def errors(spec: Spec) -> set[str]:
    problems = check_spec(spec, table("400").profile, None)
    return {problem.code for problem in problems if problem.severity is Severity.ERROR}


def healed(spec: Spec, problem: Problem) -> Spec:
    """Return the config after the remedy of a problem."""
    return Spec.model_validate(merge_patch(spec.to_json(), patch_of(problem, spec, table("400").profile)))


def test_a_sound_contest_has_no_errors() -> None:
    spec, _ = found(RIDGE, TREE, {**FOREST, "parameters": {"n_estimators": 50}}, FOREST, blend=True)
    assert not errors(spec)


@pytest.mark.parametrize(
    ("candidates", "code", "field"),
    [
        ([RIDGE, TREE, RIDGE], "candidate_twice", "candidates.3"),
        ([RIDGE, TREE, {"estimator": "ridge", "parameters": {"alpha": 1.0}}], "candidate_twice", "candidates.3"),
        ([RIDGE, TREE, {"estimator": "gaussian_naive_bayes"}], "estimator_unfit", "candidates.3"),
        ([RIDGE, TREE, {"estimator": "nobody_knows"}], "estimator_unknown", "candidates.3"),
        ([RIDGE, {**TREE, "parameters": {"max_depth": -4}}, FOREST], "parameter_invalid", "candidates.2"),
        ([RIDGE, {**TREE, "parameters": {"magic": 1}}, FOREST], "parameter_unknown", "candidates.2"),
        ([{**TREE, "parameters": {"max_depth": depth}} for depth in range(1, 15)], "too_many_candidates", "candidates"),
    ],
)
def test_a_fault_is_named_and_its_remedy_heals(candidates: list[dict[str, Any]], code: str, field: str) -> None:
    spec, problems = found(*candidates)
    problem = problems[code]
    assert (problem.step, problem.field, problem.severity) == ("model", field, Severity.ERROR)
    assert problem.message.endswith(".")
    after = healed(spec, problem)
    assert code not in errors(after)
    assert len(after.model.candidates) >= 2


def test_a_contest_of_one_is_refused_with_a_sentence() -> None:
    _, problems = found(RIDGE)
    assert problems["contest_of_one"].message == "A contest needs two candidates or more; there is one."


def test_a_blend_of_one_estimator_is_refused() -> None:
    spec = make_spec(**WHOLE, estimator="ridge", blend=True)
    problem = next(item for item in check_spec(spec, table("400").profile, None) if item.code == "blend_of_one")
    assert not healed(spec, problem).model.blend


def test_what_all_candidates_share_is_told_once() -> None:
    spec = make_spec(selected=[], candidates=[RIDGE, TREE])
    codes = [item.code for item in check_spec(spec, table("400").profile, None)]
    assert codes.count("no_features") == 1


def test_many_candidates_on_few_rows_are_warned_of() -> None:
    many = [{**TREE, "parameters": {"max_depth": depth}} for depth in range(1, 13)]
    assert "many_candidates_few_rows" not in found(*many)[1]
    spec = make_spec(**WHOLE, candidates=many)
    problem = next(
        item for item in check_spec(spec, table("40").profile, None) if item.code == "many_candidates_few_rows"
    )
    assert problem.severity is Severity.WARNING
    assert problem.message == "12 candidates compete on 40 rows: the best is likely the luckiest."


def test_a_blend_of_one_split_is_warned_of() -> None:
    _, problems = found(RIDGE, TREE, blend=True, validation={"strategy": "holdout", "parameters": {"percent": 20}})
    assert problems["blend_needs_folds"].severity is Severity.WARNING


def test_a_blend_of_classes_needs_probabilities() -> None:
    _, problems = found(
        {"estimator": "ridge"},
        {"estimator": "support_vector_machine"},
        blend=True,
        task={"target": "two", "kind": "binary"},
        validation={"strategy": "stratified_k_fold", "parameters": {"n_splits": 3}},
        others=[],
    )
    assert problems["blend_needs_probabilities"].severity is Severity.WARNING


CONTEST = [
    {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 30}},
    {"estimator": "ridge", "tuning": {"enabled": True, "trials": 5}},
    {"estimator": "extra_trees"},
]


def test_a_contest_goes_through_a_draft_and_back() -> None:
    known = table("400")
    spec = make_spec(**WHOLE, candidates=CONTEST, blend=True)
    plan = make_plan(Draft(answers_of_config(spec, known.profile)), known.profile, None)
    assert plan.spec is not None
    assert plan.spec.model == spec.model


def test_candidates_that_cannot_be_read_leave_one_estimator_and_a_sentence() -> None:
    known = table("400")
    for odd in ("ridge", [7], [{"estimator": "nobody_knows"}], [{"parameters": {}}], {"a": 1}):
        plan = make_plan(Draft({"data": {"target": "y"}, "model": {"candidates": odd}}), known.profile, None)
        assert "candidate_invalid" in {problem.code for problem in plan.problems}
        assert plan.spec is None or not plan.spec.model.candidates


def test_suggested_candidates_make_a_sound_contest() -> None:
    known = table("400")
    plan = make_plan(Draft({"data": {"target": "y"}}), known.profile, None)
    listed = suggested_candidates(plan.ranking)
    assert 2 <= len(listed) <= 6
    answers = {"data": {"target": "y"}, "model": {"candidates": listed}}
    after = make_plan(Draft(answers), known.profile, None)
    assert after.spec is not None
    assert after.spec.model.blend
    assert [part.model_dump(mode="json") for part in after.spec.model.candidates] == listed
    assert not [problem for problem in after.problems if problem.severity is Severity.ERROR and problem.step == "model"]


def test_a_template_keeps_its_candidates() -> None:
    known = table("400")
    spec = make_spec(**WHOLE, candidates=CONTEST, blend=True)
    config = config_of_spec(spec)
    assert read_template_config(config.to_json()) == config
    answers = answers_of_template(config, known.profile)
    plan = make_plan(Draft(answers), known.profile, None)
    assert plan.spec is not None
    assert plan.spec.model.candidates == spec.model.candidates
    assert "candidates" not in config_of_spec(make_spec()).to_json()["model"]


def test_a_contest_too_large_or_too_slow_names_who_takes_most() -> None:
    known = table("400")
    forest = {"estimator": "random_forest", "parameters": {"n_estimators": 1000}}
    spec = make_spec(**WHOLE, candidates=[RIDGE, forest, TREE])
    forecast = estimate(spec, known.profile, MACHINE)
    assert forecast.fits == 9
    assert forecast.seconds_low < forecast.seconds_high
    (slow,) = launch_ends_in_time(forecast, MACHINE, spec, known.profile, limit_seconds=0.1)
    assert (slow.field, slow.code) == ("candidates.2", "launch_too_long")
    assert "Random forest takes longest." in slow.message
    small = replace(MACHINE, job_memory_mb=1.0)
    (large,) = memory_fits(forecast, small, spec, known.profile)
    assert large.code == "memory_short"
    assert len(healed(spec, large).model.candidates) == 2


def test_more_processors_make_a_contest_shorter_and_need_more_memory() -> None:
    known = table("400")
    spec = make_spec(**WHOLE, candidates=[RIDGE, FOREST, TREE])
    item, four = (estimate(spec, known.profile, replace(MACHINE, cpus=count)) for count in (1, 4))
    assert four.seconds_high < item.seconds_high
    assert four.memory_mb_high > item.memory_mb_high
    assert processes_for(spec, known.profile, replace(MACHINE, cpus=4)) == 4
    assert processes_for(spec, known.profile, replace(MACHINE, cpus=4, job_memory_mb=1.0)) == 1


def test_folds_of_one_estimator_run_at_once_where_it_pays() -> None:
    known = table("400")
    long = make_spec(estimator="random_forest", parameters={"n_estimators": 1000}, **WHOLE)
    slow, two = replace(MACHINE, slowness=5.0), replace(MACHINE, slowness=5.0, cpus=2)
    alone = estimate(long, known.profile, replace(slow, cpus=1))
    divided = estimate(long, known.profile, two)
    assert (processes_for(long, known.profile, two), alone.fits) == (2, divided.fits)
    # Of three fits one processor has two.
    assert 0.5 * alone.seconds_high <= divided.seconds_high < 0.9 * alone.seconds_high
    assert alone.memory_mb_high < divided.memory_mb_high < 2 * alone.memory_mb_high
    assert divided.basis.endswith("2 fits run at once.")
    short = make_spec(estimator="ridge", **WHOLE)
    assert processes_for(short, known.profile, two) == 1
    searched = long.model_copy(update={"model": long.model.model_copy(update={"tuning": TuningPart(enabled=True)})})
    assert processes_for(searched, known.profile, two) == 1


def test_folds_run_at_once_only_as_memory_allows() -> None:
    known = table("400")
    long = make_spec(estimator="random_forest", parameters={"n_estimators": 1000}, **WHOLE)
    two = replace(MACHINE, slowness=5.0, cpus=2)
    one_fit = estimate(long, known.profile, replace(two, cpus=1)).memory_mb_high
    for memory in (1.0, one_fit, 1.2 * one_fit, 2.0 * one_fit):
        bounded = replace(two, job_memory_mb=memory)
        processes, needed = processes_for(long, known.profile, bounded), estimate(long, known.profile, bounded)
        assert processes == 1 or needed.memory_mb_high <= memory + 1
