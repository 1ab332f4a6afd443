"""Lists of names for sentences about files."""

from __future__ import annotations

from collections.abc import Iterable

NAMES_SHOWN = 8


def format_list(names: Iterable[str]) -> str:
    """Return names for a sentence: the first ones, shortened, and how many more there are."""
    every = list(names)
    text = ", ".join(" ".join(name.split())[:30] for name in every[:NAMES_SHOWN])
    return f"{text} and {len(every) - NAMES_SHOWN:,} more" if len(every) > NAMES_SHOWN else text
