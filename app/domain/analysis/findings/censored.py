"""Censored values, beyond a limit of the laboratory or instrument, written as "<0.5" or ">200"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.analysis.profiling.profile import FindingRemedy

LIMIT = re.compile(r"\s*[<>≤≥]=?\s*([+-]?[0-9][0-9.,]*|[.,][0-9]+)\s*")
NUMBER = re.compile(r"\s*[+-]?([0-9][0-9.,]*|[.,][0-9]+)([eE][+-]?[0-9]+)?\s*")
# Words beside numbers and limits that a column of measured values may hold, as a share of its rows.
OTHERS = 0.2
MIN_NUMBERS = 2


def is_limit(word: str) -> bool:
    """Return whether a word is a value beyond a limit, such as "<0.5".

    Parameters
    ----------
    word
        A value as the file has it.
    """
    return LIMIT.fullmatch(word) is not None


def limits_among(words: Sequence[tuple[str, int]]) -> int | None:
    """Return how many rows hold a value beyond a limit, or None where a column holds no measured values.

    Parameters
    ----------
    words
        The most frequent values of a column of texts, with their rows.
    """
    limits = sum(count for word, count in words if is_limit(word))
    numbers = [count for word, count in words if NUMBER.fullmatch(word)]
    others = sum(count for _, count in words) - limits - sum(numbers)
    if not limits or len(numbers) < MIN_NUMBERS or others > OTHERS * (limits + sum(numbers)):
        return None
    return limits


def limit_remedies(column: str) -> tuple[FindingRemedy, ...]:
    """Return the remedies for values beyond a limit, each another reading of the file.

    Parameters
    ----------
    column
        The column that holds them.
    """
    labels = {
        "limit": "Read them at the limit, with a column that marks them",
        "half": "Read them at half the limit, with a column that marks them",
        "missing": "Read them as missing",
    }
    return tuple(
        FindingRemedy(label, "reading", {"censored": [{"column": column[:200], "take": take}]})
        for take, label in labels.items()
    )
