"""The registry: every entry builds, fits and estimates, takes what its bounds promise, and obeys its seed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.vocabulary import Level, TaskKind

ROWS = 48
OFFERED = [
    pytest.param(entry, task, id=f"{entry.id}-{task.value}")
    for task in TaskKind
    for entry in registry.estimators_for_task(task)
]
BOUNDED = [
    pytest.param(entry, parameter, id=f"{entry.id}-{parameter.name}")
    for entry in registry.ESTIMATORS
    for parameter in entry.parameters
    if parameter.type in ("integer", "number")
]
CHOSEN = [
    pytest.param(entry, parameter, id=f"{entry.id}-{parameter.name}")
    for entry in registry.ESTIMATORS
    for parameter in entry.parameters
    if parameter.type in ("choice", "boolean")
]
# Smaller than the defaults, so that fitting all of them twice stays quick; the defaults are fitted once.
SMALL = {"n_estimators": 12, "max_iter": 30, "width": 8}
CONTRACT = {
    *("linear_regression", "ridge", "lasso", "elastic_net", "logistic_regression", "k_nearest_neighbors"),
    *("support_vector_machine", "decision_tree", "random_forest", "extra_trees", "hist_gradient_boosting"),
    *("multilayer_perceptron", "gaussian_process", "gaussian_naive_bayes", "dummy"),
}


def tiny(task: TaskKind) -> tuple[np.ndarray, np.ndarray]:
    """Return features of about unit scale and a target of this task that depends on them."""
    random = np.random.default_rng(5)
    features = random.normal(size=(ROWS, 3))
    amount = features[:, 0] - features[:, 1] + 0.2 * random.normal(size=ROWS)
    if task is TaskKind.REGRESSION:
        return features, amount
    return features, np.digitize(amount, [0] if task is TaskKind.BINARY else [-0.7, 0.7])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Fit as training does, with one thread: threads that wait for each other only make tiny tables slow."""
    with threadpool_limits(limits=1):
        yield


def fitted(entry: EstimatorEntry, task: TaskKind, *, seed: int = 1, **changed: Any) -> Any:
    """Return the estimator fitted on the tiny table; that it did not settle in a few rounds is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return entry.build(task, {**entry.defaults(task), **changed}, seed).fit(*tiny(task))


def task_of(entry: EstimatorEntry, parameter: Parameter) -> TaskKind:
    return next(task for task in entry.tasks if task in parameter.tasks)


def small(entry: EstimatorEntry, task: TaskKind) -> dict[str, Any]:
    return {name: value for name, value in SMALL.items() if name in entry.defaults(task)}


def accepted_by_scikit_learn(entry: EstimatorEntry, parameter: Parameter, value: Any) -> None:
    """Let scikit-learn's own table of constraints look at the estimator, which is quick where fitting is not."""
    task = task_of(entry, parameter)
    entry.build(task, {**entry.defaults(task), parameter.name: value}, 0)._validate_params()


@pytest.mark.parametrize("task", TaskKind)
def test_every_task_has_ten_estimators_to_choose_from(task: TaskKind) -> None:
    assert len([entry for entry in registry.estimators_for_task(task) if not entry.is_baseline]) >= 10


def test_the_registry_holds_what_the_contract_names_each_once() -> None:
    identifiers = [entry.id for entry in registry.ESTIMATORS]
    assert set(identifiers) >= CONTRACT
    assert len(identifiers) == len(set(identifiers))
    assert all(registry.get(identifier).id == identifier for identifier in identifiers)


def test_an_unknown_estimator_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry.get("oracle")


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_every_estimator_fits_a_tiny_table_with_its_defaults(entry: EstimatorEntry, task: TaskKind) -> None:
    features, target = tiny(task)
    made = fitted(entry, task)
    answer = made.predict(features)
    assert answer.shape == (ROWS,)
    assert np.isfinite(answer.astype(float)).all()
    if task.is_classification:
        assert set(answer) <= set(target)
        assert hasattr(made, "predict_proba") or hasattr(made, "decision_function")
        agreed, luck = float(np.mean(answer == target)), float(np.bincount(target).max() / ROWS)
    else:
        agreed, luck = 1 - float(np.var(target - answer) / np.var(target)), 0.0
    if hasattr(made, "predict_proba"):
        shares = made.predict_proba(features)
        assert shares.shape == (ROWS, len(set(target)))
        np.testing.assert_allclose(shares.sum(axis=1), 1)
    # On the rows it learnt from, whatever learns at all must beat the best constant answer.
    assert (agreed > luck) is not entry.is_baseline


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_the_same_seed_gives_the_same_bits(entry: EstimatorEntry, task: TaskKind) -> None:
    features = tiny(task)[0]
    first, other = (fitted(entry, task, **small(entry, task)).predict(features) for _ in range(2))
    assert first.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("identifier", "changed"),
    [
        ("random_forest", {}),
        ("extra_trees", {"min_samples_leaf": 5}),
        ("multilayer_perceptron", {}),
    ],
)
def test_another_seed_gives_another_answer_where_chance_has_a_part(identifier: str, changed: dict[str, Any]) -> None:
    entry, task = registry.get(identifier), TaskKind.REGRESSION
    first, other = (
        fitted(entry, task, seed=seed, **{**small(entry, task), **changed}).predict(tiny(task)[0]) for seed in (1, 2)
    )
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_the_seed_reaches_every_part_that_takes_one(entry: EstimatorEntry, task: TaskKind) -> None:
    parameters = entry.build(task, entry.defaults(task), 17).get_params()
    seeds = {name: value for name, value in parameters.items() if name.endswith("random_state")}
    assert all(value == 17 for value in seeds.values()), seeds


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_one_thread_fits_so_that_any_machine_gives_the_same(entry: EstimatorEntry, task: TaskKind) -> None:
    parameters = entry.build(task, entry.defaults(task), 0).get_params()
    assert parameters.get("n_jobs") in (None, 1)


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_an_estimator_can_be_cloned_as_each_fold_does(entry: EstimatorEntry, task: TaskKind) -> None:
    made = entry.build(task, entry.defaults(task), 3)
    assert clone(made).get_params(deep=False).keys() == made.get_params(deep=False).keys()


def test_the_dummy_says_the_mean_the_median_or_the_shares() -> None:
    entry = registry.get("dummy")
    features, target = tiny(TaskKind.REGRESSION)
    assert fitted(entry, TaskKind.REGRESSION).predict(features) == pytest.approx(np.full(ROWS, target.mean()))
    median = fitted(entry, TaskKind.REGRESSION, strategy="median").predict(features)
    assert median == pytest.approx(np.full(ROWS, np.median(target)))
    features, target = tiny(TaskKind.MULTICLASS)
    shares = fitted(entry, TaskKind.MULTICLASS).predict_proba(features)
    np.testing.assert_allclose(shares, np.tile(np.bincount(target) / ROWS, (ROWS, 1)))


def weighs_in_training(entry: EstimatorEntry) -> bool:
    parameter = entry.parameter("class_weight")
    return parameter is not None and "balanced" in dict(parameter.choices)


@pytest.mark.parametrize("entry", [entry for entry in registry.ESTIMATORS if weighs_in_training(entry)])
def test_equal_weight_finds_more_of_a_rare_class(entry: EstimatorEntry) -> None:
    random = np.random.default_rng(0)
    target = (np.arange(200) % 10 == 0).astype(int)
    features = random.normal(size=(200, 2)) + target[:, None]
    results = []
    for weight in ("none", "balanced"):
        values = {**entry.defaults(TaskKind.BINARY), **small(entry, TaskKind.BINARY), "class_weight": weight}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            made = entry.build(TaskKind.BINARY, {**values, "min_samples_leaf": 10}, 0).fit(features, target)
        results.append(int(made.predict(features)[target == 1].sum()))
    assert results[1] > results[0]


@pytest.mark.parametrize(("entry", "parameter"), BOUNDED)
def test_values_at_the_bounds_are_accepted_here_and_by_scikit_learn(
    entry: EstimatorEntry, parameter: Parameter
) -> None:
    assert parameter.low is not None
    assert parameter.high is not None
    values = [parameter.high, parameter.high / 1e9 if parameter.low_open else parameter.low]
    for value in values:
        assert parameter.parse(str(value)) == parameter.parse(value) == value
        accepted_by_scikit_learn(entry, parameter, parameter.parse(value))


@pytest.mark.parametrize(("entry", "parameter"), BOUNDED)
def test_values_beyond_the_bounds_are_refused_with_a_sentence(entry: EstimatorEntry, parameter: Parameter) -> None:
    assert parameter.low is not None
    assert parameter.high is not None
    beyond = [parameter.low - 1, parameter.high + 1, "nonsense", "nan", "inf", True, [1]]
    beyond += [parameter.low] if parameter.low_open else []
    beyond += ["1.5"] if parameter.type == "integer" else []
    beyond += [] if parameter.optional else ["", None]
    for raw in beyond:
        with pytest.raises(ValueError, match=r"^(Must be|Needs a value).*[.]$"):
            parameter.parse(raw)


@pytest.mark.parametrize(("entry", "parameter"), CHOSEN)
def test_every_choice_is_accepted_here_and_by_scikit_learn(entry: EstimatorEntry, parameter: Parameter) -> None:
    values = [value for value, _ in parameter.choices] if parameter.type == "choice" else [True, False]
    assert len(values) >= 2
    for value in values:
        assert parameter.parse(value) == value
        accepted_by_scikit_learn(entry, parameter, value)
    with pytest.raises(ValueError, match=r"^Must be .*\.$"):
        parameter.parse("neither of them")


@pytest.mark.parametrize("identifier", ["k_nearest_neighbors", "gaussian_process", "multilayer_perceptron"])
def test_every_choice_that_we_translate_ourselves_can_be_fitted(identifier: str) -> None:
    entry = registry.get(identifier)
    for task in (TaskKind.REGRESSION, TaskKind.BINARY):
        for parameter in entry.parameters_for(task):
            for value, _ in parameter.choices:
                answer = fitted(entry, task, **small(entry, task), **{parameter.name: value}).predict(tiny(task)[0])
                assert np.isfinite(answer.astype(float)).all()


def test_a_network_has_the_layers_asked_for() -> None:
    made = fitted(registry.get("multilayer_perceptron"), TaskKind.REGRESSION, width=7, layers=3, max_iter=10)
    assert [weights.shape for weights in made.coefs_] == [(3, 7), (7, 7), (7, 7), (7, 1)]


@pytest.mark.parametrize("entry", registry.ESTIMATORS, ids=lambda entry: entry.id)
def test_every_entry_speaks_in_sentences(entry: EstimatorEntry) -> None:
    assert entry.title
    assert entry.summary[0].isupper()
    assert entry.summary.endswith(".")
    assert entry.strengths
    assert all(entry.cautions_for(task) for task in entry.tasks)
    names = [parameter.name for parameter in entry.parameters]
    assert len(names) == len(set(names))
    for parameter in entry.parameters:
        assert parameter.title[0].isupper() or parameter.title[0].isdigit()
        assert parameter.help[0].isupper() or parameter.help[0].isdigit()
        assert parameter.help.endswith(".")
        assert parameter.optional == bool(parameter.none_means)
        assert parameter.default is not None or parameter.optional


@pytest.mark.parametrize(("entry", "parameter"), BOUNDED)
def test_every_number_says_what_a_larger_one_does(entry: EstimatorEntry, parameter: Parameter) -> None:
    assert parameter.larger.startswith("Larger ")
    assert parameter.larger.endswith(".")
    assert parameter.type == "number" or parameter.unit or parameter.name in ("degree", "max_bins")


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_basic_shows_a_few_that_matter_and_the_rest_is_folded_away(entry: EstimatorEntry, task: TaskKind) -> None:
    counts = {level: len([item for item in entry.parameters_for(task) if item.level is level]) for level in Level}
    assert counts[Level.BASIC] <= 4
    if entry.is_baseline:
        return
    assert counts[Level.BASIC] >= 1
    if len(entry.parameters_for(task)) > 4:
        assert min(counts.values()) >= 1


def test_a_method_of_many_settings_has_some_at_every_depth() -> None:
    deep = {"random_forest", "extra_trees", "hist_gradient_boosting", "support_vector_machine"}
    for name in (*deep, "decision_tree", "multilayer_perceptron", "gaussian_process", "k_nearest_neighbors"):
        entry = registry.get(name)
        for task in entry.tasks:
            levels = [item.level for item in entry.parameters_for(task)]
            assert 1 <= levels.count(Level.BASIC) <= 4
            assert levels.count(Level.ADVANCED) >= 1
            assert levels.count(Level.EXPERT) >= 1


@pytest.mark.parametrize(("entry", "task"), OFFERED)
def test_more_rows_cost_more_work_and_no_less_memory(entry: EstimatorEntry, task: TaskKind) -> None:
    # Another task's parameters may be asked for by the cost, so every default is at hand.
    values = {parameter.name: parameter.default for parameter in entry.parameters} | entry.defaults(task)
    work = [entry.work(rows, 8, values) for rows in (100, 1_000, 10_000)]
    memory = [entry.memory_mb(rows, 8, values) for rows in (100, 1_000, 10_000)]
    assert 0 < work[0] < work[1] < work[2]
    assert 0 < memory[0] <= memory[1] <= memory[2]


@pytest.mark.parametrize("entry", [entry for entry in registry.ESTIMATORS if entry.handles_missing])
@pytest.mark.parametrize("task", TaskKind)
def test_what_says_it_takes_missing_values_does(entry: EstimatorEntry, task: TaskKind) -> None:
    if task not in entry.tasks:
        return
    features, target = tiny(task)
    features[::5, 0] = np.nan
    made = entry.build(task, {**entry.defaults(task), **small(entry, task)}, 0).fit(features, target)
    assert np.isfinite(made.predict(features).astype(float)).all()


def test_errors_that_cost_more_make_a_support_vector_machine_settle_later_but_not_beyond_its_most_steps() -> None:
    entry = registry.get("support_vector_machine")
    usual = entry.defaults(TaskKind.REGRESSION)

    def times(**changed: float) -> float:
        return entry.work(1_000, 8, {**usual, **changed}) / entry.work(1_000, 8, usual)

    assert times(C=0.01) == 1
    assert times(C=100.0) == pytest.approx(10)
    assert times(C=1e6, max_iter=20_000) == pytest.approx(20)
    assert times(C=1e6, max_iter=100) == 1
