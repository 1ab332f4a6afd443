"""Campbell Scientific TOA5 files: four header lines, the first with the station, and a table.

Source: LoggerNet manual, "Campbell Scientific file formats, TOA5"
(https://help.campbellsci.com/loggernet-manual/ln_manual/campbell_scientific_file_formats/toa5.htm).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.storage.reading.formats.stations.text_table import StationText, cut, text_format
from app.storage.reading.refusals import RefusedError

ENVIRONMENT = (
    "", "Station", "Logger", "Serial number", "Operating system", "Program", "Program signature", "Table",
)  # fmt: skip
HEADER_LINES = 4
# The units of the time stamp and of the record number are no units.
NO_UNITS = ("TS", "RN", "")
PROCESSING_SHOWN = 40


def describe(lines: Sequence[str]) -> StationText | None:
    """Return the description of a TOA5 file, by its first cell; None for any other text."""
    if not lines or lines[0].lstrip('"')[:4] != "TOA5" or cut(lines[0], ",")[0] != "TOA5":
        return None
    if len(lines) < HEADER_LINES:
        message = f"A TOA5 file begins with four lines of names and units; this one ends after line {len(lines)}."
        raise RefusedError("damaged", message, line=len(lines))
    environment, names, units, processing = (cut(line, ",") for line in lines[:HEADER_LINES])
    width = len(names)
    if len(units) != width or len(processing) != width:
        message = f"Lines 2 to 4 should hold a name, a unit and a processing for each of {width:,} columns."
        raise RefusedError("damaged", message, line=3)
    processed = [f"{name}: {word}" for name, word in zip(names, processing, strict=True) if word]
    more = f" and {len(processed) - PROCESSING_SHOWN:,} more" if len(processed) > PROCESSING_SHOWN else ""
    notes = [f"Processing in the logger: {'; '.join(processed[:PROCESSING_SHOWN])}{more}."] if processed else []
    return StationText(
        names=names,
        names_line=2,
        first_row=HEADER_LINES + 1,
        units={index: unit for index, unit in enumerate(units) if unit not in NO_UNITS},
        facts={title: value for title, value in zip(ENVIRONMENT, environment, strict=False) if title},
        notes=notes,
        formats_lines=frozenset({3, 4}),
        missing_words=frozenset({"NAN", "-NAN", "INF", "-INF", "+INF"}),
    )


FORMAT = text_format("toa5", "a Campbell Scientific TOA5 file", (".dat", ".csv", ".txt"), describe)
