"""A plan that was made is used again only where everything that it follows from is the same, and nobody changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.estimation import Experience, Machine, this_machine
from app.domain.experiment import Draft
from app.domain.recommendation.goal import goal_of
from app.domain.recommendation.propose import make_plan
from app.services.datasets import datasets
from app.services.drafts import draft_context
from app.services.drafts.plans import PLANS_KEPT, Inputs, PlansMade
from app.services.measurements import associations
from app.storage.tables import Dataset, User
from tests.services.tables import draft_on, nobody, save

TARGET = {"data": {"target": "discharge_mm"}}


@pytest.fixture
def inputs(sample: Dataset) -> Inputs:
    profile = datasets.profile_of(sample)
    assert profile is not None
    return Inputs(Draft(TARGET), profile, None, this_machine(), 60.0)


def test_the_same_inputs_give_the_same_plan(inputs: Inputs) -> None:
    made, dataset_id = PlansMade(), nobody()
    first = made.plan_of(dataset_id, inputs)
    assert made.plan_of(dataset_id, replace(inputs, draft=Draft({"data": dict(TARGET["data"])}))) is first
    assert made.plan_of(nobody(), inputs) is not first, "another dataset is another plan"


def test_any_other_input_gives_another_plan(inputs: Inputs, sample: Dataset) -> None:
    made, dataset_id = PlansMade(), nobody()
    goal = goal_of(inputs.draft, inputs.profile)
    assert goal is not None
    others: list[dict[str, Any]] = [
        {"draft": Draft({**TARGET, "validation": {"seed": "7"}})},
        {"draft": Draft({**TARGET, "validation": {"seed": 7}})},
        {"draft": Draft({**TARGET, "model": {"estimator": "ridge"}})},
        {"profile": replace(inputs.profile)},
        {"associations": associations.associations_for(sample, goal.target, goal.kinds)},
        {"machine": Machine(1, 100.0)},
        {"machine": replace(inputs.machine, experience=Experience(), job_memory_mb=1.0)},
        {"limit_seconds": 0.001},
    ]
    for changed in others:
        wanted = replace(inputs, **changed)
        made.plan_of(dataset_id, inputs)
        plan = made.plan_of(dataset_id, wanted)
        fresh = make_plan(
            wanted.draft,
            wanted.profile,
            wanted.associations,
            machine=wanted.machine,
            limit_seconds=wanted.limit_seconds,
        )
        assert (plan.spec, plan.problems, plan.estimate) == (fresh.spec, fresh.problems, fresh.estimate), changed
        assert {step: dict(value) for step, value in plan.values.items()} == fresh.values, changed


def test_a_plan_cannot_be_written_into(inputs: Inputs) -> None:
    plan: Any = PlansMade().plan_of(nobody(), inputs)
    for current in (plan.values, plan.values["model"], plan.suggestions["model"], plan.reasons):
        with pytest.raises(TypeError):
            current["estimator"] = "ridge"


def test_only_the_latest_plans_are_kept(inputs: Inputs) -> None:
    made, first = PlansMade(), nobody()
    before = made.plan_of(first, inputs)
    for _ in range(PLANS_KEPT):
        made.plan_of(nobody(), inputs)
    assert made.plan_of(first, inputs) is not before


def test_a_goal_is_what_the_plan_aims_at(user: User, sample: Dataset) -> None:
    row = draft_on(user, sample)
    for changes in ({}, {"target": "tmax_c"}, {"target": "nobody"}, {"kind.c2": "categorical"}, {"time_column": ""}):
        save(user, row, step="data", **changes)
        context = draft_context.load(user, row.id)
        plan, goal = context.plan, context.goal
        assert (plan.spec is None) == (goal is None), changes
        if plan.spec is not None and goal is not None:
            task = plan.spec.task
            assert (goal.target, goal.task) == (task.target, task.kind)
            assert (goal.time_column or None, goal.group_column or None) == (task.time_column, task.group_column)


def test_a_context_stays_at_the_version_it_was_loaded_with(user: User, sample: Dataset) -> None:
    row = draft_on(user, sample)
    before = draft_context.load(user, row.id)
    save(user, row, estimator="ridge")
    after = draft_context.load(user, row.id)
    assert (before.version + 1, after.version) == (after.version, after.row.version)
    assert "estimator" not in before.answers.get("model", {})
