"""The estimate of a contest: the fits of all candidates on the processors there are, and how many may run at once."""

from __future__ import annotations

from math import exp, sqrt

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation import forecast
from app.domain.estimation.forecast import (
    BUSY,
    LEAST_SPREAD,
    LEAST_SPREAD_MEMORY,
    MAX_SPREAD,
    NINE_OF_TEN,
    Machine,
    memory_of,
    most_memory_mb,
    seconds_of,
)
from app.domain.estimation.prior import FIT, IDLE_MEMORY_MB, IMPORTANCE, REST, START
from app.domain.estimation.workload import Workload, workload_of
from app.domain.experiment import Spec, candidates_of, is_contest
from app.domain.recommendation.plan import Estimate
from app.domain.vocabulary import SplitStrategy


def processes_for(spec: Spec, profile: DatasetProfile, machine: Machine) -> int:
    """Return how many fits of a launch run at once: one on each processor, as far as memory allows.

    Parameters
    ----------
    spec, profile, machine
        The config, the dataset, and where it runs.
    """
    works = [workload_of(candidate, profile) for candidate in candidates_of(spec)]
    idle = machine.experience.idle_mb or IDLE_MEMORY_MB
    each = max(max(memory_of(work, machine)[1] - idle, 1.0) for work in works)
    by_memory = int(max(most_memory_mb(machine) - idle, 0.0) // each)
    return max(1, min(machine.cpus, by_memory, sum(work.fits for work in works)))


def estimate(spec: Spec, profile: DatasetProfile, machine: Machine) -> Estimate:
    """Return the range of time and memory of a launch, of one estimator or of a contest."""
    find = estimate_contest if is_contest(spec) else forecast.estimate
    return find(spec, profile, machine)


def estimate_contest(spec: Spec, profile: DatasetProfile, machine: Machine) -> Estimate:
    """Return the range of time on the wall and of memory that a contest takes on this machine's processors.

    Candidates that the race ends early make it shorter; nobody knows beforehand which these are.
    """
    works = [workload_of(candidate, profile) for candidate in candidates_of(spec)]
    at_once = processes_for(spec, profile, machine)
    whole, variance = _seconds(spec, works, machine, at_once)
    wide = exp(NINE_OF_TEN * min(max(variance / whole, LEAST_SPREAD), MAX_SPREAD))
    ranges = [memory_of(work, machine) for work in works]
    idle = machine.experience.idle_mb or IDLE_MEMORY_MB
    low = max(item for item, _ in ranges)
    high = idle + at_once * max(max(item for _, item in ranges) - idle, 0.0)
    measured = sum(machine.experience.count(work.estimator) > 0 for work in works)
    cores = f"{at_once} fits run at once" if at_once > 1 else "one fit runs at a time"
    return Estimate(
        fits=sum(work.all_fits for work in works),
        seconds_low=round(whole / wide, 1),
        seconds_high=round(whole * wide, 1),
        memory_mb_low=round(low / exp(LEAST_SPREAD_MEMORY)),
        memory_mb_high=round(high * exp(LEAST_SPREAD_MEMORY)),
        basis=f"All {len(works)} candidates; {cores}; {measured} of them were measured here before. {BUSY}",
    )


def _seconds(spec: Spec, works: list[Workload], machine: Machine, at_once: int) -> tuple[float, float]:
    """Return the seconds of a contest, and their standard deviation."""
    current = spec.validation.holdout is not None and spec.validation.strategy is not SplitStrategy.HOLDOUT
    fits, variance, after = 0.0, 0.0, 0.0
    for work in works:
        central, spread = seconds_of(work, machine, parts=(FIT,))
        in_folds = central * (work.fits - current) / work.fits / at_once
        fits += in_folds
        variance += (in_folds * spread) ** 2
        # One of them wins, is fitted once more and asked what it relies on.
        after += (central / work.fits + seconds_of(work, machine, parts=(IMPORTANCE,))[0]) / len(works)
    rest, _ = seconds_of(works[0], machine, parts=(START, REST))
    return fits + after + rest, sqrt(variance + (0.3 * (after + rest)) ** 2)
