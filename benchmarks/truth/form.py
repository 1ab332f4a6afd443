"""One way in which files write times: the cells of known times, and the axis that a reader should find.

The list is `time_forms.py`. It was written down before the code that reads them, without looking at it. Each form makes
one file of 400 rows; its axis is what the file says in its own local reading. `may_ask` stands where a question is no
surprise, `must_ask` where both orders of day and month fit and a choice that nobody is asked about is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.truth.month_names import named

ROWS = 400
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800
MONTH, QUARTER, YEAR = -1, -3, -12
Cells = str | tuple[str, ...]
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Form:
    """One way to write times; a step below 0 counts months, one above 0 seconds."""

    name: str
    header: tuple[str, ...]
    cells: Callable[[datetime], Cells]
    step: int
    start: datetime
    may_ask: bool = False
    must_ask: bool = False
    marks: Mapping[int, str] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    stations: int = 1
    quoted: bool = False
    last: bool = False
    zone: ZoneInfo | None = None
    # What the times would be in UTC is right as well where the file says how far it is from it.
    offset_hours: float | None = None
    # The swapped reading of a form whose order nobody can know.
    swapped: Callable[[datetime], datetime] | None = None
    tolerance: int = 1
    # Up to so many steps lie between two rows, drawn; its days are 12 at most, where nobody can know the order.
    irregular: int = 0

    @property
    def times(self) -> list[datetime]:
        """Return the time of each row of one station, in the file's own reading."""
        count = ROWS // self.stations
        if self.irregular:
            return self._drawn(count)
        if self.zone:
            first = self.start.replace(tzinfo=self.zone).astimezone(UTC)
            steps = (first + timedelta(seconds=self.step * position) for position in range(count))
            return [step.astimezone(self.zone).replace(tzinfo=None) for step in steps]
        return [moved(self.start, self.step, position) for position in range(count)]

    def _drawn(self, count: int) -> list[datetime]:
        rng, moments = random.Random(self.name), [self.start]
        while len(moments) < count:
            later = moved(moments[-1], self.step, rng.randint(1, self.irregular))
            while self.must_ask and later.day > 12:
                later = moved(later, self.step, 1)
            moments.append(later)
        return moments

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of each row, station after station."""
        results = []
        for _ in range(self.stations):
            for index, time in enumerate(self.times):
                cells = self.cells(time)
                several = (cells,) if isinstance(cells, str) else cells
                if index not in self.left_out:
                    results.append((self.marks[index], *several[1:]) if index in self.marks else several)
        return results

    @property
    def bounds(self) -> list[tuple[datetime, datetime]]:
        """Return the first and the last time in each reading that is right."""
        first, last = min(self.times), max(self.times)
        readings = [(first, last)]
        if self.offset_hours:
            shift = timedelta(hours=self.offset_hours)
            readings.append((first - shift, last - shift))
        if self.zone:
            utc = [moment.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None) for moment in (first, last)]
            readings.append((utc[0], utc[1]))
        if self.swapped:
            others = [self.swapped(time) for time in self.times]
            readings.append((min(others), max(others)))
        return readings


def moved(start: datetime, step: int, count: int) -> datetime:
    """Return a time some steps later."""
    if step > 0:
        return start + timedelta(seconds=step * count)
    months = start.year * 12 + start.month - 1 - step * count
    return start.replace(year=months // 12, month=months % 12 + 1)


def pattern(text: str) -> Callable[[datetime], str]:
    """Return the function that writes a time by the parts of `strftime`, with %e, %i, %k, %n for unpadded numbers."""
    names = {"%e": "day", "%n": "month", "%k": "hour"}

    def write(time: datetime) -> str:
        words = text.replace("%i", str(time.hour % 12 or 12)).replace("%L", f"{time.microsecond // 1000:03d}")
        for mark, part in names.items():
            words = words.replace(mark, str(getattr(time, part)))
        return time.strftime(words)

    return write


def form(
    name: str, header: str, cells: str | Callable[[datetime], Cells], step: int, start: str, **more: object
) -> Form:
    """Return a form; its header is split at blanks where cells come as several."""
    write = pattern(cells) if isinstance(cells, str) else cells
    made = Form(name, (header,), write, step, datetime.fromisoformat(start))
    is_joined = isinstance(write(made.start), tuple)
    return replace(made, header=tuple(header.split("|")) if is_joined else (header,), **more)  # type: ignore[arg-type]


def swap(time: datetime) -> datetime:
    """Return the time with its day and month exchanged."""
    return time.replace(day=time.month, month=time.day)


def lower_pm(text: str, am: str, pm: str) -> Callable[[datetime], str]:
    """Return the function that writes a time with these words for the half of the day."""
    write = pattern(text)
    return lambda time: write(time).replace("@", am if time.hour < 12 else pm)


def ends_at_24(text: str) -> Callable[[datetime], str]:
    """Return the function that writes midnight as 24:00 of the day that ends."""

    def write(time: datetime) -> str:
        if time.hour or time.minute:
            return time.strftime(text)
        return (time - timedelta(days=1)).strftime(text.replace("%H", "24"))

    return write


def serial(epoch: datetime, digits: int | None) -> Callable[[datetime], str]:
    """Return the function that writes a time as days since a day."""

    def write(time: datetime) -> str:
        days = (time - epoch) / timedelta(days=1)
        return str(round(days)) if digits is None else f"{days:.{digits}f}"

    return write


def matlab_day(time: datetime) -> str:
    """Return a time as the day number of MATLAB, whose day 1 is in the year 0."""
    return str(time.toordinal() + 366)


def unix(factor: int) -> Callable[[datetime], str]:
    """Return the function that writes a time as a count since 1970."""
    return lambda time: str(round(time.replace(tzinfo=UTC).timestamp() * factor))


def decimal_year(time: datetime) -> str:
    """Return a time as a year with its elapsed part."""
    first = time.replace(month=1, day=1, hour=0, minute=0)
    after = first.replace(year=time.year + 1)
    return f"{time.year + (time - first) / (after - first):.4f}"


def quarter(text: str) -> Callable[[datetime], str]:
    """Return the function that writes the quarter of a time."""
    return lambda time: text.format(y=time.year, q=(time.month + 2) // 3)


def week(text: str) -> Callable[[datetime], str]:
    """Return the function that writes the ISO week of a time."""
    return lambda time: text.format(y=time.isocalendar().year, w=time.isocalendar().week)


def with_offset(time: datetime) -> str:
    """Return a local time of Berlin with its offset, which changes where the clock does."""
    return time.replace(tzinfo=BERLIN).isoformat()


def hour_1_to_24(date: str) -> Callable[[datetime], tuple[str, ...]]:
    """Return the function that writes a date and the hour that ends, from 1 to 24."""

    def write(time: datetime) -> tuple[str, ...]:
        day = time if time.hour else time - timedelta(days=1)
        return day.strftime(date), str(time.hour or 24)

    return write


def parts(*texts: str) -> Callable[[datetime], tuple[str, ...]]:
    """Return the function that writes a time over several columns."""
    writes = [pattern(text) for text in texts]
    return lambda time: tuple(write(time) for write in writes)


def in_words(text: str, months: tuple[str, ...]) -> Callable[[datetime], str]:
    """Return the function that writes a time with the month's name in a language."""
    return lambda time: named(time, text, months)
