"""Files of river and groundwater agencies: GRDC, NRFA, Environment Agency, Canada, CDEC, DINO.

Sources: GRDC, "GRDC Data Products: file formats"; NRFA, "Web service documentation: time series as CSV"; Environment
Agency, "Hydrology Data Explorer API reference"; Environment and Climate Change Canada, glossary and "Legend of flags";
California Data Exchange Center, "CSVDataServlet"; TNO, DINOloket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.storage.reading.formats.stations.moments import join_date_and_time, parse_compact, replace_time, whole_number
from app.storage.reading.formats.stations.text_table import (
    Cells,
    StationText,
    cut,
    text_format,
)
from app.storage.reading.refusals import RefusedError

ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")
IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*\((?P<unit>[^()]*)\)$")

# -- GRDC -------------------------------------------------------------------------------------------------------------

GRDC_FACT = re.compile(r"^#\s*(?P<title>[A-Za-z][^:]*):\s*(?P<text>.*)$")
GRDC_FACTS = {
    "GRDC-No.": "Station number",
    "River": "River",
    "Station": "Station",
    "Country": "Country",
    "Latitude (DD)": "Latitude",
    "Longitude (DD)": "Longitude",
    "Altitude (m ASL)": "Altitude",
    "Data Set Content": "Content",
}


def describe_grdc(lines: Sequence[str]) -> StationText | None:
    """Return the description of a station file of GRDC: comments, then YYYY-MM-DD;hh:mm and values."""
    if not any("GRDC" in line for line in lines[:12] if line.startswith("#")):
        return None
    position = next((place for place, line in enumerate(lines) if line.startswith("YYYY-MM-DD")), None)
    if position is None:
        raise RefusedError(
            "damaged", "A GRDC file has the names YYYY-MM-DD;hh:mm below its comments; they are missing."
        )
    results = {
        match["title"].strip(): match["text"].strip() for line in lines[:position] if (match := GRDC_FACT.match(line))
    }
    names = cut(lines[position], ";")
    values = list(range(2, len(names)))
    unit = results.get("Unit of measure", "")
    flag = next((place for place in values if names[place].lower() == "flag"), 0)
    count = results.get("Data lines", "")

    def row(cells: Cells) -> Cells | str:
        date = re.sub(r"-00$", "-01", cells[0])
        clock = cells[1] if any(letter.isdigit() for letter in cells[1]) else ""
        time = join_date_and_time(date, clock, "ymd")
        if time is None:
            return f"{cells[0][:20]} is no date."
        return [time if clock else time[:10], *(cells[place] for place in values)]

    return StationText(
        names=["date", *(names[place] for place in values)],
        names_line=position + 1,
        first_row=position + 2,
        width=len(names),
        delimiter=";",
        units={place - 1: unit for place in values if place != flag},
        facts=_grdc_facts(results),
        flags={flag - 1: 1} if flag else {},
        notes=["A month without a day is dated to its first day."] if _has_months(lines[position + 1 :]) else [],
        row=row,
        missing=frozenset({-999.0, -99.0}) if "-99.000" in " ".join(lines[:6]) else frozenset({-999.0}),
        rows_promised=whole_number(count),
    )


def _grdc_facts(results: dict[str, str]) -> dict[str, str]:
    area = next((text for title, text in results.items() if title.startswith("Catchment area")), "")
    facts = {title: results.get(key, "") for key, title in GRDC_FACTS.items()}
    return {**facts, "Catchment area": f"{area} km²" if area else ""}


def _has_months(lines: Sequence[str]) -> bool:
    return bool(lines) and re.match(r"^\d{4}-\d{2}-00", lines[0]) is not None


# -- United Kingdom ---------------------------------------------------------------------------------------------------


def describe_nrfa(lines: Sequence[str]) -> StationText | None:
    """Return the description of a CSV of the National River Flow Archive: key, key and text, then dates and values."""
    if not any(line.startswith(("database,name,", "database,id,nrfa")) for line in lines[:6]):
        return None
    rows = [place for place, line in enumerate(lines) if ISO_DATE.match(line)]
    if not rows:
        raise RefusedError("no_rows", "The NRFA file has its description, but no row that begins with a date.")
    facts = {tuple(cells[:2]): ",".join(cells[2:]) for line in lines[: rows[0]] if len(cells := cut(line, ",")) > 2}
    name = facts.get(("dataType", "parameter"), "") or facts.get(("dataType", "name"), "") or "value"
    flagged = any(len(cut(lines[place], ",")) > 2 for place in rows)
    return StationText(
        names=["date", name, *(["flag"] if flagged else [])],
        first_row=rows[0] + 1,
        fewest=2,
        units={1: facts.get(("dataType", "units"), "")},
        facts={
            "Source": "UK National River Flow Archive",
            "Station": facts.get(("station", "name"), ""),
            "Station number": facts.get(("station", "id"), ""),
            "Data": facts.get(("dataType", "name"), ""),
            "Period": facts.get(("dataType", "period"), ""),
        },
        flags={2: 1} if flagged else {},
    )


EA_UNITS = {"m3s": "m³/s", "m3_s": "m³/s", "mAOD": "m", "m": "m", "mm": "mm", "mASD": "m", "ls": "L/s"}
EA_FLAGS = ("completeness", "quality", "qcode")


def describe_ea(lines: Sequence[str]) -> StationText | None:
    """Return the description of readings of the Environment Agency: measure, dateTime, value, quality."""
    names = cut(lines[0], ",") if lines else []
    if not {"measure", "dateTime", "value"} <= set(names):
        return None
    measure, time, _value = (names.index(name) for name in ("measure", "dateTime", "value"))
    keep = [index for index, name in enumerate(names) if name not in ("date", "@id")]

    def row(cells: Cells) -> Cells | str:
        if not ISO_DATE.match(cells[time]):
            return f"{cells[time][:30] or 'An empty cell'} is no time."
        cells[measure] = cells[measure].rstrip("/").rpartition("/")[2]
        cells[time] = cells[time].replace("T", " ").removesuffix("Z") + "Z"
        return [cells[position] for position in keep]

    titles = [names[position] for position in keep]
    at_value, at_measure = titles.index("value"), titles.index("measure")
    return StationText(
        names=titles,
        names_line=1,
        first_row=2,
        width=len(names),
        facts={"Source": "Environment Agency", "Time zone": "UTC"},
        flags={titles.index(name): at_value for name in EA_FLAGS if name in titles},
        texts=frozenset({at_measure}),
        row=row,
        unit_of=lambda cells: _ea_unit(cells[at_measure]),
        unit_at=at_value,
    )


def _ea_unit(measure: str) -> str:
    """Return the unit of a measure such as 7c5a…-flow-m-86400-m3s-qualified."""
    return next((EA_UNITS[part] for part in reversed(measure.split("-")) if part in EA_UNITS), "")


# -- Canada -----------------------------------------------------------------------------------------------------------


def describe_canada(lines: Sequence[str]) -> StationText | None:
    """Return the description of climate data of Environment Canada: each element with a flag behind it."""
    names = cut(lines[0], ",") if lines else []
    if not {"Station Name", "Climate ID"} <= set(names) or not any(name.startswith("Date/Time") for name in names):
        return None
    parts = [IN_BRACKETS.match(name) for name in names]
    titles = [
        part["name"] if part and part["unit"] not in ("x", "y", "LST", "UTC") else name
        for part, name in zip(parts, names, strict=True)
    ]
    flags = {
        index: titles.index(name.removesuffix(" Flag"))
        for index, name in enumerate(titles)
        if name.endswith(" Flag") and name.removesuffix(" Flag") in titles
    }
    units = {index: part["unit"] for index, part in enumerate(parts) if part and titles[index] != names[index]}
    date = next(index for index, name in enumerate(names) if name.startswith("Date/Time"))
    quality = next((index for index, name in enumerate(names) if name == "Data Quality"), None)
    codes = frozenset({names.index("Station Name"), names.index("Climate ID"), *([] if quality is None else [quality])})
    return StationText(
        names=titles,
        names_line=1,
        first_row=2,
        units={
            position: {"10s deg": "10 °", "deg C": "°C"}.get(unit, unit)
            for position, unit in units.items()
            if position not in flags
        },
        facts={
            "Source": "Environment Canada",
            "Station": _first_cell(lines, names.index("Station Name")),
            "Climate ID": _first_cell(lines, names.index("Climate ID")),
            "Time zone": "Local standard time" if "LST" in names[date] else "",
        },
        flags=flags,
        texts=codes,
        row=_zero_remover([index for index, name in enumerate(names) if name in ("Month", "Day")]),
    )


def _first_cell(lines: Sequence[str], place: int) -> str:
    """Return a cell of the first row, which names the station where each file holds one."""
    cells = cut(lines[1], ",") if len(lines) > 1 else []
    return cells[place] if place < len(cells) else ""


def _zero_remover(places: list[int]) -> Callable[[Cells], Cells | str]:
    """Make a function that reads 01 in these columns as the number 1, not as a code."""

    def row(cells: Cells) -> Cells | str:
        for place in places:
            cells[place] = cells[place].lstrip("0") if cells[place].isdigit() else cells[place]
        return cells

    return row


WATER_OFFICE = re.compile(r'^"?\s*ID"?\s*,\s*"?PARAM"?\s*,\s*"?Date')
PARAM_UNITS = {"1": "m³/s", "2": "m", "46": "m", "47": "m³/s", "6": "m³/s", "3": "m"}


def describe_water_office(lines: Sequence[str]) -> StationText | None:
    """Return the description of flow and level of the Water Survey of Canada: ID, PARAM, Date, Value, SYM."""
    position = next((place for place, line in enumerate(lines[:20]) if WATER_OFFICE.match(line)), None)
    if position is None:
        return None
    names = [IN_BRACKETS.match(name)["name"] if IN_BRACKETS.match(name) else name for name in cut(lines[position], ",")]  # type: ignore[index]
    value = next((place for place, name in enumerate(names) if name.split("/")[0].lower() in ("value", "value ")), 3)
    names = [name.split("/")[0] for name in names]
    flags = {
        place: value for place, name in enumerate(names) if place > value and not name.lower().startswith("grade t")
    }
    return StationText(
        names=names,
        names_line=position + 1,
        first_row=position + 2,
        fewest=value + 1,
        facts={"Source": "Water Survey of Canada"},
        flags=flags,
        texts=frozenset({0, 1}),
        row=replace_time(2, lambda text: text.replace("/", "-").replace("T", " ") if text[:4].isdigit() else None),
        unit_of=lambda cells: PARAM_UNITS.get(cells[1].strip(), ""),
        unit_at=value,
    )


# -- California -------------------------------------------------------------------------------------------------------


def describe_cdec(lines: Sequence[str]) -> StationText | None:
    """Return the description of a CSV of the California Data Exchange Center, whose rows name their unit."""
    names = cut(lines[0], ",") if lines else []
    if names[:1] != ["STATION_ID"] or not {"DATE TIME", "VALUE", "UNITS"} <= set(names):
        return None
    times = [index for index, name in enumerate(names) if name in ("DATE TIME", "OBS DATE")]

    def row(cells: Cells) -> Cells | str:
        for time in times:
            compact = parse_compact(cells[time].replace(" ", ""))
            if compact is None and (cells[time] or time == times[0]):
                return f"{cells[time][:30] or 'An empty cell'} is no time."
            cells[time] = compact or ""
        return cells

    value, unit = names.index("VALUE"), names.index("UNITS")
    return StationText(
        names=names,
        names_line=1,
        first_row=2,
        facts={"Source": "California Data Exchange Center", "Time zone": "Pacific standard time"},
        flags={names.index("DATA_FLAG"): value} if "DATA_FLAG" in names else {},
        texts=frozenset(
            names.index(name)
            for name in ("STATION_ID", "DURATION", "SENSOR_NUMBER", "SENSOR_TYPE", "UNITS")
            if name in names
        ),
        row=row,
        missing=frozenset({-9999.0, -9998.0}),
        missing_words=frozenset({"---", "--", "ART", "BRT"}),
        unit_of=lambda cells: cells[unit],
        unit_at=value,
    )


# -- DINO -------------------------------------------------------------------------------------------------------------

DINO_NAMES = re.compile(r'^"?Locatie"?,("?Filternummer"?,)?"?Peildatum"?,')


def describe_dino(lines: Sequence[str]) -> StationText | None:
    """Return the description of groundwater levels of DINOloket: a table of wells, then Peildatum and Stand."""
    position = next((place for place, line in enumerate(lines) if DINO_NAMES.match(line)), None)
    if position is None:
        if lines and lines[0].startswith("Titel:") and any("Locatie,Filternummer" in line for line in lines):
            raise RefusedError("no_rows", "The file of DINO has its table of wells, but no table of levels.")
        return None
    names = cut(lines[position], ",")
    while names and not names[-1]:
        names.pop()
    units = {
        place: match["unit"].split()[0]
        for place, name in enumerate(names)
        if (match := IN_BRACKETS.match(name)) and match["unit"]
    }
    levels, dated = sorted(units), names.index("Peildatum")
    remarks = [place for place, name in enumerate(names) if name in ("Bijzonderheid", "Opmerking")]

    def date(text: str) -> str | None:
        result = join_date_and_time(text, "", "dmy")
        return result[:10] if result else None

    return StationText(
        names=names,
        names_line=position + 1,
        first_row=position + 2,
        fewest=dated + 1,
        units=units,
        facts={"Source": "DINOloket", "Well": lines[position + 1].split(",")[0] if len(lines) > position + 1 else ""},
        flags=dict.fromkeys(remarks, levels[0]) if levels else {},
        texts=frozenset(range(dated)),
        row=replace_time(dated, date),
    )


GRDC = text_format("grdc", "a station file of GRDC", (".txt", ".mon", ".day", ".csv"), describe_grdc)
NRFA = text_format("nrfa", "a file of the UK National River Flow Archive", (".csv",), describe_nrfa)
EA = text_format("ea", "readings of the Environment Agency", (".csv",), describe_ea)
CANADA = text_format("canada", "climate data of Environment Canada", (".csv",), describe_canada)
WATER_OFFICE_FORMAT = text_format(
    "water_office", "data of the Water Survey of Canada", (".csv",), describe_water_office
)
CDEC = text_format("cdec", "a file of the California Data Exchange Center", (".csv",), describe_cdec)
DINO = text_format("dino", "a file of DINOloket", (".csv",), describe_dino)
