"""Solinst Levelogger files as XML (XLE).

Source: Levelogger Series User Guide, Solinst, 2021, "Data files"; the elements are those of Levelogger Software 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.stations.moments import join_date_and_time, whole_number
from app.storage.reading.formats.stations.xml_events import XmlEvent, events_of, root_of
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable, Tally

CHANNEL = re.compile(r"^Ch(\d+)_data_header$", re.IGNORECASE)
VALUE = re.compile(r"^ch(\d+)$", re.IGNORECASE)
FACTS = {"Instrument_type": "Logger", "Model_number": "Model", "Serial_number": "Serial number",
         "Project_ID": "Project", "Location": "Location"}  # fmt: skip


@dataclass
class _Header:
    facts: dict[str, str] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    promised: int | None = None


def _holds(head: bytes, suffix: str) -> bool:
    return root_of(head).split(maxsplit=1)[:1] == ["Body_xle"]


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the logs of the file as a table with a column for each channel."""
    return _open(path, limits, whole=True)


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first logs."""
    return look_at_rows(_open(path, limits, whole=False))


def _open(path: Path, limits: dict[str, int], *, whole: bool) -> RowTable:
    header = _header(events_of(path, limits, whole=whole))
    if not header.channels:
        raise RefusedError("damaged", "The XLE file names no channel before its data.")
    keys = list(header.channels)
    names = ["time", *(header.channels[key].get("Identification", "") or f"channel {key}" for key in keys)]
    units = [(name, header.channels[key].get("Unit", "")) for name, key in zip(names[1:], keys, strict=True)]
    dialect = Dialect(
        format="solinst_xml",
        encoding="utf-8",
        facts=tuple((title, text[:200]) for title, text in header.facts.items() if text),
        units=tuple((name, unit) for name, unit in units if unit),
    )
    tally = Tally(notes=["The file does not say in which time zone the logger was set."])
    return RowTable(names, _rows(events_of(path, limits, whole=whole), keys, header, tally), dialect, tally)


def _header(events: Iterator[XmlEvent]) -> _Header:
    header, channel = _Header(), ""
    for event in events:
        if not event.is_end and event.name == "Data":
            break
        if match := CHANNEL.match(event.name):
            channel = "" if event.is_end else match[1]
            header.channels.setdefault(match[1], {})
        elif event.is_end and channel and event.name in ("Identification", "Unit"):
            header.channels[channel].setdefault(event.name, event.text)
        elif event.is_end and event.name in FACTS:
            header.facts.setdefault(FACTS[event.name], event.text)
        elif event.is_end and event.name == "Num_log":
            header.promised = whole_number(event.text)
    return header


def _rows(events: Iterator[XmlEvent], keys: list[str], header: _Header, tally: Tally) -> Iterator[list[str]]:
    log: dict[str, str] | None = None
    count = 0
    for event in events:
        if event.name == "Log" and not event.is_end:
            log, count = {}, count + 1
        elif event.name == "Log" and log is not None:
            time = join_date_and_time(log.get("Date", ""), log.get("Time", ""), "ymd")
            if time is None:
                tally.reject(count, f"{log.get('Date', '')[:20]} {log.get('Time', '')[:20]} is no time.")
            else:
                yield [time + _second_fraction(log.get("ms", "")), *(log.get(key, "") for key in keys)]
            log = None
        elif event.is_end and log is not None:
            match = VALUE.match(event.name)
            log[match[1] if match else event.name] = event.text.replace(",", ".") if match else event.text
    if header.promised is not None and header.promised != count:
        tally.notes.append(f"The file says that it holds {header.promised:,} logs, but it holds {count:,}.")


def _second_fraction(milliseconds: str) -> str:
    count = whole_number(milliseconds)
    return f".{count:03d}" if count else ""


FORMAT = Format("solinst_xml", "a Solinst XLE file", (".xle", ".xml"), _holds, open_table, peek)
