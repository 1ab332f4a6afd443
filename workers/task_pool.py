"""TaskPool: an executor that runs the tasks of a training in forked processes.

A forked process begins in milliseconds with every library loaded, and sees the table where it lies: nothing is copied
until it is written to. Each holds one thread. It ends with its job, whatever ends that.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic

from app.domain.contest.executor import OutcomeT, SerialExecutor, SharedWork, TaskT
from app.domain.errors import StoppedError
from app.domain.training.tuning.tuning import SearchCallbacks
from workers.process import die_with

# How often a wish to stop is looked for while every process is at work.
LOOK_SECONDS = 0.2
# A task whose process was ended from outside is begun once more.
MAX_STARTS = 2
KILLED, KILLED_REASON = "task_killed", "The process of a fit was ended twice, most likely because memory ran out."


@dataclass
class TaskProcess:
    """A forked process, the pipe to it, and the task that it is at."""

    process: BaseProcess
    pipe: Connection
    task: Any = None


@dataclass
class TaskPool:
    """Carries out tasks in forked processes. `fork_lock` is held by whoever must not be forked in the middle of it.

    `grown_mb` is the memory that the processes took beyond what they share, each at its most.
    """

    processes: int
    fork_lock: Any = field(default_factory=threading.Lock)
    grown_mb: float = 0.0
    _waiting: list[TaskProcess] = field(default_factory=list)
    _shared: Any = None
    _limit: Any = None

    def run(
        self,
        shared: SharedWork[TaskT, OutcomeT],
        tasks: Iterable[TaskT],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[OutcomeT], None],
        is_wanted: Callable[[TaskT], bool] = lambda _task: True,
    ) -> None:
        """Carry out tasks, as many at once as there are processes; see `Executor`."""
        ordered = list(tasks)
        if self.processes < 2 or len(ordered) < 2 or not can_fork():
            SerialExecutor().run(shared, ordered, callbacks=callbacks, on_outcome=on_outcome, is_wanted=is_wanted)
            return
        if self._shared is not shared:
            self.close()
            self._shared, self._limit = shared, multiprocessing.get_context("fork").Value("i", 0, lock=False)
        run = _PoolRun(self, shared, deque(ordered), callbacks=callbacks, on_outcome=on_outcome, is_wanted=is_wanted)
        try:
            run.carry_out()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End all processes that wait."""
        for item in self._waiting:
            end_process(item)
        self._waiting, self._shared = [], None

    def take(self) -> TaskProcess:
        """Return a process that waits for a task, a new one where none does."""
        return self._waiting.pop() if self._waiting else self._start()

    def put_back(self, process: TaskProcess) -> None:
        """Keep a process for the next task."""
        process.task = None
        self._waiting.append(process)

    def limit_trials(self, most: int | None) -> None:
        """Tell searches under way how many trials they may take."""
        self._limit.value = most or 0

    def _start(self) -> TaskProcess:
        """Fork while no other thread is in the middle of anything; what is shared is never collected in a child."""
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, ours, self._shared, self._limit, os.getpid()), daemon=True
        )
        gc.collect()
        gc.freeze()
        with self.fork_lock, warnings.catch_warnings():
            # The only other thread extends the lease, and waits for the lock meanwhile.
            warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
            process.start()
        gc.unfreeze()
        theirs.close()
        return TaskProcess(process, ours)


def can_fork() -> bool:
    """Return whether processes can share memory by forking: elsewhere libraries of numbers do not survive it."""
    return sys.platform == "linux"


def end_process(process: TaskProcess) -> None:
    """End a process at once, whatever it does."""
    with contextlib.suppress(OSError):
        process.pipe.close()
    process.process.kill()
    process.process.join()


class _PoolRun(Generic[TaskT, OutcomeT]):
    """One call of `TaskPool.run`."""

    def __init__(
        self,
        pool: TaskPool,
        shared: SharedWork[TaskT, OutcomeT],
        tasks: deque[TaskT],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[OutcomeT], None],
        is_wanted: Callable[[TaskT], bool],
    ) -> None:
        self.pool, self.shared, self.tasks = pool, shared, tasks
        self.callbacks, self.on_outcome, self.is_wanted = callbacks, on_outcome, is_wanted
        self.busy: list[TaskProcess] = []
        self.starts: dict[TaskT, int] = {}

    def carry_out(self) -> None:
        try:
            while self.tasks or self.busy:
                if self.callbacks.should_stop():
                    raise StoppedError
                self.pool.limit_trials(self.callbacks.most_trials())
                self._begin()
                self._end_unwanted()
                for element in self._answered():
                    self._hear(element)
        finally:
            for item in self.busy:
                end_process(item)

    def _begin(self) -> None:
        """Give tasks to processes until all are at work."""
        while self.tasks and len(self.busy) < self.pool.processes:
            task = self.tasks.popleft()
            if not self.is_wanted(task):
                continue
            item = self.pool.take()
            item.task = task
            self.starts[task] = self.starts.get(task, 0) + 1
            self.busy.append(item)
            # One that was ended while it waited is told by its pipe, and its task begins again.
            with contextlib.suppress(OSError):
                item.pipe.send(task)

    def _end_unwanted(self) -> None:
        for item in [element for element in self.busy if element.task is not None and not self.is_wanted(element.task)]:
            self.busy.remove(item)
            end_process(item)

    def _answered(self) -> Iterator[TaskProcess]:
        ready = set(wait([item.pipe for item in self.busy], timeout=LOOK_SECONDS)) if self.busy else set()
        yield from [item for item in self.busy if item.pipe in ready]

    def _hear(self, process: TaskProcess) -> None:
        """Take the outcome of a task; one whose process is gone begins again, and fails the second time."""
        task = process.task
        if task is None or process not in self.busy:
            return
        self.busy.remove(process)
        try:
            outcome, grown_mb = process.pipe.recv()
        except (EOFError, OSError):
            end_process(process)
            if self.starts[task] < MAX_STARTS:
                self.tasks.appendleft(task)
            elif self.is_wanted(task):
                self.on_outcome(self.shared.fail(task, KILLED, KILLED_REASON))
            return
        self.pool.grown_mb = max(self.pool.grown_mb, grown_mb * self.pool.processes)
        self.pool.put_back(process)
        if isinstance(outcome, BaseException):
            raise outcome
        if self.is_wanted(task):
            self.on_outcome(outcome)


def _serve(pipe: Connection, other: Connection, shared: SharedWork[Any, Any], limit: Any, parent: int) -> None:
    """Carry out one task after another until the pipe is closed."""
    die_with(parent)
    other.close()
    # Whoever stops a job ends its processes; Ctrl-C of a terminal reaches the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    callbacks = SearchCallbacks(lambda: False, lambda: limit.value or None)
    at_start = _held_mb()
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        try:
            outcome: Any = shared.carry_out(task, callbacks)
        except Exception as fault:
            outcome = fault
        pipe.send((outcome, max(_peak_mb() - at_start, 0.0)))
        del outcome


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _held_mb() -> float:
    """Return the memory that this process holds or shares now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 1024 / 1024
