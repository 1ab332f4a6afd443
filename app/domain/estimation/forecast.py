"""The estimate: each estimator's own count of work, times what this machine makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from app.domain.analysis.profile import DatasetProfile
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.recommendation.plan import Estimate
from app.domain.training import splitting
from app.domain.training.chains import chains_of
from app.domain.training.importance import MOST_FEATURES, MOST_ROWS, REPEATS
from app.domain.training.pipeline import MOST_CATEGORIES, parameters_of
from app.domain.training.transforms import derived_names
from app.domain.training.tuning import fits_per_outer_fold
from app.domain.vocabulary import ColumnKind, Strategy, TaskKind

# A worker that has loaded the libraries and nothing else, measured on Linux.
IDLE_MEMORY_MB = 270.0
START_SECONDS = 2.0
# What every call of a fitted pipeline takes beside the estimator itself.
CALL_SECONDS = 0.006
# What it takes to compare one row that has a gap with one training row, measured on the machine of the calibration.
PAIR_SECONDS = 1.2e-7
# Kinds that the estimator sees as one column of numbers; every other kind becomes indicators.
ONE_COLUMN = frozenset({ColumnKind.NUMERIC, ColumnKind.INTEGER, ColumnKind.BOOLEAN, ColumnKind.DATETIME})


@dataclass(frozen=True)
class Machine:
    """What the estimate must know of the machine. `slowness` is 1 on the machine where the work was calibrated."""

    cpus: int
    memory_mb: float
    slowness: float = 1.0


@cache
def this_machine() -> Machine:
    """Return this machine's processors, memory and speed (a few milliseconds of arithmetic, once per process)."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Machine(os.cpu_count() or 1, pages, _slowness())


def _slowness() -> float:
    import time

    import numpy as np

    values = np.random.default_rng(0).normal(size=60_000)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        np.argsort(values, kind="stable")
        best = min(best, time.perf_counter() - start)
    # The same sort takes 4.6 ms on the machine of the calibration.
    return float(min(max(best / 0.0046, 0.3), 5.0))


def fits_of(spec: Spec, groups: int = 10) -> int:
    """Return how many times the estimator is fitted."""
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    folds = int(parameters.get("n_splits") or 1) * int(parameters.get("n_repeats") or 1)
    if spec.validation.strategy is Strategy.LEAVE_ONE_GROUP_OUT:
        folds = groups
    held = spec.validation.holdout is not None and spec.validation.strategy is not Strategy.HOLDOUT
    return (folds + int(held)) * fits_per_outer_fold(spec)


def columns_of(spec: Spec) -> int:
    """Return how many columns are looked at before words become indicators."""
    derived = sum(len(derived_names(part, time_column=spec.task.time_column)) for part in spec.features.transforms)
    return max(derived + len(spec.features.selected), 1)


def width_of(spec: Spec, profile: DatasetProfile, *, indicator: float = 1.0) -> int:
    """Return how many columns the estimator will see; `indicator` is what one column of zeros and ones counts."""
    width, chains, said = float(columns_of(spec)), chains_of(spec.features.transforms), spec.data.column_kinds
    classes = profile.column(spec.task.target).distinct if spec.task.kind is TaskKind.MULTICLASS else 1
    for name in spec.features.selected:
        column, links = profile.column(name), chains.get(name, ())
        width += any(link.entry.role == "mark" for link in links) * indicator
        if said.get(name, column.kind) in ONE_COLUMN:
            continue
        encoder = next((link for link in links if link.entry.role == "encode"), None)
        if encoder is None or encoder.entry.kind == "one_hot":
            most = MOST_CATEGORIES if encoder is None else encoder.parameters["most"]
            width += max(1, min(column.distinct, most)) * indicator - 1
        elif encoder.entry.kind == "target_encoding":
            width += classes - 1
    return max(round(width), 1)


def _nearest_seconds(spec: Spec, profile: DatasetProfile, *, rows: int, fits: int, shuffles: int) -> float:
    """Return what filling from the nearest rows takes in all: each row with a gap is compared with each other row."""
    named = {name for part in spec.features.transforms if part.kind == "impute_nearest" for name in part.columns}
    missing = sum(profile.column(name).missing for name in named if profile.has(name))
    share = min(missing / max(profile.rows, 1), 1.0)
    return PAIR_SECONDS * rows * share * (fits * rows + shuffles * min(MOST_ROWS, rows))


def estimate(spec: Spec, profile: DatasetProfile, machine: Machine) -> Estimate:
    """Return the range of time and memory of a launch.

    Parameters
    ----------
    spec, profile
        The config and the dataset.
    machine
        Where it will run.

    Returns
    -------
    Estimate
        Seconds of wall time from half to twice the central figure, and memory of the worker in MB.
    """
    entry = registry.get(spec.model.estimator)
    values = parameters_of(spec)
    target = profile.column(spec.task.target)
    rows = max(profile.rows - target.missing, 1)
    groups = profile.column(spec.task.group_column).distinct if spec.task.group_column else 10
    fits, width = fits_of(spec, groups), width_of(spec, profile)
    weight = width_of(spec, profile, indicator=entry.indicator_work)
    classes = max(target.distinct, 2) if spec.task.kind.is_classification else 1
    trees_per_class = classes if entry.id == "hist_gradient_boosting" and classes > 2 else 1
    # Expanding windows train on about half of the rows on average, other folds on four in five.
    share = 0.55 if spec.validation.strategy is Strategy.TIME_SERIES else 0.8
    one_fit = entry.work(max(int(rows * share), 1), weight, values) * trees_per_class
    shuffles = min(columns_of(spec), MOST_FEATURES) * REPEATS
    judged = (entry.work(min(MOST_ROWS, rows), weight, values) * entry.predict_share + CALL_SECONDS) * shuffles
    nearest = _nearest_seconds(spec, profile, rows=rows, fits=fits, shuffles=shuffles)
    central = START_SECONDS + (fits * (one_fit + rows * width * 8e-9 + 0.02) + judged + nearest) * machine.slowness
    memory = IDLE_MEMORY_MB + entry.memory_mb(rows, width, values) + profile.rows * width * 8 * 2 / 1e6
    return Estimate(
        fits=fits,
        seconds_low=round(central * 0.5, 1),
        seconds_high=round(central * 2, 1),
        memory_mb_low=round(memory * 0.8),
        memory_mb_high=round(memory * 1.3),
        basis="From the number of rows, features and fits, and the speed of this machine.",
    )
