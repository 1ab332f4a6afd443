"""Names and numbers for sentences."""

from __future__ import annotations

from collections.abc import Iterable

NAMES_SHOWN = 8


def listed(names: Iterable[str]) -> str:
    """Return names for a sentence: the first ones, shortened, and how many more there are."""
    every = list(names)
    shown = ", ".join(" ".join(name.split())[:30] for name in every[:NAMES_SHOWN])
    return f"{shown} and {len(every) - NAMES_SHOWN:,} more" if len(every) > NAMES_SHOWN else shown


def amount(count: int, one: str, many: str = "") -> str:
    """Return a number with its word, which gets an s for any other number than one unless `many` is given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
