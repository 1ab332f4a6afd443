"""SQL expressions that parse a text as a time by its format, or give NULL."""

from __future__ import annotations

from app.domain.analysis.time_forms.forms import COUNTED, SERIAL_DECIMALS, Form
from app.domain.analysis.time_forms.month_names import MONTHS
from app.storage.columnar import literal

FOLDED = "translate(strip_accents(lower(rtrim({name}, '.'))), 'łıøæ', 'lioa')"
NAMES = f"MAP {{{', '.join(f'{literal(name)}: {month}' for name, month in MONTHS.items())}}}"
EARLIEST, LATEST = 1, 9999
QUICK_PARTS = set("YmdbHIMSp")
SERIAL_UNITS = (("minutes", 1440), ("seconds", 86_400))


def moment_sql(form: Form, word: str) -> str:
    """Return the SQL of the moment that a text means.

    Parameters
    ----------
    form
        How it is written. Hour 24 is midnight, as long as nothing is added to it.
    word
        SQL of the text, without blanks around it.
    """
    if form.is_counted:
        return _counted_sql(form, f"TRY_CAST({word} AS DOUBLE)")
    slow = f"TRY({_day_sql(form, word)} + to_microseconds({_microseconds_sql(form, word)}))"
    quick = quick_sql(form, word)
    return f"coalesce({quick}, {slow})" if quick else slow


def quick_sql(form: Form, word: str) -> str:
    """Return the SQL of the moments that the database's own reader makes, or "" where it does not know all parts.

    It is five times as quick and leaves out what it does not know, such as hour 24 or a month in another language. A
    year of one or two digits in the place of four is none.
    """
    parts = [token[1] for token in form.tokens if token[0] == "%"]
    if not set(parts) <= QUICK_PARTS or "Y" not in parts or {"[", "]"} & set(form.tokens):
        return ""
    if any(form.is_tight(place) for place in range(len(form.tokens)) if form.tokens[place][0] == "%"):
        return ""
    moment = f"try_strptime({word}, {literal(''.join(form.tokens))})"
    return f"CASE WHEN year({moment}) BETWEEN 1000 AND {LATEST} THEN {moment} END"


def _counted_sql(form: Form, number: str) -> str:
    count = COUNTED[form.code]
    if form.code == "decimal_year":
        year = f"TRY_CAST(trunc({number}) AS INTEGER)"
        first, after = f"make_date({year}, 1, 1)", f"make_date({year} + 1, 1, 1)"
        days = f"TRY_CAST(round(({number} - trunc({number})) * ({after} - {first})) AS INTEGER)"
        return f"TRY({first}::TIMESTAMP + to_days({days}))"
    since = f"({number} - {count.offset})" if count.offset else number
    if not count.is_days:
        micro = f"TRY_CAST(round({since} * {count.size}) AS BIGINT)"
        return f"TRY(TIMESTAMP '{count.start}' + to_microseconds({micro}))"
    minutes, seconds = (f"to_{unit}(TRY_CAST(round({since} * {size}) AS BIGINT))" for unit, size in SERIAL_UNITS)
    few = f"round({number}, {SERIAL_DECIMALS}) = {number}"
    return f"TRY(TIMESTAMP '{count.start}' + CASE WHEN {few} THEN {minutes} ELSE {seconds} END)"


def field_sql(form: Form, word: str, field: str) -> str:
    """Return the SQL of one part of a text, empty where the text has none."""
    fields = ", ".join(literal(name) for name in form.fields)
    return f"regexp_extract({word}, {literal(f'^{form.pattern}$')}, [{fields}]).{field}"


def _number_sql(form: Form, word: str, field: str, otherwise: str = "0") -> str:
    if field not in form.fields:
        return otherwise
    number = f"TRY_CAST({field_sql(form, word, field)} AS INTEGER)"
    return number if field in ("year", "short_year", "week_year") else f"coalesce({number}, {otherwise})"


def _day_sql(form: Form, word: str) -> str:
    if "week_year" in form.fields:
        year, week = _number_sql(form, word, "week_year"), _number_sql(form, word, "week")
        weekday = _number_sql(form, word, "weekday", "1")
        day = f"(date_trunc('week', make_date({year}, 1, 4)) + to_days(7 * ({week} - 1) + {weekday} - 1))"
        return f"CASE WHEN {week} BETWEEN 1 AND 53 AND isoyear({day}) = {year} THEN {day}::TIMESTAMP END"
    year = _year_sql(form, word)
    if "day_of_year" in form.fields:
        number = _number_sql(form, word, "day_of_year")
        last = f"dayofyear(make_date({year}, 12, 31))"
        day = f"make_date({year}, 1, 1)::TIMESTAMP + to_days({number} - 1)"
        return f"CASE WHEN {number} BETWEEN 1 AND {last} THEN {day} END"
    if "quarter" in form.fields:
        return f"make_date({year}, 3 * {_number_sql(form, word, 'quarter')} - 2, 1)::TIMESTAMP"
    month = _number_sql(form, word, "month", "1")
    if "month_name" in form.fields:
        month = f"{NAMES}[{FOLDED.format(name=field_sql(form, word, 'month_name'))}]"
    return f"make_date({year}, {month}, {_number_sql(form, word, 'day', '1')})::TIMESTAMP"


def _year_sql(form: Form, word: str) -> str:
    if "short_year" in form.fields:
        first = form.first_year or 1950
        return f"({first} + ({_number_sql(form, word, 'short_year')} + {100 - first % 100}) % 100)"
    year = _number_sql(form, word, "year")
    return f"CASE WHEN {year} BETWEEN {EARLIEST} AND {LATEST} THEN {year} END"


def _microseconds_sql(form: Form, word: str) -> str:
    """Return the SQL of the time of day in microseconds, NULL where it is none."""
    hour, minute, second = (_number_sql(form, word, name) for name in ("hour", "minute", "second"))
    if hour == "0":
        return "0"
    if "half" in form.fields:
        half = f"lower({field_sql(form, word, 'half')})"
        hour = f"CASE WHEN {hour} > 12 OR {half} = '' THEN {hour} ELSE {hour} % 12 + if({half} = 'p', 12, 0) END"
    rest = f"{minute} * 60 + {second}"
    able = f"({hour}) < 24 AND {minute} < 60 AND {second} < 60 OR ({hour}) = 24 AND {rest} = 0"
    micro = f"((({hour}) * 3600 + {rest})::BIGINT * 1000000)"
    if "fraction" in form.fields:
        fraction = field_sql(form, word, "fraction")
        micro += f" + coalesce(TRY_CAST(left(rpad({fraction}, 6, '0'), 6) AS INTEGER), 0)"
    return f"CASE WHEN {able} THEN {micro} END"
