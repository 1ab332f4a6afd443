"""Profiling a typed table: statistics of each column, then kinds and findings."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.findings.findings import all_findings
from app.domain.analysis.findings.markers import is_answered, marks_among
from app.domain.analysis.findings.number_formats import number_format_findings
from app.domain.analysis.findings.oddities import odd_value_findings
from app.domain.analysis.findings.time_questions import joined_time_finding, time_question
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.grouping import GroupCandidate, group_findings, mark_group_column
from app.domain.analysis.profiling.kinds import KindEvidence, correct_false_ids, decide_kind
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, ImportReport, TimeAxis
from app.domain.analysis.profiling.series import find_group
from app.domain.analysis.profiling.table_query import TableQuery
from app.domain.analysis.profiling.time_axis import describe_axis
from app.domain.vocabulary import ColumnKind
from app.storage.reading.statistics import TOP, NumberFacts, Values, count_values, describe_numbers
from app.storage.reading.table_query import DuckDBTable
from app.storage.reading.typed_column import TypedColumn
from app.storage.reading.typing_columns import FEW_ROWS
from app.storage.reading.word_counts import WORD_SHOWN, WordCounts, count_words

CELLS_AT_ONCE = 1_500_000
MAX_COLUMNS_AT_ONCE = 1_000
MAX_COLUMNS_FOR_DUPLICATES = 300
THREADS = 2
# The view over all columns with their types.
TYPED = "typed"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - moments in files have no zone
NUMBERS = ("number", "integer")
Array = NDArray[Any]


@dataclass(frozen=True)
class ProfileFacts:
    """What is known of one column: numbers and dates have `numbers`, dates also `values`, words `top`."""

    present: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    numbers: NumberFacts | None = None
    values: Values | None = None
    mean_length: float = 0.0


def profile_table(
    connection: Any,
    source: str,
    *,
    names: Sequence[str],
    typed: Sequence[TypedColumn],
    report: ImportReport,
    choices: ReadingChoices,
) -> DatasetProfile:
    """Return the profile of a table, view or Parquet file (as SQL) whose columns are c0, c1, …

    Parameters
    ----------
    connection, source
        The table.
    names, typed
        What its columns are called, and what they are.
    report, choices
        How it was read, and what the user said about that.
    """
    rows, table = report.rows_kept, DuckDBTable(connection, source)
    facts = _facts(connection, source, typed, rows, counted=not report.left_out)
    known = zip(typed, names, facts, strict=True)
    columns = correct_false_ids([_column(*row, rows, choices) for row in known])
    axis, columns, group = _series(columns, facts, typed, table, rows=rows)
    duplicates = _count_duplicates(connection, source, typed, rows, columns)
    columns, findings = all_findings(
        columns=columns,
        rows=rows,
        report=report,
        axis=axis,
        duplicates=duplicates,
        choices=choices,
        query=_ask_counts(typed, names),
        table=table,
    )
    findings += group_findings(group, axis)
    profile = DatasetProfile(rows, tuple(columns), report, tuple(findings), axis, duplicates)
    return replace(profile, group=group.column, group_reason=group.reason)


def _series(
    columns: Sequence[ColumnProfile],
    facts: Sequence[ProfileFacts],
    typed: Sequence[TypedColumn],
    table: TableQuery,
    *,
    rows: int,
) -> tuple[TimeAxis | None, list[ColumnProfile], GroupCandidate]:
    """Return the time axis, the columns with the kind of the one that names groups, and that group."""
    axis = find_group(columns, rows, _time_axis(columns, facts, typed, rows), table)
    return axis, *mark_group_column(columns, rows, axis, table)


def _ask_counts(typed: Sequence[TypedColumn], names: Sequence[str]) -> list[Finding]:
    """Return the questions of reading itself: words among numbers first, then number formats."""
    named = list(zip(typed, names, strict=True))
    findings = [number_format_findings(name, column.number_format) for column, name in named if column.number_format]
    odd = [odd_value_findings(name, column.odd) for column, name in named if column.odd]
    times = [time_question(name, column.times) for column, name in named if column.times]
    joined = [joined_time_finding(name, column.joined) for column, name in named if column.joined]
    return [*odd, *(finding for finding in (*times, *findings) if finding is not None), *joined]


def _facts(
    connection: Any, source: str, typed: Sequence[TypedColumn], rows: int, *, counted: bool
) -> list[ProfileFacts]:
    """Return the facts of every column: numbers in batches, words of large tables counted where they lie.

    `counted` says that words which typing counted are still all there are.
    """
    cursors = threading.local()

    def look(batch: list[TypedColumn]) -> list[tuple[str, ProfileFacts]]:
        if not hasattr(cursors, "mine"):
            cursors.mine = connection.cursor()
        cursor, where = cursors.mine, _where(batch, source)
        if not _fetch_values(batch[0], rows):
            words = batch[0].words if batch[0].words and counted else count_words(cursor, where, batch[0].key)[0]
            return [(batch[0].key, _of_words(words))]
        current = cursor.execute(f"SELECT {', '.join(column.key for column in batch)} FROM {where}").fetchnumpy()
        return [(column.key, _facts_of(column, _present_values(current.pop(column.key)))) for column in batch]

    with ThreadPoolExecutor(THREADS) as pool:
        facts = dict(pair for pairs in pool.map(look, _batches(typed, rows)) for pair in pairs)
    return [facts[column.key] for column in typed]


def _fetch_values(column: TypedColumn, rows: int) -> bool:
    """Return whether a column's values are looked at here, and not where they lie."""
    return rows <= FEW_ROWS or column.storage in (*NUMBERS, "datetime")


def _batches(typed: Sequence[TypedColumn], rows: int) -> list[list[TypedColumn]]:
    """Divide the columns into batches of one table each, small enough to be held in memory twice."""
    batches = [[column] for column in typed if not _fetch_values(column, rows)]
    at_once = max(1, min(MAX_COLUMNS_AT_ONCE, CELLS_AT_ONCE // max(rows, 1)))
    for _, group in itertools.groupby(
        (column for column in typed if _fetch_values(column, rows)), key=lambda typed_column: typed_column.table
    ):
        columns = list(group)
        batches += [columns[start : start + at_once] for start in range(0, len(columns), at_once)]
    return batches


def _where(batch: list[TypedColumn], source: str) -> str:
    """Return where these columns are read: in the table that holds them, where that is as quick as the source."""
    if source != TYPED:
        return source
    return f"(SELECT {', '.join(f'{column.expression} AS {column.key}' for column in batch)} FROM {batch[0].table})"


def _present_values(column: Array) -> Array:
    return column.compressed() if isinstance(column, np.ma.MaskedArray) else column


def _of_words(words: WordCounts) -> ProfileFacts:
    return ProfileFacts(words.present, words.distinct, words.top, mean_length=words.mean_length)


def _facts_of(column: TypedColumn, present: Array) -> ProfileFacts:
    if column.storage in NUMBERS:
        values = count_values(present)
        numbers = describe_numbers(present, values)
        visible_rows = numbers.top if column.storage == "integer" or numbers.distinct <= TOP else ()
        write: Callable[[Any], str] = (lambda value: str(int(value))) if column.storage == "integer" else repr
        return ProfileFacts(
            len(present), numbers.distinct, tuple((write(value), count) for value, count in visible_rows), numbers
        )
    if column.storage == "datetime":
        values = count_values(present)
        numbers = describe_numbers(values.distinct / 1e6, Values(values.distinct / 1e6, values.rows))
        visible_rows = numbers.top if numbers.distinct <= TOP else ()
        top = tuple((_moment(value * 1e6), count) for value, count in visible_rows)
        return ProfileFacts(len(present), numbers.distinct, top, numbers, values)
    words = Counter(str(word).lower() if column.storage == "boolean" else word for word in present.tolist())
    best = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    length = sum(len(word) * count for word, count in words.items()) / max(len(present), 1)
    return ProfileFacts(
        len(present), len(words), tuple((word[:WORD_SHOWN], count) for word, count in best), mean_length=length
    )


def _moment(microseconds: float) -> str:
    text = str(EPOCH + timedelta(microseconds=round(microseconds)))
    return text.rstrip("0") if "." in text else text


def _column(column: TypedColumn, name: str, facts: ProfileFacts, rows: int, choices: ReadingChoices) -> ColumnProfile:
    numbers = facts.numbers if column.storage in NUMBERS else None
    kind, reason = decide_kind(_evidence(column, name, facts, rows, choices))
    low, high = _bounds(column, facts)
    return ColumnProfile(
        name=name,
        key=column.key,
        kind=kind,
        kind_reason=_with_form(reason, column, kind),
        storage=column.storage,
        missing=rows - facts.present,
        distinct=facts.distinct,
        mean=numbers.mean if numbers else None,
        std=numbers.std if numbers else None,
        minimum=low,
        maximum=high,
        quantiles=numbers.quantiles if numbers else (),
        zeros=numbers.zeros if numbers else None,
        negatives=numbers.negatives if numbers else None,
        outliers=numbers.outliers if numbers else None,
        histogram_edges=facts.numbers.edges if facts.numbers else (),
        histogram_counts=facts.numbers.counts if facts.numbers else (),
        top_values=facts.top,
        original_name=name,
        missing_words=column.missing_words,
        time_form=column.times.form.code if column.times is not None else "",
        time_example=column.times.example[:WORD_SHOWN] if column.times is not None else "",
        joined_from=column.joined,
        unit=column.number_format.unit if column.number_format is not None and not column.number_format.is_text else "",
    )


def _evidence(column: TypedColumn, name: str, facts: ProfileFacts, rows: int, choices: ReadingChoices) -> KindEvidence:
    """Return the evidence for a column's kind."""
    open_marks = marks_among(facts.top) if column.storage == "text" else {}
    marks = {word: mark for word, mark in open_marks.items() if not is_answered(name, word, choices)}
    numbers = facts.numbers if column.storage in NUMBERS else None
    return KindEvidence(
        name=name,
        storage=column.storage,
        rows=rows,
        # What may mean missing says nothing of what a column is.
        present=facts.present - sum(marks.values()),
        distinct=facts.distinct - len(marks),
        mean_length=facts.mean_length if column.storage == "text" else 0.0,
        minimum=numbers.minimum if numbers else None,
        maximum=numbers.maximum if numbers else None,
    )


def _with_form(reason: str, column: TypedColumn, kind: ColumnKind) -> str:
    if column.times is None or kind is not ColumnKind.DATETIME:
        return reason
    return f"{reason}, read as {column.times.form.words}: {column.times.reason}"


def _bounds(column: TypedColumn, facts: ProfileFacts) -> tuple[float | str | None, float | str | None]:
    if column.storage in NUMBERS and facts.numbers:
        return facts.numbers.minimum, facts.numbers.maximum
    if column.storage == "datetime" and facts.values is not None and facts.present:
        first, last = _moment(facts.values.distinct[0]), _moment(facts.values.distinct[-1])
        return first.removesuffix(" 00:00:00"), last.removesuffix(" 00:00:00")
    if column.storage == "boolean" and facts.top:
        words = sorted(word for word, _ in facts.top)
        return words[0], words[-1]
    return None, None


def _time_axis(
    columns: Sequence[ColumnProfile], facts: Sequence[ProfileFacts], typed: Sequence[TypedColumn], rows: int
) -> TimeAxis | None:
    """Return the time axis: that of joined columns before those of single ones, which tell fewer moments apart."""
    for column, known, typed_column in sorted(
        zip(columns, facts, typed, strict=True), key=lambda item: not item[2].joined
    ):
        if column.kind is not ColumnKind.DATETIME or column.missing > 0.1 * rows or known.values is None:
            continue
        axis = describe_axis(column.name, known.values.distinct / 1e6, known.values.rows)
        if axis is not None and typed_column.times is not None:
            return replace(
                axis, columns=typed_column.joined, form=typed_column.times.form.words, reason=typed_column.times.reason
            )
        if axis is not None:
            return axis
    return None


def _count_duplicates(
    connection: Any, source: str, typed: Sequence[TypedColumn], rows: int, columns: Sequence[ColumnProfile]
) -> int | None:
    """Count rows that repeat another, by a hash of 64 bits: fifty million rows share one by chance in 15,000 files."""
    # Where some column differs on every row, no row repeats another.
    if any(column.distinct >= rows for column in columns):
        return 0
    if len(typed) > MAX_COLUMNS_FOR_DUPLICATES or rows == 0:
        return None
    keys = ", ".join(typed_column.key for typed_column in typed)
    result = connection.execute(f"SELECT hash({keys})::UBIGINT AS mark FROM {source}").fetchnumpy()["mark"]
    marks = np.sort(np.asarray(result).view(np.int64))
    return int(np.count_nonzero(marks[1:] == marks[:-1]))
