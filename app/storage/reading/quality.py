"""What was chosen about the quality of values: values beyond a limit, then values whose flag is not among the kept."""

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
from app.storage.reading.typed import TypedColumn

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
    found = QualityColumns(list(names), list(typed))
    for limit in choices.censored:
        found = _with_limit(connection, found, limit, commas=commas)
    # The flags of the file decide, before any of its values is taken away.
    expressions = dict(zip(found.names, found.typed, strict=True))
    for choice in choices.flags:
        found = _with_kept_flags(connection, found, choice, expressions)
    passed_over = [one.column for one in choices.censored if one not in found.censored]
    passed_over += [one.column for one in choices.flags if one not in found.kept_flags]
    notes = [
        f"What was chosen about the quality of {column[:60]} had no effect: it has no such flags or limits."
        for column in passed_over
    ]
    return replace(found, notes=tuple(notes))


def _replaced(found: QualityColumns, name: str, one: TypedColumn) -> list[TypedColumn]:
    at = found.names.index(name)
    return [*found.typed[:at], one, *found.typed[at + 1 :]]


def _joined(one: TypedColumn, other: TypedColumn) -> str:
    """Return SQL of the rows of two columns, which lie in several tables side by side where a file is wide."""
    if one.table == other.table:
        return one.table
    return f"(SELECT * FROM {one.table} POSITIONAL JOIN {other.table})"


def _count(connection: Any, table: str, condition: str) -> int:
    return int(connection.execute(f"SELECT count(*) FILTER ({condition}) FROM {table}").fetchone()[0])


# -- Flags ------------------------------------------------------------------------------------------------------------


def _with_kept_flags(
    connection: Any, found: QualityColumns, choice: FlagChoice, before: dict[str, TypedColumn]
) -> QualityColumns:
    if choice.column not in before or choice.flag not in before or choice.keep is None:
        return found
    one, flag = found.typed[found.names.index(choice.column)], before[choice.flag]
    condition = _is_kept(flag, choice.keep)
    table = _joined(one, flag)
    gone = _count(connection, table, f"({one.expression}) IS NOT NULL AND NOT ({condition})")
    words = ", ".join(word or "none" for word in choice.keep[:6]) + (", …" if len(choice.keep) > 6 else "")
    note = f"{pluralise(gone, 'value')} with other quality flags than {words} in {choice.flag[:60]} read as missing."
    value = f"CASE WHEN {condition} THEN {one.expression} END"
    # What was counted of its words counts no more.
    kept_values = replace(one, expression=value, table=table, words=None, notes=(*one.notes, note))
    return replace(found, typed=_replaced(found, choice.column, kept_values), kept_flags=(*found.kept_flags, choice))


def _is_kept(flag: TypedColumn, keep: Sequence[str]) -> str:
    """Return SQL that is true where a flag is among the kept; a number and a truth value may be written in any way."""
    # No table holds a NUL, so a flag with one means nothing.
    words = {word for word in keep if "\x00" not in word}
    words |= {word.lower() for word in words} if flag.storage == "boolean" else set()
    found = f"coalesce(trim(({flag.expression})::VARCHAR), '') IN ({_listed(words)})"
    if flag.storage not in NUMBERS:
        return found
    numbers = ", ".join(f"TRY_CAST({literal(word)} AS DOUBLE)" for word in sorted(words)) or "NULL"
    return f"({found} OR coalesce(({flag.expression})::DOUBLE IN ({numbers}), false))"


def _listed(words: Collection[str]) -> str:
    return ", ".join(map(literal, sorted(words))) or "NULL"


# -- Limits -----------------------------------------------------------------------------------------------------------


def _with_limit(connection: Any, found: QualityColumns, choice: CensoredChoice, *, commas: bool) -> QualityColumns:
    if choice.column not in found.names or choice.take is None:
        return found
    if choice.flag:
        return _with_flagged_limit(connection, found, choice)
    one = found.typed[found.names.index(choice.column)]
    if one.storage not in (*NUMBERS, "text"):
        return found
    text = f"trim({one.key}::VARCHAR)"
    limit = _number_of(f"regexp_extract({text}, '{LIMIT}', 2)", commas=commas)
    beyond = f"(coalesce(regexp_full_match({text}, '{LIMIT}'), false) AND {limit} IS NOT NULL)"
    count = _count(connection, one.table, beyond)
    if not count:
        return found
    below = f"regexp_extract({text}, '{LIMIT}', 1) IN ('<', '≤')"
    plain = one.expression if one.storage in NUMBERS else _number_of(f"trim({one.expression})", commas=commas)
    value = f"CASE WHEN {beyond} THEN {_taken(limit, below, choice.take)} ELSE {plain} END"
    words = "" if one.storage in NUMBERS else f"({one.expression}) IS NOT NULL AND NOT {beyond} AND ({plain}) IS NULL"
    rest = _count(connection, one.table, words) if words else 0
    notes = (*one.notes, *_notes(count, choice.take, rest))
    number = TypedColumn(one.key, "number", value, one.table, notes, odd=_without_limits(one.odd))
    after = replace(found, typed=_replaced(found, choice.column, number), censored=(*found.censored, choice))
    return after if choice.take == "missing" else _with_marks(after, choice.column, one, text, beyond)


def _with_marks(found: QualityColumns, name: str, one: TypedColumn, text: str, beyond: str) -> QualityColumns:
    """Add the column that tells which values are censored, "<" or ">"."""
    marks, number = f"{name[:190]}{CENSORED}", 2
    while marks in found.names:
        marks, number = f"{name[:190]}{CENSORED}_{number}", number + 1
    sign = f"CASE WHEN regexp_extract({text}, '{LIMIT}', 1) IN ('<', '≤') THEN '<' ELSE '>' END"
    key = f"c{1 + max(int(column.key[1:]) for column in found.typed)}"
    column = TypedColumn(key, "text", f"CASE WHEN {beyond} THEN {sign} END", one.table)
    return replace(
        found, names=[*found.names, marks], typed=[*found.typed, column], flags=(*found.flags, (marks, name))
    )


def _with_flagged_limit(connection: Any, found: QualityColumns, choice: CensoredChoice) -> QualityColumns:
    """Return the columns where values that another column marks as beyond a limit were read as chosen."""
    if choice.flag not in found.names:
        return found
    one, flag = (found.typed[found.names.index(name)] for name in (choice.column, choice.flag))
    if one.storage not in NUMBERS:
        return found
    table, word = _joined(one, flag), f"lower(trim(coalesce(({flag.expression})::VARCHAR, '')))"
    below, above = (_marks(word, signs) for signs in (BELOW_FLAGS, ABOVE_FLAGS))
    count = _count(connection, table, f"({one.expression}) IS NOT NULL AND ({below} OR {above})")
    value = f"({one.expression})::DOUBLE"
    taken = f"CASE WHEN {below} OR {above} THEN {_taken(value, below, choice.take or '')} ELSE {value} END"
    notes = (*one.notes, *_notes(count, choice.take or "", 0))
    number = replace(one, storage="number", expression=taken, table=table, notes=notes, words=None)
    return replace(found, typed=_replaced(found, choice.column, number), censored=(*found.censored, choice))


def _marks(word: str, signs: tuple[str, ...]) -> str:
    """Return SQL that is true where a flag holds a sign, or is the word for it alone."""
    parts = [f"{word} = {literal(sign)}" if sign.isalpha() else f"contains({word}, {literal(sign)})" for sign in signs]
    return f"({' OR '.join(parts)})"


def _taken(limit: str, below: str, take: str) -> str:
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
    words = tuple((word, held) for word, held in odd.words if not is_limit(word)) if odd else ()
    if odd is None or not words:
        return None
    gone = sum(held for word, held in odd.words if is_limit(word))
    return replace(odd, words=words, count=max(odd.count - gone, len(words)), kept_as_text=False)
