"""A streaming XML reader without document types, entities or external references.

A document type is refused as soon as it begins, so no entity is ever declared, expanded or fetched: see the list of
attacks of https://docs.python.org/3/library/xml.html#xml-vulnerabilities.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from app.storage.reading.refusals import RefusedError, over_limit

CHUNK = 1 << 16
MAX_DEPTH = 100
MAX_ATTRIBUTES = 100
ENTITIES = "The XML text declares a document type or entities, which are not read. Export it without them."


@dataclass(frozen=True)
class XmlEvent:
    """The beginning of an element, with its attributes, or its end (`is_end`), with its text. Names have no prefix."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    is_end: bool = False


class _Collector:
    """What the parser calls; it gathers events and bounds depth and text."""

    def __init__(self, limits: dict[str, int], encoding: str | None) -> None:
        self.events: list[XmlEvent] = []
        self._most = limits["cell_kb"] * 1024
        self._texts: list[list[str]] = []
        self._sizes: list[int] = []
        self.parser = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise RefusedError("xml_entities", ENTITIES)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._texts) >= MAX_DEPTH:
            line = self.parser.CurrentLineNumber
            raise RefusedError("invalid_xml", f"Line {line:,}: the XML text is nested too deeply.", line=line)
        if len(attributes) > MAX_ATTRIBUTES:
            raise RefusedError("invalid_xml", f"An element has {len(attributes):,} attributes, which is no table.")
        self._texts.append([])
        self._sizes.append(0)
        plain = {_local_name(key): value for key, value in attributes.items()}
        self.events.append(XmlEvent(_local_name(name), plain))

    def _end(self, name: str) -> None:
        text = "".join(self._texts.pop()).strip()
        self._sizes.pop()
        self.events.append(XmlEvent(_local_name(name), {}, text, is_end=True))

    def _characters(self, data: str) -> None:
        if not self._texts:
            return
        self._sizes[-1] += len(data)
        if self._sizes[-1] > self._most:
            message = f"An element holds more than {self._most // 1024:,} kB of text."
            raise over_limit("cell_kb", message, code="cell_too_large")
        self._texts[-1].append(data)


def _local_name(name: str) -> str:
    return name.rpartition(":")[2]


def events_of(path: Path, limits: dict[str, int], *, whole: bool = True) -> Iterator[XmlEvent]:
    """Yield the beginnings and ends of the elements of a file, which is read in pieces.

    Parameters
    ----------
    path, limits
        The file, and the limits: no text is longer than a cell may be.
    whole
        Whether the text must end as XML does; a first look at the beginning of a file needs no end.

    Raises
    ------
    RefusedError
        For a document type, for entities, and where the text is not well-formed, with its line.
    """
    collector = _Collector(limits, _encoding_of(path))
    with path.open("rb") as handle:
        while True:
            piece = handle.read(CHUNK)
            try:
                collector.parser.Parse(piece, not piece)
            except expat.ExpatError as fault:
                if not piece and not whole:
                    return
                yield from _take(collector)
                reason = expat.ErrorString(fault.code)
                cut = " It ends too early." if not piece else ""
                message = f"Line {fault.lineno:,}: the XML text is damaged ({reason}).{cut}"
                raise RefusedError("invalid_xml", message, line=fault.lineno) from None
            except (ValueError, LookupError):
                raise RefusedError("invalid_xml", "The XML text is in an encoding that is not known.") from None
            yield from _take(collector)
            if not piece:
                return


def _encoding_of(path: Path) -> str | None:
    """Return Latin-1 for a text that says no encoding and is no UTF-8, as loggers write it; None for any other."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        head = handle.read(200)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"encoding=" in head.split(b"?>")[0]:
            return None
        handle.seek(0)
        try:
            while piece := handle.read(CHUNK):
                decoder.decode(piece)
        except UnicodeDecodeError:
            return "iso-8859-1"
    return None


def _take(collector: _Collector) -> list[XmlEvent]:
    events, collector.events = collector.events, []
    return events


def root_of(head: bytes) -> str:
    """Return the name of the first element of a text that is XML, with its attributes; "" for any other."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:8_192]
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = text[2:].replace(b"\x00", b"")
    if not text.startswith(b"<"):
        return ""
    for piece in text.split(b"<")[1:]:
        if piece[:1] not in (b"?", b"!"):
            return piece.split(b">")[0].rstrip(b"/ ").decode("utf-8", errors="replace")
    return ""
