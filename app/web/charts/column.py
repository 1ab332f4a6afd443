"""The page of one column: statistics, histogram and most frequent values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding
from app.domain.vocabulary import ColumnKind
from app.web.charts.facts import Fact
from app.web.filters import number, percent

STORAGES = {
    "number": "numbers with decimals",
    "integer": "whole numbers",
    "boolean": "true and false",
    "datetime": "dates",
    "text": "text",
}
UNIT_SOURCES = {
    "user": "as you said",
    "name": "as the name says",
    "unit_row": "as the lines of names say",
    "note": "as the file notes",
    "values": "as its values say",
    "convention": "as columns of this name have it",
}
SHARES = ("5 %", "25 %", "Median", "75 %", "95 %")


@dataclass(frozen=True)
class ColumnBar:
    """One bar of the histogram, in per cent of the picture; `words` says what it holds."""

    x: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class ListingLine:
    """One line of a listing with its share of the longest."""

    word: str
    rows: int
    share: str
    width: float


@dataclass(frozen=True)
class ColumnView:
    """All there is to show about a column."""

    column: ColumnProfile
    facts: tuple[Fact, ...]
    bars: tuple[ColumnBar, ...]
    median_at: float | None
    low: str
    high: str
    top: tuple[ListingLine, ...]
    sentence: str


def column_view(profile: DatasetProfile, column: ColumnProfile) -> ColumnView:
    """Return a column as it is shown."""
    low, high = _end_labels(column)
    return ColumnView(
        column=column,
        facts=tuple(_facts(column, profile.rows)),
        bars=_bars(column),
        median_at=_median_at(column),
        low=low,
        high=high,
        top=_top(column, profile.rows),
        sentence=_sentence(column, low, high),
    )


def _end_labels(column: ColumnProfile) -> tuple[str, str]:
    edges = column.histogram_edges
    ends = (edges[0], edges[-1]) if edges else (column.minimum, column.maximum)
    return _value_lines(ends[0], column.unit), _value_lines(ends[1], column.unit)


def _value_lines(value: float | str | None, unit: str) -> str:
    """Write a value with its unit; midnight is no part of a date."""
    text = number(value).removesuffix(" 00:00:00").removesuffix("T00:00:00")
    return f"{text} {unit}" if unit and text and not isinstance(value, str) else text


def _sentence(column: ColumnProfile, low: str, high: str) -> str:
    if not column.quantiles:
        return f"How {column.name[:60]} is spread, from {low} to {high}"
    middle = _value_lines(column.quantiles[2], column.unit)
    return f"How {column.name[:60]} is spread, from {low} to {high}, median {middle}"


def _facts(column: ColumnProfile, rows: int) -> Iterable[Fact]:
    present = rows - column.missing
    yield Fact("Kind", str(column.kind), column.kind_reason)
    yield Fact("Stored as", STORAGES.get(column.storage, column.storage))
    yield from _unit_facts(column)
    if column.original_name and column.original_name != column.name:
        yield Fact("Name in the file", column.original_name[:200])
    yield Fact("Missing", f"{column.missing:,}", _format_share(column.missing, rows))
    if column.missing_words:
        words = ", ".join(f"{word[:40]} {count:,}" for word, count in column.missing_words[:6])
        yield Fact("Read as missing", words, "words and how often each")
    yield Fact("Distinct", f"{column.distinct:,}", _format_share(column.distinct, present))
    if column.mean is not None and column.kind is not ColumnKind.DATETIME:
        yield Fact("Mean", _value_lines(column.mean, column.unit))
    if column.std is not None and column.kind is not ColumnKind.DATETIME:
        yield Fact("Standard deviation", _value_lines(column.std, column.unit))
    if column.minimum is not None:
        yield Fact("Smallest", _value_lines(column.minimum, column.unit))
    if column.quantiles:
        for share, value in zip(SHARES, column.quantiles, strict=True):
            yield Fact(share, _value_lines(value, column.unit))
    if column.maximum is not None:
        yield Fact("Largest", _value_lines(column.maximum, column.unit))
    for term, amount, note in (
        ("Zeros", column.zeros, ""),
        ("Negatives", column.negatives, ""),
        ("Outliers", column.outliers, "more than 3 interquartile ranges outside the quartiles"),
    ):
        if amount is not None:
            share = _format_share(amount, present)
            yield Fact(term, f"{amount:,}", ", ".join(part for part in (share, note) if part))


def _unit_facts(column: ColumnProfile) -> Iterable[Fact]:
    if column.unit:
        yield Fact("Unit", column.unit, UNIT_SOURCES.get(column.unit_source, UNIT_SOURCES["name"]))
    elif column.unit_suggested:
        yield Fact("Unit", f"probably {column.unit_suggested}", "as its values suggest; it is used for nothing")


def _format_share(amount: int, whole: int) -> str:
    return percent(amount, whole) if amount and whole else ""


def _bars(column: ColumnProfile) -> tuple[ColumnBar, ...]:
    counts, edges = column.histogram_counts, column.histogram_edges
    if len(counts) < 2 or not max(counts):
        return ()
    top, width = max(counts), 100 / len(counts)
    return tuple(
        ColumnBar(
            x=round(index * width, 3),
            width=round(width * 0.92, 3),
            # On a square-root scale few rows beside many are still seen.
            height=round(100 * (amount / top) ** 0.5, 2),
            words=f"{_value_lines(edges[index], '')} to {_value_lines(edges[index + 1], column.unit)}: {amount:,} rows",
        )
        for index, amount in enumerate(counts)
    )


def _median_at(column: ColumnProfile) -> float | None:
    edges = column.histogram_edges
    if not column.quantiles or len(edges) < 2 or edges[-1] <= edges[0]:
        return None
    return round(min(max(100 * (column.quantiles[2] - edges[0]) / (edges[-1] - edges[0]), 0), 100), 2)


def _top(column: ColumnProfile, rows: int) -> tuple[ListingLine, ...]:
    if not column.top_values:
        return ()
    most, present = column.top_values[0][1], rows - column.missing
    return tuple(
        ListingLine(
            word[:80].removesuffix(" 00:00:00"), amount, _format_share(amount, present), round(100 * amount / most, 2)
        )
        for word, amount in column.top_values[:12]
    )


def findings_by_column(profile: DatasetProfile, names: Iterable[str]) -> dict[str, list[Finding]]:
    """Return the findings about each of these columns, in one pass over all."""
    findings: dict[str, list[Finding]] = {name: [] for name in names}
    for finding in profile.findings:
        for name in finding.columns:
            if name in findings:
                findings[name].append(finding)
    return findings
