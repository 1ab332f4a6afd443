"""Detection of number columns that are times, by all of their values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import FormTrial, TimeReading, choose
from app.domain.analysis.time_forms.name_words import names_year
from app.domain.analysis.time_forms.numbers import (
    MONTHS_BEHIND_A_POINT,
    NumberForm,
    number_forms,
    numbers_are_times,
    years_are_axis,
)
from app.storage.reading.column_overrides import Meaning
from app.storage.reading.moments import moment_sql
from app.storage.reading.times import try_form, with_example
from app.storage.reading.typed_column import TypedColumn

NUMBERS = ("integer", "number")
FIRST_ROWS, AT_ONCE = 50, 500
YEAR_FORM = Form("%Y")


@dataclass(frozen=True)
class NumberBounds:
    """The least and the greatest number of a column, how many there are, and whether all are whole."""

    low: float
    high: float
    count: int
    is_whole: bool


def with_number_times(
    connection: Any, typed: Sequence[TypedColumn], *, names: Sequence[str], meanings: Sequence[Meaning]
) -> list[TypedColumn]:
    """Return the columns with those numbers as moments that are times.

    Parameters
    ----------
    connection, typed
        The columns, and where their tables are.
    names, meanings
        Their names, and the choices of the user for each.
    """
    columns = list(typed)
    for place in _likely(connection, typed, meanings):
        column = typed[place]
        bounds = bounds_of(connection, column)
        forms = number_forms(bounds.low, bounds.high, is_whole=bounds.is_whole) if bounds.count else []
        reading, sql = _decide_form(connection, column, forms, bounds.count, names[place])
        if reading is not None:
            columns[place] = convert_to_moments(column, reading, sql)
    return columns


def with_years(
    connection: Any, typed: Sequence[TypedColumn], *, names: Sequence[str], meanings: Sequence[Meaning]
) -> list[TypedColumn]:
    """Return the columns with the first one of years as moments that orders the rows, where nothing else does."""
    if any(typed_column.storage == "datetime" for typed_column in typed):
        return list(typed)
    for place, column in enumerate(typed):
        if column.storage != "integer" or meanings[place].read_as or not names_year(names[place]):
            continue
        values = connection.execute(
            f"SELECT value FROM (SELECT {column.expression} AS value FROM {column.table}) WHERE value IS NOT NULL"
        ).fetchnumpy()["value"]
        if len(values) and years_are_axis(values, names[place]):
            reason = "its rows are a year apart and nothing else orders them"
            reading = TimeReading(YEAR_FORM, reason, example=str(values[0]))
            columns = list(typed)
            columns[place] = convert_to_moments(
                column, reading, moment_sql(YEAR_FORM, word_of(column, NumberForm(YEAR_FORM)))
            )
            return columns
    return list(typed)


def convert_to_moments(column: TypedColumn, reading: TimeReading, sql: str) -> TypedColumn:
    """Return a column of numbers as one of moments."""
    note = f"dates read as {reading.form.words}: {reading.reason}."
    return replace(
        column, storage="datetime", expression=sql, notes=(*column.notes, note), times=reading, number_format=None
    )


def word_of(column: TypedColumn, form: NumberForm) -> str:
    """Return the SQL of a column's numbers as texts that a form can be read from."""
    if form.form.is_counted:
        return f"({column.expression})"
    if form.form.code == MONTHS_BEHIND_A_POINT:
        return f"printf('%.2f', ({column.expression})::DOUBLE)"
    whole = f"TRY_CAST({column.expression} AS BIGINT)::VARCHAR"
    return f"lpad({whole}, {form.digits}, '0')" if form.digits else whole


def _likely(connection: Any, typed: Sequence[TypedColumn], meanings: Sequence[Meaning]) -> Iterable[int]:
    """Return the places of columns whose first values could all be times of one form."""
    places = [index for index, column in enumerate(typed) if column.storage in NUMBERS and not meanings[index].read_as]
    by_table: dict[str, list[int]] = {}
    for place in places:
        by_table.setdefault(typed[place].table, []).append(place)
    results = []
    for table, current_values in by_table.items():
        for start in range(0, len(current_values), AT_ONCE):
            some = current_values[start : start + AT_ONCE]
            columns = ", ".join(f"{typed[place].expression}" for place in some)
            rows = connection.execute(f"SELECT {columns} FROM {table} LIMIT {FIRST_ROWS}").fetchall()
            results += [place for place, values in zip(some, zip(*rows, strict=True), strict=False) if _may_be(values)]
    return sorted(results)


def _may_be(values: Sequence[float | None]) -> bool:
    here = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not here:
        return True
    return bool(number_forms(min(here), max(here), is_whole=all(value.is_integer() for value in here)))


def bounds_of(connection: Any, column: TypedColumn) -> NumberBounds:
    """Return the bounds of a column of numbers."""
    low, high, count, is_whole = connection.execute(
        "SELECT min(value), max(value), count(value), bool_and(value = trunc(value)) "
        f"FROM (SELECT ({column.expression})::DOUBLE AS value FROM {column.table})"
    ).fetchone()
    return NumberBounds(low or 0.0, high or 0.0, count, bool(is_whole))


def _decide_form(
    connection: Any, column: TypedColumn, forms: Sequence[NumberForm], present: int, name: str
) -> tuple[TimeReading | None, str]:
    tried, sql = list[FormTrial](), dict[str, NumberForm]()
    for form in forms:
        trial = try_form(connection, source_of(column, word_of(column, form)), form.form)
        # Of numbers all are times or none is: what is left over would be lost without a word.
        if trial.count == present and numbers_are_times(trial.form, trial.moments, name):
            tried.append(trial)
            sql[form.form.code] = form
    # Hardly any number that counts is the date of a calendar as well, so a date that is written is believed first.
    trials = [form_trial for form_trial in tried if not form_trial.form.is_counted]
    reading = choose(trials or tried, present=present)
    if reading is None:
        return None, ""
    word = word_of(column, sql[reading.form.code])
    return with_example(connection, source_of(column, word), reading), moment_sql(reading.form, word)


def source_of(column: TypedColumn, word: str) -> str:
    """Return the SQL whose column `word` holds a column as texts."""
    return f"(SELECT {word} AS word FROM {column.table})"
