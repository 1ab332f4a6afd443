"""The tolerant reader of texts: every line becomes a row, or is counted with what it is instead."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

from app.storage.reading.layout import TextLayout
from app.storage.reading.records import MENDED, STRAY, Feed, Found, Records
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.rows import Tally
from app.storage.reading.structure import is_blank, is_name_like

REPEATED = "It repeats the names of the columns."


class TextRows:
    """Goes through the lines of a text once."""

    def __init__(self, layout: TextLayout, tally: Tally, limits: dict[str, int], *, pads: bool) -> None:
        self.layout, self.tally, self.limits, self.pads = layout, tally, limits, pads
        self.repeats = {tuple(line) for line in layout.header}
        self.names = {cell.strip() for line in layout.header for cell in line if cell.strip()}
        self.mended = self.mended_at = 0
        self.ahead: Found | None = None
        self.blank_at = 0
        self.other_width = 0
        self.other_from = self.other_to = 0

    def rows(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Yield the rows that fit, and tally all the others."""
        layout, tally = self.layout, self.tally
        for _ in itertools.islice(lines, layout.skip_lines):
            pass
        feed = Feed(self._without_footer(lines), first=layout.skip_lines + 1, comment=layout.comment)
        records = Records(feed, layout.cut, width=layout.row_width)
        usual = layout.width if layout.row_width == layout.width else -1
        firsts = {line[0] for line in layout.header if line}
        source = iter(records)
        while found := self._next(source):
            _, row, count, fault = found
            if len(row) == usual and not fault and not self.other_width and row[0] not in firsts:
                fitted: list[str] | None = row
            else:
                self._refuse_what_never_ends(records)
                fitted = self._fitted(found, source)
            if fitted is not None:
                tally.given += 1
                tally.more_lines += count - 1
                yield fitted
        self._end_other_table()
        tally.comments = feed.comments
        self._say()

    def _next(self, source: Iterator[Found]) -> Found | None:
        found, self.ahead = self.ahead, None
        return found or next(source, None)

    def _without_footer(self, lines: Iterator[str]) -> Iterator[str]:
        """Hold back as many lines as the footer has, blank ones not counted, and count all."""
        held: deque[str] = deque()
        filled = 0
        most = self.layout.footer_lines
        for line in lines:
            self.tally.lines += 1
            if not most:
                yield line
                continue
            held.append(line)
            filled += bool(line.strip())
            while filled > most:
                first = held.popleft()
                filled -= bool(first.strip())
                yield first
        self.tally.footer = filled
        self.tally.blank += len(held) - filled

    def _refuse_what_never_ends(self, records: Records) -> None:
        """Refuse a cell over the limit, and a quote that would take the rest of the file for one cell."""
        size = self.limits["cell_kb"]
        if records.too_large_at:
            message = f"Line {records.too_large_at:,} holds a cell with more than {size:,} kB of text."
            raise over("cell_kb", message, code="cell_too_large")
        line, records.open_at = records.open_at, 0
        # On the last line nothing else is lost by it; nor is it where only the head of a text is at hand.
        if line and not self.layout.is_cut and (line > 0 or not self.tally.given):
            message = f"A quote opened on line {abs(line):,} is never closed."
            raise RefusedError("open_quote", message, line=abs(line))

    def _fitted(self, found: Found, source: Iterator[Found]) -> list[str] | None:
        """Return a row with one cell for each column, or nothing where it was left out, which is then tallied."""
        line, row, count, fault = found
        tally, width = self.tally, self.layout.width
        if is_blank(row) and (width > 1 or not row):
            tally.blank += 1
            self.blank_at = line
            return None
        if self._is_of_other_table(found, source):
            tally.other_tables += count
            return None
        fitted = self._brought_to_width(row)
        if fitted is not None and fault in ("", MENDED) and tuple(row) not in self.repeats:
            self.mended += bool(fault)
            self.mended_at = self.mended_at or (line if fault else 0)
            return fitted
        tally.more_lines += count - 1
        if fault:
            tally.reject(line, STRAY if fault == MENDED else fault)
        elif fitted is None:
            tally.reject(line, f"It has {len(row):,} cells; the table has {width:,} columns.")
        else:
            tally.reject(line, REPEATED)
        return None

    def _brought_to_width(self, row: list[str]) -> list[str] | None:
        width = self.layout.width
        if len(row) < width and (self.pads or len(row) == self.layout.row_width):
            return row + [""] * (width - len(row))
        return row[:width] if len(row) == width or (len(row) > width and not any(row[width:])) else None

    def _is_of_other_table(self, found: Found, source: Iterator[Found]) -> bool:
        """Say whether a row belongs to a table that follows the one being read: names of its own, rows as wide.

        The names stand below a blank line, or are names of the table being read. The other table ends where two rows
        in turn are as wide as this one.
        """
        line, row, count, _ = found
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

    def _look_ahead(self, source: Iterator[Found]) -> Found | None:
        self.ahead = next(source, None)
        return self.ahead

    def _end_other_table(self) -> None:
        if self.other_width:
            self.tally.notes.append(
                f"Lines {self.other_from:,} to {self.other_to:,} hold another table, of {self.other_width:,} columns, "
                f"and were passed over. To read that one, say that the table starts on line {self.other_from:,}."
            )
        self.other_width = 0

    def _say(self) -> None:
        """Note what was passed over or read otherwise than it stands."""
        tally = self.tally
        if tally.comments:
            tally.notes.append(f"{_lines(tally.comments)} beginning with {self.layout.comment} passed over.")
        if tally.footer:
            tally.notes.append(f"{_lines(tally.footer)} at the end passed over: no rows of the table.")
        if self.mended:
            rows = f"{self.mended:,} row{'s' * (self.mended != 1)} (the first on line {self.mended_at:,})"
            tally.notes.append(f"A quote inside of a quoted value was kept as a part of the value, in {rows}.")


def _lines(count: int) -> str:
    return f"{count:,} line{'s' * (count != 1)}"
