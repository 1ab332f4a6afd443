"""The first lines of a text, from which its layout is detected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.storage.reading.rows import Kind, Tally
from app.storage.reading.text_lines import TextLines, odd_pattern, ordinary_characters

LINES_SEEN = 400
LETTERS_SEEN = 1 << 19
LINES_AT_LEAST = 10
COMMENTS = ("#", "%", "//")


@dataclass(frozen=True)
class Head:
    """The first lines of a file, whether they are all of it, why some are damaged, and what is not."""

    lines: list[str]
    is_whole: bool
    faults: dict[int, str]
    ordinary: str


def read_head(path: Path, encoding: str, limits: dict[str, int]) -> Head:
    """Return the first lines of a text, of which damaged ones are named."""
    text = TextLines(path, encoding, limits)
    lines: list[str] = []
    letters, is_whole = 0, True
    source = iter(text)
    for line in source:
        lines.append(line)
        letters += len(line)
        if len(lines) >= LINES_SEEN or (letters > LETTERS_SEEN and len(lines) >= LINES_AT_LEAST):
            is_whole = next(source, None) is None
            break
    ordinary = ordinary_characters([lines[number - 1] for number in text.faults if number <= len(lines)], len(lines))
    odd = odd_pattern(ordinary)
    faults = {
        number: why for number, why in text.faults.items() if number <= len(lines) and odd.search(lines[number - 1])
    }
    return Head(lines, is_whole, faults, ordinary)


def keeps_empty_rows(sample: list[list[str]]) -> bool:
    """Return whether a line of separators alone is a row: only where every column is empty on some other row as well.

    A table in which one column is always filled, such as its dates, has no row without it.
    """
    current_values = [row for row in sample if any(cell.strip() for cell in row)]
    return bool(current_values) and all(
        any(not cell.strip() for cell in column) for column in zip(*current_values, strict=False)
    )


def head_tally(lines: list[str], upto: int, named: list[tuple[int, int]]) -> Tally:
    """Return the tally of the first `upto` lines; `named` has first line and length of each name row."""
    tally = Tally(skip_lines=upto, header_lines=len(named), more_lines=sum(count - 1 for _, count in named))
    names = {line + position for line, count in named for position in range(count)}
    for number, line in enumerate(lines[:upto], start=1):
        if number not in names:
            tally.pass_over(number, _kind_of_line(line))
    return tally


def _kind_of_line(line: str) -> Kind:
    if not line.strip():
        return "blank"
    return "comment" if line.startswith(COMMENTS) else "preamble"
