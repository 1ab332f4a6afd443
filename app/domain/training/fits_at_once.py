"""Parallel fits of all folds of one estimator, with the same results as one after another."""

from __future__ import annotations

import warnings
from typing import Any

from app.domain.contest.executor import Executor
from app.domain.contest.tasks import FitFailure, FitResult, FitTask, Outcome, SharedInput
from app.domain.errors import TrainingError
from app.domain.text.messages import fill
from app.domain.training.judging import judge_part
from app.domain.training.run_state import PartResult, TrainingRun
from app.domain.training.tuning.tuning import SearchCallbacks

MESSAGE = "Fitting each fold and all development rows: {fits} fits, {processes} at a time"


class FitsAtOnce:
    """The fits of a run that searches nothing, handed to an executor."""

    def __init__(self, run: TrainingRun, executor: Executor) -> None:
        self.run, self.executor = run, executor
        self.shared = SharedInput((run.spec,), run.table, run.split)
        self.parts = len(run.split.folds) + (run.split.holdout is not None)
        self.results: dict[int, FitResult] = {}
        self.judged: dict[int, PartResult] = {}
        self.failure: FitFailure | None = None

    def carry_out(self) -> Any:
        """Fit and judge every part; return the pipeline of the last one.

        Raises
        ------
        TrainingError
            With the sentence of the first part, in their order, that could not be fitted.
        """
        # The longest fits first, so that no processor waits for one of them at the end.
        parts = sorted(range(self.parts), key=lambda part: -len(self.shared.fold_of(part).train))
        tasks = [FitTask(part, 0, keeps_model=part == self.parts - 1) for part in parts]
        self.run.report_progress(fill(MESSAGE, fits=self.parts, processes=min(self.executor.processes, self.parts)))
        callbacks = SearchCallbacks(self.run.should_stop, self.run.most_trials)
        self.executor.run(self.shared, tasks, callbacks=callbacks, on_outcome=self._add, is_wanted=self._is_wanted)
        self.executor.close()
        if self.failure is not None:
            raise TrainingError(self.failure.reason, code=self.failure.code)
        for part in range(self.parts):
            for category, message in self.results[part].warned:
                warnings.warn(message, category, stacklevel=1)
        return self.results[self.parts - 1].model

    def _is_wanted(self, task: FitTask) -> bool:
        """Return whether a part is still of use: once one has failed, only those before it may have more to say."""
        return self.failure is None or task.part < self.failure.task.part

    def _add(self, outcome: Outcome) -> None:
        if isinstance(outcome, FitFailure):
            self.failure = outcome
            return
        run = self.run
        self.results[outcome.task.part] = outcome
        run.clock.add(outcome.clock)
        part = outcome.task.part
        if part < len(run.split.folds):
            # Whichever came first, folds stand in their order.
            self.judged[part] = self._judge(part)
            run.folds[:] = [self.judged[known] for known in sorted(self.judged)]
        else:
            run.holdout = self._judge(part)
        run.done += 1
        run.report_progress(fill("{done} of {fits} fits done", done=len(self.results), fits=self.parts))

    def _judge(self, part: int) -> PartResult:
        result = self.results[part]
        return judge_part(
            self.run.spec,
            self.run.table,
            self.shared.fold_of(part),
            name=self.shared.name_of(part),
            predictions=result.predictions,
            chosen=result.chosen,
            fitted=result.fitted,
        )
