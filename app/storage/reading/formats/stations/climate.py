"""Files of weather services: KNMI, DWD, NOAA (GHCN-Daily, GSOD), ECA&D and E-OBS.

Sources: KNMI, "Daggegevens van het weer in Nederland" (the file itself lists its columns and units); DWD, "Data set
description: daily and hourly station observations", Climate Data Center; NOAA NCEI, GHCN-Daily readme.txt and
"GHCND_documentation.pdf"; NOAA NCEI, GSOD readme.txt; ECA&D, Algorithm Theoretical Basis Document, appendix on files.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from app.storage.reading.formats.stations.moments import parse_compact, replace_time
from app.storage.reading.formats.stations.text_table import Cells, StationText, cut, text_format
from app.storage.reading.refusals import RefusedError

# -- KNMI -------------------------------------------------------------------------------------------------------------

KNMI_NAMES = re.compile(r"^#?\s*STN\s*,\s*YYYYMMDD\s*,")
KNMI_MEANING = re.compile(r"^#?\s*(?P<name>[A-Z][A-Z0-9]{0,7})\s*[=:]\s*(?P<text>.+)$")
KNMI_UNITS = (
    (re.compile(r"\bin 0\.1 m/s"), "0.1 m/s"),
    (re.compile(r"\bin 0\.1 (graden|degrees) Celsius", re.IGNORECASE), "0.1 °C"),
    (re.compile(r"\bin 0\.1 (uur|hours?)"), "0.1 h"),
    (re.compile(r"\bin (0\.1 mm|tiende millimeter)"), "0.1 mm"),
    (re.compile(r"\bin 0\.1 hPa"), "0.1 hPa"),
    (re.compile(r"\bin J/cm2"), "J/cm²"),
    (re.compile(r"\bin (procenten|percents?)"), "%"),
    (re.compile(r"\bin (graden|degrees)"), "°"),
    (re.compile(r"\bin (achtsten|octants)"), "1/8"),
)
TRACE = re.compile(r"-1 (voor|for) ?<\s*0[.,]05")


def describe_knmi(lines: Sequence[str]) -> StationText | None:
    """Return the description of a file of KNMI: meanings of the columns, then STN, YYYYMMDD and values in tenths."""
    position = next((place for place, line in enumerate(lines) if KNMI_NAMES.match(line)), None)
    if position is None:
        return None
    names = [name.strip() for name in lines[position].lstrip("# ").split(",")]
    while names and not names[-1]:
        names.pop()
    meanings = _knmi_meanings(lines[:position])
    hour = next((place for place, name in enumerate(names) if name in ("HH", "H") and place == 2), 0)
    traces = [place for place, name in enumerate(names) if TRACE.search(meanings.get(name, ""))]
    keep = [place for place in range(len(names)) if not hour or place != hour]

    def row(cells: Cells) -> Cells | str:
        time = parse_compact(cells[1] + cells[hour].zfill(2)) if hour else parse_compact(cells[1])
        if time is None:
            return f"{cells[1][:20]} is no date."
        cells[1] = f"{time}Z" if hour else time
        for place in traces:
            cells[place] = "0" if cells[place] == "-1" else cells[place]
        return [cells[place] for place in keep]

    titles = [names[place] for place in keep]
    if hour:
        titles[1] = "time"
    notes = [f"{names[place]}: -1 stands for less than 0.05 mm and was read as 0." for place in traces]
    return StationText(
        names=titles,
        names_line=position + 1,
        first_row=position + 2,
        width=len(names),
        units={place: _knmi_unit(meanings.get(name, "")) for place, name in enumerate(titles)},
        facts={"Source": "KNMI", "Time zone": "UTC" if hour else "", "Stations": _knmi_stations(lines[:position])},
        texts=frozenset({0}),
        notes=[*notes, *(["Hours are those at whose end the values were taken, in UTC."] if hour else [])],
        row=row,
        takes_line=lambda line: line.startswith("#"),
    )


def _knmi_meanings(lines: Sequence[str]) -> dict[str, str]:
    """Read the meaning of each column; a line that begins with blanks continues the one above it."""
    meanings: dict[str, str] = {}
    name = ""
    for line in lines:
        if match := KNMI_MEANING.match(line):
            name = match["name"]
            meanings[name] = match["text"]
        elif name and line.startswith("  ") and line.strip():
            meanings[name] += f" {line.strip()}"
        else:
            name = ""
    return meanings


def _knmi_unit(meaning: str) -> str:
    return next((unit for pattern, unit in KNMI_UNITS if pattern.search(meaning)), "")


def _knmi_stations(lines: Sequence[str]) -> str:
    matches = (re.match(r"^#?\s*(\d{3}):?\s+[\d.]+\s+[\d.]+\s+-?[\d.]+\s+(.+)$", line) for line in lines)
    return ", ".join(f"{match[1]} {match[2].strip()}" for match in matches if match)


# -- DWD --------------------------------------------------------------------------------------------------------------

DWD_UNITS = {
    "FX": "m/s", "FM": "m/s", "RSK": "mm", "SDK": "h", "SHK_TAG": "cm", "NM": "1/8", "VPM": "hPa", "PM": "hPa",
    "TMK": "°C", "UPM": "%", "TXK": "°C", "TNK": "°C", "TGK": "°C", "TT_TU": "°C", "RF_TU": "%", "R1": "mm", "F": "m/s",
    "D": "°", "P": "hPa", "P0": "hPa", "SD_SO": "min", "TT_10": "°C", "RF_10": "%", "TD_10": "°C", "PP_10": "hPa",
    "TM5_10": "°C", "RWS_10": "mm", "RS": "mm", "SH_TAG": "cm", "NSH_TAG": "cm", "FF_10": "m/s", "DD_10": "°",
    "MO_TT": "°C", "MO_RR": "mm", "MO_TX": "°C", "MO_TN": "°C", "MX_RS": "mm",
    "V_TE005": "°C", "V_TE010": "°C", "V_TE020": "°C", "V_TE050": "°C", "V_TE100": "°C",
}  # fmt: skip
# Columns of codes: forms of precipitation and indicators, which tell of the column before them.
DWD_CODES = ("RSKF", "RS_IND", "WRTR", "RWS_IND_10", "RSF")
DWD_QUALITY = re.compile(r"^(QN(_\d+)?|QUALITAETS_NIVEAU)$")


def describe_dwd(lines: Sequence[str]) -> StationText | None:
    """Return the description of a file of DWD: STATIONS_ID; MESS_DATUM; quality levels, values, and eor at the end."""
    if not lines or not re.match(r'^"?STATIONS_ID\s*;\s*MESS_DATUM', lines[0], re.IGNORECASE):
        return None
    names = cut(lines[0], ";")
    width = len(names)
    if names[-1].lower() == "eor":
        names.pop()
    is_daily = len(lines) < 2 or len(([*cut(lines[1], ";"), "", ""])[1]) <= 8
    read = replace_time(1, parse_compact)

    def row(cells: Cells) -> Cells | str:
        if len(cells) > len(names) and cells[-1].lower() not in ("eor", ""):
            return "It does not end with eor: it is cut off or joined."
        results = read(cells[: len(names)])
        if not isinstance(results, str) and not is_daily:
            results[1] += "Z"
        return results

    return StationText(
        names=names,
        names_line=1,
        first_row=2,
        width=width,
        delimiter=";",
        units={index: DWD_UNITS[name] for index, name in enumerate(names) if name in DWD_UNITS},
        facts={"Source": "Deutscher Wetterdienst", "Time zone": "" if is_daily else "UTC"},
        flags=_dwd_flags(names),
        texts=frozenset({0}),
        row=row,
        missing=frozenset({-999.0}),
    )


def _dwd_flags(names: Cells) -> dict[int, int]:
    """Return the column of each level of quality, which is the first behind it, and of each code, the one before it."""
    flags: dict[int, int] = {}
    values = [
        index for index in range(2, len(names)) if not DWD_QUALITY.match(names[index]) and names[index] not in DWD_CODES
    ]
    for position in range(2, len(names)):
        if DWD_QUALITY.match(names[position]):
            following = next((value for value in values if value > position), None)
            flags |= {} if following is None else {position: following}
        elif names[position] in DWD_CODES:
            before = next((value for value in reversed(values) if value < position), None)
            flags |= {} if before is None else {position: before}
    return flags


# -- NOAA -------------------------------------------------------------------------------------------------------------

GHCN_UNITS = {
    "PRCP": "0.1 mm", "SNOW": "mm", "SNWD": "mm", "TMAX": "0.1 °C", "TMIN": "0.1 °C", "TAVG": "0.1 °C",
    "TOBS": "0.1 °C", "AWND": "0.1 m/s", "EVAP": "0.1 mm", "WESD": "0.1 mm", "WESF": "0.1 mm", "MDPR": "0.1 mm",
    "MNPN": "0.1 °C", "MXPN": "0.1 °C", "TSUN": "min", "PSUN": "%", "WSFG": "0.1 m/s", "WSF1": "0.1 m/s",
    "WSF2": "0.1 m/s", "WSF5": "0.1 m/s", "WSFI": "0.1 m/s", "WDFG": "°", "WDF1": "°", "WDF2": "°", "WDF5": "°",
    "WDMV": "km", "ACMH": "%", "ACSH": "%", "ADPT": "0.1 °C", "AWBT": "0.1 °C", "ASLP": "0.1 hPa", "ASTP": "0.1 hPa",
    "RHAV": "%", "RHMN": "%", "RHMX": "%",
}  # fmt: skip
GHCN_LONG = re.compile(r"^\"?[A-Z]{2}[A-Z0-9_-]{9}\"?,\"?\d{8}\"?,\"?[A-Z0-9]{4}\"?,\"?-?\d+\"?,")
LONG_NAMES = ("ID", "DATE", "ELEMENT", "VALUE", "M_FLAG", "Q_FLAG", "S_FLAG", "OBS_TIME")
PLACES = ("LATITUDE", "LONGITUDE", "ELEVATION")


def describe_ghcn(lines: Sequence[str]) -> StationText | None:
    """Return the description of GHCN-Daily as CSV: by station with attributes beside values, or long by year."""
    if not lines:
        return None
    if GHCN_LONG.match(lines[0]) or re.match(r'^"?ID"?,"?DATE"?,"?ELEMENT"?,', lines[0]):
        return _ghcn_long(lines)
    names = cut(lines[0], ",")
    elements = [index for index, name in enumerate(names) if f"{name}_ATTRIBUTES" in names]
    if names[:1] != ["STATION"] or "DATE" not in names or not any(names[element] in GHCN_UNITS for element in elements):
        return None
    # The other order is that of the order form of Climate Data Online, where each user chooses the units.
    in_tenths = names.index("DATE") == 1
    flags = {names.index(f"{names[element]}_ATTRIBUTES"): element for element in elements}
    note = "Attributes hold the flags of measurement, quality and source." if in_tenths else "Its units are not stated."
    return StationText(
        names=names,
        names_line=1,
        first_row=2,
        units={element: GHCN_UNITS.get(names[element], "") for element in elements} if in_tenths else {},
        facts={"Source": "NOAA GHCN-Daily"},
        flags=flags,
        texts=frozenset({0, *([names.index("NAME")] if "NAME" in names else [])}),
        notes=[note],
        missing=frozenset({-9999.0}),
    )


def _ghcn_long(lines: Sequence[str]) -> StationText:
    headed = not GHCN_LONG.match(lines[0])
    return StationText(
        names=LONG_NAMES,
        names_line=1 if headed else 0,
        first_row=2 if headed else 1,
        width=8,
        fewest=7,
        facts={"Source": "NOAA GHCN-Daily"},
        flags={4: 3, 5: 3, 6: 3},
        texts=frozenset({0, 2, 7}),
        notes=["Values of temperature and rain are in tenths, as the element of the row has it."],
        row=replace_time(1, parse_compact),
        missing=frozenset({-9999.0}),
        unit_of=lambda cells: GHCN_UNITS.get(cells[2], ""),
        unit_at=3,
    )


GSOD_UNITS = {
    "TEMP": "°F",
    "DEWP": "°F",
    "SLP": "hPa",
    "STP": "hPa",
    "VISIB": "mi",
    "WDSP": "kn",
    "MXSPD": "kn",
    "GUST": "kn",
    "MAX": "°F",
    "MIN": "°F",
    "PRCP": "in",
    "SNDP": "in",
}
GSOD_MISSING = {
    "TEMP": 9999.9,
    "DEWP": 9999.9,
    "SLP": 9999.9,
    "STP": 9999.9,
    "VISIB": 999.9,
    "WDSP": 999.9,
    "MXSPD": 999.9,
    "GUST": 999.9,
    "MAX": 9999.9,
    "MIN": 9999.9,
    "PRCP": 99.99,
    "SNDP": 999.9,
}


def describe_gsod(lines: Sequence[str]) -> StationText | None:
    """Return the description of GSOD as CSV: daily summaries in American units, attributes beside values."""
    names = cut(lines[0], ",") if lines else []
    if names[:2] != ["STATION", "DATE"] or not {"TEMP", "DEWP", "FRSHTT", "TEMP_ATTRIBUTES"} <= set(names):
        return None
    attributes = {
        index: names.index(name.removesuffix("_ATTRIBUTES"))
        for index, name in enumerate(names)
        if name.endswith("_ATTRIBUTES") and name.removesuffix("_ATTRIBUTES") in names
    }
    return StationText(
        names=names,
        names_line=1,
        first_row=2,
        units={index: GSOD_UNITS[name] for index, name in enumerate(names) if name in GSOD_UNITS},
        facts={"Source": "NOAA GSOD"},
        flags=attributes,
        texts=frozenset(names.index(name) for name in ("STATION", "NAME", "FRSHTT") if name in names),
        missing_at={index: frozenset({GSOD_MISSING[name]}) for index, name in enumerate(names) if name in GSOD_MISSING},
    )


# -- ECA&D and E-OBS --------------------------------------------------------------------------------------------------

ECA_NAMES = re.compile(r"^\s*(STAID\s*,\s*)?SOUID\s*,\s*DATE\s*,|^\s*STAID\s*,\s*DATE\s*,")
ECA_MEANING = re.compile(r"^\s*\d+-\d+\s+(?P<name>\w+)\s*:\s*(?P<text>.+)$")
ECA_UNIT = re.compile(r"\bin (?P<unit>(?:0\.1|1) ?.+|\S+(?:/\S+)?)\s*$", re.IGNORECASE)


def describe_eca(lines: Sequence[str]) -> StationText | None:
    """Return the description of a file of ECA&D: a list of its columns with their units, then STAID, SOUID, DATE."""
    position = next((place for place, line in enumerate(lines[:100]) if ECA_NAMES.match(line)), None)
    if position is None:
        if any(line.startswith("EUROPEAN CLIMATE ASSESSMENT") for line in lines[:3]):
            message = "A file of ECA&D names its columns STAID, SOUID and DATE below its preamble; they are missing."
            raise RefusedError("damaged", message)
        return None
    names = cut(lines[position], ",")
    meanings = {
        match["name"]: html.unescape(match["text"]) for line in lines[:position] if (match := ECA_MEANING.match(line))
    }
    date = names.index("DATE")
    flags = {
        place: names.index(name[2:]) for place, name in enumerate(names) if name.startswith("Q_") and name[2:] in names
    }
    return StationText(
        names=names,
        names_line=position + 1,
        first_row=position + 2,
        units={place: _eca_unit(meanings.get(name, "")) for place, name in enumerate(names) if place > date},
        facts={"Source": "ECA&D", "Station": _eca_station(lines[:position])},
        flags=flags,
        texts=frozenset(range(date)),
        row=replace_time(date, parse_compact),
        missing=frozenset({-9999.0}),
    )


def _eca_unit(meaning: str) -> str:
    match = ECA_UNIT.search(meaning.strip())
    unit = match["unit"].strip() if match else ""
    return {"0.1 Hours": "0.1 h", "1 %": "%", "1 cm": "cm", "octas": "1/8", "degrees": "°"}.get(unit, unit)


def _eca_station(lines: Sequence[str]) -> str:
    text = " ".join(line.strip() for line in lines)
    match = re.search(r"series (?:\(SOUID:\s*\d+\) of|of station) (.+?) \(STAID:\s*(\d+)\)", text)
    return f"{match[1]} ({match[2]})" if match else ""


KNMI = text_format("knmi", "a file of KNMI", (".txt", ".csv"), describe_knmi)
DWD = text_format("dwd", "a file of Deutscher Wetterdienst", (".txt", ".csv"), describe_dwd)
GHCN = text_format("ghcn", "a file of GHCN-Daily", (".csv",), describe_ghcn)
GSOD = text_format("gsod", "a file of GSOD", (".csv",), describe_gsod)
ECA = text_format("eca", "a file of ECA&D", (".txt", ".csv"), describe_eca)
