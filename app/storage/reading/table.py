"""Reading a file into database tables: fast for plain text, row by row for everything else."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.columnar import connect
from app.storage.reading.dialect import repair_names
from app.storage.reading.formats import SCRATCH, RecognisedFile, recognise
from app.storage.reading.load import STAGE, Loaded, Plain, count_records, load
from app.storage.reading.preamble import units_in_preamble
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import ColumnTable, RowTable, Tally
from app.storage.reading.scan import Scan
from app.storage.reading.storing import Raw, ReadingPlace, refuse_if_useless, store
from app.storage.reading.text import TextLayout, begin_tally, find_layout, open_rows

SAMPLE_CELLS, SAMPLE_ROWS = 200_000, 400
COLUMNS_AT_ONCE, WIDE = 500, 2_000
MEMORY_SHARE, WIDE_MEMORY_SHARE = 0.6, 3.0
THREADS = 2
# Formats of text whose lines above the table may say what its columns are measured in.
TEXTS = ("csv", "rdb", "camels")


def read_table(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of a request; returns the profile as JSON values.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    recognised_file = recognise(request)
    folder, limits = recognised_file.folder, recognised_file.limits
    if recognised_file.format is not None:
        table: TextLayout | RowTable | ColumnTable = recognised_file.open()
        width = len(table.names)
    else:
        table = find_layout(recognised_file.unpacked.path, choices=recognised_file.choices, limits=limits)
        width = table.width
    _refuse_too_wide(width, limits)
    wide = width > WIDE
    # Of many columns the database reserves a block each, which it hardly fills; what is truly used is watched apart.
    memory = max(256, int(limits["read_memory_mb"] * (WIDE_MEMORY_SHARE if wide else MEMORY_SHARE)))
    # Each thread that writes holds some two thousand rows of all columns.
    threads, file = 1 if wide else THREADS, recognised_file.unpacked.path
    with connect(folder, memory_mb=memory, threads=threads, temporary=folder, file=file) as connection:
        place = ReadingPlace(connection, folder, recognised_file.choices, limits)
        raw = _raw_of(place, recognised_file, table)
        if recognised_file.format is None or raw.dialect.format in TEXTS:
            above, encoding = raw.dialect.first_line - 1, raw.dialect.encoding
            raw.tally.notes += units_in_preamble(file, encoding=encoding, lines=above, names=raw.names)
        profile = store(place, raw)
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    (folder / STAGE).unlink(missing_ok=True)
    return profile.to_json()


def _raw_of(place: ReadingPlace, file: RecognisedFile, table: TextLayout | RowTable | ColumnTable) -> Raw:
    if isinstance(table, RowTable):
        return _raw_of_rows(place, table)
    if isinstance(table, ColumnTable):
        table.tally.kept = table.rows
        loaded = Loaded(tuple(table.storages), table.rows, near=False, table=table.sql, is_typed=True)
        return Raw(list(table.names), table.dialect, table.tally, (loaded,))
    raw = _raw_of_text(place, file.unpacked.path, table)
    raw.tally.notes[:0] = file.unpacked.notes
    return Raw(raw.names, file.packed(raw.dialect), raw.tally, raw.tables)


def _raw_of_text(place: ReadingPlace, path: Path, layout: TextLayout) -> Raw:
    """Make a table of a text: at once where it is plain and every row fits, else row by row."""
    if layout.is_plain and len(layout.delimiter.encode()) == 1 and layout.width <= COLUMNS_AT_ONCE:
        texts = _choice_texts(layout.names, place.choices)
        plain = Plain(
            path,
            layout.width,
            layout.delimiter,
            layout.quote,
            layout.skip_lines,
            texts=texts,
            header=layout.header,
            keeps_empty_rows=layout.keeps_empty_rows,
        )
        counted = count_records(plain)
        if not counted.unsure and counted.longest <= place.limits["cell_kb"] * 1024:
            _refuse_too_many(counted.records, layout.width, place.limits)
            loaded = load(place.connection, plain, layout.sample, counted, folder=place.folder, choices=place.choices)
            if loaded is not None:
                tally = _tally_of(layout, counted, loaded.rows)
                return Raw(list(layout.names), layout.as_dialect(), tally, (loaded,))
    return _raw_of_rows(place, open_rows(path, layout, choices=place.choices, limits=place.limits))


def _tally_of(layout: TextLayout, counted: Scan, rows: int) -> Tally:
    """Return the tally of a plain text of which every line below the names is a row or blank, as its bytes say."""
    tally, blank = begin_tally(layout), counted.blank.passed_count
    tally.kept = tally.given = rows
    tally.lines = counted.lines
    tally.more_lines += counted.lines - counted.records - blank
    tally.passed.update(counted.blank.passed)
    tally.passed_over += counted.blank.passed_over
    return tally


def _raw_of_rows(place: ReadingPlace, table: RowTable) -> Raw:
    """Make tables of rows: they are written down in the plainest layout there is, which is then read at once."""
    width, sample = len(table.names), list[list[str]]()
    starts = range(0, width, COLUMNS_AT_ONCE)
    paths = [place.folder / f"rows{start}.csv" for start in starts]
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("w", encoding="utf-8", errors="replace", newline="")) for path in paths]
        writers = [csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL) for file in files]
        for row in _take_rows(table, sample, place.limits):
            for start, writer in zip(starts, writers, strict=True):
                writer.writerow(row[start : start + COLUMNS_AT_ONCE])
    if table.dialect.format == "csv" and not table.tally.is_complete:
        raise RefusedError("conservation", "Some lines could not be accounted for, so nothing was kept.")
    refuse_if_useless(table.tally, width, place.choices)
    tables, answers = [], _choice_texts(table.names, place.choices)
    for start, path in zip(starts, paths, strict=True):
        some = [row[start : start + COLUMNS_AT_ONCE] for row in sample]
        texts = frozenset(position - start for position in {*table.texts, *answers})
        part = min(COLUMNS_AT_ONCE, width - start)
        plain = Plain(path, part, ",", '"', 0, "\n", table=f"raw{start or ''}", first=start, texts=texts)
        counted = count_records(plain)
        loaded = load(place.connection, plain, some, counted, folder=place.folder, choices=place.choices)
        path.unlink()
        if loaded is None or loaded.rows != table.tally.kept:
            stored = counted.records if loaded is None else loaded.rows
            message = f"{table.tally.kept:,} rows were read but {stored:,} were stored, so nothing was kept."
            raise RefusedError("conservation", message)
        tables.append(loaded)
    return Raw(list(table.names), table.dialect, table.tally, tuple(tables))


def _choice_texts(names: Sequence[str], choices: ReadingChoices) -> frozenset[int]:
    """Return the places of the columns that are read as text first: the user wants them so, or with another mark."""
    wanted = {
        column.column for column in choices.columns if column.column and column.read_as in ("text", "comma", "datetime")
    }
    if not wanted:
        return frozenset()
    return frozenset(index for index, name in enumerate(repair_names(list(names), len(names))[0]) if name in wanted)


def _take_rows(table: RowTable, sample: list[list[str]], limits: dict[str, int]) -> Iterator[list[str]]:
    """Pass rows on, counting them against the limits; the first ones are kept as a sample."""
    width = len(table.names)
    most, tally = _most_rows(width, limits)[0], table.tally
    is_form = table.dialect.format != "csv"
    enough = min(SAMPLE_ROWS, max(20, SAMPLE_CELLS // width))
    for row in table.rows:
        tally.kept += 1
        if tally.kept > most:
            _refuse_too_many(tally.kept, width, limits)
        if len(sample) < enough:
            sample.append(row)
        # Cells of a workbook may hold what no text may.
        yield [cell.replace("\x00", "") for cell in row] if is_form and "\x00" in "".join(row) else row


def _most_rows(width: int, limits: dict[str, int]) -> tuple[int, str]:
    return min((limits["rows"], "rows"), (limits["cells"] // max(width, 1), "cells"))


def _refuse_too_many(rows: int, width: int, limits: dict[str, int]) -> None:
    most, limit = _most_rows(width, limits)
    if rows > most:
        message = f"It has more than {most:,} rows of {width:,} columns, which is the limit."
        raise over_limit(limit, message, code="too_many_rows")


def _refuse_too_wide(width: int, limits: dict[str, int]) -> None:
    if width > limits["columns"]:
        message = f"It has {width:,} columns; the limit is {limits['columns']:,}."
        raise over_limit("columns", message, code="too_many_columns")
