"""Excel workbooks, .xlsx and .xls: stored values of one sheet, without formulas or macros."""

from __future__ import annotations

import datetime as dt
import itertools
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.grids import LOOKED_AT, GridPlace, Span, find_place, join_header_lines
from app.storage.reading.formats.packing import ZIPS
from app.storage.reading.formats.wording import format_list
from app.storage.reading.formats.workbook_parts import Marks, inspect
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import RowTable, Tally

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EXACT = 1e15
# A sheet of readme or stations may stand first; the data has several times its numbers.
MORE_VALUES, SHEETS_WEIGHED = 3, 12
SAYABLE = ("first_line", "header_lines", "footer_lines")


def _is_xlsx(head: bytes, suffix: str) -> bool:
    return head.startswith(ZIPS)


def _is_xls(head: bytes, suffix: str) -> bool:
    return head.startswith(OLE)


def open_new(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open one sheet of an .xlsx, whose parts are counted and searched before the reader sees them."""
    marks = inspect(path, limits)
    return _open(path, "xlsx", choices=choices, limits=limits, marks=marks)


def open_old(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open one sheet of an .xls."""
    _refuse_other_documents(path)
    return _open(path, "xls", choices=choices, limits=limits, marks={})


def peek_new(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at a sheet of an .xlsx."""
    return look_at_rows(open_new(path, folder=folder, choices=choices, limits=limits))


def peek_old(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at a sheet of an .xls."""
    return look_at_rows(open_old(path, folder=folder, choices=choices, limits=limits))


def _refuse_other_documents(path: Path) -> None:
    """Refuse what shares its first bytes with an old workbook; the streams inside have names in UTF-16."""
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise _is_locked()
        if all(content.find(name.encode("utf-16-le")) < 0 for name in ("Workbook", "Book")):
            message = "This is an old Office document, but no workbook. Save the table as .xlsx or CSV."
            raise RefusedError("wrong_type", message, status=415)


def _is_locked() -> RefusedError:
    message = "The workbook is protected by a password. Save it as .xlsx without a password."
    return RefusedError("excel_locked", message)


@contextmanager
def _explain_fault() -> Iterator[None]:
    """Turn what the reader of workbooks says, or its panic, into a sentence."""
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError:
        raise _is_locked() from None
    except calamine.CalamineError as fault:
        if "password" in str(fault).lower():
            raise _is_locked() from None
        raise _damaged_error() from None
    except BaseException as fault:
        # A panic of the reader derives from BaseException, and its class cannot be imported.
        if type(fault).__name__ != "PanicException":
            raise
        raise _damaged_error() from None


def _damaged_error() -> RefusedError:
    message = "The workbook is damaged, or has parts that cannot be read. Open it, and save it again as .xlsx."
    return RefusedError("damaged", message)


def _open(
    path: Path, name: str, *, choices: ReadingChoices, limits: dict[str, int], marks: dict[str, Marks]
) -> RowTable:
    import python_calamine as calamine

    with _explain_fault():
        book = calamine.CalamineWorkbook.from_path(path)
        sheets = [
            metadata.name
            for metadata in book.sheets_metadata
            if metadata.typ is calamine.SheetTypeEnum.WorkSheet
            and metadata.visible is calamine.SheetVisibleEnum.Visible
        ]
        sheet, notes = _choose_sheet(book, sheets, choices.sheet)
    if sheet.width > limits["columns"]:
        message = f"It has {sheet.width:,} columns; the limit is {limits['columns']:,}."
        raise over_limit("columns", message, code="too_many_columns")
    dialect = Dialect(format=name, sheet=sheet.name, sheets=tuple(sheets), said=("sheet",) if choices.sheet else ())
    tally = Tally(notes=notes + marks.get(sheet.name, Marks()).notes())
    return _read_sheet(sheet, dialect, tally, choices=choices, limits=limits)


def _choose_sheet(book: Any, sheets: list[str], words: str | None) -> tuple[Any, list[str]]:
    """Return the sheet to read, and what to say about the others.

    If none was said, it is the first with cells, unless another holds far more numbers and dates.
    """
    if words is not None:
        if words not in sheets:
            message = f"The workbook has no sheet {words[:40]}. It has {format_list(sheets)}."
            raise RefusedError("choose_sheet", message)
        sheet = book.get_sheet_by_name(words)
        if not sheet.height:
            raise RefusedError("no_rows", f"The sheet {words[:40]} is empty.")
        return sheet, []
    filled = [sheet for name in sheets[:SHEETS_WEIGHED] if (sheet := book.get_sheet_by_name(name)).height]
    filled += [
        sheet for name in sheets[SHEETS_WEIGHED:] if not filled and (sheet := book.get_sheet_by_name(name)).height
    ]
    if filled:
        sheet = _most_like_data(filled)
        others = [other for other in sheets if other != sheet.name]
        because = "" if sheet is filled[0] else ", because it holds most numbers and dates"
        note = f"The sheet {sheet.name[:40]} was read{because}. There is also {format_list(others)}."
        return sheet, [note] if others else []
    word = "Its sheet is" if len(sheets) == 1 else f"All of its {len(sheets)} sheets are"
    raise RefusedError("empty_file", f"The workbook is empty: {word} without cells." if sheets else "It has no sheets.")


def _most_like_data(sheets: list[Any]) -> Any:
    """Return the sheet that looks like the data; the first one where no other has several times its values."""
    values = [_count_values(sheet) for sheet in sheets]
    best = max(range(len(sheets)), key=lambda position: values[position])
    return sheets[best] if values[best] > MORE_VALUES * values[0] else sheets[0]


def _count_values(sheet: Any) -> float:
    """Return about how many numbers and dates a sheet holds, by its first rows."""
    rows = list(itertools.islice(sheet.iter_rows(), LOOKED_AT))
    plain = (int, float, dt.date, dt.datetime)
    count = sum(isinstance(cell, plain) and not isinstance(cell, bool) for row in rows for cell in row)
    return float(count * sheet.height / max(len(rows), 1))


def _read_sheet(
    sheet: Any, dialect: Dialect, tally: Tally, *, choices: ReadingChoices, limits: dict[str, int]
) -> RowTable:
    # The reader gives every row from the first of the sheet, and columns from the first that is used.
    first = sheet.start[1]
    merged = sheet.merged_cell_ranges or []
    spans = [((top, left - first), (bottom, right - first)) for (top, left), (bottom, right) in merged if left >= first]
    rows = sheet.iter_rows()
    head = [list(row) for row in itertools.islice(rows, LOOKED_AT)]
    filled = _fill_rows(head, spans)
    place = find_place(filled, choices, merged=bool(spans))
    start, height = place.before + place.header_lines, sheet.end[0] + 1
    if start >= height:
        raise RefusedError("no_rows", f"The sheet {sheet.name[:40]} has {sheet.width:,} column names but no rows.")
    lines = [[_format_cell(cell) for cell in row] for row in filled[place.before : start]]
    names = join_header_lines(lines) if lines else [f"column_{position + 1}" for position in range(sheet.width)]
    keep, notes = _columns_to_read(sheet, names, place)
    tally.notes += _notes(place, len(spans)) + notes
    dialect = dialect.model_copy(
        update={
            "first_line": place.before + 1,
            "header_lines": place.header_lines,
            "footer_lines": choices.footer_lines or 0,
            "said": (*dialect.said, *(key for key in SAYABLE if getattr(choices, key) is not None)),
        }
    )
    last = height - (choices.footer_lines or 0)
    body = itertools.islice(itertools.chain(head, rows), start, max(start, last))
    texts = _rows(body, keep, tally, first=start + 1, limits=limits)
    return RowTable([names[position] for position in keep], texts, dialect, tally)


def _fill_rows(head: list[list[Any]], spans: list[Span]) -> list[list[Any]]:
    """Return the first rows with every merged span filled by its value, so that names stand over all they span."""
    rows = [row[:] for row in head]
    for (top, left), (bottom, right) in spans:
        for row in rows[max(top, 0) : bottom + 1]:
            row[left : right + 1] = [head[top][left]] * len(row[left : right + 1])
    return rows


def _columns_to_read(sheet: Any, names: list[str], place: GridPlace) -> tuple[list[int], list[str]]:
    """Return which columns to read: those without a name and without a value are none."""
    empty = {index for index, name in enumerate(names) if not name}
    if empty:
        for row in itertools.islice(sheet.iter_rows(), place.before + place.header_lines, None):
            empty -= {position for position in empty if row[position] != ""}
            if not empty:
                break
    keep = [position for position in range(len(names)) if position not in empty]
    return keep, [f"{pluralise(len(empty), 'column')} without name and values passed over."] if empty else []


def _notes(place: GridPlace, merged: int) -> list[str]:
    notes = []
    if place.before:
        notes.append(f"The table starts on row {place.before + 1:,} of the sheet; the rows before it were passed over.")
    if not place.header_lines:
        notes.append("The first row holds values, so columns are named by their place.")
    if place.header_lines > 1:
        notes.append(f"The names are joined from {place.header_lines} rows.")
    if merged:
        notes.append(f"Merged cells: {pluralise(merged, 'span')}; among values only the first cell of each counts.")
    return notes


def _rows(
    rows: Iterator[list[Any]], keep: list[int], tally: Tally, *, first: int, limits: dict[str, int]
) -> Iterator[list[str]]:
    every, most = len(keep), limits["cell_kb"] * 1024
    for number, row in enumerate(rows, start=first):
        cells = [_format_cell(cell) for cell in (row if len(row) == every else [row[position] for position in keep])]
        if not any(cells):
            tally.pass_over(number, "blank")
            continue
        if max(map(len, cells)) > most:
            raise over_limit("cell_kb", f"Row {number:,} holds a cell with more than {limits['cell_kb']:,} kB of text.",
                       code="cell_too_large")  # fmt: skip
        yield cells


def _format_cell(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, dates as ISO 8601 has them."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell)


NEW = Format("xlsx", "an Excel workbook", (".xlsx", ".xlsm", ".xls"), _is_xlsx, open_new, peek_new)
OLD = Format("xls", "an Excel workbook", (".xls", ".xlsx"), _is_xls, open_old, peek_old)
