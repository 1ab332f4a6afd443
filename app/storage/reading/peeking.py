"""The preview of a file, from its first bytes and without DuckDB."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Literal

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.storage.reading.dialect import repair_names
from app.storage.reading.formats import recognise
from app.storage.reading.kinds_of_cells import kind_of, missing_share
from app.storage.reading.text import find_layout, open_rows

ROWS_SHOWN = 20
ROWS_SEEN = 400
ROWS_AT_LEAST = 5
CELLS_SEEN = 40_000
# The first 400 lines of nearly any table lie within this; no more is unpacked for a first look.
HEAD_MB = 4
HEAD_BYTES = HEAD_MB << 20
TYPED_FORMATS = ("parquet", "netcdf")


def peek(request: dict[str, Any]) -> dict[str, Any]:
    """Return the first look at the file of a request, as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    file = recognise(request, head_mb=HEAD_MB)
    if file.format is not None:
        return _apply_choices(file.peek(), file.choices).model_dump(mode="json")
    look = look_at(file.unpacked.path, file.unpacked.packing, file.choices, request["limits"])
    notes = (*file.unpacked.notes, *look.notes)
    look = _apply_choices(look, file.choices)
    return look.model_copy(update={"dialect": file.packed(look.dialect), "notes": notes}).model_dump(mode="json")


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
        kinds=tuple(kind_of(cells) for cells in columns),
        missing=tuple(missing_share(cells) for cells in columns),
        rows_seen=len(rows),
        whole=is_whole,
        rejected=tuple(table.tally.rejected[:ROWS_SHOWN]),
        notes=tuple(notes[:ROWS_SHOWN]),
    )


def _apply_choices(look: Peek, choices: ReadingChoices) -> Peek:
    """Return the look with the columns as text that the user wants so; a format with types of its own keeps them."""
    answers = {
        column.column: column.read_as
        for column in choices.columns
        if column.read_as in ("text", "datetime") and column.column
    }
    if not answers or look.dialect.format in TYPED_FORMATS:
        return look
    kinds = zip(look.names, look.kinds, strict=True)
    return look.model_copy(
        update={"kinds": tuple(answers[name] if name in answers and kind != "empty" else kind for name, kind in kinds)}
    )
