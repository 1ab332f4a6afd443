"""What training says while it runs and when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Progress:
    """Where training stands: `done` of `total` fits, a sentence, and the scores of the folds judged so far.

    `search` is what the search under way has found, None where none is: {part, done, total, metric, best, scores}.
    """

    done: int
    total: int
    message: str
    folds: tuple[dict[str, Any], ...] = ()
    search: dict[str, Any] | None = None

    @property
    def fraction(self) -> float:
        """The share of the work that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class TrainingResult:
    """The judged experiment: `report` is JSON (its shape is documented in app.domain.training.report.report)."""

    report: dict[str, Any]
    predictions: pd.DataFrame = field(repr=False)


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
# How many trials a search may take since the user asked it to end early, None while nobody did.
MostTrials = Callable[[], int | None]
