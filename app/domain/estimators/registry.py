"""Every estimator HydroML knows, in the order in which the Model step lists them: its own, then those of packages."""

from __future__ import annotations

import logging

from app.domain.estimators import averages, linear, near_and_kernel, network_and_baselines, plugins, trees
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.vocabulary import Purpose, TaskKind

log = logging.getLogger("hydroml.estimators")
BUILT_IN: tuple[EstimatorEntry, ...] = (
    *reversed(trees.ENTRIES),
    *averages.ENTRIES,
    *linear.ENTRIES,
    *near_and_kernel.ENTRIES,
    *network_and_baselines.ENTRIES,
)
# Read once for each process, so that pages, checks and workers of one start know the same estimators.
BROUGHT = plugins.discover({entry.id for entry in BUILT_IN})
for sentence in BROUGHT.faults:
    log.error(sentence)
ESTIMATORS: tuple[EstimatorEntry, ...] = (*BUILT_IN, *BROUGHT.entries)
_BY_ID = {entry.id: entry for entry in ESTIMATORS}


def get(identifier: str) -> EstimatorEntry:
    """Return the estimator with this id; KeyError if there is none."""
    return _BY_ID[identifier]


def has(identifier: str) -> bool:
    """Return whether there is an estimator with this id."""
    return identifier in _BY_ID


def estimators_for_task(task: TaskKind, purpose: Purpose | None = None) -> tuple[EstimatorEntry, ...]:
    """Return the estimators that can do this task and serve the purpose, in the order of the registry."""
    return tuple(entry for entry in ESTIMATORS if task in entry.tasks and entry.serves(purpose))
