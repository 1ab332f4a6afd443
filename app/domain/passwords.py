"""Detection of passwords that are easy to guess."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import StrEnum

MIN_LENGTH, MAX_LENGTH = 12, 128
# So few different characters, such a short repeated part and so short a rest are tried first by every guesser.
MIN_DISTINCT = 4
MAX_REPEATED_PART, MIN_REPEATED = 4, 8
MIN_REST = 6
MIN_OWN_WORD = 3
MIN_CUT = 4
PRODUCT = "hydroml"
# Signs that people write for a letter; one sign may stand for two letters.
SUBSTITUTES = {
    "a": "4@",
    "b": "8",
    "e": "3€",
    "g": "9",
    "i": "1!|",
    "l": "1!|",
    "o": "0",
    "s": "5$",
    "t": "7+",
    "z": "2",
}
SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
)
EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Weakness(StrEnum):
    """Why a password is easy to guess."""

    COMMON = "password_common"
    OWN = "password_own"


def own_words(*texts: str) -> frozenset[str]:
    """Return the words that others know of a person, with the product's name among them.

    Parameters
    ----------
    texts
        An e-mail address, a name: whatever a guesser would try.
    """
    words = {PRODUCT}
    for text in texts:
        parts = [part for part in re.split(r"[\W\d_]+", text.casefold()) if part]
        words.update(parts)
        words.add("".join(parts))
    return frozenset(word for word in words if len(word) >= MIN_OWN_WORD)


def find_weakness(password: str, *, own: Iterable[str], common: Collection[str]) -> Weakness | None:
    """Return why a guesser would come to a password early; None where no rule says so.

    Parameters
    ----------
    password
        What was chosen.
    own
        Words that belong to the person or the product, in small letters.
    common
        The passwords that are used most, in small letters.

    Notes
    -----
    Digits and other signs around a word, signs instead of letters, and the same part again and again are seen through:
    crackers' rule lists begin with these.
    """
    text = password.casefold()
    rest = text
    for word in sorted(own, key=len, reverse=True):
        rest = _remove_word(rest, word)
    core = EDGES.sub("", rest)
    if rest != text and (len(core) < MIN_REST or _is_known(core, common)):
        return Weakness.OWN
    return Weakness.COMMON if len(set(text)) < MIN_DISTINCT or _is_known(text, common) else None


def _is_known(text: str, common: Collection[str]) -> bool:
    forms = {text, *_cut(text), EDGES.sub("", text), re.sub(r"[\W_]+", "", text)}
    forms |= {plain for form in tuple(forms) for plain in _undo_substitutes(form)}
    parts = {form: _find_repeated_part(form) for form in forms}
    if any(len(part) <= MAX_REPEATED_PART and len(form) >= MIN_REPEATED for form, part in parts.items()):
        return True
    forms |= {again for part in parts.values() for again in (part, EDGES.sub("", part), part * 2)}
    return any(form in common or _is_sequence(form) for form in forms)


def _find_repeated_part(text: str) -> str:
    """Return the part that a text repeats from start to end; the text itself where it repeats nothing."""
    return re.sub(r"^(.+?)\1+$", r"\1", text)


def _cut(text: str) -> list[str]:
    """Return a text with fewer and fewer of the digits and other signs at its end, as long as a word is left."""
    word = re.match(r".*[^\W\d_]", text, re.DOTALL)
    shortest = max(word.end(), MIN_CUT) if word else len(text)
    return [text[:end] for end in range(shortest, len(text))]


def _is_sequence(text: str) -> bool:
    runs = [run for row in SEQUENCES for run in (row, row[::-1])]
    return len(text) >= MIN_REST and any(text in run * 3 for run in runs)


def _undo_substitutes(text: str) -> Iterable[str]:
    """Return a text with letters where signs stand for them, once for each letter that a sign may mean."""
    for ambiguous in ("i", "l"):
        table = {ord(sign): letter for letter, signs in SUBSTITUTES.items() for sign in signs}
        table.update({ord(sign): ambiguous for sign in SUBSTITUTES["i"]})
        for form in (text, EDGES.sub("", text)):
            yield form.translate(table)


def _remove_word(text: str, word: str) -> str:
    """Return a text without a word, be there signs for its letters and other signs between them."""
    places: dict[str, int] = {}
    for place, letter in enumerate(word):
        for sign in letter + SUBSTITUTES.get(letter, ""):
            places[sign] = places.get(sign, 0) | 1 << place
    rest, start = "", 0
    while start < len(text):
        end = _end_of_word(text, start, places, len(word))
        rest += "" if end else text[start]
        start = end or start + 1
    return rest


def _end_of_word(text: str, start: int, places: dict[str, int], length: int) -> int:
    """Return where a word ends that begins at a place of a text; 0 where it does not begin there.

    Many signs may be a letter or stand between two. All ways to read them are followed at once, as bits that say how
    many letters have been read: a pattern would try one way after another, for hours where somebody wants it to.
    """
    read = 1
    for end, sign in enumerate(text[start:], start + 1):
        between = 0 if sign.isalnum() else read & ~1
        read = (read & places.get(sign, 0)) << 1 | between
        if read >> length:
            return end
        if not read:
            break
    return 0
