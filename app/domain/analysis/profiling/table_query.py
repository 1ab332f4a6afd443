"""Queries about the rows of a table as plain values; the reader answers many in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class RowCount:
    """How many rows there are."""


@dataclass(frozen=True)
class ValueCount:
    """How many rows hold a value in a column, or this very value where one is given."""

    key: str
    value: float | None = None


@dataclass(frozen=True)
class DistinctCount:
    """How many different values a column holds."""

    key: str


@dataclass(frozen=True)
class PairCount:
    """How many different pairs of values two columns hold, on the rows where the columns of `present` hold one."""

    key: str
    other: str
    present: tuple[str, ...] = ()


@dataclass(frozen=True)
class BeyondCount:
    """How many values of a column lie beyond a limit, upwards or downwards, and not beyond its `end`."""

    key: str
    limit: float
    end: float
    upwards: bool


@dataclass(frozen=True)
class NextValue:
    """The value of a column that comes next to another one, upwards or downwards."""

    key: str
    value: float
    upwards: bool


@dataclass(frozen=True)
class Correlation:
    """Pearson's correlation of two columns, or None where one does not vary."""

    key: str
    other: str


Question = RowCount | ValueCount | DistinctCount | PairCount | BeyondCount | NextValue | Correlation


class TableQuery(Protocol):
    """The rows of a table, or some of them; its columns are named by their keys c0, c1, …"""

    def answer(self, questions: Sequence[Question]) -> list[Any]:
        """Return the answer to each question."""

    def head(self, rows: int) -> TableQuery:
        """Return the first rows alone, to put a question to before all of them are asked."""

    def sample(self, key: str, share: int) -> TableQuery:
        """Return all rows of one in so many of the values of a column."""
