"""WISKI files of KISTERS: ZRXP and the CSV of its web services.

Sources: KISTERS, "ZRXP format description", version 3.0; KISTERS, "KiWIS REST API: getTimeseriesValues as CSV".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.storage.reading.formats.stations.moments import (
    join_date_and_time,
    order_of,
    parse_compact,
    replace_time,
    zone_in,
)
from app.storage.reading.formats.stations.text_table import WHITESPACE, Cells, StationText, cut, text_format
from app.storage.reading.refusals import RefusedError

ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")
ZRXP_KEYS = re.compile(r"^(SANR|SNAME|SWATER|CNAME|CUNIT|RINVAL|TZ|LAYOUT|REXCHANGE|CNR|RNR|CTYPE|ZRXPVERSION)(.*)$")
# Either sign separates keys: the second one where a bar may be a part of a text.
SEPARATOR = re.compile(r"\|\*\||;\*;")
ZONES = {"MEZ": "+01:00", "CET": "+01:00", "UTC0": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}


class _Zrxp:
    """What the comments of ZRXP say, which a further block of comments changes for the rows below it."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def take(self, line: str) -> bool:
        """Take a line of comments; False for a row of values."""
        if not line.startswith("#"):
            return False
        for part in SEPARATOR.split(line.lstrip("#").rstrip("\r\n")):
            if match := ZRXP_KEYS.match(part.strip().lstrip("#").strip("; ")):
                self.keys[match[1]] = match[2].strip()
        return True

    @property
    def layout(self) -> list[str]:
        words = self.keys.get("LAYOUT", "").strip("()") or "timestamp,value"
        return [word.strip() for word in words.split(",")]

    @property
    def site(self) -> str:
        return self.keys.get("SANR", "") or self.keys.get("REXCHANGE", "")

    @property
    def zone(self) -> str:
        name = self.keys.get("TZ", "")
        return ZONES.get(name) or zone_in(name)

    def row(self, time: int, value: int) -> Callable[[Cells], Cells | str]:
        """Make a function that turns the cells of a line into a row, by the comments above it."""

        def read(cells: Cells) -> Cells | str:
            compact = parse_compact(cells[time])
            if compact is None:
                return f"{cells[time][:20]} is no time."
            cells[time] = compact + (self.zone if " " in compact else "")
            if _is_number(cells[value], self.keys.get("RINVAL", "")):
                cells[value] = ""
            return [*cells, self.site, self.keys.get("CNAME", "")]

        return read


def describe_zrxp(lines: Sequence[str]) -> StationText | None:
    """Return the description of ZRXP, the exchange format of WISKI: comments of keys, then times of digits."""
    if not any(line.startswith("#") and ("ZRXPVERSION" in line or "REXCHANGE" in line) for line in lines[:40]):
        return None
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise RefusedError("no_rows", "The ZRXP file has its description, but no row of values.")
    state = _Zrxp()
    for line in lines[:first]:
        state.take(line)
    layout = ["time" if name == "timestamp" else name for name in state.layout]
    time, value = (layout.index(name) if name in layout else -1 for name in ("time", "value"))
    if time < 0 or value < 0:
        raise RefusedError("damaged", "The LAYOUT of a ZRXP file names timestamp and value; one of them is missing.")

    flags = {
        place: value for place, name in enumerate(layout) if "status" in name or "quality" in name or name == "remark"
    }
    return StationText(
        names=[*layout, "site", "parameter"],
        first_row=first + 1,
        width=len(layout),
        fewest=2,
        delimiter=WHITESPACE,
        facts={
            "Source": "WISKI (ZRXP)",
            "Station": state.keys.get("SNAME", "") or state.site,
            "Water": state.keys.get("SWATER", ""),
            "Variable": state.keys.get("CNAME", ""),
            "Time zone": state.keys.get("TZ", ""),
        },
        flags=flags,
        texts=frozenset({len(layout), len(layout) + 1}),
        row=state.row(time, value),
        takes_line=state.take,
        unit_of=lambda cells: state.keys.get("CUNIT", ""),
        unit_at=value,
    )


def _is_number(cell: str, mark: str) -> bool:
    try:
        return float(cell) == float(mark)
    except ValueError:
        return False


KIWIS_NAMES = re.compile(r"^#\s*Timestamp\s*;\s*Value", re.IGNORECASE)


def describe_kiwis(lines: Sequence[str]) -> StationText | None:
    """Return the description of a CSV of a WISKI web service: #key;text above, #Timestamp;Value;Quality Code, rows."""
    position = next((place for place, line in enumerate(lines[:60]) if KIWIS_NAMES.match(line)), None)
    if position is None:
        return None
    names = cut(lines[position].lstrip("# "), ";")
    pairs = {cells[0].lstrip("# ").lower(): cells[1] for line in lines[:position] if len(cells := cut(line, ";")) > 1}
    flags = dict.fromkeys(range(2, len(names)), 1)
    return StationText(
        names=names,
        names_line=position + 1,
        first_row=position + 2,
        fewest=2,
        delimiter=";",
        units={1: pairs.get("ts_unitsymbol", "") or pairs.get("unit", "")},
        facts={
            "Source": "WISKI web service",
            "Station": pairs.get("station_name", ""),
            "Station number": pairs.get("station_no", ""),
            "Series": pairs.get("ts_name", "") or pairs.get("ts_id", ""),
        },
        flags=flags,
        row=replace_time(0, lambda text: text.replace("T", " ").replace(".000", "") if ISO_DATE.match(text) else None),
        takes_line=lambda line: line.startswith("#"),
    )


EXPORT_NAMES = re.compile(r"^Date\tTime\tValue", re.IGNORECASE)


def describe_export(lines: Sequence[str]) -> StationText | None:
    """Return the description of a table of WISKI: keys above, then Date, Time, Value[unit] and State of value."""
    position = next((place for place, line in enumerate(lines[:60]) if EXPORT_NAMES.match(line)), None)
    if position is None or not any(line.startswith(("Station Site:", "Station Number:")) for line in lines[:position]):
        return None
    pairs = {key.strip().lower(): text.strip() for key, _, text in (line.partition(":") for line in lines[:position])}
    names = cut(lines[position], "\t")
    order = order_of(line.partition("\t")[0] for line in lines[position + 1 :])

    def row(cells: Cells) -> Cells | str:
        result = join_date_and_time(cells[0], cells[1], order) if order else None
        return [result, *cells[2:]] if result else f"{cells[0][:20]} {cells[1][:20]} is no time."

    unit = re.search(r"\[(.*)\]", names[2])
    return StationText(
        names=["time", re.sub(r"\s*\[.*\]", "", names[2]), *names[3:]],
        names_line=position + 1,
        first_row=position + 2,
        width=len(names),
        fewest=3,
        delimiter="\t",
        units={1: unit[1] if unit else pairs.get("time series unit", "")},
        facts={
            "Source": "WISKI",
            "Station": pairs.get("station site", "") or pairs.get("station name", ""),
            "Station number": pairs.get("station number", ""),
            "Variable": pairs.get("parameter name", ""),
        },
        flags=dict.fromkeys(range(2, len(names) - 1), 1),
        row=row,
    )


ZRXP = text_format("zrxp", "a ZRXP file of WISKI", (".zrx", ".zrxp", ".rxp", ".txt", ".dat"), describe_zrxp)
KIWIS = text_format("kiwis", "a CSV of a WISKI web service", (".csv",), describe_kiwis)
EXPORT = text_format("wiski", "a table of WISKI", (".csv", ".txt"), describe_export)
