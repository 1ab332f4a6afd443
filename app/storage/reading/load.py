"""From plain text on disk to the table `raw`: read by DuckDB with the types a sample promises, and held to them.

A promise is only ever a short cut: where any value of the whole file breaks it, that column is read again as text and
decided by all of its values.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from app.domain.analysis.choices import ReadingChoices
from app.storage.columnar import faults, literal
from app.storage.reading.meaning import MISSING_WORDS
from app.storage.reading.scan import Scan, scan

SQL_TYPES = {"text": "VARCHAR", "integer": "DOUBLE", "number": "DOUBLE", "datetime": "TIMESTAMP"}
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})?(\.[0-9]+|(?<=[0-9])\.)([eE][+-]?[0-9]{1,3})?")
PLAIN_DATE = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?")
MISSING = frozenset("".join(one) for word in MISSING_WORDS for one in product(*((ch, ch.upper()) for ch in word)))
NUMBERS = ("integer", "number")
CELLS_LOOKED_AT = 200_000
PLACES, PLACE_BYTES = 8, 1 << 16
MOST_CELLS_NEAR = 40_000_000
BATCH = 500
ATTEMPTS = 4
LONGEST_LINE = 2_097_152
LARGEST_WHOLE = 2.0**53
STAGE = "stage.parquet"


@dataclass(frozen=True)
class Plain:
    """A file that DuckDB can read as it is: UTF-8, a one-byte separator, quotes doubled, no ragged rows."""

    path: Path
    width: int
    delimiter: str
    quote: str
    skip_lines: int
    newline: str = ""


@dataclass(frozen=True)
class Loaded:
    """The table `raw` with the columns c0, c1, … and what each is stored as, where its promise held; else "text".

    A table too large for memory is a view on a Parquet file in the folder.
    """

    storages: tuple[str, ...]
    rows: int
    near: bool

    @property
    def place(self) -> str:
        """Return the SQL that orders the rows as the file does."""
        return "rowid" if self.near else "file_row_number"


def look(path: Path) -> tuple[list[str], ...]:
    """Return lines from several places of a file, so that what changes further down is known before it is read."""
    size = path.stat().st_size
    if size <= 2 * PLACES * PLACE_BYTES:
        return ()
    places = []
    with path.open("rb") as handle:
        for at in range(1, PLACES + 1):
            handle.seek(min(at * size // PLACES, size - PLACE_BYTES))
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
    """Make `raw` of a file, or return None where its bytes and the reader do not agree on every row.

    Parameters
    ----------
    connection, folder
        Where `raw` is made, and where it lies when it is too large for memory.
    plain, sample
        The file, and its first rows.
    counted
        What its bytes say; the table is held to it.
    choices
        What the user said: a decimal comma and words that mean themselves leave no short cut.
    """
    if counted.unsure:
        return None
    rows = _rows_looked_at(plain, sample)
    absent = MISSING - {
        marker.value.strip() for marker in choices.markers if marker.value and marker.meaning == "value"
    }
    storages = [_promise({row[at].strip() for row in rows} - absent) for at in range(plain.width)]
    for at, one in enumerate(storages):
        # A column with a site number anywhere is read as text, which alone can tell what it holds.
        if (one in NUMBERS and at in counted.codes) or (one == "number" and choices.decimal == ","):
            storages[at] = "text"
    words = {cell for row in rows for cell in row if cell in absent}
    near = counted.records * plain.width <= MOST_CELLS_NEAR
    for attempt in range(ATTEMPTS):
        if attempt == ATTEMPTS - 1:
            storages = ["text"] * plain.width
        broken = _attempt(connection, _source(plain, storages, words, counted), near=near, folder=folder)
        if broken is None:
            return None
        if not broken:
            loaded = _checked(connection, storages, counted, near=near)
            kept = loaded and [SQL_TYPES[one] for one in loaded.storages]
            if loaded is None or kept == [SQL_TYPES[one] for one in storages]:
                return loaded
            storages = list(loaded.storages)
        storages = ["text" if f"c{at}" in broken else one for at, one in enumerate(storages)]
    return None


def _rows_looked_at(plain: Plain, sample: Sequence[list[str]]) -> list[list[str]]:
    rows = list(sample[: max(20, CELLS_LOOKED_AT // max(plain.width, 1))])
    for lines in look(plain.path):
        rows += [row for row in _parsed(lines, plain) if len(row) == plain.width]
    return rows


def _parsed(lines: Iterable[str], plain: Plain) -> Iterable[list[str]]:
    if not plain.quote:
        return csv.reader(lines, delimiter=plain.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=plain.delimiter, quotechar=plain.quote)


def _promise(held: set[str]) -> str:
    """Return what every one of these values agrees with."""
    if not held:
        return "text"
    if all(WHOLE.fullmatch(cell) for cell in held):
        return "integer"
    if all(WHOLE.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in held):
        return "number"
    return "datetime" if all(PLAIN_DATE.fullmatch(cell) for cell in held) else "text"


def _source(plain: Plain, storages: list[str], words: set[str], counted: Scan) -> str:
    columns = ", ".join(f"'c{at}': '{SQL_TYPES[one]}'" for at, one in enumerate(storages))
    nulls = ", ".join(literal(word) for word in sorted({"", *words}))
    newline = "\\r\\n" if counted.returns else "\\n"
    return (
        f"read_csv({literal(str(plain.path))}, columns={{{columns}}}, header=false, skip={plain.skip_lines}, "
        f"delim={literal(plain.delimiter)}, quote={literal(plain.quote)}, escape={literal(plain.quote)}, "
        f"auto_detect=false, strict_mode=true, max_line_size={max(LONGEST_LINE, 2 * counted.longest)}, "
        f"new_line='{newline}', nullstr=[{nulls}])"
    )


def _attempt(connection: Any, source: str, *, near: bool, folder: Path) -> set[str] | None:
    """Read the file; return the columns that broke their promise, or None where the rows themselves do not fit."""
    conversion, bad_input = faults()
    try:
        if near:
            connection.execute(f"CREATE OR REPLACE TABLE raw AS SELECT * FROM {source}")
        else:
            stage = literal(str(folder / STAGE))
            connection.execute(f"COPY (SELECT * FROM {source}) TO {stage} (FORMAT parquet, COMPRESSION snappy)")
            connection.execute(
                f"CREATE OR REPLACE VIEW raw AS SELECT * FROM read_parquet({stage}, file_row_number=true)"
            )
    except conversion as fault:
        return set(re.findall(r'converting column "(c[0-9]+)"', str(fault))) or None
    except bad_input:
        return None
    return set()


def _checked(connection: Any, storages: list[str], counted: Scan, *, near: bool) -> Loaded | None:
    """Hold the table to the count of its bytes, and each column to values that mean the same in any reading."""
    rows = int(connection.execute("SELECT count(*) FROM raw").fetchone()[0])
    if rows != counted.records:
        return None
    kept = storages[:]
    for start in range(0, len(storages), BATCH):
        places = [at for at in range(start, min(start + BATCH, len(storages))) if storages[at] != "text"]
        parts = [_plainness(f"c{at}", storages[at]) for at in places]
        found = connection.execute(f"SELECT {', '.join(parts)} FROM raw").fetchone() if parts else ()
        for at, plain in zip(places, found, strict=True):
            kept[at] = _kept(storages[at], plain)
    return Loaded(tuple(kept), rows, near)


def _kept(storage: str, plain: int | None) -> str:
    if plain is None or plain == 0:
        return storage if plain is None else "text"
    return "number" if storage == "integer" and plain == 1 else storage


def _plainness(key: str, storage: str) -> str:
    """Return SQL that is 2 where all values are plainly of this storage, 1 where decimals came in, 0 where others."""
    if storage == "datetime":
        return (
            f"CASE WHEN count({key}) = 0 THEN NULL WHEN min({key}) >= TIMESTAMP '1000-01-01' "
            f"AND max({key}) < TIMESTAMP '9999-12-31 23:59:59' THEN 2 ELSE 0 END"
        )
    if storage == "number":
        return f"min(CASE WHEN {key} IS NULL THEN NULL WHEN isfinite({key}) THEN 2 ELSE 0 END)"
    # Whole numbers past this size are no longer exact as floating point.
    return (
        f"min(CASE WHEN {key} IS NULL THEN NULL WHEN NOT abs({key}) < {LARGEST_WHOLE:.0f} THEN 0 "
        f"WHEN {key} = trunc({key}) THEN 2 ELSE 1 END)"
    )


def count_records(plain: Plain) -> Scan:
    """Return what the bytes of the file say."""
    return scan(
        plain.path, skip_lines=plain.skip_lines, delimiter=plain.delimiter, quote=plain.quote, newline=plain.newline
    )
