"""The first look at a file: how it would be read and its first rows, from its head alone and without DuckDB."""

from __future__ import annotations

import gzip
import itertools
import zlib
from pathlib import Path
from typing import Any, Literal

from app.domain.analysis.choices import Peek, ReadingChoices
from app.storage.reading.bytes_in import check_kind
from app.storage.reading.dialect import DATE, MISSING, NUMBER, repair_names
from app.storage.reading.refusals import RefusedError
from app.storage.reading.text import find_layout, open_rows

ROWS_SHOWN = 20
ROWS_SEEN = 400
ROWS_AT_LEAST = 5
CELLS_SEEN = 40_000
# The first 400 lines of nearly any table lie within this; no more is unpacked for a first look.
HEAD_BYTES = 4 << 20
WHOLE = ("true", "false", "t", "f")


def peek(request: dict[str, Any]) -> dict[str, Any]:
    """Return the first look at the file of a request, as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    folder, source = Path(request["folder"]), Path(request["source"])
    with source.open("rb") as handle:
        head = handle.read(8192)
    check_kind(head, request["suffix"], tar=".tar" in request["suffix"])
    packing: Literal["", "gzip"] = "gzip" if head.startswith(b"\x1f\x8b") else ""
    if packing:
        text_file = folder / "head"
        content = _unpacked_head(source)
        check_kind(content[:8192], "", tar=False)
        text_file.write_bytes(content)
    else:
        text_file = source
    choices = ReadingChoices.model_validate(request.get("choices") or {})
    return look_at(text_file, packing, choices, request["limits"]).model_dump(mode="json")


def _unpacked_head(source: Path) -> bytes:
    try:
        with gzip.open(source) as handle:
            return handle.read(HEAD_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RefusedError("damaged", "The gzip file is damaged: it cannot be unpacked.") from None


def look_at(path: Path, packing: Literal["", "gzip", "zip"], choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at a text: the same layout and the same reader as for all of it, for its first rows."""
    is_cut = bool(packing) and path.stat().st_size >= HEAD_BYTES
    layout = find_layout(path, choices=choices, limits=limits, is_cut=is_cut, is_look=True)
    table = open_rows(path, layout, choices=choices, limits=limits)
    # A very wide table is seen by fewer rows, so that a look takes as long as at any other.
    most = max(ROWS_AT_LEAST, min(ROWS_SEEN, CELLS_SEEN // max(layout.width, 1)))
    rows = list(itertools.islice(table.rows, most))
    is_whole = not is_cut and next(table.rows, None) is None
    names, repairs = repair_names(table.names, len(table.names))
    notes = [*table.tally.notes, *repairs]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return Peek(
        dialect=layout.as_dialect(packing),
        names=tuple(names),
        rows=tuple(tuple(row) for row in rows[:ROWS_SHOWN]),
        kinds=tuple(_kind(cells) for cells in columns),
        missing=tuple(_missing_share(cells) for cells in columns),
        rows_seen=len(rows),
        whole=is_whole,
        rejected=tuple(table.tally.rejected[:ROWS_SHOWN]),
        notes=tuple(notes[:ROWS_SHOWN]),
    )


def _held(cells: tuple[str, ...]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]


def _missing_share(cells: tuple[str, ...]) -> float:
    return 1 - len(_held(cells)) / len(cells) if cells else 0.0


def _kind(cells: tuple[str, ...]) -> str:
    held = _held(cells)
    if not held:
        return "empty"
    if all(cell.lower() in WHOLE for cell in held):
        return "boolean"
    if all(NUMBER.match(cell) for cell in held):
        return "integer" if all(cell.lstrip("+-").isdigit() for cell in held) else "number"
    return "datetime" if all(DATE.match(cell) for cell in held) else "text"
