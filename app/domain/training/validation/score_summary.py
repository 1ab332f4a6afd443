"""The scores of one metric over the folds and on the rows held out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """Mean and standard deviation over the folds, the score of each fold, and that of the hold-out.

    None stands where a metric is not defined, or where there is no hold-out.
    """

    mean: float | None
    std: float | None
    folds: tuple[float | None, ...]
    holdout: float | None

    def decisive(self, *, holdout: bool) -> float | None:
        """Return the score of the hold-out, or the mean of the folds."""
        return self.holdout if holdout else self.mean
