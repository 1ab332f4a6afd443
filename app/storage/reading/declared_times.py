"""Times in typed columns and in numbers, as the user declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.time_forms.candidates import may_be_times
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import TimeReading, choose
from app.domain.analysis.time_forms.numbers import NumberForm, form_of_numbers, number_forms
from app.storage.reading.column_overrides import Meaning
from app.storage.reading.local_times import convert_clock
from app.storage.reading.moments import moment_sql
from app.storage.reading.number_times import FIRST_ROWS, NUMBERS, bounds_of, convert_to_moments, source_of, word_of
from app.storage.reading.times import MIN_SHARE, DetectedTimes, find_times, read_chosen_form, try_form, with_example
from app.storage.reading.typed_column import TypedColumn

STORED = {"text": "text", "boolean": "truth values", "integer": "numbers", "number": "numbers"}


def apply_time_choices(
    connection: Any, typed: Sequence[TypedColumn], *, meanings: Sequence[Meaning], places: Mapping[str, str]
) -> list[TypedColumn]:
    """Turn columns into times that the user declared as such and that are none yet.

    Parameters
    ----------
    connection, typed
        The columns, and where their tables are.
    meanings
        The choices of the user for each column.
    places
        The SQL that orders the rows of each table as the file does.
    """
    return [
        _apply_choice(connection, column, what, places)
        if what.read_as == "datetime" and column.times is None
        else column
        for column, what in zip(typed, meanings, strict=True)
    ]


def _apply_choice(connection: Any, column: TypedColumn, meaning: Meaning, places: Mapping[str, str]) -> TypedColumn:
    if column.storage == "datetime":
        return convert_clock(connection, column, zone=meaning.zone, places=places)
    if any(note.startswith("kept as text") for note in column.notes):
        return column
    form = Form(meaning.form) if meaning.form else None
    typed_column = (
        _times_of_numbers(connection, column, form)
        if column.storage in NUMBERS
        else _times_of_texts(connection, column, form)
    )
    if typed_column is None or typed_column.times is None:
        which = f"too few values are written {form.words}" if form else "its values are times in no one form"
        return replace(column, notes=(*column.notes, f"kept as {STORED[column.storage]}: {which}."))
    # Times that carry their zone are on no other clock.
    zone = "" if "zone" in typed_column.times.form.fields else meaning.zone
    return convert_clock(connection, typed_column, zone=zone, places=places)


def _times_of_numbers(connection: Any, column: TypedColumn, answer: Form | None) -> TypedColumn | None:
    bounds = bounds_of(connection, column)
    if not bounds.count:
        return None
    forms = [form_of_numbers(answer)] if answer else number_forms(bounds.low, bounds.high, is_whole=bounds.is_whole)
    tried = {form: try_form(connection, source_of(column, word_of(column, form)), form.form) for form in forms}
    able = [known for known in tried.values() if known.count >= MIN_SHARE * bounds.count]
    reading = choose(able, present=bounds.count, share=MIN_SHARE)
    if reading is None:
        return None
    chosen = next(form for form, known in tried.items() if known.form == reading.form)
    reading = TimeReading(reading.form, "as you said") if answer else reading
    word = word_of(column, NumberForm(reading.form, chosen.digits))
    reading = with_example(connection, source_of(column, word), reading)
    return convert_to_moments(column, reading, moment_sql(reading.form, word))


def _times_of_texts(connection: Any, column: TypedColumn, form: Form | None) -> TypedColumn | None:
    word, source, present = _text_sql(connection, column)
    times = read_chosen_form(connection, source, word=word, form=form, present=present) if present else None
    return _keep_detected_form(column, times, fewest=MIN_SHARE * present)


def convert_text_times(
    connection: Any, typed: Sequence[TypedColumn], *, names: Sequence[str], meanings: Sequence[Meaning]
) -> list[TypedColumn]:
    """Turn columns of texts that are all times into times, in a format whose cells nobody has looked at before.

    Parameters
    ----------
    connection, typed
        The columns, as the format of the file gave them.
    names, meanings
        Their names, and the choices of the user for each.
    """
    columns = list(typed)
    for place, column in enumerate(typed):
        if column.storage != "text" or meanings[place].read_as or not may_be_times(_first_texts(connection, column)):
            continue
        word, source, present = _text_sql(connection, column)
        times = find_times(connection, source, word=word, name=names[place], present=present)
        columns[place] = _keep_detected_form(column, times, fewest=present) or column
    return columns


def _first_texts(connection: Any, column: TypedColumn) -> list[str]:
    word = f"trim({column.expression})"
    query = f"SELECT DISTINCT word FROM (SELECT {word} AS word FROM {column.table} LIMIT {FIRST_ROWS}) WHERE word <> ''"
    return [text for (text,) in connection.execute(query).fetchall()]


def _text_sql(connection: Any, column: TypedColumn) -> tuple[str, str, int]:
    """Return the SQL of a column's value as a text, that of all of them, and how many there are."""
    word = f"trim(({column.expression})::VARCHAR)"
    source = f"(SELECT word FROM (SELECT {word} AS word FROM {column.table}) WHERE word <> '')"
    return word, source, int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])


def _keep_detected_form(column: TypedColumn, times: DetectedTimes | None, *, fewest: float) -> TypedColumn | None:
    if times is None or times.fault or times.count < fewest:
        return None
    typed = convert_to_moments(column, times.reading, times.sql)
    return replace(typed, notes=(*typed.notes, times.zone_note)) if times.zone_note else typed
