"""Every format beside plain text, and which of them a file has."""

from __future__ import annotations

from pathlib import Path

from app.storage.reading.formats import camels, json_tables, netcdf, parquet, rdb, workbooks
from app.storage.reading.formats.form import Format
from app.storage.reading.refusals import RefusedError

HEAD_BYTES = 65_536
FORMATS: tuple[Format, ...] = (
    parquet.FORMAT,
    workbooks.NEW,
    workbooks.OLD,
    netcdf.FORMAT,
    json_tables.FORMAT,
    rdb.FORMAT,
    camels.FORMAT,
)
TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".rdb")
# The ends of what can only be read whole: a directory stands at their end.
FROM_THE_END = ("parquet", "xlsx", "xls", "netcdf")


def find_format(path: Path, suffix: str) -> Format | None:
    """Return the format of a file by its content, or None for plain text.

    Raises
    ------
    RefusedError
        If the name promises another format than the content has.
    """
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    found = next((one for one in FORMATS if one.holds(head, suffix)), None)
    if found is not None:
        _refuse_another_name(found, suffix)
    return found


def needs_its_end(head: bytes) -> bool:
    """Return whether a file that begins like this cannot be looked at without its end."""
    return any(one.holds(head, "") for one in FORMATS if one.name in FROM_THE_END)


def _refuse_another_name(found: Format, suffix: str) -> None:
    promised = [ending for one in FORMATS if one is not found for ending in one.endings if not one.is_text]
    promised += [] if found.is_text else TEXT_ENDINGS
    ending = next((ending for ending in promised if suffix.endswith(ending)), None)
    # Both kinds of workbook are found under the older name, and every reader opens either.
    if ending is None or suffix.endswith(found.endings):
        return
    message = f"This is {found.what}, but its name ends in {ending[1:]}. Rename it to {found.endings[0]}."
    raise RefusedError("name_and_content_differ", message, status=415)
