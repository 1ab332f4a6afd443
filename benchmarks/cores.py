"""A launch of one estimator on two processors against one: time on the wall, memory, and whether results are the same.

Figures: at most 0.58 of the time, at most 300 MB more, predictions and importance identical to the bit. The launch on
one processor in the same run is the yardstick; both are made twice, turn by turn.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from app.domain.contest.executor import ContestMeans
from app.domain.training.run import load_libraries, train
from benchmarks.memory import cases, plan, records
from workers.task_pool import TaskPool

TURNS = 2


@dataclass(frozen=True)
class Launch:
    """One launch: seconds on the wall, memory beyond one process in MB, and a hash of its results."""

    seconds: float
    grown_mb: float
    results: str


def launch(processes: int) -> Launch:
    """Train on Piscataquis with every suggestion accepted, in so many processes."""
    case = next(item for item in cases() if item.name == "piscataquis")
    data = next(iter(records(case)))
    pool, start = TaskPool(processes), time.perf_counter()
    result = train(
        plan(case, data, short_fits=False),
        data.frame,
        data.profile,
        on_progress=lambda _progress: None,
        should_stop=lambda: False,
        means=ContestMeans(executor=pool),
    )
    seconds = time.perf_counter() - start
    importance = result.report.charts.importance
    text = result.predictions.to_csv() + repr(None if importance is None else importance.items)
    return Launch(seconds, pool.grown_mb, hashlib.sha256(text.encode()).hexdigest())


def main() -> None:
    """Launch turn by turn and print the figures."""
    load_libraries()
    turns = [(launch(1), launch(2)) for _ in range(TURNS)]
    for one_processor, two in turns:
        share = two.seconds / one_processor.seconds
        print(f"{one_processor.seconds:.1f} s on one, {two.seconds:.1f} s on two: {share:.2f} (goal 0.58)")
    print(f"memory beyond one process {max(two.grown_mb for _, two in turns):.0f} MB (goal 300)")
    results = {item.results for turn in turns for item in turn}
    print(f"results {'identical' if len(results) == 1 else 'DIFFER'}")


if __name__ == "__main__":
    main()
