"""Messages for readers: whole sentences filled in by named placeholders."""

from __future__ import annotations

from collections.abc import Sequence


def fill(message: str, **values: object) -> str:
    """Put values into the named placeholders of a message; whole numbers get commas.

    Examples
    --------
    >>> fill("{done} of {total} rows are read.", done=1200, total=5000)
    '1,200 of 5,000 rows are read.'
    """
    return message.format_map({name: with_commas(value) for name, value in values.items()})


def fill_count(count: int, single: str, many: str, **values: object) -> str:
    """Choose the whole message for one thing or for another number of them, and fill it; `{count}` is the number.

    Examples
    --------
    >>> [fill_count(count, "{count} row is left.", "{count} rows are left.") for count in (1, 2000)]
    ['1 row is left.', '2,000 rows are left.']
    """
    return fill(single if count == 1 else many, count=count, **values)


def join_sentences(sentences: Sequence[str]) -> str:
    """Set whole sentences one after the other, without those that are empty.

    Examples
    --------
    >>> join_sentences(("It is read.", "", "Nothing is lost."))
    'It is read. Nothing is lost.'
    """
    return " ".join(sentence for sentence in sentences if sentence)


def with_commas(value: object) -> object:
    """Write a whole number with commas; leave everything else as it is."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
