"""The text files of CAMELS-US: forcing, streamflow and model output, with dates in several columns.

Forcing has three lines before its names (latitude in degrees, elevation in m, area in m²) and separates by blanks;
streamflow has no names at all; model output has its names on the first line (Newman et al., 2015,
https://doi.org/10.5194/hess-19-209-2015, data set documentation).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_lines import TextLines

NAMES = re.compile(r"^\s*(year|yr)\s+(mnth|month)\s+(day|dy)\s+(hr|hour)\s+\S", re.IGNORECASE)
STREAMFLOW = re.compile(r"^\s*\d{8}\s+\d{4}\s+\d{1,2}\s+\d{1,2}\s+-?\d+(\.\d+)?\s+\S+\s*$")
NUMBER = re.compile(r"^\s*-?\d+(\.\d+)?\s*$")
SITE_LINES = 3


@dataclass(frozen=True)
class Layout:
    """Where the table is: how many lines lie before its rows, its names, and where year to day (or hour) stand."""

    kind: str
    lines_before: int
    names: tuple[str, ...]
    date_at: int
    date_width: int


def _find_layout(lines: list[str]) -> Layout | None:
    if len(lines) > SITE_LINES and all(NUMBER.match(line) for line in lines[:SITE_LINES]):
        if NAMES.match(lines[SITE_LINES]):
            return Layout("forcing", SITE_LINES + 1, tuple(lines[SITE_LINES].split()[4:]), 0, 4)
        return None
    if lines and NAMES.match(lines[0]):
        return Layout("model output", 1, tuple(lines[0].split()[4:]), 0, 4)
    if lines and all(STREAMFLOW.match(line) for line in lines):
        return Layout("streamflow", 0, ("QObs(cfs)", "flag"), 1, 3)
    return None


def _head_lines(head: bytes) -> list[str]:
    lines = head.decode("ascii", errors="replace").splitlines()
    # The last line of a head may be cut off.
    return lines[:-1] if len(lines) > SITE_LINES + 2 else lines


def _is_camels(head: bytes, suffix: str) -> bool:
    return _find_layout(_head_lines(head)) is not None


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the file as a table of texts, with one column of dates in the place of three or four of numbers."""
    with path.open("rb") as handle:
        head = _head_lines(handle.read(8192))
    layout = _find_layout(head)
    if layout is None:
        raise TypeError("The file is of another format.")
    tally = Tally(notes=[f"Read as a CAMELS file of {layout.kind}."])
    tally.skip_lines, tally.header_lines = layout.lines_before, int(layout.lines_before > 0)
    if layout.lines_before > 1:
        tally.pass_over(1, "preamble", layout.lines_before - 1)
    if layout.kind == "forcing":
        latitude, elevation, area = (line.strip() for line in head[:SITE_LINES])
        tally.notes.append(
            f"The lines before its names: latitude {latitude}°, elevation {elevation} m, area {area} m²."
        )
    hourly = layout.date_width == 4 and _has_hours(_lines(path, limits), layout)
    parts = "Year, month, day and hour" if layout.date_width == 4 else "Year, month and day"
    left = "" if hourly or layout.date_width == 3 else " The hour is the same on every row and was left out."
    tally.notes.append(f"{parts} became one column, date.{left}")
    names = ["basin", "date", *layout.names] if layout.kind == "streamflow" else ["date", *layout.names]
    first = max(layout.lines_before, 1)
    named = int(layout.lines_before > 0)
    dialect = Dialect(format="camels", encoding="ascii", delimiter="whitespace", first_line=first, header_lines=named)
    rows = _rows(_lines(path, limits), layout, tally, hourly=hourly)
    return RowTable(names, rows, dialect, tally, frozenset({0} if layout.kind == "streamflow" else ()))


def _lines(path: Path, limits: dict[str, int]) -> TextLines:
    return TextLines(path, "ascii", limits)


def _has_hours(lines: TextLines, layout: Layout) -> bool:
    """Return whether the hour differs between rows: daily files hold 12 on all of them."""
    position, results = layout.date_at + 3, set()
    for number, line in enumerate(lines):
        cells = line.split(maxsplit=position + 1)
        if number >= layout.lines_before and len(cells) > position and number + 1 not in lines.faults:
            results.add(cells[position])
            if len(results) > 1:
                return True
    return False


def _rows(lines: TextLines, layout: Layout, tally: Tally, *, hourly: bool) -> Iterator[list[str]]:
    before, width = layout.date_at, layout.date_at + layout.date_width + len(layout.names)
    after = before + layout.date_width
    for number, line in enumerate(lines, start=1):
        cells, damage = line.split(), lines.faults.pop(number, "")
        if number <= layout.lines_before:
            continue
        tally.lines += 1
        if damage:
            tally.damaged += 1
            tally.reject(number, damage)
        elif not cells:
            tally.pass_over(number, "blank")
        elif len(cells) != width:
            tally.reject(number, f"It has {pluralise(len(cells), 'cell')}; a row has {width:,}.")
        elif (date := _parse_date(cells[before:after], hourly=hourly)) is None:
            tally.reject(number, f"{' '.join(cells[before:after])[:40]} is no date.")
        else:
            tally.given += 1
            yield [*cells[:before], date, *cells[after:]]


def _parse_date(cells: list[str], *, hourly: bool) -> str | None:
    try:
        moment = dt.datetime(*(int(cell) for cell in cells))  # type: ignore[arg-type]  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(sep=" ", timespec="minutes") if hourly else moment.date().isoformat()


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first rows."""
    return look_at_rows(open_table(path, folder=folder, choices=choices, limits=limits))


FORMAT = Format("camels", "a CAMELS text file", (), _is_camels, open_table, peek, is_text=True)
