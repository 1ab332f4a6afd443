"""Charts of usage: days as bars, and the funnel of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.text.words import pluralise
from app.domain.usage.figures import DayFigures, StepFigures
from app.domain.wizard import step_of
from app.web.charts import scales
from app.web.charts.scales import Tick

MAX_LABELS = 8
GAP = 0.2


@dataclass(frozen=True)
class DayBar:
    """One day: where its bars stand and how high they are, in per cent."""

    x: float
    width: float
    started: float
    launched: float


@dataclass(frozen=True)
class DaysChart:
    """Drafts started and experiments launched by day."""

    bars: tuple[DayBar, ...]
    y: tuple[Tick, ...]
    x: tuple[Tick, ...]
    sentence: str


@dataclass(frozen=True)
class FunnelBar:
    """One step of the funnel, with its bar in per cent of the drafts that were started."""

    name: str
    width: float
    text: str
    noise: bool = False
    negative: bool = False


@dataclass(frozen=True)
class FunnelChart:
    """How far drafts came."""

    bars: tuple[FunnelBar, ...]


def draw_days(days: Sequence[DayFigures]) -> DaysChart | None:
    """Return the days as a chart, or None where nothing happened."""
    if not days:
        return None
    scale = scales.linear_scale([max(day.started, day.launched) for day in days], from_zero=True)
    room = 100 / len(days)
    bars = tuple(
        DayBar(
            x=round(place * room + GAP * room / 2, 2),
            width=round((1 - GAP) * room / 2, 2),
            started=scales.to_percent(scale.share(day.started)),
            launched=scales.to_percent(scale.share(day.launched)),
        )
        for place, day in enumerate(days)
    )
    every = -(-len(days) // MAX_LABELS)
    labels = tuple(
        Tick(round((place + 0.5) * room, 2), day.day[5:], optional=bool(place % (2 * every)))
        for place, day in enumerate(days)
        if place % every == 0
    )
    ticks = tuple(Tick(100 - tick.position, tick.label) for tick in scales.scale_ticks(scale))
    started, launched = sum(day.started for day in days), sum(day.launched for day in days)
    words = f"{pluralise(started, 'draft')} started and {pluralise(launched, 'experiment')} launched"
    return DaysChart(bars, ticks, labels, f"{words} within {pluralise(len(days), 'day')}.")


def draw_funnel(steps: Sequence[StepFigures], *, started: int) -> FunnelChart | None:
    """Return how many drafts completed each step, or None where none was started."""
    if not started:
        return None
    bars = [FunnelBar("Started", 100.0, f"{started:,}")]
    for step in steps:
        share = step.completed / started
        name = "Launched" if step is steps[-1] else f"{step_of(step.step).title} completed"
        bars.append(FunnelBar(name, scales.to_percent(share), f"{step.completed:,} ({100 * share:.0f} %)"))
    return FunnelChart(tuple(bars))
