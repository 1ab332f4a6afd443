"""Words among numbers or dates: what became of them, asked with both answers at hand."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.analysis.profile import Finding, Remedy
from app.domain.vocabulary import Severity

WORDS_SHOWN = 4
WORD_LENGTH = 30


def odd_values(
    column: str, *, words: Sequence[tuple[str, int]], odd: int, present: int, what: str, kept_as_text: bool
) -> Finding:
    """Return the question about values that are none of what the rest of their column is.

    Parameters
    ----------
    column
        The column's name.
    words
        The odd values as the file has them, and on how many rows each stands; most frequent first, perhaps not all.
    odd, present
        How many values are odd, and how many there are.
    what
        "numbers" or "dates": what the others are.
    kept_as_text
        Whether the whole column stays text until somebody answers; else the odd values count as missing until then.

    Returns
    -------
    Finding
        Its remedies read the file again, with the words as marks for missing or as values, which make the column text.
    """
    shown = ", ".join(f"{_short(word)} ({count:,})" for word, count in words[:WORDS_SHOWN])
    rest = ", …" if sum(count for _, count in words[:WORDS_SHOWN]) < odd else ""
    held = f"{odd:,} of {present:,} values in `{column[:60]}` are no {what}: {shown}{rest}."
    outcome = "Until you say so, the column stays text." if kept_as_text else "They count as missing for now."
    answers = {word: _markers(column, words, word) for word in ("missing", "value")}
    return Finding(
        "missing_value_marker",
        Severity.WARNING,
        (column,),
        f"{held} Do they mean missing? {outcome}",
        "Say what they mean, and the file is read again.",
        (
            Remedy("They mean missing", "reading", {"markers": answers["missing"]}),
            Remedy("Keep them, as text", "reading", {"markers": answers["value"]}),
        ),
    )


def _short(word: str) -> str:
    if not word:
        return "blank"
    return f'"{word[:WORD_LENGTH]}…"' if len(word) > WORD_LENGTH else f'"{word}"'


def _markers(column: str, words: Sequence[tuple[str, int]], meaning: str) -> list[dict[str, str]]:
    return [{"column": column[:200], "value": word[:200], "meaning": meaning} for word, _ in words]
