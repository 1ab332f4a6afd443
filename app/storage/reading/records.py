"""Splitting lines into records and cells, with a slower path for broken quotes."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

STRAY = "A quote stands in the middle of a value."
SWALLOWED = "A quote is opened on it and not closed where the row ends."
# No fault to the reader: quotes are in order once one closes a cell only where a separator follows.
REPAIRED = "restricted"
WHITESPACE = "whitespace"


@dataclass(frozen=True)
class Cut:
    """How a line is cut into cells: the separator, the quote, and how a quote stands inside of quotes."""

    delimiter: str
    quote: str = '"'
    escape: str = "double"

    @property
    def is_padded(self) -> bool:
        """Return whether each separator is followed by a blank that belongs to no cell."""
        return len(self.delimiter) == 2 and self.delimiter[1] == " " != self.delimiter[0]


class Feed:
    """Hands out lines, remembers those of the record at hand, and can take them back but for the first.

    Lines that begin with the comment mark are passed over where a record begins, never inside of quotes; `passed` is
    told their numbers.
    """

    def __init__(
        self, lines: Iterator[str], *, first: int = 1, comment: str = "", passed: Callable[[int], None] | None = None
    ) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self._next = first
        self._comment = comment
        self.record: list[str] = []
        self.line = first
        self._passed = passed

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self._next += 1
        if not self.record:
            while self._comment and line.startswith(self._comment):
                if self._passed:
                    self._passed(self._next - 1)
                line = self._back.popleft() if self._back else next(self._lines)
                self._next += 1
            self.line = self._next - 1
        self.record.append(line)
        return line

    def give_back(self) -> None:
        """Keep the first line of the record at hand alone; the others will be handed out again."""
        rest = self.record[1:]
        self._back.extendleft(reversed(rest))
        self._next -= len(rest)
        del self.record[1:]


RawRecord = tuple[int, list[str], int, str]


class Records:
    """The records of some lines: the number of the first line, the cells, over how many lines they go, and a fault.

    A record that goes over several lines without having `width` cells (0: any), or whose quotes are not in order, is
    no record: its first line is taken alone, and the lines after it are read anew, so that a stray quote costs one row.
    """

    def __init__(self, feed: Feed, cut: Cut, *, width: int = 0) -> None:
        self.feed, self.cut, self.width = feed, cut, width
        self.open_at = 0
        self.too_large_at = 0
        self._source = cells_of(feed, cut)

    def __iter__(self) -> Iterator[RawRecord]:
        feed, source, width, used_names = self.feed, self._source, self.width, self.feed.record
        while True:
            used_names.clear()
            try:
                row = next(source)
            except StopIteration:
                return
            except csv.Error as fault:
                yield self._restricted(str(fault))
                continue
            lines = len(used_names)
            if lines > 1 and width and len(row) != width and not _is_longer_by_nothing(row, width):
                yield self._restricted("")
            else:
                yield feed.line, row, lines, ""

    def _restricted(self, fault: str) -> RawRecord:
        """Return the cells of a faulty record's first line alone; note quotes and cells that never end."""
        if "unexpected end" in fault:
            self.open_at = self.feed.line if len(self.feed.record) > 1 else -self.feed.line
        elif "field larger" in fault:
            if len(self.feed.record) > 1:
                self.open_at = self.feed.line
            else:
                self.too_large_at = self.feed.line
        self.feed.give_back()
        row, is_whole = alone(self.feed.record[0], self.cut)
        return self.feed.line, row, 1, _reason(fault, is_whole=is_whole)


def _reason(fault: str, *, is_whole: bool) -> str:
    """Return the reason for refusing a record that the standard library faults, or of a wrong width."""
    if is_whole and fault:
        return REPAIRED
    return STRAY if fault and "end" not in fault and "larger" not in fault else SWALLOWED


def _is_longer_by_nothing(row: list[str], width: int) -> bool:
    return len(row) > width and not any(row[width:])


def cells_of(lines: Iterator[str], cut: Cut) -> Iterator[list[str]]:
    """Return an iterator over rows of cells, which raises `csv.Error` where quotes are not in order."""
    delimiter = cut.delimiter[0] if cut.is_padded else cut.delimiter
    if len(delimiter) > 1:
        split = _splitter(cut)
        return (split(line.rstrip("\r\n")) for line in lines)
    if cut.quote:
        return csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=cut.quote,
            doublequote=cut.escape != "\\",
            escapechar="\\" if cut.escape == "\\" else None,
            skipinitialspace=cut.is_padded,
            strict=True,
        )
    escape = "\\" if cut.escape == "\\" else None
    return csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, escapechar=escape, skipinitialspace=cut.is_padded
    )


def _splitter(cut: Cut) -> Callable[[str], list[str]]:
    """Return a function that cuts a line by blanks of any number, or by a separator of several letters."""
    quote, delimiter = cut.quote, cut.delimiter
    if delimiter == WHITESPACE:
        cell = re.compile(rf"{quote}((?:[^{quote}]|{quote}{quote})*+){quote}(?!\S)|(\S+)") if quote else None

        def by_blanks(line: str) -> list[str]:
            if cell is None or quote not in line:
                return line.split()
            return [plain or _unescape(inside, cut) for inside, plain in cell.findall(line)]

        return by_blanks

    def by_several(line: str) -> list[str]:
        if not line:
            return []
        return alone(line, cut)[0] if quote and quote in line else line.split(delimiter)

    return by_several


def _unescape(inside: str, cut: Cut) -> str:
    if cut.escape == "\\":
        return re.sub(r"\\(.)", r"\1", inside)
    return inside.replace(cut.quote * 2, cut.quote) if cut.escape == "double" else inside


@lru_cache(maxsize=32)
def _lenient(cut: Cut) -> re.Pattern[str]:
    """Return a pattern for one cell in which a quote closes only where a separator or the end of the line follows.

    Every choice in it is final (possessive), so that no line takes more than linear time for each of its cells.
    """
    quote, delimiter = re.escape(cut.quote), re.escape(cut.delimiter.strip(" ") or cut.delimiter)
    blank = "" if cut.delimiter == " " else " *+"
    after = rf"(?={blank}{delimiter}|{blank}$)"
    twice = rf"{quote}{quote}(?!{after})|" if cut.escape == "double" else r"\\.|" if cut.escape == "\\" else ""
    inner = rf"(?:{twice}[^{quote}]|{quote}(?!{after}))*+"
    before = " *+" if cut.is_padded else ""
    return re.compile(rf"{before}(?:{quote}({inner}){quote}{blank}|((?:(?!{delimiter}).)*+))({delimiter}|$)", re.S)


def alone(line: str, cut: Cut) -> tuple[list[str], bool]:
    """Cut one line leniently; say also whether every quote that opens a cell in it closes in it."""
    line = line.rstrip("\r\n")
    if not cut.quote or cut.delimiter == WHITESPACE:
        try:
            return next(cells_of(iter([line]), cut), []), True
        except csv.Error:
            # A cell is over the limit, or an escape has nothing to stand for: the line is cut as it stands.
            return line.split(cut.delimiter), False
    pattern, position = _lenient(cut), 0
    cells: list[str] = []
    while match := pattern.match(line, position):
        inside, plain, end = match.groups()
        if inside is None:
            cells.append(plain)
            if plain.lstrip().startswith(cut.quote):
                # No quote after it closes anything, so nothing is searched again and the rest is cut plainly.
                cells += line[match.end() :].split(cut.delimiter) if end else []
                return cells, False
        else:
            cells.append(_unescape(inside, cut))
        position = match.end()
        if not end:
            break
    return cells, True
