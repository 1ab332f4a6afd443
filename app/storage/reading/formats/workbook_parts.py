"""Safety check of the parts inside an .xlsx file before any reader opens it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipInfo

from app.domain.text.words import pluralise
from app.storage.reading.formats.packing import count_bytes, entries_of, inflate
from app.storage.reading.refusals import RefusedError

MAX_PARTS = 5000
SMALL_PART_BYTES = 1 << 20
# A document type can only stand before the first element; a name in a cell is written with &lt;.
DTD = re.compile(rb"<!DOCTYPE|<!ENTITY|<\x00!\x00D\x00O\x00C|\x00<\x00!\x00D\x00O")
DTD_BYTES = 12
CELL = b"<c "
WITHOUT_VALUE = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
ERROR = re.compile(rb'<c [^>]*\bt="e"')
SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
OTHERS = (
    ("xl/workbook.bin", "an .xlsb workbook"),
    ("content.xml", "an OpenDocument file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
)


@dataclass
class Marks:
    """What a sheet holds that has no value: cells of errors, and formulas that were stored without a result."""

    errors: int = 0
    without_value: int = 0

    def notes(self) -> list[str]:
        """Return a sentence for each."""
        notes = []
        if self.errors:
            notes.append(f"Missing, because of an error such as #DIV/0!: {pluralise(self.errors, 'cell')}.")
        if self.without_value:
            notes.append(f"Missing, because no result was stored: {pluralise(self.without_value, 'formula')}.")
        return notes


def inspect(path: Path, limits: dict[str, int]) -> dict[str, Marks]:
    """Return the cells without a value, by the name of the sheet.

    Raises
    ------
    RefusedError
        For another kind of document, too much when unpacked, a part with a document type, a damaged archive.
    """
    with path.open("rb") as handle:
        entries = entries_of(handle, "workbook")
        _refuse_others({info.filename for info in entries}, len(entries))
        marks: dict[str, Marks] = {}
        small: dict[str, str] = {}
        count = 0
        for info in entries:
            kept: list[bytes] = []
            size, result = _search(handle, info, kept, limits=limits, before=count)
            count += size
            marks[info.filename] = result
            if info.filename in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                small[info.filename] = b"".join(kept).decode("utf-8", errors="replace")
    return _marks_by_sheet(small, marks)


def _refuse_others(names: set[str], count: int) -> None:
    for part, what in OTHERS:
        if part in names:
            raise RefusedError("wrong_type", f"This is {what}. Save the table as .xlsx or CSV.", status=415)
    if "xl/workbook.xml" not in names:
        message = "This is an Office document, but no workbook. Save the table as .xlsx or CSV."
        raise RefusedError("wrong_type", message, status=415)
    if count > MAX_PARTS:
        message = f"The workbook holds {count:,} parts; at most {MAX_PARTS:,} are looked at."
        raise RefusedError("too_many_entries", message, status=413)


def _search(
    handle: BinaryIO, info: ZipInfo, kept: list[bytes], *, limits: dict[str, int], before: int
) -> tuple[int, Marks]:
    """Go through one part; `kept` receives its first megabyte. Returns its true size and its marks."""
    is_sheet = info.filename.startswith("xl/worksheets/")
    is_xml = info.filename.endswith((".xml", ".rels", ".vml"))
    marks, size, rest = Marks(), 0, b""
    pieces: Iterable[bytes] = inflate(handle, info)
    for piece in count_bytes(pieces, packed=info.compress_size, limits=limits, before=before):
        if size < SMALL_PART_BYTES:
            kept.append(piece)
        size += len(piece)
        data = rest + piece
        if is_xml and DTD.search(data):
            raise RefusedError("unsafe_xml", "The workbook has parts that are not allowed: a document type in its XML.")
        # A cell may be cut in two by the piece's end; what begins there is counted with the next one.
        cut = data.rfind(CELL) if is_sheet else -1
        cut = cut if cut > 0 else max(0, len(data) - DTD_BYTES)
        _count(data[:cut], marks, is_sheet=is_sheet)
        rest = data[cut:]
    _count(rest, marks, is_sheet=is_sheet)
    return size, marks


def _count(data: bytes, marks: Marks, *, is_sheet: bool) -> None:
    if is_sheet:
        marks.errors += len(ERROR.findall(data))
        marks.without_value += len(WITHOUT_VALUE.findall(data))


def _tag_attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(first or other) for name, first, other in ATTRIBUTE.findall(tag)}


def _marks_by_sheet(small: dict[str, str], marks: dict[str, Marks]) -> dict[str, Marks]:
    """Return the marks by the names of sheets, which the workbook ties to parts by way of relations."""
    relations = (_tag_attributes(tag) for tag in RELATION.findall(small.get("xl/_rels/workbook.xml.rels", "")))
    targets = {relation.get("Id", ""): relation.get("Target", "") for relation in relations}
    sheets = (_tag_attributes(tag) for tag in SHEET.findall(small.get("xl/workbook.xml", "")))
    parts = {sheet.get("name", ""): targets.get(sheet.get("r:id", ""), "") for sheet in sheets}
    return {
        name: marks.get(target.lstrip("/") if target.startswith("/") else f"xl/{target}", Marks())
        for name, target in parts.items()
    }
