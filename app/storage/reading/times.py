"""Detection of text columns that are times, by trying date formats on all values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.domain.analysis.time_forms.candidates import candidate_forms
from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import (
    MOSTLY,
    FormTrial,
    Moments,
    TimeReading,
    choose,
    first_year_of,
    is_believed,
    is_plainly_time,
    latest_year,
)
from app.storage.reading.moments import field_sql, moment_sql, quick_sql
from app.storage.reading.zones import MixedZonesError, bring_to_one_zone

OPTIONAL_ZONE = re.compile(r"\[ ?%z\]")
MAX_SHAPES, MAX_FORMS = 300, 24
# Where the user says that a column holds times, so many of its values must be.
MIN_SHARE = 0.8
FEW_ODD_WORDS = 5


@dataclass(frozen=True)
class DetectedTimes:
    """How the times of a column are read: the SQL of a moment, how many values have one, and a note on the zone.

    `fault` says why there is none although a form fits.
    """

    reading: TimeReading
    sql: str
    count: int
    zone_note: str = ""
    fault: str = ""


def find_times(connection: Any, source: str, *, word: str, name: str, present: int) -> DetectedTimes | None:
    """Return how the texts of a column are read as times, or None where they are none.

    Parameters
    ----------
    connection, source
        SQL whose column `word` holds the values, in file order and without blanks around them.
    word
        SQL of such a value in the column's own table.
    name, present
        The column's name, and how many values there are.
    """
    able = _able(
        connection,
        source,
        candidate_forms(_example_of(connection, source)),
        present=present,
        share=MIN_SHARE,
        name=name,
    )
    reading = choose(able, present=present, share=MIN_SHARE)
    if reading is None or not _rest_is_odd(connection, source, able, present=present):
        return None
    best = next(trial for trial in able if trial.form == reading.form)
    if not is_believed(reading, best.moments, name):
        return None
    times = read_detected_form(connection, source, reading, word=word, count=best.count)
    bare = OPTIONAL_ZONE.sub("", reading.form.code)
    if not times.fault or bare == reading.form.code:
        return times
    # A zone that hardly any value has is odd there, and no reason to give the others up.
    tried = try_form(connection, source, Form(bare))
    if tried.count < MOSTLY * present:
        return times
    return read_detected_form(connection, source, replace(reading, form=tried.form), word=word, count=tried.count)


def _rest_is_odd(connection: Any, source: str, able: Sequence[FormTrial], *, present: int) -> bool:
    """Return whether what a form leaves over is little, or a few words again and again that may mean missing."""
    best = max(able, key=lambda trial: trial.count)
    if best.count >= MOSTLY * present:
        return True
    sql = moment_sql(best.form, "word")
    words = connection.execute(
        f"SELECT DISTINCT word FROM {source} WHERE {sql} IS NULL AND word IS NOT NULL LIMIT {FEW_ODD_WORDS + 1}"
    ).fetchall()
    return len(words) <= FEW_ODD_WORDS and not any(sign.isdigit() for (word,) in words for sign in word)


def read_chosen_form(
    connection: Any, source: str, *, word: str, form: Form | None, present: int
) -> DetectedTimes | None:
    """Return how a column is read that the user says holds times, in a form of theirs or in the likeliest."""
    if form is None:
        able = _able(
            connection, source, candidate_forms(_example_of(connection, source)), present=present, share=MIN_SHARE
        )
        reading = choose(able, present=present, share=MIN_SHARE)
        if reading is None:
            return None
        count = max(trial.count for trial in able)
    else:
        tried = try_form(connection, source, form)
        reading, count = TimeReading(tried.form, "as you said"), tried.count
    return read_detected_form(connection, source, reading, word=word, count=count) if count else None


def read_detected_form(connection: Any, source: str, reading: TimeReading, *, word: str, count: int) -> DetectedTimes:
    """Return the SQL of a form that was decided, its times in one zone."""
    sql = moment_sql(reading.form, word)
    reading = with_example(connection, source, reading)
    if "zone" not in reading.form.fields:
        return DetectedTimes(reading, sql, count)
    try:
        zone = field_sql(reading.form, "word", "zone"), field_sql(reading.form, word, "zone")
        fitting = f"(SELECT word FROM {source} WHERE {moment_sql(reading.form, 'word')} IS NOT NULL)"
        moment, note = bring_to_one_zone(connection, fitting, moment=sql, zones=zone)
    except MixedZonesError as fault:
        return DetectedTimes(reading, sql, count, fault=str(fault))
    return DetectedTimes(reading, moment, count, note)


def with_example(connection: Any, source: str, reading: TimeReading) -> TimeReading:
    """Return a reading with a value of its column; where it is a question, with one that its forms read otherwise."""
    first, *others = (moment_sql(form, "word") for form in (reading.form, *reading.others))
    differ = " AND ".join(f"{first} <> {other}" for other in others) or f"{first} IS NOT NULL"
    result = connection.execute(f"SELECT word::VARCHAR FROM {source} WHERE {differ} LIMIT 1").fetchone()
    return replace(reading, example="" if result is None else str(result[0]))


def moments_of(connection: Any, source: str, sql: str) -> Moments:
    """Return the moments of a column in file order, in microseconds since 1970."""
    array = connection.execute(f"SELECT epoch_us({sql}) AS moment FROM {source}").fetchnumpy()["moment"]
    present = array.compressed() if isinstance(array, np.ma.MaskedArray) else array
    return np.asarray(present, dtype=np.int64)


def try_form(connection: Any, source: str, form: Form) -> FormTrial:
    """Return a form with what it makes of a column; of years with two digits the century is decided here."""
    moments = moments_of(connection, source, moment_sql(form, "word"))
    if form.has("y") and len(moments):
        years = moments.astype("datetime64[us]").astype("datetime64[Y]").astype(int) + 1970
        form = form.with_first_year(first_year_of(years, latest=latest_year()))
        moments = moments_of(connection, source, moment_sql(form, "word"))
    return FormTrial(form, len(moments), moments)


def _example_of(connection: Any, source: str) -> list[str]:
    """Return values of every shape that a column has, where digits are all alike."""
    result = connection.execute(
        "SELECT min(word), max(word) FROM (SELECT word, translate(word, '012345678', '999999999') AS shape "
        f"FROM {source}) GROUP BY shape ORDER BY count(*) DESC, shape LIMIT {MAX_SHAPES}"
    ).fetchall()
    return [word for pair in result for word in dict.fromkeys(pair)]


def _able(
    connection: Any, source: str, forms: Sequence[Form], *, present: int, share: float = MOSTLY, name: str = ""
) -> list[FormTrial]:
    """Return the forms with how many values each fits; moments are there for those that fit most, if they matter."""
    forms = forms[:MAX_FORMS]
    if not forms:
        return []
    counts = _counts(connection, source, forms, present)
    most = max(counts)
    if most < share * present:
        return []
    nothing = np.array([], dtype=np.int64)
    best = [form for form, count in zip(forms, counts, strict=True) if count == most]
    if len(best) == 1 and name and is_plainly_time(best[0], name):
        return [FormTrial(form, count, nothing) for form, count in zip(forms, counts, strict=True)]
    return [
        try_form(connection, source, form) if count == most else FormTrial(form, count, nothing)
        for form, count in zip(forms, counts, strict=True)
    ]


def _counts(connection: Any, source: str, forms: Sequence[Form], present: int) -> list[int]:
    """Return how many values each form fits; where the quick way finds one that fits all, its counts are enough."""
    for way in (quick_sql, moment_sql):
        sql = [way(form, "word") for form in forms]
        wanted = ", ".join(f"count({text or moment_sql(form, 'word')})" for text, form in zip(sql, forms, strict=True))
        counts = [int(count) for count in connection.execute(f"SELECT {wanted} FROM {source}").fetchone()]
        if max(counts) == present:
            break
    return counts
