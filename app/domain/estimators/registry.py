"""Every estimator HydroML knows, in the order in which the Model step lists them."""

from __future__ import annotations

from app.domain.estimators import linear, near_and_kernel, others, trees
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.vocabulary import TaskKind

ESTIMATORS: tuple[EstimatorEntry, ...] = (
    *reversed(trees.ENTRIES),
    *linear.ENTRIES,
    *near_and_kernel.ENTRIES,
    *others.ENTRIES,
)
_BY_ID = {entry.id: entry for entry in ESTIMATORS}


def get(identifier: str) -> EstimatorEntry:
    """Return the estimator with this id; KeyError if there is none."""
    return _BY_ID[identifier]


def has(identifier: str) -> bool:
    """Say whether there is an estimator with this id."""
    return identifier in _BY_ID


def for_task(task: TaskKind) -> tuple[EstimatorEntry, ...]:
    """Return the estimators that can do this task, in the order of the registry."""
    return tuple(entry for entry in ESTIMATORS if task in entry.tasks)
