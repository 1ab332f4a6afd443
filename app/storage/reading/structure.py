"""Detection of where a table begins in a text, its header lines and its width."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.dialect import PERHAPS_MISSING, PLAIN, kind_of
from app.storage.reading.records import REPAIRED, RawRecord

MAX_HEADER_LINES = 5
MAX_RAGGED = 3
# A column is one of numbers (or dates, or times) when this share of what it holds is.
TYPED_SHARE = 0.8
ROWS_WEIGHED = 60
COLUMNS_WEIGHED = 120
# A row belongs to the table when this share of its cells in typed columns is of their type.
FITTING_SHARE = 0.6
# A line of names has a name for at least half of the columns.
NAMED_SHARE = 0.5
# Codes of parameters have five digits at the U.S. Geological Survey; shorter ones are numbers with a zero in front.
CODE_LENGTH = 4
Recut = Callable[[RawRecord], list[list[str]]]


@dataclass(frozen=True)
class Structure:
    """Where the table is in the records of a sample.

    `header` and `body` are places in the list of records, `lines` the cells of the lines of names, and `names` joined
    from them, as many as there are columns. `row_width` is the number of cells that rows have: more than the columns
    where the last ones are empty and have no names, fewer where names have no values.
    """

    header: int
    body: int
    lines: list[list[str]]
    names: list[str]
    width: int
    row_width: int
    notes: list[str] = field(default_factory=list)


def is_blank(row: list[str]) -> bool:
    """Return whether a line holds nothing at all; a row of empty cells is no blank line."""
    return not row or (len(row) == 1 and not row[0].strip())


def is_name_like(row: list[str]) -> bool:
    """Return whether a row could name columns: most of its cells hold text, and none a number, a date or a time."""
    kinds = Counter(kind_of(cell) for cell in row)
    if any(kinds[kind] for kind in PLAIN):
        return _counts_up(row, kinds)
    return kinds["text"] >= max(1, NAMED_SHARE * len(row))


def _counts_up(row: list[str], kinds: Counter[str]) -> bool:
    """Return whether the numbers in a row are names: codes, or years or classes, each as much above the last as before.

    Codes of parameters are of one length, begin with a zero, differ, and stand beside a word that names another column.
    """
    numbers = [cell.strip() for cell in row if kind_of(cell) == "number"]
    if (
        kinds["date"]
        or kinds["time"]
        or len(numbers) < 2
        or not all(number.isdigit() and len(number) < 10 for number in numbers)
    ):
        return False
    is_code = all(number.startswith("0") for number in numbers) and len({len(number) for number in numbers}) == 1
    if is_code and len(numbers[0]) >= CODE_LENGTH and len(set(numbers)) == len(numbers) and kinds["text"]:
        return True
    if len(numbers) == 2 and not all(1800 <= int(number) <= 2200 for number in numbers):
        return False
    steps = {int(after) - int(before) for before, after in itertools.pairwise(numbers)}
    return len(steps) == 1 and steps != {0} and (bool(kinds["text"]) or row[0].strip() == "")


class SampleTable:
    """The rows of a sample as one table: how wide it is, and what each column holds."""

    def __init__(self, records: list[RawRecord]) -> None:
        self.rows = [row for _, row, _, _ in records]
        self.faults = [fault not in ("", REPAIRED) for _, _, _, fault in records]
        self.width = self._width()
        self.kinds = self._kinds()

    def _width(self) -> int:
        widths = Counter(len(row) for row in self.rows if not is_blank(row))
        if not widths:
            return 1
        # A table of few rows stands against many lines of text, which are one cell each; of two tables that are about
        # as long, the first is meant.
        weights = {width: count * width / (width + 1) for width, count in widths.items()}
        return next(width for width, weight in weights.items() if weight >= 0.9 * max(weights.values()))

    def _kinds(self) -> dict[int, str]:
        """Return the kind of each typed column, by the rows that have the width of the table."""
        rows = [row for row in self.rows if len(row) == self.width]
        # The first of few rows may be lines of names.
        rows = rows[max(len(rows) - ROWS_WEIGHED, 2 * len(rows) // 5) :]
        typed: dict[int, str] = {}
        for position in range(min(self.width, COLUMNS_WEIGHED)):
            kinds = Counter(kind_of(row[position]) for row in rows)
            current = sum(count for kind, count in kinds.items() if kind != "empty")
            kind = max(PLAIN, key=lambda text: kinds[text])
            # Among few rows, one of them may be the line of names.
            if kinds[kind] and kinds[kind] >= TYPED_SHARE * current - (1 if len(rows) <= 5 else 0):
                typed[position] = kind
        return typed

    def is_neutral(self, row: list[str]) -> bool:
        """Return whether a row holds nothing in any typed column, so that it could be one of values."""
        return len(row) == self.width and all(kind_of(row[kind]) == "empty" for kind in self.kinds) and bool(self.kinds)

    def belongs(self, row: list[str]) -> bool:
        """Return whether a row is one of values: as wide as the table, and of the kinds of its columns."""
        if is_blank(row) or len(row) != self.width:
            return False
        current_values = [
            (position, kind)
            for position, kind in self.kinds.items()
            if row[position].strip().lower() not in PERHAPS_MISSING
        ]
        if not self.kinds:
            return sum(bool(cell.strip()) for cell in row) >= NAMED_SHARE * self.width
        fitting = sum(kind_of(row[position]) == kind for position, kind in current_values)
        return bool(current_values) and fitting >= FITTING_SHARE * len(current_values)


def find_structure(records: list[RawRecord], choices: ReadingChoices, *, recut: Recut) -> Structure:
    """Return where the table is among the records of a file's head.

    Parameters
    ----------
    records
        The records, comments left out; at least one is not blank.
    choices
        What the user said: `first_line` is where the names (or, without names, the values) begin, `header_lines` how
        many lines hold names.
    recut
        Gives the cells of a record under other separators, for a line of names that is cut otherwise than the rows.
    """
    shift = next(
        (index for index, first in enumerate(records) if first[0] >= (choices.first_line or 0)), len(records) - 1
    )
    table = SampleTable(records[shift:] if choices.first_line is None else _block(records[shift:]))
    header, body = _header_places(table) if choices.first_line is None else (0, _names_at(table))
    if choices.header_lines is not None:
        body = min(header + choices.header_lines, len(table.rows))
    lines = [row for row in table.rows[header:body] if not is_blank(row)]
    notes: list[str] = []
    if not lines and choices.header_lines is None and choices.first_line is None and body:
        other = _cut_otherwise(records[shift + body - 1], table.width, recut)
        if other:
            header, lines = body - 1, [other]
            notes.append("The line of names is separated otherwise than the rows, and was read by itself.")
    values = [row for row in table.rows[body:] if len(row) == table.width]
    names, width = _fit_width(lines, table.width, values, notes)
    return Structure(shift + header, shift + body, lines, names, width, table.width, notes)


def _block(records: list[RawRecord]) -> list[RawRecord]:
    """Return the records up to the blank line that ends the table which the user chose, once it has two of them."""
    end = next((index for index, row in enumerate(records) if index > 1 and is_blank(row[1])), len(records))
    return records[:end]


def _names_at(table: SampleTable) -> int:
    """Count the lines of names at the top of a table whose first line the user chose."""
    count = 0
    while count < min(MAX_HEADER_LINES, len(table.rows)) and _is_header(table, count, below=count == 0):
        count += 1
    return count


def _header_places(table: SampleTable) -> tuple[int, int]:
    """Return the places of the first line of names and of the first row of values."""
    rows = table.rows
    body = next((index for index, row in enumerate(rows) if table.belongs(row)), None)
    if body is None:
        first = next((index for index, row in enumerate(rows) if len(row) == table.width and not is_blank(row)), 0)
        return first, first + 1 if is_name_like(rows[first]) else first
    if is_name_like(rows[body]) and (not table.kinds or not is_name_like(rows[min(body + 1, len(rows) - 1)])):
        return body, body + 1
    body = _skip_ragged_rows(table, body)
    header, position = body, body - 1
    while position >= 0 and body - header < MAX_HEADER_LINES:
        if is_blank(rows[position]) and header == body:
            position -= 1
            continue
        if is_blank(rows[position]) or not _is_header(table, position, below=header < body):
            break
        header, position = position, position - 1
    return header, body


def _skip_ragged_rows(table: SampleTable, body: int) -> int:
    """Return the place right below the names, where rows that show no kind stand between them and the body.

    Such rows are rows of values: some lack all values of the typed columns, and a few have a cell too many or too few,
    which is for the reader to report.
    """
    ragged = 0
    for position in range(body - 1, -1, -1):
        row = table.rows[position]
        is_names = _is_header(table, position, below=True) or (position == body - 1 and _holds_units(table, position))
        if is_names and (position == body - 1 or len(row) == table.width):
            return position + 1
        ragged += not table.is_neutral(row)
        if is_blank(row) or ragged > MAX_RAGGED:
            break
    return body


def _is_header(table: SampleTable, position: int, *, below: bool) -> bool:
    """Return whether a row names columns. The lowest line may hold units alone, those above it hold names."""
    row = table.rows[position]
    width = table.width
    if is_blank(row) or abs(len(row) - width) > (0 if table.faults[position] else max(1, 0.2 * width)):
        return False
    if table.belongs(row) and table.kinds:
        return False
    if is_name_like(row) and not table.is_neutral(row) and sum(map(bool, map(str.strip, row))) >= NAMED_SHARE * width:
        return True
    return not below and _holds_units(table, position)


def _holds_units(table: SampleTable, position: int) -> bool:
    """Return whether a row under names holds units: text in half of the columns of numbers, and no value anywhere."""
    row = table.rows[position]
    if any(kind_of(cell) in PLAIN for cell in row) or position == 0 or not is_name_like(table.rows[position - 1]):
        return False
    numbers = [column for column, kind in table.kinds.items() if kind == "number"]
    columns = [column for column in numbers or table.kinds if column < len(row)]
    current_values = [column for column in columns if kind_of(row[column]) == "text"]
    return bool(current_values) and len(current_values) >= NAMED_SHARE * len(columns)


def _cut_otherwise(record: RawRecord, width: int, recut: Recut) -> list[str] | None:
    if width < 2 or is_blank(record[1]):
        return None
    return next((row for row in recut(record) if len(row) == width and is_name_like(row)), None)


def _fit_width(lines: list[list[str]], width: int, values: list[list[str]], notes: list[str]) -> tuple[list[str], int]:
    """Return the names, joined from their lines, and the width, where names and rows have to be brought together."""
    if not lines:
        return [f"column_{position + 1}" for position in range(width)], width
    longest = max(len(line) for line in lines)
    names = [
        " ".join(line[position].strip() for line in lines if position < len(line) and line[position].strip())
        for position in range(longest)
    ]
    while len(names) > 1 and not names[-1]:
        names.pop()
    filled = _fill_names(values, width)
    if len(names) > width and sum(map(bool, names)) == width:
        notes.append("The line of names has more cells than the rows; the empty ones were left out.")
        return [name for name in names if name], width
    if len(names) > width:
        notes.append(f"There are {len(names):,} names, but rows have {width:,} cells; the last columns hold nothing.")
        return names, len(names)
    if max(len(names), filled) < width:
        notes.append(f"The last {width - max(len(names), filled):,} cells of each row are empty and have no names.")
    elif len(names) == width - 1 and longest < width:
        # As R writes it: the rows are numbered in a column that has no name.
        return ["", *names], width
    most = max(len(names), filled)
    return names + [""] * (most - len(names)), most


def _fill_names(rows: list[list[str]], width: int) -> int:
    """Return the number of columns up to the last one that holds anything."""
    position = width
    while rows and position > 1 and not any(row[position - 1].strip() for row in rows):
        position -= 1
    return position


def other_tables(records: list[RawRecord], upto: int) -> list[tuple[int, int, int]]:
    """Return first line, last line and width of each table that stands before the one that is read."""
    tables: list[tuple[int, int, int]] = []
    position = 0
    while position < upto:
        row, end = records[position][1], position + 1
        if len(row) > 1 and is_name_like(row):
            while (
                end < upto
                and len(records[end][1]) == len(row)
                and any(kind_of(cell) in PLAIN for cell in records[end][1])
            ):
                end += 1
            if end > position + 1:
                tables.append((records[position][0], records[end - 1][0], len(row)))
        position = end
    return tables
