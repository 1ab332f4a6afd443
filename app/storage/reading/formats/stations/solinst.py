"""Solinst Levelogger files as CSV.

Source: Levelogger Series User Guide, Solinst, 2021, "Data export"; software of version 3 writes the keys without a
colon and their texts indented below them, and numbers its rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.storage.reading.formats.stations.loggers import split_unit
from app.storage.reading.formats.stations.moments import join_date_and_time, order_of, whole_number
from app.storage.reading.formats.stations.text_table import Cells, StationText, cut, text_format
from app.storage.reading.refusals import RefusedError

FIRST = re.compile(r'^\ufeff?"?Serial[_ ]number:?"?[,;\t]*\s*$', re.IGNORECASE)
HEADER = re.compile(r'^[,;\t]?"?Date"?[,;\t]"?Time')
TITLES = {"serial number": "Serial number", "project id": "Project", "location": "Location"}
NUMBER_AND_UNIT = re.compile(r"^[-+\d.,]+\s+(?P<unit>\D\S*)$")
MOST_PREAMBLE = 200
NO_ZONE = "The file does not say in which time zone the logger was set."


def describe(lines: Sequence[str]) -> StationText | None:
    """Return the description of a CSV of a Solinst Levelogger, by its first key; None for any other text."""
    if not lines or not FIRST.match(lines[0]):
        return None
    position = next((place for place, line in enumerate(lines[:MOST_PREAMBLE]) if HEADER.match(line)), None)
    if position is None:
        message = "A Solinst file names its columns on a line that begins with Date and Time; it is missing."
        raise RefusedError("damaged", message)
    delimiter = next(item for item in (",", ";", "\t") if item in lines[position].lstrip(",;\t"))
    names = cut(lines[position], delimiter)
    facts, units = _read_preamble(lines[:position], delimiter)
    date = names.index("Date")
    part = next((place for place, name in enumerate(names) if name.lower() in ("ms", "100 ms")), 0)
    values = [place for place in range(date + 2, len(names)) if place != part and names[place]]
    titles = [split_unit(names[place]) for place in values]
    order = order_of((cut(line, delimiter) + [""] * 2)[date] for line in lines[position + 1 :])
    return StationText(
        names=["time", *(name for name, _, _ in titles)],
        names_line=position + 1,
        first_row=position + 2,
        width=len(names),
        # A logger that could not measure writes the time alone.
        fewest=date + 2,
        delimiter=delimiter,
        units={place: unit or units.get(name.lower(), "") for place, (name, unit, _) in enumerate(titles, start=1)},
        facts=facts,
        notes=[NO_ZONE],
        row=_row_reader(date, part, values, order=order, tenths=names[part] == "100 ms", commas=delimiter != ","),
    )


def _row_reader(
    date: int, part: int, values: list[int], *, order: str | None, tenths: bool, commas: bool
) -> Callable[[Cells], Cells | str]:
    def row(cells: Cells) -> Cells | str:
        result = join_date_and_time(cells[date], cells[date + 1], order) if order else None
        if result is None:
            return f"{cells[date][:20]} {cells[date + 1][:20]} is no time."
        if fraction := whole_number(cells[part]) if part else None:
            result += f".{fraction}" if tenths else f".{fraction:03d}"
        return [result, *(cells[place].replace(",", ".") if commas else cells[place] for place in values)]

    return row


def _read_preamble(lines: Sequence[str], delimiter: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the facts, and the unit of each channel, whose name stands above its own keys."""
    facts, units = {"Logger": "Solinst Levelogger"}, dict[str, str]()
    plain = [line.strip().strip('"').rstrip(delimiter).strip() for line in lines]
    channel = ""
    for index, text in enumerate(plain):
        key = text.rstrip(":").replace("_", " ").lower()
        below = plain[index + 1] if index + 1 < len(plain) else ""
        if key in TITLES and not below.endswith(":"):
            facts[TITLES[key]] = below
        elif key == "identification":
            channel = below.lower()
        elif text.upper().startswith("UNIT:"):
            units[plain[index - 1].lower()] = text[5:].strip()
        elif key == "unit":
            units[channel or plain[index - 1].lower()] = below
        elif channel and channel not in units and (match := NUMBER_AND_UNIT.match(text)):
            units[channel] = match["unit"]
    return facts, units


FORMAT = text_format("solinst", "a file of a Solinst logger", (".csv", ".txt"), describe)
