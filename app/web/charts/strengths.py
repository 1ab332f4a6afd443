"""Columns ranked: by how they go with the target, and by how much they tell about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import Associations
from app.domain.text.numbers import MINUS
from app.services.measurements.rankings import RankingState

PER_PAGE = 15
MAX_RANKED = 15
# Weaker than this is written in grey: the same step at which the heatmap begins to be shaded.
WEAK = 0.05
# Below this, in nats, the strongest of a ranking is hardly anything.
FEW_NATS = 0.05


@dataclass(frozen=True)
class StrengthBar:
    """One column: its bar in per cent, its number, and whether it is too weak to count on."""

    name: str
    width: float
    text: str
    negative: bool = False
    weak: bool = False
    note: str = ""


@dataclass(frozen=True)
class WithTarget:
    """One page of the columns by how they go with the target."""

    bars: tuple[StrengthBar, ...]
    page: int
    pages: int
    found: int
    unmeasured: int


@dataclass(frozen=True)
class ImportancePreview:
    """The importance preview."""

    bars: tuple[StrengthBar, ...]
    state: str
    rows: int
    rows_used: int
    settled: bool
    noise: int
    measured: int
    shuffled: float
    decimals: int
    seconds_left: float | None
    reason: str


def with_target(
    names: Sequence[str], known: Associations | None, *, word: str, threshold: float, page: int
) -> WithTarget:
    """Return the columns whose name holds a word and that go with the target strongly enough, strongest first."""
    named = [(name, known.of(name) if known is not None else None) for name in names if word.lower() in name.lower()]
    measured = [(name, one, one.value) for name, one in named if one is not None and one.value is not None]
    found = sorted((one for one in measured if abs(one[2]) >= threshold), key=lambda one: -abs(one[2]))
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    bars = tuple(_bar(name, one.method, value) for name, one, value in shown)
    return WithTarget(bars, page, pages, len(found), len(named) - len(measured))


def _bar(name: str, method: str, value: float) -> StrengthBar:
    signed = method in ("Spearman", "Pearson")
    return StrengthBar(
        name=name[:60],
        width=round(100 * min(abs(value), 1.0), 2),
        text=(f"{value:+.2f}" if signed else f"{value:.2f}").replace("-", MINUS),
        negative=value < 0,
        weak=abs(value) < WEAK,
        note=method,
    )


def ranking(state: RankingState, *, word: str) -> ImportancePreview:
    """Return the ranking as it stands, strongest first."""
    scored = [item for item in state.items if item.score is not None]
    longest = max((one.score or 0.0 for one in scored), default=0.0) or 1.0
    # Where all of it is little, two decimals would show nothing but zeros.
    decimals = 2 if longest >= FEW_NATS else 4
    shown = [one for one in scored if word.lower() in one.name.lower()][:MAX_RANKED]
    return ImportancePreview(
        bars=tuple(
            StrengthBar(
                name=one.name[:60],
                width=round(100 * max(one.score or 0.0, 0.0) / longest, 2),
                text=f"{one.score:.{decimals}f}",
                weak=one.noise,
                note=f"\u00b1 {one.error:.{decimals}f}",
            )
            for one in shown
        ),
        state=state.state,
        rows=state.rows,
        rows_used=state.rows_used,
        settled=state.settled,
        noise=sum(one.noise for one in scored),
        measured=len(scored),
        shuffled=max((one.shuffled for one in scored), default=0.0),
        decimals=decimals,
        seconds_left=state.seconds_left,
        reason=state.reason,
    )
