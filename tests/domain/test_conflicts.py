"""The conflict table: every row is found where its answers meet, and scikit-learn does fail there without it."""

from __future__ import annotations

from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from app.domain.checks.about_settings import PAIRS
from app.domain.checks.check_context import CheckContext
from app.domain.checks.conflict import Conflict
from app.domain.checks.conflicts import CONFLICTS
from app.domain.checks.rules import RULES
from app.domain.checks.settled_clashes import SETTLED
from app.domain.estimators import registry
from app.domain.experiment import TuningPart
from app.domain.problems import Problem
from app.domain.training.validation import splitting
from app.domain.vocabulary import Severity, TaskKind
from app.domain.wizard import SLUGS
from tests.domain import failures_of_purpose, failures_of_splits  # noqa: F401  # They fill the table of failures.
from tests.domain.failures import FAILURES
from tests.domain.faults import cases, table
from tests.domain.tables import make_spec

ROWS = pytest.mark.parametrize("row", CONFLICTS, ids=lambda row: row.id)
TWO = {"target": "two", "kind": "binary"}
THREE = {"target": "three", "kind": "multiclass"}
DAY = {"time_column": "day"}
LAG = [{"columns": ["a"], "kind": "lag", "parameters": {"steps": [7]}}]
OWN_LAG = [{"columns": ["y"], "kind": "lag", "parameters": {"steps": [7]}}]
GAPS = {"time_column": "day", "purpose": "fill_gaps"}
BLOCKS, FORWARD = {"strategy": "masked_blocks"}, {"strategy": "time_series"}
STRATIFIED = {"strategy": "stratified_k_fold", "parameters": {"n_splits": 5}}


def _classes(**parameters: Any) -> dict[str, Any]:
    return {"task": TWO, "estimator": "logistic_regression", "parameters": parameters}


def _boosting(**parameters: Any) -> dict[str, Any]:
    return {"estimator": "hist_gradient_boosting", "parameters": parameters}


def _network(**parameters: Any) -> dict[str, Any]:
    return {"estimator": "multilayer_perceptron", "parameters": parameters}


def _support(**parameters: Any) -> dict[str, Any]:
    return {"estimator": "support_vector_machine", "parameters": parameters}


# On which table, and by which parts of a config, each row is found.
MET: dict[str, tuple[str, dict[str, Any]]] = {
    "target_not_numeric": ("400", {"task": {"target": "word", "kind": "regression"}}),
    "not_binary": ("400", {"task": {"target": "three", "kind": "binary"}}),
    "group_is_target": ("400", {"task": {**THREE, "group_column": "three"}}),
    "time_column_unreadable": ("400", {"task": {"time_column": "a"}}),
    "target_leakage": ("odd", {"selected": ["a", "copy"]}),
    "derived_without_time": ("400", {"transforms": LAG}),
    "recipe_unfit": ("400", {"transforms": [{"columns": ["word"], "kind": "scale_standard"}]}),
    "group_is_time": ("400", {"task": {**DAY, "group_column": "day"}, "transforms": LAG}),
    "times_repeat": ("panel", {"task": DAY, "transforms": LAG}),
    "holdout_too_small": ("400", {"validation": {"strategy": "k_fold", "holdout": {"fraction": 0.001}}}),
    "scaling_pointless": (
        "400",
        {"transforms": [{"columns": ["a"], "kind": "scale_standard"}], "estimator": "random_forest"},
    ),
    "not_positive": ("400", {"transforms": [{"columns": ["a"], "kind": "box_cox"}]}),
    "estimator_of_another_purpose": ("400", {"estimator": "linear_interpolation"}),
    "estimator_unfit": ("400", {"estimator": "gaussian_naive_bayes"}),
    "class_weight_unsupported": (
        "400",
        {"task": TWO, "estimator": "k_nearest_neighbors", "parameters": {"class_weight": "balanced"}},
    ),
    "setting_of_another_task": ("400", {"estimator": "random_forest", "parameters": {"class_weight": "balanced"}}),
    "too_many_rows": ("13000", {"estimator": "gaussian_process"}),
    "solver_without_l1": ("400", _classes(penalty="l1")),
    "solver_without_mix": ("400", _classes(penalty="elasticnet", solver="liblinear")),
    "solver_needs_penalty": ("400", _classes(penalty="none", solver="liblinear")),
    "solver_needs_two_classes": ("400", {**_classes(solver="liblinear"), "task": THREE}),
    "l1_ratio_unused": ("400", _classes(l1_ratio=0.1)),
    "c_unused": ("400", _classes(penalty="none", C=0.1)),
    "degree_unused": ("400", _support(degree=2)),
    "coef0_unused": ("400", _support(coef0=1.0)),
    "momentum_unused": ("400", _network(momentum=0.5)),
    "n_iter_no_change_unused": ("400", _network(solver="lbfgs", n_iter_no_change=3)),
    "share_without_draw": ("400", {"estimator": "extra_trees", "parameters": {"max_samples": 0.5}}),
    "gamma_unused": ("400", _support(kernel="linear", gamma="auto")),
    "learning_rate_init_unused": ("400", _network(solver="lbfgs", learning_rate_init=0.01)),
    "early_stopping_unused": ("400", _network(solver="lbfgs", early_stopping=True)),
    "step_too_large": ("400", _network(solver="sgd", learning_rate_init=0.5)),
    "rare_class_stops_early": (
        "odd",
        {"task": {"target": "rare", "kind": "multiclass"}, **_boosting(early_stopping=True)},
    ),
    "few_rows_stop_early": (
        "20",
        {**_network(early_stopping=True), "validation": {"strategy": "k_fold", "parameters": {"n_splits": 2}}},
    ),
    "stops_early_in_time": ("400", {"task": DAY, **_boosting(early_stopping=True)}),
    "loss_needs_positive": ("400", _boosting(loss="poisson")),
    "loss_needs_above_zero": ("400", _boosting(loss="gamma")),
    "leaves_beyond_depth": ("400", _boosting(max_depth=2)),
    "trees_all_alike": ("400", {"estimator": "random_forest", "parameters": {"bootstrap": False, "max_features": 1.0}}),
    "leaf_beyond_rows": ("400", {"estimator": "decision_tree", "parameters": {"min_samples_leaf": 150}}),
    "too_many_neighbors": ("400", {"estimator": "k_nearest_neighbors", "parameters": {"n_neighbors": 300}}),
    "more_features_than_rows": (
        "9",
        {
            "estimator": "linear_regression",
            "selected": ["a", "b", "word", "site"],
            "validation": {"strategy": "k_fold", "parameters": {"n_splits": 2}},
        },
    ),
    "weights_bend_probabilities": ("400", {**_classes(class_weight="balanced"), "primary": "log_loss"}),
    "order_without_time": ("400", {"validation": {"strategy": "time_series"}}),
    "groups_without_column": ("400", {"validation": {"strategy": "group_k_fold"}}),
    "strategy_needs_classes": ("400", {"validation": STRATIFIED}),
    "too_few_rows": ("20", {"validation": {"strategy": "k_fold", "parameters": {"n_splits": 11}}}),
    "rare_class": ("odd", {"task": {"target": "rare", "kind": "multiclass"}, "validation": STRATIFIED}),
    "one_class_fold": ("one", {"task": {"target": "alone", "kind": "binary"}}),
    "group_too_large": (
        "one",
        {
            "task": {**TWO, "group_column": "alone"},
            "validation": {"strategy": "group_k_fold", "parameters": {"n_splits": 2}},
        },
    ),
    "too_few_groups": (
        "400",
        {"task": {"group_column": "site"}, "validation": {"strategy": "group_k_fold", "parameters": {"n_splits": 7}}},
    ),
    "too_many_groups": (
        "400",
        {"task": {"group_column": "day"}, "validation": {"strategy": "leave_one_group_out"}},
    ),
    "random_split_in_time": ("400", {"task": DAY}),
    "gap_too_long": ("400", {"task": DAY, "validation": {"strategy": "time_series", "parameters": {"gap": 300}}}),
    "gap_short": ("400", {"task": DAY, "transforms": LAG, "validation": {"strategy": "time_series"}}),
    "purpose_needs_time": ("400", {"task": {"purpose": "simulate"}}),
    "purpose_needs_sites": ("400", {"task": {**DAY, "purpose": "ungauged"}}),
    "horizon_too_long": ("400", {"task": {**DAY, "purpose": "forecast", "horizon": 400}}),
    "target_never_known": ("400", {"task": {**DAY, "purpose": "simulate"}, "transforms": OWN_LAG}),
    "no_earlier_rows": ("400", {"task": {**DAY, "purpose": "new_rows"}, "transforms": LAG}),
    "target_not_known_yet": (
        "400",
        {"task": {**DAY, "purpose": "forecast", "horizon": 9}, "transforms": OWN_LAG},
    ),
    "driver_not_known_yet": ("400", {"task": {**DAY, "purpose": "forecast", "horizon": 9}, "transforms": LAG}),
    "gaps_need_numbers": ("400", {"task": {**TWO, **DAY, "purpose": "fill_gaps"}}),
    "gaps_without_blocks": ("400", {"task": GAPS, "validation": {"strategy": "k_fold"}}),
    "blocks_without_gaps": ("400", {"task": DAY, "validation": {"strategy": "masked_blocks"}}),
    "sites_not_held_out": (
        "panel",
        {"task": {**DAY, "group_column": "site", "purpose": "ungauged"}, "validation": FORWARD},
    ),
    "holdout_is_no_gap": ("400", {"task": GAPS, "validation": {**BLOCKS, "holdout": {"fraction": 0.2}}}),
    "blocks_too_long": ("400", {"task": GAPS, "validation": {**BLOCKS, "parameters": {"lengths": [300]}}}),
    "holdout_outside": ("400", {"task": DAY, "validation": {**FORWARD, "holdout": {"from": "2090-01-01", "to": None}}}),
    "nothing_to_train": (
        "400",
        {"task": DAY, "validation": {**FORWARD, "holdout": {"from": "1990-01-01", "to": None}}},
    ),
    "warm_up_too_long": ("400", {"task": DAY, "validation": {**FORWARD, "warm_up": 399}}),
    "too_few_years": (
        "400",
        {"task": DAY, "validation": {**FORWARD, "parameters": {"align": "water_year", "n_splits": 5}}},
    ),
    "window_longer_than_training": (
        "400",
        {
            "task": DAY,
            "transforms": [{"columns": ["a"], "kind": "rolling_mean", "parameters": {"window": 90}}],
            "validation": {**FORWARD, "parameters": {"n_splits": 5}},
        },
    ),
    "metric_unfit": ("400", {"primary": "roc_auc"}),
    "metric_needs_positive": ("400", {"primary": "log_nse"}),
    "metric_needs_probabilities": ("400", {"task": TWO, "estimator": "ridge", "primary": "log_loss"}),
    "metric_needs_spread": (
        "still",
        {
            "task": {"target": "flow", "time_column": "day"},
            "validation": {"strategy": "time_series"},
            "tuning": {"enabled": True},
        },
    ),
    "metric_divides_by_zero": ("odd", {"task": {"target": "dry"}, "primary": "mape"}),
}


def _found(row: Conflict) -> list[Problem]:
    name, parts = MET[row.id]
    known = table(name)
    spec = make_spec(**parts)
    subject = CheckContext(spec, known.profile, known.associations(spec.task.target) if name == "odd" else None)
    return [problem for problem in row.rule(subject) if problem.code == row.code and problem.field != "other_metrics"]


@ROWS
def test_a_row_is_found_where_its_answers_meet(row: Conflict) -> None:
    problems = _found(row)
    assert problems
    for problem in problems:
        assert problem.severity is row.severity
        assert problem.message.endswith(".")
        assert problem.remedy is not None
        step, _, field = row.between[0].partition(".")
        assert problem.step == step
        first, last = field.split(".", maxsplit=1)[0], field.rsplit(".", maxsplit=1)[-1]
        own = [name.partition(".")[2] for name in row.between if name.startswith(f"{step}.")]
        assert problem.field in own or (first == "*" and problem.field.endswith(last)) or first in problem.field


@ROWS
def test_scikit_learn_fails_or_misbehaves_without_the_row(row: Conflict) -> None:
    with threadpool_limits(limits=1):
        FAILURES[row.id]()


@pytest.mark.parametrize("settled", SETTLED, ids=lambda item: item.id)
def test_scikit_learn_fails_where_nobody_is_asked(settled: Any) -> None:
    with threadpool_limits(limits=1):
        FAILURES[settled.id]()


def test_every_row_has_its_failure_and_its_meeting_and_nothing_else_has() -> None:
    rows, settled = [row.id for row in CONFLICTS], [clash.id for clash in SETTLED]
    assert len(set(rows + settled)) == len(rows + settled)
    assert set(MET) == set(rows)
    assert set(FAILURES) == {*rows, *settled}


def test_every_row_is_one_of_the_rules() -> None:
    pairs = {pair.find for pair in PAIRS}
    assert all(row.rule in RULES or row.rule in pairs for row in CONFLICTS)


@ROWS
def test_a_row_names_fields_that_exist_and_speaks_in_sentences(row: Conflict) -> None:
    for sentence in (row.when, row.fails, row.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    for field in row.between:
        step, _, name = field.partition(".")
        assert step in SLUGS
        owner, _, setting = name.partition(".")
        if step == "model" and owner == "tuning":
            assert setting in TuningPart.model_fields
        elif step == "model" and setting and owner != "*":
            assert registry.get(owner).parameter(setting) is not None
        if step == "validation" and setting and owner != "*":
            assert splitting.get(owner).parameter(setting) is not None


@ROWS
def test_the_button_of_a_setting_heals_it_and_brings_no_error(row: Conflict) -> None:
    pair = next(
        (incompatible_settings for incompatible_settings in PAIRS if incompatible_settings.code == row.id), None
    )
    if pair is None:
        return
    name, parts = MET[row.id]
    (problem,) = _found(row)
    assert problem.remedy is not None
    changes = problem.remedy.changes["model"]
    estimator = changes.get("estimator", parts.get("estimator", "ridge"))
    settings = {field.partition(".")[2]: value for field, value in changes.items() if "." in field}
    kept = parts.get("parameters", {}) if "estimator" not in changes else {}
    spec = make_spec(**{**parts, "estimator": estimator, "parameters": {**kept, **settings}})
    subject = CheckContext(spec, table(name).profile, None)
    after = [first for other in PAIRS for first in other.find(subject)]
    assert row.code not in {first.code for first in after}
    assert not [first for first in after if first.severity is Severity.ERROR]


def test_the_registry_says_rightly_who_gives_probabilities() -> None:
    for entry in registry.estimators_for_task(TaskKind.BINARY):
        made = entry.build(TaskKind.BINARY, entry.defaults(TaskKind.BINARY), 0)
        assert hasattr(made, "predict_proba") == entry.probabilities, entry.id


def test_every_problem_of_every_rule_has_a_remedy() -> None:
    for case in cases():
        for problem in table(case.table).plan(case.answers, associated=True).problems:
            assert problem.remedy is not None, problem
            assert problem.remedy.label
            # A share that is held out replaces a date; one that cannot be read is held out by its share already.
            changes = problem.remedy.changes.get("validation", {})
            if "holdout_percent" in changes and problem.code != "parameter_invalid":
                assert changes.get("holdout_by") == "share", problem
