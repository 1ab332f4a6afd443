"""The suggested plan for a dataset without a draft, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.goal import goal_of
from app.domain.recommendation.holdout import holdout_of
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.services.datasets.datasets import require_profile
from app.services.measurements import associations
from app.services.measurements.request import require_columns
from app.storage.tables import Dataset


def plan_for(dataset: Dataset, *, target: str | None, features: Sequence[str] | None) -> Plan:
    """Return the plan for a dataset as it is suggested, with this target and these features where they are given.

    Raises
    ------
    DomainError
        Where the dataset is not read yet, no column has such a name, or no target is given and none suggests itself.
    """
    profile = require_profile(dataset)
    features = _names(features or (), profile)
    require_columns(profile, [target] if target else (), field="target")
    require_columns(profile, features, field="features")
    if target in features:
        raise DomainError("The target cannot be its own feature.", code="target_leakage", field="features")
    answers: dict[str, dict[str, Any]] = {"data": {"target": target} if target else {}}
    if features:
        chosen = set(features)
        answers["features"] = {
            f"column.{column.key}": column.name in chosen for column in profile.columns if column.name != target
        }
    goal = goal_of(Draft(answers), profile)
    known = (
        None
        if goal is None
        else associations.associations_for(dataset, goal.target, goal.kinds, holdout_of(Draft(answers), profile, goal))
    )
    plan = make_plan(Draft(answers), profile, known)
    spec_of(plan)
    return plan


def spec_of(plan: Plan) -> Spec:
    """Return the config of a plan; where there is none, say why."""
    if plan.spec is None:
        raise DomainError(plan.problems[0].message, code=plan.problems[0].code, field="target")
    return plan.spec


def _names(answers: Sequence[str], profile: DatasetProfile) -> list[str]:
    """Return the columns that a query names: once for each, or all in one text with commas between them."""
    if len(answers) == 1 and not profile.has(answers[0]):
        answers = answers[0].split(",")
    return [name if profile.has(name) else name.strip() for name in answers if name.strip()]
