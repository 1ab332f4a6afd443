"""From a file to a typed Parquet table and its profile. Rows read = rows kept + rows reported, checked at the end."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.analysis.choices import Dialect, ReadingChoices
from app.domain.analysis.profile import DatasetProfile, ImportReport
from app.storage.columnar import connect, literal
from app.storage.reading.bytes_in import check_kind, unpacked
from app.storage.reading.dialect import repair_names
from app.storage.reading.load import STAGE, Loaded, Plain, count_records, load
from app.storage.reading.profiling import TYPED, profile_table
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text import TextLayout, find_layout, open_rows
from app.storage.reading.typing_columns import FEW_ROWS, Typed, choose_types

MOST_REJECTED_SHARE = 0.2
NOTES_SHOWN = 60
SAMPLE_CELLS, SAMPLE_ROWS = 200_000, 400
COLUMNS_AT_ONCE, WIDE = 500, 2_000
MEMORY_SHARE, WIDE_MEMORY_SHARE = 0.6, 3.0
PARQUET = "data.parquet"
THREADS = 2
# Measured: with zstd the file is a fifth smaller and takes half as long again to write; larger dictionaries are tried
# on measured values for nothing.
ROW_GROUP, DICTIONARY = 122_880, 2_048
ENCODING_WORDS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}


@dataclass(frozen=True)
class Place:
    """Where a file is read: the connection, the one folder it may write to, and what the user and the limits say."""

    connection: Any
    folder: Path
    choices: ReadingChoices
    limits: dict[str, int]


@dataclass(frozen=True)
class Raw:
    """The rows in tables: their names as the file has them, how it was read, and what became of each row.

    A wide file lies in several tables side by side, because the database plans each query over all columns of a table.
    """

    names: list[str]
    dialect: Dialect
    tally: Tally
    tables: tuple[Loaded, ...]

    @property
    def source(self) -> str:
        """Return the SQL of the tables side by side, row by row."""
        return " POSITIONAL JOIN ".join(one.table for one in self.tables)


def read_table(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of a request; returns the profile as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    folder, limits, source = Path(request["folder"]), request["limits"], Path(request["source"])
    choices = ReadingChoices.model_validate(request.get("choices") or {})
    csv.field_size_limit(limits["cell_kb"] * 1024)
    with source.open("rb") as handle:
        head = handle.read(8192)
    check_kind(head, request["suffix"], tar=".tar" in request["suffix"])
    text_file = unpacked(source, folder, limits)
    if text_file != source:
        with text_file.open("rb") as handle:
            check_kind(handle.read(8192), "", tar=False)
    layout = find_layout(text_file, choices=choices, limits=limits)
    wide = layout.width > WIDE
    # Of many columns the database reserves a block each, which it hardly fills; what is truly used is watched apart.
    memory = max(256, int(limits["read_memory_mb"] * (WIDE_MEMORY_SHARE if wide else MEMORY_SHARE)))
    # Each thread that writes holds some two thousand rows of all columns.
    threads = 1 if wide else THREADS
    with connect(folder, memory_mb=memory, threads=threads, temporary=folder, file=text_file) as connection:
        place = Place(connection, folder, choices, limits)
        profile = _stored(place, _raw_of_text(place, text_file, layout))
    for leftover in ("unpacked", STAGE):
        (folder / leftover).unlink(missing_ok=True)
    return profile.to_json()


def _raw_of_text(place: Place, path: Path, layout: TextLayout) -> Raw:
    """Make a table of a text: at once where it is plain and every row fits, else row by row."""
    _refuse_too_wide(layout.width, place.limits)
    if layout.is_plain and len(layout.delimiter.encode()) == 1 and layout.width <= COLUMNS_AT_ONCE:
        plain = Plain(path, layout.width, layout.delimiter, layout.quote, layout.skip_lines)
        counted = count_records(plain)
        if not counted.unsure and counted.longest <= place.limits["cell_kb"] * 1024:
            _refuse_too_many(counted.records, layout.width, place.limits)
            loaded = load(place.connection, plain, layout.sample, counted, folder=place.folder, choices=place.choices)
            if loaded is not None:
                tally = Tally(kept=loaded.rows, notes=list(layout.notes))
                return Raw(list(layout.names), layout.as_dialect(), tally, (loaded,))
    return _raw_of_rows(place, open_rows(path, layout, choices=place.choices, limits=place.limits))


def _raw_of_rows(place: Place, table: RowTable) -> Raw:
    """Make tables of rows: they are written down in the plainest layout there is, which is then read at once."""
    width, sample = len(table.names), list[list[str]]()
    _refuse_too_wide(width, place.limits)
    starts = range(0, width, COLUMNS_AT_ONCE)
    paths = [place.folder / f"rows{start}.csv" for start in starts]
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("w", encoding="utf-8", newline="")) for path in paths]
        writers = [csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL) for file in files]
        for row in _taken(table, sample, place.limits):
            for start, writer in zip(starts, writers, strict=True):
                writer.writerow(row[start : start + COLUMNS_AT_ONCE])
    _refuse_if_useless(table.tally, width)
    tables = []
    for start, path in zip(starts, paths, strict=True):
        some = [row[start : start + COLUMNS_AT_ONCE] for row in sample]
        plain = Plain(path, min(COLUMNS_AT_ONCE, width - start), ",", '"', 0, "\n", f"raw{start or ''}", start)
        counted = count_records(plain)
        loaded = load(place.connection, plain, some, counted, folder=place.folder, choices=place.choices)
        path.unlink()
        if loaded is None or loaded.rows != table.tally.kept:
            stored = counted.records if loaded is None else loaded.rows
            message = f"{table.tally.kept:,} rows were read but {stored:,} were stored, so nothing was kept."
            raise RefusedError("conservation", message)
        tables.append(loaded)
    return Raw(list(table.names), table.dialect, table.tally, tuple(tables))


def _taken(table: RowTable, sample: list[list[str]], limits: dict[str, int]) -> Iterator[list[str]]:
    """Pass rows on, counting them against the limits; the first ones are kept as a sample."""
    width = len(table.names)
    most, tally = _most_rows(width, limits)[0], table.tally
    enough = min(SAMPLE_ROWS, max(20, SAMPLE_CELLS // width))
    for row in table.rows:
        tally.kept += 1
        if tally.kept > most:
            _refuse_too_many(tally.kept, width, limits)
        if len(sample) < enough:
            sample.append(row)
        yield row


def _most_rows(width: int, limits: dict[str, int]) -> tuple[int, str]:
    return min((limits["rows"], "rows"), (limits["cells"] // max(width, 1), "cells"))


def _refuse_too_many(rows: int, width: int, limits: dict[str, int]) -> None:
    most, limit = _most_rows(width, limits)
    if rows > most:
        message = f"It has more than {most:,} rows of {width:,} columns, which is the limit."
        raise over(limit, message, code="too_many_rows")


def _refuse_too_wide(width: int, limits: dict[str, int]) -> None:
    if width > limits["columns"]:
        message = f"It has {width:,} columns; the limit is {limits['columns']:,}."
        raise over("columns", message, code="too_many_columns")


def _refuse_if_useless(tally: Tally, width: int) -> None:
    total = tally.kept + tally.rejected_count
    if total == 0:
        word = "name" if width == 1 else "names"
        raise RefusedError("no_rows", f"It has {width:,} column {word} but no rows.")
    if tally.rejected_count > MOST_REJECTED_SHARE * total:
        line, reason = tally.rejected[0]
        message = (
            f"{tally.rejected_count:,} of {total:,} rows do not fit {width:,} columns; "
            f"the first is line {line:,}: {reason}"
        )
        raise RefusedError("ragged", message, line=line)


def _stored(place: Place, raw: Raw) -> DatasetProfile:
    """Type the tables, write them as one Parquet and describe it."""
    _refuse_if_useless(raw.tally, len(raw.names))
    connection, markers = place.connection, place.choices.markers
    names, repairs = repair_names(raw.names, len(raw.names))
    commas = (place.choices.decimal or ("." if raw.dialect.delimiter == "," else ",")) == ","
    typed = list[Typed]()
    for one in raw.tables:
        some = names[one.first : one.first + len(one.storages)]
        typed += choose_types(connection, one, names=some, markers=markers, commas=commas)
    select = ", ".join(f"{one.expression} AS {one.key}" for one in typed)
    # A view of very many columns is planned anew, all of them, for each question that is asked about a few.
    kind = "TABLE" if len(raw.tables) > 1 else "VIEW"
    connection.execute(f"CREATE {kind} {TYPED} AS SELECT {select}, {raw.tables[0].place} AS place FROM {raw.source}")
    left_out = _leave_out_copies(connection, typed) if place.choices.duplicates == "leave_out" else 0
    source = _written(connection, typed, place.folder / PARQUET, raw=raw, first_only=bool(left_out))
    report = _report(raw, typed, repairs=repairs, left_out=left_out)
    _check_conservation(connection, report, place.folder / PARQUET)
    return profile_table(connection, source, names=names, typed=typed, report=report, choices=place.choices)


def _leave_out_copies(connection: Any, typed: list[Typed]) -> int:
    """Note the place of the first row of each kind; return how many rows are copies of an earlier one."""
    keys = ", ".join(one.key for one in typed)
    connection.execute(f"CREATE TABLE firsts AS SELECT min(place) AS place FROM {TYPED} GROUP BY {keys}")
    return int(
        connection.execute(f"SELECT (SELECT count(*) FROM {TYPED}) - (SELECT count(*) FROM firsts)").fetchone()[0]
    )


def _written(connection: Any, typed: list[Typed], target: Path, *, raw: Raw, first_only: bool) -> str:
    """Write the typed columns as Parquet; return where they are quickest to read again."""
    keys = ", ".join(one.key for one in typed)
    rows = f"SELECT {keys} FROM {TYPED}"
    if first_only:
        rows += " WHERE place IN (SELECT place FROM firsts) ORDER BY place"
    most = max(16, min(DICTIONARY, raw.tally.kept // 2))
    how = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP}, DICTIONARY_SIZE_LIMIT {most}"
    connection.execute(f"COPY ({rows}) TO {literal(str(target))} ({how})")
    plain = all(one.expression in (one.key, f"{one.key}::BIGINT") for one in typed)
    here = plain or raw.tally.kept <= FEW_ROWS
    return TYPED if here and raw.tables[0].near and not first_only else f"read_parquet({literal(str(target))})"


def _check_conservation(connection: Any, report: ImportReport, target: Path) -> None:
    """Refuse where rows read are not rows kept, rejected and left out, or where the Parquet holds others."""
    found = connection.execute(f"SELECT count(*) FROM read_parquet({literal(str(target))})").fetchone()[0]
    accounted = found + report.rows_rejected + report.left_out
    if found != report.rows_kept or accounted != report.rows_read:
        message = f"{report.rows_read:,} rows were read but {accounted:,} can be accounted for, so nothing was kept."
        raise RefusedError("conservation", message)


def _report(raw: Raw, typed: list[Typed], *, repairs: list[str], left_out: int) -> ImportReport:
    tally, dialect = raw.tally, raw.dialect
    notes = [*tally.notes, *repairs[:NOTES_SHOWN]]
    if len(repairs) > NOTES_SHOWN:
        notes.append(f"{len(repairs) - NOTES_SHOWN:,} more names were repaired.")
    if tally.blank:
        notes.append(f"{tally.blank:,} blank lines were passed over.")
    if left_out:
        notes.append(f"{left_out:,} rows that are exact copies of earlier ones were left out, as you said.")
    for one, name in zip(typed, raw.names, strict=True):
        notes += [f"{name[:60]}: {note}" for note in one.notes]
    commas = any(one.decimal_comma for one in typed)
    if commas:
        notes.append("Numbers were read with a decimal comma.")
    if len(notes) > NOTES_SHOWN:
        notes = [*notes[:NOTES_SHOWN], f"and {len(notes) - NOTES_SHOWN:,} more notes."]
    return ImportReport(
        rows_read=tally.kept + tally.rejected_count,
        rows_kept=tally.kept - left_out,
        rows_rejected=tally.rejected_count,
        encoding=ENCODING_WORDS.get(dialect.encoding, dialect.encoding),
        delimiter=dialect.delimiter,
        decimal="," if commas else ".",
        quote=dialect.quote,
        skipped_lines=dialect.first_line - 1,
        rejected=tuple(tally.rejected),
        notes=tuple(notes),
        dialect=dialect.model_copy(update={"decimal": "," if commas else "."}),
        left_out=left_out,
    )
