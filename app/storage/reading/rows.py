"""What every reader of a file format gives: names, rows of text, and a tally of what became of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.domain.analysis.choices import Dialect

SHOWN_REJECTED = 50


@dataclass
class Tally:
    """What became of the rows. `kept` is counted by whoever takes them.

    Of a text, `lines` counts all lines from the first row of values on, and each of them is in a row that was given,
    rejected, blank, a comment, part of the footer, or of another table; `more_lines` are those that rows of several
    lines have beyond their first.
    """

    kept: int = 0
    rejected_count: int = 0
    blank: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: int = 0
    given: int = 0
    more_lines: int = 0
    comments: int = 0
    footer: int = 0
    other_tables: int = 0

    def reject(self, line: int, reason: str) -> None:
        """Count a row that does not fit; the first ones are listed with their line."""
        self.rejected_count += 1
        if len(self.rejected) < SHOWN_REJECTED:
            self.rejected.append((line, reason))

    @property
    def is_complete(self) -> bool:
        """Say whether every line of a text is accounted for, once its rows have been gone through."""
        known = self.given + self.more_lines + self.rejected_count + self.blank
        return self.lines == known + self.comments + self.footer + self.other_tables


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

    `sql` is what stands after FROM: its columns are c0, c1, …, and it reads files of the lent folder alone. `storages`
    has one of "number", "integer", "boolean", "datetime" and "text" for each of them.
    """

    names: list[str]
    sql: str
    storages: list[str]
    rows: int
    dialect: Dialect
    tally: Tally = field(default_factory=Tally)
