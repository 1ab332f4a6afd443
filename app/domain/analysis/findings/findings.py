"""Findings about a dataset before training: one sentence each, with remedies where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.domain.analysis.findings.hydrologic import flow_findings, unit_findings, value_findings, year_findings
from app.domain.analysis.findings.markers import find_marks
from app.domain.analysis.findings.quality_flags import flag_findings, limit_findings, mark_flag_columns
from app.domain.analysis.findings.questions import mark_findings, word_findings
from app.domain.analysis.findings.time_questions import unreadable_time_finding
from app.domain.analysis.findings.wording import quote_column, rows_do, share
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.import_options.quality_choices import CENSORED
from app.domain.analysis.leakage.duplicates import duplicate_findings
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, ImportReport, TimeAxis
from app.domain.analysis.profiling.series import find_group, time_findings
from app.domain.analysis.profiling.table_query import TableQuery
from app.domain.analysis.profiling.unit_evidence import find_units, suggest_units, suggestion_findings
from app.domain.vocabulary import ColumnKind, Severity

NEARLY = 0.98
FEW_ROWS = 100
ENOUGH_TO_JUDGE = 50
SAID_OF_FLAG = "constant"


def all_findings(
    *,
    columns: Sequence[ColumnProfile],
    rows: int,
    report: ImportReport,
    axis: TimeAxis | None,
    duplicates: int | None,
    choices: ReadingChoices | None = None,
    query: Sequence[Finding] = (),
    table: TableQuery | None = None,
) -> tuple[list[ColumnProfile], list[Finding]]:
    """Return the columns with their units, and everything worth saying: questions, then columns, then the dataset.

    Parameters
    ----------
    columns, rows, report, duplicates
        What profiling and reading know; `duplicates` counts exact copies, None if nobody did.
    axis
        The time axis, with its group if `app.domain.analysis.profiling.series.find_group` has looked.
    choices, query
        What the user said about the file, and what reading itself asks: nothing is asked twice.
    table
        The rows. Without them only that is said which the columns themselves tell.
    """
    given = choices or ReadingChoices()
    table = table if rows else None
    known = _add_reported_units(columns, report, given)
    if axis is not None and axis.group is None:
        axis = find_group(known, rows, axis, table)
    marked = find_marks(known, rows, table)
    known = suggest_units(known, marked, axis)
    measured = [item for item in marked if not item.column.flag_of]
    findings = [*rejected_findings(report, given), *query, *mark_findings(measured, given, query)]
    findings += [*limit_findings(known, given, query), *unreadable_time_finding(known, axis, given)]
    findings += [*word_findings(known, given), *value_findings(marked, axis, given, table)]
    findings += flow_findings(marked, given)
    findings += [finding for column in known for finding in _findings_of_column(column, rows)]
    copies = None if given.duplicates == "keep" else duplicates
    findings += dataset_findings(rows=rows, columns=known, duplicates=copies, axis=axis, table=table, choices=given)
    return known, findings


def _findings_of_column(column: ColumnProfile, rows: int) -> Iterator[Finding]:
    """Yield what is worth saying about a column; of flags it matters little that most are the same or missing."""
    if column.flag_of and column.name.startswith(f"{column.flag_of[:190]}{CENSORED}"):
        # The marks of values beyond a limit were asked for, and are "<" wherever they are anything.
        return
    for finding in column_findings(column, rows):
        if not column.flag_of or finding.code == SAID_OF_FLAG:
            yield finding


def _add_reported_units(
    columns: Sequence[ColumnProfile], report: ImportReport, choices: ReadingChoices
) -> list[ColumnProfile]:
    reasoned = [_add_reason(column) for column in columns]
    dialect = report.dialect
    measured = find_units(
        reasoned,
        choices=choices,
        notes=report.notes,
        header_lines=dialect.header_lines,
        declared=dict(dialect.units),
    )
    return mark_flag_columns(measured, dict(dialect.flags))


def _add_reason(column: ColumnProfile) -> ColumnProfile:
    """Return the column with the reason why digits are no number."""
    texts = [value.strip() for value, _ in column.top_values]
    codes = texts and all(text.isdigit() for text in texts) and any(text[0] == "0" and len(text) > 1 for text in texts)
    if codes and column.kind in (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER):
        return replace(column, kind_reason=f"{column.kind_reason}; leading zeros make it a name, not a number")
    return column


def rejected_findings(report: ImportReport, choices: ReadingChoices) -> Iterator[Finding]:
    """Yield that rows of the file are not in the table, and the choice that would keep those of another length."""
    if not report.rows_rejected:
        return
    was = "row is" if report.rows_rejected == 1 else "rows are"
    line, reason = report.rejected[0] if report.rejected else (0, "")
    first = f"; the first is line {line:,}: {reason[:1].lower()}{reason[1:].rstrip('.')}" if reason else ""
    message = (
        f"{report.rows_rejected:,} {was} not in the table ({share(report.rows_rejected, report.rows_read)}){first}."
    )
    ragged = any("cells" in why for _, why in report.rejected) and choices.ragged is None
    buttons = (
        FindingRemedy("Keep them, filled up or cut to fit", "reading", {"ragged": "pad"}),
        FindingRemedy("Leave them out", "reading", {"ragged": "leave_out"}),
    )
    if choices.ragged is None:
        yield Finding("rejected_rows", Severity.WARNING, (), message, remedies=buttons if ragged else ())


def column_findings(column: ColumnProfile, rows: int) -> Iterator[Finding]:
    """Yield what is worth saying about one column of `rows` rows, whatever its values mean."""
    name = quote_column(column.name)
    leave_out = (FindingRemedy("Leave it out", "leave_out", columns=(column.name,)),)
    if column.missing >= rows:
        message = f"{name} is missing on every row."
        yield _make_finding("all_missing", Severity.WARNING, column, message, "Leave it out.", leave_out)
        return
    if column.distinct <= 1:
        value = column.top_values[0][0][:40].removesuffix(" 00:00:00") if column.top_values else "the same"
        message = f"{name} is {value} on {_all_rows_words(rows - column.missing, column.missing)}."
        sometimes = "Leave it out, unless it matters where it is missing."
        remedy = sometimes if column.missing else "Leave it out: it carries no information."
        yield _make_finding("constant", Severity.NOTICE, column, message, remedy, leave_out)
        return
    if column.top_values and column.top_values[0][1] > NEARLY * rows and rows >= ENOUGH_TO_JUDGE:
        value, count = column.top_values[0]
        message = f"{name} is {value[:40]} on {share(count, rows)} of the rows."
        yield _make_finding("near_constant", Severity.NOTICE, column, message, remedies=leave_out)
    if column.kind is ColumnKind.IDENTIFIER:
        yield _identifier_finding(column, name, leave_out)
    if column.missing > 0.5 * rows:
        message = f"{name} is missing on {share(column.missing, rows)} of the rows."
        yield _make_finding("mostly_missing", Severity.WARNING, column, message, remedies=leave_out)


def _all_rows_words(rows: int, missing: int) -> str:
    if missing:
        return f"the {rows:,} rows where it is not missing" if rows > 1 else "the one row where it is not missing"
    return f"all {rows:,} rows" if rows > 1 else "its one row"


def _identifier_finding(column: ColumnProfile, name: str, leave_out: tuple[FindingRemedy, ...]) -> Finding:
    message = f"{name} has a different value on nearly every row: it looks like a row ID."
    kind = ColumnKind.TEXT if column.storage == "text" else ColumnKind.INTEGER
    other = FindingRemedy(f"It is no id: {kind.value}", "draft", {f"data.kind.{column.key}": kind.value})
    remedy = "Leave it out: a model would only memorise rows."
    return _make_finding("identifier", Severity.NOTICE, column, message, remedy, (*leave_out, other))


def dataset_findings(
    *,
    rows: int,
    columns: Sequence[ColumnProfile],
    duplicates: int | None,
    axis: TimeAxis | None,
    table: TableQuery | None = None,
    choices: ReadingChoices | None = None,
) -> Iterator[Finding]:
    """Yield what is worth saying about the dataset as a whole."""
    if len(columns) == 1:
        message = "Only one column: a model needs a target and at least one feature."
        yield Finding("one_column", Severity.WARNING, (columns[0].name,), message)
    if rows < FEW_ROWS:
        message = f"{rows:,} rows are few, so chance can change the scores a lot."
        yield Finding("too_few_rows", Severity.WARNING, (), message)
    if duplicates:
        part = f"({share(duplicates, rows)})"
        copies = rows_do(duplicates, f"{part} is an exact copy of another", f"{part} are exact copies of others")
        message = f"{copies}."
        buttons = (
            FindingRemedy("Leave the copies out", "reading", {"duplicates": "leave_out"}),
            FindingRemedy("Keep them", "reading", {"duplicates": "keep"}),
        )
        yield Finding(
            "duplicate_rows",
            Severity.WARNING,
            (),
            message,
            "A copy may be on both sides of a split.",
            buttons,
        )
    yield from time_findings(columns, rows, axis)
    yield from duplicate_findings(columns, rows, table)
    yield from year_findings(columns, axis)
    yield from flag_findings(columns, choices or ReadingChoices())
    yield from unit_findings(columns)
    yield from suggestion_findings(columns)


def _make_finding(
    code: str,
    severity: Severity,
    column: ColumnProfile,
    message: str,
    remedy: str = "",
    remedies: tuple[FindingRemedy, ...] = (),
) -> Finding:
    return Finding(code, severity, (column.name,), message, remedy, remedies)
