"""Search for markers, which are numbers or words that may stand for a missing value, with the evidence."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile
from app.domain.analysis.profiling.table_query import NextValue, Question, TableQuery, ValueCount
from app.domain.hydrology.naming import one_of
from app.domain.text.numbers import plain_number

# Nines and their kin, as files of gauges, weather services and surveys carry them.
NINES = (-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -999999.0, -9999999.0)
OTHERS = (-200.0, -888.0, -8888.0, -6999.0, -777.0, -7777.0, -32768.0, -32767.0, -2147483648.0)
HIGH = (999.0, 999.9, 9999.0, 9999.9, 99999.0, 999999.0, 9999999.0, 32767.0, 65535.0, 2147483647.0)
FILLS = (
    1e20,
    1e30,
    9.969209968386869e36,
    -1e20,
    -1e30,
    -9.969209968386869e36,
    -3.4028234663852886e38,
    3.4028234663852886e38,
)
# These are numbers like any others unless much speaks against it.
WEAK = (-1.0, -9.0)
# From, to, factor, offset. A mark that a program took for an amount and converted looks like none any more.
CONVERSIONS = (
    ("ft³/s", "m³/s", 0.028316846592, 0.0),
    ("m³/s", "ft³/s", 1 / 0.028316846592, 0.0),
    ("ft³/s", "L/s", 28.316846592, 0.0),
    ("in", "mm", 25.4, 0.0),
    ("mm", "in", 1 / 25.4, 0.0),
    ("in", "cm", 2.54, 0.0),
    ("ft", "m", 0.3048, 0.0),
    ("m", "ft", 1 / 0.3048, 0.0),
    ("mi", "km", 1.609344, 0.0),
    ("mi²", "km²", 2.589988110336, 0.0),
    ("acre-ft", "m³", 1233.48183754752, 0.0),
    ("mph", "m/s", 0.44704, 0.0),
    ("°F", "°C", 5 / 9, -160 / 9),
    ("°C", "°F", 1.8, 32.0),
    ("°C", "K", 1.0, 273.15),
    ("K", "°C", 1.0, -273.15),
)
CONVERTED = (-999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -999999.0)
IMAGES = sorted(
    (mark * factor + offset, target, f"{plain_number(mark)} {source} in {target}")
    for source, target, factor, offset in CONVERSIONS
    for mark in CONVERTED
)
# Signs, the codes of spreadsheets and of laboratories, and the remarks that stand for a daily value at the U.S.
# Geological Survey (ice, equipment malfunction, backwater, …): none of them is ever an amount or a class.
SYMBOLS = one_of(
    "? ?? ??? - -- --- ---- – — . .. ... * ** *** # ## x xx #n/a #value! #div/0! #ref! #num! #null! n.a. n.a "
    "n.d. n.d nd n/d n.v. k.a. nodata no_data missing bdl b.d.l. lod bql ice eqp bkw dis mnt rat ssn zfl"
) | {"no data", "< lod", "<lod", "not measured", "not detected"}
WORDS = frozenset({"none", "unknown", "not available", "not known"})
# A letter or a sign that may as well be an answer of its own: among numbers it is none, among words it may be one.
AMBIGUOUS = frozenset({"x", "xx", "nd", "ice", "dis", "rat", "#", "lod"})
ROUNDS = 4


@dataclass(frozen=True)
class MissingMarker:
    """A value that may stand for missing: as text, on how many rows, what else is near, and where it may come from."""

    text: str
    rows: int | None
    nearest: float | None = None
    above: bool = False
    origin: str = ""
    word: bool = False


@dataclass
class MarkedColumn:
    """What was found in one column. `low` and `high` bound the values that are no marks; so does `negatives` count."""

    column: ColumnProfile
    low: float | None
    high: float | None
    negatives: int | None
    marks: list[MissingMarker] = field(default_factory=list)


def origin_of(value: float, unit: str = "") -> str | None:
    """Return where a number that may be a mark comes from: "" as it is, a phrase if converted, None if it is no mark.

    Parameters
    ----------
    value
        An end of a column's values.
    unit
        The unit that the column's name gives, "" for none: a mark is never converted into another one.

    Notes
    -----
    A converted mark is recognised to half of the last digit that the value shows (-28316.8 is -999999 ft³/s in m³/s).
    The factors are exact by definition: 1 in = 25.4 mm, 1 ft = 0.3048 m, hence 1 ft³/s = 0.028316846592 m³/s
    (NIST Special Publication 811, appendix B). The default fill of NetCDF is 9.96921e36 (netcdf.h, NC_FILL_FLOAT).
    """
    if value in NINES or value in OTHERS or value in HIGH or value in WEAK:
        return ""
    if any(math.isclose(value, fill, rel_tol=1e-6) for fill in FILLS):
        return ""
    text = repr(value)
    digits = len(text.lstrip("-0.").replace(".", "").partition("e")[0].rstrip("0"))
    if digits < 4:
        return None
    half = 0.5 * 10.0 ** -len(text.partition(".")[2]) if not value.is_integer() and "e" not in text else 0.5
    reach = min(half * 1.01, 0.0021 * abs(value)) + 1.1e-5 * abs(value)
    first = bisect_left(IMAGES, value - reach, key=lambda item: item[0])
    for image, target, phrase in IMAGES[first : first + 8]:
        close = abs(value - image) <= min(half * 1.01, 0.002 * abs(image)) + 1e-5 * abs(image)
        if close and unit in ("", target):
            return phrase
    return None


def find_marks(columns: Sequence[ColumnProfile], rows: int, table: TableQuery | None) -> list[MarkedColumn]:
    """Return the values of each column that may stand for a missing one.

    Parameters
    ----------
    columns
        The profiled columns.
    rows
        How many rows the table has.
    table
        The table, for counts and neighbours; without it the ends of a column and its quantiles must do.
    """
    marked_columns = [_start_search(column) for column in columns]
    numeric = [
        element
        for element in marked_columns
        if element.low is not None and element.high is not None and element.column.distinct > 1
    ]
    if table is None:
        for item in numeric:
            _judge_by_quantiles(item)
    else:
        _find_end_markers(numeric, rows, table, low=True)
        _find_end_markers(numeric, rows, table, low=False)
        _find_spike_markers(numeric, rows, table)
    for marked_column in marked_columns:
        if marked_column.column.storage == "text":
            marked_column.marks += _find_word_markers(marked_column.column)
    return marked_columns


def _start_search(column: ColumnProfile) -> MarkedColumn:
    number = column.storage in ("number", "integer")
    low = float(column.minimum) if number and isinstance(column.minimum, int | float) else None
    high = float(column.maximum) if number and isinstance(column.maximum, int | float) else None
    return MarkedColumn(column, low, high, column.negatives)


def _find_end_markers(columns: Sequence[MarkedColumn], rows: int, table: TableQuery, *, low: bool) -> None:
    """Take marks off one end of each column, the outermost first, until a value stands there that is none."""
    piles: dict[int, list[tuple[float, int]]] = {}
    ends = {index: (column.low if low else column.high) for index, column in enumerate(columns)}
    turn = {
        position: end
        for position, end in ends.items()
        if end is not None and _is_candidate(end, columns[position].column, low=low)
    }
    for _ in range(ROUNDS):
        if not turn:
            break
        questions: list[Question] = []
        for step_index, end in turn.items():
            key = columns[step_index].column.key
            questions += [ValueCount(key, end), NextValue(key, end, upwards=low)]
        answers, following = table.answer(questions), {}
        for place, (end_index, end) in enumerate(turn.items()):
            count, beyond = answers[2 * place : 2 * place + 2]
            piles.setdefault(end_index, []).append((end, int(count)))
            ends[end_index] = float(beyond) if beyond is not None else None
            if beyond is not None and _is_candidate(float(beyond), columns[end_index].column, low=low):
                following[end_index] = float(beyond)
        turn = following
    for start_index, pile in piles.items():
        _settle(columns[start_index], pile, ends[start_index], rows, low=low)


def _is_candidate(end: float, column: ColumnProfile, *, low: bool) -> bool:
    return (end < 0) == low and origin_of(end, column.unit) is not None


def _settle(column: MarkedColumn, pile: list[tuple[float, int]], real: float | None, rows: int, *, low: bool) -> None:
    """Keep what stands out from the values that are left; the innermost must do so, and then all beyond it do."""
    other = column.high if low else column.low
    while pile and real is not None and other is not None:
        value, count = pile[-1]
        sized = _ValuePosition(value, count, abs(real - value), abs(other - real), rows)
        if sized.stands_out(column.column, real):
            break
        real = value
        pile.pop()
    if real is None:
        return
    for value, count in pile:
        origin = origin_of(value, column.column.unit) or ""
        column.marks.append(MissingMarker(plain_number(value), count, real, above=not low, origin=origin))
    if low:
        column.low = real
        column.negatives = None if column.negatives is None else column.negatives - sum(count for _, count in pile)
    else:
        column.high = real


@dataclass(frozen=True)
class _ValuePosition:
    """Where a value stands beside the others of its column: how often, how far from them, and how wide they lie."""

    value: float
    count: int
    gap: float
    span: float
    rows: int

    def stands_out(self, column: ColumnProfile, real: float) -> bool:
        """Return whether so much speaks for a mark that a person should be asked."""
        only_negative = self.value < 0 <= real
        if self.value in WEAK:
            # -1 and -9 are ordinary numbers: only one that is often there, in a column of other whole numbers.
            often = self.count >= max(2, 0.01 * self.rows)
            return only_negative and often and column.storage == "integer" and column.distinct > 20
        far = self.gap > 3 * self._spread(column) or self.gap > 0.5 * self.span
        if self.value < 0:
            converted = self.value not in NINES and self.value not in OTHERS
            if not converted:
                return only_negative or far
            # A converted mark looks like any other number, so it must repeat or be far off as well.
            return (self.count > 1 or far) if only_negative else (far and self.gap > self.span)
        # The upper end of amounts is often far from the rest, so a high mark repeats or lies beyond all measure.
        return self.gap > self.span and (self.count > 1 or self.gap > 10 * self.span)

    def _spread(self, column: ColumnProfile) -> float:
        """Return the distance between the quartiles, where the mark itself is none of them."""
        if not column.quantiles or self.value in column.quantiles[1:4]:
            return self.span / 4
        return max(column.quantiles[3] - column.quantiles[1], 0.01 * self.span)


def _judge_by_quantiles(marked_column: MarkedColumn) -> None:
    """Find marks at the ends of a column from its quantiles alone."""
    column = marked_column.column
    if not column.quantiles or marked_column.low is None or marked_column.high is None:
        return
    low, q1, q3, high = column.quantiles[0], column.quantiles[1], column.quantiles[3], column.quantiles[4]
    spread = max(q3 - q1, abs(q3) * 0.01, 1e-9)
    unit = column.unit
    known = marked_column.low < 0 and marked_column.low not in WEAK and origin_of(marked_column.low, unit) is not None
    if known and (marked_column.low < q1 - 5 * spread or marked_column.low == low or low >= 0):
        marked_column.marks.append(
            MissingMarker(plain_number(marked_column.low), None, origin=origin_of(marked_column.low, unit) or "")
        )
        marked_column.low, marked_column.negatives = None, None
    if (
        marked_column.high > 0
        and origin_of(marked_column.high, unit) is not None
        and marked_column.high > q3 + 5 * spread
        and marked_column.high > 2 * high
    ):
        marked_column.marks.append(
            MissingMarker(
                plain_number(marked_column.high), None, above=True, origin=origin_of(marked_column.high, unit) or ""
            )
        )
        marked_column.high = None


def _find_spike_markers(columns: Sequence[MarkedColumn], rows: int, table: TableQuery) -> None:
    """Find marks amid other values: far more rows hold them than hold any value by chance."""
    query: list[tuple[MarkedColumn, float]] = []
    for column in columns:
        inside = [value for value in NINES[3:] if column.low is not None and column.low < value]
        for value in inside if (column.negatives or 0) >= 20 else ():
            query.append((column, value))
    counts = table.answer([ValueCount(item.column.key, value) for item, value in query])
    for (marked_column, value), count in zip(query, counts, strict=True):
        usual = (rows - marked_column.column.missing) / max(marked_column.column.distinct, 1)
        if count >= max(20, 0.01 * rows, 10 * usual):
            marked_column.marks.append(MissingMarker(plain_number(value), int(count)))
            marked_column.negatives = None if marked_column.negatives is None else marked_column.negatives - int(count)


def _find_word_markers(column: ColumnProfile) -> Iterator[MissingMarker]:
    """Yield words that stand for nothing; one of two words is the other answer, and - beside + is a sign."""
    marks = marks_among(column.top_values)
    for value, count in column.top_values:
        word = value.strip()
        if word in marks:
            yield MissingMarker(word, count)
        elif word.lower() in WORDS and column.distinct > 2:
            yield MissingMarker(word, count, word=True)


def marks_among(top_values: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return which words of a column of texts stand for nothing in any file, with their rows.

    Parameters
    ----------
    top_values
        The column's most frequent words with their rows.
    """
    words = {value.strip().lower() for value, _ in top_values}
    usual = SYMBOLS - AMBIGUOUS - ({"-"} if "+" in words else set())
    return {value.strip(): count for value, count in top_values if value.strip().lower() in usual}


def is_answered(column: str, text: str, choices: ReadingChoices) -> bool:
    """Return whether the user has decided what a value of a column means."""
    return any(
        marker.column == column and marker.value is not None and _is_same_marker(marker.value, text)
        for marker in choices.markers
    )


def is_bound_answered(column: str, choices: ReadingChoices, *, above: bool) -> bool:
    """Return whether the user has decided what the values beyond a bound of a column mean."""
    return any(
        marker.column == column and (marker.above if above else marker.below) is not None for marker in choices.markers
    )


def _is_same_marker(first: str, other: str) -> bool:
    try:
        return float(first) == float(other)
    except ValueError:
        return first.strip().lower() == other.strip().lower()
