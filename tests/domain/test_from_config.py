"""A config becomes the answers of a draft, and the draft becomes the same config."""

from __future__ import annotations

from functools import cache
from itertools import count

import pytest

from app.domain.experiment import Draft, Spec
from app.domain.recommendation.from_config import answers_of_config
from app.domain.recommendation.propose import make_plan
from tests.domain.any_config import AnyConfig
from tests.domain.reading import MACHINE, Known, known, sample
from tests.domain.tables import made
from tests.variants import slow_after

CONFIGS = 40


@cache
def table_of(name: str) -> Known:
    return known(made(120)) if name == "made" else sample(name)


@pytest.mark.parametrize(
    "name", slow_after(1, ["made", "piscataquis_01031500_daily.csv", "rd_palmerpenguins_penguins_raw.csv"])
)
def test_answers_of_a_config_lead_back_to_it(name: str) -> None:
    table, tried, searched = table_of(name), 0, 0
    for seed in count(1):
        if tried == CONFIGS:
            break
        plan = make_plan(Draft(AnyConfig(table.profile, seed).answers()), table.profile, None, machine=MACHINE)
        if not plan.launchable or plan.spec is None:
            continue
        tried += 1
        searched += plan.spec.model.tuning.enabled
        answers = answers_of_config(plan.spec, table.profile)
        assert make_plan(Draft(answers), table.profile, None, machine=MACHINE).spec == plan.spec, seed
    assert searched


def test_only_overruled_columns_are_answers_where_associations_are_known() -> None:
    table = sample("piscataquis_01031500_daily.csv")
    associations = table.associations("discharge_mm")
    suggested = make_plan(Draft({"data": {"target": "discharge_mm"}}), table.profile, associations, machine=MACHINE)
    assert suggested.spec is not None
    answers = answers_of_config(suggested.spec, table.profile, associations)
    assert not [name for name in answers["features"] if name.startswith("column.")]
    first = suggested.spec.features.selected[0]
    config = suggested.spec.to_json()
    config["features"]["selected"].remove(first)
    answers = answers_of_config(Spec.model_validate(config), table.profile, associations)
    ticked = {name: value for name, value in answers["features"].items() if name.startswith("column.")}
    assert ticked == {table.key(first): False}


def test_parameters_that_a_config_leaves_out_have_their_defaults() -> None:
    table = sample("piscataquis_01031500_daily.csv")
    plan = make_plan(Draft({"data": {"target": "discharge_mm"}}), table.profile, None, machine=MACHINE)
    assert plan.spec is not None
    config = plan.spec.to_json()
    config["model"] = {"estimator": "ridge"}
    config["validation"]["parameters"] = {}
    config["data"]["column_kinds"] = {"no such column": "numeric"}
    answers = answers_of_config(Spec.model_validate(config), table.profile)
    spec = make_plan(Draft(answers), table.profile, None, machine=MACHINE).spec
    assert spec is not None
    assert spec.model.parameters["alpha"] == 1.0
    assert spec.validation.parameters["gap"] == 0
