"""The result of a comparison of splits: scores of each, and by how much a random split is too optimistic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import Spec
from app.domain.json_values import JsonObject, from_json, to_json
from app.domain.text.numbers import format_score
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.metrics import Metric
from app.domain.vocabulary import Purpose

RANDOM, FORWARD, SITES, BLOCKS = "random", "forward", "sites", "blocks"
TITLES = {RANDOM: "Random split", FORWARD: "Forward in time", SITES: "Leave site out", BLOCKS: "Masked blocks"}
# Differences up to this share of what a metric can differ by are none: of its best score, or of its baseline's error.
SAME = 0.02
# Paired differences over at least so many pieces tell luck from more.
MIN_PIECES = 3


@dataclass(frozen=True, kw_only=True)
class SplitScore:
    """One split: its scores on each piece of the rows, title and scores of its strongest baseline; or a `reason`.

    The reason says why the split cannot be made.
    """

    split: str
    scores: tuple[float | None, ...] = ()
    baseline: str = ""
    baseline_scores: tuple[float | None, ...] = ()
    reason: str = ""

    @property
    def mean(self) -> float | None:
        """Return the mean over the pieces on which the metric is defined."""
        return mean_of(self.scores)

    @property
    def spread(self) -> float | None:
        """Return the standard deviation over the pieces."""
        known = [score for score in self.scores if score is not None]
        return float(np.std(known, ddof=1)) if len(known) > 1 else None

    @property
    def baseline_mean(self) -> float | None:
        """Return the mean of the strongest baseline."""
        return mean_of(self.baseline_scores)


@dataclass(frozen=True, kw_only=True)
class SplitComparison:
    """All splits side by side, as far as they are fitted. `train_rows` is how many rows each learns from on average."""

    metric: str
    rows: int
    columns: int
    train_rows: int
    total: int
    done: int = 0
    items: tuple[SplitScore, ...] = ()
    complete: bool = False

    def of(self, split: str) -> SplitScore | None:
        """Return one of the splits, None where it was not compared."""
        return next((item for item in self.items if item.split == split and not item.reason), None)

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return to_json(self)

    @staticmethod
    def from_json(values: JsonObject) -> SplitComparison:
        """Build from what `to_json` gave."""
        return from_json(SplitComparison, values)


@dataclass(frozen=True)
class Flattery:
    """By how much a random split flatters beside another one; above zero it does.

    `luck` is two standard errors of the paired differences, None on fewer pieces than tell it. `same` is the difference
    that means nothing in this metric.
    """

    split: str
    difference: float
    luck: float | None
    same: float

    @property
    def state(self) -> str:
        """Return "flatters", "lower", "same", or "unclear" where luck may explain a difference that would matter."""
        if abs(self.difference) <= self.same:
            return "same"
        if self.luck is None or abs(self.difference) <= self.luck:
            return "unclear"
        return "flatters" if self.difference > 0 else "lower"


def comparable_splits(spec: Spec, profile: DatasetProfile) -> tuple[str, ...]:
    """Return the splits that mean something for a config; fewer than two compare nothing.

    Gaps are judged by blocks like those of the record: single rows drawn at random are far shorter than any gap.
    """
    task = spec.task
    ordered = task.time_column is not None and profile.has(task.time_column)
    if task.purpose is Purpose.FILL_GAPS:
        return (RANDOM, BLOCKS) if ordered and not task.kind.is_classification else ()
    results = [RANDOM, FORWARD] if ordered else [RANDOM]
    if task.group_column is not None and profile.has(task.group_column):
        results += [SITES] if profile.column(task.group_column).distinct > 1 else []
    return tuple(results) if len(results) > 1 else ()


def mean_of(scores: Sequence[float | None]) -> float | None:
    """Return the mean of the scores that are defined, None where none is."""
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def flattery_of(comparison: SplitComparison, split: str) -> Flattery | None:
    """Return by how much a random split flatters beside another one, None where either has no score."""
    metric, drawn, other = metrics.get(comparison.metric), comparison.of(RANDOM), comparison.of(split)
    if drawn is None or other is None:
        return None
    pairs = [
        metric.loss(high, low)
        for high, low in zip(drawn.scores, other.scores, strict=True)
        if high is not None and low is not None
    ]
    if not pairs:
        return None
    luck = 2 * float(np.std(pairs, ddof=1)) / math.sqrt(len(pairs)) if len(pairs) >= MIN_PIECES else None
    return Flattery(split, float(np.mean(pairs)), luck, SAME * _scale(metric, other))


def _scale(metric: Metric, split: SplitScore) -> float:
    """Return the amount beside which a difference is large or small."""
    if metric.unit_kind == "none" and metric.best is not None and metric.greater_is_better:
        return 1.0
    return abs(split.baseline_mean or 0.0) or 1.0


def flattery_here(comparison: SplitComparison, spec: Spec) -> Flattery | None:
    """Return the difference to show for a config: that of its own kind of split, else the largest one."""
    entry = splitting.get(spec.validation.strategy)
    known = [flattery for name in (FORWARD, SITES, BLOCKS) if (flattery := flattery_of(comparison, name)) is not None]
    own = SITES if entry.needs_group else FORWARD if entry.needs_time else ""
    return next(
        (item for item in known if item.split == own), max(known, key=lambda element: element.difference, default=None)
    )


def sentence_of(flattery: Flattery, *, metric: str) -> str:
    """Return the one sentence about a difference; `metric` is its title."""
    amount = format_score(abs(flattery.difference))
    if flattery.state == "flatters":
        return f"A random split would flatter this by {amount} {metric}."
    if flattery.state == "same":
        bound = max(abs(flattery.difference), flattery.luck or 0.0, 0.01)
        return f"Here a random split says the same, within ±{format_score(bound)}."
    if flattery.state == "lower":
        return f"A random split does not flatter this: it scores {amount} {metric} worse."
    way = "better" if flattery.difference > 0 else "worse"
    return f"A random split scores {amount} {metric} {way} here, which may be chance."
