"""What the model relies on, ranked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from app.web.charts import scales
from app.web.charts.words import Numbers, figure

MOST_BARS = 20
MOST_LISTED = 200


@dataclass(frozen=True)
class Ranked:
    """One feature: its bar in per cent of the longest, and whether it stands out of the noise."""

    name: str
    width: float
    text: str
    noise: bool
    negative: bool


@dataclass(frozen=True)
class Ranking:
    """Permutation importance."""

    metric_id: str
    basis: str
    repeats: int
    rows: int
    bars: tuple[Ranked, ...]
    hidden: int
    numbers: Numbers


def build(values: dict[str, Any] | None) -> Ranking | None:
    """Return the ranking of a report, or None where nothing could be measured."""
    items = [item for item in (values or {}).get("items") or [] if scales.known([item.get("mean")])]
    if not values or not items:
        return None
    longest = max(abs(item["mean"]) for item in items) or 1.0
    # One number of decimals for all, so that they can be compared from top to bottom.
    decimals = max(0, 2 - math.floor(math.log10(longest)) + (longest >= 1))
    bars = tuple(
        Ranked(
            name=str(item["feature"]),
            width=round(100 * min(abs(item["mean"]) / longest, 1.0), 2),
            text=f"{item['mean']:z.{decimals}f}".replace("-", scales.MINUS)
            if 1e-6 < longest < 1e6
            else figure(item["mean"], 3),
            noise=abs(item["mean"]) <= 2 * (item.get("std") or 0.0) or item["mean"] <= 0,
            negative=item["mean"] < 0,
        )
        for item in items[:MOST_BARS]
    )
    return Ranking(
        metric_id=str(values["metric"]),
        basis=str(values["basis"]),
        repeats=int(values["repeats"]),
        rows=int(values["rows"]),
        bars=bars,
        hidden=max(len(items) - MOST_BARS, 0),
        numbers=Numbers(
            "Loss of the score when a column is shuffled: mean and spread of the repeats.",
            ("Feature", "Loss", "\u00b1"),
            tuple(
                (str(item["feature"]), figure(item["mean"], 3), figure(item.get("std"), 2))
                for item in items[:MOST_LISTED]
            ),
        ),
    )
