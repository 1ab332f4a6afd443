"""USGS Water Data files from the OGC API, as CSV and GeoJSON.

Source: https://api.waterdata.usgs.gov/ogcapi/v0/openapi (collections daily, continuous, field-measurements): each item
is one value with monitoring_location_id, parameter_code, statistic_id, time, value, unit_of_measure, approval_status
and qualifier.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.storage.reading.dialect import LOOKED_AT
from app.storage.reading.encodings import find_encoding
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.stations.moments import whole_number
from app.storage.reading.formats.stations.series_table import Series, SeriesValue, table_of_series
from app.storage.reading.formats.stations.text_table import lines_of
from app.storage.reading.formats.stations.waterml import load_json
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_lines import TextLines

NEEDED = ("monitoring_location_id", "time", "value")
KNOWN = ("parameter_code", "unit_of_measure", "time_series_id")
FLAGS = ("approval_status", "qualifier")


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return []


def _is_header(cells: list[str]) -> bool:
    return all(name in cells for name in NEEDED) and any(name in cells for name in KNOWN)


def _holds_csv(head: bytes, suffix: str) -> bool:
    lines = lines_of(head[:8_192])
    return bool(lines) and lines[0].count(",") >= len(NEEDED) and _is_header(_cells(lines[0]))


def _value_of(record: dict[str, Any]) -> SeriesValue:
    def text(key: str) -> str:
        results = record.get(key)
        if isinstance(results, list):
            return " ".join(map(str, results))
        return "" if results is None or isinstance(results, dict) else str(results).strip()

    site = text("monitoring_location_id")
    series = Series(
        site=site,
        parameter=text("parameter_code"),
        unit=text("unit_of_measure"),
        statistic=text("statistic_id"),
        site_name=text("monitoring_location_name"),
    )
    time = text("time").replace("T", " ")
    return SeriesValue(series, time, text("value"), {name: text(name).strip("[]'\"") for name in FLAGS})


def open_csv(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the items as one table; each line is accounted for."""
    return _open_csv(path, limits, most=None)


def peek_csv(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file."""
    return look_at_rows(_open_csv(path, limits, most=LOOKED_AT + 1))


def _open_csv(path: Path, limits: dict[str, int], *, most: int | None) -> RowTable:
    encoding = find_encoding(path)
    table: RowTable | None = None

    def values() -> Iterator[SeriesValue]:
        # What became of each line is counted in the second passage alone, when there is a table.
        tally = table.tally if table is not None else Tally()
        return _values(TextLines(path, encoding, limits), tally)

    table = table_of_series(values, name="usgs_csv", facts={"Source": "USGS Water Data"}, most=most)
    table.tally.skip_lines = table.tally.header_lines = 1
    table.dialect = table.dialect.model_copy(update={"encoding": encoding, "delimiter": ","})
    return table


def _values(lines: TextLines, tally: Tally) -> Iterator[SeriesValue]:
    names: list[str] = []
    for number, line in enumerate(lines, start=1):
        cells, damage = _cells(line.lstrip("\ufeff")), lines.faults.pop(number, "")
        if number == 1:
            names = cells
            continue
        tally.lines += 1
        if not line.strip():
            tally.pass_over(number, "blank")
        elif cells == names:
            tally.pass_over(number, "repeated_names")
        elif damage or len(cells) != len(names):
            tally.damaged += bool(damage)
            tally.reject(number, damage or f"It has {len(cells):,} cells; a row has {len(names):,}.")
        else:
            tally.given += 1
            yield _value_of(dict(zip(names, cells, strict=True)))


# -- GeoJSON ----------------------------------------------------------------------------------------------------------


def _holds_json(head: bytes, suffix: str) -> bool:
    tight = head.translate(None, b" \t\r\n")
    return (
        tight.lstrip(b"\xef\xbb\xbf")[:1] == b"{"
        and b'"FeatureCollection"' in tight
        and all(f'"{name}"'.encode() in tight for name in NEEDED)
    )


def open_json(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the features of the collection as one table."""
    content = load_json(path, limits)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise RefusedError("invalid_json", "The GeoJSON text has no list features.")
    properties = [feature.get("properties") for feature in features if isinstance(feature, dict)]
    records: list[dict[str, Any]] = [record for record in properties if isinstance(record, dict)]
    notes = []
    links = content.get("links")
    if isinstance(links, list) and any(isinstance(link, dict) and link.get("rel") == "next" for link in links):
        notes.append("The file is one page of several: its link next leads to more values.")
    promised = whole_number(str(content.get("numberReturned", "")))
    if promised is not None and promised != len(features):
        notes.append(f"The file says that it holds {promised:,} values, but it holds {len(features):,}.")
    if len(records) < len(features):
        notes.append(f"Left out, because they have no properties: {len(features) - len(records):,} features.")

    def values() -> Iterator[SeriesValue]:
        return map(_value_of, records)

    return table_of_series(values, name="usgs_json", facts={"Source": "USGS Water Data"}, notes=notes)


def peek_json(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file."""
    return look_at_rows(open_json(path, folder=folder, choices=choices, limits=limits))


CSV = Format("usgs_csv", "a CSV of USGS Water Data", (".csv",), _holds_csv, open_csv, peek_csv, is_text=True)
JSON = Format("usgs_json", "a GeoJSON of USGS Water Data", (".json", ".geojson"), _holds_json, open_json, peek_json)
