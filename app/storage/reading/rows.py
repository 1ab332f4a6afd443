"""RowTable, ColumnTable and Tally: what a file reader returns, and its count of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from app.domain.analysis.import_options.import_choices import Dialect

SHOWN_REJECTED = 50
SHOWN_PASSED_OVER = 50
# What lines that are no rows of the table can be, as `import_report.passed_over` has it.
Kind = Literal["preamble", "blank", "comment", "formats", "repeated_names", "other_table", "footer", "event"]
Lines = tuple[int, int, Kind]


@dataclass
class Tally:
    """What became of the rows and lines. `kept` is counted by whoever takes the rows.

    Of a text, `skip_lines` lines stand before the first row of values, of which `header_lines` begin a line of names;
    `lines` counts all lines from there on. Each is in a row that was given, rejected, or passed over; `more_lines` are
    those that records of several lines have beyond their first. `damaged` counts the rejected ones among which a byte
    is no text.
    """

    kept: int = 0
    rejected_count: int = 0
    damaged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skip_lines: int = 0
    header_lines: int = 0
    lines: int = 0
    given: int = 0
    more_lines: int = 0
    passed: Counter[Kind] = field(default_factory=Counter)
    passed_over: list[Lines] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        """Count a row that does not fit; the first ones are listed with their line."""
        self.rejected_count += 1
        if len(self.rejected) < SHOWN_REJECTED:
            self.rejected.append((line, reason))

    def pass_over(self, line: int, kind: Kind, lines: int = 1) -> None:
        """Count lines that are no rows; the first ranges of neighbouring lines are listed."""
        self.passed[kind] += lines
        ranges = self.passed_over
        if ranges and ranges[-1][2] == kind and ranges[-1][1] == line - 1:
            ranges[-1] = (ranges[-1][0], line + lines - 1, kind)
        elif len(ranges) < SHOWN_PASSED_OVER:
            ranges.append((line, line + lines - 1, kind))

    @property
    def passed_count(self) -> int:
        """Return how many lines are no rows of the table and no names."""
        return self.passed.total()

    @property
    def is_complete(self) -> bool:
        """Return whether every line of a text is accounted for, once its rows have been gone through."""
        known = self.header_lines + self.given + self.more_lines + self.rejected_count + self.passed_count
        return self.skip_lines + self.lines == known


@dataclass
class RowTable:
    """A table as it comes out of a file. `names` are as the file has them, repaired later; `rows` are texts.

    Every row has as many cells as there are names, and an empty text where nothing is. `rows` may be gone through once,
    and the tally is complete when it ends. Columns whose place is in `texts` stay text whatever their values look like,
    because the format says that they are codes.
    """

    names: list[str]
    rows: Iterator[list[str]]
    dialect: Dialect
    tally: Tally = field(default_factory=Tally)
    texts: frozenset[int] = frozenset()


@dataclass
class ColumnTable:
    """A table whose columns have types already. `names` are as the file has them, repaired later.

    `sql` is what stands after FROM: its columns are c0, c1, …, and it reads files of the dataset's folder alone.
    `storages` has one of "number", "integer", "boolean", "datetime" and "text" for each of them.
    """

    names: list[str]
    sql: str
    storages: list[str]
    rows: int
    dialect: Dialect
    tally: Tally = field(default_factory=Tally)
