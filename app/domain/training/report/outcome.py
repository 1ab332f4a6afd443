"""Progress messages of a running training, and its final result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from app.domain.contest.summary import ContestProgress
from app.domain.json_values import JsonObject, drop_absent, from_json, to_json
from app.domain.training.report.document import Report
from app.domain.training.tuning.search_summary import TrialScore


@dataclass(frozen=True, kw_only=True)
class FoldScore:
    """The primary score of a fold that was judged, and that of the strongest baseline on the same rows."""

    fold: str
    metric: str
    score: float | None
    baseline: float | None
    baseline_title: str = ""
    train_rows: int
    validation_rows: int


@dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """The progress of a search and its best score so far; `limited` says that its owner asked for its end."""

    done: int
    total: int
    metric: str
    best: float | None
    limited: bool = False
    scores: tuple[TrialScore, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """How far a training is, as its job stored it; `fraction` is None before it told anything."""

    fraction: float | None = None
    message: str = ""
    done: int = 0
    total: int = 0
    folds: tuple[FoldScore, ...] = ()
    search: SearchProgress | None = None
    contest: ContestProgress | None = None

    @classmethod
    def from_json(cls, values: object) -> JobProgress:
        """Read what a job stored; ValueError where it is no progress of a training."""
        return from_json(cls, values)


@dataclass(frozen=True)
class Progress:
    """Where training stands: `done` of `total` fits, a sentence, and the scores of the folds judged so far."""

    done: int
    total: int
    message: str
    folds: tuple[FoldScore, ...] = ()
    search: SearchProgress | None = None
    contest: ContestProgress | None = None

    @property
    def fraction(self) -> float:
        """The share of the work that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    def to_json(self) -> JsonObject:
        """Return it as a job stores it, with the share of the work that is done."""
        output = drop_absent(to_json(self), ("contest",))
        return {"fraction": round(self.fraction, 4), **output}


@dataclass(frozen=True)
class TrainingResult:
    """The judged experiment: its report, and every validated row with its prediction."""

    report: Report
    predictions: pd.DataFrame = field(repr=False)


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
# How many trials a search may take since the user asked it to end early, None while nobody did.
MostTrials = Callable[[], int | None]
