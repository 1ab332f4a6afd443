"""The chart of a pair of columns: points, boxes, or a table of counts."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.text.numbers import MINUS, format_number
from app.services.measurements.correlations import ClassSpread as Spread
from app.services.measurements.correlations import PairPicture
from app.web.charts import scales
from app.web.charts.chart_numbers import Numbers, shorten_name
from app.web.charts.residuals import ResidualBox
from app.web.charts.scales import Tick

MAX_BOXES = 12
MAX_CLASSES = 12
MAX_POINTS = 600


@dataclass(frozen=True)
class PairChart:
    """A drawing of one pair. `kind` is "scatter", "boxes", "table" or "none", and says which of the rest is filled."""

    kind: str
    heading: str
    sentence: str
    note: str
    x_title: str = ""
    y_title: str = ""
    x: tuple[Tick, ...] = ()
    y: tuple[Tick, ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    boxes: tuple[ResidualBox, ...] = ()
    numbers: Numbers | None = None


def build(picture: PairPicture) -> PairChart:
    """Return the drawing of a pair."""
    value = "" if picture.value is None else f"{picture.value:.2f}".replace("-", MINUS)
    words = f", {picture.measure} {value}" if value else ""
    sentence = f"{picture.column} and {picture.other}{words}, on {picture.rows:,} rows that have both."
    heading = f"{shorten_name(picture.column, 60)} and {shorten_name(picture.other, 60)}{words}"
    if picture.kind == "scatter" and picture.points:
        return _scatter_chart(picture, heading, sentence)
    if picture.kind == "boxes" and picture.boxes:
        return _boxes_chart(picture, heading, sentence)
    if picture.kind == "table" and picture.counts:
        return _table_chart(picture, heading, sentence)
    return PairChart("none", heading, sentence, picture.reason or "There is nothing to draw: no row has both values.")


def _vertical_ticks(marks: tuple[Tick, ...]) -> tuple[Tick, ...]:
    return tuple(Tick(round(100 - tick.position, 2), tick.label) for tick in marks)


def _scatter_chart(picture: PairPicture, heading: str, sentence: str) -> PairChart:
    points = picture.points[:MAX_POINTS]
    across, up = scales.linear_scale([x for x, _ in points]), scales.linear_scale([y for _, y in points])
    share = "All" if picture.rows <= len(points) else f"{len(points):,} of"
    return PairChart(
        "scatter",
        heading,
        sentence,
        f"{share} {picture.rows:,} rows, drawn by chance." if share != "All" else f"All {picture.rows:,} rows.",
        x_title=scales.axis_title(shorten_name(picture.column, 40), across),
        y_title=scales.axis_title(shorten_name(picture.other, 40), up),
        x=scales.scale_ticks(across),
        y=_vertical_ticks(scales.scale_ticks(up)),
        points=tuple((scales.to_percent(across.share(x)), scales.to_percent(1 - up.share(y))) for x, y in points),
    )


def _boxes_chart(picture: PairPicture, heading: str, sentence: str) -> PairChart:
    spreads = picture.boxes[:MAX_BOXES]
    up = scales.linear_scale([value for box in spreads for value in box.quantiles])
    more = (
        f" The {len(spreads)} most frequent of {len(picture.boxes):,} classes."
        if len(picture.boxes) > len(spreads)
        else ""
    )
    return PairChart(
        "boxes",
        heading,
        sentence,
        f"The middle half, the middle nine tenths and the median of each class.{more}",
        y_title=scales.axis_title(shorten_name(picture.other, 40), up),
        y=_vertical_ticks(scales.scale_ticks(up)),
        boxes=tuple(_residual_box(box, up, place=place, count=len(spreads)) for place, box in enumerate(spreads)),
        numbers=Numbers(
            f"Quantiles of {shorten_name(picture.other, 40)} by {shorten_name(picture.column, 40)}.",
            ("Class", "5 %", "25 %", "Median", "75 %", "95 %", "Rows"),
            tuple(
                (shorten_name(box.label, 40), *(format_number(value, 3) for value in box.quantiles), f"{box.rows:,}")
                for box in picture.boxes[:60]
            ),
        ),
    )


def _residual_box(spread: Spread, up: scales.Scale, *, place: int, count: int) -> ResidualBox:
    slot = 100 / count
    low, first, middle, third, high = (scales.to_percent(1 - up.share(value)) for value in spread.quantiles)
    return ResidualBox(
        x=round((place + 0.5) * slot, 2),
        left=round((place + 0.22) * slot, 2),
        width=round(0.56 * slot, 2),
        top=third,
        height=round(max(first - third, 0.2), 2),
        low=low,
        high=high,
        middle=middle,
        label=shorten_name(spread.label, max(6, 80 // count)),
        optional=count > 6 and place % 2 > 0,
    )


def _table_chart(picture: PairPicture, heading: str, sentence: str) -> PairChart:
    lines, heads = picture.labels[0][:MAX_CLASSES], picture.labels[1][:MAX_CLASSES]
    rows = tuple(
        (shorten_name(label, 40), *(f"{count:,}" for count in counts[: len(heads)]))
        for label, counts in zip(lines, picture.counts, strict=False)
    )
    caption = f"Rows by {shorten_name(picture.column, 40)} (lines) and {shorten_name(picture.other, 40)} (columns)."
    numbers = Numbers(caption, (shorten_name(picture.column, 24), *(shorten_name(head, 24) for head in heads)), rows)
    return PairChart("table", heading, sentence, caption, numbers=numbers)
