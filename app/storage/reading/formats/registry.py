"""The registry of file formats besides delimited text, and the choice among them."""

from __future__ import annotations

from pathlib import Path

from app.storage.reading.formats import camels, json_tables, netcdf, parquet, rdb, workbooks
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.refusals_by_name import refuse_by_name
from app.storage.reading.formats.stations import (
    campbell,
    climate,
    ghcn_fixed,
    loggers,
    onset,
    rivers,
    solinst,
    solinst_xml,
    usgs,
    waterml,
    wiski,
)
from app.storage.reading.refusals import RefusedError

HEAD_BYTES = 65_536
FORMATS: tuple[Format, ...] = (
    parquet.FORMAT,
    workbooks.NEW,
    workbooks.OLD,
    netcdf.FORMAT,
    waterml.JSON,
    usgs.JSON,
    json_tables.FORMAT,
    waterml.XML,
    solinst_xml.FORMAT,
    ghcn_fixed.FORMAT,
    rdb.FORMAT,
    camels.FORMAT,
    campbell.FORMAT,
    onset.FORMAT,
    loggers.MINIDOT,
    solinst.FORMAT,
    loggers.IN_SITU_FORMAT,
    loggers.DIVER,
    usgs.CSV,
    climate.KNMI,
    climate.DWD,
    climate.GSOD,
    climate.GHCN,
    climate.ECA,
    rivers.GRDC,
    rivers.NRFA,
    rivers.EA,
    rivers.CANADA,
    rivers.WATER_OFFICE_FORMAT,
    rivers.CDEC,
    rivers.DINO,
    wiski.ZRXP,
    wiski.KIWIS,
    wiski.EXPORT,
)
TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".rdb")
# What can only be read whole: a directory stands at its end, or a bracket closes there that all of it is in.
FROM_THE_END = ("parquet", "xlsx", "xls", "netcdf", "waterml_json", "usgs_json")


def find_format(path: Path, suffix: str, *, as_text: bool = False) -> Format | None:
    """Return the format of a file by its content, or None for plain text, or for any text that is read `as_text`.

    Raises
    ------
    RefusedError
        If the name promises another format than the content has.
    """
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    refuse_by_name(head, suffix)
    result = next((item for item in FORMATS if item.holds(head, suffix)), None)
    if result is not None and result.is_text and as_text:
        return None
    if result is not None:
        _refuse_another_name(result, suffix)
    return result


def needs_its_end(head: bytes) -> bool:
    """Return whether a file that begins like this cannot be looked at without its end."""
    return any(item.holds(head, "") for item in FORMATS if item.name in FROM_THE_END)


def _refuse_another_name(result: Format, suffix: str) -> None:
    promised = [ending for item in FORMATS if item is not result for ending in item.endings if not item.is_text]
    promised += [] if result.is_text else TEXT_ENDINGS
    ending = next((ending for ending in promised if suffix.endswith(ending)), None)
    # Both kinds of workbook are found under the older name, and every reader opens either.
    if ending is None or suffix.endswith(result.endings):
        return
    message = f"This is {result.what}, but its name ends in {ending[1:]}. Rename it to {result.endings[0]}."
    raise RefusedError("name_and_content_differ", message, status=415)
