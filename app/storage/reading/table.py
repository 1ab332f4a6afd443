"""From text to a typed Parquet table and its profile. Rows read = rows kept + rows reported, checked at the end."""

from __future__ import annotations

import csv
import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.analysis.profile import DatasetProfile, ImportReport
from app.storage.columnar import connect, literal
from app.storage.reading.absent import count_absent_words
from app.storage.reading.bytes_in import find_encoding, lines_of
from app.storage.reading.dialect import LOOKED_AT, Dialect, find_dialect, record_at, repair_names
from app.storage.reading.formats import SCRATCH, recognise
from app.storage.reading.formatted import store_formatted
from app.storage.reading.profiling import profile_table
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.typing_columns import Typed, choose_types

SHOWN_REJECTED = 50
MOST_REJECTED_SHARE = 0.2
NOTES_SHOWN = 60


@dataclass
class Reading:
    """What happened while the rows were read."""

    names: list[str]
    dialect: Dialect
    encoding: str
    first_line: int
    kept: int = 0
    rejected_count: int = 0
    blank: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        """Count a row that does not fit; the first ones are listed with their line."""
        self.rejected_count += 1
        if len(self.rejected) < SHOWN_REJECTED:
            self.rejected.append((line, reason))


def read_table(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of a request; returns the profile as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    folder, limits = Path(request["folder"]), request["limits"]
    csv.field_size_limit(limits["cell_kb"] * 1024)
    found = recognise(request)
    if found.format is not None:
        profile = store_formatted(found.open(), folder, limits)
    else:
        text_file = found.unpacked.path
        reading = _normalise(text_file, find_encoding(text_file), folder, limits)
        reading.notes[:0] = found.unpacked.notes
        profile = _store(reading, folder, limits)
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    (folder / "rows.csv").unlink(missing_ok=True)
    return profile.to_json()


def _normalise(text_file: Path, encoding: str, folder: Path, limits: dict[str, int]) -> Reading:
    lines = lines_of(text_file, encoding, limits)
    head = list(itertools.islice(lines, LOOKED_AT))
    if not any(line.strip("\ufeff \t\r\n,;") for line in head):
        raise RefusedError("empty_file", "The file is empty.")
    dialect = find_dialect([line.rstrip("\r\n") + "\n" for line in head])
    names, first = _names(head, dialect)
    if len(names) > limits["columns"]:
        message = f"It has {len(names):,} columns; the limit is {limits['columns']:,}."
        raise over("columns", message, code="too_many_columns")
    reading = Reading(names[:], dialect, encoding, first)
    reading.names, repairs = repair_names(names, len(names))
    reading.notes += repairs[:NOTES_SHOWN]
    if len(repairs) > NOTES_SHOWN:
        reading.notes.append(f"{len(repairs) - NOTES_SHOWN:,} more names were repaired.")
    rest = itertools.chain(head[first:], lines)
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows(_good_rows(rest, reading, limits))
    _refuse_if_useless(reading)
    return reading


def _names(head: list[str], dialect: Dialect) -> tuple[list[str], int]:
    """Return the raw column names and how many lines to pass over before the first row of data."""
    if not dialect.header:
        return [f"column_{at + 1}" for at in range(dialect.width)], dialect.skip
    row, lines = record_at(head, dialect.skip, dialect.delimiter)
    names = [cell.strip() for cell in row]
    if len(names) < dialect.width and dialect.width - len(names) == 1:
        names = ["", *names]
    return (names or [""]), dialect.skip + lines


def _good_rows(lines: Iterable[str], reading: Reading, limits: dict[str, int]) -> Iterator[list[str]]:
    width = len(reading.names)
    most_rows, limit = min((limits["rows"], "rows"), (limits["cells"] // max(width, 1), "cells"))
    reader = csv.reader(lines, delimiter=reading.dialect.delimiter, strict=True, skipinitialspace=True)
    while True:
        before = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            line = reading.first_line + before + 1
            _explain(fault, line=line, limits=limits)
            reading.reject(line, "A quote stands in the middle of a value.")
            continue
        line = reading.first_line + before + 1
        if not row or (len(row) == 1 and not row[0].strip() and width > 1):
            reading.blank += 1
        elif len(row) == width or (len(row) == width + 1 and row[-1] == ""):
            reading.kept += 1
            if reading.kept > most_rows:
                message = f"It has more than {most_rows:,} rows of {width:,} columns, which is the limit."
                raise over(limit, message, code="too_many_rows")
            yield row[:width]
        else:
            reading.reject(line, f"It has {len(row):,} cells; the table has {width:,} columns.")


def _explain(fault: csv.Error, *, line: int, limits: dict[str, int]) -> None:
    text = str(fault)
    if "field larger" in text:
        message = f"Line {line:,} holds a cell with more than {limits['cell_kb']:,} kB of text."
        raise over("cell_kb", message, code="cell_too_large")
    if "unexpected end" in text:
        raise RefusedError("open_quote", f"A quote opened on line {line:,} is never closed.", line=line)


def _refuse_if_useless(reading: Reading) -> None:
    total = reading.kept + reading.rejected_count
    names = len(reading.names)
    if total == 0:
        word = "name" if names == 1 else "names"
        raise RefusedError("no_rows", f"It has {names:,} column {word} but no rows.")
    if reading.rejected_count > MOST_REJECTED_SHARE * total:
        line, reason = reading.rejected[0]
        message = (
            f"{reading.rejected_count:,} of {total:,} rows do not fit {names:,} columns; "
            f"the first is line {line:,}: {reason}"
        )
        raise RefusedError("ragged", message, line=line)


def _store(reading: Reading, folder: Path, limits: dict[str, int]) -> DatasetProfile:
    keys = [f"c{at}" for at in range(len(reading.names))]
    memory = max(256, int(limits["read_memory_mb"] * 0.6))
    with connect(folder, memory_mb=memory, threads=2, temporary=folder) as connection:
        types = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in keys)
        connection.execute(
            f"CREATE TABLE raw AS SELECT * FROM read_csv(?, columns={{{types}}}, header=false, delim=',', quote='\"', "
            "escape='\"', new_line='\\n', auto_detect=false, strict_mode=true, max_line_size=?, nullstr='')",
            [str(folder / "rows.csv"), max(2_097_152, limits["cell_kb"] * 1024 * 8)],
        )
        counted = connection.execute("SELECT count(*) FROM raw").fetchone()[0]
        if counted != reading.kept:
            message = f"{reading.kept:,} rows were read but {counted:,} were stored, so nothing was kept."
            raise RefusedError("conservation", message)
        typed = choose_types(connection, keys, reading.names, decimal_comma=reading.dialect.delimiter != ",")
        select = ", ".join(f"{one.expression} AS {one.key}" for one in typed)
        connection.execute(f"CREATE VIEW typed AS SELECT {select} FROM raw")
        target = folder / "data.parquet"
        how = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
        connection.execute(f"COPY (SELECT * FROM typed) TO {literal(str(target))} ({how})")
        absent = count_absent_words(connection, typed)
        connection.execute("DROP VIEW typed")
        connection.execute("DROP TABLE raw")
        report = _report(reading, typed)
        return profile_table(connection, target, names=reading.names, typed=typed, report=report, absent=absent)


def _report(reading: Reading, typed: list[Typed]) -> ImportReport:
    notes = list(reading.notes)
    if reading.dialect.skip:
        notes.insert(0, f"The table starts on line {reading.dialect.skip + 1}; the lines before it were passed over.")
    if not reading.dialect.header:
        notes.insert(0, "The first row holds values, so columns are named by their place.")
    if reading.blank:
        notes.append(f"{reading.blank:,} blank lines were passed over.")
    if reading.encoding == "cp1252":
        notes.append("Read as Windows-1252. Check that accents look right.")
    for one, name in zip(typed, reading.names, strict=True):
        notes += [f"{name[:60]}: {note}" for note in one.notes]
    commas = any(one.decimal_comma for one in typed)
    if commas:
        notes.append("Numbers were read with a decimal comma.")
    if len(notes) > NOTES_SHOWN:
        notes = [*notes[:NOTES_SHOWN], f"and {len(notes) - NOTES_SHOWN:,} more notes."]
    return ImportReport(
        rows_read=reading.kept + reading.rejected_count,
        rows_kept=reading.kept,
        rows_rejected=reading.rejected_count,
        encoding={"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}[
            reading.encoding
        ],
        delimiter=reading.dialect.delimiter,
        decimal="," if commas else ".",
        skipped_lines=reading.dialect.skip,
        rejected=tuple(reading.rejected),
        notes=tuple(notes),
    )
