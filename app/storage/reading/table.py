"""From text to a typed Parquet table and its profile. Rows read = rows kept + rows reported, checked at the end."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.analysis.choices import ReadingChoices
from app.domain.analysis.profile import DatasetProfile, ImportReport
from app.storage.columnar import connect, literal
from app.storage.reading.absent import count_absent_words
from app.storage.reading.dialect import repair_names
from app.storage.reading.encodings import label
from app.storage.reading.formats import SCRATCH, recognise
from app.storage.reading.formatted import store_formatted
from app.storage.reading.profiling import profile_table
from app.storage.reading.refusals import RefusedError, over
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text import TextLayout, find_layout, open_rows
from app.storage.reading.typing_columns import Typed, choose_types

MOST_REJECTED_SHARE = 0.2
NOTES_SHOWN = 60


@dataclass
class Reading:
    """What happened while the rows were read."""

    names: list[str]
    layout: TextLayout
    tally: Tally


def read_table(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of a request; returns the profile as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    folder, limits = Path(request["folder"]), request["limits"]
    found = recognise(request)
    if found.format is not None:
        profile = store_formatted(found.open(), folder, limits)
    else:
        reading = _normalise(found.unpacked.path, found.choices, folder, limits)
        reading.tally.notes[:0] = found.unpacked.notes
        profile = _store(reading, folder, limits)
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    (folder / "rows.csv").unlink(missing_ok=True)
    return profile.to_json()


def _normalise(text_file: Path, choices: ReadingChoices, folder: Path, limits: dict[str, int]) -> Reading:
    layout = find_layout(text_file, choices=choices, limits=limits)
    table = open_rows(text_file, layout, choices=choices, limits=limits)
    if len(table.names) > limits["columns"]:
        message = f"It has {len(table.names):,} columns; the limit is {limits['columns']:,}."
        raise over("columns", message, code="too_many_columns")
    names, repairs = repair_names(table.names, len(table.names))
    reading = Reading(names, layout, table.tally)
    table.tally.notes += repairs[:NOTES_SHOWN]
    if len(repairs) > NOTES_SHOWN:
        table.tally.notes.append(f"{len(repairs) - NOTES_SHOWN:,} more names were repaired.")
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows(_counted_rows(table, limits))
    _refuse_if_useless(reading)
    return reading


def _counted_rows(table: RowTable, limits: dict[str, int]) -> Iterator[list[str]]:
    width = len(table.names)
    most_rows, limit = min((limits["rows"], "rows"), (limits["cells"] // max(width, 1), "cells"))
    for row in table.rows:
        table.tally.kept += 1
        if table.tally.kept > most_rows:
            message = f"It has more than {most_rows:,} rows of {width:,} columns, which is the limit."
            raise over(limit, message, code="too_many_rows")
        yield row


def _refuse_if_useless(reading: Reading) -> None:
    total = reading.tally.kept + reading.tally.rejected_count
    names = len(reading.names)
    if total == 0:
        word = "name" if names == 1 else "names"
        raise RefusedError("no_rows", f"It has {names:,} column {word} but no rows.")
    if reading.tally.rejected_count > MOST_REJECTED_SHARE * total:
        line, reason = reading.tally.rejected[0]
        message = (
            f"{reading.tally.rejected_count:,} of {total:,} rows do not fit {names:,} columns; "
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
        if counted != reading.tally.kept:
            message = f"{reading.tally.kept:,} rows were read but {counted:,} were stored, so nothing was kept."
            raise RefusedError("conservation", message)
        typed = choose_types(connection, keys, reading.names, decimal_comma=reading.layout.delimiter != ",")
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
    notes = list(reading.tally.notes)
    if reading.tally.blank:
        notes.append(f"{reading.tally.blank:,} blank lines were passed over.")
    for one, name in zip(typed, reading.names, strict=True):
        notes += [f"{name[:60]}: {note}" for note in one.notes]
    commas = any(one.decimal_comma for one in typed)
    if commas:
        notes.append("Numbers were read with a decimal comma.")
    if len(notes) > NOTES_SHOWN:
        notes = [*notes[:NOTES_SHOWN], f"and {len(notes) - NOTES_SHOWN:,} more notes."]
    return ImportReport(
        rows_read=reading.tally.kept + reading.tally.rejected_count,
        rows_kept=reading.tally.kept,
        rows_rejected=reading.tally.rejected_count,
        encoding=label(reading.layout.encoding),
        delimiter=reading.layout.delimiter,
        decimal="," if commas else ".",
        skipped_lines=reading.layout.first_line - 1,
        rejected=tuple(reading.tally.rejected),
        notes=tuple(notes),
    )
