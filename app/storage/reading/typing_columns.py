"""Choice of the storage type of each column, by all of its values."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.domain.analysis.findings.number_formats import NumberFormat
from app.domain.analysis.findings.oddities import OddValues
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.time_forms.candidates import may_be_times
from app.domain.analysis.time_forms.forms import Form
from app.storage.reading.column_overrides import MISSING_WORDS, Meaning, meanings
from app.storage.reading.counting import BEYOND_SHAPE, FEW_ODD_WORDS, ODD_WORDS, ColumnCounts, count_plain, may_be_more
from app.storage.reading.load import Loaded
from app.storage.reading.local_times import utc_sql
from app.storage.reading.missing_marks import MARKS, decide_unmarked, has_many_numbers
from app.storage.reading.number_styles import (
    DECIMAL_WORDS,
    decide_style,
    either_style,
    find_styles,
    find_units,
    is_styled_number,
    leans_on_the_file,
    may_be_styled,
    minus_sql,
    thousands_reading,
)
from app.storage.reading.times import DetectedTimes, find_times, read_chosen_form
from app.storage.reading.typed_column import TypedColumn
from app.storage.reading.word_counts import count_words

MOSTLY = 0.995
# Below this share of numbers a column is words with some numbers among them, and nothing is odd about that.
ASKED_FROM = 0.8
FEW_WORDS = 500
DECIMALS_SAID = ("point", "comma")
BATCH = 250
FEW_ROWS = 5_000
LOOKED_AT_SHARE = 0.01


def choose_types(
    connection: Any, loaded: Loaded, *, names: Sequence[str], choices: ReadingChoices, commas: bool
) -> list[TypedColumn]:
    """Return the storage of every column of a table.

    Parameters
    ----------
    connection, loaded
        The table, and what its columns were read as.
    names, choices
        The columns' names, and what the user said about them.
    commas
        Whether a number may be written with a decimal comma.
    """
    meaning_of = meanings(names, choices, commas=commas)
    decimal = DECIMAL_WORDS.get(choices.decimal or "", "")
    texts = [index for index, storage in enumerate(loaded.storages) if storage == "text" and not loaded.is_typed]
    typed_columns: dict[int, TypedColumn] = {}
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        columns = [
            _Column(loaded, position, names[position], meaning_of[position], commas=commas, decimal=decimal)
            for position in batch
        ]
        typed_columns |= dict(zip(batch, _batch(connection, loaded, columns), strict=True))
    return [
        typed_columns[index] if index in typed_columns else _promise_type(loaded, index, storage, meaning_of[index])
        for index, storage in enumerate(loaded.storages)
    ]


def settle_type(typed: Sequence[TypedColumn]) -> list[TypedColumn]:
    """Return the columns with what they tell about each other, which is what commas are in this file.

    Where one may be a decimal mark, a column whose commas could be either is text again; where one surely is, there is
    no doubt about the others.
    """
    has_commas = any(column.decimal_comma or _reads_commas(column.number_format) for column in typed)
    is_sure = any(_is_sure_of_commas(column) for column in typed)
    columns = [column.otherwise if has_commas and column.otherwise is not None else column for column in typed]
    return [
        replace(column, number_format=None)
        if is_sure and column.number_format is not None and column.number_format.is_doubtful
        else column
        for column in columns
    ]


def _is_sure_of_commas(column: TypedColumn) -> bool:
    style = column.number_format
    return column.decimal_comma if style is None else _reads_commas(style) and not style.is_doubtful


def _reads_commas(number_format: NumberFormat | None) -> bool:
    return number_format is not None and not number_format.is_text and number_format.readings[0].read_as == "comma"


def _promise_type(loaded: Loaded, position: int, storage: str, meaning: Meaning) -> TypedColumn:
    key = f"c{loaded.first + position}"
    value = f"{key}::BIGINT" if storage == "integer" else key
    if storage in ("text", "boolean"):
        heard = replace(meaning, read_as="")
        missing = heard.missing_word(f"{key}::VARCHAR", comma=False) if heard else ""
    else:
        missing = meaning.missing_date(key) if storage == "datetime" else meaning.missing_number(key)
    value = f"CASE WHEN {missing} THEN NULL ELSE {value} END" if missing else value
    is_heard = meaning.read_as in ("", "datetime", *(("numeric",) if storage in ("integer", "number") else ()))
    notes = ("how you said it is read has no effect: the file itself says what its values are.",)
    return TypedColumn(key, storage, value, loaded.table, () if is_heard or not loaded.is_typed else notes)


def _batch(connection: Any, loaded: Loaded, columns: list[_Column]) -> list[TypedColumn]:
    """Decide a batch of columns: what is surely words by its first values, everything else by all of them."""
    looked_at = max(FEW_ROWS, int(LOOKED_AT_SHARE * loaded.rows))
    keys = ", ".join(item.key for item in columns)
    first = connection.execute(f"SELECT {keys} FROM {loaded.table} LIMIT {looked_at}").fetchnumpy()
    typed: dict[str, TypedColumn] = {}
    others = list[_Column]()
    for column in columns:
        array = first.pop(column.key)
        words = Counter((array.compressed() if isinstance(array, np.ma.MaskedArray) else array).tolist())
        absent = [word for word in words if word.strip(" ").lower() in MISSING_WORDS]
        likely = sum(count for word, count in words.items() if may_be_more(word))
        unlikely = words.total() - likely - sum(words[word] for word in absent)
        is_code = int(column.key[1:]) - loaded.first in loaded.texts and column.meaning.read_as not in (
            *DECIMALS_SAID,
            "datetime",
        )
        column.may_be_styled = may_be_styled(words) and (loaded.rows > FEW_ROWS or is_styled_number(words))
        column.may_be_times = not is_code and may_be_times(word for word in words if word not in absent)
        column.may_hold_marks = loaded.rows > looked_at or any(word.strip().lower() in MARKS for word in words)
        column.first = dict(itertools.islice(words.items(), FEW_WORDS))
        likely_more = unlikely <= (1 - MOSTLY) * loaded.rows or likely > ASKED_FROM / 2 * unlikely
        if not is_code and (column.meaning or column.may_be_styled or column.may_be_times or likely_more):
            others.append(column)
        elif loaded.rows > FEW_ROWS:
            typed[column.key] = column.counted(connection)
        else:
            typed[column.key] = replace(column.text, expression=column.text.expression if absent else column.key)
    if loaded.rows <= FEW_ROWS:
        count_plain(connection, others)
    for column in others:
        counts = column.counts(connection)
        typed_column = decide_unmarked(connection, column, counts)
        # What holds nothing needs no test of what is missing, which takes time to plan for many columns.
        typed[column.key] = typed_column if counts[0] else replace(typed_column, expression="NULL::VARCHAR")
    for column in columns:
        typed_column = typed[column.key]
        if typed_column.storage == "text" and typed_column.expression != column.key:
            typed[column.key] = replace(typed_column, missing_words=column.missing_words(connection))
    return [typed[column.key] for column in columns]


class _Column:
    """One column that was read as text."""

    def __init__(self, loaded: Loaded, place: int, name: str, meaning: Meaning, *, commas: bool, decimal: str) -> None:
        self.key, self.table, self.commas = f"c{loaded.first + place}", loaded.table, commas
        self.may_be_styled, self.may_be_times, self.decimal, self.name = False, False, decimal, name
        self.may_hold_marks, self.place = True, loaded.place
        self.first: dict[str, int] = {}
        self.set_meaning(meaning)

    def set_meaning(self, meaning: Meaning) -> None:
        """Set what values of the column mean; what was counted by another meaning counts no more."""
        self.meaning = meaning
        self.known: ColumnCounts | None = None
        self.missing = meaning.missing_word(self.key, comma=self.commas)
        self.text = TypedColumn(self.key, "text", f"CASE WHEN {self.missing} THEN NULL ELSE {self.key} END", self.table)

    def number(self, *, comma: bool) -> str:
        """Return the SQL of the column's number, NULL where there is none or where it is beyond all bounds."""
        text = f"trim({self.key})"
        return f"TRY_CAST({f'''replace({text}, ',', '.')''' if comma else text} AS DOUBLE)"

    def counted(self, connection: Any) -> TypedColumn:
        """Return a column of words with their counts, which the profile would otherwise count again."""
        missing = self.meaning.missing_word("word", comma=self.commas)
        words, absent = count_words(connection, self.table, self.key, missing=missing)
        return replace(self.text, expression=self.text.expression if absent else self.key, words=words)

    def wanted(self) -> str:
        """Return SQL of the counts that the decision rests on, of `word`."""
        number, with_comma = "TRY_CAST(word AS DOUBLE)", "TRY_CAST(replace(word, ',', '.') AS DOUBLE)"
        wanted = (
            "count(*)",
            f"count(*) FILTER (isfinite({number}))",
            f"count(*) FILTER (isfinite({with_comma}))" if self.commas else "0",
            "count(*) FILTER (TRY_CAST(word AS BIGINT) IS NOT NULL AND regexp_full_match(word, '[+-]?[0-9]{1,18}'))",
            "count(*) FILTER (regexp_full_match(word, '[+-]?0[0-9]+|[0-9]{19,}'))",
            "count(*) FILTER (lower(word) IN ('true', 'false', 't', 'f'))",
            "count(*) FILTER (regexp_full_match(word, '[0-9]+[eE][0-9]+'))",
            f"count(*) FILTER (regexp_full_match(word, '{BEYOND_SHAPE}', 'i')"
            f" AND ({number} IS NULL OR NOT isfinite({number})))",
        )
        return ", ".join(wanted)

    def counts(self, connection: Any) -> list[int]:
        """Count what the decision rests on, and then the words for missing and the blanks."""
        if self.known is not None:
            return self.known.counts
        result = connection.execute(
            f"SELECT {self.wanted()}, (SELECT count({self.key}) FROM {self.table}) - count(*), "
            f"(SELECT count({self.key}) FROM {self.table} WHERE trim({self.key}) = '') "
            f"FROM (SELECT trim({self.key}) AS word FROM {self.table} "
            f"WHERE {self.key} IS NOT NULL AND NOT ({self.missing}))"
        ).fetchone()
        return [int(count) for count in result]

    def missing_words(self, connection: Any) -> tuple[tuple[str, int], ...]:
        """Return the words in the place of a text, blanks aside, the most frequent first."""
        if self.known is not None:
            return self.known.missing
        return tuple(
            connection.execute(
                f"SELECT trim({self.key}) AS word, count(*) AS held FROM {self.table} WHERE ({self.missing}) "
                f"AND trim({self.key}) <> '' GROUP BY word ORDER BY held DESC, word LIMIT {FEW_ODD_WORDS}"
            ).fetchall()
        )

    def decide(self, connection: Any, counts: list[int]) -> TypedColumn:
        """Return the type of the column by the counts of all its values."""
        here, number, with_comma, integer, codes, boolean, powers, beyond, absent, blank = counts
        text = self.text if absent else replace(self.text, expression=self.key)
        if here == 0 or self.meaning.read_as == "text":
            return text if here else self.text
        if self.meaning.read_as == "datetime":
            as_said = self._chosen_times(connection, text, here)
            # Numbers that count, such as seconds since 1970, are looked at once all columns are typed.
            if as_said.storage == "datetime" or self.meaning.form or number < here:
                return as_said
        if boolean == here:
            return replace(text, storage="boolean", expression=self._unless(f"TRY_CAST(trim({self.key}) AS BOOLEAN)"))
        is_said = self.meaning.read_as in DECIMALS_SAID
        timed = self._timed(connection, text, here) if self.may_be_times and (codes or integer < here) else None
        code = None if is_said else self._code(text, codes=codes, powers=powers, here=here)
        if timed or code:
            return timed or code or text
        if integer == here:
            value = self._unless(f"TRY_CAST(trim({self.key}) AS BIGINT)")
            return replace(text, storage="integer", expression=value, odd=self._with_blanks(None, blank, here))
        comma = self.commas and with_comma > number and self.meaning.read_as != "point"
        count = max(number, with_comma if comma else 0)
        if (count + beyond < here and self.may_be_styled) or is_said:
            typed = self._styled_column(connection, text, total=count, here=here, beyond=beyond)
            if typed is not None:
                return typed
        if count + beyond >= ASKED_FROM * here and count > beyond:
            typed = self._numeric(connection, text, count=count, here=here, comma=comma, beyond=beyond)
            if comma and typed.storage != "text" and not (self.meaning.read_as or self.decimal):
                typed = replace(typed, number_format=thousands_reading(connection, self._source(), self.first))
            return typed if typed.storage == "text" else replace(typed, odd=self._with_blanks(typed.odd, blank, here))
        note = f"kept as text: too few values are numbers with a decimal {self.meaning.read_as}."
        return replace(text, notes=(note,)) if is_said else text

    def _code(self, text: TypedColumn, *, codes: int, powers: int, here: int) -> TypedColumn | None:
        """Return a column of codes that look like numbers, with the reason, or None where they are none."""
        if codes and self.meaning.read_as != "numeric":
            return replace(text, notes=("kept as text, because of leading zeros or very long numbers.",))
        if powers and powers == here:
            return replace(text, notes=("kept as text: values such as 1E5 look like codes.",))
        return None

    def _source(self) -> str:
        """Return SQL whose column `word` holds the values that are there, trimmed and with plain signs."""
        word = minus_sql(f"trim({self.key})")
        return f"(SELECT {word} AS word FROM {self.table} WHERE {self.key} IS NOT NULL AND NOT ({self.missing}))"

    def _unless(self, value: str) -> str:
        # Of the usual words for missing none is a number, a truth or a moment anyway.
        return f"CASE WHEN {self.missing} THEN NULL ELSE {value} END" if self.meaning else value

    def _numeric(
        self, connection: Any, text: TypedColumn, *, count: int, here: int, comma: bool, beyond: int
    ) -> TypedColumn:
        """Return a column of numbers, or of text where too much in it is none."""
        cast = self.number(comma=comma)
        return self._number_column(connection, text, cast, count=count, here=here, comma=comma, beyond=beyond)

    def _styled_column(
        self, connection: Any, text: TypedColumn, *, total: int, here: int, beyond: int
    ) -> TypedColumn | None:
        """Return a column whose numbers are written as people write them, or None where that explains no more."""
        word, source = minus_sql(f"trim({self.key})"), self._source()
        styles, longest = find_styles(connection, source, read_as=self.meaning.read_as or self.decimal)
        is_plain = not any(match.style.decimal == "," or match.style.apart for match in styles)
        more = styles[0].count - total if styles else 0
        if not styles or styles[0].count + beyond < ASKED_FROM * here:
            return self._in_units(connection, text, count=total, here=here)
        if more < 0 or (more == 0 and (is_plain or not self.meaning.read_as)):
            return None
        limited = bool(self.meaning.read_as or self.decimal)
        style, number_format = decide_style(styles, longest, limited=limited, is_decided=bool(self.meaning.read_as))
        if number_format.is_text:
            return replace(text, number_format=number_format)
        cast, count = style.number(word), styles[0].count
        typed = self._number_column(connection, text, cast, count=count, here=here, comma=False, beyond=beyond)
        if typed.storage == "text":
            return typed
        absent = self.meaning.missing_number(cast)
        value = f"CASE WHEN {absent} THEN NULL ELSE {typed.expression} END" if absent else typed.expression
        doubtful = not limited and leans_on_the_file(styles, longest)
        other = replace(text, number_format=either_style(styles, longest)) if doubtful else None
        notes = (*typed.notes, number_format.note)
        return replace(typed, expression=value, number_format=number_format, notes=notes, otherwise=other)

    def _in_units(self, connection: Any, text: TypedColumn, *, count: int, here: int) -> TypedColumn | None:
        """Return a column of text whose numbers are in several units, or None where that is not what it is."""
        if self.meaning.read_as or count >= ASKED_FROM * here:
            return None
        units = find_units(connection, self._source())
        if len(units) < 2 or sum(current for _, current in units) < MOSTLY * here:
            return None
        return replace(
            text, number_format=NumberFormat("", (), is_text=True, units=tuple(unit or "none" for unit, _ in units))
        )

    def _number_column(
        self, connection: Any, text: TypedColumn, cast: str, *, count: int, here: int, comma: bool, beyond: int
    ) -> TypedColumn:
        """Return a column of the numbers that some SQL makes; what is none is asked about."""
        odd = self._odd(connection, f"{cast} IS NULL", here=here, what="numbers") if count + beyond < here else None
        few = odd is not None and len(odd.words) <= FEW_ODD_WORDS and not self._is_value(odd)
        enough = few and count + beyond >= ASKED_FROM * here
        amounts = enough and has_many_numbers(connection, self.table, cast, missing=self.missing)
        if (count + beyond < MOSTLY * here and not amounts) or self._is_value(odd):
            return replace(text, odd=replace(odd, kept_as_text=True) if odd and few else None)
        notes = (f"{beyond:,} values are not finite numbers and count as missing.",) if beyond else ()
        value = self._unless(f"CASE WHEN isfinite({cast}) THEN {cast} END")
        return TypedColumn(self.key, "number", value, self.table, notes, comma, odd)

    def _odd(self, connection: Any, condition: str, *, here: int, what: str) -> OddValues | None:
        """Return the words of which the condition is true, the most frequent first."""
        if self.known is not None and condition == f"{self.number(comma=False)} IS NULL":
            words, count = self.known.odd, self.known.odd_count
            return OddValues(words, count, here, what, kept_as_text=False) if words else None
        text = f"trim({self.key})"
        beyond = f"regexp_full_match({text}, '{BEYOND_SHAPE}', 'i')"
        result = connection.execute(
            f"SELECT {text} AS word, count(*) AS held, sum(count(*)) OVER () AS all_held FROM {self.table} "
            f"WHERE {self.key} IS NOT NULL AND NOT ({self.missing}) AND {condition} AND NOT {beyond} "
            f"GROUP BY word ORDER BY held DESC, word LIMIT {ODD_WORDS}"
        ).fetchall()
        if not result:
            return None
        return OddValues(
            tuple((word, current) for word, current, _ in result), int(result[0][2]), here, what, kept_as_text=False
        )

    def _with_blanks(self, odd: OddValues | None, blank: int, here: int) -> OddValues | None:
        """Add cells that hold only blanks, which are not empty cells, unless the user decided on them."""
        if not blank or "" in self.meaning.words or "" in self.meaning.values:
            return odd
        known = odd or OddValues((), 0, here, "numbers", kept_as_text=False)
        return replace(known, words=(*known.words, ("", blank)), count=known.count + blank, present=here + blank)

    def _is_value(self, odd: OddValues | None) -> bool:
        return odd is not None and any(word in self.meaning.values for word, _ in odd.words)

    def _timed(self, connection: Any, text: TypedColumn, here: int) -> TypedColumn | None:
        """Return a column of moments, or of text where their zones cannot be brought together; None where none are."""
        if self.meaning.read_as:
            return None
        word = minus_sql(f"trim({self.key})")
        times = find_times(connection, self._source(), word=word, name=self.name, present=here)
        return None if times is None else self._as_times(connection, text, times, here)

    def _chosen_times(self, connection: Any, text: TypedColumn, here: int) -> TypedColumn:
        """Return a column of moments in the form that the user chose, or of text where too few values have it."""
        word, form = minus_sql(f"trim({self.key})"), Form(self.meaning.form) if self.meaning.form else None
        times = read_chosen_form(connection, self._source(), word=word, form=form, present=here)
        if times is None or times.count < ASKED_FROM * here:
            fits = f"{times.count if times else 0:,} of {here:,} values"
            which = f"are written {form.words}" if form else "are times in any one form"
            return replace(text, notes=(f"kept as text: {fits} {which}.",))
        return self._as_times(connection, text, times, here)

    def _as_times(self, connection: Any, text: TypedColumn, times: DetectedTimes, here: int) -> TypedColumn:
        if times.fault:
            return replace(text, notes=(times.fault,))
        odd = self._odd(connection, f"{times.sql} IS NULL", here=here, what="dates") if times.count < here else None
        if self._is_value(odd):
            return text
        form = times.reading.form
        notes = [] if form.is_plain else [f"dates read as {form.words}: {times.reading.reason}."]
        notes += [times.zone_note] if times.zone_note else []
        sql = times.sql
        if self.meaning.zone and not times.zone_note:
            sql, note = utc_sql(connection, self.table, sql, zone=self.meaning.zone, place=self.place)
            notes.append(note)
        value = self._unless(sql)
        return TypedColumn(self.key, "datetime", value, self.table, tuple(notes), odd=odd, times=times.reading)
