"""The tasks of a contest: one fit of one candidate on one part, as a pure function.

Nothing in a task knows where it runs. What all tasks share is handed to an executor once; a task and its result are
small and travel between processes. The same task gives the same bits wherever and in whichever order it runs.
"""

from __future__ import annotations

import io
import logging
import pickle
import time
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from app.domain.errors import DomainError, StoppedError
from app.domain.experiment import Spec
from app.domain.training.fold_fit import FoldFit, fit_fold
from app.domain.training.preprocessing.pipeline import columns_chosen
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.clock import Clock
from app.domain.training.resolved.build import FittedPart
from app.domain.training.tuning.tuning import Search, SearchCallbacks
from app.domain.training.validation import scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold, Split

log = logging.getLogger("hydroml.contest")
HOLDOUT = "hold-out"


@dataclass(frozen=True)
class SharedInput:
    """What every task of a contest needs: the config of each candidate, the table, and how it is divided."""

    specs: tuple[Spec, ...]
    table: TrainingTable
    split: Split

    def fold_of(self, part: int) -> Fold:
        """Return a fold by its place, or what trains and judges the hold-out where the place is beyond all folds."""
        if part < len(self.split.folds):
            return self.split.folds[part]
        if self.split.holdout is None:
            raise ValueError("no rows are held out")
        return Fold(self.split.development, self.split.holdout)

    def carry_out(self, task: FitTask, callbacks: SearchCallbacks) -> Outcome:
        """Carry out a task."""
        return carry_out(task, self, callbacks)

    def fail(self, task: FitTask, code: str, reason: str) -> Outcome:
        """Return the outcome of a task whose process ended before it did."""
        return FitFailure(task, code, reason)

    def name_of(self, part: int) -> str:
        """Return the name of a part in a report, such as "fold 1"."""
        return f"fold {part + 1}" if part < len(self.split.folds) else HOLDOUT


@dataclass(frozen=True, order=True)
class FitTask:
    """Fit one candidate on the training rows of one part, and predict the rows that judge.

    `part` is the place of a fold, or the number of folds for the hold-out. `keeps_model` asks for the fitted pipeline.
    """

    part: int
    candidate: int
    keeps_model: bool = False


@dataclass(frozen=True)
class FitResult:
    """What a fit gave. `predict_seconds` is what 1,000 rows take, and `size_mb` the fitted pipeline as it is stored."""

    task: FitTask
    predictions: Predictions
    scores: dict[str, float | None]
    chosen: tuple[str, ...] | None
    fitted: FittedPart
    search: Search | None
    warned: tuple[tuple[type[Warning], str], ...]
    clock: Clock = field(compare=False)
    seconds: float = field(default=0.0, compare=False)
    predict_seconds: float = field(default=0.0, compare=False)
    size_mb: float | None = field(default=None, compare=False)
    model: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class FitFailure:
    """A task that gave nothing, with the sentence that says why."""

    task: FitTask
    code: str
    reason: str


Outcome: TypeAlias = FitResult | FitFailure


def carry_out(task: FitTask, shared: SharedInput, callbacks: SearchCallbacks | None = None) -> Outcome:
    """Carry out a task; a fault of its candidate is its outcome, so that the others go on.

    Parameters
    ----------
    task, shared
        What is to be done, and what all tasks share. Neither is changed.
    callbacks
        Called by a search between two fits.

    Raises
    ------
    StoppedError
        When `callbacks.should_stop` returns True.
    """
    started = time.perf_counter()
    spec, name = shared.specs[task.candidate], shared.name_of(task.part)
    try:
        fit = fit_fold(spec, shared.table, shared.fold_of(task.part), name=name, number=task.part, hooks=callbacks)
        return replace(_result(task, shared, fit, name), seconds=time.perf_counter() - started)
    except StoppedError:
        raise
    except DomainError as fault:
        return FitFailure(task, fault.code, fault.message)
    except MemoryError:
        return FitFailure(task, "out_of_memory", "It needs more memory than a job may use.")
    except Exception as fault:
        # A fault in one library must not cost the other candidates their results; the log keeps where it came from.
        log.exception("candidate %s failed on %s", task.candidate + 1, name)
        words = str(fault).split("\n", maxsplit=1)[0][:200]
        return FitFailure(task, "internal", f"It failed unexpectedly: {type(fault).__name__}: {words}")


def _result(task: FitTask, shared: SharedInput, fit: FoldFit, name: str) -> FitResult:
    spec, table, rows = shared.specs[task.candidate], shared.table, shared.fold_of(task.part).validation
    settings = None if fit.search is None else fit.search.chosen
    is_last = task.part == len(shared.split.folds) - 1
    return FitResult(
        task=task,
        predictions=fit.predicted,
        scores=scoring.judge(spec, table, rows, fit.predicted),
        chosen=columns_chosen(fit.pipeline),
        fitted=FittedPart.of(name, fit.pipeline, table, settings=settings),
        search=fit.search,
        warned=fit.warned,
        clock=fit.clock,
        predict_seconds=fit.predict_seconds / max(len(rows), 1) * 1000,
        size_mb=stored_mb(fit.pipeline) if is_last else None,
        model=fit.pipeline if task.keeps_model else None,
    )


class _ByteCounter(io.RawIOBase):
    """A file that keeps nothing but its length."""

    def __init__(self) -> None:
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.length += size
        return size


def stored_mb(model: Any) -> float | None:
    """Return the size of a fitted pipeline as it is stored, in MB; None where it cannot be stored."""
    counter = _ByteCounter()
    try:
        pickle.Pickler(counter, protocol=pickle.HIGHEST_PROTOCOL).dump(model)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return round(counter.length / 1e6, 3)
