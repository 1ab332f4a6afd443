"""Column names, counts and shares as words for the sentences of findings."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.text.words import join_words, pluralise

SHOWN = 3


def quote_column(name: str) -> str:
    """Return a column's name as it stands in a sentence."""
    return f"`{name[:60]}`"


def quote_columns(names: Sequence[str]) -> str:
    """Return the names of columns as they stand in a sentence; of many only the first are named."""
    known = [quote_column(name) for name in names]
    return join_words(known, most=SHOWN, more="more columns") if len(names) > SHOWN + 1 else join_words(known)


# What becomes of the rows without a target, in the same words wherever that is said.
LEFT_OUT_ONE = "{name} is missing on {count} row ({share}), which is left out."
LEFT_OUT = "{name} is missing on {count} rows ({share}), which are left out."


def on_rows(count: int) -> str:
    """Return "on 1 row" or "on 1,234 rows"."""
    return f"on {pluralise(count, 'row')}"


def rows_do(count: int, text: str, many: str) -> str:
    """Return "1 row" or "1,234 rows", and what one row or many rows do."""
    return f"{pluralise(count, 'row')} {text if count == 1 else many}"


def share(count: int, rows: int) -> str:
    """Return a share in per cent, never rounded to nothing or to all."""
    percent = 100 * count / max(rows, 1)
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %" if percent < 99.95 and percent != int(percent) else f"{percent:.0f} %"


def format_times(count: int) -> str:
    """Return how often something happens."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
