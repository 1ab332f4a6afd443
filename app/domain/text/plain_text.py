"""Text from people and files without invisible characters that change how it reads."""

from __future__ import annotations

import re
import unicodedata

# Letters that are drawn as nothing, so that a name of them alone looks empty.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
# Joiners shape Persian and Indic words and emoji; between plain letters they only hide.
_JOINERS = "\u200c\u200d"
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """Return a text of several lines without signs that nobody sees.

    Parameters
    ----------
    text
        As somebody typed it, or as a file has it.

    Returns
    -------
    str
        In Unicode's composed form, its lines ended by a line feed. Control characters, marks that turn the direction
        of writing, zero-width signs and letters without ink are left out; joiners stay where they shape a word.

    Examples
    --------
    >>> clean_text("Flow\\u202eexe.\\u200b\\x07")
    'Flowexe.'
    """
    lines = _BREAKS.sub("\n", unicodedata.normalize("NFC", text))
    kept = [sign for place, sign in enumerate(lines) if _is_seen(sign, lines, place)]
    return "".join(kept).strip()


def clean_line(text: str) -> str:
    """Return a text of one line without signs that nobody sees; any run of blanks is one space.

    Parameters
    ----------
    text
        As somebody typed it, or as a file has it.
    """
    return _SPACES.sub(" ", clean_text(text)).strip()


def _is_seen(sign: str, text: str, place: int) -> bool:
    if sign in "\n\t":
        return True
    if sign in _JOINERS:
        around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        return len(around) == 2 and all(ord(item) > 127 and _is_letter(item) for item in around)
    return _is_letter(sign)


def _is_letter(sign: str) -> bool:
    """Return whether a sign is drawn: no control, format, lone half, unassigned or private one, and no filler."""
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Co") and sign not in _FILLERS
