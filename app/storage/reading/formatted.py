"""From the table of a format to a typed Parquet file and its profile."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.domain.analysis.profile import DatasetProfile, ImportReport
from app.storage.columnar import connect, literal
from app.storage.reading.absent import count_absent_words
from app.storage.reading.dialect import repair_names
from app.storage.reading.formats.parquet import explained
from app.storage.reading.profiling import profile_table
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.rows import ColumnTable, RowTable, Tally
from app.storage.reading.typing_columns import MISSING_SQL, Typed, choose_types

MOST_REJECTED_SHARE = 0.2
NOTES_SHOWN = 60
STORED_AS = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"


def store_formatted(table: RowTable | ColumnTable, folder: Path, limits: dict[str, int]) -> DatasetProfile:
    """Store the rows of a table as data.parquet in the folder, and return their profile.

    Raises
    ------
    RefusedError
        With code, status and sentence; nothing is kept then.
    """
    names, repairs = repair_names(table.names, len(table.names))
    table.tally.notes += repairs
    if isinstance(table, RowTable):
        _written(table, len(names), folder / "rows.csv", limits)
        _refuse_if_useless(table.tally, len(names))
    memory = max(256, int(limits["read_memory_mb"] * 0.6))
    target = folder / "data.parquet"
    with connect(folder, memory_mb=memory, threads=2, temporary=folder) as connection, explained():
        if isinstance(table, RowTable):
            typed = _typed_texts(connection, table, names, folder / "rows.csv", limits)
            select = f"SELECT {', '.join(f'{one.expression} AS {one.key}' for one in typed)} FROM raw"
            absent = count_absent_words(connection, typed)
        else:
            typed = [Typed(f"c{at}", storage, f"c{at}") for at, storage in enumerate(table.storages)]
            select, absent = f"SELECT * FROM {table.sql}", {}
        connection.execute(f"COPY ({select}) TO {literal(str(target))} ({STORED_AS})")
        connection.execute("DROP TABLE IF EXISTS raw")
        stored = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(target)]).fetchone()[0]
        _refuse_if_lost(table, int(stored))
        _refuse_impossible_dates(connection, target, typed)
        report = _report(table, typed, names)
        return profile_table(connection, target, names=names, typed=typed, report=report, absent=absent)


def _written(table: RowTable, width: int, target: Path, limits: dict[str, int]) -> None:
    if width > limits["columns"]:
        message = f"It has {width:,} columns; the limit is {limits['columns']:,}."
        raise over("columns", message, code="too_many_columns")
    with target.open("w", encoding="utf-8", errors="replace", newline="") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows(_limited(table, width, limits))


def _limited(table: RowTable, width: int, limits: dict[str, int]) -> Iterator[list[str]]:
    most, limit = min((limits["rows"], "rows"), (limits["cells"] // max(width, 1), "cells"))
    for row in table.rows:
        table.tally.kept += 1
        if table.tally.kept > most:
            message = f"It has more than {most:,} rows of {width:,} columns, which is the limit."
            raise over(limit, message, code="too_many_rows")
        yield [cell.replace("\x00", "") for cell in row] if any("\x00" in cell for cell in row) else row


def _refuse_if_useless(tally: Tally, width: int) -> None:
    total = tally.kept + tally.rejected_count
    if total == 0:
        word = "name" if width == 1 else "names"
        raise RefusedError("no_rows", f"It has {width:,} column {word} but no rows.")
    if tally.rejected_count > MOST_REJECTED_SHARE * total:
        line, reason = tally.rejected[0]
        message = f"{tally.rejected_count:,} of {total:,} rows cannot be read; the first is line {line:,}: {reason}"
        raise RefusedError("ragged", message, line=line)


def _typed_texts(connection: Any, table: RowTable, names: list[str], rows: Path, limits: dict[str, int]) -> list[Typed]:
    keys = [f"c{at}" for at in range(len(names))]
    types = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in keys)
    connection.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv(?, columns={{{types}}}, header=false, delim=',', quote='\"', "
        "escape='\"', new_line='\\n', auto_detect=false, strict_mode=true, max_line_size=?, nullstr='')",
        [str(rows), max(2_097_152, limits["cell_kb"] * 1024 * 8)],
    )
    typed = choose_types(connection, keys, names, decimal_comma=False)
    return [_as_text(one) if at in table.texts else one for at, one in enumerate(typed)]


def _as_text(one: Typed) -> Typed:
    expression = f"CASE WHEN {MISSING_SQL.format(c=one.key)} THEN NULL ELSE {one.key} END"
    return replace(one, storage="text", expression=expression, notes=())


def _refuse_if_lost(table: RowTable | ColumnTable, stored: int) -> None:
    promised = table.tally.kept if isinstance(table, RowTable) else table.rows
    if stored != promised:
        message = f"{promised:,} rows were read but {stored:,} were stored, so nothing was kept."
        raise RefusedError("conservation", message)
    table.tally.kept = stored


def _refuse_impossible_dates(connection: Any, target: Path, typed: list[Typed]) -> None:
    """Refuse dates of no year, which only a file has whose own account of its least and greatest value is wrong.

    DuckDB believes that account, and leaves out a test on years that could never fail by it.
    """
    years = [f"year(min({one.key})), year(max({one.key}))" for one in typed if one.storage == "datetime"]
    if not years:
        return
    found = connection.execute(f"SELECT {', '.join(years)} FROM read_parquet({literal(str(target))})").fetchone()
    if any(year is not None and not 1 <= year <= 9999 for year in found):
        raise RefusedError("damaged", "The file is damaged: its own account of its dates is wrong.")


def _report(table: RowTable | ColumnTable, typed: list[Typed], names: list[str]) -> ImportReport:
    tally = table.tally
    notes = tally.notes + [f"{name[:60]}: {note}" for one, name in zip(typed, names, strict=True) for note in one.notes]
    if tally.blank:
        notes.append(f"{tally.blank:,} blank lines were passed over.")
    if len(notes) > NOTES_SHOWN:
        notes = [*notes[:NOTES_SHOWN], f"and {len(notes) - NOTES_SHOWN:,} more notes."]
    return ImportReport(
        rows_read=tally.kept + tally.rejected_count,
        rows_kept=tally.kept,
        rows_rejected=tally.rejected_count,
        encoding=table.dialect.encoding,
        delimiter=table.dialect.delimiter,
        decimal=".",
        rejected=tuple(tally.rejected),
        notes=tuple(notes),
        dialect=table.dialect,
    )
