"""Reading uploaded files in a child process with limits, the only place that parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.storage.reading.sandbox import peek_file, read_file

__all__ = ["peek_file", "read_file"]


def __getattr__(name: str) -> Any:
    """Import the parent's side when it is asked for: the child, which lives in this package, starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from app.storage.reading import sandbox

    return getattr(sandbox, name)
