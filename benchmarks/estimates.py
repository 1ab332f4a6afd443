"""How near the estimates come: random configs are launched, and what they took is held against what was said before.

Figures: the time within a factor of 2 for at least 90 % of launches, the median factor at most 1.25, and the memory
never below the peak by more than 20 %, on configs that were not seen. Half of the configs are learnt from, the other
half is judged, and the other way round; a second judgement keeps all configs of a dataset apart. Yardsticks in the same
run: the estimate that has learnt nothing, and one that says of every launch what launches of its estimator took on
average. Time is that of the processor, since the machine is shared. Every launch is a process of its own, as a
worker's is, and a line of a file, so that it goes on where it was stopped.

    python -m benchmarks.estimates collect <file> [how many] [first seed]
    python -m benchmarks.estimates judge <file> ...
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.errors import DomainError, StoppedError
from app.domain.estimation.workload import workload_of
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.propose import make_plan
from app.domain.training.clock import forget_peak, peak_memory_mb
from tests.domain.any_config import AnyConfig
from tests.domain.reading import MACHINE, SAMPLES, Known, read_path
from tests.domain.reading import known as read_again
from tests.domain.tables import REAL

# The lower end of the estimates of what is launched, and when a launch is given up.
SECONDS, MOST_SECONDS = (0.0, 2.5), 60.0
MOST_CELLS = 1_500_000
DRAWS = 8
# Drawn over the whole of their bounds these would keep a machine busy for days, or leave nothing to learn.
USUAL = {
    "n_estimators": (10, 400),
    "max_iter": (10, 500),
    "width": (5, 120),
    "layers": (1, 3),
    "n_restarts_optimizer": (0, 2),
    "n_splits": (2, 10),
    "min_samples_leaf": (1, 100),
    "max_depth": (2, 30),
    "n_neighbors": (1, 60),
}


def tables() -> list[Path]:
    """Return the files that are read: plain tables of the shared folder and the samples."""
    found = (*REAL.glob("hydro/*.csv"), *REAL.glob("general/*.csv"), *REAL.glob("benchmark/*/*"))
    return [*sorted(SAMPLES.glob("*.csv")), *sorted(found)]


def part_of(known: Known, share: float) -> Known:
    """Return a share of the first rows of a dataset as one of its own."""
    rows, columns = known.frame.shape
    most = min(rows, MOST_CELLS // columns)
    count = int(max(most * share, min(most, 150)))
    return known if count == rows else read_again(known.frame.iloc[:count])


class AnyLaunch(AnyConfig):
    """Draws answers whose model is set within usual bounds, and most of whose target is the suggested one."""

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return answers to all five steps."""
        found = super().answers()
        if self._chance(0.6):
            found["data"] = {}
        return found

    def _value(self, parameter: Parameter) -> Any:
        low, high = USUAL.get(parameter.name, (0, 0))
        if high <= (parameter.low or 0) or (parameter.optional and self._chance(0.5)):
            return super()._value(parameter) if not parameter.optional else None
        return round(float(np.exp(self.random.uniform(np.log(low + 1), np.log(high + 1))))) - 1 or low


def launches(paths: list[Path], first: int) -> Iterator[tuple[int, str, Known, Spec]]:
    """Yield random configs that could be launched, for ever."""
    held: dict[tuple[Path, float], Known | None] = {}
    for seed in range(first, 10**9):
        random = np.random.default_rng(seed)
        path, share = paths[int(random.integers(len(paths)))], (1.0, 0.3, 0.1)[int(random.integers(3))]
        if (path, share) not in held:
            try:
                held[path, share] = part_of(read_path(path), share)
            except (AssertionError, DomainError):
                held[path, share] = None
        table = held[path, share]
        for turn in range(DRAWS if table is not None else 0):
            assert table is not None
            answers = AnyLaunch(table.profile, seed * DRAWS + turn).answers()
            plan = make_plan(Draft(answers), table.profile, None, machine=MACHINE)
            if (
                plan.spec is not None
                and plan.launchable
                and plan.estimate
                and SECONDS[0] <= plan.estimate.seconds_low < SECONDS[1]
            ):
                yield seed, path.name, table, plan.spec
                break


def launched(table: Known, spec: Spec, said: Any) -> None:
    """Train in this process, which a worker's child is like, and say what it took."""
    forget_peak()
    idle = peak_memory_mb()
    from app.domain.training.run import train

    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = train(
                spec,
                table.frame,
                table.profile,
                on_progress=lambda _: None,
                should_stop=lambda: time.monotonic() - began > MOST_SECONDS,
            ).report
        said.send({"timing": report["timing"], "memory_mb": report["memory_mb"], "idle_mb": idle})
    except (DomainError, StoppedError, MemoryError) as fault:
        said.send({"fault": type(fault).__name__})


def collect(book: Path, many: int, first: int) -> None:
    """Launch configs and write a line for each."""
    import sklearn.ensemble  # noqa: F401

    import app.domain.training.run  # noqa: F401

    done = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
    first = max((one["seed"] for one in done), default=first - 1) + 1
    fork = multiprocessing.get_context("fork")
    gc.freeze()
    with book.open("a") as lines:
        for seed, name, table, spec in launches(tables(), first):
            mine, theirs = fork.Pipe()
            child = fork.Process(target=launched, args=(table, spec, theirs))
            child.start()
            theirs.close()
            try:
                said = mine.recv() if mine.poll(2 * MOST_SECONDS) else {"fault": "too slow"}
            except EOFError:
                said = {"fault": "killed"}
            child.kill()
            child.join()
            workload = workload_of(spec, table.profile).to_json()
            lines.write(json.dumps({"seed": seed, "table": name, "workload": workload, **said}) + "\n")
            lines.flush()
            many -= 1
            if many <= 0:
                return


if __name__ == "__main__":
    collect(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
