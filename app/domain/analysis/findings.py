"""What is worth saying about the data before anybody trains on it: each finding a sentence and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.analysis.profile import ColumnProfile, Finding, TimeAxis
from app.domain.vocabulary import ColumnKind, Severity

MARKERS = (-9999.0, -999.0, -99.0, -200.0, -9999.9, -999.9, -99.9, 9999.0, 99999.0)
MARKER_WORDS = frozenset({"?", "-", "--", "none", "missing", "unknown", "n.a."})
NEARLY = 0.98
FEW_ROWS = 100


def column_findings(column: ColumnProfile, rows: int) -> Iterator[Finding]:
    """Yield what is worth saying about one column of `rows` rows."""
    name = f"`{column.name[:60]}`"
    if column.missing >= rows:
        yield _finding("all_missing", Severity.WARNING, column, f"{name} is missing on every row.", "Leave it out.")
        return
    if column.distinct <= 1:
        value = column.top_values[0][0][:40].removesuffix(" 00:00:00") if column.top_values else "the same"
        message = f"{name} is {value} on {_all(rows - column.missing)}."
        yield _finding("constant", Severity.NOTICE, column, message, "Leave it out: it carries no information.")
        return
    if column.top_values and column.top_values[0][1] > NEARLY * rows and rows >= 50:
        value, count = column.top_values[0]
        message = f"{name} is {value[:40]} on {100 * count / rows:.1f} % of the rows."
        yield _finding("near_constant", Severity.NOTICE, column, message)
    if column.kind is ColumnKind.IDENTIFIER:
        message = f"{name} has a different value on nearly every row: it names rows."
        yield _finding("identifier", Severity.NOTICE, column, message, "Leave it out, or use it as a group.")
    if column.missing > 0.5 * rows:
        share = 100 * column.missing / rows
        yield _finding("mostly_missing", Severity.WARNING, column, f"{name} is missing on {share:.0f} % of the rows.")
    yield from _markers(column, name)


def _all(rows: int) -> str:
    return f"all {rows:,} rows" if rows > 1 else "its one row"


def _markers(column: ColumnProfile, name: str) -> Iterator[Finding]:
    remedy = "Ask whoever made the file. If it means missing, replace it by an empty cell and upload again."
    if column.kind.is_number and column.quantiles:
        low, q1, q3 = column.quantiles[0], column.quantiles[1], column.quantiles[3]
        spread = max(q3 - q1, abs(q3) * 0.01, 1e-9)
        for value in (column.minimum, column.maximum):
            alone = isinstance(value, float) and (value < q1 - 5 * spread or value > q3 + 5 * spread)
            # Many values at the very end, or hardly any other below zero, are no measurements either.
            alone = alone or (isinstance(value, float) and value < 0 and (value == low or low >= 0))
            if alone and value in MARKERS:
                message = f"{name} holds {value:g}, far from everything else: is that a mark for missing?"
                yield _finding("missing_value_marker", Severity.WARNING, column, message, remedy)
    words = [(value, count) for value, count in column.top_values if value.strip().lower() in MARKER_WORDS]
    if words and column.storage == "text":
        value, count = words[0]
        message = f"{name} holds {value} on {count:,} rows: is that a mark for missing?"
        yield _finding("missing_value_marker", Severity.WARNING, column, message, remedy)


def dataset_findings(
    *, rows: int, columns: Sequence[ColumnProfile], duplicates: int | None, axis: TimeAxis | None
) -> Iterator[Finding]:
    """Yield what is worth saying about the dataset as a whole."""
    if len(columns) == 1:
        message = "Only one column: a model needs a target and at least one feature."
        yield Finding("one_column", Severity.WARNING, (columns[0].name,), message)
    if rows < FEW_ROWS:
        message = f"{rows:,} rows are few: expect scores that luck can move a lot."
        yield Finding("too_few_rows", Severity.WARNING, (), message)
    if duplicates:
        share = 100 * duplicates / rows
        message = f"{duplicates:,} rows ({share:.1f} %) are exact copies of others."
        yield Finding("duplicate_rows", Severity.WARNING, (), message, "A copy may train and judge at once.")
    if axis is not None and axis.gaps:
        message = f"`{axis.column[:60]}` leaves out {axis.gaps:,} steps of its {axis.step_label} series."
        yield Finding("time_gaps", Severity.NOTICE, (axis.column,), message)
    if axis is not None and not axis.regular:
        message = f"`{axis.column[:60]}` has no regular step: earlier values are found by row."
        yield Finding("irregular_time", Severity.NOTICE, (axis.column,), message)


def _finding(code: str, severity: Severity, column: ColumnProfile, message: str, remedy: str = "") -> Finding:
    return Finding(code, severity, (column.name,), message, remedy)
