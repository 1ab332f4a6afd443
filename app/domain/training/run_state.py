"""The state of a running training: results so far and progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import StoppedError
from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.chart_series import ImportanceSeries
from app.domain.training.report.clock import Clock, accounted_peak_mb
from app.domain.training.report.outcome import (
    FoldScore,
    MostTrials,
    OnProgress,
    Progress,
    SearchProgress,
    ShouldStop,
)
from app.domain.training.resolved.build import FittedMember, FittedPart
from app.domain.training.tuning import tuning
from app.domain.training.tuning.tuning_report import scores_of
from app.domain.training.validation import baselines, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Split

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class PartResult:
    """One judged part: a fold, or the hold-out. `chosen` are the columns that rules kept on its training rows,
    and `fitted` what the fit tells whoever repeats it.

    `baseline_unknown` tells on how many of the rows each baseline knows nothing and so predicts the mean.
    """

    name: str
    train: Rows
    rows: Rows
    predictions: Predictions
    scores: dict[str, float | None]
    baseline_scores: dict[str, dict[str, float | None]]
    baseline_predictions: dict[str, Predictions]
    baseline_unknown: dict[str, int] = field(default_factory=dict)
    chosen: tuple[str, ...] | None = None
    fitted: FittedPart | None = None


@dataclass(frozen=True)
class FilledRows:
    """Missing values that were filled: their places among the missing rows of the table, and the values."""

    places: Rows
    values: NDArray[np.float64]


@dataclass
class TrainingRun:
    """All that one training gathers on its way to the report.

    Of a contest, `candidate` is the number of the candidate whose config `spec` is: the winner, or the largest member
    of a blend. Of a blend, `averaged` holds the settled config of each member with its share, and `members` what it
    takes to repeat every fold.
    """

    spec: Spec
    table: TrainingTable
    split: Split
    profile: DatasetProfile
    on_progress: OnProgress
    should_stop: ShouldStop
    most_trials: MostTrials = lambda: None
    peak_memory_mb: Callable[[], float] = accounted_peak_mb
    folds: list[PartResult] = field(default_factory=list)
    holdout: PartResult | None = None
    importance: ImportanceSeries | None = None
    notes: list[str] = field(default_factory=list)
    searches: list[tuning.Search] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    done: int = 0
    filled: FilledRows | None = None
    averaged: tuple[tuple[Spec, float], ...] = ()
    candidate: int | None = None
    members: tuple[FittedMember, ...] = ()

    @property
    def total(self) -> int:
        """The number of things to do: each fold and the hold-out with their trials, the importance, and the gaps."""
        judged = len(self.folds) + (self.holdout is not None)
        left = len(self.split.folds) + (self.split.holdout is not None) - judged
        spent = judged + sum(len(search.trials) for search in self.searches[:judged])
        return spent + left * (1 + self.trials_each) + 1 + (self.table.missing is not None)

    @property
    def trials_each(self) -> int:
        """How many trials a search takes."""
        tuned = self.spec.model.tuning
        return min(tuned.trials, self.most_trials() or tuned.trials) if tuned.enabled else 0

    def report_progress(self, message: str, trials: list[tuning.Trial] | None = None) -> None:
        """Report the progress, with the score of every judged fold and the trials of the running search."""
        lines = tuple(_fold_line(self, part) for part in self.folds)
        under_way = None if trials is None else _search_line(self, trials)
        done = min(self.done + len(trials or ()), self.total)
        self.on_progress(Progress(done, self.total, message, lines, under_way))

    def raise_if_cancelled(self) -> None:
        """Raise StoppedError when the user has cancelled."""
        if self.should_stop():
            raise StoppedError


def _search_line(run: TrainingRun, trials: list[tuning.Trial]) -> SearchProgress:
    metric = tuning.tuning_metric(run.spec)
    known = [trial.score for trial in trials if trial.state == tuning.COMPLETE and trial.score is not None]
    largest = metric.greater_is_better and not metric.signed
    return SearchProgress(
        done=len(trials),
        total=run.trials_each,
        metric=metric.id,
        best=(max(known) if largest else min(known)) if known else None,
        limited=run.most_trials() is not None,
        scores=scores_of(trials),
    )


def _fold_line(run: TrainingRun, part: PartResult) -> FoldScore:
    metric = scoring.metrics_of(run.spec)[0]
    known = {name: scores[metric.id] for name, scores in part.baseline_scores.items()}
    rival = baselines.strongest_baseline(metric, known)
    titles = {entry.id: entry.title for entry in baselines.baselines_for_experiment(run.spec, run.table)}
    return FoldScore(
        fold=part.name,
        metric=metric.id,
        score=part.scores[metric.id],
        baseline=known[rival],
        baseline_title=titles[rival],
        train_rows=len(part.train),
        validation_rows=len(part.rows),
    )
