"""The search space: made from the descriptions of the settings, for every estimator, and never outside their bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.propose import make_plan
from app.domain.training.tuning.search_space import (
    Dimension,
    grid_settings,
    is_searched_by_itself,
    resolve,
    suggest_range,
)
from tests.domain.faults import table
from tests.domain.reading import MACHINE
from tests.domain.tables import make_spec

EVERY = [(entry, parameter) for entry in registry.ESTIMATORS for parameter in entry.parameters]
NAMES = [f"{entry.id}.{parameter.name}" for entry, parameter in EVERY]


@pytest.mark.parametrize(("entry", "parameter"), EVERY, ids=NAMES)
def test_the_suggested_range_of_every_setting_lies_within_its_bounds(entry: Any, parameter: Parameter) -> None:
    ends = [item for item in (parameter.low, parameter.default, parameter.high) if item not in (None, True, False)]
    for around in [parameter.default, *(end for end in ends if not isinstance(end, str))]:
        dimension = suggest_range(parameter, around)
        if dimension.choices:
            assert dimension.choices
            continue
        solid = replace(parameter, optional=False)
        assert solid.parse(dimension.low) == dimension.low
        assert solid.parse(dimension.high) == dimension.high
        assert dimension.low < dimension.high
        assert dimension.low > 0 or not dimension.log


@pytest.mark.parametrize("entry", registry.ESTIMATORS, ids=lambda entry: entry.id)
def test_every_estimator_with_settings_has_something_to_search(entry: Any) -> None:
    for task in entry.tasks:
        own = is_searched_by_itself(entry, task)
        assert own <= {item.name for item in entry.parameters_for(task)}
        assert own or not entry.parameters_for(task)


def test_the_value_that_is_set_is_tried_first_wherever_the_range_is_suggested() -> None:
    for entry, parameter in EVERY:
        if parameter.name in is_searched_by_itself(entry, entry.tasks[0]):
            assert suggest_range(parameter, parameter.default).holds(parameter.default)


def test_a_grid_has_as_many_values_of_each_range_as_the_trials_allow() -> None:
    a, b = (Dimension(Parameter(name, name, "number", 1, ""), 0.01, 1.0, log=True) for name in "ab")
    c = Dimension(Parameter("c", "C", "choice", "x", "", choices=(("x", "X"), ("y", "Y"))), choices=("x", "y"))
    points = grid_settings((a, b, c), 20)
    assert len(points) == 18
    assert sorted({point["a"] for point in points}) == pytest.approx([0.01, 0.1, 1.0])
    assert len(grid_settings((a, b), 1)) == 1
    assert len(grid_settings((c,), 30)) == 2
    whole = Dimension(Parameter("n", "N", "integer", 1, ""), 1, 3)
    assert [setting["n"] for setting in grid_settings((whole,), 30)] == [1, 2, 3]


def _plan(model: dict[str, Any]) -> Spec:
    answers = {"data": {"target": "y"}, "model": model}
    spec = make_plan(Draft(answers), table("400").profile, None, machine=MACHINE).spec
    assert spec is not None
    return spec


@pytest.mark.parametrize("entry", registry.estimators_for_task(make_spec().task.kind), ids=lambda entry: entry.id)
def test_the_space_in_a_config_is_the_one_that_is_searched_and_goes_through_json(entry: Any) -> None:
    spec = _plan({"estimator": entry.id, "tuning.enabled": "true"})
    again = Spec.model_validate(spec.to_json())
    assert again == spec
    dimensions, faults = resolve(again)
    assert faults == ()
    assert {dimension.name for dimension in dimensions} == set(is_searched_by_itself(entry, spec.task.kind))
    bare = again.model_copy(update={"model": again.model.model_copy(update={"tuning": _bare(again)})})
    assert resolve(bare) == (dimensions, ())


def _bare(spec: Spec) -> Any:
    return spec.model.tuning.model_copy(update={"space": {}})


def test_what_was_typed_is_what_is_searched() -> None:
    field = "space.decision_tree"
    spec = _plan(
        {
            "estimator": "decision_tree",
            "tuning.enabled": "true",
            "tuning.trials": "1,200",
            "tuning.sampler": "qmc",
            f"{field}.max_depth.low": "2",
            f"{field}.max_depth.high": "6",
            f"{field}.max_depth.scale": "linear",
            f"{field}.min_samples_leaf.search": "false",
            f"{field}.ccp_alpha.search": "true",
            f"{field}.ccp_alpha.high": "0,5",
        }
    )
    assert (spec.model.tuning.trials, spec.model.tuning.sampler, spec.model.tuning.metric) == (1200, "qmc", None)
    results = {dimension.name: (dimension.low, dimension.high, dimension.log) for dimension in resolve(spec)[0]}
    assert (results["max_depth"], results["ccp_alpha"]) == ((2, 6, False), (0, 0.5, False))
    assert "min_samples_leaf" not in results


def test_a_search_that_is_off_leaves_what_was_typed_and_stops_nothing() -> None:
    model = {"estimator": "ridge", "tuning.enabled": "false", "tuning.trials": "many", "space.ridge.alpha.low": "x"}
    plan = make_plan(Draft({"data": {"target": "y"}, "model": model}), table("400").profile, None, machine=MACHINE)
    assert plan.launchable
    assert plan.values["model"]["tuning.trials"] == "many"
    assert plan.spec is not None
    assert plan.spec.model.tuning.enabled is False
