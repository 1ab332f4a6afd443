"""The cache of plans, by everything that a plan depends on."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.estimation import Machine
from app.domain.experiment import Draft
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.recommendation.verdict import ShortFitEvidence

PLANS_KEPT = 200
# A plan holds some kilobytes for each column of its dataset: 40 MB at most.
COLUMNS_KEPT = 20_000


@dataclass(frozen=True)
class Inputs:
    """All that a plan on a dataset follows from, besides the code of this process."""

    draft: Draft
    profile: DatasetProfile
    associations: Associations | None
    machine: Machine
    limit_seconds: float
    evidence: ShortFitEvidence | None = None

    def gives_the_same_as(self, other: Inputs) -> bool:
        """Return whether another plan with the same answers is this one too; a profile is never read twice alike."""
        same = self.profile is other.profile and self.limit_seconds == other.limit_seconds
        same = same and self.evidence == other.evidence
        return same and self.machine == other.machine and self.associations == other.associations


class PlansMade:
    """The plans that were asked for last, by dataset and answers; threads share them, and nothing in them changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: OrderedDict[tuple[uuid.UUID, bytes], tuple[Inputs, Plan]] = OrderedDict()
        self._columns = 0

    def plan_of(self, dataset_id: uuid.UUID, inputs: Inputs) -> Plan:
        """Return the plan of a draft on a dataset, made now unless it was made of the very same before."""
        current = self.find(dataset_id, inputs)
        if current is not None:
            return current
        plan = _freeze_plan(
            make_plan(
                inputs.draft,
                inputs.profile,
                inputs.associations,
                machine=inputs.machine,
                limit_seconds=inputs.limit_seconds,
                evidence=inputs.evidence,
            )
        )
        self._keep(_cache_key(dataset_id, inputs), inputs, plan)
        return plan

    def find(self, dataset_id: uuid.UUID, inputs: Inputs) -> Plan | None:
        """Return the plan of a draft on a dataset, None unless it was made of the very same before."""
        key = _cache_key(dataset_id, inputs)
        with self._lock:
            current_values = self._plans.get(key)
            if current_values is not None:
                self._plans.move_to_end(key)
        return current_values[1] if current_values is not None and current_values[0].gives_the_same_as(inputs) else None

    def _keep(self, key: tuple[uuid.UUID, bytes], inputs: Inputs, plan: Plan) -> None:
        with self._lock:
            before = self._plans.pop(key, None)
            self._columns += len(plan.columns) - (len(before[1].columns) if before else 0)
            self._plans[key] = inputs, plan
            while len(self._plans) > 1 and (len(self._plans) > PLANS_KEPT or self._columns > COLUMNS_KEPT):
                _, (_, oldest) = self._plans.popitem(last=False)
                self._columns -= len(oldest.columns)

    def forget(self) -> None:
        """Forget all of them, for tests and measurements."""
        with self._lock:
            self._plans.clear()
            self._columns = 0


def _cache_key(dataset_id: uuid.UUID, inputs: Inputs) -> tuple[uuid.UUID, bytes]:
    # The order of the answers is part of the text, so that nothing has to be known about what it means.
    answers = json.dumps(inputs.draft.answers, default=repr)
    # A plan by rules and one by evidence stand beside each other, since the first tells of which evidence to look.
    kind = "rules" if inputs.evidence is None else "evidence"
    return dataset_id, hashlib.blake2b(f"{kind} {answers}".encode()).digest()


def _freeze_plan(plan: Plan) -> Plan:
    """Return a plan whose answers nobody can write into, since others read it too."""
    return replace(
        plan,
        values=_freeze_answers(plan.values),
        suggestions=_freeze_answers(plan.suggestions),
        reasons=MappingProxyType(dict(plan.reasons)),
    )


def _freeze_answers(by_step: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType({step: MappingProxyType(dict(fields)) for step, fields in by_step.items()})


plans_made = PlansMade()
