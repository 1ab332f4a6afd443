"""Answers to table queries of the domain, by DuckDB, many in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.table_query import (
    BeyondCount,
    Correlation,
    DistinctCount,
    NextValue,
    PairCount,
    Question,
    ValueCount,
)

# The planner takes more than twice as long over twice as many filters.
BATCH = 64


@dataclass(frozen=True)
class DuckDBTable:
    """A connection and what to select from; its columns are c0, c1, … and typed."""

    connection: Any
    source: str

    def answer(self, questions: Sequence[Question]) -> list[Any]:
        """Return the answer to each question."""
        expressions = [_expression(question) for question in questions]
        answers: list[Any] = []
        for start in range(0, len(expressions), BATCH):
            select = ", ".join(expressions[start : start + BATCH])
            answers += self.connection.execute(f"SELECT {select} FROM {self.source}").fetchone()
        return answers

    def head(self, rows: int) -> DuckDBTable:
        """Return the first rows alone."""
        return DuckDBTable(self.connection, f"(SELECT * FROM {self.source} LIMIT {rows:d})")

    def sample(self, key: str, share: int) -> DuckDBTable:
        """Return all rows of one in so many of the values of a column."""
        return DuckDBTable(self.connection, f"(SELECT * FROM {self.source} WHERE hash({key}) % {share:d} = 0)")


def _expression(question: Question) -> str:
    match question:
        case ValueCount(key, None):
            return f"count({key})"
        case ValueCount(key, value):
            return f"count(*) FILTER ({key} = ({value!r})::DOUBLE)"
        case DistinctCount(key):
            return f"count(DISTINCT {key})"
        case PairCount(key, other, present):
            condition = " AND ".join(f"{name} IS NOT NULL" for name in present)
            return f"count(DISTINCT hash({key}, {other}))" + (f" FILTER ({condition})" if condition else "")
        case BeyondCount(key, limit, end, upwards):
            beyond, within = (">", "<=") if upwards else ("<", ">=")
            return f"count(*) FILTER ({key} {beyond} ({limit!r})::DOUBLE AND {key} {within} ({end!r})::DOUBLE)"
        case NextValue(key, value, upwards):
            nearest, beyond = ("min", ">") if upwards else ("max", "<")
            return f"{nearest}({key}) FILTER ({key} {beyond} ({value!r})::DOUBLE)"
        case Correlation(key, other):
            return f"corr({key}::DOUBLE, {other}::DOUBLE)"
        case _:
            return "count(*)"
