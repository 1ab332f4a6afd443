"""WaterML 1.1 and 2.0 files, as XML or JSON, read as one long table.

Sources: CUAHSI WaterML 1.1 Specification, Part 1, 2009 (https://his.cuahsi.org/wofws.html); OGC WaterML 2.0 Part 1,
Timeseries, 10-126r4, 2014 (https://www.ogc.org/standard/waterml/); the JSON of https://waterservices.usgs.gov.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.storage.reading.dialect import LOOKED_AT
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.json_records import DECODER, DEPTH, RepeatedKeyError, encoding_of
from app.storage.reading.formats.stations.series_table import QUALIFIERS, Series, SeriesValue, table_of_series
from app.storage.reading.formats.stations.xml_events import XmlEvent, events_of, root_of
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable

ONE, NAMESPACE = "timeSeriesResponse", b"waterml/2.0"
# A service may name site and parameter in the address of their description, which is read and never followed.
SITES = re.compile(r"[?&]sites=([\w-]+)")
PARAMETER = re.compile(r"[?&](?:param|parmCd)=([^&]+)")
CENSORED = "censor_code"
NO_CENSORING = ("nc", "")


def _holds_xml(head: bytes, suffix: str) -> bool:
    root = root_of(head)
    if not root:
        return False
    if _is_first(root):
        return True
    # Services wrap the second version in collections of their own, so its namespace and its series tell.
    return NAMESPACE in head.lower() and any(name in head for name in (b"MeasurementTimeseries", b"MeasurementTVP"))


def _is_first(root: str) -> bool:
    words = root.split(maxsplit=1)
    return words[0].rpartition(":")[2] in (ONE, "timeSeries") and "wldelft" not in root


def open_xml(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open every series of the file as one table."""
    return _open_xml(path, limits, most=None)


def peek_xml(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first values."""
    return look_at_rows(_open_xml(path, limits, most=LOOKED_AT + 1))


def _open_xml(path: Path, limits: dict[str, int], *, most: int | None) -> RowTable:
    with path.open("rb") as handle:
        head = handle.read(65_536)
    read, version = (_values_of_one, "1.1") if _is_first(root_of(head)) else (_values_of_two, "2.0")

    def values() -> Iterator[SeriesValue]:
        return read(events_of(path, limits, whole=most is None))

    return table_of_series(values, name="waterml", facts={"Version": f"WaterML {version}"}, most=most)


# -- WaterML 1.1 ------------------------------------------------------------------------------------------------------


@dataclass
class _SeriesParts:
    """What is known of the series that is being read."""

    texts: dict[str, str] = field(default_factory=dict)
    zone: str = ""

    def first(self, name: str, text: str) -> None:
        if text and name not in self.texts:
            self.texts[name] = text

    def series(self) -> Series:
        return Series(
            site=self.texts.get("siteCode", ""),
            parameter=self.texts.get("variableCode", ""),
            unit=_unit_of(self.texts),
            statistic=self.texts.get("option", ""),
            site_name=self.texts.get("siteName", ""),
            parameter_name=html.unescape(self.texts.get("variableName", "")),
            no_data=self.texts.get("noDataValue", "") or self.texts.get("NoDataValue", ""),
        )


UNIT_TEXTS = ("unitCode", "unitAbbreviation", "unitName")


def _unit_of(texts: Mapping[str, str]) -> str:
    """Return the unit; its code is a text at the USGS, and a number of their own list at other services."""
    known = [texts.get(key, "") for key in UNIT_TEXTS]
    return next((text for text in known if text and not text.isdigit()), "")


SERIES_TEXTS = (*UNIT_TEXTS, "siteCode", "siteName", "variableCode", "variableName", "noDataValue", "NoDataValue",
                "option")  # fmt: skip


def _values_of_one(events: Iterator[XmlEvent]) -> Iterator[SeriesValue]:
    parts, series = _SeriesParts(), None
    attributes: dict[str, str] = {}
    for event in events:
        if not event.is_end:
            if event.name == "timeSeries":
                parts, series = _SeriesParts(), None
            elif event.name == "value":
                attributes = event.attributes
            elif event.name in ("units", "unit") and "unitsAbbreviation" in event.attributes:
                parts.first("unitAbbreviation", event.attributes["unitsAbbreviation"])
            continue
        if event.name == "value":
            series = series or parts.series()
            yield SeriesValue(series, _time_of_one(attributes), event.text, _flags_of_one(attributes))
        elif event.name in SERIES_TEXTS:
            parts.first(event.name, event.text)


def _time_of_one(attributes: dict[str, str]) -> str:
    time = attributes.get("dateTime", "")
    zone = attributes.get("timeOffset", "")
    text = _plain_time(time)
    if zone and text and text[-6:-5] not in ("+", "-") and not text.endswith("Z"):
        text += zone if ":" in zone else f"{zone}:00"
    return text


def _plain_time(time: str) -> str:
    """Return a time without the T and the empty parts of a second."""
    return time.strip().replace("T", " ").replace(".000", "")


def _flags_of_one(attributes: dict[str, str]) -> dict[str, str]:
    censored = attributes.get("censorCode", "")
    return {
        QUALIFIERS: attributes.get("qualifiers", ""),
        CENSORED: "" if censored in NO_CENSORING else censored,
        "quality_level": attributes.get("qualityControlLevelCode", "") or attributes.get("qualityControlLevel", ""),
    }


# -- WaterML 2.0 ------------------------------------------------------------------------------------------------------


def _values_of_two(events: Iterator[XmlEvent]) -> Iterator[SeriesValue]:
    reader = _Two()
    for event in events:
        value = reader.take(event)
        if value is not None:
            yield value


class _Two:
    """The points of WaterML 2.0: series by observation, each point with its time, value and metadata."""

    def __init__(self) -> None:
        self._series = Series("", "")
        self._inside: list[str] = []
        self._point: dict[str, str] | None = None
        self._default = ""

    def take(self, event: XmlEvent) -> SeriesValue | None:
        """Return the value that this event completes, or None."""
        if event.is_end:
            self._inside.pop()
            return self._ended(event)
        self._inside.append(event.name)
        self._began(event)
        return None

    def _began(self, event: XmlEvent) -> None:
        name, attributes = event.name, event.attributes
        if name.endswith("Observation"):
            self._series, self._default = Series("", ""), ""
        elif name in ("MeasurementTVP", "TVP"):
            self._point = {"qualifier": self._default}
        elif name == "featureOfInterest":
            self._series = _set_site(self._series, _reference_code(attributes), attributes.get("title", ""))
        elif name == "descriptionReference" and (match := SITES.search(attributes.get("href", ""))):
            self._series = _set_site(self._series, match[1], attributes.get("title", ""))
        elif name == "observedProperty":
            title = attributes.get("title", "")
            self._series = replace(self._series, parameter=_reference_code(attributes) or title, parameter_name=title)
        elif name == "uom" and self._point is None:
            unit = attributes.get("code", "") or attributes.get("title", "") or _reference_code(attributes)
            self._series = replace(self._series, unit=unit)
        elif name in ("qualifier", "censoredReason") and attributes:
            self._qualify(attributes.get("title", "") or _reference_code(attributes))
        elif name == "value" and attributes.get("uom") and not self._series.unit:
            self._series = replace(self._series, unit=attributes["uom"])

    def _qualify(self, text: str) -> None:
        if self._point is None:
            self._default = text
        elif text:
            self._point["qualifier"] = text

    def _ended(self, event: XmlEvent) -> SeriesValue | None:
        name = event.name
        if name in ("MeasurementTVP", "TVP") and self._point is not None:
            point, self._point = self._point, None
            flags = {QUALIFIERS: point["qualifier"]}
            series = self._series if self._series.site else replace(self._series, site=self._series.site_name)
            return SeriesValue(series, _plain_time(point.get("time", "")), point.get("value", ""), flags)
        if self._point is not None and name in ("time", "value") and self._inside[-1:] in (["MeasurementTVP"], ["TVP"]):
            self._point[name] = event.text
        elif name == "value" and "qualifier" in self._inside and event.text:
            self._qualify(event.text)
        elif name == "identifier" and "featureOfInterest" in self._inside and event.text:
            self._series = replace(self._series, site=event.text)
        elif name == "name" and "featureOfInterest" in self._inside and event.text and not self._series.site_name:
            self._series = _set_site(self._series, "", event.text)
        return None


def _reference_code(attributes: dict[str, str]) -> str:
    """Return the last part of what a reference points to; nothing is ever fetched."""
    address = attributes.get("href", "").rstrip("/#")
    named = PARAMETER.search(address)
    return named[1] if named else address.rpartition("/")[2].rpartition("#")[2]


def _set_site(series: Series, code: str, title: str) -> Series:
    return replace(series, site=series.site or code, site_name=series.site_name or title)


# -- WaterML 1.1 as JSON ----------------------------------------------------------------------------------------------


def _holds_json(head: bytes, suffix: str) -> bool:
    tight = head[:4_096].translate(None, b" \t\r\n")
    return tight.lstrip(b"\xef\xbb\xbf")[:1] == b"{" and (
        b'timeSeriesResponseType"' in tight
        or (b'"queryInfo"' in tight and b'"timeSeries"' in head)
        or b'"value":{"timeSeries":[' in tight
    )


def load_json(path: Path, limits: dict[str, int]) -> Any:
    """Return the JSON value of a whole file.

    Raises
    ------
    RefusedError
        Where it is not valid, with its line.
    """
    try:
        text = path.read_text(encoding=encoding_of(path))
        return DECODER.decode(text)
    except RecursionError:
        raise RefusedError("invalid_json", DEPTH) from None
    except RepeatedKeyError as fault:
        raise RefusedError("invalid_json", str(fault)) from None
    except UnicodeDecodeError:
        raise RefusedError("damaged", "The JSON text is damaged: it is not UTF-8 to its end.") from None
    except json.JSONDecodeError as fault:
        cut = " It ends too early." if fault.pos >= len(text) - 2 else ""
        message = f"Line {fault.lineno:,}: it is not valid JSON ({fault.msg.lower()}).{cut}"
        raise RefusedError("invalid_json", message, line=fault.lineno) from None


def open_json(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open every series of the file as one table."""
    content = load_json(path, limits)
    response = content.get("value", content) if isinstance(content, dict) else {}
    every = response.get("timeSeries") if isinstance(response, dict) else None
    if not isinstance(every, list):
        raise RefusedError("invalid_json", "The WaterML text has no list timeSeries.")

    def values() -> Iterator[SeriesValue]:
        for item in every:
            yield from _values_of_item(item)

    return table_of_series(values, name="waterml_json", facts={"Version": "WaterML 1.1 as JSON"})


def peek_json(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file."""
    return look_at_rows(open_json(path, folder=folder, choices=choices, limits=limits))


def _values_of_item(item: Any) -> Iterator[SeriesValue]:
    source, variable = _get_object(item, "sourceInfo"), _get_object(item, "variable")
    options = _get_list(_get_object(variable, "options"), "option")
    unit = _get_object(variable, "unit")
    series = Series(
        site=_get_text(_get_first(source, "siteCode"), "value"),
        parameter=_get_text(_get_first(variable, "variableCode"), "value"),
        unit=_unit_of({key: _get_text(unit, key) for key in UNIT_TEXTS}),
        statistic=_get_text(options[0], "value") if options else "",
        site_name=_get_text(source, "siteName"),
        parameter_name=html.unescape(_get_text(variable, "variableName")),
        no_data=_get_text(variable, "noDataValue"),
    )
    for method in _get_list(item, "values"):
        for value in _get_list(method, "value"):
            qualifiers = value.get("qualifiers") if isinstance(value, dict) else None
            flag = " ".join(map(str, qualifiers)) if isinstance(qualifiers, list) else _get_text(value, "qualifiers")
            yield SeriesValue(
                series, _plain_time(_get_text(value, "dateTime")), _get_text(value, "value"), {QUALIFIERS: flag}
            )


def _get_object(item: Any, key: str) -> dict[str, Any]:
    results = item.get(key) if isinstance(item, dict) else None
    return results if isinstance(results, dict) else {}


def _get_list(item: Any, key: str) -> list[Any]:
    results = item.get(key) if isinstance(item, dict) else None
    return results if isinstance(results, list) else []


def _get_first(item: dict[str, Any], key: str) -> Any:
    results = _get_list(item, key)
    return results[0] if results else {}


def _get_text(item: Any, key: str) -> str:
    result = item.get(key) if isinstance(item, dict) else None
    return "" if result is None or isinstance(result, dict | list) else str(result).strip()


XML = Format("waterml", "a WaterML file", (".xml", ".wml"), _holds_xml, open_xml, peek_xml)
JSON = Format("waterml_json", "a WaterML file as JSON", (".json",), _holds_json, open_json, peek_json)
