"""Plurals and lists for sentences."""

from __future__ import annotations

from collections.abc import Sequence


def pluralise(count: int, text: str, many: str = "") -> str:
    """Write a count with its noun, which gets an s for any other count than one unless `many` is given.

    Examples
    --------
    >>> [pluralise(1, "row"), pluralise(1234, "row"), pluralise(0, "query", "queries")]
    ['1 row', '1,234 rows', '0 queries']
    """
    return f"{count:,} {text if count == 1 else many or text + 's'}"


def join_words(words: Sequence[str], *, most: int = 0, more: str = "more") -> str:
    """Join words as a sentence does; of more than `most` (where it is given) only the first are named.

    Examples
    --------
    >>> [join_words(words) for words in ((), ("rain",), ("rain", "snow"), ("rain", "snow", "wind"))]
    ['', 'rain', 'rain and snow', 'rain, snow and wind']
    >>> join_words(("a", "b", "c", "d", "e"), most=3)
    'a, b, c and 2 more'
    """
    if most and len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} {more}"
    return " and ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])
