"""What stands below a table and is none of it: totals, sources, lines of separators."""

from __future__ import annotations

import re
from pathlib import Path

from app.storage.reading.dialect import PLAIN, kind_of
from app.storage.reading.records import Cut, alone
from app.storage.reading.structure import Table

TAIL_BYTES = 1 << 16
MOST_FOOTER_LINES = 1000
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
    return content.decode(codec, errors="ignore").splitlines()[1:]


def count_footer(lines: list[str], cut: Cut, table: Table) -> int:
    """Return how many of the last lines, blank ones not counted, are none of the table.

    Such a line has nothing but separators, or begins with a word for a total above which the first column is one of
    numbers or dates, or does not fit and has nothing but text where that column has numbers or dates. Nothing is
    taken for a footer in a table of one column.
    """
    count = 0
    for line in reversed(lines):
        if not line.strip():
            continue
        row = alone(line, cut)[0]
        # A line with a quote that it does not close may be the end of a cell of several lines.
        if cut.quote and line.count(cut.quote) % 2:
            break
        if count == MOST_FOOTER_LINES or table.width < 2 or not _is_footer(row, table):
            break
        count += 1
    # Where everything looks like a footer, nothing does.
    return count if count < sum(bool(line.strip()) for line in lines) else 0


def _is_footer(row: list[str], table: Table) -> bool:
    held = [cell for cell in row if cell.strip()]
    if not held:
        return True
    first = row[0].strip()
    if 0 not in table.kinds or kind_of(first) in PLAIN or kind_of(held[0]) in PLAIN:
        return False
    if TOTALS.match(first):
        return True
    if len(row) == table.width:
        return len(held) == 1
    return not any(kind_of(cell) in PLAIN for cell in held)
