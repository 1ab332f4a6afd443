"""The tolerant row reader of texts: every line becomes a row or is counted with a reason."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

from app.domain.text.words import pluralise
from app.storage.reading.layout import TextLayout
from app.storage.reading.records import REPAIRED, STRAY, WHITESPACE, Feed, RawRecord, Records
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import Tally
from app.storage.reading.separators import find_other_separator
from app.storage.reading.structure import is_blank, is_name_like
from app.storage.reading.text_lines import CONTROL, TextLines, is_end_of_file

REPEATED = "It repeats the names of the columns."
# Each quote that never ends has the rest of the file looked at in vain.
MAX_OPEN_QUOTES = 5


class TextRows:
    """Goes through the lines of a text once."""

    def __init__(self, layout: TextLayout, tally: Tally, limits: dict[str, int], *, pads: bool) -> None:
        self.layout, self.tally, self.limits, self.pads = layout, tally, limits, pads
        self.repeats = {tuple(line) for line in layout.header}
        self.names = {cell.strip() for line in layout.header for cell in line if cell.strip()}
        self.repaired = self.repaired_at = self.open_quotes = 0
        self.faults: dict[int, str] = {}
        self.ahead: RawRecord | None = None
        self.blank_at = 0
        self.other_width = 0
        self.other_from = self.other_to = 0

    def rows(self, text: TextLines) -> Iterator[list[str]]:
        """Yield the rows that fit, and tally all the others."""
        layout, tally, lines = self.layout, self.tally, iter(text)
        for _ in itertools.islice(lines, layout.skip_lines):
            pass
        self.faults = text.faults
        feed = Feed(
            self._without_footer(lines),
            first=layout.skip_lines + 1,
            comment=layout.comment,
            passed=lambda line: tally.pass_over(line, "comment"),
        )
        records = Records(feed, layout.cut, width=layout.row_width)
        usual = layout.width if layout.row_width == layout.width else -1
        # What begins with nothing may hold nothing at all.
        firsts = {"", " ", *(line[0] for line in layout.header if line)}
        source, faults = iter(records), self.faults
        while results := self._next(source):
            _, row, count, fault = results
            if len(row) == usual and not fault and not self.other_width and row[0] not in firsts and not faults:
                fitted: list[str] | None = row
            else:
                self._refuse_what_never_ends(records)
                fitted = self._fitted(results, source)
            if fitted is not None:
                tally.given += 1
                tally.more_lines += count - 1
                yield fitted
        self._end_other_table()
        self._note_irregularities()

    def _next(self, source: Iterator[RawRecord]) -> RawRecord | None:
        results, self.ahead = self.ahead, None
        return results or next(source, None)

    def _without_footer(self, lines: Iterator[str]) -> Iterator[str]:
        """Hold back as many lines as the footer has, blank ones not counted, and count all."""
        current: deque[str] = deque()
        filled = 0
        most = self.layout.footer_lines
        for line in lines:
            self.tally.lines += 1
            if not most:
                yield line
                continue
            current.append(line)
            filled += bool(line.strip())
            while filled > most:
                first = current.popleft()
                filled -= bool(first.strip())
                yield first
        start = self.layout.skip_lines + self.tally.lines - len(current) + 1
        for number, line in enumerate(current, start=start):
            self.tally.pass_over(number, "footer" if line.strip() else "blank")

    def _refuse_what_never_ends(self, records: Records) -> None:
        """Refuse a cell over the limit, and a quote that would take the rest of the file for one cell."""
        size = self.limits["cell_kb"]
        if records.too_large_at:
            message = f"Line {records.too_large_at:,} holds a cell with more than {size:,} kB of text."
            raise over_limit("cell_kb", message, code="cell_too_large")
        line, records.open_at = records.open_at, 0
        # On the last line nothing else is lost by it; nor is it where only the head of a text is at hand.
        if line and not self.layout.is_cut and (line > 0 or not self.tally.given):
            self.open_quotes += 1
            # A few lose their own line, which is rejected.
            if self.open_quotes > MAX_OPEN_QUOTES:
                message = f"A quote opened on line {abs(line):,} is never closed, nor are {MAX_OPEN_QUOTES} before it."
                raise RefusedError("open_quote", message, line=abs(line))

    def _fitted(self, record: RawRecord, source: Iterator[RawRecord]) -> list[str] | None:
        """Return a row with one cell for each column, or nothing where it was left out, which is then tallied."""
        line, row, count, fault = record
        tally = self.tally
        damage = self._damage(line, count)
        if not damage and self._is_empty(row):
            tally.pass_over(line, "blank", count)
            self.blank_at = line + count - 1
            return None
        if damage:
            self._reject_damaged(record, damage)
            return None
        if self._is_of_other_table(record, source):
            tally.pass_over(line, "other_table", count)
            return None
        fitted = self._brought_to_width(row)
        if fitted is not None and fault in ("", REPAIRED) and tuple(row) not in self.repeats:
            self.repaired += bool(fault)
            self.repaired_at = self.repaired_at or (line if fault else 0)
            return fitted
        tally.more_lines += count - 1
        if fault:
            tally.reject(line, STRAY if fault == REPAIRED else fault)
        elif fitted is None:
            tally.reject(line, self._why_it_does_not_fit(row))
        else:
            tally.reject(line, REPEATED)
        return None

    def _damage(self, line: int, count: int) -> str:
        """Return why one of the lines of a record is damaged, which is then forgotten."""
        if not self.faults:
            return ""
        results = [fault for index in range(line, line + count) if (fault := self.faults.pop(index, ""))]
        if count > 1:
            # Only quotes hold a record of several lines together, and what they hold is text.
            results = [fault for fault in results if not fault.startswith(CONTROL)]
        # What was passed over before this record is asked about no more.
        for position in [index for index in self.faults if index < line]:
            del self.faults[position]
        return results[0] if results else ""

    def _is_empty(self, row: list[str]) -> bool:
        """Return whether a line is blank, or has separators alone where the table has no such rows."""
        width = self.layout.width
        if is_blank(row) or self.layout.keeps_empty_rows or width == 1:
            return is_blank(row) and (width > 1 or not row)
        return not any(cell.strip() for cell in row)

    def _reject_damaged(self, record: RawRecord, damage: str) -> None:
        """Reject a record with a byte that is no text, unless that is the mark which ended files under DOS."""
        line, row, count, _ = record
        if count == 1 and is_end_of_file("".join(row)):
            self.tally.pass_over(line, "blank")
            return
        self.tally.more_lines += count - 1
        self.tally.damaged += 1
        self.tally.reject(line, damage)

    def _why_it_does_not_fit(self, row: list[str]) -> str:
        layout = self.layout
        separator = " " if layout.delimiter == WHITESPACE else layout.delimiter
        otherwise = find_other_separator(separator.join(row), layout.cut, layout.row_width)
        return otherwise or f"It has {len(row):,} cells; the table has {layout.width:,} columns."

    def _brought_to_width(self, row: list[str]) -> list[str] | None:
        width = self.layout.width
        if len(row) < width and (self.pads or len(row) == self.layout.row_width):
            return row + [""] * (width - len(row))
        return row[:width] if len(row) == width or (len(row) > width and not any(row[width:])) else None

    def _is_of_other_table(self, record: RawRecord, source: Iterator[RawRecord]) -> bool:
        """Return whether a row belongs to a table that follows the one being read: names of its own, rows as wide.

        The names stand below a blank line, or are names of the table being read. The other table ends where two rows
        in turn are as wide as this one.
        """
        line, row, count, _ = record
        width = self.layout.row_width
        if not self.other_width:
            known = sum(cell.strip() in self.names for cell in row)
            begins = self.blank_at == line - 1 or known >= len(row) / 2
            if len(row) < 2 or len(row) == width or not begins or not is_name_like(row):
                return False
            after = self._look_ahead(source)
            if after is None or len(after[1]) != len(row) or is_name_like(after[1]):
                return False
            self.other_width, self.other_from = len(row), line
        elif len(row) == width and (after := self._look_ahead(source)) and len(after[1]) == width:
            self._end_other_table()
            return False
        self.other_to = line + count - 1
        return True

    def _look_ahead(self, source: Iterator[RawRecord]) -> RawRecord | None:
        self.ahead = next(source, None)
        return self.ahead

    def _end_other_table(self) -> None:
        if self.other_width:
            self.tally.notes.append(
                f"Lines {self.other_from:,} to {self.other_to:,} hold another table, of {self.other_width:,} columns, "
                f"and were passed over. To read that one, say that the table starts on line {self.other_from:,}."
            )
        self.other_width = 0

    def _note_irregularities(self) -> None:
        """Note what was passed over or read otherwise than it stands."""
        tally = self.tally
        if comments := tally.passed["comment"] - self.layout.head.passed["comment"]:
            tally.notes.append(f"{pluralise(comments, 'line')} beginning with {self.layout.comment} passed over.")
        if tally.passed["footer"]:
            tally.notes.append(
                f"{pluralise(tally.passed['footer'], 'line')} at the end passed over: no rows of the table."
            )
        if self.repaired:
            rows = f"{pluralise(self.repaired, 'row')} (the first on line {self.repaired_at:,})"
            tally.notes.append(f"A quote inside of a quoted value was kept as a part of the value, in {rows}.")
