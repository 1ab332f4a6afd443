"""Findings about stray words in columns of numbers or dates, with remedies for both readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.analysis.findings.censored import is_limit, limit_remedies
from app.domain.analysis.profiling.profile import Finding, FindingRemedy
from app.domain.vocabulary import Severity

WORDS_SHOWN = 4
WORD_LENGTH = 30


@dataclass(frozen=True)
class OddValues:
    """Values that are none of what the rest of their column is.

    `words` are the most frequent of them as the file has them, with their rows; `count` is all of them, `present` how
    many values there are. The others are numbers or dates: `what`. Until somebody answers, either the whole column is
    `kept_as_text`, or these values count as missing.
    """

    words: tuple[tuple[str, int], ...]
    count: int
    present: int
    what: str
    kept_as_text: bool


def odd_value_findings(column: str, odd: OddValues) -> Finding:
    """Return the question about odd values of a column.

    Its remedies read the file again, with the words as marks for missing or as values, which make the column text.
    """
    words = odd.words
    text = ", ".join(f"{_shorten(word)} ({count:,})" for word, count in words[:WORDS_SHOWN])
    rest = ", …" if sum(count for _, count in words[:WORDS_SHOWN]) < odd.count else ""
    current = f"{odd.count:,} of {odd.present:,} values in `{column[:60]}` are not {odd.what}: {text}{rest}."
    outcome = (
        "The column stays text until you decide."
        if odd.kept_as_text
        else "They are treated as missing until you decide."
    )
    changes = {word: _marker_changes(column, words, word) for word in ("missing", "value")}
    # What lies below a limit of detection is known to be small, which neither answer would say.
    limits = limit_remedies(column)[:2] if any(is_limit(word) for word, _ in words) else ()
    return Finding(
        "missing_value_marker",
        Severity.WARNING,
        (column,),
        f"{current} Do they mean missing? {outcome}",
        "Say what they mean, and the file is read again.",
        (
            *limits,
            FindingRemedy("They mean missing", "reading", {"markers": changes["missing"]}),
            FindingRemedy("Keep them, as text", "reading", {"markers": changes["value"]}),
        ),
    )


def _shorten(word: str) -> str:
    if not word:
        return "blank"
    return f'"{word[:WORD_LENGTH]}…"' if len(word) > WORD_LENGTH else f'"{word}"'


def _marker_changes(column: str, words: Sequence[tuple[str, int]], meaning: str) -> list[dict[str, str]]:
    return [{"column": column[:200], "value": word[:200], "meaning": meaning} for word, _ in words]
