"""Number styles in a column: thousands separators, percent signs, currencies and units.

A column is read so only where all of its values (but for the few that are asked about) are written in one way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.domain.analysis.findings.number_formats import NumberFormat, NumberReading
from app.domain.analysis.profiling.units import UNITS
from app.storage.columnar import literal

CURRENCIES = ("€", "$", "£", "¥", "EUR", "USD", "GBP", "CHF", "JPY")
# What keeps thousands apart: each name is the sign that stands in the style of a column.
SIGNS = {"": "", ",": ",", ".": "[.]", "'": "['’]", " ": "[ \u00a0\u2009\u202f]"}
BLANK = "[ \u00a0\u2009\u202f]?"
BODY = "[0-9.,][0-9.,'’ \u00a0\u2009\u202f]*"
BEFORE = "|".join(re.escape(text) for text in CURRENCIES)
# A value taken apart: its sign, what stands before it, its digits, and what stands behind them.
SHAPE = f"([+-]?)(?:({BEFORE}){BLANK})?([+-]?{BODY}?){BLANK}([^0-9.,'’+ \u00a0\u2009\u202f-][^ ]{{0,11}})?"
SHAPED = re.compile(SHAPE)
PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DECIMAL_WORDS = {".": "point", ",": "comma"}
LOOKED_AT, MOSTLY, MOST_UNITS = 60, 0.8, 5


@dataclass(frozen=True)
class Style:
    """One way to write: the sign between thousands ("" for none), the decimal mark, and what stands around a number."""

    apart: str
    decimal: str
    before: str = ""
    behind: str = ""

    @property
    def body(self) -> str:
        """Return the pattern of the digits: whole numbers have no zeros in front, or they are codes."""
        point = "[.]" if self.decimal == "." else ","
        plain = f"(?:0|[1-9][0-9]*)(?:{point}[0-9]*)?|{point}[0-9]+"
        groups = f"[1-9][0-9]{{0,2}}(?:{SIGNS[self.apart]}[0-9]{{3}})+(?:{point}[0-9]+)?"
        return f"(?:{groups}|{plain})" if self.apart else f"(?:{plain})"

    def of(self, body: str) -> str:
        """Return the pattern of a whole value with some pattern of its digits; signs and digits are its two groups."""
        before = f"(?:{re.escape(self.before)}){BLANK}" if self.before else ""
        behind = f"{BLANK}(?:{re.escape(self.behind)})" if self.behind else ""
        return f"([+-]?){before}([+-]?{body}){behind}"

    def number(self, word: str) -> str:
        """Return SQL of the number that a text is written for, NULL where it is written otherwise."""
        pattern = literal(f"^{self.of(self.body)}$")
        text = f"concat(regexp_extract({word}, {pattern}, 1), regexp_extract({word}, {pattern}, 2))"
        if self.apart:
            text = f"regexp_replace({text}, {literal(SIGNS[self.apart])}, '', 'g')"
        if self.decimal == ",":
            text = f"replace({text}, ',', '.')"
        return f"TRY_CAST({text} AS DOUBLE)"

    @property
    def certain(self) -> str:
        """Return the pattern of values that can be nothing else."""
        point = "[.]" if self.decimal == "." else ","
        if not self.apart:
            # Three digits behind a comma could as well be thousands.
            return self.of(f"(?:[0-9]*{point}(?:[0-9]{{0,2}}|[0-9]{{4,}})|0{point}[0-9]+)")
        sign = SIGNS[self.apart]
        return self.of(f"[1-9][0-9]{{0,2}}(?:(?:{sign}[0-9]{{3}}){{2,}}|(?:{sign}[0-9]{{3}})+{point}[0-9]+)")

    @property
    def distinctive_pattern(self) -> str:
        """Return the pattern of what shows in a value that this style is used; plain numbers show it always."""
        if self.apart:
            return f"[0-9]{SIGNS[self.apart]}[0-9]{{3}}"
        return "," if self.decimal == "," else "[0-9]"


STYLES = tuple((apart, decimal) for decimal in (".", ",") for apart in SIGNS if apart != decimal)


def minus_sql(text: str) -> str:
    """Return SQL of a text with a true minus as the sign that numbers have."""
    return f"replace({text}, '\u2212', '-')"


def may_be_styled(words: Mapping[str, int]) -> bool:
    """Return whether the first words of a column, with their rows, look like numbers as people write them."""
    some = list(islice(((word.strip(), count) for word, count in words.items() if word.strip()), LOOKED_AT))
    shaped = sum(count for word, count in some if _has_number_shape(word.replace("\u2212", "-")))
    return shaped > 0 and shaped >= MOSTLY * sum(count for _, count in some)


def is_styled_number(words: Iterable[str]) -> bool:
    """Return whether some word of a column is a number as people write it and no program does.

    Where all words of a column are at hand and none is, no style explains more than plain numbers do.
    """
    others = (word.strip().replace("\u2212", "-") for word in words if not PLAIN_NUMBER.fullmatch(word.strip()))
    return any(_has_number_shape(word) for word in others)


def _has_number_shape(word: str) -> bool:
    match = SHAPED.fullmatch(word)
    if match is None or not any(sign.isdigit() for sign in match[3]):
        return False
    return match[4] is None or _known_unit(match[4]) is not None


def _known_unit(behind: str) -> str | None:
    """Return a unit or currency as it is shown, or None where these letters are none."""
    if behind in CURRENCIES:
        return behind
    return UNITS.get(behind.lower())


@dataclass(frozen=True)
class StyleMatch:
    """A style with how many values it fits, how many of them no other style does, and how many show it at all."""

    style: Style
    count: int
    certain: int
    used: int


def find_styles(connection: Any, source: str, *, read_as: str) -> tuple[list[StyleMatch], str]:
    """Return the styles that fit most values of a column, and the longest value; none where nothing is written so.

    Parameters
    ----------
    connection, source
        SQL whose column `word` holds the values, trimmed, with plain signs.
    read_as
        "point" or "comma" where the user said which decimal mark the column has, else "".
    """
    shape = literal(f"^{SHAPE}$")
    before, behind, longest = connection.execute(
        f"SELECT mode(regexp_extract(word, {shape}, 2)), mode(regexp_extract(word, {shape}, 4)), "
        f"arg_max(word, (strlen(word), word)) FROM {source} WHERE regexp_full_match(word, {literal(SHAPE)})"
    ).fetchone()
    if longest is None or (behind and _known_unit(behind) is None):
        return [], ""
    decimal = next((mark for mark, word in DECIMAL_WORDS.items() if word == read_as), None)
    styles = [Style(apart, mark, before, behind) for apart, mark in STYLES if decimal in (None, mark)]
    wanted = [
        f"count({style.number('word')}), count(*) FILTER (regexp_full_match(word, {literal(style.certain)})), "
        f"count(*) FILTER (regexp_matches(word, {literal(style.distinctive_pattern)}))"
        for style in styles
    ]
    counts = iter(connection.execute(f"SELECT {', '.join(wanted)} FROM {source}").fetchone())
    matches = [StyleMatch(style, next(counts), next(counts), next(counts)) for style in styles]
    most = max(match.count for match in matches)
    return [match for match in matches if match.count == most and match.used], longest


def decide_style(
    matches: list[StyleMatch], longest: str, *, limited: bool, is_decided: bool
) -> tuple[Style, NumberFormat]:
    """Return the style of a column with its number format; it stays text where the styles mean several things.

    Parameters
    ----------
    matches, longest
        The styles that `find_styles` returned, and the longest value.
    limited, is_decided
        Whether the user named the decimal mark, so that nothing is left to ask, and whether of this very column.
    """
    sure = [match for match in matches if _is_sure(match, matches)] or (matches if limited else [])
    if sure and (limited or len({_plain_value(match.style, longest) for match in sure}) == 1):
        best = sure[0].style
        unit = _known_unit(best.behind) or "" if best.behind else best.before
        reading = NumberReading(_name(best), _plain_value(best, longest))
        return best, NumberFormat(longest, (reading,), is_decided=is_decided, unit=unit)
    return matches[0].style, either_style(matches, longest)


def either_style(matches: list[StyleMatch], longest: str) -> NumberFormat:
    """Return that a column stays text, with all that its values could mean."""
    readings = {_plain_value(match.style, longest): _name(match.style) for match in reversed(matches)}
    able = tuple(NumberReading(name, means) for means, name in reversed(readings.items()))
    return NumberFormat(longest, able, is_text=True)


def leans_on_the_file(matches: list[StyleMatch], longest: str) -> bool:
    """Return whether no value by itself tells the decimal mark, so that the other columns of the file have a say."""
    return (
        not any(match.certain for match in matches)
        and len({_plain_value(match.style, longest) for match in matches}) > 1
    )


def thousands_reading(connection: Any, source: str, words: Mapping[str, int]) -> NumberFormat | None:
    """Return the other reading of decimal commas, where three digits stand behind each.

    Parameters
    ----------
    connection, source
        SQL whose column `word` holds the values.
    words
        The first of them: most columns are told by these alone.
    """
    decimal, thousands = Style("", ","), Style(",", ".")
    pattern = thousands.of(thousands.body)
    with_comma = [word.strip() for word in words if "," in word]
    if not with_comma or not all(re.fullmatch(pattern, word) for word in with_comma):
        return None
    longest, others = connection.execute(
        f"SELECT arg_max(word, (strlen(word), word)), "
        f"count(*) FILTER (NOT regexp_full_match(word, {literal(pattern)})) FROM {source} WHERE contains(word, ',')"
    ).fetchone()
    readings = (
        NumberReading("comma", _plain_value(decimal, longest)),
        NumberReading("point", _plain_value(thousands, longest)),
    )
    return None if others else NumberFormat(longest, readings, is_doubtful=True)


def find_units(connection: Any, source: str) -> list[tuple[str, int]]:
    """Return the units and currencies at the numbers of a column, the most frequent first; "" where none stands."""
    shape = literal(f"^{SHAPE}$")
    result = connection.execute(
        f"SELECT regexp_extract(word, {shape}, 2) AS before, regexp_extract(word, {shape}, 4) AS behind, "
        f"count(*) AS held FROM {source} WHERE regexp_full_match(word, {literal(SHAPE)}) "
        f"GROUP BY ALL ORDER BY held DESC, before, behind LIMIT {MOST_UNITS + 1}"
    ).fetchall()
    units: dict[str, int] = {}
    for before, behind, current in result:
        unit = before or (_known_unit(behind) if behind else "")
        if unit is None:
            return []
        units[unit] = units.get(unit, 0) + int(current)
    return list(units.items()) if len(units) <= MOST_UNITS else []


def _is_sure(match: StyleMatch, others: list[StyleMatch]) -> bool:
    """Return whether some value allows no other style, or, of thousands, whether small numbers do without the sign."""
    if any(other.certain for other in others if other is not match):
        return False
    return bool(match.certain) or (match.used < match.count if match.style.apart else len(others) == 1)


def _name(style: Style) -> str:
    return DECIMAL_WORDS[style.decimal]


def _plain_value(style: Style, text: str) -> str:
    """Return the number that a text means, as programs write it."""
    match = re.fullmatch(style.of(style.body), text)
    if match is None:
        return "a number"
    digits = match[1] + match[2]
    digits = re.sub(SIGNS[style.apart], "", digits) if style.apart else digits
    return f"{float(digits.replace(',', '.')):.15g}"
