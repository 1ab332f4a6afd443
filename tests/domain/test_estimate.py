"""The estimate of time and memory: finite, a range, and larger for more work of any kind."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation import Machine, estimate, this_machine
from app.domain.estimation.forecast import seconds_of
from app.domain.estimation.prior import IDLE_MEMORY_MB, prior_of
from app.domain.estimation.workload import columns_of, fits_of, workload_of
from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.plan import Estimate
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import TaskKind
from tests.domain.reading import sample
from tests.domain.tables import made, make_spec, profile_of

MACHINE = Machine(cpus=2, memory_mb=8000.0)
BASE = profile_of(made(120).assign(**{f"n{position}": np.arange(120) / (position + 7) for position in range(60)}))
MANY = [f"n{position}" for position in range(60)]
ROWS = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
LARGE = 20_000
ENTRIES = pytest.mark.parametrize("entry", registry.ESTIMATORS, ids=lambda entry: entry.id)


def _profile(rows: int, **distinct: int) -> DatasetProfile:
    """Return the made table as if it had another number of rows, or of words in a column."""
    columns = tuple(replace(column, distinct=distinct.get(column.name, column.distinct)) for column in BASE.columns)
    return replace(BASE, rows=rows, columns=columns, _by_name={})


def _estimate(rows: int = 1000, *, machine: Machine = MACHINE, **parts: Any) -> Estimate:
    return estimate(make_spec(**parts), _profile(rows), machine)


def _central(rows: int = 1000, **parts: Any) -> tuple[float, float]:
    """Return the middle of the range of seconds, and the megabytes beside those that a worker holds anyway."""
    work = workload_of(make_spec(**parts), _profile(rows))
    return seconds_of(work, MACHINE)[0], prior_of(work).memory


def _task(entry: EstimatorEntry) -> dict[str, Any]:
    if TaskKind.REGRESSION in entry.tasks:
        return {"task": {"target": "y", "kind": "regression"}}
    return {"task": {"target": "three", "kind": "multiclass"}}


def _rises(values: list[float]) -> bool:
    return all(first_value <= other for first_value, other in pairwise(values)) and values[0] < values[-1]


@ENTRIES
def test_more_rows_take_longer_and_more_memory(entry: EstimatorEntry) -> None:
    results = [_central(rows, estimator=entry.id, **_task(entry)) for rows in ROWS]
    assert _rises([seconds for seconds, _ in results])
    assert _rises([memory for _, memory in results])


@ENTRIES
def test_more_columns_take_longer_and_more_memory(entry: EstimatorEntry) -> None:
    results = [_central(LARGE, estimator=entry.id, selected=MANY[:many], **_task(entry)) for many in (1, 5, 20, 60)]
    assert _rises([seconds for seconds, _ in results])
    assert _rises([memory for _, memory in results])


@ENTRIES
def test_more_folds_take_longer_and_hold_the_rows_of_one_fold(entry: EstimatorEntry) -> None:
    folds = [{"strategy": "k_fold", "parameters": {"n_splits": many}} for many in (2, 5, 10, 20)]
    estimates = [_estimate(LARGE, estimator=entry.id, validation=fold, **_task(entry)) for fold in folds]
    assert [item.fits for item in estimates] == [2, 5, 10, 20]
    seconds, memory = zip(
        *(_central(LARGE, estimator=entry.id, validation=fold, **_task(entry)) for fold in folds), strict=True
    )
    assert _rises(list(seconds))
    assert memory[-1] < 4 * memory[0], "A fold trains on half of the rows at least."


@ENTRIES
def test_an_estimate_is_a_finite_range_around_a_positive_figure(entry: EstimatorEntry) -> None:
    for rows in ROWS:
        result = _estimate(rows, estimator=entry.id, **_task(entry))
        bounds = (result.seconds_low, result.seconds_high, result.memory_mb_low, result.memory_mb_high)
        assert all(math.isfinite(value) and value > 0 for value in bounds)
        assert result.seconds_low < result.seconds_high
        assert result.memory_mb_low < result.memory_mb_high
        assert result.memory_mb_high > IDLE_MEMORY_MB
        assert result.basis.endswith(".")


@pytest.mark.parametrize(
    ("estimator", "name", "values"),
    [
        ("random_forest", "n_estimators", [10, 200, 5000]),
        ("extra_trees", "n_estimators", [10, 200, 5000]),
        ("random_forest", "max_features", [0.1, 0.5, 1.0]),
        ("hist_gradient_boosting", "max_iter", [10, 200, 5000]),
        ("hist_gradient_boosting", "max_leaf_nodes", [2, 24, 255]),
        ("multilayer_perceptron", "max_iter", [10, 200, 5000]),
        ("multilayer_perceptron", "width", [1, 50, 1000]),
        ("multilayer_perceptron", "layers", [1, 2, 5]),
    ],
)
def test_a_larger_setting_takes_longer(estimator: str, name: str, values: list[float]) -> None:
    estimates = [_estimate(LARGE, estimator=estimator, parameters={name: value}) for value in values]
    assert _rises([item.seconds_high for item in estimates])


def test_more_trees_and_smaller_leaves_need_more_memory() -> None:
    trees = [_estimate(LARGE, estimator="random_forest", parameters={"n_estimators": many}) for many in (10, 100, 1000)]
    leaves = [_estimate(LARGE, estimator="random_forest", parameters={"min_samples_leaf": few}) for few in (50, 5, 1)]
    assert _rises([tree.memory_mb_high for tree in trees])
    assert _rises([leaf.memory_mb_high for leaf in leaves])


@pytest.mark.parametrize(
    ("validation", "fits"),
    [
        ({"strategy": "holdout"}, 1),
        ({"strategy": "holdout", "holdout": {"fraction": 0.2}}, 1),
        ({"strategy": "k_fold"}, 5),
        ({"strategy": "k_fold", "holdout": {"fraction": 0.2}}, 6),
        ({"strategy": "repeated_k_fold"}, 15),
        ({"strategy": "repeated_k_fold", "parameters": {"n_splits": 4, "n_repeats": 7}}, 28),
        ({"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.1}}, 4),
        ({"strategy": "group_k_fold", "parameters": {"n_splits": 2}}, 2),
        ({"strategy": "leave_one_group_out"}, 6),
        ({"strategy": "leave_one_group_out", "holdout": {"fraction": 0.2}}, 7),
    ],
)
def test_fits_are_counted_as_training_makes_them(validation: dict[str, Any], fits: int) -> None:
    spec = make_spec(task={"time_column": "day", "group_column": "site"}, validation=validation)
    assert fits_of(spec, groups=6) == fits
    assert estimate(spec, BASE, MACHINE).fits == fits


def test_words_count_one_column_each_up_to_the_limit_of_the_encoder() -> None:
    numbers, words = make_spec(), make_spec(selected=["a", "b", "word"])
    assert workload_of(numbers, BASE).width == 2
    assert workload_of(words, BASE).width == 2 + 3
    assert workload_of(words, _profile(5000, word=40)).width == 2 + 40
    assert workload_of(words, _profile(5000, word=4000)).width == 2 + 50
    assert columns_of(words) == 3


def test_words_take_longer_than_a_number_in_their_place() -> None:
    profile = _profile(100_000, word=50)
    plain, worded = (estimate(make_spec(selected=["a", last]), profile, MACHINE).seconds_high for last in ("b", "word"))
    assert worded > plain


def test_numbers_that_the_user_calls_words_count_as_words() -> None:
    profile = _profile(5000, b=30)
    assert workload_of(make_spec(), profile).width == 2
    assert workload_of(make_spec(kinds={"b": "categorical"}), profile).width == 1 + 30
    assert workload_of(make_spec(selected=["a", "word"], kinds={"word": "numeric"}), profile).width == 2


def test_derived_features_count_with_the_columns() -> None:
    recipes = [
        {"columns": ["a", "b"], "kind": "lag", "parameters": {"steps": [1, 2, 7]}},
        {"columns": ["a"], "kind": "rolling_sum", "parameters": {"window": 7}},
        {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic", "month"]}},
    ]
    assert columns_of(make_spec(task={"time_column": "day"}, transforms=recipes)) == 2 + 6 + 1 + 3
    assert columns_of(make_spec(selected=[], task={"time_column": "day"}, transforms=recipes)) == 10


def test_recipes_of_a_fold_change_the_width_that_the_estimator_sees_and_no_column_before_it() -> None:
    profile = _profile(5000, word=30)

    def width(*kinds: str, **parts: Any) -> int:
        recipes = [{"columns": ["word"], "kind": kind, "parameters": {}} for kind in kinds]
        spec = make_spec(selected=["a", "word"], transforms=recipes, **parts)
        assert columns_of(spec) == 2
        return workload_of(spec, profile).width

    assert width() == width("one_hot") == width("impute_most_frequent") == 1 + 30
    assert width("ordinal") == width("target_encoding") == 2
    assert width("ordinal", "missing_indicator") == 3
    few = [{"columns": ["word"], "kind": "one_hot", "parameters": {"most": 4}}]
    assert workload_of(make_spec(selected=["a", "word"], transforms=few), profile).width == 1 + 4


def test_rows_without_a_target_take_no_time_to_learn() -> None:
    spec = make_spec(estimator="random_forest")
    half = replace(BASE, rows=LARGE, _by_name={})
    columns = tuple(replace(column, missing=LARGE // 2 if column.name == "y" else 0) for column in half.columns)
    assert (
        estimate(spec, replace(half, columns=columns, _by_name={}), MACHINE).seconds_high
        < estimate(spec, half, MACHINE).seconds_high
    )


def test_boosting_takes_longer_for_every_class() -> None:
    seconds = []
    for classes in (2, 3, 10):
        kind = "binary" if classes == 2 else "multiclass"
        spec = make_spec(task={"target": "three", "kind": kind}, estimator="hist_gradient_boosting")
        seconds.append(estimate(spec, _profile(LARGE, three=classes), MACHINE).seconds_high)
    assert _rises(seconds)


def test_a_slower_machine_takes_longer_and_needs_no_more_memory() -> None:
    estimates = [
        _estimate(LARGE, estimator="random_forest", machine=replace(MACHINE, cpus=1, slowness=by)) for by in (0.5, 1, 3)
    ]
    assert _rises([item.seconds_high for item in estimates])
    assert len({item.memory_mb_high for item in estimates}) == 1


def test_this_machine_is_measured_once_and_plausibly() -> None:
    machine = this_machine()
    assert this_machine() is machine
    assert machine.cpus >= 1
    assert machine.memory_mb > 100
    assert 0.3 <= machine.slowness <= 5


def test_a_machine_too_small_for_the_work_is_said_and_stops_nothing() -> None:
    river = sample("piscataquis_01031500_daily.csv")
    large, small = (
        make_plan(Draft({}), river.profile, None, machine=Machine(1, memory)) for memory in (64_000.0, 300.0)
    )
    assert "memory_short" not in {item.code for item in large.problems}
    (problem,) = (item for item in small.problems if item.code == "memory_short")
    assert (problem.step, problem.field, problem.severity.value) == ("model", "estimator", "warning")
    assert "a job may use 0.2 GB" in problem.message
    assert small.launchable


def test_the_plan_shows_the_estimate_of_its_own_config() -> None:
    river = sample("piscataquis_01031500_daily.csv")
    plan = river.plan()
    assert plan.spec is not None
    assert plan.estimate == estimate(plan.spec, river.profile, Machine(2, 8000.0))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    entry=st.sampled_from(registry.ESTIMATORS),
    rows=st.integers(1, 10**8),
    folds=st.integers(2, 20),
    columns=st.integers(0, 60),
    slowness=st.floats(0.3, 5),
)
def test_any_launch_has_a_finite_estimate(
    entry: EstimatorEntry, rows: int, folds: int, columns: int, slowness: float
) -> None:
    validation = {"strategy": "k_fold", "parameters": {"n_splits": folds}, "holdout": {"fraction": 0.2}}
    spec: Spec = make_spec(estimator=entry.id, selected=MANY[:columns], validation=validation, **_task(entry))
    result = estimate(spec, _profile(rows), replace(MACHINE, slowness=slowness))
    assert result.fits == folds + 1
    assert 0 < result.seconds_low < result.seconds_high < math.inf
    assert 0 < result.memory_mb_low < result.memory_mb_high < math.inf
