"""Applying the user's choices about quality: censored values and flags to keep."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.findings.censored import is_limit
from app.domain.analysis.findings.oddities import OddValues
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.import_options.quality_choices import CENSORED, CensoredChoice, FlagChoice
from app.domain.text.words import pluralise
from app.storage.columnar import literal
from app.storage.reading.typed_column import TypedColumn

# A sign, then a number: "<0.5", "< 0,5", "<= 5", ">2420".
LIMIT = r"([<>≤≥])=?\s*([+-]?[0-9][0-9.,]*|[.,][0-9]+)"
# Commas between thousands; any other comma can only be a decimal mark.
THOUSANDS = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]*)?"
BELOW_FLAGS, ABOVE_FLAGS = ("<", "≤", "lt"), (">", "≥", "gt")
NUMBERS = ("number", "integer")
WORDS = {
    "limit": "were read at the limit itself",
    "half": "were read at half the limit",
    "missing": "were read as missing",
}


@dataclass(frozen=True)
class QualityColumns:
    """The columns of a table once the choices were followed; `flags` are pairs of a flag column and its values'.

    `kept_flags` and `censored` are the choices that were followed: those of columns that are there.
    """

    names: list[str]
    typed: list[TypedColumn]
    flags: tuple[tuple[str, str], ...] = ()
    kept_flags: tuple[FlagChoice, ...] = ()
    censored: tuple[CensoredChoice, ...] = ()
    notes: tuple[str, ...] = ()


def with_quality(
    connection: Any, typed: Sequence[TypedColumn], *, names: Sequence[str], choices: ReadingChoices, commas: bool
) -> QualityColumns:
    """Return the columns with what was chosen about the quality of their values.

    Parameters
    ----------
    connection, typed
        The typed columns, and where their tables are.
    names, choices
        Their names, and what the user chose.
    commas
        Whether a number may be written with a decimal comma.
    """
    columns = QualityColumns(list(names), list(typed))
    for limit in choices.censored:
        columns = _with_limit(connection, columns, limit, commas=commas)
    # The flags of the file decide, before any of its values is taken away.
    expressions = dict(zip(columns.names, columns.typed, strict=True))
    for choice in choices.flags:
        columns = _with_kept_flags(connection, columns, choice, expressions)
    passed_over = [
        censored_choice.column for censored_choice in choices.censored if censored_choice not in columns.censored
    ]
    passed_over += [flag.column for flag in choices.flags if flag not in columns.kept_flags]
    notes = [
        f"What was chosen about the quality of {column[:60]} had no effect: it has no such flags or limits."
        for column in passed_over
    ]
    return replace(columns, notes=tuple(notes))


def _replaced(columns: QualityColumns, name: str, column: TypedColumn) -> list[TypedColumn]:
    position = columns.names.index(name)
    return [*columns.typed[:position], column, *columns.typed[position + 1 :]]


def _joined(column: TypedColumn, other: TypedColumn) -> str:
    """Return SQL of the rows of two columns, which lie in several tables side by side where a file is wide."""
    if column.table == other.table:
        return column.table
    return f"(SELECT * FROM {column.table} POSITIONAL JOIN {other.table})"


def _count(connection: Any, table: str, condition: str) -> int:
    return int(connection.execute(f"SELECT count(*) FILTER ({condition}) FROM {table}").fetchone()[0])


# -- Flags ------------------------------------------------------------------------------------------------------------


def _with_kept_flags(
    connection: Any, columns: QualityColumns, choice: FlagChoice, before: dict[str, TypedColumn]
) -> QualityColumns:
    if choice.column not in before or choice.flag not in before or choice.keep is None:
        return columns
    column, flag = columns.typed[columns.names.index(choice.column)], before[choice.flag]
    condition = _is_kept(flag, choice.keep)
    table = _joined(column, flag)
    gone = _count(connection, table, f"({column.expression}) IS NOT NULL AND NOT ({condition})")
    words = ", ".join(word or "none" for word in choice.keep[:6]) + (", …" if len(choice.keep) > 6 else "")
    note = f"{pluralise(gone, 'value')} with other quality flags than {words} in {choice.flag[:60]} read as missing."
    value = f"CASE WHEN {condition} THEN {column.expression} END"
    # What was counted of its words counts no more.
    kept_values = replace(column, expression=value, table=table, words=None, notes=(*column.notes, note))
    return replace(
        columns, typed=_replaced(columns, choice.column, kept_values), kept_flags=(*columns.kept_flags, choice)
    )


def _is_kept(flag: TypedColumn, keep: Sequence[str]) -> str:
    """Return SQL that is true where a flag is among the kept; a number and a truth value may be written in any way."""
    # No table holds a NUL, so a flag with one means nothing.
    words = {word for word in keep if "\x00" not in word}
    words |= {word.lower() for word in words} if flag.storage == "boolean" else set()
    result = f"coalesce(trim(({flag.expression})::VARCHAR), '') IN ({_listed(words)})"
    if flag.storage not in NUMBERS:
        return result
    numbers = ", ".join(f"TRY_CAST({literal(word)} AS DOUBLE)" for word in sorted(words)) or "NULL"
    return f"({result} OR coalesce(({flag.expression})::DOUBLE IN ({numbers}), false))"


def _listed(words: Collection[str]) -> str:
    return ", ".join(map(literal, sorted(words))) or "NULL"


# -- Limits -----------------------------------------------------------------------------------------------------------


def _with_limit(connection: Any, columns: QualityColumns, choice: CensoredChoice, *, commas: bool) -> QualityColumns:
    if choice.column not in columns.names or choice.take is None:
        return columns
    if choice.flag:
        return _with_flagged_limit(connection, columns, choice)
    column = columns.typed[columns.names.index(choice.column)]
    if column.storage not in (*NUMBERS, "text"):
        return columns
    text = f"trim({column.key}::VARCHAR)"
    limit = _number_of(f"regexp_extract({text}, '{LIMIT}', 2)", commas=commas)
    beyond = f"(coalesce(regexp_full_match({text}, '{LIMIT}'), false) AND {limit} IS NOT NULL)"
    count = _count(connection, column.table, beyond)
    if not count:
        return columns
    below = f"regexp_extract({text}, '{LIMIT}', 1) IN ('<', '≤')"
    plain = column.expression if column.storage in NUMBERS else _number_of(f"trim({column.expression})", commas=commas)
    value = f"CASE WHEN {beyond} THEN {_limit_value_sql(limit, below, choice.take)} ELSE {plain} END"
    words = (
        "" if column.storage in NUMBERS else f"({column.expression}) IS NOT NULL AND NOT {beyond} AND ({plain}) IS NULL"
    )
    rest = _count(connection, column.table, words) if words else 0
    notes = (*column.notes, *_notes(count, choice.take, rest))
    number = TypedColumn(column.key, "number", value, column.table, notes, odd=_without_limits(column.odd))
    after = replace(columns, typed=_replaced(columns, choice.column, number), censored=(*columns.censored, choice))
    return after if choice.take == "missing" else _with_marks(after, choice.column, column, text, beyond)


def _with_marks(
    columns: QualityColumns, name: str, typed_column: TypedColumn, text: str, beyond: str
) -> QualityColumns:
    """Add the column that tells which values are censored, "<" or ">"."""
    marks, number = f"{name[:190]}{CENSORED}", 2
    while marks in columns.names:
        marks, number = f"{name[:190]}{CENSORED}_{number}", number + 1
    sign = f"CASE WHEN regexp_extract({text}, '{LIMIT}', 1) IN ('<', '≤') THEN '<' ELSE '>' END"
    key = f"c{1 + max(int(column.key[1:]) for column in columns.typed)}"
    column = TypedColumn(key, "text", f"CASE WHEN {beyond} THEN {sign} END", typed_column.table)
    return replace(
        columns, names=[*columns.names, marks], typed=[*columns.typed, column], flags=(*columns.flags, (marks, name))
    )


def _with_flagged_limit(connection: Any, columns: QualityColumns, choice: CensoredChoice) -> QualityColumns:
    """Return the columns where values that another column marks as beyond a limit were read as chosen."""
    if choice.flag not in columns.names:
        return columns
    column, flag = (columns.typed[columns.names.index(name)] for name in (choice.column, choice.flag))
    if column.storage not in NUMBERS:
        return columns
    table, word = _joined(column, flag), f"lower(trim(coalesce(({flag.expression})::VARCHAR, '')))"
    below, above = (_marks(word, signs) for signs in (BELOW_FLAGS, ABOVE_FLAGS))
    count = _count(connection, table, f"({column.expression}) IS NOT NULL AND ({below} OR {above})")
    value = f"({column.expression})::DOUBLE"
    usage = f"CASE WHEN {below} OR {above} THEN {_limit_value_sql(value, below, choice.take or '')} ELSE {value} END"
    notes = (*column.notes, *_notes(count, choice.take or "", 0))
    number = replace(column, storage="number", expression=usage, table=table, notes=notes, words=None)
    return replace(columns, typed=_replaced(columns, choice.column, number), censored=(*columns.censored, choice))


def _marks(word: str, signs: tuple[str, ...]) -> str:
    """Return SQL that is true where a flag holds a sign, or is the word for it alone."""
    parts = [f"{word} = {literal(sign)}" if sign.isalpha() else f"contains({word}, {literal(sign)})" for sign in signs]
    return f"({' OR '.join(parts)})"


def _limit_value_sql(limit: str, below: str, take: str) -> str:
    """Return SQL of what stands for a value beyond a limit; half of an upper or a negative limit is beyond none."""
    if take == "missing":
        return "NULL"
    return f"CASE WHEN {below} AND {limit} > 0 THEN 0.5 * {limit} ELSE {limit} END" if take == "half" else limit


def _number_of(word: str, *, commas: bool) -> str:
    point = f"replace({word}, ',', '.')"
    if not commas:
        point = f"CASE WHEN regexp_full_match({word}, '{THOUSANDS}') THEN replace({word}, ',', '') ELSE {point} END"
    return f"TRY_CAST({point} AS DOUBLE)"


def _notes(count: int, take: str, rest: int) -> list[str]:
    notes = [f"{pluralise(count, 'value')} beyond a limit {WORDS.get(take, '')}."]
    if take in ("limit", "half"):
        notes[0] = f"{notes[0][:-1]}; a model takes them as measured."
    return [*notes, f"{pluralise(rest, 'other word')} count as missing."] if rest else notes


def _without_limits(odd: OddValues | None) -> OddValues | None:
    """Return the odd values of a column without those that are limits, None where there are no others."""
    words = tuple((word, count) for word, count in odd.words if not is_limit(word)) if odd else ()
    if odd is None or not words:
        return None
    gone = sum(count for word, count in odd.words if is_limit(word))
    return replace(odd, words=words, count=max(odd.count - gone, len(words)), kept_as_text=False)
