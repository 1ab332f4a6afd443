"""Parquet files: checked by their metadata, then read by DuckDB."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.columnar import connect, literal
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import ROWS_SHOWN, look_at_columns
from app.storage.reading.formats.packing import link_file, scratch
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import ColumnTable, Tally

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
BATCH = 60
SAMPLED = 500
MEMORY_SHARE = 0.6
# What DuckDB says of files that are whole, but use what it cannot read.
UNSUPPORTED = ("not implemented", "unsupported", "not supported", "only supported")
WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
LARGE_NUMBERS = ("UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM")
NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "GEOMETRY", "INTERVAL")
# A date as the standard ISO 8601 writes it, alone or with a time.
ISO_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?Z?)?"


@dataclass(frozen=True)
class ParquetColumn:
    """One column of the file: its place there, its name, what it is stored as, and the SQL that makes it so."""

    place: int
    name: str
    storage: str
    expression: str
    given: str
    notes: tuple[str, ...] = ()

    @property
    def raw(self) -> str:
        """The column as the file has it, in SQL."""
        return f"r{self.place}"


def _is_parquet(head: bytes, suffix: str) -> bool:
    return head.startswith((MAGIC, ENCRYPTED))


@contextmanager
def explain_fault() -> Iterator[None]:
    """Turn what DuckDB says of a file that it cannot read into a sentence."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as fault:
        words = str(fault).lower()
        if "encrypt" in words:
            raise _is_encrypted() from None
        if isinstance(fault, duckdb.NotImplementedException) or any(word in words for word in UNSUPPORTED):
            message = "The Parquet file uses a type or packing that cannot be read. Write it again with plain types."
            raise RefusedError("unsupported_type", message) from None
        part = "its end is missing" if "magic bytes" in words else "it cannot be read to its end"
        raise RefusedError("damaged", f"The Parquet file is damaged: {part}.") from None


def _is_encrypted() -> RefusedError:
    return RefusedError("encrypted", "The Parquet file is encrypted. Write it again without encryption.")


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> ColumnTable:
    """Open the file as a table with types; every value that has to be looked at for them is looked at."""
    near = _link_file(path, folder)
    memory = max(256, int(limits["read_memory_mb"] * MEMORY_SHARE))
    with connect(folder, memory_mb=memory, threads=2, temporary=scratch(folder)) as connection, explain_fault():
        columns, count, tally = _describe_columns(connection, near, limits)
        source, rows = _source_sql(near, count), _count_rows(connection, near)
        columns = [
            settled
            for position in range(0, len(columns), BATCH)
            for settled in _settle_types(connection, source, columns[position : position + BATCH], limits)
        ]
    return _make_table(columns, source, rows, tally)


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file: its columns and first rows."""
    near = _link_file(path, folder)
    memory = max(256, int(limits["read_memory_mb"] * MEMORY_SHARE))
    with connect(folder, memory_mb=memory) as connection, explain_fault():
        columns, count, tally = _describe_columns(connection, near, limits)
        source = _source_sql(near, count)
        few = f"(SELECT * FROM {source} LIMIT {ROWS_SHOWN})"
        columns = [
            settled
            for position in range(0, len(columns), BATCH)
            for settled in _settle_types(connection, few, columns[position : position + BATCH], limits)
        ]
        table = _make_table(columns, source, _count_rows(connection, near), tally)
        texts = ", ".join(f"c{position}::VARCHAR" for position in range(len(columns)))
        result = connection.execute(f"SELECT {texts} FROM {table.sql} LIMIT {ROWS_SHOWN}").fetchall()
    rows = [["" if cell is None else cell.removesuffix(" 00:00:00") for cell in row] for row in result]
    return look_at_columns(table, rows)


def _link_file(path: Path, folder: Path) -> Path:
    """Return the file inside the folder that DuckDB may see, without copying it where the disk allows that."""
    return path if path.is_relative_to(folder) else link_file(path, folder, "source.parquet")


def _source_sql(near: Path, count: int) -> str:
    """Return the file as SQL that names its columns by their place, whatever the user calls them."""
    return f"read_parquet({literal(str(near))}) AS file({', '.join(f'r{position}' for position in range(count))})"


def _count_rows(connection: Any, near: Path) -> int:
    """Return the number of rows that the file says it has, without reading them."""
    result = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(near)]).fetchone()
    return int(result[0])


def _describe_columns(connection: Any, near: Path, limits: dict[str, int]) -> tuple[list[ParquetColumn], int, Tally]:
    """Return the columns that can be kept, how many there are in the file, and a tally that lists the others."""
    _refuse_encrypted(near)
    rows = _count_rows(connection, near)
    result = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(near)]).fetchall()
    if len(result) > limits["columns"]:
        message = f"It has {len(result):,} columns; the limit is {limits['columns']:,}."
        raise over_limit("columns", message, code="too_many_columns")
    most, limit = min((limits["rows"], "rows"), (limits["cells"] // max(len(result), 1), "cells"))
    if rows > most:
        message = f"It has {rows:,} rows of {len(result):,} columns; the limit is {most:,} rows."
        raise over_limit(limit, message, code="too_many_rows")
    typed = [_type_columns(index, str(name), str(kind)) for index, (name, kind, *_) in enumerate(result)]
    columns = [text for text in typed if isinstance(text, ParquetColumn)]
    tally, nested = Tally(), [text for text in typed if isinstance(text, str)]
    if nested:
        tally.notes.append(f"Left out, because they hold no single values: {format_list(nested)}.")
    if not columns:
        message = f"It has no column of single values, only nested ones: {format_list(nested)}."
        raise RefusedError("unsupported_type", message)
    if rows == 0:
        raise RefusedError("no_rows", f"It has {len(result):,} columns but no rows.")
    return columns, len(result), tally


def _refuse_encrypted(near: Path) -> None:
    with near.open("rb") as handle:
        handle.seek(-min(4, near.stat().st_size), os.SEEK_END)
        if handle.read(4) == ENCRYPTED:
            raise _is_encrypted()


def _type_columns(place: int, name: str, given: str) -> ParquetColumn | str:
    """Return the column with its plain type, or its name where a cell holds more than one value."""
    raw = f"r{place}"
    if given.endswith("]") or given.startswith(NESTED):
        return name
    storage, expression, notes = "text", f"{raw}::VARCHAR", ()
    if given == "BOOLEAN":
        storage, expression = "boolean", raw
    elif given in WHOLE_NUMBERS:
        storage, expression = "integer", f"{raw}::BIGINT"
    elif given in LARGE_NUMBERS or given.startswith("DECIMAL"):
        scale = re.search(r",\s*(\d+)\)$", given)
        whole = scale is None or scale[1] == "0"
        storage, expression = ("integer", f"TRY_CAST({raw} AS BIGINT)") if whole else ("number", f"{raw}::DOUBLE")
    elif given in ("FLOAT", "DOUBLE"):
        storage, expression = "number", f"CASE WHEN isfinite({raw}) THEN {raw}::DOUBLE END"
    elif given == "DATE" or given.startswith("TIMESTAMP"):
        zoned = given == "TIMESTAMP WITH TIME ZONE"
        moment = f"({raw} AT TIME ZONE 'UTC')" if zoned else f"TRY_CAST({raw} AS TIMESTAMP)"
        storage, expression = "datetime", f"CASE WHEN year({moment}) BETWEEN 1 AND 9999 THEN {moment} END"
        return ParquetColumn(place, name, storage, expression, given, ("times of a zone were turned to UTC.",) * zoned)
    return ParquetColumn(place, name, storage, expression, given, notes)


def _measure_sql(column: ParquetColumn) -> tuple[str, str, str]:
    """Return three facts in SQL that decide over a column: values, values that fit its type, length of the longest."""
    raw, kept = column.raw, f"count({column.expression})"
    if column.given == "BLOB":
        return f"count({raw})", f"count(TRY(decode({raw})))", f"max(octet_length({raw}))"
    return f"count({raw})", kept, f"max(strlen({column.expression}))" if column.storage == "text" else "NULL"


def _settle_types(
    connection: Any, source: str, columns: list[ParquetColumn], limits: dict[str, int]
) -> Iterator[ParquetColumn]:
    """Yield the columns with the type that all of their values have, and refuse cells that are too large."""
    facts = connection.execute(
        f"SELECT {', '.join(part for column in columns for part in _measure_sql(column))} FROM {source}"
    ).fetchone()
    for index, parquet_column in enumerate(columns):
        here, fitting, longest = facts[3 * index : 3 * index + 3]
        if (longest or 0) > limits["cell_kb"] * 1024:
            raise _large_cell(connection, source, parquet_column, int(longest), limits)
        yield _decide_type(connection, source, parquet_column, int(here), int(fitting))


def _large_cell(
    connection: Any, source: str, column: ParquetColumn, longest: int, limits: dict[str, int]
) -> RefusedError:
    size = f"strlen({column.raw}::VARCHAR)" if column.given != "BLOB" else f"octet_length({column.raw})"
    place = connection.execute(
        f"SELECT min(n) FROM (SELECT row_number() OVER () AS n, {size} AS bytes FROM {source}) WHERE bytes = {longest}"
    ).fetchone()[0]
    size_mb, most = longest / 2**20, limits["cell_kb"]
    message = f"Row {place:,}, column {column.name[:60]} holds {size_mb:,.1f} MB of text; the limit is {most:,} kB."
    return over_limit("cell_kb", message, code="cell_too_large")


def _decide_type(connection: Any, source: str, column: ParquetColumn, here: int, fitting: int) -> ParquetColumn:
    odd = here - fitting
    if column.given == "BLOB":
        if odd:
            return replace(column, notes=("bytes that are no text are shown as their numbers.",))
        column = replace(column, expression=f"decode({column.raw})")
    elif column.storage == "integer" and odd:
        notes = ("kept as text, because its whole numbers are too long to calculate with exactly.",)
        return replace(column, storage="text", expression=f"{column.raw}::VARCHAR", notes=notes)
    elif odd and column.storage in ("number", "datetime"):
        why = "not finite" if column.storage == "number" else "of no year between 1 and 9999"
        return replace(column, notes=(*column.notes, f"missing, because {why}: {pluralise(odd, 'value')}."))
    if column.storage != "text" or here == 0:
        return column
    column = replace(column, expression=f"nullif(trim({column.expression}), '')")
    return _convert_to_dates(connection, source, column) or column


def _convert_to_dates(connection: Any, source: str, column: ParquetColumn) -> ParquetColumn | None:
    """Return a column of texts as dates, if every one of them is a date in full."""
    moment = f"TRY_CAST({column.expression} AS TIMESTAMP)"
    matches = f"regexp_full_match({column.expression}, '{ISO_DATE}') AND year({moment}) BETWEEN 1 AND 9999"
    result = f"SELECT count({column.expression}), count(*) FILTER ({matches}) FROM "
    for some in (f"(SELECT {column.raw} FROM {source} LIMIT {SAMPLED})", source):
        texts, dates = connection.execute(result + some).fetchone()
        if texts != dates or texts == 0:
            return None
    return replace(
        column, storage="datetime", expression=moment, notes=("its texts are dates, and are read as dates.",)
    )


def _make_table(columns: list[ParquetColumn], source: str, rows: int, tally: Tally) -> ColumnTable:
    select = ", ".join(f"{parquet_column.expression} AS c{index}" for index, parquet_column in enumerate(columns))
    tally.notes += [f"{column.name[:60]}: {note}" for column in columns for note in column.notes]
    names, storages = [column.name for column in columns], [column.storage for column in columns]
    return ColumnTable(names, f"(SELECT {select} FROM {source})", storages, rows, Dialect(format="parquet"), tally)


FORMAT = Format("parquet", "a Parquet file", (".parquet", ".pq"), _is_parquet, open_table, peek)
