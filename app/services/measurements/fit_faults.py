"""Faults of a plan that prevent any fit."""

from __future__ import annotations

from dataclasses import replace

from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.services.measurements.runner import WorkState

# Steps whose errors would make every fit fail.
NEEDED = ("data", "features", "validation")


def faults_of(plan: Plan) -> list[Problem]:
    """Return the problems that would make every fit fail."""
    return [problem for step in NEEDED for problem in plan.errors_of(step)]


def with_faults(work: WorkState, plan: Plan) -> WorkState:
    """Return the work with the first fault as its reason, unless it has a reason already."""
    faults = faults_of(plan)
    if work.reason or not faults:
        return work
    return replace(work, reason=f"Short fits start once this is solved: {faults[0].message}")
