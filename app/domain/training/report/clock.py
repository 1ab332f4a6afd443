"""The Clock: seconds, work and peak memory of each part of a training.

Seconds of processor time are what the work costs; seconds on the wall also hold what others did on the machine
meanwhile. The estimate learns from the first, and a reader waits for the second.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# The search is a share of the fitting.
FIT, IMPORTANCE, SEARCH = "fit", "importance", "search"


@dataclass
class Clock:
    """Counts the seconds of each part since it was made, on the wall and of the processor.

    Those of processes that this one started count once they have ended.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    work: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    worked: float = field(default_factory=lambda: time.process_time() + seconds_of_ended_processes())

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside to this part, processes that begin and end inside included."""
        start, start_time = time.perf_counter(), time.process_time() + seconds_of_ended_processes()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            worked = time.process_time() + seconds_of_ended_processes() - start_time
            self.work[name] = self.work.get(name, 0.0) + worked

    def add(self, other: Clock) -> None:
        """Add the seconds that another clock counted."""
        for total, seconds in ((self.seconds, other.seconds), (self.work, other.work)):
            for name, value in seconds.items():
                total[name] = total.get(name, 0.0) + value

    def total(self) -> float:
        """Return the seconds on the wall since it was made."""
        return time.perf_counter() - self.started

    def total_work(self) -> float:
        """Return the seconds of processor time of this process, and of those it started, since it was made."""
        return time.process_time() + seconds_of_ended_processes() - self.worked


def seconds_of_ended_processes() -> float:
    """Return the seconds of processor time of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def accounted_peak_mb() -> float:
    """Return the most memory this process has held since its start, in MB of 1024 x 1024 bytes, by its account."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 1024 / (1024 if sys.platform == "darwin" else 1), 1)
