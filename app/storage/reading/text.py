"""The layout of a text table and its tolerant reader."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.domain.analysis.choices import Dialect, ReadingChoices
from app.storage.reading.bytes_in import find_encoding, lines_of
from app.storage.reading.dialect import LOOKED_AT, find_dialect, record_at
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.rows import RowTable, Tally


@dataclass(frozen=True)
class TextLayout:
    encoding: str
    delimiter: str
    quote: str
    escape: str
    comment: str
    decimal: str
    skip_lines: int
    header_lines: int
    names: tuple[str, ...]
    width: int
    footer_lines: int = 0
    newline: str = "\n"
    notes: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    sample: list[list[str]] = field(default_factory=list)
    is_plain: bool = False
    first_line: int = 1

    def as_dialect(self, packing: Literal["", "gzip", "zip"] = "", format: str = "csv") -> Dialect:  # noqa: A002
        return Dialect(
            format=format,
            packing=packing,
            encoding=self.encoding.removesuffix("-sig"),
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            decimal=self.decimal,
            comment=self.comment,
            first_line=self.first_line,
            header_lines=self.header_lines,
            said=self.said,
        )


def find_layout(path: Path, *, choices: ReadingChoices, limits: dict[str, int]) -> TextLayout:
    encoding = find_encoding(path)
    head = list(itertools.islice(lines_of(path, encoding, limits), LOOKED_AT))
    if not any(line.strip("\ufeff \t\r\n,;") for line in head):
        raise RefusedError("empty_file", "The file is empty.")
    dialect = find_dialect([line.rstrip("\r\n") + "\n" for line in head])
    if not dialect.header:
        names, first = [f"column_{at + 1}" for at in range(dialect.width)], dialect.skip
    else:
        row, lines = record_at(head, dialect.skip, dialect.delimiter)
        names, first = [cell.strip() for cell in row], dialect.skip + lines
        if len(names) < dialect.width and dialect.width - len(names) == 1:
            names = ["", *names]
    names = names or [""]
    try:
        sample = list(csv.reader(head[first:], delimiter=dialect.delimiter, skipinitialspace=True))
    except csv.Error:
        sample = []
    notes = []
    if dialect.skip:
        notes.append(f"The table starts on line {dialect.skip + 1}; the lines before it were passed over.")
    if not dialect.header:
        notes.append("The first row holds values, so columns are named by their place.")
    if encoding == "cp1252":
        notes.append("Read as Windows-1252. Check that accents look right.")
    return TextLayout(
        encoding, dialect.delimiter, '"', "double", "", ".", first, int(dialect.header), tuple(names), len(names),
        notes=tuple(notes), sample=[row for row in sample if len(row) == len(names)],
        is_plain=encoding == "utf-8" or (encoding == "utf-8-sig" and first > 0), first_line=dialect.skip + 1,
    )  # fmt: skip


def open_rows(path: Path, layout: TextLayout, *, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    lines = itertools.islice(lines_of(path, layout.encoding, limits), layout.skip_lines, None)
    table = RowTable(list(layout.names), iter(()), layout.as_dialect(), Tally(notes=list(layout.notes)))
    table.rows = _good_rows(lines, layout, table.tally, limits)
    return table


def _good_rows(lines: Iterable[str], layout: TextLayout, tally: Tally, limits: dict[str, int]) -> Iterator[list[str]]:
    width = layout.width
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True, skipinitialspace=True)
    while True:
        before = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            line = layout.skip_lines + before + 1
            _explain(fault, line=line, limits=limits)
            tally.reject(line, "A quote stands in the middle of a value.")
            continue
        line = layout.skip_lines + before + 1
        if not row or (len(row) == 1 and not row[0].strip() and width > 1):
            tally.blank += 1
        elif len(row) == width or (len(row) == width + 1 and row[-1] == ""):
            yield row[:width]
        else:
            tally.reject(line, f"It has {len(row):,} cells; the table has {width:,} columns.")


def _explain(fault: csv.Error, *, line: int, limits: dict[str, int]) -> None:
    text = str(fault)
    if "field larger" in text:
        message = f"Line {line:,} holds a cell with more than {limits['cell_kb']:,} kB of text."
        raise over("cell_kb", message, code="cell_too_large")
    if "unexpected end" in text:
        raise RefusedError("open_quote", f"A quote opened on line {line:,} is never closed.", line=line)
