"""Requests of an owner to a running contest: end a candidate, or finish early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ContestWishes:
    """The keys of candidates that are to be ended, and whether the whole is to finish early with the best kept."""

    ended: frozenset[str] = frozenset()
    finish: bool = False


Wishes = Callable[[], ContestWishes]


def no_wishes() -> ContestWishes:
    """Return that nothing is asked for."""
    return ContestWishes()
