"""How the text is laid out: separator, where the table begins, whether its first row names the columns."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
MISSING = frozenset({"", "na", "nan", "n/a", "null"})
LOOKED_AT = 400
MOST_PREAMBLE = 40
MOST_LINES_OF_A_RECORD = 20
EXCEL_SEPARATOR = re.compile(r"^\ufeff?\"?sep=(.)\"?$", re.IGNORECASE)
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
        return [record_at([line], 0, delimiter)[0] for line in lines if line.count('"') % 2 == 0]


def record_at(lines: list[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """Return the cells of the record that begins on a line, and over how many lines it goes.

    A cell in quotes may hold line breaks; a quote that is not closed within twenty lines opens nothing.
    """
    for some in (lines[at : at + MOST_LINES_OF_A_RECORD], lines[at : at + 1]):
        reader = csv.reader(some, delimiter=delimiter, skipinitialspace=True)
        try:
            row = next(reader, [])
        except csv.Error:
            continue
        if reader.line_num < MOST_LINES_OF_A_RECORD:
            return row, max(reader.line_num, 1)
    return lines[at].split(delimiter), 1


def find_dialect(lines: list[str]) -> Dialect:
    """Return the layout of the first lines of a file (at most 400 are looked at).

    The separator is the one that gives the most rows the same number of cells, more than one; the table begins where
    that number is first met and stays. A first line such as `sep=;`, which Excel writes, names the separator.
    """
    named = EXCEL_SEPARATOR.match(lines[0].strip()) if lines else None
    if named:
        lines = ["", *lines[1:]]
    sample = [line for line in lines[:LOOKED_AT] if line.strip()]
    best, best_score = Dialect(",", 1, 0, header=True), 0.0
    for delimiter in (named[1],) if named else DELIMITERS:
        rows = [row for row in rows_of(sample, delimiter) if row]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        # A comma inside numbers or prose makes many rows of two; a wider agreement is better evidence.
        score = count / len(rows) * (1 + 0.1 * min(width, 10)) - (0.5 if count < 2 and len(rows) > 2 else 0)
        # Lists inside cells and decimal commas give rows a width that the line of names does not have.
        score += 0.3 if len(rows[0]) == width else 0
        if score > best_score:
            best, best_score = Dialect(delimiter, width, 0, header=True), score
    skip = _preamble(lines, best)
    return Dialect(best.delimiter, best.width, skip, header=_has_header(lines[skip:], best))


def _preamble(lines: list[str], dialect: Dialect) -> int:
    """Count the lines before the table: comments, titles and blanks that do not have its width."""
    at = first = 0
    while at < min(len(lines), MOST_PREAMBLE):
        row, taken = record_at(lines, at, dialect.delimiter)
        if not lines[at].strip() or (lines[at].startswith("#") and not _names_follow_a_hash(lines, at, row, dialect)):
            first = at + taken if first == at else first
        # A header that is one name short is still a header when a row comes soon after it.
        elif (
            dialect.width == 1
            or len(row) >= dialect.width
            or (len(row) == dialect.width - 1 > 1 and any(line.strip() for line in lines[at + taken : at + taken + 3]))
        ):
            return at
        at += taken
    return min(first, len(lines))


def _names_follow_a_hash(lines: list[str], at: int, row: list[str], dialect: Dialect) -> bool:
    """Say whether a line that begins with a hash holds the names: it has their number, and values come next."""
    if len(row) != dialect.width:
        return False
    after = next((line for line in lines[at + 1 : at + 4] if line.strip()), "#")
    values = next(iter(rows_of([after], dialect.delimiter)), [])
    return not after.startswith("#") and any(NUMBER.match(cell.strip()) or DATE.match(cell) for cell in values)


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

    Names differ even when case and the two ways of writing an accent are ignored, hold no line breaks, and have at
    most 200 characters.
    """
    names: list[str] = []
    notes: list[str] = []
    seen: set[str] = set()
    for at in range(width):
        given = raw[at] if at < len(raw) else ""
        name = re.sub(r"\s+", " ", "".join(ch for ch in given if ch.isprintable() or ch.isspace())).strip()
        name = name[:NAME_LENGTH].strip() or f"column_{at + 1}"
        candidate, number = name, 2
        while _look_of(candidate) in seen:
            tail = f"_{number}"
            candidate, number = name[: NAME_LENGTH - len(tail)] + tail, number + 1
        seen.add(_look_of(candidate))
        names.append(candidate)
        if candidate != given.strip():
            shown = re.sub(r"\s+", " ", given).strip()[:40] or "(empty)"
            notes.append(f"Renamed: {shown} is now {candidate[:60]}.")
    return names, notes


def _look_of(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
