"""A streaming reader of JSON records, without the whole text in memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.storage.reading.refusals import RefusedError, over_limit

CHUNK = 1 << 20
BLANKS = re.compile(r"[ \t\r\n]*")
# Beyond this a value is no cell and no record; the parser itself gives up at about a thousand.
DEPTH = "It is nested too deeply to be a table."


class RepeatedKeyError(ValueError):
    """One record has the same key twice, so one of its two values would be lost."""


def _object_of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise RepeatedKeyError(f"The key {twice[:40]} stands twice in one record.")
    return record


# Numbers stay the text that the file has: nothing is rounded, and a number of 5,000 digits costs nothing.
DECODER = json.JSONDecoder(object_pairs_hook=_object_of_pairs, parse_int=str, parse_float=str, parse_constant=str)


def encoding_of(path: Path) -> str:
    """Return UTF-8 or what the mark at the beginning says; JSON is never anything else (RFC 8259)."""
    with path.open("rb") as handle:
        head = handle.read(4)
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


class Text:
    """A JSON text that is read forward in pieces. Faults name the line where they are."""

    def __init__(self, path: Path, limits: dict[str, int]) -> None:
        self._handle = path.open(encoding=encoding_of(path), newline="")
        self._most = max(16 * limits["cell_kb"] * 1024, 16 * CHUNK)
        self._buffer, self._position, self._ended = "", 0, False
        # The line of a place up to which line breaks were counted: counting again from the start of each piece is slow.
        self._line, self._counted = 1, 0

    def __enter__(self) -> Text:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def _more(self) -> bool:
        if self._ended:
            return False
        try:
            piece = self._handle.read(CHUNK)
        except UnicodeDecodeError:
            raise RefusedError("damaged", "The JSON text is damaged: it is not UTF-8 to its end.") from None
        self.line()
        self._buffer, self._position, self._counted = self._buffer[self._position :] + piece, 0, 0
        self._ended = not piece
        return not self._ended

    def line(self, ahead: int = 0) -> int:
        """Return the number of the line that the text is at, or of a place some letters ahead."""
        self._line += self._buffer.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line + self._buffer.count("\n", self._position, self._position + ahead)

    def fault(self, what: str = "It is not valid JSON", ahead: int = 0) -> RefusedError:
        """Return the refusal of what stands here."""
        line = self.line(ahead)
        return RefusedError("invalid_json", f"Line {line:,}: {what.rstrip('.')}.", line=line)

    def next(self) -> str:
        """Return the next letter that is no blank, without passing it; nothing at the end."""
        while True:
            self._position = BLANKS.match(self._buffer, self._position).end()  # type: ignore[union-attr]
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._more():
                return ""

    def take(self, letter: str) -> bool:
        """Pass a letter if it is the next one, and say whether it was."""
        if self.next() != letter:
            return False
        self._position += 1
        return True

    def value(self) -> Any:
        """Return the next value whole, whatever it is.

        Raises
        ------
        RefusedError
            If it is not valid, nested too deeply, or larger than a record may be.
        """
        self.next()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._position)
            except RecursionError:
                raise self.fault(DEPTH) from None
            except RepeatedKeyError as fault:
                raise self.fault(str(fault)) from None
            except json.JSONDecodeError as fault:
                self._read_on_or_refuse(fault)
                continue
            # A number at the end of the piece may go on in the next one.
            length = end - self._position
            if end < len(self._buffer) or not self._more():
                self._position += length
                return value

    def _read_on_or_refuse(self, fault: json.JSONDecodeError) -> None:
        if len(self._buffer) - self._position > self._most:
            message = f"Line {self.line():,} begins a value of more than {self._most // CHUNK:,} MB."
            raise over_limit("cell_kb", message, code="cell_too_large")
        # Only what stands near the end of the piece can be a value that is cut in two.
        ahead = fault.pos - self._position
        cut = fault.pos >= len(self._buffer) - 16 or fault.msg.startswith("Unterminated string")
        if not cut or not self._more():
            raise self.fault(f"It is not valid JSON ({fault.msg.lower()})", ahead=max(ahead, 0))

    def items(self, *, opened: bool = False) -> Iterator[Any]:
        """Yield the items of the array that begins here, or began just before."""
        if not opened:
            self.take("[")
        if self.take("]"):
            return
        while True:
            yield self.value()
            if self.take("]"):
                return
            if not self.take(","):
                raise self.fault("It is not valid JSON (a comma is missing, or the file ends too early)")

    def keys(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; the caller takes the value of each."""
        self.take("{")
        if self.take("}"):
            return
        while True:
            key = self.value() if self.next() == '"' else None
            if not isinstance(key, str) or not self.take(":"):
                raise self.fault("It is not valid JSON (a name in quotes and a colon are missing)")
            yield key
            if self.take("}"):
                return
            if not self.take(","):
                raise self.fault("It is not valid JSON (a comma is missing, or the file ends too early)")

    def pairs(self) -> Iterator[tuple[str, Any]]:
        """Yield each key of the object that begins here with its value."""
        for key in self.keys():
            yield key, self.value()

    def end(self) -> None:
        """Refuse what comes after the end."""
        if self.next():
            raise self.fault("Something comes after the end of the JSON text")
