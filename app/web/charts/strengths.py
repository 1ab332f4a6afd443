"""Charts of columns ranked by association or by information about the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import Associations
from app.domain.text.numbers import MINUS
from app.domain.training.derived_measures import DerivedMeasure
from app.services.measurements.derived_rankings import DerivedState
from app.services.measurements.rankings import RankingState

PER_PAGE = 8
MAX_RANKED = 8
# Weaker than this is written in grey: the same step at which the heatmap begins to be shaded.
WEAK = 0.05
# Below this, in nats, the strongest of a ranking is hardly anything.
FEW_NATS = 0.05


@dataclass(frozen=True)
class StrengthBar:
    """One column or derived feature: its bar in per cent, its number, and whether it is too weak to count on.

    One that is `pending` is still being measured, and has its line already.
    """

    name: str
    width: float
    text: str
    negative: bool = False
    weak: bool = False
    note: str = ""
    derived: bool = False
    pending: bool = False


@dataclass(frozen=True)
class WithTarget:
    """One page of the columns by how they go with the target."""

    bars: tuple[StrengthBar, ...]
    page: int
    pages: int
    total: int
    unmeasured: int
    has_derived: bool = False


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


@dataclass(frozen=True)
class DerivedFeatures:
    """The derived features in use: those that are measured so far, and the names of the others that are on their way.

    One that cannot be measured is in neither.
    """

    measured: Mapping[str, DerivedMeasure] = field(default_factory=dict)
    pending: tuple[str, ...] = ()

    @staticmethod
    def of(names: Sequence[str], state: DerivedState) -> DerivedFeatures:
        """Return the features of these names as far as they are measured."""
        measured = {name: state.items[name] for name in names if name in state.items}
        pending = (name for name in names if name not in measured)
        return DerivedFeatures(measured, tuple(pending) if state.busy else ())


NOTHING_DERIVED = DerivedFeatures()


def target_page(
    names: Sequence[str],
    known: Associations | None,
    *,
    word: str,
    threshold: float,
    page: int,
    derived: DerivedFeatures = NOTHING_DERIVED,
) -> WithTarget:
    """Return the columns and derived features whose name holds a word and that go with the target strongly enough.

    The strongest come first. What is still being measured follows, so that the list keeps its length when it comes.
    """
    every = [(name, known.of(name) if known is not None else None) for name in names]
    every += [(name, column.association) for name, column in derived.measured.items()]
    named = [(name, association) for name, association in every if word.lower() in name.lower()]
    measured = [
        (name, association, association.value)
        for name, association in named
        if association is not None and association.value is not None
    ]
    results = sorted((row for row in measured if abs(row[2]) >= threshold), key=lambda item: -abs(item[2]))
    bars = [
        _strength_bar(name, association.method, value, derived=name in derived.measured)
        for name, association, value in results
    ]
    bars += _pending_bars(derived, word)
    pages = max(1, -(-len(bars) // PER_PAGE))
    page = min(max(page, 1), pages)
    strength_bars = tuple(bars[(page - 1) * PER_PAGE : page * PER_PAGE])
    return WithTarget(
        strength_bars, page, pages, len(bars), len(named) - len(measured), any(bar.derived for bar in strength_bars)
    )


def _pending_bars(derived: DerivedFeatures, word: str) -> list[StrengthBar]:
    """Return the lines of what is still being measured."""
    names = (name for name in derived.pending if word.lower() in name.lower())
    return [StrengthBar(name[:60], 0.0, "", derived=True, pending=True) for name in names]


def _strength_bar(name: str, method: str, value: float, *, derived: bool = False) -> StrengthBar:
    signed = method in ("Spearman", "Pearson")
    return StrengthBar(
        name=name[:60],
        width=round(100 * min(abs(value), 1.0), 2),
        text=(f"{value:+.2f}" if signed else f"{value:.2f}").replace("-", MINUS),
        negative=value < 0,
        weak=abs(value) < WEAK,
        note=method,
        derived=derived,
    )


def ranking_preview(state: RankingState, *, word: str, derived: DerivedFeatures = NOTHING_DERIVED) -> ImportancePreview:
    """Return the ranking as it stands, strongest first: columns and derived features in one list."""
    items = [*state.items, *(column.ranked for column in derived.measured.values())]
    scored = sorted((item for item in items if item.score is not None), key=lambda item: -(item.score or 0.0))
    longest = max((ranked_column.score or 0.0 for ranked_column in scored), default=0.0) or 1.0
    # Where all of it is little, two decimals would show nothing but zeros.
    decimals = 2 if longest >= FEW_NATS else 4
    columns = [ranked_column for ranked_column in scored if word.lower() in ranked_column.name.lower()][:MAX_RANKED]
    lines = [
        StrengthBar(
            name=ranked_column.name[:60],
            width=round(100 * max(ranked_column.score or 0.0, 0.0) / longest, 2),
            text=f"{ranked_column.score:.{decimals}f}",
            weak=ranked_column.noise,
            note=f"\u00b1 {ranked_column.error:.{decimals}f}",
            derived=ranked_column.name in derived.measured,
        )
        for ranked_column in columns
    ]
    return ImportancePreview(
        bars=tuple([*lines, *_pending_bars(derived, word)][:MAX_RANKED]),
        state=state.state,
        rows=state.rows,
        rows_used=state.rows_used,
        settled=state.settled,
        noise=sum(ranked_column.noise for ranked_column in scored),
        measured=len(scored),
        shuffled=max((ranked_column.shuffled for ranked_column in scored), default=0.0),
        decimals=decimals,
        seconds_left=state.seconds_left,
        reason=state.reason,
    )
