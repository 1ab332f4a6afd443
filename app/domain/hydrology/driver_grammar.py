"""Splitting column names into words: at separators, digits and capitals, and within compound words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from app.domain.hydrology.driver_codes import CODES
from app.domain.hydrology.driver_languages import DAYS, HIGHS, LOWS, MEANS, OTHER_ENDINGS, SCRIPTS, SUMS
from app.domain.hydrology.driver_units import DriverRole
from app.domain.hydrology.driver_words import DECOR, KNOWN, MAXIMUM, MINIMUM, STEMS

_STEMS = tuple((role, re.compile(rf"^({pattern})$")) for role, pattern in STEMS)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[a-z]+|\d+")
# Letters that no accent makes.
_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ı": "i", "đ": "d", "Đ": "D", "œ": "oe"}
)
_FOREIGN = re.compile(r"[\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PIECE = re.compile("|".join(sorted(map(re.escape, SCRIPTS), key=len, reverse=True)))
# What no table knows; the endings of Russian words say nothing.
_UNKNOWN = re.compile(r"[\u3400-\u9fff\uac00-\ud7af]+|[\u0400-\u04ff]{5,}")
# How a step is summed up, as it stands glued before or behind a quantity; shorter words are too common as letters.
_AFFIXES = sorted((word for word in MEANS | LOWS | HIGHS | SUMS | DAYS | {"air"} if len(word) > 2), key=len)[::-1]


def transliterate(name: str) -> str:
    """Return a name in Latin letters without accents, and what is in other scripts in English words."""
    if name.isascii():
        return name
    text = unicodedata.normalize("NFKC", name).translate(_LETTERS)
    if _FOREIGN.search(text):
        text = _PIECE.sub(lambda match: f" {SCRIPTS[match[0]]} ", text.lower())
        text = _UNKNOWN.sub(" foreign ", text)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def key_of(name: str) -> str:
    """Return a name in lower case, without accents, and with one underscore between its parts."""
    return _BETWEEN.sub("_", transliterate(name).lower()).strip("_")


@lru_cache(maxsize=8192)
def role_of_word(word: str) -> DriverRole | None:
    """Return the role that a word stands for, or None."""
    return next((role for role, pattern in _STEMS if pattern.match(word)), None)


def words_of(stem: str, parts: Sequence[str]) -> frozenset[str]:
    """Return the words of a name: its parts whole, and what letters, digits, capitals and glue divide them into.

    Parameters
    ----------
    stem
        The name without its unit.
    parts
        The parts of its key.
    """
    words = set(parts)
    spaced = _space_out(stem)
    if spaced != stem or any(not part.isalpha() for part in parts):
        words |= set(_PARTS.findall(key_of(spaced)))
    for word in tuple(words):
        if glued := split_glued(word):
            words.remove(word)
            words.update(glued)
    if {"above", "ground"} <= words:
        words -= {"above", "ground"}
    return frozenset(word for word in words if not word.isdigit())


def pieces_of(stem: str) -> list[str]:
    """Return the pieces of a name in their order, with glued words apart: hrMedia is hr and media."""
    return [piece for part in key_of(_space_out(stem)).split("_") for piece in (split_glued(part) or (part,))]


def _space_out(stem: str) -> str:
    return stem if stem.islower() or stem.isupper() else _CAMEL.sub("_", stem)


@lru_cache(maxsize=8192)
def split_glued(word: str) -> tuple[str, ...]:
    """Return a quantity and what is glued to it: tempmin, sumrn, preciptype; () where a word is not glued.

    Parameters
    ----------
    word
        A word in lower case.
    """
    if len(word) < 4 or not word.isalpha():
        return ()
    for ending in OTHER_ENDINGS:
        # Such an ending takes the word away from what it is glued to, also where a stem would take it in.
        if word.endswith(ending) and role_of_word(word[: -len(ending)]) is not None:
            return word[: -len(ending)], ending
    if role_of_word(word) is not None or word in CODES or _means_nothing(word):
        return ()
    for affix in _AFFIXES:
        if word.endswith(affix) and (results := _quantity_words(word.removesuffix(affix))):
            return *results, affix
        if word.startswith(affix) and (results := _quantity_words(word.removeprefix(affix))):
            return affix, *results
    return ()


def _quantity_words(rest: str) -> tuple[str, ...]:
    """Return the words of a quantity that stand beside an affix, () where there are none."""
    if len(rest) > 1 and (role_of_word(rest) is not None or CODES.get(rest)):
        return (rest,)
    return split_glued(rest)


def _means_nothing(word: str) -> bool:
    return word in DECOR or word in KNOWN or word in MINIMUM or word in MAXIMUM
