"""The first look at a file: how it would be read and its first rows, from its head alone and without DuckDB."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import Any

from app.domain.analysis.choices import Dialect, Peek
from app.storage.reading.bytes_in import check_kind, find_encoding, lines_of, unpacked
from app.storage.reading.dialect import DATE, LOOKED_AT, MISSING, NUMBER, find_dialect, record_at, repair_names
from app.storage.reading.refusals import RefusedError

ROWS_SHOWN = 20
WHOLE = ("true", "false", "t", "f")


def peek(request: dict[str, Any]) -> dict[str, Any]:
    """Return the first look at the file of a request, as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    folder, limits, source = Path(request["folder"]), request["limits"], Path(request["source"])
    csv.field_size_limit(limits["cell_kb"] * 1024)
    with source.open("rb") as handle:
        check_kind(handle.read(8192), request["suffix"], tar=".tar" in request["suffix"])
    text_file = unpacked(source, folder, limits)
    encoding = find_encoding(text_file)
    head = list(itertools.islice(lines_of(text_file, encoding, limits), LOOKED_AT + 1))
    if not any(line.strip("\ufeff \t\r\n,;") for line in head):
        raise RefusedError("empty_file", "The file is empty.")
    return _looked_at(head, encoding).model_dump(mode="json")


def _looked_at(head: list[str], encoding: str) -> Peek:
    found = find_dialect([line.rstrip("\r\n") + "\n" for line in head])
    raw, taken = record_at(head, found.skip, found.delimiter) if found.header else ([], 0)
    names, notes = repair_names([cell.strip() for cell in raw], max(len(raw), found.width) if raw else found.width)
    reader = csv.reader(head[found.skip + taken : LOOKED_AT], delimiter=found.delimiter, skipinitialspace=True)
    rows = [row[: len(names)] for row in reader if len(row) >= len(names)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return Peek(
        dialect=Dialect(
            encoding=encoding.removesuffix("-sig"),
            delimiter=found.delimiter,
            quote='"',
            escape="double",
            first_line=found.skip + 1,
            header_lines=int(found.header),
        ),
        names=tuple(names),
        rows=tuple(tuple(row) for row in rows[:ROWS_SHOWN]),
        kinds=tuple(_kind(cells) for cells in columns),
        missing=tuple(_missing_share(cells) for cells in columns),
        rows_seen=len(rows),
        whole=len(head) <= LOOKED_AT,
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
