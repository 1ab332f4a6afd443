"""Estimates for fits that run in parallel, of one estimator or of a contest."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, exp, sqrt

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

# Shorter fits end sooner than processes that begin for them would pay.
MIN_SECONDS_AT_ONCE = 3.0
# Fits of unequal length leave a processor without work at the end: six of them took 0.56 of their time on two.
UNEVEN = 1.12


def processes_for(spec: Spec, profile: DatasetProfile, machine: Machine) -> int:
    """Return how many fits of a launch run at once: one on each processor, as far as memory allows and where it pays.

    A search of one estimator learns from one trial for the next, and has one process.

    Parameters
    ----------
    spec, profile, machine
        The config, the dataset, and where it runs.
    """
    if not is_contest(spec):
        work = workload_of(spec, profile)
        if spec.model.tuning.enabled or seconds_of(work, machine, parts=(FIT,))[0] < MIN_SECONDS_AT_ONCE:
            return 1
    works = [workload_of(candidate, profile) for candidate in candidates_of(spec)]
    idle = machine.experience.idle_mb or IDLE_MEMORY_MB
    each = max(max(memory_of(work, machine)[1] - idle, 1.0) for work in works)
    by_memory = int(max(most_memory_mb(machine) - idle, 0.0) // each)
    return max(1, min(machine.cpus, by_memory, sum(work.fits for work in works)))


def estimate(spec: Spec, profile: DatasetProfile, machine: Machine) -> Estimate:
    """Return the range of time and memory of a launch, of one estimator or of a contest."""
    if is_contest(spec):
        return estimate_contest(spec, profile, machine)
    alone = forecast.estimate(spec, profile, machine)
    at_once = processes_for(spec, profile, machine)
    return alone if at_once == 1 else _estimate_at_once(alone, workload_of(spec, profile), machine, at_once)


def _estimate_at_once(alone: Estimate, work: Workload, machine: Machine, at_once: int) -> Estimate:
    """Return the estimate of a launch whose folds are fitted at once, from that of one fit after the other."""
    whole = seconds_of(work, machine)[0]
    divided = sum(seconds_of(work, machine, parts=(part,))[0] for part in (FIT, IMPORTANCE))
    longest = max(UNEVEN / at_once, ceil(work.all_fits / at_once) / work.all_fits)
    share = (whole - divided + divided * longest) / whole
    idle = machine.experience.idle_mb or IDLE_MEMORY_MB
    return replace(
        alone,
        seconds_low=round(alone.seconds_low * share, 1),
        seconds_high=round(alone.seconds_high * share, 1),
        memory_mb_high=round(idle + at_once * max(alone.memory_mb_high - idle, 0.0)),
        basis=f"{alone.basis} {at_once} fits run at once.",
        processes=at_once,
    )


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
        processes=at_once,
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
