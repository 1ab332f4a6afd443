"""Charts of residuals: by month, and as a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from app.domain.text.numbers import format_number
from app.domain.training.report.chart_series import MonthQuantiles, ResidualCounts, ResidualSeries
from app.web.charts import scales
from app.web.charts.chart_numbers import Numbers, add_unit
from app.web.charts.scales import MONTHS, Tick


@dataclass(frozen=True)
class ResidualBox:
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
    boxes: tuple[ResidualBox, ...]
    numbers: Numbers


@dataclass(frozen=True)
class HistogramBar:
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
    bars: tuple[HistogramBar, ...]
    numbers: Numbers


@dataclass(frozen=True)
class _Month:
    """The quantiles of a month that has all of them, from the lowest to the highest."""

    name: str
    rows: int
    marks: tuple[float, ...]

    @property
    def spread(self) -> float:
        """How far its middle nine tenths reach."""
        return self.marks[-1] - self.marks[0]


def _complete_months(months: tuple[MonthQuantiles, ...]) -> list[_Month]:
    known = [
        _Month(MONTHS[quantiles.month - 1], quantiles.rows, tuple(scales.known_values(quantiles.marks)))
        for quantiles in months
    ]
    return [month for month in known if len(month.marks) == 5]


def build_month_boxes(values: ResidualSeries | None, *, target: str, unit: str = "") -> Months | None:
    """Return the boxes of a report, or None where there are too few months."""
    months = _complete_months((values and values.by_month) or ())
    if not months:
        return None
    scale = scales.linear_scale([mark for month in months for mark in month.marks] + [0.0])
    widest = max(months, key=lambda month: month.spread)
    return Months(
        sentence=(
            f"Residuals of {target} by month. The middle nine tenths are widest in {widest.name}, "
            f"from {format_number(widest.marks[0], 2)} to {format_number(widest.marks[-1], 2)}."
        ),
        y_title=scales.axis_title(add_unit("Predicted minus observed", unit), scale),
        y=tuple(Tick(round(100 - tick.position, 2), tick.label) for tick in scales.scale_ticks(scale, signed=True)),
        boxes=tuple(_month_box(month, scale, place=place, count=len(months)) for place, month in enumerate(months)),
        numbers=Numbers(
            "Quantiles of predicted minus observed.",
            ("Month", "5 %", "25 %", "Median", "75 %", "95 %", "Rows"),
            tuple(
                (month.name, *(format_number(mark, 3) for mark in month.marks), f"{month.rows:,}") for month in months
            ),
        ),
    )


def _month_box(month: _Month, scale: scales.Scale, *, place: int, count: int) -> ResidualBox:
    slot = 100 / count
    low, lower, middle, upper, high = (scales.to_percent(1 - scale.share(mark)) for mark in month.marks)
    return ResidualBox(
        x=round((place + 0.5) * slot, 2),
        left=round((place + 0.22) * slot, 2),
        width=round(0.56 * slot, 2),
        top=upper,
        height=round(max(lower - upper, 0.2), 2),
        low=low,
        high=high,
        middle=middle,
        label=month.name,
        optional=place % 3 > 0,
    )


def build_histogram(values: ResidualSeries | None, *, target: str, unit: str = "") -> Histogram | None:
    """Return the histogram of a report, or None where nothing was counted."""
    given = values.histogram if values else ResidualCounts()
    edges, counts = scales.known_values(given.edges), given.counts
    if not sum(counts) or len(edges) != len(counts) + 1:
        return None
    across = scales.Scale(edges[0], edges[-1]) if edges[-1] > edges[0] else scales.linear_scale(edges)
    up = scales.linear_scale(counts, from_zero=True)
    over = sum(count for low, count in zip(edges, counts, strict=False) if low >= 0)
    return Histogram(
        sentence=(
            f"Residuals of {target}, counted in {len(counts)} bins from {format_number(edges[0], 3)} to "
            f"{format_number(edges[-1], 3)}. About {100 * over / sum(counts):.0f} % of the predictions are too high."
        ),
        x_title=scales.axis_title(add_unit("Predicted minus observed", unit), across),
        x=scales.scale_ticks(across, signed=True),
        y=tuple(Tick(round(100 - tick.position, 2), tick.label) for tick in scales.scale_ticks(up)),
        zero=scales.to_percent(across.share(0.0)),
        bars=tuple(
            HistogramBar(
                x=scales.to_percent(across.share(low)),
                width=max(
                    round(scales.to_percent(across.share(high)) - scales.to_percent(across.share(low)) - 0.3, 2), 0.2
                ),
                height=scales.to_percent(up.share(count)),
                below=high <= 0,
            )
            for (low, high), count in zip(pairwise(edges), counts, strict=True)
        ),
        numbers=Numbers(
            "Rows by the size of the residual; the outermost half per cent stands in the first and last bin.",
            ("From", "To", "Rows"),
            tuple(
                (format_number(low, 3), format_number(high, 3), f"{count:,}")
                for (low, high), count in zip(pairwise(edges), counts, strict=True)
            ),
            words=0,
        ),
    )
