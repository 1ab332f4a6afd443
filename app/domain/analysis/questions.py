"""Questions about values that may mean nothing: one finding for each value, however many columns hold it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.domain.analysis.choices import ReadingChoices
from app.domain.analysis.lent import Lent
from app.domain.analysis.markers import Mark, Marked, is_answered
from app.domain.analysis.profile import ColumnProfile, Finding, Remedy
from app.domain.analysis.wording import called, called_all, on_rows, short
from app.domain.vocabulary import ColumnKind, Severity

CODE = "missing_value_marker"
# Of texts of which nearly all are numbers, the few that are none are worth a question.
NUMBERS_SHARE = 0.8
ODD_SHOWN = 4
MOST_ODD_SHARE = 0.2


def mark_findings(found: Sequence[Marked], choices: ReadingChoices) -> Iterator[Finding]:
    """Yield one question for each value that may stand for missing and that nobody has answered for.

    Parameters
    ----------
    found
        The columns with their marks.
    choices
        What the user said already; an answered value is not asked about again.
    """
    groups: dict[tuple[str, str, bool], list[tuple[ColumnProfile, Mark]]] = {}
    for one in found:
        for mark in one.marks:
            if not is_answered(one.column.name, mark.text, choices):
                groups.setdefault((mark.text.lower(), mark.origin, mark.word), []).append((one.column, mark))
    for (_, origin, word), held in groups.items():
        names = tuple(column.name for column, _ in held)
        text = held[0][1].text
        parts = [f"{called_all(names)} {_holds(names)} {text}{_rows_of(held)}"]
        parts += [f", which is {origin}" if origin else "", _evidence(held)]
        question = "is that an answer of its own, or missing?" if word else "does it mean missing?"
        message = f"{''.join(parts)}: {question}"
        severity = Severity.NOTICE if word else Severity.WARNING
        yield Finding(CODE, severity, names, message, remedies=answers(names, [one.text for _, one in held]))


def answers(names: Sequence[str], texts: Sequence[str], *, value: str = "It is a value") -> tuple[Remedy, ...]:
    """Return the two buttons of a question about one text of each column."""
    columns = len(set(names))
    many = "" if columns == 1 else " in both" if columns == 2 else f" in all {columns:,}"

    def markers(meaning: str) -> dict[str, Any]:
        pairs = zip(names, texts, strict=True)
        return {"markers": [{"column": name, "value": text, "meaning": meaning} for name, text in pairs]}

    return (
        Remedy(f"It means missing{many}", "reading", markers("missing")),
        Remedy(f"{value}{many}", "reading", markers("value")),
    )


def _holds(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"


def _rows_of(held: Sequence[tuple[ColumnProfile, Mark]]) -> str:
    counts = [mark.rows for _, mark in held if mark.rows is not None]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    if low == high:
        return f" {on_rows(low)}{' each' if len(counts) > 1 else ''}"
    return f" on {low:,} to {high:,} rows"


def _evidence(held: Sequence[tuple[ColumnProfile, Mark]]) -> str:
    column, mark = held[0]
    if mark.nearest is None:
        return ""
    side = "less" if mark.above else "more"
    where = f" of {called(column.name)}" if len(held) > 1 else ""
    return f"; every other value{where} is {short(mark.nearest)} or {side}"


def word_findings(columns: Sequence[ColumnProfile], choices: ReadingChoices) -> Iterator[Finding]:
    """Yield questions about texts that reading already took for missing, where they may mean something.

    "NA" among words may be an answer (no alley, no pool), and a cell of blanks among numbers may be a nought that
    nobody wrote. Among numbers "NA" is no question.
    """
    groups: dict[tuple[str, bool], list[tuple[ColumnProfile, int, str]]] = {}
    for column in columns:
        for text, count in column.missing_words:
            blank, numbers = not text.strip(), column.storage in ("number", "integer")
            if blank == numbers and not is_answered(column.name, text, choices):
                groups.setdefault((text.strip().lower(), blank), []).append((column, count, text))
    for (_, blank), held in groups.items():
        names, texts = tuple(column.name for column, _, _ in held), [text for _, _, text in held]
        low, high = min(count for _, count, _ in held), max(count for _, count, _ in held)
        rows = on_rows(low) if low == high else f"on {low:,} to {high:,} rows"
        if blank:
            message = f"{called_all(names)} {'is' if len(names) == 1 else 'are'} blank {rows} and numbers elsewhere; "
        else:
            message = f"{called_all(names)} {_holds(names)} {texts[0].strip()} {rows}; "
        message += "it was read as missing: is it?"
        buttons = answers(names, texts, value="It is a text" if blank else "It is a word of its own")
        yield Finding(CODE, Severity.NOTICE, names, message, remedies=buttons)


def text_findings(found: Sequence[Marked], rows: int, choices: ReadingChoices, lent: Lent | None) -> Iterator[Finding]:
    """Yield a question for each column of texts that would be numbers, were it not for a few words.

    What is asked here is no longer a mark of the column, so that nothing is asked twice.
    """
    for one in found if lent is not None else ():
        column, key = one.column, one.column.key
        if column.storage != "text" or not _mostly_numbers(column) or lent is None:
            continue
        odd = lent.rows(
            f"trim({key}) AS v, count(*) AS n",
            f"WHERE {key} IS NOT NULL AND TRY_CAST(trim({key}) AS DOUBLE) IS NULL GROUP BY v ORDER BY n DESC, v "
            f"LIMIT {ODD_SHOWN + 1}",
        )
        asked = [(str(text), int(n)) for text, n in odd if not is_answered(column.name, str(text), choices)]
        total = sum(count for _, count in asked)
        if not asked or len(odd) > ODD_SHOWN or total > MOST_ODD_SHARE * (rows - column.missing):
            continue
        one.marks = [mark for mark in one.marks if mark.text not in {text for text, _ in asked}]
        words = " and ".join(text[:20] for text, _ in asked)
        message = f"{called(column.name)} is text only because of {words} {on_rows(total)}; all else are numbers: "
        buttons = answers([column.name] * len(asked), [text for text, _ in asked])
        yield Finding(CODE, Severity.WARNING, (column.name,), f"{message}does it mean missing?", remedies=buttons)


def _mostly_numbers(column: ColumnProfile) -> bool:
    """Say whether the commonest texts of a column are numbers, and none of them a code with leading zeros."""
    if column.kind is ColumnKind.CONSTANT or len(column.top_values) < 3:
        return False
    texts = [value.strip() for value, _ in column.top_values]
    if any(len(text) > 1 and text[0] == "0" and text[1] not in ".,eE" for text in texts):
        return False
    return sum(_is_number(text) for text in texts) >= NUMBERS_SHARE * len(texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
