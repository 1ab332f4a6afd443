"""Counts of the distinct words of a column, by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.storage.reading.statistics import TOP

WORD_SHOWN = 200


@dataclass(frozen=True)
class WordCounts:
    """How many rows hold a word, how many different ones there are, the most frequent, and their mean length."""

    present: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    mean_length: float


def count_words(connection: Any, source: str, key: str, *, missing: str = "") -> tuple[WordCounts, bool]:
    """Count the words of a column, passing over those that mean missing; say whether there were any of these.

    Parameters
    ----------
    connection, source, key
        The column, in SQL.
    missing
        SQL that is true where `word` means missing, or "".
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE words AS SELECT {key}::VARCHAR AS word, count(*) AS held FROM {source} "
        f"WHERE {key} IS NOT NULL GROUP BY word"
    )
    passed_over = 0
    if missing:
        passed_over = connection.execute(f"DELETE FROM words WHERE {missing}").fetchone()[0]
    present, distinct, length = connection.execute(
        "SELECT coalesce(sum(held), 0)::BIGINT, count(*), coalesce(sum(held * length(word)), 0)::DOUBLE FROM words"
    ).fetchone()
    top = connection.execute(
        f"SELECT left(word, {WORD_SHOWN}), held FROM words ORDER BY held DESC, word LIMIT {TOP}"
    ).fetchall()
    connection.execute("DROP TABLE words")
    return WordCounts(present, distinct, tuple(top), length / max(present, 1)), bool(passed_over)
