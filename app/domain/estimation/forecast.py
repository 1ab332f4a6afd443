"""The estimate of time and memory: the prior, corrected by past timings on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, sqrt

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation.experience import SMALL_MB, Experience
from app.domain.estimation.prior import FIT, IDLE_MEMORY_MB, IMPORTANCE, MEMORY, SECONDS, prior_of
from app.domain.estimation.workload import Workload, workload_of
from app.domain.experiment import Spec
from app.domain.recommendation.plan import Estimate

# Nine launches of ten end within this many standard deviations of the logarithm: 1.645 of a bell curve hold the memory,
# while times lie further out, as benchmarks/estimates.py measured on launches it had not seen.
NINE_OF_TEN, NINE_OF_TEN_MEMORY = 1.95, 1.645
# However much was learnt: the same launch takes a little more or less every time, in time and in memory.
LEAST_SPREAD, LEAST_SPREAD_MEMORY = 0.1, 0.06
# Unlearnt corners of a search or of odd settings are said as "up to twenty times", not as a number without meaning.
MAX_SPREAD = 1.8
# What is left to the pages and to the rest of the machine.
MAX_OF_MEMORY = 0.8
BUSY = "While the machine is busy it takes longer."


@dataclass(frozen=True)
class Machine:
    """What the estimate must know of the machine.

    `slowness` is 1 on the machine where the work was calibrated, `job_memory_mb` is what a job may use of the memory
    (all of it where None), and `experience` is what was learnt here.
    """

    cpus: int
    memory_mb: float
    slowness: float = 1.0
    job_memory_mb: float | None = None
    experience: Experience = field(default_factory=Experience)


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
        start = time.process_time()
        np.argsort(values, kind="stable")
        best = min(best, time.process_time() - start)
    # The same sort takes 4.6 ms on the machine of the calibration.
    return float(min(max(best / 0.0046, 0.3), 5.0))


def most_memory_mb(machine: Machine) -> float:
    """Return the memory that a launch may take: most of the machine's, and no more than a job is given."""
    most = MAX_OF_MEMORY * machine.memory_mb
    return most if machine.job_memory_mb is None else min(most, machine.job_memory_mb)


def estimate(spec: Spec, profile: DatasetProfile, machine: Machine) -> Estimate:
    """Return the range of time and memory of a launch.

    Parameters
    ----------
    spec, profile
        The config and the dataset.
    machine
        Where it will run, with what was learnt there.

    Returns
    -------
    Estimate
        Seconds of processor time and memory of the worker in MB, each as a range that nine launches of ten end in.
    """
    work = workload_of(spec, profile)
    central, spread = seconds_of(work, machine)
    wide = exp(NINE_OF_TEN * min(max(spread, LEAST_SPREAD), MAX_SPREAD))
    low, high = memory_of(work, machine)
    return Estimate(
        fits=work.all_fits,
        seconds_low=round(central / wide, 1),
        seconds_high=round(central * wide, 1),
        memory_mb_low=round(low),
        memory_mb_high=round(high),
        basis=_basis_sentence(work, machine),
    )


def seconds_of(work: Workload, machine: Machine, *, parts: Sequence[str] = SECONDS) -> tuple[float, float]:
    """Return the seconds of some parts together, and the standard deviation of their logarithm."""
    prior, whole, variance = prior_of(work), 0.0, 0.0
    times = {FIT: work.all_fits, IMPORTANCE: work.importance_calls}
    for part in parts:
        mean, spread = machine.experience.correction(part, work, slowness=machine.slowness)
        seconds = prior.of(part) * exp(mean) * times.get(part, 1)
        whole += seconds
        variance += (seconds * spread) ** 2
    return whole, sqrt(variance) / whole


def memory_of(work: Workload, machine: Machine) -> tuple[float, float]:
    """Return the range of the memory of the worker in MB, what it holds before it begins included."""
    mean, spread = machine.experience.correction(MEMORY, work, slowness=1.0)
    idle = machine.experience.idle_mb or IDLE_MEMORY_MB
    central = (prior_of(work).memory + SMALL_MB) * exp(mean)
    wide = exp(NINE_OF_TEN_MEMORY * min(spread, MAX_SPREAD))
    low, high = idle + max(central / wide - SMALL_MB, 0.0), idle + max(central * wide - SMALL_MB, 0.0)
    least = exp(LEAST_SPREAD_MEMORY)
    return low / least, high * least


def _basis_sentence(work: Workload, machine: Machine) -> str:
    known = machine.experience.count(work.estimator)
    if not known:
        return f"From the number of rows, features and fits, and the speed of this machine. {BUSY}"
    runs = "run" if known == 1 else "runs"
    return f"From {known:,} measured {runs} of this estimator here; nine launches of ten end in this range. {BUSY}"
