"""Past timings on this machine, and the correction that they give to the prior estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import log, log10
from typing import Any

import numpy as np

from app.domain.estimation.gaussian import Kernel, Posterior, Vector
from app.domain.estimation.prior import FIT, IMPORTANCE, MEMORY, REST, START, prior_of
from app.domain.estimation.workload import Workload
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter

# Each part of each estimator learns from its latest records: enough to know it, few enough to be asked at once.
MAX_RECORDS = 250
# No single run moves what is believed by more than this factor, e to the third.
MAX_RATIO = 3.0
# Added to megabytes before they are compared, so that what hardly takes any is not compared by noise.
SMALL_MB = 20.0
SHARED = ""
WIDE = 50.0
# Near those under which unseen launches of benchmarks/estimates.py were the likeliest; memory is held wider.
KERNELS = {
    START: Kernel(slope=0.05, bend=0.1, data=0.05),
    FIT: Kernel(noise=0.2),
    IMPORTANCE: Kernel(bend=0.25),
    REST: Kernel(slope=0.05, bend=0.15, reach=1.2, data=0.15, noise=0.15),
    MEMORY: Kernel(level=0.3, slope=0.1, bend=0.3, reach=1.2, data=0.1, noise=0.08),
}


@dataclass(frozen=True)
class Timing:
    """What one launch took: seconds of the processor by part, those of fits and calls together, and MB beside idle.

    A part that was not measured is absent. `idle_mb` is what the process held before it began.
    """

    workload: Workload
    seconds: Mapping[str, float]
    memory_mb: float | None = None
    idle_mb: float | None = None

    def ratio(self, part: str) -> float | None:
        """Return the logarithm of what a part took as a multiple of the prior; None where it was not measured."""
        work = self.workload
        prior = prior_of(work).of(part)
        if part == MEMORY:
            if self.memory_mb is None or self.idle_mb is None:
                return None
            amount, prior = max(self.memory_mb - self.idle_mb, 0.0) + SMALL_MB, prior + SMALL_MB
        else:
            times = {FIT: work.all_fits, IMPORTANCE: work.importance_calls}.get(part, 1)
            amount = self.seconds.get(part, 0.0) / max(times, 1)
        if amount <= 0 or prior <= 0:
            return None
        return min(max(log(amount / prior), -MAX_RATIO), MAX_RATIO)


@dataclass(frozen=True)
class Experience:
    """All timings of one machine, oldest first. What follows from them is worked out when it is first asked for."""

    timings: tuple[Timing, ...] = ()
    _learnt: dict[tuple[str, str, float], Posterior] = field(default_factory=dict, repr=False, compare=False)

    def correction(self, part: str, work: Workload, *, slowness: float) -> tuple[float, float]:
        """Return the expected logarithm of a part as a multiple of the prior, and its standard deviation."""
        pace = 0.0 if part == MEMORY else log(slowness)
        mean, spread = self._posterior(part, work.estimator, pace).predict(place_of(part, work), work.dataset)
        return mean + pace, spread

    def count(self, estimator: str) -> int:
        """Return how many launches and timed fits of an estimator it stands on."""
        return sum(timing.workload.estimator == estimator for timing in self.timings)

    def knows(self, work: Workload) -> bool:
        """Return whether this estimator was measured on this data."""
        return (work.dataset, work.estimator) in self._met

    @cached_property
    def _met(self) -> frozenset[tuple[str, str]]:
        return frozenset((timing.workload.dataset, timing.workload.estimator) for timing in self.timings)

    @cached_property
    def idle_mb(self) -> float | None:
        """What a worker held before it began, as measured last."""
        return next((timing.idle_mb for timing in reversed(self.timings) if timing.idle_mb is not None), None)

    def _posterior(self, part: str, estimator: str, pace: float) -> Posterior:
        whose = SHARED if part in (START, REST) else estimator
        key = (part, whose, round(pace, 6))
        if key not in self._learnt:
            alike = (timing for timing in reversed(self.timings) if whose in (SHARED, timing.workload.estimator))
            self._learnt[key] = _posterior_of(part, alike, pace)
        return self._learnt[key]


def _posterior_of(part: str, timings: Iterable[Timing], pace: float) -> Posterior:
    known = ((timing, ratio) for timing in timings if (ratio := timing.ratio(part)) is not None)
    measured = list(islice(known, MAX_RECORDS))
    return Posterior(
        KERNELS[part],
        [place_of(part, item.workload) for item, _ in measured],
        [ratio - pace for _, ratio in measured],
        [item.workload.dataset for item, _ in measured],
    )


def place_of(part: str, work: Workload) -> Vector:
    """Return where a launch lies among others: its size on scales of ten, and every setting between its bounds."""
    rows = work.importance_rows if part == IMPORTANCE else work.train_rows
    shape = [log10(rows) - 3, log10(work.width) - 1, log10(work.columns) - 1, log10(1 + work.words)]
    shape += [log10(work.classes), 0.7 * (work.classes > 1), log10(work.judge_rows) - 2]
    if part in (START, REST):
        return np.array([*shape, log10(work.fits)])
    if part == IMPORTANCE:
        shape.append(log10(work.train_rows) - 3)
    entry = registry.get(work.estimator)
    settings = (
        _encode_setting(parameter, work.parameters.get(parameter.name, parameter.default))
        for parameter in entry.parameters
    )
    return np.array([*shape, *(value for values in settings for value in values)])


def _encode_setting(parameter: Parameter, value: Any) -> tuple[float, ...]:
    """Return a setting as numbers from 0 to 1; each choice is a corner of its own, and "as needed" lies beyond all."""
    if parameter.type == "choice":
        return tuple(0.7 * (value == choice) for choice, _ in parameter.choices)
    if parameter.type == "boolean":
        return (float(bool(value)),)
    low, high = float(parameter.low or 0), float(parameter.high or 1)
    if value is None:
        return (1.2,)
    number = min(max(float(value), low), high)
    if parameter.scale == "log" or high > WIDE * max(low, 1):
        floor = max(low, high * 1e-6)
        return (log(max(number, floor) / floor) / log(high / floor),)
    return ((number - low) / (high - low or 1),)
