"""The chart of a split: stripes, and rows and dates of every fold."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.report.document import FoldRows, SplitSummary
from app.domain.training.validation import split_picture
from app.web.charts import scales
from app.web.charts.chart_numbers import MAX_ROWS, Numbers

NAMES = {"train": "trains", "valid": "validates", "gap": "gap, left out", "unused": "not used", "hold": "held out"}
LINE = 20
# So near to an end of the picture, a text starts or ends there.
EDGE = 0.05


@dataclass(frozen=True)
class Stripe:
    """A part of a line, in per cent."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class Mark:
    """A date or a group's name under the picture: where, in per cent, on which side of the place, and how far down."""

    x: float
    anchor: str
    y: int
    text: str


@dataclass(frozen=True)
class SplitChart:
    """The picture and the table of a split."""

    sentence: str
    height: int
    lines: tuple[tuple[str, int, tuple[Stripe, ...]], ...]
    marks: tuple[Mark, ...]
    legend: tuple[tuple[str, str], ...]
    note: str
    numbers: Numbers


def build(split: SplitSummary) -> SplitChart:
    """Return the split of a report, ready to draw."""
    picture, folds = split.picture, split.folds
    kinds = {kind for line in picture for kind, _low, _high in line}
    current = " and a hold-out at the end" if split.holdout else ""
    count = f"{len(folds)} folds" if len(folds) != 1 else "one split"
    return SplitChart(
        sentence=f"{split.title}: {count}{current}. {split.sentence}",
        height=max(len(picture), 1) * LINE + (LINE if split.marks else 0),
        lines=tuple((str(index + 1), index * LINE, _stripes(line)) for index, line in enumerate(picture)),
        marks=tuple(_mark(place, text, len(picture) * LINE + 14) for place, text in split.marks),
        legend=tuple((kind, name) for kind, name in NAMES.items() if kind in kinds),
        note=" ".join(filter(None, (_drawing_words(len(picture), len(folds)), split.left_out))),
        numbers=_numbers(folds, split.holdout),
    )


def _drawing_words(lines: int, folds: int) -> str:
    return f"The first {lines} of {folds} folds." if folds > lines else ""


def _mark(place: float, text: str, y: int) -> Mark:
    anchor = "start" if place < EDGE else "end" if place > 1 - EDGE else "mid"
    return Mark(scales.to_percent(place), anchor, y, text)


def _stripes(line: tuple[split_picture.Stripe, ...]) -> tuple[Stripe, ...]:
    return tuple(
        Stripe(kind, scales.to_percent(low), round(max(100 * (high - low) - 0.15, 0.15), 2)) for kind, low, high in line
    )


def _groups_words(part: FoldRows) -> str:
    visible_rows = part.groups or ()
    more = (part.group_count or 0) - len(visible_rows)
    return ", ".join(visible_rows) + (f" and {more:,} more" if more else "")


def _numbers(folds: tuple[FoldRows, ...], holdout: FoldRows | None) -> Numbers:
    parts = [*folds[:MAX_ROWS], *([holdout] if holdout else [])]
    dated, named = any(part.train_start for part in parts), any(part.groups for part in parts)

    def row(part: FoldRows) -> tuple[str, ...]:
        cells = [part.fold.capitalize(), *([_groups_words(part)] if named else [])]
        for rows, start, end in (
            (part.train_rows, part.train_start, part.train_end),
            (part.validation_rows, part.validation_start, part.validation_end),
        ):
            cells.append(f"{rows:,}")
            if dated:
                cells.append(f"{start} to {end}".replace("T", " ") if start and end else "")
        return tuple(cells)

    heads = ["Fold", *(["Validation groups"] if named else [])]
    for title in ("Training", "Validation"):
        heads += [f"{title} rows", *([f"{title} dates"] if dated else [])]
    which = (
        f"The first {MAX_ROWS} of {len(folds)} folds."
        if len(folds) > MAX_ROWS
        else "Rows that train and rows that validate."
    )
    return Numbers(which, tuple(heads), tuple(row(part) for part in parts))
