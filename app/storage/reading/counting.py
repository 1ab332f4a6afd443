"""Counts of many columns of texts at once: in a small table, to plan a query for each column is what takes time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.storage.reading.meaning import Meaning

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


def count_together(
    connection: Any, table: str, keys: Sequence[str], *, wanted: str, commas: bool, odd: str, most: tuple[int, int]
) -> dict[str, ColumnCounts]:
    """Return the counts of several columns about which the user said nothing.

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
    odd_words = _top(connection, f"NOT is_missing AND {odd}", most[0])
    missing_words = _top(connection, "is_missing AND word <> ''", most[1])
    connection.execute("DROP TABLE cells")
    found = {}
    for key in keys:
        words, total = odd_words.get(key, ((), 0))
        together = [*counts.get(key, nothing), *absent.get(key, (0, 0))]
        found[key] = ColumnCounts(together, words, total, missing_words.get(key, ((), 0))[0])
    return found


def _top(connection: Any, condition: str, most: int) -> dict[str, tuple[Words, int]]:
    """Return the most frequent words of each column of which a condition is true, and how many cells hold any."""
    found = connection.execute(
        "SELECT name, word, sum(held)::BIGINT AS held, (sum(sum(held)) OVER (PARTITION BY name))::BIGINT AS total "
        f"FROM cells WHERE {condition} GROUP BY name, word "
        f"QUALIFY row_number() OVER (PARTITION BY name ORDER BY sum(held) DESC, word) <= {most} "
        "ORDER BY name, held DESC, word"
    ).fetchall()
    words: dict[str, tuple[Words, int]] = {}
    for name, word, held, total in found:
        words[name] = ((*words.get(name, ((), 0))[0], (word, held)), total)
    return words
