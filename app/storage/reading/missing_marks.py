"""Signs and words in number columns that are treated as missing until the user decides."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from app.domain.analysis.findings.markers import SYMBOLS
from app.domain.analysis.findings.oddities import OddValues
from app.storage.columnar import literal
from app.storage.reading.column_overrides import Meaning

if TYPE_CHECKING:
    from app.storage.reading.typed_column import TypedColumn

# So many different numbers are amounts, and the few words among them stand for none.
MANY_NUMBERS = 20
MARKS = frozenset({*SYMBOLS, "+"})


class TextColumn(Protocol):
    """A column that was read as text."""

    key: str
    table: str
    missing: str
    meaning: Meaning
    may_hold_marks: bool

    def set_meaning(self, meaning: Meaning) -> None:
        """Set what values of the column mean."""
        ...

    def counts(self, connection: Any) -> list[int]:
        """Count what the decision rests on: how many values there are, then numbers, …"""
        ...

    def decide(self, connection: Any, counts: list[int]) -> TypedColumn:
        """Return the type of the column by these counts."""
        ...


def decide_unmarked(connection: Any, column: TextColumn, counts: list[int]) -> TypedColumn:
    """Return the type of a column by its values that are no markers, which are asked about.

    Parameters
    ----------
    connection, column
        The column.
    counts
        What was counted of it with its marks.
    """
    here, number, with_comma, _, _, boolean, *_ = counts
    if here in (number, with_comma, boolean) or column.meaning.read_as == "text" or not column.may_hold_marks:
        return column.decide(connection, counts)
    marks = marks_in(connection, column.table, column.key, missing=column.missing, values=column.meaning.values)
    if not marks:
        return column.decide(connection, counts)
    unmarked, words = copy.copy(column), {*column.meaning.words, *(word for word, _ in marks)}
    unmarked.set_meaning(replace(column.meaning, words=tuple(sorted(words))))
    typed_column = unmarked.decide(connection, unmarked.counts(connection))
    if typed_column.storage == "text":
        # How its numbers are written is asked all the same.
        return replace(column.decide(connection, counts), number_format=typed_column.number_format)
    odd = add_mark_questions(typed_column.odd, marks, present=here, storage=typed_column.storage)
    return replace(typed_column, odd=odd)


def marks_in(
    connection: Any, table: str, key: str, *, missing: str, values: Collection[str]
) -> tuple[tuple[str, int], ...]:
    """Return the words of a column that stand for nothing in any file, with their rows, the most frequent first.

    Parameters
    ----------
    connection, table, key
        The column, in SQL.
    missing
        SQL that is true where a value means missing in any case.
    values
        Words of which the user said that they are values.
    """
    marks = ", ".join(literal(word) for word in sorted(MARKS))
    result = connection.execute(
        f"SELECT trim({key}) AS word, count(*) AS held FROM {table} WHERE {key} IS NOT NULL "
        f"AND NOT ({missing}) AND lower(trim({key})) IN ({marks}) GROUP BY word ORDER BY held DESC, word"
    ).fetchall()
    # Beside a plus, a minus is an answer.
    signs = {"+", "-"} if any(word == "+" for word, _ in result) else set()
    return tuple((word, int(current)) for word, current in result if word not in {*signs, *values})


def add_mark_questions(
    odd: OddValues | None, marks: tuple[tuple[str, int], ...], *, present: int, storage: str
) -> OddValues:
    """Return the questions about a column whose markers were read as missing, the markers first."""
    what = {"datetime": "dates", "boolean": "truth values"}.get(storage, "numbers")
    known = odd or OddValues((), 0, present, what, kept_as_text=False)
    current = sum(count for _, count in marks)
    return replace(known, words=(*marks, *known.words), count=known.count + current, present=present)


def has_many_numbers(connection: Any, table: str, cast: str, *, missing: str) -> bool:
    """Return whether a column has so many different numbers that they are amounts, and no codes."""
    query = f"SELECT approx_count_distinct({cast}) FROM {table} WHERE NOT ({missing})"
    return int(connection.execute(query).fetchone()[0]) > MANY_NUMBERS
