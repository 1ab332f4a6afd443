"""Detection of the table in a sheet: title rows, blank rows, and one or several header lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.import_options.import_choices import ReadingChoices

LOOKED_AT = 200
MAX_HEADER_LINES = 5
# A row belongs to the table when it fills this share of what its rows usually fill.
FILLED = 0.6
YEARS = (1700, 2200)
Span = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class GridPlace:
    """Rows before the table, and how many of its own rows hold names."""

    before: int
    header_lines: int


def find_place(rows: Sequence[Sequence[Any]], choices: ReadingChoices, *, merged: bool) -> GridPlace:
    """Return where the table begins, by its first rows; a choice of the user is kept.

    Parameters
    ----------
    rows
        The first rows, with the cells of a merged span all filled; an empty text is an empty cell.
    choices
        `first_line` (counted from 1, the first of `rows`) and `header_lines` are taken as they are.
    merged
        Whether cells above the values are merged, as they are in names over several lines.
    """
    before = choices.first_line - 1 if choices.first_line is not None else _lines_before(rows)
    if choices.header_lines is not None:
        return GridPlace(before, choices.header_lines)
    return GridPlace(before, _header_lines(rows[before:], merged=merged))


def join_header_lines(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return one name for each column from the lines of names above it; a name repeated below itself counts once."""
    return [
        " ".join(dict.fromkeys(part.strip() for part in parts if part.strip())) for parts in zip(*lines, strict=True)
    ]


def _lines_before(rows: Sequence[Sequence[Any]]) -> int:
    sizes = [_count_different(row) for row in rows]
    filled = sorted(size for size in sizes if size)
    usual = filled[len(filled) // 2] if filled else 1
    return next((index for index, size in enumerate(sizes) if size >= max(1, FILLED * usual)), 0)


def _count_different(row: Sequence[Any]) -> int:
    """Count the filled cells, and a title merged over all of them once."""
    cells = [cell for cell in row if cell != ""]
    return len(cells) if len(cells) < 3 or len({str(cell) for cell in cells}) > 1 or not _is_word(cells[0]) else 1


def _is_word(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip() != ""


def _header_lines(rows: Sequence[Sequence[Any]], *, merged: bool) -> int:
    if not rows or not _is_names(rows[0]):
        return 0
    if len(rows) == 1 or not merged:
        return 1
    words = 0
    while words < min(len(rows), MAX_HEADER_LINES) and all(_is_word(cell) for cell in rows[words] if cell != ""):
        words += 1
    # When every row is made of words, only the first can be told from the values.
    return words if words < min(len(rows), MAX_HEADER_LINES) else 1


def _is_names(row: Sequence[Any]) -> bool:
    """Return whether a row holds names: words, or a word and years, but not values."""
    filled = [cell for cell in row if cell != ""]
    numbers = [cell for cell in filled if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if len(numbers) == len(filled) or any(not isinstance(cell, str | int | float) or cell is True for cell in filled):
        return False
    years = all(float(cell).is_integer() and YEARS[0] <= cell <= YEARS[1] for cell in numbers)
    return len(numbers) <= len(filled) // 4 or (years and len(set(numbers)) == len(numbers))
