"""Previews of tables in any format: first rows and the kind of each column."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from app.domain.analysis.import_options.import_choices import Peek
from app.storage.reading.dialect import LOOKED_AT, repair_names
from app.storage.reading.kinds_of_cells import kind_of, missing_share
from app.storage.reading.rows import ColumnTable, RowTable

ROWS_SHOWN = 20
NOTES_SHOWN = 20
CELL_SHOWN = 1000


def look_at_rows(table: RowTable, *, of: int | None = None) -> Peek:
    """Return the first look at a table of texts, from its first 400 rows, of as many as are known to be there."""
    rows = list(itertools.islice(table.rows, LOOKED_AT + 1))
    columns = list(zip(*rows[:LOOKED_AT], strict=True)) if rows else [()] * len(table.names)
    kinds = ["text" if index in table.texts and any(cells) else kind_of(cells) for index, cells in enumerate(columns)]
    shares = [missing_share(cells) for cells in columns]
    return _peek(
        table, rows, kinds=kinds, missing=shares, whole=len(rows) <= LOOKED_AT if of is None else len(rows) >= of
    )


def look_at_columns(table: ColumnTable, rows: Sequence[Sequence[str]]) -> Peek:
    """Return the first look at a table whose columns have types, with its first rows as texts."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.names)
    shares = [missing_share(cells) for cells in columns]
    return _peek(table, rows, kinds=table.storages, missing=shares, whole=table.rows <= len(rows))


def _peek(
    table: RowTable | ColumnTable,
    rows: Sequence[Sequence[str]],
    *,
    kinds: Sequence[str],
    missing: Sequence[float],
    whole: bool,
) -> Peek:
    names, repairs = repair_names(table.names, len(table.names))
    return Peek(
        dialect=table.dialect,
        names=tuple(names),
        rows=tuple(tuple(cell[:CELL_SHOWN] for cell in row) for row in rows[:ROWS_SHOWN]),
        kinds=tuple(kinds),
        missing=tuple(missing),
        rows_seen=min(len(rows), LOOKED_AT),
        whole=whole,
        rejected=tuple(table.tally.rejected),
        notes=tuple([*table.tally.notes, *repairs][:NOTES_SHOWN]),
    )
