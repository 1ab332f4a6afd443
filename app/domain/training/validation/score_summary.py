"""ScoreSummary: one metric over the folds and on the hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import model_serializer

from app.domain.json_values import drop_absent


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """Mean and standard deviation over the folds, the score of each fold, and that of the hold-out.

    `mean_absolute` is the mean of the sizes, for a metric whose errors have both signs, where it decides. None stands
    where a metric is not defined, or where there is no hold-out.
    """

    mean: float | None
    std: float | None
    folds: tuple[float | None, ...]
    holdout: float | None
    mean_absolute: float | None = None

    def decisive(self, *, holdout: bool) -> float | None:
        """Return the score of the hold-out, or the mean of the folds that decides."""
        if holdout:
            return self.holdout
        return self.mean if self.mean_absolute is None else self.mean_absolute

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("mean_absolute",))
