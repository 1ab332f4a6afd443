"""The registry of all estimators, in the order of the Model step."""

from __future__ import annotations

import logging

from app.domain.estimators import averages, boosters, linear, near_and_kernel, network_and_baselines, plugins, trees
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
BOOSTERS: tuple[EstimatorEntry, ...] = tuple(boosters.installed())
# Read once for each process, so that pages, checks and workers of one start know the same estimators.
BROUGHT = plugins.discover({entry.id for entry in (*BUILT_IN, *boosters.ENTRIES)})
for sentence in BROUGHT.faults:
    log.error(sentence)
ESTIMATORS: tuple[EstimatorEntry, ...] = (*BUILT_IN, *BOOSTERS, *BROUGHT.entries)
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


def packages() -> tuple[str, ...]:
    """Return the packages that bring estimators here, beside what HydroML itself needs."""
    return (*(boosters.PACKAGES[entry.id] for entry in BOOSTERS), *BROUGHT.packages)


def missing_boosters() -> tuple[EstimatorEntry, ...]:
    """Return the optional estimators that are not installed here."""
    return tuple(entry for entry in boosters.ENTRIES if not has(entry.id))


def unknown_sentence(identifier: str) -> str:
    """Return why there is no estimator with this id, and how to get it where it is one that can be installed."""
    for entry in missing_boosters():
        if entry.id == identifier:
            return f"{entry.title} is not installed here. Start HydroML with `{boosters.INSTALL}` to use it."
    return f"There is no estimator {identifier[:40]}."
