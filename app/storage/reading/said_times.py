"""Times that the user says a column of numbers holds, or one whose storage the file gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import TimeReading, choose
from app.domain.analysis.time_forms.numbers import NumberForm, form_of_numbers, number_forms
from app.storage.reading.local_times import on_clock
from app.storage.reading.meaning import Meaning
from app.storage.reading.moments import moment_sql
from app.storage.reading.number_times import NUMBERS, as_moments, bounds_of, source_of, word_of
from app.storage.reading.times import LEAST_SHARE, times_as_said, try_form, with_example
from app.storage.reading.typed import Typed

STORED = {"text": "text", "boolean": "truth values", "integer": "numbers", "number": "numbers"}


def with_said_times(
    connection: Any, typed: Sequence[Typed], *, said: Sequence[Meaning], places: Mapping[str, str]
) -> list[Typed]:
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
        _as_said(connection, one, what, places) if what.read_as == "datetime" and one.times is None else one
        for one, what in zip(typed, said, strict=True)
    ]


def _as_said(connection: Any, one: Typed, said: Meaning, places: Mapping[str, str]) -> Typed:
    if one.storage == "datetime":
        return on_clock(connection, one, zone=said.zone, places=places)
    if any(note.startswith("kept as text") for note in one.notes):
        return one
    form = Form(said.form) if said.form else None
    found = _of_numbers(connection, one, form) if one.storage in NUMBERS else _of_texts(connection, one, form)
    if found is None:
        which = f"too few values are written {form.words}" if form else "its values are times in no one form"
        return replace(one, notes=(*one.notes, f"kept as {STORED[one.storage]}: {which}."))
    return on_clock(connection, found, zone=said.zone, places=places)


def _of_numbers(connection: Any, one: Typed, said: Form | None) -> Typed | None:
    bounds = bounds_of(connection, one)
    if not bounds.count:
        return None
    forms = [form_of_numbers(said)] if said else number_forms(bounds.low, bounds.high, is_whole=bounds.is_whole)
    tried = {form: try_form(connection, source_of(one, word_of(one, form)), form.form) for form in forms}
    able = [known for known in tried.values() if known.count >= LEAST_SHARE * bounds.count]
    reading = choose(able, present=bounds.count, share=LEAST_SHARE)
    if reading is None:
        return None
    chosen = next(form for form, known in tried.items() if known.form == reading.form)
    reading = TimeReading(reading.form, "as you said") if said else reading
    word = word_of(one, NumberForm(reading.form, chosen.digits))
    reading = with_example(connection, source_of(one, word), reading)
    return as_moments(one, reading, moment_sql(reading.form, word))


def _of_texts(connection: Any, one: Typed, said: Form | None) -> Typed | None:
    word = f"trim(({one.expression})::VARCHAR)"
    source = f"(SELECT word FROM (SELECT {word} AS word FROM {one.table}) WHERE word <> '')"
    present = int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])
    found = times_as_said(connection, source, word=word, form=said, present=present) if present else None
    if found is None or found.fault or found.count < LEAST_SHARE * present:
        return None
    return as_moments(one, found.reading, found.sql)
