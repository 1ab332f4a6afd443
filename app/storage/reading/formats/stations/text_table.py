"""StationText: the description of a logger's text file, and the reader that follows it.

Each format gives a `StationText` for the first lines of a file; what is read, counted and refused is the same for all.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.reading.dialect import NUMBER, repair_names
from app.storage.reading.encodings import find_encoding
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import Kind, RowTable, Tally
from app.storage.reading.text_lines import TextLines, is_end_of_file

# A description stands in the first lines; of a wide table its names alone may be long.
HEAD_LINES, HEAD_BYTES = 2_000, 4 << 20
WHITESPACE = "whitespace"
# What stands before the limit of a value that could not be measured itself.
SIGNS = frozenset("<>")
Cells = list[str]


def _keep_cells(cells: Cells) -> Cells | str:
    return cells


def _ends_nowhere(line: str) -> bool:
    return False


@dataclass(frozen=True)
class StationText:
    """Where a text has its table, and what it says of itself.

    `first_row` counts lines from 1, as does `names_line`, which is 0 where no line names the columns. `width` is the
    number of cells on a line; `row` makes of them the cells of a row, one for each name, or the reason why they are
    none. `units` and `flags` go by places: a flag tells of the quality of the column that it maps to. Numbers in
    `missing` and words in `missing_words` stand for nothing in every column that is no text, those in `missing_at` in
    one column. Lines of at least `fewest` cells are filled up. Where each row names its unit, `unit_of` gives it, and
    the column `unit_at` has it if all rows agree. `takes_line` says of a line between rows that it is a remark.
    """

    names: Sequence[str]
    first_row: int
    names_line: int = 0
    width: int = 0
    delimiter: str = ","
    units: Mapping[int, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[int, int] = field(default_factory=dict)
    texts: frozenset[int] = frozenset()
    notes: Sequence[str] = ()
    row: Callable[[Cells], Cells | str] = _keep_cells
    is_footer: Callable[[str], bool] = _ends_nowhere
    is_event: Callable[[Cells], bool] | None = None
    missing: frozenset[float] = frozenset()
    missing_words: frozenset[str] = frozenset()
    missing_at: Mapping[int, frozenset[float]] = field(default_factory=dict)
    formats_lines: frozenset[int] = frozenset()
    rows_promised: int | None = None
    fewest: int = 0
    unit_of: Callable[[Cells], str] | None = None
    unit_at: int = 0
    takes_line: Callable[[str], bool] | None = None


Describe = Callable[[Sequence[str]], StationText | None]


def text_format(name: str, what: str, endings: tuple[str, ...], describe: Describe) -> Format:
    """Return the format of texts that `describe` knows by their first lines."""

    def holds(head: bytes, suffix: str) -> bool:
        try:
            return describe(lines_of(head)) is not None
        except RefusedError:
            # It is of this format and broken: the refusal comes when it is opened, with its sentence.
            return True

    def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
        encoding = find_encoding(path)
        text = describe(_head(path, encoding, limits))
        if text is None:
            raise RefusedError("damaged", f"This looks like {what}, but its first lines are not whole.")
        return table_of(path, text, name=name, encoding=encoding, limits=limits)

    def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
        return look_at_rows(open_table(path, folder=folder, choices=choices, limits=limits))

    return Format(name, what, endings, holds, open_table, peek, is_text=True)


@lru_cache(maxsize=2)
def lines_of(head: bytes) -> tuple[str, ...]:
    """Return the whole lines at the beginning of a file, in whatever encoding it is; every format asks for them."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", errors="replace")
    else:
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            # A character that is cut in two at the end says nothing of the encoding.
            cut = fault.start >= len(head) - 4
            text = head[: fault.start].decode("utf-8-sig") if cut else head.decode("cp1252", errors="replace")
    return tuple(text.splitlines())


def _head(path: Path, encoding: str, limits: dict[str, int]) -> list[str]:
    lines, size = [], 0
    for line in itertools.islice(TextLines(path, encoding, limits), HEAD_LINES):
        size += len(line)
        if size > HEAD_BYTES:
            break
        lines.append(line.rstrip("\r\n").lstrip("\ufeff"))
    return lines


def cut(line: str, delimiter: str) -> Cells:
    """Return the cells of one line; what stands in quotes is whole."""
    if delimiter == WHITESPACE:
        return _cut_blanks(line) if '"' in line else line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]


def _cut_blanks(line: str) -> Cells:
    return next(csv.reader([line.replace("\t", " ").strip()], delimiter=" ", skipinitialspace=True), [])


def table_of(path: Path, text: StationText, *, name: str, encoding: str, limits: dict[str, int]) -> RowTable:
    """Return the table of a text that is described."""
    names, repairs = repair_names(list(text.names), len(text.names))
    dialect = Dialect(
        format=name,
        encoding=encoding,
        delimiter="" if text.delimiter == WHITESPACE else text.delimiter,
        first_line=text.names_line or text.first_row,
        header_lines=1 if text.names_line else 0,
        facts=tuple((title, value.strip()[:200]) for title, value in text.facts.items() if value.strip()),
        units=tuple((names[position], unit) for position, unit in sorted(text.units.items()) if unit),
        flags=tuple((names[position], names[of]) for position, of in sorted(text.flags.items())),
    )
    tally = Tally(notes=[*text.notes, *repairs])
    tally.skip_lines, tally.header_lines = text.first_row - 1, 1 if text.names_line else 0
    lines = TextLines(path, encoding, limits)
    numbered = enumerate(lines, start=1)
    for number, line in itertools.islice(numbered, text.first_row - 1):
        if number != text.names_line:
            tally.pass_over(number, _kind_above(number, line, text))
    texts = text.texts | frozenset(text.flags)
    rows = _Rows(text, tally, limits, texts)
    table = RowTable(names, rows.read(numbered, lines.faults), dialect, tally, texts)
    rows.detected_unit = lambda unit: _give_unit(table, names[text.unit_at], unit)
    return table


def _give_unit(table: RowTable, name: str, unit: str) -> None:
    """Note the unit that all rows have named, which is known when they have all been read."""
    units = tuple(pair for pair in table.dialect.units if pair[0] != name)
    table.dialect = table.dialect.model_copy(update={"units": (*units, (name, unit))})


def _kind_above(number: int, line: str, text: StationText) -> Kind:
    if number in text.formats_lines:
        return "formats"
    if not line.strip():
        return "blank"
    return "comment" if line.startswith("#") else "preamble"


class _Rows:
    """The rows of a described text, each line counted as what it is."""

    def __init__(self, text: StationText, tally: Tally, limits: dict[str, int], texts: frozenset[int]) -> None:
        self._text, self._tally, self._limits = text, tally, limits
        self._width = text.width or len(text.names)
        self._measured = [position for position in range(len(text.names)) if position not in texts]
        self._absent: Counter[str] = Counter()
        self._units: set[str] = set()
        self._flag_of = {of: flag for flag, of in text.flags.items()}
        self._censored = 0
        self.detected_unit: Callable[[str], None] = lambda unit: None

    def read(self, lines: Iterator[tuple[int, str]], faults: dict[int, str]) -> Iterator[Cells]:
        """Yield the rows; what is no row is passed over or rejected, with its line."""
        tally, ended = self._tally, False
        for number, line in lines:
            tally.lines += 1
            ended = ended or self._text.is_footer(line)
            row = self._row(number, line, faults.pop(number, ""), ended=ended)
            if row is not None:
                tally.given += 1
                yield row
        self._close()

    def _row(self, number: int, line: str, damage: str, *, ended: bool) -> Cells | None:
        text, tally = self._text, self._tally
        if ended or is_end_of_file(line):
            tally.pass_over(number, "footer" if line.strip() else "blank")
            return None
        if text.takes_line is not None and text.takes_line(line):
            tally.pass_over(number, "comment")
            return None
        if damage:
            tally.damaged += 1
            tally.reject(number, damage)
            return None
        try:
            cells = cut(line.rstrip("\r\n"), text.delimiter)
        except csv.Error:
            cells = []
        if not any(cells):
            tally.pass_over(number, "blank")
            return None
        if text.is_event is not None and text.is_event(cells):
            tally.pass_over(number, "event")
            return None
        return self._cells(number, cells)

    def _cells(self, number: int, cells: Cells) -> Cells | None:
        text, tally = self._text, self._tally
        while len(cells) > self._width and not cells[-1]:
            cells.pop()
        if 0 < text.fewest <= len(cells) < self._width:
            cells += [""] * (self._width - len(cells))
        if len(cells) != self._width:
            some, usual = pluralise(len(cells), "cell"), pluralise(self._width, "cell")
            tally.reject(number, f"It has {some}; a row has {usual}.")
            return None
        row = text.row(cells)
        if isinstance(row, str):
            tally.reject(number, row)
            return None
        if text.unit_of is not None:
            self._units.add(text.unit_of(row).strip())
        for position in self._measured:
            if row[position][:1] in SIGNS and position in self._flag_of:
                self._move_sign(row, position)
            if self._is_missing(position, row[position]):
                self._absent[row[position].strip()] += 1
                row[position] = ""
        return row

    def _move_sign(self, row: Cells, position: int) -> None:
        """Read a value that is only known to be below or above a limit as the limit, with the sign among its flags."""
        sign, limit = row[position][0], row[position][1:].strip()
        if NUMBER.match(limit):
            flag = self._flag_of[position]
            row[position], row[flag] = limit, f"{sign} {row[flag]}".strip()
            self._censored += 1

    def _is_missing(self, position: int, cell: str) -> bool:
        if cell in self._text.missing_words:
            return bool(cell)
        numbers = self._text.missing_at.get(position, self._text.missing)
        if not numbers or not cell or cell[0] not in "-+.9":
            return False
        try:
            return float(cell) in numbers
        except ValueError:
            return False

    def _close(self) -> None:
        tally, promised = self._tally, self._text.rows_promised
        if self._absent:
            text = ", ".join(f"{word} ({count:,})" for word, count in self._absent.most_common(6))
            tally.notes.append(f"Read as missing, as the format has it: {text}.")
        if self._censored:
            tally.notes.append(
                f"Read as their limit, with < or > among the flags beside them: {pluralise(self._censored, 'value')}."
            )
        if len(self._units) == 1 and "" not in self._units:
            self.detected_unit(next(iter(self._units)))
        total = tally.given + tally.rejected_count
        if promised is not None and promised != total:
            tally.notes.append(f"The file says that it holds {promised:,} rows, but it holds {total:,}.")
