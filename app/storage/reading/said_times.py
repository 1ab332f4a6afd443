"""Times in columns whose storage the file gives, and in columns of numbers of which the user says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.time_forms.candidates import may_be_times
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import TimeReading, choose
from app.domain.analysis.time_forms.numbers import NumberForm, form_of_numbers, number_forms
from app.storage.reading.local_times import on_clock
from app.storage.reading.meaning import Meaning
from app.storage.reading.moments import moment_sql
from app.storage.reading.number_times import FIRST_ROWS, NUMBERS, bounds_of, convert_to_moments, source_of, word_of
from app.storage.reading.times import MIN_SHARE, TimesFound, find_times, times_as_said, try_form, with_example
from app.storage.reading.typed import TypedColumn

STORED = {"text": "text", "boolean": "truth values", "integer": "numbers", "number": "numbers"}


def apply_time_choices(
    connection: Any, typed: Sequence[TypedColumn], *, said: Sequence[Meaning], places: Mapping[str, str]
) -> list[TypedColumn]:
    """Return the columns with those as moments of which the user said so and that are none yet.

    Parameters
    ----------
    connection, typed
        The columns, and where their tables are.
    said
        What the user said about each.
    places
        The SQL that orders the rows of each table as the file does.
    """
    return [
        _apply_choice(connection, one, what, places) if what.read_as == "datetime" and one.times is None else one
        for one, what in zip(typed, said, strict=True)
    ]


def _apply_choice(connection: Any, one: TypedColumn, said: Meaning, places: Mapping[str, str]) -> TypedColumn:
    if one.storage == "datetime":
        return on_clock(connection, one, zone=said.zone, places=places)
    if any(note.startswith("kept as text") for note in one.notes):
        return one
    form = Form(said.form) if said.form else None
    found = _of_numbers(connection, one, form) if one.storage in NUMBERS else _of_texts(connection, one, form)
    if found is None or found.times is None:
        which = f"too few values are written {form.words}" if form else "its values are times in no one form"
        return replace(one, notes=(*one.notes, f"kept as {STORED[one.storage]}: {which}."))
    # Times that carry their zone are on no other clock.
    zone = "" if "zone" in found.times.form.fields else said.zone
    return on_clock(connection, found, zone=zone, places=places)


def _of_numbers(connection: Any, one: TypedColumn, said: Form | None) -> TypedColumn | None:
    bounds = bounds_of(connection, one)
    if not bounds.count:
        return None
    forms = [form_of_numbers(said)] if said else number_forms(bounds.low, bounds.high, is_whole=bounds.is_whole)
    tried = {form: try_form(connection, source_of(one, word_of(one, form)), form.form) for form in forms}
    able = [known for known in tried.values() if known.count >= MIN_SHARE * bounds.count]
    reading = choose(able, present=bounds.count, share=MIN_SHARE)
    if reading is None:
        return None
    chosen = next(form for form, known in tried.items() if known.form == reading.form)
    reading = TimeReading(reading.form, "as you said") if said else reading
    word = word_of(one, NumberForm(reading.form, chosen.digits))
    reading = with_example(connection, source_of(one, word), reading)
    return convert_to_moments(one, reading, moment_sql(reading.form, word))


def _of_texts(connection: Any, one: TypedColumn, said: Form | None) -> TypedColumn | None:
    word, source, present = _texts(connection, one)
    found = times_as_said(connection, source, word=word, form=said, present=present) if present else None
    return _keep_found_form(one, found, fewest=MIN_SHARE * present)


def with_text_times(
    connection: Any, typed: Sequence[TypedColumn], *, names: Sequence[str], said: Sequence[Meaning]
) -> list[TypedColumn]:
    """Return the columns with those texts as moments that are all times; nobody has looked at them before.

    Parameters
    ----------
    connection, typed
        The columns, as the format of the file gave them.
    names, said
        Their names, and what the user said about each.
    """
    found = list(typed)
    for place, one in enumerate(typed):
        if one.storage != "text" or said[place].read_as or not may_be_times(_first_texts(connection, one)):
            continue
        word, source, present = _texts(connection, one)
        times = find_times(connection, source, word=word, name=names[place], present=present)
        found[place] = _keep_found_form(one, times, fewest=present) or one
    return found


def _first_texts(connection: Any, one: TypedColumn) -> list[str]:
    word = f"trim({one.expression})"
    query = f"SELECT DISTINCT word FROM (SELECT {word} AS word FROM {one.table} LIMIT {FIRST_ROWS}) WHERE word <> ''"
    return [text for (text,) in connection.execute(query).fetchall()]


def _texts(connection: Any, one: TypedColumn) -> tuple[str, str, int]:
    """Return the SQL of a column's value as a text, that of all of them, and how many there are."""
    word = f"trim(({one.expression})::VARCHAR)"
    source = f"(SELECT word FROM (SELECT {word} AS word FROM {one.table}) WHERE word <> '')"
    return word, source, int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])


def _keep_found_form(one: TypedColumn, found: TimesFound | None, *, fewest: float) -> TypedColumn | None:
    if found is None or found.fault or found.count < fewest:
        return None
    typed = convert_to_moments(one, found.reading, found.sql)
    return replace(typed, notes=(*typed.notes, found.zone_note)) if found.zone_note else typed
