"""The Executor interface for the tasks of a training, and the executor that uses this process alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from app.domain.contest.wishes import Wishes, no_wishes
from app.domain.errors import StoppedError
from app.domain.training.tuning.tuning import SearchCallbacks

TaskT = TypeVar("TaskT", bound=Hashable)
TaskT_contra = TypeVar("TaskT_contra", bound=Hashable, contravariant=True)
OutcomeT = TypeVar("OutcomeT")
OutcomeT_co = TypeVar("OutcomeT_co", covariant=True)


class SharedWork(Protocol[TaskT_contra, OutcomeT_co]):
    """What all tasks of one call share, and what carries out one of them: a pure function of both."""

    def carry_out(self, task: TaskT_contra, callbacks: SearchCallbacks) -> OutcomeT_co:
        """Carry out a task."""

    def fail(self, task: TaskT_contra, code: str, reason: str) -> OutcomeT_co:
        """Return the outcome of a task whose process ended before it did."""


class Executor(Protocol):
    """Carries out tasks, on one processor or on many.

    `processes` is how many may run at the same time, and `grown_mb` the memory that they took beyond this process.
    """

    processes: int
    grown_mb: float

    def run(
        self,
        shared: SharedWork[TaskT, OutcomeT],
        tasks: Iterable[TaskT],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[OutcomeT], None],
        is_wanted: Callable[[TaskT], bool] = lambda _task: True,
    ) -> None:
        """Carry out tasks, and hand over the outcome of each as it comes, in any order.

        Parameters
        ----------
        shared, tasks
            What all tasks share, and the tasks in the order in which they should begin.
        callbacks
            Called between two tasks, and by searches within them.
        on_outcome
            Called in the thread that called this, once for each task that was carried out.
        is_wanted
            Asked before a task begins; one that nobody wants any more is left out.

        Raises
        ------
        StoppedError
            When `callbacks.should_stop` returns True.
        """

    def close(self) -> None:
        """End what waits for more tasks."""


class SerialExecutor:
    """Carries out one task after another in this process."""

    processes = 1
    grown_mb = 0.0

    def run(
        self,
        shared: SharedWork[TaskT, OutcomeT],
        tasks: Iterable[TaskT],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[OutcomeT], None],
        is_wanted: Callable[[TaskT], bool] = lambda _task: True,
    ) -> None:
        """Carry out tasks in their order."""
        for task in tasks:
            if callbacks.should_stop():
                raise StoppedError
            if is_wanted(task):
                on_outcome(shared.carry_out(task, callbacks))

    def close(self) -> None:
        """Nothing waits here."""


def make_serial(_processes: int) -> Executor:
    """Return the way that needs nothing but this process, however many there might be."""
    return SerialExecutor()


@dataclass(frozen=True)
class ContestMeans:
    """How a contest is carried out: what makes an executor of so many processes, and what its owner asks for.

    `executor` is the one that was made.
    """

    make_executor: Callable[[int], Executor] = make_serial
    wishes: Wishes = no_wishes
    executor: Executor = field(default_factory=SerialExecutor)

    def with_processes(self, processes: int) -> ContestMeans:
        """Return the means with an executor of so many processes."""
        return replace(self, executor=self.make_executor(processes))
