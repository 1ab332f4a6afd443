"""GHCN-Daily files in fixed width (.dly), read as one row per day.

Source: NOAA NCEI, GHCN-Daily readme.txt, part III, "Format of data files (.dly files)".
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.stations.climate import GHCN_UNITS
from app.storage.reading.formats.stations.text_table import lines_of
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable, Tally

LINE = re.compile(r"^[A-Z]{2}[A-Z0-9_-]{9}(1[6-9]|20)\d{2}(0[1-9]|1[0-2])[A-Z0-9]{4}[ \d-]{5}")
DAYS, START, STEP = 31, 21, 8
WIDTH = START + DAYS * STEP
MISSING = "-9999"
Month = tuple[str, int, int]


def _holds(head: bytes, suffix: str) -> bool:
    lines = lines_of(head[:4_096])
    return bool(lines) and LINE.match(lines[0]) is not None and len(lines[0]) > START + STEP


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the file as a table with a row for each station and day, and a column for each element and its flags."""
    elements: dict[str, None] = {}
    with path.open(encoding="ascii", errors="replace") as handle:
        for line in handle:
            if LINE.match(line):
                elements.setdefault(line[17:21])
            if 2 * len(elements) + 2 > limits["columns"]:
                break
    if not elements:
        raise RefusedError("no_rows", "The file of GHCN-Daily holds no month of any element.")
    names = ["STATION", "DATE", *(part for name in elements for part in (name, f"{name}_ATTRIBUTES"))]
    dialect = Dialect(
        format="ghcn_fixed",
        encoding="ascii",
        facts=(("Source", "NOAA GHCN-Daily"),),
        units=tuple((name, GHCN_UNITS[name]) for name in elements if name in GHCN_UNITS),
        flags=tuple((f"{name}_ATTRIBUTES", name) for name in elements),
    )
    tally = Tally(
        notes=[
            "Each line holds a month of one element; it was read as a row for each day.",
            "Attributes hold the flags of measurement, quality and source.",
            f"{MISSING} means missing, as the format has it.",
        ]
    )
    texts = frozenset({0, *range(3, len(names), 2)})
    return RowTable(names, _rows(path, list(elements), tally), dialect, tally, texts)


def _rows(path: Path, elements: list[str], tally: Tally) -> Iterator[list[str]]:
    with path.open(encoding="ascii", errors="replace") as handle:
        for month, lines in itertools.groupby(enumerate(handle, start=1), key=lambda item: _month_of(item[1])):
            if month is None:
                for number, line in lines:
                    if line.strip():
                        tally.reject(number, "It does not begin with a station, a month and an element.")
                continue
            yield from _days(month, [line for line in lines if _is_whole(line, tally)], elements)


def _month_of(line: str) -> Month | None:
    return (line[:11], int(line[11:15]), int(line[15:17])) if LINE.match(line) else None


def _is_whole(numbered: tuple[int, str], tally: Tally) -> bool:
    """Return whether a line reaches to its last day; one that is cut off is rejected."""
    number, line = numbered
    length = len(line.rstrip("\r\n"))
    # The last source flag may be blank, and blanks at the end are often lost.
    if length < WIDTH - 3:
        tally.reject(number, f"It has {length:,} characters; a month has {WIDTH:,}.")
        return False
    return True


def _days(month: Month, lines: list[tuple[int, str]], elements: list[str]) -> Iterator[list[str]]:
    station, year, number = month
    of = {line[17:21]: line.rstrip("\r\n").ljust(WIDTH) for _, line in lines}
    for day in range(1, calendar.monthrange(year, number)[1] + 1) if of else ():
        start = START + STEP * (day - 1)
        row = [station, dt.date(year, number, day).isoformat()]
        for element in elements:
            line = of.get(element, "")
            value, flags = line[start : start + 5].strip(), line[start + 5 : start + 8]
            is_there = bool(value) and value != MISSING
            row += [value, ",".join(flags).replace(" ", "")] if is_there else ["", ""]
        if any(row[2:]):
            yield row


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first days."""
    return look_at_rows(open_table(path, folder=folder, choices=choices, limits=limits))


FORMAT = Format("ghcn_fixed", "a .dly file of GHCN-Daily", (".dly",), _holds, open_table, peek)
