"""Files of well and lake loggers: PME miniDOT, In-Situ TROLL, Van Essen Diver and Levelogger.

Sources: miniDOT Logger User's Manual, Precision Measurement Engineering, 2020; Win-Situ 5 and VuSitu instruction
manuals, In-Situ Inc., "Export data"; Diver-Office manual, Van Essen Instruments, 2016, "MON format".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from app.storage.reading.formats.stations.moments import (
    clock_in,
    join_date_and_time,
    order_of,
    parse_unix,
    replace_time,
    split_moment,
    whole_number,
    zone_in,
)
from app.storage.reading.formats.stations.text_table import (
    WHITESPACE,
    Cells,
    StationText,
    cut,
    text_format,
)
from app.storage.reading.refusals import RefusedError

IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]](?:\s*\((?P<serial>\d+)\))?$")
MOST_PREAMBLE = 200


def split_unit(cell: str) -> tuple[str, str, str]:
    """Return the name, the unit in brackets and the serial number of a name such as "Temperature (°C) (655350)"."""
    match = IN_BRACKETS.match(cell.strip())
    return (match["name"], match["unit"].strip(), match["serial"] or "") if match else (cell.strip(), "", "")


def _is_below(lines: Sequence[str], start: str) -> int | None:
    return next((index for index, line in enumerate(lines[:MOST_PREAMBLE]) if line.lower().startswith(start)), None)


# -- PME miniDOT ------------------------------------------------------------------------------------------------------


def describe_minidot(lines: Sequence[str]) -> StationText | None:
    """Return the description of one file of a miniDOT logger, or of its concatenation "Cat.TXT"."""
    revision = next((line for line in lines[:12] if line.startswith("OS REV")), "")
    single = _is_below(lines[:12], "time (sec)")
    if revision and single is not None:
        return _read_single(lines, single, revision)
    together = _is_below(lines[:20], "unix timestamp")
    if together is None or not any(
        "minidot" in line.lower() or line.startswith("Sensor:") for line in lines[:together]
    ):
        return None
    return _read_concatenated(lines, together)


def _read_single(lines: Sequence[str], position: int, revision: str) -> StationText:
    cells = [split_unit(cell) for cell in cut(lines[position], ",")]
    serial = next((line.strip() for line in lines[:position] if re.fullmatch(r"\d+-\d+", line.strip())), "")
    return StationText(
        names=["Time", *(name for name, _, _ in cells[1:])],
        names_line=position + 1,
        first_row=position + 2,
        units={place: unit for place, (_, unit, _) in enumerate(cells) if place},
        facts={"Serial number": serial, "Logger": "PME miniDOT", "Revision": revision, "Time zone": "UTC"},
        row=replace_time(0, parse_unix),
    )


def _read_concatenated(lines: Sequence[str], position: int) -> StationText:
    names = cut(lines[position], ",")
    units_below = position + 1 < len(lines) and lines[position + 1].lstrip('"').startswith("(")
    units = [cell.strip("()") for cell in cut(lines[position + 1], ",")] if units_below else ["" for _ in names]
    pairs = dict(line.split(":", 1) for line in lines[:position] if ":" in line and not line.startswith("http"))
    keep = [0, *(place for place, unit in enumerate(units) if place and not _is_other_clock(names[place]))]
    times = replace_time(0, parse_unix)

    def row(cells: Cells) -> Cells | str:
        return times([cells[place] for place in keep])

    visible_rows = {place: units[was] for place, was in enumerate(keep) if place and was < len(units)}
    return StationText(
        names=["Time", *(names[place] for place in keep[1:])],
        names_line=position + 1,
        first_row=position + 3 if units_below else position + 2,
        width=len(names),
        units={place: unit for place, unit in visible_rows.items() if unit != "none"},
        facts={"Serial number": pairs.get("Sensor", ""), "Logger": "PME miniDOT", "Time zone": "UTC"},
        notes=["The same times on other clocks were left out."],
        formats_lines=frozenset({position + 2}) if units_below else frozenset(),
        row=row,
    )


def _is_other_clock(name: str) -> bool:
    return name.lower().startswith("utc") or name.lower().endswith(("time", "zone"))


# -- In-Situ ----------------------------------------------------------------------------------------------------------

IN_SITU = re.compile(r"In-Situ|Win-?Situ|VuSitu|(Level|Aqua|Baro|Rugged) ?TROLL", re.IGNORECASE)
TIME_NAME = re.compile(r'^\s*"?(Date and Time|Date ?Time|DateTime)"?\s*[,;\t]', re.IGNORECASE)


def describe_in_situ(lines: Sequence[str]) -> StationText | None:
    """Return the description of an export of Win-Situ or VuSitu: properties, then Date and Time with the sensors."""
    position = next((place for place, line in enumerate(lines[:MOST_PREAMBLE]) if TIME_NAME.match(line)), None)
    above = lines[: position if position is not None else MOST_PREAMBLE]
    if not any(IN_SITU.search(line) for line in above):
        return None
    if position is None:
        if not any(line.startswith(("Report Date", "Location Properties", "Log Data")) for line in above):
            return None
        message = "An In-Situ file names its columns on a line that begins with Date and Time; it is missing."
        raise RefusedError("damaged", message)
    delimiter = next(item for item in (",", ";", "\t") if item in lines[position])
    titles = [split_unit(cell) for cell in cut(lines[position], delimiter)]
    while titles and not titles[-1][0]:
        titles.pop()
    pairs = _key_value_pairs(above, delimiter)
    zone = zone_in(pairs.get("time zone", "")) if re.search(r"[+-]\d", pairs.get("time zone", "")) else ""
    rows = [cut(line, delimiter) for line in lines[position + 1 :]]
    order = order_of(split_moment(row[0])[0] for row in rows if row)
    serials = dict.fromkeys(filter(None, [pairs.get("serial number", "") or pairs.get("device sn", ""),
                                          *(serial for _, _, serial in titles)]))  # fmt: skip
    return StationText(
        names=["time", *("Elapsed time" if name == "Seconds" else name for name, _, _ in titles[1:])],
        names_line=position + 1,
        first_row=position + 2,
        delimiter=delimiter,
        units={
            place: unit or ("s" if name == "Seconds" else "") for place, (name, unit, _) in enumerate(titles) if place
        },
        facts={
            "Logger": pairs.get("device", "") or pairs.get("device model", "") or "In-Situ TROLL",
            "Serial number": ", ".join(serials),
            "Site": pairs.get("site", "") or pairs.get("location name", ""),
            "Time zone": pairs.get("time zone", ""),
        },
        row=replace_time(0, lambda text: _parse_moment(text, order, zone)),
    )


def _parse_moment(text: str, order: str | None, zone: str) -> str | None:
    result = join_date_and_time(*split_moment(text), order) if order else None
    return result + zone if result else None


def _key_value_pairs(lines: Sequence[str], delimiter: str) -> dict[str, str]:
    """Read the pairs of key and value above the table: two cells, or with a sign between them."""
    pairs: dict[str, str] = {}
    for line in lines:
        cells = [cell for cell in cut(line, delimiter) if cell]
        if len(cells) == 1 and (match := re.match(r"^([^:=]{2,40})\s*[:=]\s*(.+)$", cells[0])):
            cells = [match[1], match[2]]
        if len(cells) >= 2:
            pairs.setdefault(cells[0].strip(" :=").lower(), cells[1])
    return pairs


# -- Van Essen --------------------------------------------------------------------------------------------------------

HEADS = ("Series settings", "Logger settings", "Instrument info", "")
END = re.compile(r"^END OF DATA", re.IGNORECASE)
SECTION = re.compile(r"^\s*\[(?P<name>.+)\]\s*$")
MON_UNIT = re.compile(r"^[-+\d.,\s]+(?P<unit>\D.*)$")


def describe_diver(lines: Sequence[str]) -> StationText | None:
    """Return the description of a MON file of a Diver, or of its CSV with names such as Pressure[cmH2O]."""
    if not lines or not lines[0].startswith("Data file for DataLogger"):
        return None
    sections = _sections(lines)
    position = next((place for place, line in enumerate(lines) if line.strip().lower() == "[data]"), None)
    facts = _diver_facts(sections)
    zone = zone_in(facts.get("Time zone", ""))
    if position is None:
        return _diver_csv(lines, facts, zone)
    promised = whole_number(lines[position + 1]) if position + 1 < len(lines) else None
    if promised is None:
        raise RefusedError(
            "damaged", "A MON file says under [Data] how many rows it holds; that is missing.", line=position + 1
        )
    named = _channels(sections)
    names = [name for name, _ in named]

    def row(cells: Cells) -> Cells | str:
        day, clock = join_date_and_time(cells[0], "", "ymd"), clock_in(cells[1])
        if day is None or clock is None:
            return f"{cells[0][:20]} {cells[1][:20]} is no time."
        return [f"{day[:10]} {clock}{zone}", *(cell.replace(",", ".") for cell in cells[2:])]

    return StationText(
        names=["time", *names],
        first_row=position + 3,
        width=2 + len(names),
        delimiter=WHITESPACE,
        units={place: unit for place, (_, unit) in enumerate(named, start=1)},
        facts=facts,
        row=row,
        is_footer=lambda line: bool(END.match(line)),
        rows_promised=promised,
    )


def _sections(lines: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    sections: list[tuple[str, dict[str, str]]] = [("", {})]
    for line in itertools.islice(lines, MOST_PREAMBLE):
        if match := SECTION.match(line):
            sections.append((match["name"], {}))
            continue
        key, sign, value = line.partition("=") if "=" in line else line.partition(":")
        if sign and not line.startswith("="):
            sections[-1][1].setdefault(key.strip().lower(), value.strip())
    return sections


def _diver_facts(sections: list[tuple[str, dict[str, str]]]) -> dict[str, str]:
    every = [values for name, values in sections if name in HEADS]
    every.sort(key=lambda values: values is sections[0][1])

    def first(*keys: str) -> str:
        return next((values[key] for values in every for key in keys if values.get(key)), "")

    return {
        "Logger": first("instrument type").partition("=")[0].strip() or "Van Essen Diver",
        "Serial number": " ".join(first("serial number").split()),
        "Location": first("location"),
        "Time zone": first("utc offset", "time zone", "timezone"),
    }


def _channels(sections: list[tuple[str, dict[str, str]]]) -> list[tuple[str, str]]:
    """Return the name and the unit of each channel; what the header of the data says goes before the settings."""
    channels: dict[str, dict[str, str]] = {}
    for name, values in sections:
        if match := re.match(r"Channel (\d+)( from data header)?$", name, re.IGNORECASE):
            channels[match[1]] = {**channels.get(match[1], {}), **{key: text for key, text in values.items() if text}}
    pairs = [(values.get("identification", ""), _channel_unit(values)) for values in channels.values()]
    return [(name.strip().capitalize(), unit) for name, unit in pairs if name.strip()]


def _channel_unit(values: dict[str, str]) -> str:
    if unit := values.get("unit", ""):
        return unit
    for key in ("reference level", "reference", "range", "master level"):
        if match := MON_UNIT.match(values.get(key, "")):
            return match["unit"].strip()
    return ""


def _diver_csv(lines: Sequence[str], facts: dict[str, str], zone: str) -> StationText:
    position = next(
        (place for place, line in enumerate(lines) if re.match(r'^"?Date[/ ]time', line, re.IGNORECASE)), None
    )
    if position is None:
        raise RefusedError("damaged", "This Diver file has no [Data] and no line of names.")
    delimiter = next((item for item in (";", "\t", ",") if item in lines[position]), ",")
    titles = [split_unit(cell) for cell in cut(lines[position], delimiter)]
    rows = [cut(line, delimiter) for line in lines[position + 1 :] if not END.match(line)]
    order = order_of(split_moment(row[0])[0] for row in rows if row)
    return StationText(
        names=["time", *(name for name, _, _ in titles[1:])],
        names_line=position + 1,
        first_row=position + 2,
        delimiter=delimiter,
        units={place: unit for place, (_, unit, _) in enumerate(titles) if place},
        facts=facts,
        row=_decimal_points(replace_time(0, lambda text: _parse_moment(text, order, zone)), delimiter),
        is_footer=lambda line: bool(END.match(line)),
    )


def _decimal_points(read: Callable[[Cells], Cells | str], delimiter: str) -> Callable[[Cells], Cells | str]:
    def row(cells: Cells) -> Cells | str:
        return read([cells[0], *(cell.replace(",", ".") if delimiter != "," else cell for cell in cells[1:])])

    return row


MINIDOT = text_format("minidot", "a file of a PME miniDOT logger", (".txt", ".csv"), describe_minidot)
IN_SITU_FORMAT = text_format("in_situ", "an export of In-Situ", (".csv", ".txt"), describe_in_situ)
DIVER = text_format("diver", "a file of a Diver or Levelogger", (".mon", ".lev", ".csv", ".txt"), describe_diver)
