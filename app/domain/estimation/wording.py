"""Durations as words."""

from __future__ import annotations


def format_duration(seconds: float) -> str:
    """Return a length of time for reading: 3.2 s, 45 s, 17 min, 2.5 h."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.1f} h"
