"""Who trained and who judged: stripes, and the rows and dates of every fold."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.report.document import FoldRows, SplitSummary
from app.domain.training.validation import split_picture
from app.web.charts import scales
from app.web.charts.words import MAX_ROWS, Numbers

NAMES = {"train": "trains", "valid": "validates", "gap": "gap, left out", "unused": "not used", "hold": "held out"}
LINE = 20


@dataclass(frozen=True)
class Stripe:
    """A part of a line, in per cent."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class SplitPicture:
    """The picture and the table of a split."""

    sentence: str
    height: int
    lines: tuple[tuple[str, int, tuple[Stripe, ...]], ...]
    legend: tuple[tuple[str, str], ...]
    note: str
    numbers: Numbers


def build(split: SplitSummary) -> SplitPicture:
    """Return the split of a report, ready to draw."""
    picture, folds = split.picture, split.folds
    kinds = {kind for line in picture for kind, _low, _high in line}
    held = " and a hold-out at the end" if split.holdout else ""
    count = f"{len(folds)} folds" if len(folds) != 1 else "one split"
    return SplitPicture(
        sentence=f"{split.title}: {count}{held}. {split.sentence}",
        height=max(len(picture), 1) * LINE,
        lines=tuple((str(at + 1), at * LINE, _stripes(line)) for at, line in enumerate(picture)),
        legend=tuple((kind, name) for kind, name in NAMES.items() if kind in kinds),
        note=f"The first {len(picture)} of {len(folds)} folds." if len(folds) > len(picture) else "",
        numbers=_numbers(folds, split.holdout),
    )


def _stripes(line: tuple[split_picture.Stripe, ...]) -> tuple[Stripe, ...]:
    return tuple(
        Stripe(kind, scales.percent(low), round(max(100 * (high - low) - 0.15, 0.15), 2)) for kind, low, high in line
    )


def _numbers(folds: tuple[FoldRows, ...], holdout: FoldRows | None) -> Numbers:
    parts = [*folds[:MAX_ROWS], *([holdout] if holdout else [])]
    dated = any(part.train_start for part in parts)

    def row(part: FoldRows) -> tuple[str, ...]:
        cells = [part.fold.capitalize()]
        for rows, start, end in (
            (part.train_rows, part.train_start, part.train_end),
            (part.validation_rows, part.validation_start, part.validation_end),
        ):
            cells.append(f"{rows:,}")
            if dated:
                cells.append(f"{start} to {end}".replace("T", " ") if start and end else "")
        return tuple(cells)

    heads = ["Fold"]
    for title in ("Training", "Validation"):
        heads += [f"{title} rows", *([f"{title} dates"] if dated else [])]
    which = (
        f"The first {MAX_ROWS} of {len(folds)} folds."
        if len(folds) > MAX_ROWS
        else "Rows that train and rows that validate."
    )
    return Numbers(which, tuple(heads), tuple(row(part) for part in parts))
