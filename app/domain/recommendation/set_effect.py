"""The effect of the suggested feature set: scores with and without it, fold by fold."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from app.domain.json_values import JsonObject, from_json
from app.domain.training.validation import metrics


@dataclass(frozen=True)
class SetEffect:
    """The scores of the first choice with and without the suggested set, on the same folds.

    `rows` is how many rows it learnt from. `difference` is what the set gains on all judged rows together, in the unit
    of the metric and above zero where it helps; `low` and `high` bound its 90 % interval, None where too little can be
    resampled.
    """

    estimator: str
    metric: str
    rows: int
    with_set: tuple[float, ...]
    without_set: tuple[float, ...]
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def folds_won(self) -> int:
        """Return in how many folds the set helps."""
        loss = metrics.get(self.metric).loss
        return sum(loss(first, other) > 0 for first, other in zip(self.with_set, self.without_set, strict=True))

    @property
    def scores(self) -> str:
        """Return both scores and in how many folds the set helps, such as "NSE 0.82 with it, 0.65 without"."""
        unit, folds = metrics.get(self.metric).title, len(self.with_set)
        scores = f"{unit} {np.mean(self.with_set):.3f}; without: {np.mean(self.without_set):.3f}"
        return f"{scores}; better in {self.folds_won} of {folds} folds".replace("-", "\u2212")

    @property
    def interval(self) -> str:
        """Return the interval of the difference in words, "" where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:.3f} to {self.high:.3f}".replace("-", "\u2212")

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return asdict(self)

    def describe(self) -> JsonObject:
        """Return it as programs see it."""
        return {**self.to_json(), "folds_won": self.folds_won}

    @staticmethod
    def from_json(values: JsonObject) -> SetEffect:
        """Build from what `to_json` gave."""
        return from_json(SetEffect, values)
