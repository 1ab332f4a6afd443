"""The Form class: a date format in the codes of strptime, in any order and with any separators.

Beside the letters of strptime there are `%q` (quarter), `%o` ("st", "nd", "rd", "th") and `[...]` around what some
values do without. Numbers that count from a day are forms of their own, by name: see `COUNTED`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from app.domain.analysis.time_forms.month_names import MONTHS, fold_case

LETTERS = r"([^0-9\s.,/_:+-]+)\.?"
# What each letter stands for: the field it fills, its pattern, that between other digits, and how people write it.
PARTS = {
    "Y": ("year", "([0-9]{4})", "([0-9]{4})", "YYYY"),
    "y": ("short_year", "([0-9]{2})", "([0-9]{2})", "YY"),
    "m": ("month", "([0-9]{1,2})", "([0-9]{2})", "MM"),
    "d": ("day", "([0-9]{1,2})", "([0-9]{2})", "DD"),
    "b": ("month_name", LETTERS, LETTERS, "Mon"),
    "j": ("day_of_year", "([0-9]{1,3})", "([0-9]{3})", "DDD"),
    "q": ("quarter", "([1-4])", "([1-4])", "n"),
    "G": ("week_year", "([0-9]{4})", "([0-9]{4})", "YYYY"),
    "V": ("week", "([0-9]{1,2})", "([0-9]{2})", "ww"),
    "u": ("weekday", "([1-7])", "([1-7])", "D"),
    "H": ("hour", "([0-9]{1,2})", "([0-9]{2})", "hh"),
    "I": ("hour", "([0-9]{1,2})", "([0-9]{2})", "hh"),
    "p": ("half", r"([AaPp])\.?\s?[Mm]\.?", r"([AaPp])\.?\s?[Mm]\.?", "AM/PM"),
    "M": ("minute", "([0-9]{1,2})", "([0-9]{2})", "mm"),
    "S": ("second", "([0-9]{1,2})", "([0-9]{2})", "ss"),
    "f": ("fraction", "([0-9]{1,9})", "([0-9]{1,9})", "fff"),
    "z": ("zone", "([A-Za-z]{1,5}|[+-][0-9]{2}(?::?[0-9]{2})?)", "", "zone"),
    "o": ("", "(?:st|nd|rd|th|er)?", "(?:st|nd|rd|th|er)?", "th"),
    "a": ("", r"[^0-9\s.,/_:+-]+\.?", r"[^0-9\s.,/_:+-]+\.?", "Day"),
}
ALIASES = {"B": "b", "A": "a", "h": "b", "e": "d", "Z": "z"}
EXPANDED = {"%T": "%H:%M:%S", "%R": "%H:%M", "%F": "%Y-%m-%d", "%D": "%m/%d/%y"}
DIGITS = frozenset("YymdjqGVuHIMSf")


@dataclass(frozen=True)
class Count:
    """Numbers that count from `start`, where they are `offset`; one unit has `size` microseconds, a day `DAY`."""

    start: datetime
    size: int
    words: str
    offset: float = 0.0

    @property
    def is_days(self) -> bool:
        """Return whether a unit is a day, so that its fraction is the time of day."""
        return self.size == DAY


DAY = 86_400_000_000
START = datetime(1970, 1, 1)  # noqa: DTZ001 - moments in files have no zone
COUNTED = {
    "unix_seconds": Count(START, 1_000_000, "seconds since 1970 (Unix time)"),
    "unix_milliseconds": Count(START, 1_000, "milliseconds since 1970 (Unix time)"),
    "excel": Count(START, DAY, "days since 1900 (spreadsheet serial number)", 25_569),
    "matlab": Count(START, DAY, "days of MATLAB (datenum)", 719_529),
    "mjd": Count(START, DAY, "modified Julian days", 40_587),
    "julian_day": Count(START, DAY, "Julian days", 2_440_587.5),
    "decimal_year": Count(START, 0, "years with a decimal fraction"),
}
# A day with so many decimals or fewer tells minutes, and with more of them seconds.
SERIAL_DECIMALS = 5
MAX_CODE_LENGTH = 60
TOKEN = re.compile(r"%[A-Za-z%]|\[|\]|\s+|.", re.DOTALL)


class FormError(ValueError):
    """What was given is no form of times; the text says why."""


@dataclass(frozen=True)
class Form:
    """One form. `first_year` is the earliest year of a column whose years have two digits.

    `parse` is what the SQL of a column says of a single value.
    """

    code: str
    first_year: int | None = None

    def __post_init__(self) -> None:
        if self.code not in COUNTED:
            _check(self.tokens)

    @property
    def is_counted(self) -> bool:
        """Return whether values are numbers that count from a day."""
        return self.code in COUNTED

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Return the parts and signs in order."""
        code = self.code
        for short, long in EXPANDED.items():
            code = code.replace(short, long)
        results = TOKEN.findall(code)
        return tuple(
            f"%{ALIASES.get(item[1], item[1])}" if item[0] == "%" and len(item) == 2 else item for item in results
        )

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Return the name of each group of the pattern, in order."""
        return tuple(
            PARTS[piece[1]][0] for piece in self.tokens if piece[0] == "%" and piece != "%%" and PARTS[piece[1]][0]
        )

    @cached_property
    def pattern(self) -> str:
        """Return the pattern of a whole value, which Python and RE2 read alike."""
        parts = []
        for place, part in enumerate(self.tokens):
            if part in "[]":
                parts.append("(?:" if part == "[" else ")?")
            elif part == "%%":
                parts.append("%")
            elif part[0] == "%":
                parts.append(PARTS[part[1]][2 if self.is_tight(place) else 1])
            elif part.isspace():
                parts.append(r"[\s\x{a0}]+")
            else:
                parts.append(re.escape(part))
        return "".join(parts)

    def is_tight(self, place: int) -> bool:
        """Return whether another number stands right beside this one, so that its digits are counted."""
        if self.tokens[place][1] not in DIGITS:
            return False
        beside = [self._neighbour(place, step) for step in (-1, 1)]
        return any(text is not None and text[0] == "%" and text[1:] in DIGITS for text in beside)

    def _neighbour(self, place: int, step: int) -> str | None:
        place += step
        while 0 <= place < len(self.tokens) and self.tokens[place] in "[]":
            place += step
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    @property
    def words(self) -> str:
        """Return the form as people write it: "DD.MM.YYYY hh:mm"."""
        if self.is_counted:
            return COUNTED[self.code].words
        return "".join(PARTS[piece[1]][3] if piece[0] == "%" and piece != "%%" else piece for piece in self.tokens)

    @property
    def is_plain(self) -> bool:
        """Return whether times go from year to second, as programs write them; nobody asks about these."""
        return self.code.startswith(("%Y-%m-%d", "%Y/%m/%d"))

    def with_first_year(self, year: int) -> Form:
        """Return the form whose years of two digits begin with this one."""
        return replace(self, first_year=year)

    def has(self, *letters: str) -> bool:
        """Return whether any of these parts is in the form."""
        return any(f"%{letter}" in self.tokens for letter in letters)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern.replace(r"\x{a0}", "\u00a0"))

    def parse(self, text: str) -> datetime | None:
        """Return the moment that a value means, its zone left aside, or None where it is written otherwise."""
        try:
            if self.is_counted:
                return _counted(self.code, float(text))
            match = self._compiled.fullmatch(text.strip())
            return None if match is None else self._moment(dict(zip(self.fields, match.groups(), strict=True)))
        except (ValueError, OverflowError):
            return None

    def _moment(self, current_values: dict[str, str | None]) -> datetime | None:
        day = self._day(current_values)
        hour, minute, second = (int(current_values.get(name) or 0) for name in ("hour", "minute", "second"))
        half = (current_values.get("half") or "").lower()
        if half and hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        is_midnight = hour == 24 and minute == second == 0
        if day is None or (hour > 23 and not is_midnight) or minute > 59 or second > 59:
            return None
        micro = int(((current_values.get("fraction") or "0") + "000000")[:6])
        return day + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)

    def _day(self, current_values: dict[str, str | None]) -> datetime | None:
        if week_year := current_values.get("week_year"):
            week, weekday = int(current_values["week"] or 0), int(current_values.get("weekday") or 1)
            return datetime.fromisocalendar(int(week_year), week, weekday)
        year = self._year(current_values)
        if day_of_year := current_values.get("day_of_year"):
            day = datetime(year, 1, 1) + timedelta(days=int(day_of_year) - 1)  # noqa: DTZ001
            return day if day.year == year and int(day_of_year) else None
        if quarter := current_values.get("quarter"):
            return datetime(year, 3 * int(quarter) - 2, 1)  # noqa: DTZ001
        named = current_values.get("month_name")
        month = MONTHS.get(fold_case(named), 0) if named else int(current_values.get("month") or 1)
        return datetime(year, month, int(current_values.get("day") or 1))  # noqa: DTZ001

    def _year(self, current_values: dict[str, str | None]) -> int:
        if short := current_values.get("short_year"):
            first = self.first_year or 1950
            return first + (int(short) - first) % 100
        return int(current_values["year"] or 0)


def _counted(code: str, number: float) -> datetime:
    """Return the moment of a number; of days with few decimals the minute, since they tell no seconds."""
    count = COUNTED[code]
    if code == "decimal_year":
        first, after = (datetime(int(number) + more, 1, 1) for more in (0, 1))  # noqa: DTZ001
        return first + timedelta(days=round((number - int(number)) * (after - first).days))
    since = number - count.offset
    if not count.is_days:
        return count.start + timedelta(microseconds=round(since * count.size))
    if round(number, SERIAL_DECIMALS) == number:
        return count.start + timedelta(minutes=round(since * 1440))
    return count.start + timedelta(seconds=round(since * 86_400))


def form_of(code: str) -> Form:
    """Return the form that a user wrote.

    Raises
    ------
    FormError
        With a sentence that says what is wrong.
    """
    code = code.strip()
    if len(code) > MAX_CODE_LENGTH:
        raise FormError(f"A form has at most {MAX_CODE_LENGTH} characters.")
    return Form(code)


def _check(tokens: tuple[str, ...]) -> None:
    parts = [piece[1:] for piece in tokens if piece[0] == "%" and piece != "%%"]
    for part in parts:
        if part not in PARTS:
            raise FormError(f"A form has no part %{part}." if part else "A form ends with a single %.")
    named = [PARTS[part][0] for part in parts if PARTS[part][0]]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        raise FormError(f"A form holds the {twice.replace('_', ' ')} once.")
    if not {"Y", "y", "G"} & set(parts):
        raise FormError("A form needs a year: %Y, %y or %G.")
    if "G" in parts and "V" not in parts:
        raise FormError("The year of a week (%G) needs its week (%V).")
    depth = 0
    for piece in tokens:
        depth += {"[": 1, "]": -1}.get(piece, 0)
        if depth < 0 or depth > 4:
            break
    if depth:
        raise FormError("Every [ of a form needs its ].")
