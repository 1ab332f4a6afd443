"""How the text is laid out: separator, where the table begins, whether its first row names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
MISSING = frozenset({"", "na", "nan", "n/a", "null"})
LOOKED_AT = 400
MOST_PREAMBLE = 40
NAME_LENGTH = 200


@dataclass(frozen=True)
class Dialect:
    """What was found. `skip` counts lines before the table, `header` says whether its first row holds names."""

    delimiter: str
    width: int
    skip: int
    header: bool


def rows_of(lines: list[str], delimiter: str) -> list[list[str]]:
    """Parse sample lines leniently."""
    try:
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return [next(iter(csv.reader([line], delimiter=delimiter)), []) for line in lines if line.count('"') % 2 == 0]


def find_dialect(lines: list[str]) -> Dialect:
    """Return the layout of the first lines of a file (at most 400 are looked at).

    The separator is the one that gives the most rows the same number of cells, more than one; the table begins where
    that number is first met and stays.
    """
    sample = [line for line in lines[:LOOKED_AT] if line.strip()]
    best, best_score = Dialect(",", 1, 0, header=True), 0.0
    for delimiter in DELIMITERS:
        rows = [row for row in rows_of(sample, delimiter) if row]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        # A comma inside numbers or prose makes many rows of two; a wider agreement is better evidence.
        score = count / len(rows) * (1 + 0.1 * min(width, 10)) - (0.5 if count < 2 and len(rows) > 2 else 0)
        if score > best_score:
            best, best_score = Dialect(delimiter, width, 0, header=True), score
    skip = _preamble(lines, best)
    return Dialect(best.delimiter, best.width, skip, header=_has_header(lines[skip:], best))


def _preamble(lines: list[str], dialect: Dialect) -> int:
    """Count the lines before the table: comments, titles and blanks that do not have its width."""
    for at, line in enumerate(lines[:MOST_PREAMBLE]):
        if not line.strip() or line.startswith("#"):
            continue
        cells = len(next(iter(rows_of([line], dialect.delimiter)), []))
        if dialect.width == 1 or cells >= dialect.width:
            return at
        # A header that is one name short is still a header when the very next line is a row.
        following = [other for other in lines[at + 1 : at + 4] if other.strip()]
        if cells > 1 and cells == dialect.width - 1 and following:
            return at
    return 0


def _has_header(lines: list[str], dialect: Dialect) -> bool:
    rows = [row for row in rows_of([line for line in lines[:60] if line.strip()], dialect.delimiter) if row]
    if not rows:
        return True
    first, rest = rows[0], rows[1:40]
    values = [cell.strip() for cell in first]
    if any(NUMBER.match(cell) or DATE.match(cell) for cell in values):
        # Years or codes as names are possible, but then the row below must look different in kind.
        return sum(bool(NUMBER.match(cell)) for cell in values) <= len(values) // 4 and _differs(values, rest)
    return not (all(cell.lower() in MISSING for cell in values) and rest)


def _differs(first: list[str], rest: list[list[str]]) -> bool:
    numeric_below = sum(any(NUMBER.match(row[at].strip()) for row in rest if at < len(row)) for at in range(len(first)))
    return numeric_below > len(first) // 2


def repair_names(raw: list[str], width: int) -> tuple[list[str], list[str]]:
    """Return usable, distinct names for `width` columns, and a sentence for each repair.

    Names differ even when case is ignored, hold no line breaks, and have at most 200 characters.
    """
    names: list[str] = []
    notes: list[str] = []
    seen: set[str] = set()
    for at in range(width):
        given = raw[at] if at < len(raw) else ""
        name = re.sub(r"\s+", " ", "".join(ch for ch in given if ch.isprintable() or ch.isspace())).strip()
        name = name[:NAME_LENGTH].strip() or f"column_{at + 1}"
        candidate, number = name, 2
        while candidate.casefold() in seen:
            tail = f"_{number}"
            candidate, number = name[: NAME_LENGTH - len(tail)] + tail, number + 1
        seen.add(candidate.casefold())
        names.append(candidate)
        if candidate != given.strip():
            shown = re.sub(r"\s+", " ", given).strip()[:40] or "(empty)"
            notes.append(f"Renamed: {shown} is now {candidate[:60]}.")
    return names, notes
