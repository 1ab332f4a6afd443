"""RDB files of the U.S. Geological Survey: tab-separated text with comments and a line of formats.

The layout is described at https://help.waterdata.usgs.gov/faq/about-tab-delimited-output.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.reading.encodings import find_encoding
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_lines import TextLines

FORMAT_CELL = re.compile(r"^\d+[a-z]$", re.IGNORECASE)
# Codes: numbers of sites and agencies, and the qualifiers beside each value. Their zeros and letters mean something.
CODES = re.compile(r"(^|_)(cd|site_no|agency|station_nm)$", re.IGNORECASE)
NAMES_SHOWN = 6


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.rstrip("\r\n").split("\t")]


def _is_formats(cells: list[str], width: int) -> bool:
    return len(cells) == width and all(FORMAT_CELL.match(cell) for cell in cells)


def _is_rdb(head: bytes, suffix: str) -> bool:
    lines = head.decode("utf-8", errors="replace").lstrip("\ufeff").split("\n")
    after = itertools.dropwhile(lambda line: line.startswith("#") or not line.strip(), lines)
    names, formats = _cells(next(after, "")), _cells(next(after, ""))
    return len(names) > 1 and _is_formats(formats, len(names))


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the file as a table of texts; codes stay what they are."""
    encoding = find_encoding(path)
    text = TextLines(path, encoding, limits)
    lines = enumerate(text, start=1)
    tally, comments = Tally(), 0
    for number, line in lines:
        if line.lstrip("\ufeff").startswith("#") or not line.strip():
            comments += 1
            tally.pass_over(number, "comment" if line.strip() else "blank")
            continue
        names = _cells(line.lstrip("\ufeff"))
        formats = next(lines, (0, ""))[1]
        if not _is_formats(_cells(formats), len(names)):
            message = (
                f"Line {number + 1:,} should hold the format of each of the {len(names):,} columns, as RDB has it."
            )
            raise RefusedError("damaged", message, line=number + 1)
        break
    else:
        raise RefusedError("empty_file", "The file holds comments, but no table.")
    if comments:
        tally.notes.append(
            f"The table starts on line {number:,}; passed over: {pluralise(comments, 'line')} of comments."
        )
    tally.skip_lines, tally.header_lines = number + 1, 1
    tally.pass_over(number + 1, "formats")
    tally.notes.append("Line of formats under the names passed over, as RDB has it.")
    texts = frozenset(index for index, name in enumerate(names) if CODES.search(name))
    if texts:
        kept = ", ".join(names[position] for position in sorted(texts)[:NAMES_SHOWN])
        more = len(texts) > NAMES_SHOWN
        tally.notes.append(
            f"Codes are kept as text: {kept} and others." if more else f"Codes are kept as text: {kept}."
        )
    dialect = Dialect(format="rdb", encoding=encoding, delimiter="\t", comment="#", first_line=number)
    return RowTable(names, _rows(lines, text.faults, names, tally), dialect, tally, texts)


def _rows(
    lines: Iterable[tuple[int, str]], faults: dict[int, str], names: list[str], tally: Tally
) -> Iterator[list[str]]:
    width, repeated, other = len(names), False, 0
    for number, line in lines:
        tally.lines += 1
        cells, damage = _cells(line), faults.pop(number, "")
        if line.startswith("#"):
            tally.pass_over(number, "comment")
        elif damage:
            tally.damaged += 1
            tally.reject(number, damage)
        elif not any(cells):
            tally.pass_over(number, "blank")
        elif cells == names or (repeated and _is_formats(cells, width)):
            # Files of several sites repeat the names and the formats before the rows of each.
            repeated = cells == names
            tally.pass_over(number, "repeated_names" if repeated else "formats")
        elif len(cells) == width and not other:
            repeated = False
            tally.given += 1
            yield cells
        elif other or (len(cells) > 1 and all(re.match(r"^[A-Za-z]\w*$", cell) for cell in cells)):
            other = other or number
            tally.reject(number, f"It belongs to a second table, which begins on line {other:,} with other names.")
        else:
            tally.reject(number, f"It has {pluralise(len(cells), 'cell')}; the table has {pluralise(width, 'column')}.")


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first rows."""
    return look_at_rows(open_table(path, folder=folder, choices=choices, limits=limits))


FORMAT = Format("rdb", "a USGS RDB file", (".rdb",), _is_rdb, open_table, peek, is_text=True)
