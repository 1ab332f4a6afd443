"""The chart of permutation importance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.text.numbers import MINUS, format_number
from app.domain.text.words import pluralise
from app.domain.training.report.chart_series import FeatureLoss, ImportanceSeries
from app.web.charts import scales
from app.web.charts.chart_numbers import Numbers

MAX_BARS = 20
MAX_LISTED = 200


@dataclass(frozen=True)
class ImportanceBar:
    """One feature: its bar in per cent of the longest, and whether it stands out of the noise."""

    name: str
    width: float
    text: str
    noise: bool
    negative: bool


@dataclass(frozen=True)
class ImportanceChart:
    """Permutation importance."""

    metric_id: str
    basis: str
    repeats: int
    rows: int
    bars: tuple[ImportanceBar, ...]
    hidden: int
    numbers: Numbers


def build(values: ImportanceSeries | None) -> ImportanceChart | None:
    """Return the ranking of a report, or None where nothing could be measured."""
    given = values.items if values else ()
    items = [(_name_of(item), loss, item.std) for item in given for loss in scales.known_values([item.mean])]
    if not values or not items:
        return None
    longest = max(abs(loss) for _name, loss, _spread in items) or 1.0
    # One number of decimals for all, so that they can be compared from top to bottom.
    decimals = max(0, 2 - math.floor(math.log10(longest)) + (longest >= 1))
    bars = tuple(
        ImportanceBar(
            name=name,
            width=round(100 * min(abs(loss) / longest, 1.0), 2),
            text=f"{loss:z.{decimals}f}".replace("-", MINUS) if 1e-6 < longest < 1e6 else format_number(loss, 3),
            noise=abs(loss) <= 2 * (spread or 0.0) or loss <= 0,
            negative=loss < 0,
        )
        for name, loss, spread in items[:MAX_BARS]
    )
    return ImportanceChart(
        metric_id=values.metric,
        basis=values.basis,
        repeats=values.repeats,
        rows=values.rows,
        bars=bars,
        hidden=max(len(items) - MAX_BARS, 0),
        numbers=Numbers(
            "Loss of the score when a column is shuffled: mean and spread of the repeats.",
            ("Feature", "Loss", "\u00b1"),
            tuple(
                (name, format_number(loss, 3), format_number(spread, 2)) for name, loss, spread in items[:MAX_LISTED]
            ),
        ),
    )


def _name_of(item: FeatureLoss) -> str:
    """Return the label of a bar: the column, and how old its value is where it is not known ahead."""
    before = item.steps_before
    return item.feature if before is None else f"{item.feature}, {pluralise(before, 'step')} before"
