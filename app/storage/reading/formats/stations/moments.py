"""Parsing dates and times of loggers and agencies, with the order of day, month and year."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Sequence

PARTS = re.compile(r"^(\d{1,4})[-/._](\d{1,2})[-/._](\d{1,4})$")
CLOCK = re.compile(r"^(\d{1,2})[:h.](\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?(?:[.,](\d{1,3}))?\s*([AaPp])?\.?[Mm]?\.?$")
ZONE = re.compile(r"(?:GMT|UTC|Z)\s*(?:([+-])\s*(\d{1,2})(?::?(\d{2}))?)?")
ORDERS = {"ymd": (0, 1, 2), "mdy": (2, 0, 1), "dmy": (2, 1, 0)}
# A year of two digits is one of these hundred, as POSIX has it.
CENTURY = 69
MOST_DIGITS = 15


def whole_number(text: str) -> int | None:
    """Return the number of a text of plain digits, None where it is none or longer than any count of a file."""
    digits = text.strip()
    # Python takes "²" for a digit but not for a number, and refuses to read thousands of digits.
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else None


def date_in(text: str, order: str) -> dt.date | None:
    """Return the date of a text whose parts stand in this order, or None where it is none."""
    match = PARTS.match(text.strip())
    if not match:
        return None
    year, month, day = (match[place + 1] for place in ORDERS[order])
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < CENTURY else 1900
    try:
        return dt.date(number, int(month), int(day))
    except ValueError:
        return None


def clock_in(text: str) -> str | None:
    """Return a time of day as 24 hours, with its seconds; None where it is none."""
    match = CLOCK.match(text.strip())
    if not match:
        return None
    hour = int(match[1])
    if match[6]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[6].lower() == "p" else 0)
    if hour > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    part = (match[4] or match[5] or "").rstrip("0")
    return f"{hour:02d}:{match[2]}:{match[3] or '00'}" + (f".{part}" if part else "")


def order_of(dates: Iterable[str], prefer: Sequence[str] = ("mdy", "dmy", "ymd")) -> str | None:
    """Return the order of the parts of dates that go forward: most are dates, and they span the least time.

    Where several orders do as well, the first of `prefer`.
    """
    texts = list(dict.fromkeys(text.strip() for text in dates if text.strip()))
    if not texts:
        return None
    fits = []
    for rank, order in enumerate(prefer):
        known = [day for day in (date_in(text, order) for text in texts) if day is not None]
        # A row that is cut off has no date in any order; most of the others tell.
        if 2 * len(known) > len(texts):
            backwards = sum(after < before for before, after in itertools.pairwise(known))
            fits.append((len(texts) - len(known), backwards, (max(known) - min(known)).days, rank, order))
    return min(fits)[-1] if fits else None


def join_date_and_time(date: str, clock: str, order: str) -> str | None:
    """Return a date and a time of day as one text; None where either is none."""
    day, time = date_in(date, order), clock_in(clock) if clock.strip() else "00:00:00"
    return f"{day.isoformat()} {time}" if day is not None and time is not None else None


def split_moment(text: str) -> tuple[str, str]:
    """Return the date and the time of day of one text."""
    date, _, clock = text.strip().partition(" ")
    return date, clock.strip()


def zone_in(text: str) -> str:
    """Return the offset that a text names, such as GMT-04:00, as -04:00; "" where none is named."""
    match = ZONE.search(text)
    if not match:
        return ""
    if not match[1]:
        return "+00:00"
    return f"{match[1]}{int(match[2]):02d}:{match[3] or '00'}"


def parse_compact(text: str) -> str | None:
    """Return digits such as 20080131, with hours, minutes and seconds or without, as a date and time."""
    digits = text.strip()
    if not digits.isdigit() or len(digits) not in (8, 10, 12, 14):
        return None
    shape = "%Y%m%d%H%M%S"[: {8: 6, 10: 8, 12: 10, 14: 12}[len(digits)]]
    later = dt.timedelta()
    if len(digits) > 8 and digits[8:10] == "24":
        # The end of a day is written as its hour 24 by agencies that mark hours by their end.
        digits, later = digits[:8] + "00" + digits[10:], dt.timedelta(days=1)
    try:
        moment = dt.datetime.strptime(digits, shape) + later  # noqa: DTZ007
    except (ValueError, OverflowError):
        return None
    return moment.date().isoformat() if len(digits) == 8 else moment.isoformat(sep=" ")


def parse_unix(text: str) -> str | None:
    """Return seconds since 1970 as a time in UTC."""
    try:
        moment = dt.datetime.fromtimestamp(float(text), tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


def replace_time(position: int, read: Callable[[str], str | None]) -> Callable[[list[str]], list[str] | str]:
    """Make a function that reads the time in one cell of a row, and rejects a row whose time is none."""

    def row(cells: list[str]) -> list[str] | str:
        result = read(cells[position])
        if result is None:
            return f"{cells[position][:30] or 'An empty cell'} is no time."
        cells[position] = result
        return cells

    return row
