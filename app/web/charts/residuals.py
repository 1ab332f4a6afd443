"""What was estimated minus what was observed: by month, or as a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.web.charts import scales
from app.web.charts.scales import MONTHS, Tick
from app.web.charts.words import Numbers, figure, with_unit

MARKS = ("q05", "q25", "q50", "q75", "q95")


@dataclass(frozen=True)
class Box:
    """The middle half, the middle nine tenths and the middle of one month, in per cent from the top."""

    x: float
    left: float
    width: float
    top: float
    height: float
    low: float
    high: float
    middle: float
    label: str
    optional: bool


@dataclass(frozen=True)
class Months:
    """Residuals by month."""

    sentence: str
    y_title: str
    y: tuple[Tick, ...]
    boxes: tuple[Box, ...]
    numbers: Numbers


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in per cent."""

    x: float
    width: float
    height: float
    below: bool


@dataclass(frozen=True)
class Histogram:
    """Residuals counted."""

    sentence: str
    x_title: str
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    zero: float
    bars: tuple[Bar, ...]
    numbers: Numbers


def by_month(values: dict[str, Any] | None, *, target: str, unit: str = "") -> Months | None:
    """Return the boxes of a report, or None where there are too few months."""
    lines = [line for line in (values or {}).get("by_month") or [] if all(line.get(mark) is not None for mark in MARKS)]
    if not lines:
        return None
    scale = scales.linear([line[mark] for line in lines for mark in MARKS] + [0.0])
    widest = max(lines, key=lambda line: line["q95"] - line["q05"])
    return Months(
        sentence=(
            f"Residuals of {target} by month. The middle nine tenths are widest in {MONTHS[widest['month'] - 1]}, "
            f"from {figure(widest['q05'], 2)} to {figure(widest['q95'], 2)}."
        ),
        y_title=scales.titled(with_unit("Predicted minus observed", unit), scale),
        y=tuple(Tick(round(100 - tick.at, 2), tick.label) for tick in scales.ticks(scale, signed=True)),
        boxes=tuple(_box(line, scale, place=place, count=len(lines)) for place, line in enumerate(lines)),
        numbers=Numbers(
            "Quantiles of predicted minus observed.",
            ("Month", "5 %", "25 %", "Median", "75 %", "95 %", "Rows"),
            tuple(
                (MONTHS[line["month"] - 1], *(figure(line[mark], 3) for mark in MARKS), f"{line['rows']:,}")
                for line in lines
            ),
        ),
    )


def _box(line: dict[str, Any], scale: scales.Scale, *, place: int, count: int) -> Box:
    slot = 100 / count
    at = {mark: scales.percent(1 - scale.share(line[mark])) for mark in MARKS}
    return Box(
        x=round((place + 0.5) * slot, 2),
        left=round((place + 0.22) * slot, 2),
        width=round(0.56 * slot, 2),
        top=at["q75"],
        height=round(max(at["q25"] - at["q75"], 0.2), 2),
        low=at["q05"],
        high=at["q95"],
        middle=at["q50"],
        label=MONTHS[line["month"] - 1],
        optional=place % 3 > 0,
    )


def histogram(values: dict[str, Any] | None, *, target: str, unit: str = "") -> Histogram | None:
    """Return the histogram of a report, or None where nothing was counted."""
    given = (values or {}).get("histogram") or {}
    edges, counts = scales.known(given.get("edges") or []), [int(count) for count in given.get("counts") or []]
    if not sum(counts) or len(edges) != len(counts) + 1:
        return None
    across = scales.Scale(edges[0], edges[-1]) if edges[-1] > edges[0] else scales.linear(edges)
    up = scales.linear(counts, from_zero=True)
    over = sum(count for low, count in zip(edges, counts, strict=False) if low >= 0)
    return Histogram(
        sentence=(
            f"Residuals of {target}, counted in {len(counts)} bins from {figure(edges[0], 3)} to "
            f"{figure(edges[-1], 3)}. About {100 * over / sum(counts):.0f} % of the predictions are too high."
        ),
        x_title=scales.titled(with_unit("Predicted minus observed", unit), across),
        x=scales.ticks(across, signed=True),
        y=tuple(Tick(round(100 - tick.at, 2), tick.label) for tick in scales.ticks(up)),
        zero=scales.percent(across.share(0.0)),
        bars=tuple(
            Bar(
                x=scales.percent(across.share(low)),
                width=max(round(scales.percent(across.share(high)) - scales.percent(across.share(low)) - 0.3, 2), 0.2),
                height=scales.percent(up.share(count)),
                below=high <= 0,
            )
            for (low, high), count in zip(pairwise(edges), counts, strict=True)
        ),
        numbers=Numbers(
            "Rows by the size of the residual; the outermost half per cent stands in the first and last bin.",
            ("From", "To", "Rows"),
            tuple(
                (figure(low, 3), figure(high, 3), f"{count:,}")
                for (low, high), count in zip(pairwise(edges), counts, strict=True)
            ),
            words=0,
        ),
    )
