"""Words that were read as missing in columns of texts: which, and on how many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.storage.reading.typing_columns import MISSING_SQL, Typed

MOST_WORDS = 5


def count_absent_words(connection: Any, typed: Sequence[Typed]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return by column key what the table `raw` holds in place of a text, empty cells and blanks aside.

    "NA" among words may be an answer of its own, so whoever asks must know that it stood there.
    """
    texts = [one.key for one in typed if one.storage == "text"]
    counts = [f"count(*) FILTER ({MISSING_SQL.format(c=key)} AND trim({key}) <> '')" for key in texts]
    if not counts:
        return {}
    row = connection.execute(f"SELECT {', '.join(counts)} FROM raw").fetchone()
    found = {}
    for key in (key for key, count in zip(texts, row, strict=True) if count):
        words = connection.execute(
            f"SELECT trim({key}) AS word, count(*) AS n FROM raw WHERE {MISSING_SQL.format(c=key)} "
            f"AND trim({key}) <> '' GROUP BY word ORDER BY n DESC, word LIMIT {MOST_WORDS}"
        ).fetchall()
        found[key] = tuple((str(word), int(count)) for word, count in words)
    return found
