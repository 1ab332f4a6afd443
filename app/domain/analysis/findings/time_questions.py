"""Findings about times: ambiguous order of day and month, joined columns, unreadable values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.analysis.findings.wording import quote_column
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, TimeAxis
from app.domain.analysis.time_forms.candidates import candidate_forms
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import TimeReading, is_whole_day
from app.domain.analysis.time_forms.name_words import names_sure_time
from app.domain.json_values import JsonObject
from app.domain.text.words import join_words
from app.domain.vocabulary import ColumnKind, Severity

NOT_UNDERSTOOD, JOINED = "looks_like_time_not_understood", "time_joined"
EXAMPLE_LENGTH = 30
MOSTLY = 0.8
LIKELY_YEARS = (1700, 2100)
NO_TIME = (ColumnKind.DATETIME, ColumnKind.CONSTANT, ColumnKind.BOOLEAN)


def time_question(column: str, reading: TimeReading) -> Finding | None:
    """Return the question about an order of day and month that could be another; None where it could not."""
    if not reading.others:
        return None
    text = reading.example[:EXAMPLE_LENGTH]
    first = _day_in(reading.form, reading.example)
    others = [(form, _day_in(form, reading.example)) for form in reading.others]
    named = " or ".join(day for _, day in others)
    message = f'{quote_column(column)}: "{text}" was read as {first}, but it could be {named}: {reading.reason}.'
    buttons = [FindingRemedy(f"{text} is {first} (suggested)", "reading", _read_as_change(column, reading.form))]
    buttons += [FindingRemedy(f"{text} is {day}", "reading", _read_as_change(column, form)) for form, day in others]
    buttons.append(
        FindingRemedy("They are no dates", "reading", {"columns": [{"column": column[:200], "read_as": "text"}]})
    )
    remedy = "Say which it is, and the file is read again."
    return Finding(NOT_UNDERSTOOD, Severity.WARNING, (column,), message, remedy, tuple(buttons))


def _day_in(form: Form, text: str) -> str:
    moment = form.parse(text)
    return form.words if moment is None else f"{moment.day} {moment:%B %Y}"


def _read_as_change(column: str, form: Form) -> JsonObject:
    return {"columns": [{"column": column[:200], "read_as": "datetime", "form": form.code}]}


def joined_time_finding(column: str, parts: Sequence[str]) -> Finding:
    """Return that columns were joined into one of times, with a button that undoes it."""
    names = join_words([quote_column(part) for part in parts])
    message = f"{names} were joined into {quote_column(column)}, a time column of its own. They stay as they are."
    undo = {"columns": [{"columns": [part[:200] for part in parts], "read_as": "text"}]}
    return Finding(
        JOINED, Severity.NOTICE, (column,), message, "", (FindingRemedy("Do not join them", "reading", undo),)
    )


def unreadable_time_finding(
    columns: Sequence[ColumnProfile], axis: TimeAxis | None, choices: ReadingChoices
) -> Iterator[Finding]:
    """Yield a warning for each column that looks like times and was not read so, where no time orders the rows.

    Parameters
    ----------
    columns, axis
        The profiled columns, and the time axis, if any.
    choices
        What the user said: a column that they said is no time is not asked about.
    """
    if axis is not None:
        return
    answered_names = {
        choice.column for choice in choices.columns if choice.read_as in ("text", "numeric", "point", "comma")
    }
    for column in columns:
        if column.name in answered_names or column.kind in NO_TIME or not _looks_like_time(column):
            continue
        text = column.top_values[0][0][:EXAMPLE_LENGTH] if column.top_values else ""
        values = f', such as "{text}",' if text else ""
        message = (
            f"{quote_column(column.name)} looks like times, but its values{values} were not understood. Without a time "
            "column the rows are split at random, which flatters any model of a record in time."
        )
        remedy = 'Say how its times are written, under "How the file was read".'
        no_time = "text" if column.storage == "text" else "numeric"
        change = {"columns": [{"column": column.name[:200], "read_as": no_time}]}
        button = FindingRemedy("This is not a time", "reading", change)
        yield Finding(NOT_UNDERSTOOD, Severity.WARNING, (column.name,), message, remedy, (button,))


def _looks_like_time(column: ColumnProfile) -> bool:
    words = [value for value, _ in column.top_values]
    is_named = names_sure_time(column.name)
    if column.storage == "text":
        has_digits = bool(words) and all(any(sign.isdigit() for sign in word) for word in words)
        return has_digits and (is_named or _fit_a_form(words))
    return is_named and column.storage in ("number", "integer")


def _fit_a_form(words: Sequence[str]) -> bool:
    """Return whether most of some values are whole days in one form."""
    forms = [form for form in candidate_forms(words) if is_whole_day(form)]
    return any(sum(_is_likely(form, word) for word in words) >= MOSTLY * len(words) for form in forms)


def _is_likely(form: Form, word: str) -> bool:
    moment = form.parse(word)
    return moment is not None and LIKELY_YEARS[0] <= moment.year <= LIKELY_YEARS[1]
