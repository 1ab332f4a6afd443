"""The chart of correlation against lag, and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.domain.analysis.associations.lag_correlation import LagCurve, LagMeasures, LagRange
from app.domain.hydrology.naming import Quantity, quantity_of
from app.domain.purpose_words import duration_words
from app.domain.text.numbers import MINUS
from app.web.charts import paths, scales
from app.web.charts.chart_numbers import Numbers, shorten_name

# Past five lines a picture says nothing; the table has them all.
MAX_LINES = 5
# Lettering below the axis; of the ranges between, the names are left out.
MAX_TICKS = 9
RAIN = "rain"
WELLS = ("head", "gwl", "groundwater", "dtw", "well")


@dataclass(frozen=True)
class LagLine:
    """One driver: its name, its place among the series, and its path."""

    name: str
    series: int
    path: str


@dataclass(frozen=True)
class LagChart:
    """The curves, ready to draw. `memory_at` is where the memory of the main driver ends, in per cent of the width."""

    sentence: str
    lines: tuple[LagLine, ...]
    hidden: int
    x: tuple[scales.Tick, ...]
    y: tuple[scales.Tick, ...]
    zero: float
    memory_at: float | None
    memory_label: str
    numbers: Numbers


def build(measures: LagMeasures, *, target: str, roles: Mapping[str, str]) -> LagChart | None:
    """Return the chart of what was measured, None while there is nothing to draw.

    `roles` says in a word what each driver brings, "" where that is not known.
    """
    curves = [curve for curve in measures.curves if any(part.value is not None for part in curve.ranges)]
    if not curves:
        return None

    def span(steps: int) -> str:
        return duration_words(steps, measures.step_seconds)

    main, ranges = main_curve(curves, roles), curves[0].ranges
    values = [part.value for curve in curves for part in curve.ranges]
    scale = scales.linear_scale(values, from_zero=True, most=4)
    drawn = sorted(curves, key=lambda curve: (curve is not main, -abs(curve.strongest)))[:MAX_LINES]
    places = [(position + 0.5) / len(ranges) for position in range(len(ranges))]
    end = _memory_end(main, ranges)

    def line(curve: LagCurve, series: int) -> LagLine:
        heights = [None if part.value is None else scale.share(part.value) for part in curve.ranges]
        return LagLine(shorten_name(curve.driver, 40), series, paths.line(list(zip(places, heights, strict=True))))

    return LagChart(
        sentence=memory_sentence(main, target, roles.get(main.driver, ""), span),
        lines=tuple(line(curve, place) for place, curve in enumerate(drawn, start=1)),
        hidden=len(curves) - len(drawn),
        x=_ticks(ranges, places, span),
        y=tuple(
            scales.Tick(scales.to_percent(1 - tick.position / 100), tick.label) for tick in scales.scale_ticks(scale)
        ),
        zero=scales.to_percent(1 - scale.share(0.0)),
        memory_at=end,
        memory_label=span(main.remembered) if end is not None else "",
        numbers=_numbers(curves, span),
    )


def main_curve(curves: list[LagCurve], roles: Mapping[str, str]) -> LagCurve:
    """Return the driver that the sentence is about: rain where it is remembered, else what goes best with the target.

    A driver that is remembered comes before one that goes with the target by chance.
    """
    return max(curves, key=lambda curve: (curve.remembered > 0, roles.get(curve.driver) == RAIN, abs(curve.strongest)))


def memory_sentence(curve: LagCurve, target: str, role: str, span: Callable[[int], str]) -> str:
    """Return in a sentence how long a target remembers a driver."""
    thing, driver = thing_of(target), role or curve.driver[:40]
    if not curve.remembered:
        return f"{thing} remembers none of its drivers: no correlation with the past is above chance."
    if curve.remembered == 1:
        return f"{thing} goes with {driver} of the same step alone; nothing before is remembered."
    return f"{thing} remembers its {driver} for about {span(curve.remembered)}."


def thing_of(target: str) -> str:
    """Return how a sentence that begins with the target names it."""
    quantity = quantity_of(target) or quantity_of(target.rsplit("_", 1)[0])
    if any(word in target.lower() for word in WELLS):
        return "This well"
    return "This river" if quantity is Quantity.FLOW else target[:40]


def _memory_end(main: LagCurve, ranges: tuple[LagRange, ...]) -> float | None:
    """Return the right end of the last range that is remembered, in per cent of the width."""
    inside = sum(part.last < main.remembered for part in ranges)
    return scales.to_percent(inside / len(ranges)) if main.remembered > 1 else None


def _ticks(ranges: tuple[LagRange, ...], places: list[float], span: Callable[[int], str]) -> tuple[scales.Tick, ...]:
    every = max(1, -(-len(ranges) // MAX_TICKS))
    ticks = []
    for position in range(0, len(ranges), every):
        label = span(ranges[position].first) if ranges[position].first else "same"
        ticks.append(scales.Tick(scales.to_percent(places[position]), label, optional=(position // every) % 2 == 1))
    return tuple(ticks)


def _numbers(curves: list[LagCurve], span: Callable[[int], str]) -> Numbers:
    rows = []
    for index, part in enumerate(curves[0].ranges):
        label = "the same step" if not part.last else span(part.last)
        if part.first != part.last:
            label = f"{part.first:,} to {label}"
        rows.append((label, *(_format_correlation(curve.ranges[index]) for curve in curves)))
    rows.append(("Remembered", *(span(curve.remembered) if curve.remembered else "" for curve in curves)))
    return Numbers(
        "Rank correlation without the season, with the mean of each range before a row. In brackets: within chance.",
        ("Before", *(shorten_name(curve.driver) for curve in curves)),
        tuple(rows),
    )


def _format_correlation(part: LagRange) -> str:
    if part.value is None:
        return ""
    text = f"{part.value:+.2f}".replace("-", MINUS)
    return text if abs(part.value) > part.chance else f"({text})"
