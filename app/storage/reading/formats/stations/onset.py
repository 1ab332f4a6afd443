"""HOBOware exports of Onset HOBO loggers.

Source: HOBOware User's Guide, Onset Computer Corporation, 2018, "Exporting data" and "Export settings": the separator,
the order of dates, the clock of 12 or 24 hours and the form of the line of names can each be set there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from app.storage.reading.formats.stations.moments import join_date_and_time, order_of, split_moment, zone_in
from app.storage.reading.formats.stations.text_table import Cells, StationText, cut, text_format
from app.storage.reading.refusals import RefusedError

TITLE = re.compile(r'^\s*"?Plot Title:\s*(?P<title>.*?)"?[,;\t]*\s*$')
DATE_CELL = re.compile(r"^Date[ -]Time\b|^Date$", re.IGNORECASE)
SERIAL = re.compile(r"(?:LGR|SEN)\s+S/N:\s*([\w-]+)")
LABEL = re.compile(r"LBL:\s*([^,)]+)")
NAME = re.compile(r"^(?P<name>.*?)(?:,\s*(?P<unit>[^,(]*?))?\s*(?:\((?P<notes>[^()]*)\))?$")
EVENTS = re.compile(
    r"^(coupler (at|de)tached|host connected|stopped|end of file|button (up|down)|(bad|low|good) battery|started|"
    r"new interval|water detect|safe shutdown|channel (on|off)|external power)",
    re.IGNORECASE,
)
COUNTER = "#"
DELIMITERS = (",", ";", "\t")


def describe(lines: Sequence[str]) -> StationText | None:
    """Return the description of a HOBOware export: known by its title, or the serial numbers in its names."""
    title = TITLE.match(lines[0]) if lines else None
    place = 1 if title else 0
    header = lines[place] if len(lines) > place else ""
    delimiter, names = _names(header)
    if not names or not (title or SERIAL.search(header)):
        if title:
            message = "A HOBOware export has its names below the title; here they are missing."
            raise RefusedError("damaged", message, line=2)
        return None
    date = next(cell for cell, name in enumerate(names) if DATE_CELL.match(name))
    joined = date + 1 < len(names) and names[date].strip().lower() == "date"
    events = [cell for cell, name in enumerate(names) if EVENTS.match(name)]
    values = [
        cell for cell in range(len(names)) if cell not in events and cell != date and not (joined and cell == date + 1)
    ]
    values = [cell for cell in values if names[cell] != COUNTER]
    rows = [cut(line, delimiter) for line in lines[place + 1 :]]
    order = order_of(_parse_date(row[date]) for row in rows if len(row) > date)
    zone = zone_in(names[date + 1] if joined else names[date])
    parts = [NAME.match(names[cell]) for cell in values]
    titles = _titles([part["name"].strip() if part else names[cell] for part, cell in zip(parts, values, strict=True)],
                     [names[cell] for cell in values])  # fmt: skip
    return StationText(
        names=["time", *titles],
        names_line=place + 1,
        first_row=place + 2,
        width=len(names),
        delimiter=delimiter,
        units={cell + 1: (part["unit"] or "").strip() for cell, part in enumerate(parts) if part},
        facts=_facts(title, header, zone),
        notes=_notes(names, events, order),
        row=_row_reader(date, values, order=order, zone=zone, joined=joined, commas=delimiter != ","),
        is_event=lambda cells: len(cells) > date and not any(cells[cell] for cell in values if cell < len(cells)),
    )


def _facts(title: re.Match[str] | None, header: str, zone: str) -> dict[str, str]:
    return {
        "Title": title["title"] if title else "",
        "Serial number": ", ".join(dict.fromkeys(SERIAL.findall(header))),
        "Time zone": f"UTC{zone}" if zone else "",
        "Label": ", ".join(dict.fromkeys(label.strip() for label in LABEL.findall(header))),
    }


def _names(header: str) -> tuple[str, Cells]:
    for delimiter in DELIMITERS:
        cells = cut(header, delimiter)
        if len(cells) > 1 and any(DATE_CELL.match(cell) for cell in cells[:2]):
            return delimiter, cells
    return "", []


def _parse_date(text: str) -> str:
    return split_moment(text)[0]


def _titles(names: list[str], whole: list[str]) -> list[str]:
    """Return the names without units; sensors of one name are told apart by label or serial number."""
    counts, titles = Counter(names), []
    for name, cell in zip(names, whole, strict=True):
        told = LABEL.search(cell) or re.search(r"SEN S/N:\s*([\w-]+)", cell) or SERIAL.search(cell)
        titles.append(f"{name} {told[1].strip()}" if counts[name] > 1 and told else name)
    return titles


def _notes(names: Cells, events: list[int], order: str | None) -> list[str]:
    notes = []
    if events:
        text = ", ".join(names[event].split(" (")[0] for event in events)
        notes.append(f"Events of the logger are no measurements and were left out: {text}.")
    if order:
        words = {"ymd": "year, month, day", "mdy": "month, day, year", "dmy": "day, month, year"}
        notes.append(f"Dates are read as {words[order]}.")
    return notes


def _row_reader(
    date: int, values: list[int], *, order: str | None, zone: str, joined: bool, commas: bool
) -> Callable[[Cells], Cells | str]:
    def row(cells: Cells) -> Cells | str:
        day, clock = (cells[date], cells[date + 1]) if joined else split_moment(cells[date])
        result = join_date_and_time(day, clock, order) if order else None
        if result is None:
            return f"{cells[date][:30] or 'An empty cell'} is no time."
        measured = (cells[value].replace(",", ".") if commas else cells[value] for value in values)
        return [result + zone, *measured]

    return row


FORMAT = text_format("hobo", "a HOBOware export", (".csv", ".txt"), describe)
