"""The chart that compares splits: bars of scores with spread and baseline, and the table."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.experiment import Spec
from app.domain.text.numbers import format_score
from app.domain.training.optimism_report import (
    RANDOM,
    TITLES,
    SplitComparison,
    SplitScore,
    flattery_here,
    flattery_of,
    sentence_of,
)
from app.domain.training.validation import metrics


@dataclass(frozen=True)
class SplitBar:
    """One split: its bar, whiskers and baseline in per cent of the width, and what the table says of it.

    `reason` says why there are no scores; nothing is drawn then.
    """

    title: str
    reason: str = ""
    start: float = 0.0
    width: float = 0.0
    is_negative: bool = False
    whisker: tuple[float, float] | None = None
    baseline_at: float | None = None
    score: str = ""
    spread: str = ""
    baseline: str = ""
    baseline_title: str = ""
    flattery: str = ""


@dataclass(frozen=True)
class SplitBars:
    """All splits, and the sentence that sums them up."""

    metric: str
    sentence: str
    bars: tuple[SplitBar, ...]
    rows: int
    train_rows: int


def split_bars(comparison: SplitComparison, spec: Spec) -> SplitBars:
    """Return the picture of a complete comparison."""
    metric, here = metrics.get(comparison.metric), flattery_here(comparison, spec)
    ends = [value for item in comparison.items for value in _bar_ends(item)]
    low, high = min([0.0, *ends]), max([1.0 if metric.best == 1.0 else 0.0, *ends])
    return SplitBars(
        metric=metric.title,
        sentence=f"{metric.title} is not defined on these rows, so there is nothing to compare."
        if here is None
        else sentence_of(here, metric=metric.title),
        bars=tuple(_split_bar(item, comparison, low, high) for item in comparison.items),
        rows=comparison.rows,
        train_rows=comparison.train_rows,
    )


def _bar_ends(item: SplitScore) -> list[float]:
    """Return the values that have to fit into the width."""
    if item.mean is None:
        return []
    spread = item.spread or 0.0
    known = [item.mean - spread, item.mean + spread]
    return known if item.baseline_mean is None else [*known, item.baseline_mean]


def _split_bar(item: SplitScore, comparison: SplitComparison, low: float, high: float) -> SplitBar:
    title = TITLES[item.split]
    if item.reason or item.mean is None:
        return SplitBar(title, reason=item.reason or "The metric is not defined here.")

    def place(value: float) -> float:
        return round(100 * (value - low) / ((high - low) or 1.0), 2)

    start, end = sorted((place(0.0), place(item.mean)))
    spread, rule = item.spread, item.baseline_mean
    flattery = None if item.split == RANDOM else flattery_of(comparison, item.split)
    return SplitBar(
        title,
        start=start,
        width=round(end - start, 2),
        is_negative=item.mean < 0,
        whisker=None if spread is None else (place(item.mean - spread), place(item.mean + spread)),
        baseline_at=None if rule is None else place(rule),
        score=format_score(item.mean),
        spread="" if spread is None else f"±{format_score(spread)}",
        baseline=format_score(rule),
        baseline_title=item.baseline,
        flattery="" if flattery is None else format_score(flattery.difference),
    )
