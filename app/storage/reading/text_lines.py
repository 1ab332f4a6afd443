"""Decoded lines of a text, with notes on damaged ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from app.storage.reading.encodings import CHUNK, choice_of, encoding_label
from app.storage.reading.refusals import RefusedError

# Control characters, and the stand-ins for bytes that the encoding does not know.
ODD = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]"
CONTROL = "It contains the control character"
END_OF_FILE = "\x1a"
# A control character on so many of the first lines, and on this share of them, is how such a file is written.
ORDINARY_LINES, ORDINARY_SHARE = 2, 0.01


class TextLines:
    """Goes through the lines of a text once, their line ends on them, and notes why some are damaged.

    A lone carriage return ends a line too, as it once did everywhere.


    `faults` has the reason by the number of the line. Characters in `ordinary` damage nothing, nor do control
    characters between quotes, where they are a part of a text.
    """

    def __init__(
        self,
        path: Path,
        encoding: str,
        limits: dict[str, int],
        *,
        ordinary: str = "",
        quote: str = '"',
    ) -> None:
        self.faults: dict[int, str] = {}
        self.number = 0
        self._path, self._encoding = path, encoding
        self._longest = max(limits["cell_kb"] * 1024 * 4, CHUNK)
        self._odd, self._quote = odd_pattern(ordinary), quote

    def __iter__(self) -> Iterator[str]:
        # A byte that is lost in UTF-16 moves all after it, so nothing of the file can be believed.
        errors = "strict" if choice_of(self._encoding) == "utf-16" else "surrogateescape"
        try:
            with self._path.open(encoding=self._encoding, errors=errors, newline="") as handle:
                yield from self._lines(handle)
        except UnicodeDecodeError:
            name = encoding_label(self._encoding)
            message = f"The text is damaged: after line {self.number:,} it is not {name} any more."
            raise RefusedError("damaged", message) from None

    def _lines(self, handle: TextIO) -> Iterator[str]:
        most, odd = self._longest + 1, self._odd
        while line := handle.readline(most):
            self.number += 1
            if len(line) == most:
                line = self._without_padding(handle, line)
            if not line.rstrip("\r\n").isprintable() and (match := odd.search(line)):
                self._note(line, match)
            yield line

    def _note(self, line: str, match: re.Match[str]) -> None:
        reason = reason_of(match[0], self._encoding)
        quotes = (line[: match.start()].count(self._quote), line[match.end() :].count(self._quote))
        if not (reason.startswith(CONTROL) and self._quote and any(count % 2 for count in quotes)):
            self.faults[self.number] = reason

    def _without_padding(self, handle: TextIO, line: str) -> str:
        """Return a line that is nothing but NUL bytes, as a logger that lost its power leaves them, as a short one."""
        while not line.strip("\x00\r\n"):
            if line.endswith("\n"):
                return "\x00\n"
            more = handle.readline(self._longest)
            if not more:
                return "\x00"
            line = more
        message = f"Line {self.number:,} is longer than {self._longest:,} characters: this does not look like a table."
        raise RefusedError("line_too_long", message, line=self.number)


def odd_pattern(ordinary: str = "") -> re.Pattern[str]:
    """Return a pattern for a character that is no text, but for those that are ordinary in a file."""
    return re.compile(f"(?![{re.escape(ordinary)}]){ODD}" if ordinary else ODD)


def reason_of(character: str, encoding: str) -> str:
    """Return why a line with this character is damaged."""
    if character == "\x00":
        return "It contains a NUL byte: it is damaged."
    code = ord(character)
    if code > 0xFF:
        return f"It contains the byte 0x{code & 0xFF:02X}, which is not {encoding_label(encoding)}: it is damaged."
    return f"{CONTROL} 0x{code:02X}: it is damaged."


def ordinary_characters(lines: Sequence[str], of: int) -> str:
    """Return the control characters that so many of the first lines hold (these, of so many) that they damage none."""
    odd = odd_pattern()
    current_values = Counter(
        character for line in lines for character in set(odd.findall(line)) if "\x00" < character < "\x80"
    )
    least = max(ORDINARY_LINES, ORDINARY_SHARE * of)
    return "".join(sorted(character for character, count in current_values.items() if count >= least))


def is_end_of_file(line: str) -> bool:
    """Return whether a line holds nothing but the mark with which DOS ended files."""
    return END_OF_FILE in line and not line.strip(f"{END_OF_FILE} \r\n")
