"""Joining date and time columns into one time column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.import_options.import_choices import ColumnImportChoice, ReadingChoices
from app.domain.analysis.time_forms.candidates import candidate_forms
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.joining import TimePart, code_of, find_joins, name_of, names_part, roles_of
from app.domain.analysis.time_forms.judging import MOSTLY, TimeReading
from app.domain.analysis.time_forms.month_names import MONTHS, fold_case
from app.storage.reading.local_times import convert_clock
from app.storage.reading.moments import moment_sql
from app.storage.reading.times import try_form, with_example
from app.storage.reading.typed_column import TypedColumn

CLOCK = re.compile(
    r"[0-9]{1,2}([:.h][0-9]{2}([:.][0-9]{2}([.,][0-9]+)?)?\s?([ap]\.?m\.?)?|\s?[ap]\.?m\.?)", re.IGNORECASE
)
FIRST_ROWS, MAX_PARTS = 50, 40
NUMBERS = ("integer", "number")
TIMES_OF_DAY = {"hour", "clock", "clock_number"}


def join_times(
    connection: Any,
    typed: Sequence[TypedColumn],
    *,
    names: Sequence[str],
    choices: ReadingChoices,
    places: Mapping[str, str],
) -> list[tuple[str, TypedColumn]]:
    """Return the columns of times that others make together, with their names.

    Parameters
    ----------
    connection, typed
        The columns, and where their tables are.
    names, choices
        Their names, and the choices of the user: what was chosen is done, and what was undone is not done again.
    places
        The SQL that orders the rows of each table as the file does.
    """
    joined = [column for column in choices.columns if column.columns]
    wanted = [choice for choice in joined if choice.read_as == "datetime"]
    made: list[tuple[str, TypedColumn]] = []
    for choice in wanted:
        used_names = [*names, *(name for name, _ in made)]
        made += (
            _join_as_chosen(connection, typed, choice, used_names=used_names, places=places)
            if set(choice.columns) <= set(names)
            else []
        )
    if made or any(choice.read_as == "text" for choice in joined):
        return _numbered_parts(made, typed)
    ways = find_joins(_time_parts(connection, typed, names))
    counts = _distinct_dates(connection, typed) if ways else 0
    for columns, roles in ways:
        typed_column = _join_parts(connection, typed, names, columns, roles, code_of(roles), known=counts)
        if typed_column is not None:
            return _numbered_parts([(name_of(roles, names), typed_column)], typed)
    return []


def _numbered_parts(
    made: Sequence[tuple[str, TypedColumn]], typed: Sequence[TypedColumn]
) -> list[tuple[str, TypedColumn]]:
    return [(name, replace(column, key=f"c{len(typed) + place}")) for place, (name, column) in enumerate(made)]


def _join_as_chosen(
    connection: Any,
    typed: Sequence[TypedColumn],
    choice: ColumnImportChoice,
    *,
    used_names: Sequence[str],
    places: Mapping[str, str],
) -> list[tuple[str, TypedColumn]]:
    """Return the column that the user wants with its name, or nothing; `used_names` are all names so far."""
    names = used_names[: len(typed)]
    parts = {part.name: part for part in _time_parts(connection, typed, names)}
    roles = [(roles_of(parts[name]) or [""])[0] if name in parts else "" for name in choice.columns]
    code = choice.form or (code_of(roles) if all(roles) else "")
    column = _join_parts(connection, typed, names, choice.columns, roles, code, known=None)
    if column is None:
        return []
    column = convert_clock(connection, column, zone=choice.zone or "", places=places)
    if choice.name and choice.name not in used_names:
        return [(choice.name, column)]
    note = f"not called {choice.name[:40]}, as another column is." if choice.name else ""
    return [(name_of(roles, used_names), replace(column, notes=(*column.notes, note)) if note else column)]


def _time_parts(connection: Any, typed: Sequence[TypedColumn], names: Sequence[str]) -> list[TimePart]:
    """Return the columns that may stand in a time; of whole numbers those that are named so."""
    parts = []
    for column, name in zip(typed, names, strict=True):
        # Of ten thousand columns a few are named so, and only these are looked at.
        if not names_part(name):
            continue
        kind = _kind_of_text(connection, column, name) if column.storage == "text" else "integer"
        if kind in ("clock", "month_name"):
            parts.append(TimePart(name, kind))
        elif kind and column.storage in (*NUMBERS, "text"):
            low, high, whole = connection.execute(
                "SELECT min(value), max(value), bool_and(value = trunc(value)) "
                f"FROM (SELECT TRY_CAST({column.expression} AS DOUBLE) AS value FROM {column.table})"
            ).fetchone()
            parts += [TimePart(name, "integer", low, high)] if low is not None and whole else []
        if len(parts) >= MAX_PARTS:
            break
    if any(set(roles_of(part)) & TIMES_OF_DAY for part in parts):
        dates = (
            name
            for typed_column, name in zip(typed, names, strict=True)
            if typed_column.storage == "datetime" and _are_days(connection, typed_column)
        )
        parts += [TimePart(name, "date") for name in dates]
    return parts


def _are_days(connection: Any, days: TypedColumn) -> bool:
    sql = (
        f"SELECT bool_and(value = date_trunc('day', value)) FROM (SELECT {days.expression} AS value FROM {days.table})"
    )
    return bool(connection.execute(sql).fetchone()[0])


def _kind_of_text(connection: Any, text: TypedColumn, name: str) -> str:
    first = connection.execute(f"SELECT trim({text.expression}) FROM {text.table} LIMIT {FIRST_ROWS}").fetchall()
    words = [word for (word,) in first if word]
    if words and all(word.isdigit() and len(word) <= 4 for word in words):
        return "integer"
    if words and all(CLOCK.fullmatch(word) for word in words):
        return "clock"
    is_named = bool(roles_of(TimePart(name, "month_name")))
    return "month_name" if is_named and words and all(fold_case(word) in MONTHS for word in words) else ""


def _distinct_dates(connection: Any, typed: Sequence[TypedColumn]) -> int:
    """Return how many moments the finest column of dates tells apart; joining must tell more."""
    most = 0
    for column in typed:
        if column.storage == "datetime":
            sql = f"SELECT count(DISTINCT value) FROM (SELECT {column.expression} AS value FROM {column.table})"
            most = max(most, int(connection.execute(sql).fetchone()[0]))
    return most


def _join_parts(
    connection: Any,
    typed: Sequence[TypedColumn],
    names: Sequence[str],
    columns: Sequence[str],
    roles: Sequence[str],
    code: str,
    *,
    known: int | None,
) -> TypedColumn | None:
    """Return the column that others make, or None where they make no times; `known` is how many moments there are."""
    typed_columns = [typed[names.index(name)] for name in columns]
    if len({column.table for column in typed_columns}) > 1:
        return None
    words = [_word_sql(column, role) for column, role in zip(typed_columns, roles, strict=True)]
    word = f"concat_ws(' ', {', '.join(words)})"
    whole = " AND ".join(f"{text} IS NOT NULL" for text in words)
    source = f"(SELECT CASE WHEN {whole} THEN {word} END AS word FROM {typed_columns[0].table})"
    present = int(connection.execute(f"SELECT count(word) FROM {source}").fetchone()[0])
    tried = [try_form(connection, source, form) for form in _forms(connection, source, code)]
    best = max(tried, key=lambda trial: trial.count, default=None)
    if best is None or not present or best.count < MOSTLY * present:
        return None
    if known is not None and len(set(best.moments.tolist())) <= max(known, 2):
        return None
    value = moment_sql(best.form, f"CASE WHEN {whole} THEN {word} END")
    reading = with_example(connection, source, TimeReading(best.form, f"joined from {', '.join(columns)}"))
    notes = (f"joined from {', '.join(name[:40] for name in columns)}, which stay as they are.",)
    return TypedColumn("", "datetime", value, typed_columns[0].table, notes, times=reading, joined=tuple(columns))


def _word_sql(column: TypedColumn, role: str) -> str:
    """Return the SQL of a column's values as texts; the hour and minute of "930" have four digits."""
    if column.storage == "datetime":
        return f"strftime({column.expression}, '%Y-%m-%d')"
    text = f"trim(({column.expression})::VARCHAR)"
    if column.storage in NUMBERS:
        # A part of a day is no hour: it stays as it is written, which no form of times fits.
        is_whole = f"{column.expression} = trunc({column.expression})"
        text = f"CASE WHEN {is_whole} THEN TRY_CAST({column.expression} AS BIGINT)::VARCHAR ELSE {text} END"
    if role == "clock_number":
        text = f"lpad({text}, 4, '0')"
        return f"concat({text}[1:2], ':', {text}[3:4])"
    return text


def _forms(connection: Any, source: str, code: str) -> list[Form]:
    if code:
        return [Form(code)]
    view = connection.execute(
        "SELECT min(word), max(word) FROM (SELECT word, regexp_replace(word, '[0-9]', '9', 'g') AS shape "
        f"FROM {source}) WHERE word IS NOT NULL GROUP BY shape LIMIT 50"
    ).fetchall()
    return candidate_forms([word for pair in view for word in pair])[:8]
