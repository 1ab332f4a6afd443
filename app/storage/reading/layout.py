"""The layout of a text table: encoding, dialect, header, comments and footer."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.domain.analysis.import_options.import_choices import Dialect, ReadingChoices
from app.storage.reading.dialect import NUMBER, find_cut
from app.storage.reading.encodings import choice_of, encoding_label, find_encoding
from app.storage.reading.footers import count_footer, tail_lines
from app.storage.reading.records import REPAIRED, WHITESPACE, Cut, Feed, RawRecord, Records, alone
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import Tally
from app.storage.reading.separators import is_row_cut_otherwise
from app.storage.reading.structure import SampleTable, Structure, find_structure, is_blank, is_name_like, other_tables
from app.storage.reading.text_head import COMMENTS, LINES_AT_LEAST, Head, head_tally, keeps_empty_rows, read_head

SAMPLE_ROWS = 200
EXCEL_SEPARATOR = re.compile(r"^\"?sep=(.)\"?$", re.IGNORECASE)
SAYABLE = (
    "encoding",
    "delimiter",
    "quote",
    "escape",
    "decimal",
    "comment",
    "first_line",
    "header_lines",
    "footer_lines",
    "ragged",
)


@dataclass(frozen=True)
class TextLayout:
    """How a text is read.

    Parameters
    ----------
    encoding
        The codec to open the file with.
    first_line, header_lines, skip_lines
        The line on which the names (or without names the values) begin, counted from 1; how many lines hold names; and
        how many lines of the file come before the first row of values.
    names, header
        The raw names, one for each column and empty where there is none (by place where no line holds names); and the
        lines that hold them, cut to cells.
    width, row_width
        The number of columns, and the number of cells that rows have. They differ where the last cells are empty and
        have no names, or where names have no values.
    footer_lines
        How many lines at the end, blank ones not counted, are none of the table.
    newline
        The line end, or nothing where there are several kinds.
    is_whole
        Whether the sample is all there is.
    ordinary
        The control characters that damage no line.
    keeps_empty_rows
        Whether a line of separators alone is a row of the table.
    head
        What became of the lines before the first row of values.
    is_plain
        Whether a strict reader of RFC 4180 with this separator gives the same rows after `skip_lines`.
    """

    encoding: str
    delimiter: str
    quote: str
    escape: str
    comment: str
    decimal: str
    first_line: int
    header_lines: int
    skip_lines: int
    names: tuple[str, ...]
    header: tuple[tuple[str, ...], ...]
    width: int
    row_width: int
    footer_lines: int
    newline: str
    notes: tuple[str, ...]
    decided_fields: tuple[str, ...]
    sample: list[list[str]]
    ordinary: str
    keeps_empty_rows: bool
    head: Tally
    is_plain: bool
    is_whole: bool
    is_cut: bool = False

    @property
    def cut(self) -> Cut:
        """Return how lines are cut into cells."""
        return Cut(self.delimiter, self.quote, self.escape)

    def as_dialect(self, packing: Literal["", "gzip", "zip"] = "", format: str = "csv") -> Dialect:  # noqa: A002
        """Return the dialect for pages and the API."""
        return Dialect(
            format=format,
            packing=packing,
            encoding=choice_of(self.encoding),
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            decimal=self.decimal,
            comment=self.comment,
            first_line=self.first_line,
            header_lines=self.header_lines,
            footer_lines=self.footer_lines,
            said=self.decided_fields,
        )


def find_layout(
    path: Path, *, choices: ReadingChoices, limits: dict[str, int], is_cut: bool = False, is_look: bool = False
) -> TextLayout:
    """Detect the layout of a text from its first and last lines; a choice of the user is kept.

    Parameters
    ----------
    path
        The text, unpacked.
    choices
        What the user said.
    limits
        The limits on what a user may send.
    is_cut
        Whether the file holds the beginning of the text alone, so that nothing is said about its end.
    is_look
        Whether this is for a first look, so that not every byte is asked for its encoding, but the head alone.

    Raises
    ------
    RefusedError
        If there is no text, or it is not in the encoding that the user said.
    """
    csv.field_size_limit(limits["cell_kb"] * 1024)
    encoding = find_encoding(path, words=choices.encoding, whole=not (is_cut or is_look))
    head = read_head(path, encoding, limits)
    if not any(line.strip("\ufeff \t\r\n,;") for line in head.lines):
        raise RefusedError("empty_file", "The file is empty.")
    choices_now, lines = _read_separator_line(head.lines, choices)
    comment = _find_comment_mark(lines, choices_now)
    table_lines = _table_lines(lines, comment, choices_now)
    parts = _structure_parts(lines, find_cut(table_lines, choices_now), comment, choices_now)
    if parts.structure.row_width == 1 and len(table_lines) > LINES_AT_LEAST:
        # Where most lines are not cut, they may be below where the separator changes, or long remarks end.
        lower = [table_lines[0], *table_lines[len(table_lines) // 2 :]]
        other = _structure_parts(lines, find_cut(lower, choices_now), comment, choices_now)
        parts = other if other.structure.row_width > 1 else parts
    parts = replace(parts, choices=choices)
    return _build_layout(path, head, encoding, parts, is_cut=is_cut)


def _structure_parts(lines: list[str], cut: Cut, comment: str, choices: ReadingChoices) -> _Parts:
    """Return the records and the structure that the first lines have under a cut."""
    results = list(Records(Feed(iter(lines), comment=comment), cut))
    if not results:
        raise RefusedError("no_rows", f"Every line begins with {comment}, which marks a comment.")
    structure = find_structure(results, choices, recut=lambda row: _cut_again(lines[row[0] - 1], cut))
    if choices.first_line is None and choices.header_lines is None:
        structure = _move_table_start(structure, lines, results, cut)
    return _Parts(lines, results, structure, cut, comment, choices)


def _read_separator_line(lines: list[str], choices: ReadingChoices) -> tuple[ReadingChoices, list[str]]:
    """Take a first line such as `sep=;`, which Excel writes, for what it is."""
    named = EXCEL_SEPARATOR.match(lines[0].strip())
    if not named:
        return choices, lines
    delimiter = choices.delimiter or named[1]
    return choices.model_copy(update={"delimiter": delimiter}), ["\n", *lines[1:]]


def _table_lines(lines: list[str], comment: str, choices: ReadingChoices) -> list[str]:
    start = (choices.first_line or 1) - 1
    # A line with a quote that it does not close may be a part of a cell of several lines.
    return [
        line for line in lines[start:] if not (comment and line.startswith(comment) and line.count('"') % 2 == 0)
    ] or lines


def _find_comment_mark(lines: list[str], choices: ReadingChoices) -> str:
    """Return the mark of lines that are passed over, or nothing where no line is."""
    if choices.comment is not None:
        return choices.comment
    first = next((line for line in lines if line.strip()), "")
    for mark in COMMENTS:
        marked = [line for line in lines if line.startswith(mark)]
        if not marked or len(marked) == len(lines):
            continue
        rest = [line for line in lines if not line.startswith(mark)]
        cut = find_cut(rest, choices)
        table = SampleTable(list(Records(Feed(iter(rest)), cut)))
        fitting = [row for row in (alone(line, cut)[0] for line in marked) if len(row) == table.width > 1]
        if first.startswith(mark) and not (len(marked) == 1 and fitting):
            return mark
        # A row may begin with the sign for a number; one that is left out by a mark has values of the column after it.
        out = [row for row in fitting if table.belongs([row[0].removeprefix(mark), *row[1:]]) and 0 in table.kinds]
        if not first.startswith(mark) and len(out) == len(fitting) and 2 * len(marked) <= len(rest):
            return mark
    return ""


def _cut_again(line: str, cut: Cut) -> list[list[str]]:
    """Return the cells of a line of names under other ways to cut: without quotes, or by another separator."""
    bare = line.lstrip("#%/ ")
    others = [first for first in (",", ";", "\t", "|", WHITESPACE) if first != cut.delimiter.strip(" ")]
    unquoted = alone(line, Cut(cut.delimiter, "", ""))[0]
    return [
        [_remove_quotes(cell.strip(), cut.quote) for cell in unquoted],
        *(alone(bare, Cut(other, cut.quote, cut.escape))[0] for other in others),
    ]


def _remove_quotes(cell: str, quote: str) -> str:
    return cell[1:-1] if quote and len(cell) > 1 and cell.startswith(quote) and cell.endswith(quote) else cell


@dataclass(frozen=True)
class _Parts:
    """What was found in the first lines."""

    lines: list[str]
    records: list[RawRecord]
    structure: Structure
    cut: Cut
    comment: str
    choices: ReadingChoices

    def commented_names(self) -> list[str] | None:
        """Return the names from the comment right before the first row, where they stand in one."""
        structure = self.structure
        if structure.lines or structure.body >= len(self.records) or self.choices.header_lines is not None:
            return None
        line = self.lines[self.records[structure.body][0] - 2] if self.records[structure.body][0] > 1 else ""
        mark = next((mark for mark in COMMENTS if line.startswith(mark)), "")
        if not mark or self.choices.first_line is not None:
            return None
        bare = line.removeprefix(mark).strip(" ")
        for row in [alone(bare, self.cut)[0], *_cut_again(bare, self.cut)]:
            if len(row) == structure.row_width and (len(row) > 1 or self.comment == "") and is_name_like(row):
                return [row[0] or mark, *row[1:]]
        return None


def _move_table_start(structure: Structure, lines: list[str], records: list[RawRecord], cut: Cut) -> Structure:
    """Let the table begin at the first row that another separator cuts to its width: such rows are rejected, not lost.

    What stands above the first of them has the names, where it has as many.
    """
    if not structure.header or structure.body >= len(records):
        return structure
    table = SampleTable(records[structure.body :])
    above = [
        (position, lines[records[position][0] - 1])
        for position in range(structure.header)
        if not is_blank(records[position][1])
    ]
    rows = [position for position, line in above if is_row_cut_otherwise(line, cut, table)]
    if not rows or structure.width != structure.row_width:
        return structure
    first = rows[0]
    before = [line for position, line in above if position == first - 1]
    names = [row for line in before for row in _cut_again(line, cut) if len(row) == table.width and is_name_like(row)][
        :1
    ]
    note = "Some rows are separated otherwise than the others and were not read."
    named = names[0] if names else structure.names
    notes = [*structure.notes, note]
    return replace(structure, header=first - len(names), body=first, lines=names, names=named, notes=notes)


def _build_layout(path: Path, head: Head, encoding: str, parts: _Parts, *, is_cut: bool) -> TextLayout:
    results, structure, cut, choices = parts.records, parts.structure, parts.cut, parts.choices
    commented = parts.commented_names()
    names = commented or structure.names
    if choices.comment is None and names[0].startswith(COMMENTS):
        names = [names[0].lstrip("#%/ ") or names[0], *names[1:]]
    body_line = _line_of(results, structure.body, len(parts.lines))
    first_line = body_line - 1 if commented else _line_of(results, structure.header, len(parts.lines))
    header_lines = 1 if commented else len(structure.lines)
    sample = [row for _, row, _, fault in results[structure.body :] if fault in ("", REPAIRED) and not is_blank(row)]
    footer_lines = choices.footer_lines
    if footer_lines is None:
        footer_lines = 0 if is_cut else _count_footer(path, head, encoding, parts, body_line)
    notes = [*_layout_notes(parts, first_line, header_lines, encoding), *structure.notes]
    return TextLayout(
        encoding=encoding,
        delimiter=cut.delimiter,
        quote=cut.quote,
        escape=cut.escape,
        comment=parts.comment,
        decimal=choices.decimal or _decimal_mark(sample[:SAMPLE_ROWS], cut),
        first_line=first_line,
        header_lines=header_lines,
        skip_lines=body_line - 1,
        names=tuple(name.strip() for name in names),
        header=tuple(tuple(line) for line in structure.lines),
        width=len(names),
        row_width=structure.row_width,
        footer_lines=footer_lines,
        newline=_newline_style(parts.lines),
        notes=tuple(notes),
        decided_fields=tuple(name for name in SAYABLE if getattr(choices, name) is not None),
        sample=sample[:SAMPLE_ROWS],
        ordinary=head.ordinary,
        keeps_empty_rows=keeps_empty_rows(sample),
        head=head_tally(head.lines, body_line - 1, _name_lines(parts, body_line, commented)),
        is_plain=not head.faults and _is_plain(parts, encoding, body_line, footer_lines),
        is_whole=head.is_whole,
        is_cut=is_cut,
    )


def _count_footer(path: Path, head: Head, encoding: str, parts: _Parts, body_line: int) -> int:
    last = tail_lines(path, encoding, parts.lines if head.is_whole else None, body_line - 1)
    lines_below = len(last) if head.is_whole else path.stat().st_size * len(last) // max(1, sum(map(len, last)))
    body = parts.records[parts.structure.body :] or parts.records
    return count_footer(last, parts.cut, SampleTable(body), lines_below=lines_below)


def _name_lines(parts: _Parts, body_line: int, commented: list[str] | None) -> list[tuple[int, int]]:
    """Return the first line and the number of lines of each line of names."""
    if commented:
        return [(body_line - 1, 1)]
    above = parts.records[parts.structure.header : parts.structure.body]
    named = [(line, count) for line, row, count, _ in above if not is_blank(row)]
    return named[: len(parts.structure.lines)]


def _line_of(records: list[RawRecord], position: int, lines: int) -> int:
    return records[position][0] if position < len(records) else lines + 1


def _newline_style(lines: list[str]) -> str:
    ends = {"\r\n" if line.endswith("\r\n") else line[-1] for line in lines if line.endswith(("\r", "\n"))}
    return ends.pop() if len(ends) == 1 else "" if ends else "\n"


def _decimal_mark(sample: list[list[str]], cut: Cut) -> str:
    numbers = [cell.strip() for row in sample for cell in row[:100] if NUMBER.match(cell.strip())]
    commas = sum("," in number for number in numbers)
    return "," if commas > sum("." in number for number in numbers) and cut.delimiter.strip() != "," else "."


def _is_plain(parts: _Parts, encoding: str, body_line: int, footer_lines: int) -> bool:
    cut, structure = parts.cut, parts.structure
    return (
        # A mark before the first row would become a part of its first value.
        (encoding == "utf-8" or (encoding == "utf-8-sig" and body_line > 1))
        and len(cut.delimiter) == 1
        and cut.quote in ('"', "")
        and cut.escape != "\\"
        and _newline_style(parts.lines) in ("\n", "\r\n")
        and not parts.comment
        and not footer_lines
        and structure.width == structure.row_width
        and parts.choices.ragged != "pad"
        and not any(fault for _, _, _, fault in parts.records[structure.body :])
    )


def _layout_notes(parts: _Parts, first_line: int, header_lines: int, encoding: str) -> list[str]:
    notes = []
    if first_line > 1:
        notes.append(f"The table starts on line {first_line}; the lines before it were passed over.")
    for start, end, width in other_tables(parts.records, parts.structure.header):
        notes.append(
            f"Lines {start:,} to {end:,} look like another table, of {width:,} columns. "
            f"To read that one, say that the table starts on line {start:,}."
        )
    if not header_lines and parts.structure.body < len(parts.records):
        notes.append("The first row holds values, so columns are named by their place.")
    if parts.choices.encoding is None and not encoding.startswith("utf-"):
        notes.append(f"Read as {encoding_label(encoding)}. Check that accents look right.")
    return notes
