"""Value counts of many text columns in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.storage.reading.column_overrides import Meaning

BEYOND_SHAPE = "[+-]?(inf|infinity|[0-9]+([.][0-9]*)?e[+]?[0-9]+)"
BEGINNINGS = frozenset("0123456789+-.,tTfFiI")
ODD_WORDS = 20
FEW_ODD_WORDS = 5
Words = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ColumnCounts:
    """What the type of a column rests on: the counts that were wanted, and its most frequent words of two kinds.

    `odd` are the words that are no numbers, of `odd_count` cells; `missing` stand in the place of a text.
    """

    counts: list[int]
    odd: Words
    odd_count: int
    missing: Words


def may_be_more(word: str) -> bool:
    """Return whether a word begins as numbers, dates, truths and what is beyond all numbers do."""
    return word.strip()[:1] in BEGINNINGS


class CountedColumn(Protocol):
    """A column that can be counted with others, and knows its counts afterwards."""

    key: str
    table: str
    meaning: Meaning
    commas: bool
    known: ColumnCounts | None

    def wanted(self) -> str:
        """Return SQL of the counts that are wanted, of `word`."""


def count_plain(connection: Any, columns: Sequence[CountedColumn]) -> None:
    """Count the columns of a table for which the user made no choice, by a few queries for all of them."""
    plain = [column for column in columns if not column.meaning]
    if len(plain) < 2:
        return
    first, keys = plain[0], [column.key for column in plain]
    odd = f"TRY_CAST(word AS DOUBLE) IS NULL AND NOT regexp_full_match(word, '{BEYOND_SHAPE}', 'i')"
    most = (ODD_WORDS, FEW_ODD_WORDS)
    counts = count_together(
        connection, first.table, keys, wanted=first.wanted(), commas=first.commas, odd=odd, most=most
    )
    for column in plain:
        column.known = counts[column.key]


def count_together(
    connection: Any, table: str, keys: Sequence[str], *, wanted: str, commas: bool, odd: str, most: tuple[int, int]
) -> dict[str, ColumnCounts]:
    """Return the counts of several columns for which the user made no choice.

    Parameters
    ----------
    connection, table, keys
        The columns, in SQL.
    wanted, odd
        SQL of the counts, and of what is true for words that are asked about, both of `word`.
    commas
        Whether a number may be written with a decimal comma.
    most
        How many odd words and how many missing ones are returned.
    """
    missing = Meaning().missing_word("value", comma=commas)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE cells AS SELECT name, trim(value) AS word, ({missing}) AS is_missing, "
        f"count(*) AS held FROM (UNPIVOT (SELECT {', '.join(keys)} FROM {table}) ON {', '.join(keys)} "
        "INTO NAME name VALUE value) GROUP BY ALL"
    )
    each = "SELECT name, word FROM (SELECT name, word, unnest(range(held)) FROM cells WHERE NOT is_missing)"
    answer = connection.execute(f"SELECT name, {wanted} FROM ({each}) GROUP BY name")
    nothing = [0] * (len(answer.description) - 1)
    counts = {name: list(map(int, numbers)) for name, *numbers in answer.fetchall()}
    answer = connection.execute(
        "SELECT name, coalesce(sum(held) FILTER (is_missing), 0), coalesce(sum(held) FILTER (word = ''), 0) "
        "FROM cells GROUP BY name"
    )
    absent = {name: (int(count), int(blank)) for name, count, blank in answer.fetchall()}
    odd_words = _top_words(connection, f"NOT is_missing AND {odd}", most[0])
    missing_words = _top_words(connection, "is_missing AND word <> ''", most[1])
    connection.execute("DROP TABLE cells")
    column_counts = {}
    for key in keys:
        words, total = odd_words.get(key, ((), 0))
        together = [*counts.get(key, nothing), *absent.get(key, (0, 0))]
        column_counts[key] = ColumnCounts(together, words, total, missing_words.get(key, ((), 0))[0])
    return column_counts


def _top_words(connection: Any, condition: str, most: int) -> dict[str, tuple[Words, int]]:
    """Return the most frequent words of each column of which a condition is true, and how many cells hold any."""
    result = connection.execute(
        "SELECT name, word, sum(held)::BIGINT AS held, (sum(sum(held)) OVER (PARTITION BY name))::BIGINT AS total "
        f"FROM cells WHERE {condition} GROUP BY name, word "
        f"QUALIFY row_number() OVER (PARTITION BY name ORDER BY sum(held) DESC, word) <= {most} "
        "ORDER BY name, held DESC, word"
    ).fetchall()
    words: dict[str, tuple[Words, int]] = {}
    for name, word, current, total in result:
        words[name] = ((*words.get(name, ((), 0))[0], (word, current)), total)
    return words
