"""Detection of footers below a table: totals, sources, separator lines."""

from __future__ import annotations

import re
from pathlib import Path

from app.storage.reading.dialect import PLAIN, kind_of
from app.storage.reading.records import Cut, alone
from app.storage.reading.separators import cut_by_others
from app.storage.reading.structure import SampleTable
from app.storage.reading.text_lines import is_end_of_file, odd_pattern

DAMAGED = odd_pattern()
TAIL_BYTES = 1 << 16
# A footer is a few lines, or under one in a hundred; of notes below a blank line there may be more, as below a short
# table, but never more than half as many as the table has.
FEW_LINES, FOOTER_SHARE, NOTES_SHARE = 10, 0.01, 1 / 3
TOTALS = re.compile(
    r"^(grand )?(total|totals|sum|summe|gesamt|gesamtsumme|totaal|totale|suma|average|mean|mittelwert|moyenne"
    r"|gemiddelde|итого|всего|合计|総計|합계)\b ?:?$",
    re.IGNORECASE,
)


def tail_lines(path: Path, encoding: str, head: list[str] | None, skip_lines: int) -> list[str]:
    """Return the last lines of a file, below the line of names; `head` holds all lines of a short file."""
    if head is not None:
        return head[skip_lines:]
    size = path.stat().st_size
    # Letters of UTF-16 begin at even places.
    start = max(0, size - TAIL_BYTES) // 2 * 2
    with path.open("rb") as handle:
        handle.seek(start)
        content = handle.read()
    codec = encoding.removesuffix("-sig")
    if codec == "utf-16":
        with path.open("rb") as handle:
            codec = "utf-16-be" if handle.read(2) == b"\xfe\xff" else "utf-16-le"
    errors = "ignore" if codec.startswith("utf-16") else "surrogateescape"
    lines = re.split("\r\n?|\n", content.decode(codec, errors=errors))
    return lines[1:] if lines[-1] else lines[1:-1]


def count_footer(lines: list[str], cut: Cut, table: SampleTable, *, lines_below: int) -> int:
    """Return how many of the last lines, blank ones not counted, are none of the table.

    Such a line has nothing but separators, or begins with a word for a total above which the first column is one of
    numbers or dates, or does not fit and has nothing but text where that column has numbers or dates. Nothing is
    taken for a footer in a table of one column, nor a line that another separator cuts to the width of the table, nor
    more lines than a footer has: `lines_below` is about how many the file has below its names.
    """
    count = filled = set_apart = 0
    for line in reversed(lines):
        if not line.strip():
            set_apart = filled
            continue
        if is_end_of_file(line):
            count += 1
            continue
        row = alone(line, cut)[0]
        # A line with a quote that it does not close may be the end of a cell of several lines; a damaged one is told.
        if (cut.quote and line.count(cut.quote) % 2) or DAMAGED.search(line):
            break
        is_empty = not any(cell.strip() for cell in row)
        if table.width < 2 or not (is_empty or _is_footer(row, table)) or cut_by_others(line, cut, table.width):
            break
        count += 1
        filled += not is_empty
    most = max(min(FEW_LINES, lines_below // 2), FOOTER_SHARE * lines_below)
    is_short = filled <= most or (set_apart == filled and filled <= NOTES_SHARE * lines_below)
    # Where everything looks like a footer, nothing does.
    return count if is_short and count < sum(bool(line.strip()) for line in lines) else 0


def _is_footer(row: list[str], table: SampleTable) -> bool:
    current_values = [cell for cell in row if cell.strip()]
    first = row[0].strip()
    if 0 not in table.kinds or kind_of(first) in PLAIN or kind_of(current_values[0]) in PLAIN:
        return False
    if TOTALS.match(first):
        return True
    if any(kind_of(cell) in PLAIN for cell in current_values[1:]):
        return False
    if len(row) != table.width or len(current_values) == 1:
        return True
    # Remarks may happen to have as many commas as a row; words in all columns of values are no row either.
    return len(table.kinds) > 1 and all(kind_of(row[kind]) == "text" for kind in table.kinds)
