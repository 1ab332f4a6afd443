"""A connection to the table, lent by the reader: each question is answered for many columns in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The planner takes more than twice as long over twice as many filters.
BATCH = 64


@dataclass(frozen=True)
class Lent:
    """A DuckDB connection and what to select from; its columns are c0, c1, … and typed."""

    connection: Any
    source: str

    def rows(self, select: str, rest: str = "") -> list[tuple[Any, ...]]:
        """Return the rows of one query."""
        found: list[tuple[Any, ...]] = self.connection.execute(f"SELECT {select} FROM {self.source} {rest}").fetchall()
        return found

    def values(self, expressions: Sequence[str]) -> list[Any]:
        """Return the value of each aggregate over the whole table, many to one pass."""
        answers: list[Any] = []
        for start in range(0, len(expressions), BATCH):
            answers += self.rows(", ".join(expressions[start : start + BATCH]))[0]
        return answers

    def head(self, rows: int) -> Lent:
        """Return the first rows alone, to put a question to before all of them are asked."""
        return Lent(self.connection, f"(SELECT * FROM {self.source} LIMIT {rows:d})")

    def where(self, condition: str) -> Lent:
        """Return the rows of which something holds."""
        return Lent(self.connection, f"(SELECT * FROM {self.source} WHERE {condition})")
