"""Questions about values that may mean missing: one finding for each value, however many columns have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict, TypeVar

from app.domain.analysis.findings.markers import MarkedColumn, MissingMarker, is_answered
from app.domain.analysis.findings.wording import on_rows, quote_column, quote_columns
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, FindingRemedy
from app.domain.json_values import JsonObject
from app.domain.text.numbers import format_number
from app.domain.vocabulary import Severity

CODE = "missing_value_marker"
# One press of a button answers for so many columns; of more, each lot is a question of its own.
MAX_TOGETHER = 1000
Key = TypeVar("Key")
Held = TypeVar("Held")


def mark_findings(
    columns: Sequence[MarkedColumn], choices: ReadingChoices, findings: Sequence[Finding] = ()
) -> Iterator[Finding]:
    """Yield one question for each value that may mean missing and that the user has not decided on.

    Parameters
    ----------
    columns
        The columns with their marks.
    choices
        What the user said already; an answered value is not asked about again.
    findings
        Questions that reading itself has; nothing is asked twice.
    """
    known = {(marker["column"], marker.get("value")) for marker in _markers_of(findings)}
    groups: dict[tuple[str, str, bool], list[tuple[ColumnProfile, MissingMarker]]] = {}
    for marked_column in columns:
        for mark in marked_column.marks:
            open_one = (marked_column.column.name, mark.text) not in known
            if open_one and not is_answered(marked_column.column.name, mark.text, choices):
                groups.setdefault((mark.text.lower(), mark.origin, mark.word), []).append((marked_column.column, mark))
    for (_, origin, word), current_values in _split_into_lots(groups):
        names = tuple(column.name for column, _ in current_values)
        text = current_values[0][1].text
        parts = [f"{quote_columns(names)} {_holds_words(names)} {text}{_rows_of(current_values)}"]
        parts += [f", which is {origin}" if origin else "", _evidence_words(current_values)]
        question = "is that an answer of its own, or missing?" if word else "does it mean missing?"
        message = f"{''.join(parts)}: {question}"
        severity = Severity.NOTICE if word else Severity.WARNING
        yield Finding(
            CODE,
            severity,
            names,
            message,
            remedies=answer_remedies(names, [missing_marker.text for _, missing_marker in current_values]),
        )


def open_marks(profile: DatasetProfile, column: str) -> dict[str, Finding]:
    """Return the values of a column that may mean missing and are undecided, with their questions.

    Parameters
    ----------
    profile
        The dataset; words that were read as missing in any case ("NA") are no open question.
    column
        The name of a column.
    """
    questions = [
        finding for finding in profile.findings if finding.code == CODE and finding.severity is Severity.WARNING
    ]
    return {
        str(marker["value"]): question
        for question in questions
        if column in question.columns
        for marker in _markers_of([question])
        if marker["column"] == column[:200] and marker.get("value") is not None
    }


def _split_into_lots(groups: dict[Key, list[Held]]) -> Iterator[tuple[Key, list[Held]]]:
    for key, group in groups.items():
        for start in range(0, len(group), MAX_TOGETHER):
            yield key, group[start : start + MAX_TOGETHER]


def answer_remedies(
    names: Sequence[str], texts: Sequence[str], *, value: str = "It is a value"
) -> tuple[FindingRemedy, ...]:
    """Return the two buttons of a question about one text of each column."""
    columns = len(set(names))
    many = "" if columns == 1 else " in both" if columns == 2 else f" in all {columns:,}"

    def markers(meaning: str) -> JsonObject:
        pairs = zip(names, texts, strict=True)
        return {"markers": [{"column": name, "value": text, "meaning": meaning} for name, text in pairs]}

    return (
        FindingRemedy(f"It means missing{many}", "reading", markers("missing")),
        FindingRemedy(f"{value}{many}", "reading", markers("value")),
    )


class MarkerChange(TypedDict):
    """What a button says of one value of a column, as the choices of reading hold it."""

    column: str
    value: NotRequired[str]
    meaning: str


def _markers_of(findings: Sequence[Finding]) -> list[MarkerChange]:
    return [item for finding in findings for remedy in finding.remedies for item in remedy.changes.get("markers", ())]


def _holds_words(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"


def _rows_of(current_values: Sequence[tuple[ColumnProfile, MissingMarker]]) -> str:
    counts = [mark.rows for _, mark in current_values if mark.rows is not None]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    if low == high:
        return f" {on_rows(low)} each" if len(counts) > 1 else f" {on_rows(low)}"
    return f" on {low:,} to {high:,} rows"


def _evidence_words(current_values: Sequence[tuple[ColumnProfile, MissingMarker]]) -> str:
    column, mark = current_values[0]
    if mark.nearest is None:
        return ""
    side = "less" if mark.above else "more"
    where = f" of {quote_column(column.name)}" if len(current_values) > 1 else ""
    return f"; every other value{where} is {format_number(mark.nearest, 5)} or {side}"


def word_findings(columns: Sequence[ColumnProfile], choices: ReadingChoices) -> Iterator[Finding]:
    """Yield questions about words that reading already took for missing, where they may mean something.

    "NA" among words may be an answer (no alley, no pool); among numbers it is no question.
    """
    groups: dict[str, list[tuple[ColumnProfile, int, str]]] = {}
    for column in columns:
        for text, count in column.missing_words if column.storage == "text" else ():
            if not is_answered(column.name, text, choices):
                groups.setdefault(text.strip().lower(), []).append((column, count, text))
    for _, current_values in _split_into_lots(groups):
        names, texts = tuple(column.name for column, _, _ in current_values), [text for _, _, text in current_values]
        low, high = min(count for _, count, _ in current_values), max(count for _, count, _ in current_values)
        rows = on_rows(low) if low == high else f"on {low:,} to {high:,} rows"
        message = f"{quote_columns(names)} {_holds_words(names)} {texts[0]} {rows}; it was read as missing: is it?"
        buttons = answer_remedies(names, texts, value="It is a word of its own")
        yield Finding(CODE, Severity.NOTICE, names, message, remedies=buttons)
