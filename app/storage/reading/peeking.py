"""The first look at a file: how it would be read and its first rows, from its head alone and without DuckDB."""

from __future__ import annotations

import csv
import itertools
from typing import Any

from app.domain.analysis.choices import Dialect, Peek
from app.storage.reading.bytes_in import find_encoding, lines_of
from app.storage.reading.dialect import LOOKED_AT, find_dialect, record_at, repair_names
from app.storage.reading.formats import recognise
from app.storage.reading.kinds_of_cells import kind_of, missing_share
from app.storage.reading.refusals import RefusedError

ROWS_SHOWN = 20
# The first 400 lines of any table lie within this; what is unpacked for a first look is no more.
HEAD_MB = 8


def peek(request: dict[str, Any]) -> dict[str, Any]:
    """Return the first look at the file of a request, as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    limits = request["limits"]
    csv.field_size_limit(limits["cell_kb"] * 1024)
    found = recognise(request, head_mb=HEAD_MB)
    if found.format is not None:
        return found.peek().model_dump(mode="json")
    text_file = found.unpacked.path
    encoding = find_encoding(text_file)
    head = list(itertools.islice(lines_of(text_file, encoding, limits), LOOKED_AT + 1))
    if not any(line.strip("\ufeff \t\r\n,;") for line in head):
        raise RefusedError("empty_file", "The file is empty.")
    look = _looked_at(head, encoding)
    look = look.model_copy(
        update={"dialect": found.packed(look.dialect), "notes": (*found.unpacked.notes, *look.notes)}
    )
    return look.model_dump(mode="json")


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
        kinds=tuple(kind_of(cells) for cells in columns),
        missing=tuple(missing_share(cells) for cells in columns),
        rows_seen=len(rows),
        whole=len(head) <= LOOKED_AT,
        notes=tuple(notes[:ROWS_SHOWN]),
    )
