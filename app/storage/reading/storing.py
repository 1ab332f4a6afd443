"""Writing a read table as typed Parquet with its profile and import report."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Dialect, ReadingChoices
from app.domain.analysis.profiling.profile import FIRST_COLUMNS, FIRST_ROWS, DatasetProfile, ImportReport
from app.storage.columnar import literal, rows_as_texts
from app.storage.reading.dialect import repair_names
from app.storage.reading.encodings import encoding_label
from app.storage.reading.formats.parquet import explain_fault
from app.storage.reading.load import STAGE, Loaded, as_parquet
from app.storage.reading.profiling import TYPED, profile_table
from app.storage.reading.quality import QualityColumns, with_quality
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import Tally
from app.storage.reading.table_times import with_times
from app.storage.reading.typed_column import TypedColumn
from app.storage.reading.typing_columns import FEW_ROWS, choose_types, settle_type

MAX_REJECTED_SHARE = 0.2
# So few rejected rows are faults of their own lines, whatever share of a small table they are.
FEW_REJECTED = 2
NOTES_SHOWN = 60
PARQUET = "data.parquet"
SMALL = "typed_rows"
NO_GRID = "the file holds no grid."


@dataclass(frozen=True)
class ReadingPlace:
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
        return " POSITIONAL JOIN ".join(table.table for table in self.tables)


def refuse_if_useless(tally: Tally, width: int, choices: ReadingChoices) -> None:
    """Refuse a table without rows, or one of whose rows many do not fit, unless those shall be left out."""
    total = tally.kept + tally.rejected_count
    if total == 0:
        word = "name" if width == 1 else "names"
        raise RefusedError("no_rows", f"It has {width:,} column {word} but no rows.")
    is_wanted = choices.ragged == "leave_out" and tally.kept > 0
    are_few = tally.rejected_count <= min(FEW_REJECTED, tally.kept)
    if tally.rejected_count > MAX_REJECTED_SHARE * total and not is_wanted and not are_few:
        line, reason = tally.rejected[0]
        if 2 * tally.damaged > tally.rejected_count:
            message = (
                f"{tally.damaged:,} of {total:,} rows hold bytes that are no text; the first row that was not read is "
                f"line {line:,}: {reason.rstrip('.')}. Export the file again."
            )
            raise RefusedError("ragged", message, line=line)
        message = (
            f"{tally.rejected_count:,} of {total:,} rows do not fit {width:,} columns; "
            f"the first is line {line:,}: {reason.rstrip('.')}. "
            "Mend those lines, or see that the separator is the same on every one."
        )
        raise RefusedError("ragged", message, line=line)


def store(place: ReadingPlace, raw: Raw) -> DatasetProfile:
    """Type the tables, write them as one Parquet and describe it."""
    refuse_if_useless(raw.tally, len(raw.names), place.choices)
    connection, choices = place.connection, place.choices
    names, repairs = repair_names(raw.names, len(raw.names))
    commas = (place.choices.decimal or _usual_decimal(raw.dialect)) == ","
    typed = list[TypedColumn]()
    for table in raw.tables:
        some = names[table.first : table.first + len(table.storages)]
        typed += choose_types(connection, table, names=some, choices=choices, commas=commas)
    is_typed, is_small = raw.tables[0].is_typed, _is_small(raw)
    with explain_fault() if is_typed else nullcontext():
        places = {} if is_typed else {table.table: table.place for table in raw.tables}
        names, typed = with_times(connection, settle_type(typed), names=names, choices=choices, places=places)
        quality = with_quality(connection, typed, names=names, choices=choices, commas=commas)
    names, typed, raw = quality.names, quality.typed, _with_markers(_with_flags(raw, quality), names, choices)
    if choices.place is not None and not raw.dialect.grid:
        raw.tally.notes.append(f"The part of a grid that was chosen, {choices.place}, had no effect: {NO_GRID}")
    copies = place.choices.duplicates == "leave_out"
    select = ", ".join(f"{column.expression} AS {column.key}" for column in typed)
    order = f", {raw.tables[0].place} AS place" if copies else ""
    # A view of many columns is planned anew, all of them, for each question that is asked about a few.
    kind = "TABLE" if len(raw.tables) > 1 else "VIEW"
    with explain_fault() if is_typed else nullcontext():
        if is_small:
            connection.execute(f"CREATE TABLE {SMALL} AS SELECT {select}{order} FROM {raw.source}")
        source = f"* FROM {SMALL}" if is_small else f"{select}{order} FROM {raw.source}"
        connection.execute(f"CREATE {kind} {TYPED} AS SELECT {source}")
        left_out = _leave_out_copies(connection, typed) if copies else 0
        source = _write_parquet(connection, typed, place.folder / PARQUET, raw=raw, first_only=bool(left_out))
    report = _report(raw, typed, names=names, repairs=repairs, left_out=left_out)
    _check_conservation(connection, report, place.folder / PARQUET)
    if is_typed:
        _refuse_impossible_dates(connection, source, typed)
    profile = profile_table(connection, source, names=names, typed=typed, report=report, choices=place.choices)
    keys = [column.key for column in typed[:FIRST_COLUMNS]]
    rows = rows_as_texts(connection, source, keys, limit=FIRST_ROWS)
    return replace(profile, first_rows=tuple(map(tuple, rows)))


def _with_flags(raw: Raw, quality: QualityColumns) -> Raw:
    """Return the rows with what was followed of the choices about quality."""
    raw.tally.notes += quality.notes
    if not (quality.kept_flags or quality.censored):
        return raw
    changes = {
        "flags": (*raw.dialect.flags, *quality.flags),
        "kept_flags": quality.kept_flags,
        "censored": quality.censored,
    }
    return replace(raw, dialect=raw.dialect.model_copy(update=changes))


def _with_markers(raw: Raw, names: Collection[str], choices: ReadingChoices) -> Raw:
    """Return the rows with the markers for missing values in these columns noted in their dialect."""
    here = frozenset(names)
    markers = tuple(marker for marker in choices.markers if marker.meaning == "missing" and marker.column in here)
    return replace(raw, dialect=raw.dialect.model_copy(update={"markers": markers})) if markers else raw


def _is_small(raw: Raw) -> bool:
    """Return whether typed rows are so few that they are made once, not for each question."""
    return raw.tally.kept <= FEW_ROWS and len(raw.tables) == 1 and not raw.tables[0].is_typed


def _usual_decimal(dialect: Dialect) -> str:
    return "," if dialect.format == "csv" and dialect.delimiter != "," else "."


def _refuse_impossible_dates(connection: Any, source: str, typed: list[TypedColumn]) -> None:
    """Refuse dates of no year, which only a file has whose own account of its least and greatest value is wrong.

    DuckDB believes that account, and leaves out a test on years that could never fail by it.
    """
    years = [f"year(min({column.key})), year(max({column.key}))" for column in typed if column.storage == "datetime"]
    if not years:
        return
    result = connection.execute(f"SELECT {', '.join(years)} FROM {source}").fetchone()
    if any(year is not None and not 1 <= year <= 9999 for year in result):
        raise RefusedError("damaged", "The file is damaged: its own account of its dates is wrong.")


def _leave_out_copies(connection: Any, typed: list[TypedColumn]) -> int:
    """Note the place of the first row of each kind; return how many rows are copies of an earlier one."""
    keys = ", ".join(column.key for column in typed)
    connection.execute(f"CREATE TABLE firsts AS SELECT min(place) AS place FROM {TYPED} GROUP BY {keys}")
    return int(
        connection.execute(f"SELECT (SELECT count(*) FROM {TYPED}) - (SELECT count(*) FROM firsts)").fetchone()[0]
    )


def _write_parquet(connection: Any, typed: list[TypedColumn], target: Path, *, raw: Raw, first_only: bool) -> str:
    """Write the typed columns as Parquet; return where they are quickest to read again."""
    keys, near = ", ".join(column.key for column in typed), raw.tables[0].near
    as_staged = all(column.expression in (column.key, f"{column.key}::BIGINT") for column in typed)
    stage = target.with_name(STAGE)
    if as_staged and not near and not first_only and len(raw.tables) == 1 and stage.exists():
        # The staged file holds what would be written, and most of the time a large file takes is writing.
        stage.rename(target)
        return f"read_parquet({literal(str(target))})"
    rows = f"SELECT {keys} FROM {TYPED}"
    if first_only:
        rows += " WHERE place IN (SELECT place FROM firsts) ORDER BY place"
    connection.execute(f"COPY ({rows}) TO {literal(str(target))} ({as_parquet(raw.tally.kept)})")
    here = as_staged or raw.tally.kept <= FEW_ROWS
    if _is_small(raw) and not first_only:
        return SMALL
    return TYPED if here and near and not first_only else f"read_parquet({literal(str(target))})"


def _check_conservation(connection: Any, report: ImportReport, target: Path) -> None:
    """Refuse where rows read are not rows kept, rejected and left out, or where the Parquet holds others."""
    result = connection.execute(f"SELECT count(*) FROM read_parquet({literal(str(target))})").fetchone()[0]
    accounted = result + report.rows_rejected + report.left_out
    if result != report.rows_kept or accounted != report.rows_read:
        message = f"{report.rows_read:,} rows were read but {accounted:,} can be accounted for, so nothing was kept."
        raise RefusedError("conservation", message)
    lines = report.header_lines + report.rows_read + report.rows_passed_over + report.lines_continued
    if report.lines not in (0, lines):
        message = f"The file has {report.lines:,} lines but {lines:,} can be accounted for, so nothing was kept."
        raise RefusedError("conservation", message)


def _report(raw: Raw, typed: list[TypedColumn], *, names: list[str], repairs: list[str], left_out: int) -> ImportReport:
    tally, dialect = raw.tally, raw.dialect
    notes = [*tally.notes, *repairs[:NOTES_SHOWN]]
    if len(repairs) > NOTES_SHOWN:
        notes.append(f"{len(repairs) - NOTES_SHOWN:,} more names were repaired.")
    if blank := tally.passed["blank"]:
        was = "line was" if blank == 1 else "lines were"
        notes.append(f"{blank:,} blank {was} passed over.")
    if left_out:
        notes.append(f"{left_out:,} rows that are exact copies of earlier ones were left out, as you said.")
    for column, name in zip(typed, names, strict=True):
        notes += [f"{name[:60]}: {note}" for note in column.notes]
    commas = any(typed_column.decimal_comma for typed_column in typed)
    if commas:
        notes.append("Numbers were read with a decimal comma.")
    if len(notes) > NOTES_SHOWN:
        notes = [*notes[:NOTES_SHOWN], f"and {len(notes) - NOTES_SHOWN:,} more notes."]
    return ImportReport(
        rows_read=tally.kept + tally.rejected_count,
        rows_kept=tally.kept - left_out,
        rows_rejected=tally.rejected_count,
        encoding=encoding_label(dialect.encoding) if dialect.format == "csv" else dialect.encoding,
        delimiter=dialect.delimiter,
        decimal="," if commas else ".",
        quote=dialect.quote,
        skipped_lines=dialect.first_line - 1,
        rejected=tuple(tally.rejected),
        notes=tuple(notes),
        dialect=dialect.model_copy(update={"decimal": "," if commas else "."}),
        left_out=left_out,
        lines=tally.skip_lines + tally.lines,
        header_lines=tally.header_lines,
        rows_passed_over=tally.passed_count,
        lines_continued=tally.more_lines,
        passed_over=tuple(sorted(tally.passed_over)),
    )
