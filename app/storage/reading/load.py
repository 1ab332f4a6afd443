"""Fast loading of plain text by DuckDB, with types guessed from a sample and verified on every row.

A promise is only ever a short cut: where any value of the whole file breaks it, that column is read again as text and
decided by all of its values.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.columnar import duckdb_faults, literal
from app.storage.reading.column_overrides import MISSING_WORDS
from app.storage.reading.scan import Scan, scan
from app.storage.reading.zones import may_carry_zones

SQL_TYPES = {"text": "VARCHAR", "integer": "DOUBLE", "number": "DOUBLE", "datetime": "TIMESTAMP"}
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})?(\.[0-9]+|(?<=[0-9])\.)([eE][+-]?[0-9]{1,3})?")
PLAIN_DATE = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?")
MISSING = frozenset("".join(row) for word in MISSING_WORDS for row in product(*((ch, ch.upper()) for ch in word)))
NUMBERS = ("integer", "number")
CELLS_LOOKED_AT = 200_000
PLACES, PLACE_BYTES = 8, 1 << 16
MAX_CELLS_NEAR = 40_000_000
BATCH = 500
ATTEMPTS = 4
MAX_LINE = 2_097_152
MAX_WHOLE = 2.0**53
EARLIEST, LATEST = "1000-01-01", "9999-12-31 23:59:59"
STAGE = "stage.parquet"
NOT_WHOLE = "not a whole number: "
# Larger dictionaries are tried on measured values for nothing, which takes half as long again.
DICTIONARY = 2_048
# Measured: with zstd the file is a fifth smaller and takes half as long again to write.
ROW_GROUP = 122_880


@dataclass(frozen=True)
class Plain:
    """A file that DuckDB can read as it is: UTF-8, a one-byte separator, quotes doubled, no ragged rows.

    It becomes `table`, whose columns are named by their places, beginning with `first`. The columns `texts` stay what
    they are, because the format says that they are codes. Rows that repeat a line of `header` are no rows, nor are
    those of separators alone unless it `keeps_empty_rows`.
    """

    path: Path
    width: int
    delimiter: str
    quote: str
    skip_lines: int
    newline: str = ""
    table: str = "raw"
    first: int = 0
    texts: frozenset[int] = frozenset()
    header: tuple[tuple[str, ...], ...] = ()
    keeps_empty_rows: bool = True


@dataclass(frozen=True)
class Loaded:
    """A table with the columns c0, c1, … (or on from `first`), each as its promise said where that held; else as text.

    A table too large for memory is a view on a Parquet file in the folder. `texts` are texts whatever they look like;
    where the table `is_typed`, its storages are those that its format gave, and `table` is any SQL.
    """

    storages: tuple[str, ...]
    rows: int
    near: bool
    table: str = "raw"
    first: int = 0
    texts: frozenset[int] = frozenset()
    is_typed: bool = False

    @property
    def place(self) -> str:
        """Return the SQL that orders the rows as the file does."""
        if self.is_typed:
            return "row_number() OVER ()"
        return f"{self.table}.rowid" if self.near else "file_row_number"


def look(path: Path) -> tuple[list[str], ...]:
    """Return lines from several places of a file, so that what changes further down is known before it is read."""
    size = path.stat().st_size
    if size <= 2 * PLACES * PLACE_BYTES:
        return ()
    places = []
    with path.open("rb") as handle:
        for position in range(1, PLACES + 1):
            handle.seek(min(position * size // PLACES, size - PLACE_BYTES))
            text = handle.read(PLACE_BYTES).decode("utf-8", "replace")
            places.append(text.splitlines()[1:-1])
    return tuple(places)


def load(
    connection: Any,
    plain: Plain,
    sample: Sequence[list[str]],
    counted: Scan,
    *,
    folder: Path,
    choices: ReadingChoices,
) -> Loaded | None:
    """Make a table of a file, or return None where its bytes and the reader do not agree on every row.

    Parameters
    ----------
    connection, folder
        Where the table is made, and where it lies when it is too large for memory.
    plain, sample
        The file, and its first rows.
    counted, choices
        What its bytes say, to which the table is held, and what the user said.
    """
    if counted.unsure:
        return None
    promised, words = _agreed_types(plain, sample, counted, choices)
    near, storages = counted.records * plain.width <= MAX_CELLS_NEAR, promised
    stage = None if near else Stage(folder / STAGE, counted.records)
    for attempt in range(ATTEMPTS):
        if attempt == ATTEMPTS - 1:
            storages = ["text"] * plain.width
        broken = _try_load(connection, _source_sql(plain, storages, words, counted), plain, storages, stage)
        if broken is None:
            return None
        if not broken:
            loaded = _check_promises(connection, plain, _storage_types(promised, storages), counted, near=near)
            kept = loaded and [SQL_TYPES[storage] for storage in loaded.storages]
            if loaded is None or kept == [SQL_TYPES[storage] for storage in storages]:
                return loaded
            storages = list(loaded.storages)
        storages = [broken.get(f"c{plain.first + index}", text) for index, text in enumerate(storages)]
    return None


def _agreed_types(
    plain: Plain, sample: Sequence[list[str]], counted: Scan, choices: ReadingChoices
) -> tuple[list[str], set[str]]:
    """Return the type that the first rows and some further down agree on for each column, with its missing words."""
    rows = _rows_looked_at(plain, sample)
    absent = MISSING - {
        marker.value.strip() for marker in choices.markers if marker.value and marker.meaning == "value"
    }
    storages = [_agreed_type({row[position].strip() for row in rows} - absent) for position in range(plain.width)]
    if "datetime" in storages and may_carry_zones(plain.path):
        storages = ["text" if storage == "datetime" else storage for storage in storages]
    for index, text in enumerate(storages):
        # A column with a site number anywhere is read as text, which alone can tell what it holds.
        is_code = index in plain.texts or (text in NUMBERS and index in counted.codes)
        if is_code or (text == "number" and choices.decimal == ","):
            storages[index] = "text"
    # Where there are texts, "NA" may be one of them, and must stay to be asked about.
    words = set() if "text" in storages else {cell for row in rows for cell in row if cell in absent}
    return storages, words


def _rows_looked_at(plain: Plain, sample: Sequence[list[str]]) -> list[list[str]]:
    rows = [row for row in sample[: max(20, CELLS_LOOKED_AT // plain.width)] if len(row) == plain.width]
    for lines in look(plain.path):
        rows += [row for row in _parse_column(lines, plain) if len(row) == plain.width]
    return rows


def _parse_column(lines: Iterable[str], plain: Plain) -> Iterable[list[str]]:
    if not plain.quote:
        return csv.reader(lines, delimiter=plain.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=plain.delimiter, quotechar=plain.quote)


def _agreed_type(current_values: set[str]) -> str:
    """Return the type that every one of these values agrees with."""
    if not current_values:
        return "text"
    if all(WHOLE.fullmatch(cell) for cell in current_values):
        return "integer"
    if all(WHOLE.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in current_values):
        return "number"
    return "datetime" if all(PLAIN_DATE.fullmatch(cell) for cell in current_values) else "text"


def _source_sql(plain: Plain, storages: list[str], words: set[str], counted: Scan) -> str:
    columns = ", ".join(f"'c{index}': '{SQL_TYPES[storage]}'" for index, storage in enumerate(storages, plain.first))
    nulls = ", ".join(literal(word) for word in sorted({"", *words}))
    newline = "\\r\\n" if counted.returns else "\\n"
    return (
        f"read_csv({literal(str(plain.path))}, columns={{{columns}}}, header=false, skip={plain.skip_lines}, "
        f"delim={literal(plain.delimiter)}, quote={literal(plain.quote)}, escape={literal(plain.quote)}, "
        f"auto_detect=false, strict_mode=true, max_line_size={max(MAX_LINE, 2 * counted.longest)}, "
        f"new_line='{newline}', nullstr=[{nulls}])"
    )


def _storage_types(promised: list[str], storages: list[str]) -> list[str]:
    """Return the type that numbers are held to: a whole one that is not may be too large to be exact."""
    return [first if storage in NUMBERS else storage for first, storage in zip(promised, storages, strict=True)]


@dataclass(frozen=True)
class Stage:
    """Where a table lies that is too large for memory, and how many rows it will have."""

    path: Path
    rows: int


def _try_load(
    connection: Any, source: str, plain: Plain, storages: list[str], stage: Stage | None
) -> dict[str, str] | None:
    """Read the file, into memory or to `stage`.

    Returns the columns that broke their promise with what to read them as, or None where the rows do not fit.
    """
    conversion, bad_input = duckdb_faults()
    try:
        if stage is None:
            connection.execute(f"CREATE OR REPLACE TABLE {plain.table} AS SELECT * FROM {source}")
        else:
            place = literal(str(stage.path))
            columns = ", ".join(
                _write_stage(f"c{index}", storage) for index, storage in enumerate(storages, plain.first)
            )
            connection.execute(f"COPY (SELECT {columns} FROM {source}) TO {place} ({as_parquet(stage.rows)})")
            connection.execute(
                f"CREATE OR REPLACE VIEW {plain.table} AS SELECT * FROM read_parquet({place}, file_row_number=true)"
            )
    except conversion as fault:
        return dict.fromkeys(re.findall(r'converting column "(c[0-9]+)"', str(fault)), "text") or None
    except bad_input as fault:
        return dict.fromkeys(re.findall(f"{NOT_WHOLE}(c[0-9]+)", str(fault)), "number") or None
    return {}


def as_parquet(rows: int) -> str:
    """Return the SQL of how so many rows are written."""
    most = max(16, min(DICTIONARY, rows // 2))
    return f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP}, DICTIONARY_SIZE_LIMIT {most}"


def _write_stage(key: str, storage: str) -> str:
    """Return a column as it is stored in the end, so that a large file need not be written a second time."""
    if storage != "integer":
        return key
    fits = f"{key} = trunc({key}) AND abs({key}) < {MAX_WHOLE:.0f}"
    return (
        f"CASE WHEN {key} IS NULL THEN NULL WHEN {fits} THEN {key}::BIGINT ELSE error('{NOT_WHOLE}{key}') END AS {key}"
    )


def _check_promises(connection: Any, plain: Plain, storages: list[str], counted: Scan, *, near: bool) -> Loaded | None:
    """Hold the table to the count of its bytes, and each column to values that mean the same in any reading."""
    rows = int(connection.execute(f"SELECT count(*) FROM {plain.table}").fetchone()[0])
    if (
        rows != counted.records
        or _repeats_names(connection, plain, storages)
        or _has_empty(connection, plain, storages)
    ):
        return None
    kept = storages[:]
    for start in range(0, len(storages), BATCH):
        places = [
            position for position in range(start, min(start + BATCH, len(storages))) if storages[position] != "text"
        ]
        parts = [
            sql for position in places for sql in _storage_bounds(f"c{plain.first + position}", storages[position])
        ]
        result = iter(connection.execute(f"SELECT {', '.join(parts)} FROM {plain.table}").fetchone() if parts else ())
        for place in places:
            kept[place] = _kept_rows(storages[place], next(result), next(result))
    return Loaded(tuple(kept), rows, near, plain.table, plain.first, plain.texts)


def _repeats_names(connection: Any, plain: Plain, storages: list[str]) -> bool:
    """Return whether some row holds the names again, which only reading row by row reports."""
    keys = [f"c{position}" for position in range(plain.first, plain.first + plain.width)]
    results = []
    for line in plain.header:
        current = zip(keys, line, storages, strict=False)
        same = [f"{key} = {literal(cell)}" for key, cell, text in current if text == "text" and cell]
        results += [" AND ".join(same)] if same else []
    if not results:
        return False
    query = f"SELECT 1 FROM {plain.table} WHERE {' OR '.join(f'({text})' for text in results)} LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _has_empty(connection: Any, plain: Plain, storages: list[str]) -> bool:
    """Return whether some row holds nothing, which only reading row by row passes over."""
    if plain.keeps_empty_rows:
        return False
    keys = [f"c{position}" for position in range(plain.first, plain.first + plain.width)]
    tests = (
        f"({key} IS NULL OR trim({key}) = '')" if storage == "text" else f"{key} IS NULL"
        for key, storage in zip(keys, storages, strict=True)
    )
    query = f"SELECT 1 FROM {plain.table} WHERE {' AND '.join(tests)} LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _storage_bounds(key: str, storage: str) -> tuple[str, str]:
    """Return SQL for what tells whether all values are plainly of this storage."""
    if storage == "datetime":
        return f"min({key})::VARCHAR", f"max({key})::VARCHAR"
    return f"max(abs({key}))::DOUBLE", f"bool_or({key} <> trunc({key}::DOUBLE))"


def _kept_rows(storage: str, first: Any, second: Any) -> str:
    """Return the storage that the bounds leave; none are there where no value is."""
    if first is None:
        return storage
    if storage == "datetime":
        # A year of two digits would be one of the first century, and "infinity" is the last moment there is.
        return "datetime" if first >= EARLIEST and second < LATEST else "text"
    if storage == "number":
        return "number" if first < math.inf else "text"
    # Whole numbers past this size are no longer exact as floating point.
    return "text" if not first < MAX_WHOLE else "number" if second else "integer"


def count_records(plain: Plain) -> Scan:
    """Return the number of records by the bytes of the file."""
    return scan(
        plain.path, skip_lines=plain.skip_lines, delimiter=plain.delimiter, quote=plain.quote, newline=plain.newline
    )
