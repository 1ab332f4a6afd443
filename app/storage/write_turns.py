"""A lock for writing to SQLite, by which threads of one process wait their turn.

Whoever finds SQLite's lock taken sleeps up to a tenth of a second between two tries, and another may come first each
time. Here the next one wakes at once, and SQLite's own lock is left to the few processes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


class WriteTurn:
    """A lock of one database in one process; a process that was forked begins with a lock of its own."""

    def __init__(self) -> None:
        self._lock, self._owner = threading.Lock(), os.getpid()

    def take(self, *, seconds: float) -> bool:
        """Wait for the turn; False where it did not come in time."""
        if self._owner != os.getpid():
            self._lock, self._owner = threading.Lock(), os.getpid()
        return self._lock.acquire(timeout=seconds)

    def give_back(self) -> None:
        """Let the next one write."""
        self._lock.release()


class Writing:
    """A transaction that may write, with the turns that it has taken; `acts` follow once it is committed."""

    def __init__(self) -> None:
        self._turns: list[WriteTurn] = []
        self.acts: list[Callable[[], object]] = []

    def take(self, turn: WriteTurn, *, seconds: float) -> bool:
        """Take a turn, once; False where it did not come in time."""
        if turn in self._turns:
            return True
        if not turn.take(seconds=seconds):
            return False
        self._turns.append(turn)
        return True

    def give_back(self) -> None:
        """Give back every turn that was taken."""
        while self._turns:
            self._turns.pop().give_back()
