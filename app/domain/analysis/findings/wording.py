"""Columns and numbers in the sentences of findings."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 3


def called(name: str) -> str:
    """Return a column's name as it stands in a sentence."""
    return f"`{name[:60]}`"


def called_all(names: Sequence[str]) -> str:
    """Return the names of columns as they stand in a sentence; of many only the first are named."""
    if len(names) > SHOWN + 1:
        return f"{', '.join(called(name) for name in names[:SHOWN])} and {len(names) - SHOWN:,} more columns"
    if len(names) == 1:
        return called(names[0])
    return f"{', '.join(called(name) for name in names[:-1])} and {called(names[-1])}"


def plain(value: float) -> str:
    """Return a number as a file would have it, so that it can be looked for there: -999, -28316.8, 1e+20."""
    whole = value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)


def short(value: float) -> str:
    """Return a number for reading, with thousands separated and no more digits than needed."""
    if value.is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.2f}" if 100 <= abs(value) < 1e9 else f"{value:.4g}"


def on_rows(count: int) -> str:
    """Return "on 1 row" or "on 1,234 rows"."""
    return "on 1 row" if count == 1 else f"on {count:,} rows"


def rows_do(count: int, one: str, many: str) -> str:
    """Return "1 row" or "1,234 rows", and what one row or many rows do."""
    return f"1 row {one}" if count == 1 else f"{count:,} rows {many}"


def share(count: int, rows: int) -> str:
    """Return a share in per cent, never rounded to nothing or to all."""
    percent = 100 * count / max(rows, 1)
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %" if percent < 99.95 and percent != int(percent) else f"{percent:.0f} %"


def times(count: int) -> str:
    """Return how often something happens."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
