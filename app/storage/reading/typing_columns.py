"""Which type each column is stored as, decided by all of its values, and said where something was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Words that stand for "nothing" in files from R, Python, spreadsheets and databases.
MISSING_SQL = "lower(trim({c})) IN ('', 'na', 'nan', 'n/a', 'null', '<na>')"
# A year has four digits; one of two could be of any century.
DATE_SHAPE = "([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4})([ T].*)?"
BEYOND_SHAPE = "[+-]?(inf|infinity|[0-9]+([.][0-9]*)?e[+]?[0-9]+)"
MOSTLY = 0.995
BATCH = 40
DATE_FORMATS = (
    ("%Y-%m-%d", "YYYY-MM-DD"),
    ("%Y-%m-%d %H:%M:%S", "YYYY-MM-DD hh:mm:ss"),
    ("%Y-%m-%dT%H:%M:%S", "YYYY-MM-DDThh:mm:ss"),
    ("%Y-%m-%d %H:%M", "YYYY-MM-DD hh:mm"),
    ("%Y/%m/%d", "YYYY/MM/DD"),
    ("%d-%m-%Y", "DD-MM-YYYY"),
    ("%d.%m.%Y", "DD.MM.YYYY"),
    ("%d/%m/%Y", "DD/MM/YYYY"),
    ("%m/%d/%Y", "MM/DD/YYYY"),
    ("%d/%m/%Y %H:%M", "DD/MM/YYYY hh:mm"),
    ("%m/%d/%Y %H:%M", "MM/DD/YYYY hh:mm"),
    ("%d.%m.%Y %H:%M", "DD.MM.YYYY hh:mm"),
)


@dataclass(frozen=True)
class Typed:
    """One column's storage: "integer", "number", "boolean", "datetime" or "text", and the SQL that makes it so."""

    key: str
    storage: str
    expression: str
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False


def choose_types(connection: Any, keys: list[str], names: list[str], *, decimal_comma: bool) -> list[Typed]:
    """Return the storage of every column of the table `raw`, all of whose columns are text."""
    typed: list[Typed] = []
    for start in range(0, len(keys), BATCH):
        typed += _batch(connection, keys[start : start + BATCH], decimal_comma=decimal_comma)
    return typed


def _number_sql(column: str, *, comma: bool) -> str:
    text = f"trim({column})"
    return f"replace({text}, ',', '.')" if comma else text


def _counts_sql(column: str, *, comma: bool) -> list[str]:
    here = f"NOT ({MISSING_SQL.format(c=column)})"
    text = f"trim({column})"
    number = f"TRY_CAST({text} AS DOUBLE)"
    with_comma = f"TRY_CAST({_number_sql(column, comma=True)} AS DOUBLE)"
    code = f"regexp_full_match({text}, '[+-]?0[0-9]+')"
    return [
        f"count(*) FILTER ({here})",
        f"count(*) FILTER ({here} AND {number} IS NOT NULL AND isfinite({number}))",
        f"count(*) FILTER ({here} AND {with_comma} IS NOT NULL AND isfinite({with_comma}))" if comma else "0",
        f"count(*) FILTER ({here} AND TRY_CAST({text} AS BIGINT) IS NOT NULL"
        f" AND regexp_full_match({text}, '[+-]?[0-9]{{1,18}}'))",
        f"count(*) FILTER ({here} AND ({code} OR regexp_full_match({text}, '[0-9]{{19,}}')))",
        f"count(*) FILTER ({here} AND lower({text}) IN ('true', 'false', 't', 'f'))",
        f"count(*) FILTER ({here} AND regexp_full_match({text}, '{DATE_SHAPE}'))",
        f"count(*) FILTER ({here} AND regexp_full_match({text}, '[0-9]+[eE][0-9]+'))",
        f"count(*) FILTER ({here} AND regexp_full_match({text}, '{BEYOND_SHAPE}', 'i')"
        f" AND ({number} IS NULL OR NOT isfinite({number})))",
    ]


def _batch(connection: Any, keys: list[str], *, decimal_comma: bool) -> list[Typed]:
    parts = [sql for key in keys for sql in _counts_sql(key, comma=decimal_comma)]
    row = connection.execute(f"SELECT {', '.join(parts)} FROM raw").fetchone()
    size = len(_counts_sql("c0", comma=False))
    return [
        _decide(connection, key, [int(n) for n in row[at * size : (at + 1) * size]], decimal_comma=decimal_comma)
        for at, key in enumerate(keys)
    ]


def _decide(connection: Any, key: str, counts: list[int], *, decimal_comma: bool) -> Typed:
    here, number, with_comma, integer, codes, boolean, dates, powers, beyond = counts
    missing = MISSING_SQL.format(c=key)
    text = Typed(key, "text", f"CASE WHEN {missing} THEN NULL ELSE {key} END")
    if here == 0:
        return text
    if boolean == here:
        return Typed(key, "boolean", f"CASE WHEN {missing} THEN NULL ELSE TRY_CAST(trim({key}) AS BOOLEAN) END")
    if codes:
        return Typed(key, "text", text.expression, ("kept as text, because of leading zeros or very long numbers.",))
    if powers and powers == here:
        return Typed(key, "text", text.expression, ("kept as text: values such as 1E5 look like codes.",))
    if integer == here:
        return Typed(key, "integer", f"CASE WHEN {missing} THEN NULL ELSE TRY_CAST(trim({key}) AS BIGINT) END")
    comma = decimal_comma and with_comma > number
    found = max(number, with_comma if comma else 0)
    if found + beyond >= MOSTLY * here and found > beyond:
        return _numeric(key, here - found, comma=comma)
    if dates >= MOSTLY * here:
        return _dated(connection, key, here, missing) or text
    return text


def _numeric(key: str, odd: int, *, comma: bool) -> Typed:
    cast = f"TRY_CAST({_number_sql(key, comma=comma)} AS DOUBLE)"
    notes = (f"{odd:,} values are not finite numbers and count as missing.",) if odd else ()
    return Typed(key, "number", f"CASE WHEN isfinite({cast}) THEN {cast} ELSE NULL END", notes, comma)


def _dated_sql(moment: str) -> str:
    """Return a moment of a year that calendars have; there is no year 0."""
    return f"CASE WHEN year({moment}) BETWEEN 1 AND 9999 THEN {moment} END"


def _dated(connection: Any, key: str, here: int, missing: str) -> Typed | None:
    parsed = [_dated_sql(f"try_strptime(trim({key}), '{fmt}')") for fmt, _ in DATE_FORMATS]
    cast = _dated_sql(f"TRY_CAST({key} AS TIMESTAMP)")
    counts = connection.execute(
        f"SELECT {', '.join(f'count({sql}) FILTER (NOT ({missing}))' for sql in parsed)}, "
        f"count({cast}) FILTER (NOT ({missing})) FROM raw"
    ).fetchone()
    best = max(range(len(DATE_FORMATS)), key=lambda at: (counts[at], -at))
    if counts[best] < MOSTLY * here:
        if counts[-1] >= MOSTLY * here:
            return Typed(key, "datetime", cast)
        return None
    fmt, words = DATE_FORMATS[best]
    notes = [] if fmt.startswith("%Y") else [f"dates read as {words}."]
    twin = next((at for at, (_, other) in enumerate(DATE_FORMATS) if at != best and counts[at] == counts[best]), None)
    if twin is not None and not fmt.startswith("%Y"):
        notes.append("day and month could also be the other way round; check them.")
    if counts[best] < here:
        notes.append(f"{here - counts[best]:,} values are no dates and count as missing.")
    return Typed(key, "datetime", parsed[best], tuple(notes))
