"""Numbers and tables beside charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.text.numbers import format_number, format_score
from app.domain.training.report.document import MetricInfo

MAX_ROWS = 60


@dataclass(frozen=True)
class Numbers:
    """The table beside a chart: the same numbers, or every so-and-so-many of them."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    # How many columns from the left are words; the others are numbers.
    words: int = 1


@dataclass(frozen=True)
class MetricFormat:
    """A metric of a report, and the decimals that tell the model from its strongest baseline."""

    info: MetricInfo
    decimals: int

    def write(self, value: float | None) -> str:
        """Write a score as its metric is written: in the target's own digits, or with the decimals chosen for it."""
        if value is not None and math.isfinite(value) and (abs(value) >= 1e6 or self.info.in_target_units):
            return format_number(value, 3)
        return format_score(value, self.decimals)


def usual_decimals(metric: MetricInfo) -> int:
    """Return one decimal for per cent, else two."""
    return 1 if metric.unit == "%" else 2


def add_unit(name: str, unit: str) -> str:
    """Return the name of a quantity with its unit, where that is known."""
    return f"{name} ({unit})" if unit else name


def thin_rows(rows: Sequence[tuple[str, ...]], *, noun: str = "rows") -> tuple[tuple[tuple[str, ...], ...], str]:
    """Return at most 60 rows, evenly spaced, and the words that say which."""
    if len(rows) <= MAX_ROWS:
        return tuple(rows), f"All {len(rows):,} {noun}."
    every = math.ceil(len(rows) / MAX_ROWS)
    return tuple(rows[::every]), f"One in {every:,} of {len(rows):,} {noun}."


def shorten_name(text: str, most: int = 26) -> str:
    """Cut a long name, and show that it was cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\u2026"


def lower_first(text: str) -> str:
    """Return a title as it stands within a sentence; one in capitals stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == "-" else text
