"""Detection of single rows that use another separator than the table."""

from __future__ import annotations

from app.storage.reading.dialect import PLAIN, kind_of
from app.storage.reading.records import WHITESPACE, Cut, alone
from app.storage.reading.structure import SampleTable

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
WORDS = {**SEPARATORS, " ": "blanks", WHITESPACE: "blanks", ":": "colons", "^": "carets"}


def cut_by_others(line: str, cut: Cut, width: int) -> dict[str, list[str]]:
    """Return the cells of a line by each other separator that cuts it to this width; a table has two columns at least.

    A blank counts only where the table has three columns, since two words are no row.
    """
    if width < 2:
        return {}
    usual = cut.delimiter.strip(" ") or cut.delimiter
    results = {}
    for separator in (*SEPARATORS, *((WHITESPACE,) if width > 2 else ())):
        current = " " if separator == WHITESPACE else separator
        if separator != usual and current in line:
            cells = alone(line, Cut(separator, cut.quote, cut.escape))[0]
            if len(cells) == width and _are_cells(line, separator, cells):
                results[separator] = cells
    return results


def _are_cells(line: str, separator: str, cells: list[str]) -> bool:
    """Return whether a line is cut to cells here, and is no remark whose words and commas happen to be as many."""
    values = sum(kind_of(cell) in PLAIN for cell in cells)
    if separator == WHITESPACE:
        return 2 * values >= len(cells)
    return values > 0 or f"{separator} " not in line


def find_other_separator(line: str, cut: Cut, width: int) -> str:
    """Return the reason why a line that another separator cuts to this width is no row, else nothing."""
    others = cut_by_others(line, cut, width)
    if not others:
        return ""
    usual = cut.delimiter.strip(" ") or cut.delimiter
    return f"It is separated by {WORDS[next(iter(others))]}; the table is separated by {WORDS.get(usual, usual)}."


def is_row_cut_otherwise(line: str, cut: Cut, table: SampleTable) -> bool:
    """Return whether a line is a row of the table under another separator: as wide, and of the kinds of its columns."""
    return any(table.belongs(row) for row in cut_by_others(line, cut, table.width).values())
