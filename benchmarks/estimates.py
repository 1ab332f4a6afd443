"""How near the estimates come: random configs are launched, and what they took is held against what was said before.

Figures: the time within a factor of 2 for at least 90 % of launches, the median factor at most 1.25, and the memory
never below the peak by more than 20 %, on configs that were not seen. Half of the configs are learnt from, the other
half is judged, and the other way round; a second judgement keeps all configs of a dataset apart. Yardsticks in the same
run: the estimate that has learnt nothing, and one that says of every launch what launches of its estimator took on
average. Time is that of the processor, since the machine is shared. Every launch is a process of its own, as a
worker's is, and a line of a file, so that it goes on where it was stopped.

    python -m benchmarks.estimates                                          (150 launches, a quarter of an hour)
    python -m benchmarks.estimates collect <file> [how many] [first seed]
    python -m benchmarks.estimates judge <file> ...
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.errors import DomainError, StoppedError
from app.domain.estimation import Experience, Machine, Timing, Workload, estimate, workload_of
from app.domain.estimation.forecast import LEAST_SPREAD, NINE_OF_TEN, memory_of, seconds_of
from app.domain.estimation.prior import IDLE_MEMORY_MB, REST, START
from app.domain.estimation.prior import SECONDS as PARTS
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Draft, Spec
from app.domain.json_values import to_json
from app.domain.recommendation.propose import make_plan
from app.domain.training.run import load_libraries, train
from app.storage.process_memory import forget_peak, peak_memory_mb
from tests.domain.any_config import AnyConfig
from tests.domain.reading import MACHINE, SAMPLES, Known, read_path, sample
from tests.domain.reading import known as read_again
from tests.domain.tables import REAL

# The lower end of the estimates of what is launched, and when a launch is given up.
SECONDS, MOST_SECONDS = (0.0, 4.0), 60.0
MOST_CELLS = 1_500_000
DRAWS = 8
MANY, CALLS, LONG, SHORT = 150, 200, 5.0, 0.8
WIDTHS = (6, 10, 9, 8, 11, 11, 8, 8)
# A launch here begins with the libraries loaded, so the start is no part of it.
TRAINING = tuple(part for part in PARTS if part != START)
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
    paths = (*REAL.glob("hydro/*.csv"), *REAL.glob("general/*.csv"), *REAL.glob("benchmark/*/*"))
    return [*sorted(SAMPLES.glob("*.csv")), *sorted(paths)]


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
        results = super().answers()
        if self._chance(0.6):
            results["data"] = {}
        return results

    def _value(self, parameter: Parameter) -> Any:
        low, high = USUAL.get(parameter.name, (0, 0))
        if high <= (parameter.low or 0) or (parameter.optional and self._chance(0.5)):
            return super()._value(parameter) if not parameter.optional else None
        return round(float(np.exp(self.random.uniform(np.log(low + 1), np.log(high + 1))))) - 1 or low


def launches(paths: list[Path], first: int) -> Iterator[tuple[int, str, Known, Spec]]:
    """Yield random configs that could be launched, for ever."""
    knowns: dict[tuple[Path, float], Known | None] = {}
    for seed in range(first, 10**9):
        random = np.random.default_rng(seed)
        path, share = paths[int(random.integers(len(paths)))], (1.0, 0.3, 0.1)[int(random.integers(3))]
        if (path, share) not in knowns:
            try:
                knowns[path, share] = part_of(read_path(path), share)
            except (AssertionError, DomainError):
                knowns[path, share] = None
        table = knowns[path, share]
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


def launched(table: Known, spec: Spec, answer: Any) -> None:
    """Train in this process, which a worker's child is like, and say what it took."""
    forget_peak()
    idle = peak_memory_mb()
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
        answer.send({"timing": to_json(report.timing), "memory_mb": report.memory_mb, "idle_mb": idle})
    except (DomainError, StoppedError, MemoryError) as fault:
        answer.send({"fault": type(fault).__name__})


def collect(book: Path, many: int, first: int) -> None:
    """Launch configs and write a line for each."""
    load_libraries()
    done = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
    first = max((item["seed"] for item in done), default=first - 1) + 1
    fork = multiprocessing.get_context("fork")
    gc.freeze()
    with book.open("a") as lines:
        for seed, name, table, spec in launches(tables(), first):
            mine, theirs = fork.Pipe()
            child = fork.Process(target=launched, args=(table, spec, theirs))
            child.start()
            theirs.close()
            try:
                answer = mine.recv() if mine.poll(2 * MOST_SECONDS) else {"fault": "too slow"}
            except EOFError:
                answer = {"fault": "killed"}
            child.kill()
            child.join()
            workload = workload_of(spec, table.profile).to_json()
            lines.write(json.dumps({"seed": seed, "table": name, "workload": workload, **answer}) + "\n")
            lines.flush()
            many -= 1
            if many <= 0:
                return


@dataclass(frozen=True)
class Launch:
    """One launch that ended: its timing, the table it stood on, and the seconds of the processor it took."""

    table: str
    timing: Timing
    seconds: float


def read(books: list[Path]) -> list[Launch]:
    """Return the launches of some files that ended."""
    results = []
    for item in (json.loads(line) for book in books for line in book.read_text().splitlines()):
        work = Workload.from_json(item["workload"])
        if "timing" not in item or work is None:
            continue
        parts, whole = item["timing"]["work"], item["timing"]["work_total"]
        seconds = {**parts, REST: max(whole - sum(parts.values()), 0.0)}
        results.append(Launch(item["table"], Timing(work, seconds, item["memory_mb"], item["idle_mb"]), whole))
    return results


def factors(learnt: Iterable[Launch], judged: Iterable[Launch]) -> tuple[Any, Any, Any]:
    """Return, for each launch, the factor between estimate and time, whether the range held it, and memory by peak."""
    machine = Machine(2, 16_000.0, experience=Experience(tuple(item.timing for item in learnt)))
    results = []
    for launch in judged:
        work, peak = launch.timing.workload, launch.timing.memory_mb or 0.0
        central, spread = seconds_of(work, machine, parts=TRAINING)
        far = abs(log(central / launch.seconds))
        within = far <= NINE_OF_TEN * max(spread, LEAST_SPREAD)
        # The process that starts launches here grows with the tables it has read; a worker does not.
        idle = (launch.timing.idle_mb or 0.0) - (machine.experience.idle_mb or IDLE_MEMORY_MB)
        results.append((exp(far), within, (memory_of(work, machine)[1] + idle) / peak))
    far, inside, memory = zip(*results, strict=True)
    return np.array(far), np.array(inside), np.array(memory)


def average(learnt: list[Launch], judged: list[Launch]) -> Any:
    """Return the factors of one who says what launches of that estimator took on average."""
    seen: dict[str, list[float]] = {}
    for launch in learnt:
        seen.setdefault(launch.timing.workload.estimator, []).append(log(launch.seconds))
    every = [value for values in seen.values() for value in values]
    answer = (np.mean(seen.get(item.timing.workload.estimator, every)) - log(item.seconds) for item in judged)
    return np.exp(np.abs(list(answer)))


def tell(title: str, far: Any, inside: Any = None, memory: Any = None) -> None:
    """Print one line."""
    line = f"{title:44}{len(far):6}{100 * np.mean(far <= 2):8.1f} %{np.median(far):9.2f}{np.quantile(far, 0.9):8.2f}"
    line += "" if inside is None else f"{100 * np.mean(inside):9.1f} %"
    if memory is not None:
        line += f"{100 * np.mean(memory < SHORT):9.1f} %{memory.min():8.2f}{np.median(memory):8.2f}"
    print(line)


def judge(books: list[Path]) -> None:
    """Print how far off the estimates are on configs, and on datasets, that were not learnt from."""
    every = read(books)
    random = np.random.default_rng(0)
    order = random.permutation(len(every))
    halves = [[every[position] for position in order[0::2]], [every[position] for position in order[1::2]]]
    names = sorted({launch.table for launch in every})
    random.shuffle(names)
    apart = [(set(names[position::4])) for position in range(4)]
    print(f"{'':50}{'time: factor between estimate and launch':>44}{'memory: upper end by peak':>30}")
    heads = ("runs", "within 2", "median", "p90", "in range", "< 0.8", "least", "median")
    print(" " * 44 + "".join(f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)))
    whole = [factors(halves[position], halves[1 - position]) for position in (0, 1)]
    tell("configs not seen", *(np.concatenate(parts) for parts in zip(*whole, strict=True)))
    long = [[item for item in half if item.seconds > LONG] for half in halves]
    slow = [factors(halves[position], long[1 - position]) for position in (0, 1)]
    tell(f"of these, those of more than {LONG:.0f} s", *(np.concatenate(parts) for parts in zip(*slow, strict=True)))
    kept = [
        factors(
            [launch for launch in every if launch.table not in current_values],
            [launch for launch in every if launch.table in current_values],
        )
        for current_values in apart
    ]
    tell("datasets not seen", *(np.concatenate(parts) for parts in zip(*kept, strict=True)))
    few = [factors(halves[position][:30], halves[1 - position]) for position in (0, 1)]
    tell("after 30 launches of any kind", *(np.concatenate(parts) for parts in zip(*few, strict=True)))
    tell("yardstick: nothing learnt", *factors((), every)[:2])
    plain = [average(halves[position], halves[1 - position]) for position in (0, 1)]
    tell("yardstick: the average of the estimator", np.concatenate(plain))
    print(f"one estimate takes {milliseconds(every):.2f} ms with {len(every):,} timings learnt")


def milliseconds(every: list[Launch]) -> float:
    """Return the processor time of one estimate on the streamflow sample, learnt as much as there is."""
    river = sample("piscataquis_01031500_daily.csv")
    spec = river.plan().spec
    assert spec is not None
    machine = Machine(2, 16_000.0, experience=Experience(tuple(launch.timing for launch in every)))
    estimate(spec, river.profile, machine)
    start = time.process_time()
    for _ in range(CALLS):
        estimate(spec, river.profile, machine)
    return 1000 * (time.process_time() - start) / CALLS


if __name__ == "__main__":
    books = [Path(name) for name in sys.argv[2:]]
    if sys.argv[1:2] == ["judge"] and books:
        judge(books)
    elif sys.argv[1:2] == ["collect"] and books:
        collect(books[0], int((sys.argv[3:] or ["300"])[0]), int((sys.argv[4:] or ["0"])[0]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            collect(Path(folder) / "launches.jsonl", MANY, 0)
            judge([Path(folder) / "launches.jsonl"])
