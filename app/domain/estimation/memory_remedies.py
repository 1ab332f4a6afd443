"""Changes that make a launch fit into the available memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation.forecast import Machine, estimate, most_memory_mb
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import parameters_of

# Settings that take less when changed by this factor, and how far a change may go and still be the same kind of model.
SAVERS = (("n_estimators", "trees", 0.5, 30), ("min_samples_leaf", "rows in the smallest leaf", 2, 320))


@dataclass(frozen=True)
class MemoryRemedy:
    """One change of the Model step: its form field, its new answer, what it says, and the memory that it then takes."""

    field: str
    value: Any
    label: str
    memory_mb: float


def memory_remedies(spec: Spec, profile: DatasetProfile, machine: Machine) -> Iterator[MemoryRemedy]:
    """Yield changes after which the upper end of the estimated memory fits, those that keep the estimator first."""
    entry, most = registry.get(spec.model.estimator), most_memory_mb(machine)
    for name, word, factor, last in SAVERS:
        parameter = entry.parameter(name)
        if parameter is None:
            continue
        value = int(parameters_of(spec)[name] * factor)
        while (value >= last) if factor < 1 else (value <= last):
            needed = _needed_mb(spec, profile, machine, parameters={**spec.model.parameters, name: value})
            if needed <= most:
                yield MemoryRemedy(f"{entry.id}.{name}", value, f"Take {value:,} {word}", needed)
                break
            value = int(value * factor)
    for other in registry.estimators_for_task(spec.task.kind, spec.task.purpose):
        if other.is_baseline or other.id == entry.id or profile.rows > (other.max_rows or profile.rows):
            continue
        needed = _needed_mb(spec, profile, machine, estimator=other.id, parameters={})
        if needed <= most:
            yield MemoryRemedy("estimator", other.id, f"Take {other.title.lower()}", needed)
            return


def _needed_mb(spec: Spec, profile: DatasetProfile, machine: Machine, **changes: Any) -> float:
    model = spec.model.model_copy(update=changes)
    return estimate(spec.model_copy(update={"model": model}), profile, machine).memory_mb_high
