"""An independent count of the records in a file's bytes, to verify the reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.storage.reading.rows import Tally

# What fits into a processor's cache is looked at several times for the price of once.
CHUNK = 1 << 17
MAX_WITHOUT_END = 16 << 20
NEWLINE, RETURN, BLANK, ZERO, NINE = 10, 13, 32, 48, 57
Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]


@dataclass
class Scan:
    """What the bytes of a text table say. `records` are lines outside quotes that are not blank; `returns` counts
    the lines that end as Windows ends them, and `lines` all of them, inside of quotes too; `blank` has the ranges of
    the first blank ones, counted from the first line of the file.

    `codes` are the places of columns in which some cell begins with a zero before another digit, as site numbers do.
    `unsure` says that lone carriage returns, control characters or an open quote make all of it worth nothing.
    """

    records: int = 0
    lines: int = 0
    blank: Tally = field(default_factory=Tally)
    longest: int = 0
    returns: int = 0
    unsure: bool = False
    codes: set[int] = field(default_factory=set)


def scan(path: Path, *, skip_lines: int, delimiter: str, quote: str, newline: str = "") -> Scan:
    """Count the records after the first `skip_lines` lines of a file in an encoding whose first half is ASCII.

    Where the line end is not known to be a `newline`, carriage returns must stand before line feeds alone, and before
    all or none of them.
    """
    result, counter, rest = Scan(), _Counter(delimiter.encode(), quote.encode(), newline == "\n"), b""
    with path.open("rb") as handle:
        for _ in range(skip_lines):
            result.unsure = result.unsure or _lone_returns(handle.readline(MAX_WITHOUT_END))
        while chunk := handle.read(CHUNK):
            rest += chunk
            used = counter.take(rest, result, skip_lines)
            rest = rest[used:]
            if result.unsure or len(rest) > MAX_WITHOUT_END:
                result.unsure = True
                return result
    if rest.strip(b"\r"):
        counter.take(rest + b"\n", result, skip_lines)
        result.unsure = result.unsure or (bool(quote) and rest.count(quote.encode()) % 2 == 1)
        counter.ends -= not rest.endswith(b"\r")
    elif rest:
        result.lines += 1
        result.blank.pass_over(skip_lines + result.lines, "blank")
    result.unsure = result.unsure or result.returns not in (0, counter.ends)
    return result


class _Counter:
    """Counts the ends of lines outside quotes, block after block, each of which begins where a record does."""

    def __init__(self, delimiter: bytes, quote: bytes, any_returns: bool) -> None:
        self.delimiter, self.quote, self.any_returns = delimiter, quote, any_returns
        self.ends = 0

    def take(self, block: bytes, result: Scan, skip_lines: int) -> int:
        """Count the records that end in a block; return how many of its bytes they take."""
        # A return at the very end may have its line feed in the next block.
        data = np.frombuffer(b"\n" + block, dtype=np.uint8)
        # A file that was written here from rows may hold whatever their texts do, but for NUL bytes.
        if b"\x00" in block or (not self.any_returns and _is_odd(block, data)):
            result.unsure = True
            return 0
        quotes = np.flatnonzero(data == self.quote[0]) if self.quote and self.quote in block else None
        feeds = np.flatnonzero(data == NEWLINE)
        ends = _count_outside_quotes(feeds, quotes)
        if len(ends) < 2:
            return 0
        lengths = np.diff(ends)
        blank = (lengths == 1) | ((lengths == 2) & (data[ends[1:] - 1] == RETURN))
        if blank.any():
            for position in np.searchsorted(feeds, ends[1:][blank]).tolist():
                result.blank.pass_over(skip_lines + result.lines + position, "blank")
        result.lines += len(ends) - 1 if len(feeds) == len(ends) else int(np.searchsorted(feeds, ends[-1]))
        result.records += len(lengths) - int(blank.sum())
        result.longest = max(result.longest, int(lengths.max()))
        self.ends += len(lengths)
        if not self.any_returns and b"\r" in block:
            result.returns += int(np.count_nonzero(data[ends[1:] - 1] == RETURN))
        self._note_codes(data[: ends[-1] + 1], ends, quotes, result)
        return int(ends[-1])

    def _note_codes(self, data: Bytes, ends: Places, quotes: Places | None, result: Scan) -> None:
        """Note in which columns a zero stands at the beginning of a cell with a digit after it."""
        before = (data[:-2] == self.delimiter[0]) | (data[:-2] == NEWLINE)
        if quotes is not None:
            before |= data[:-2] == self.quote[0]
        zeros = np.flatnonzero(before & (data[1:-1] == ZERO)) + 1
        zeros = zeros[(data[zeros + 1] >= ZERO) & (data[zeros + 1] <= NINE)]
        if not len(zeros):
            return
        delimiters = _count_outside_quotes(np.flatnonzero(data == self.delimiter[0]), quotes)
        starts = ends[np.searchsorted(ends, zeros) - 1]
        places = np.searchsorted(delimiters, zeros) - np.searchsorted(delimiters, starts)
        result.codes.update(np.unique(places).tolist())


def _count_outside_quotes(places: Places, quotes: Places | None) -> Places:
    """Keep the places before which an even number of quotes stands."""
    return places if quotes is None else places[np.searchsorted(quotes, places) % 2 == 0]


def _is_odd(block: bytes, data: Bytes) -> bool:
    return _has_controls(block, data) or (b"\r" in block and _lone_returns(block.removesuffix(b"\r")))


def _has_controls(block: bytes, data: Bytes) -> bool:
    """Return whether a byte is a control character that no text has; `data` has a line end more than the block."""
    controls = int(np.count_nonzero(data < BLANK))
    return controls - 1 != block.count(b"\n") + block.count(b"\r") + block.count(b"\t")


def _lone_returns(block: bytes) -> bool:
    return block.count(b"\r") != block.count(b"\r\n")
