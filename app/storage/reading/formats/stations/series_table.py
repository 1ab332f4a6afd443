"""Several series of sites and variables as one long table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from app.domain.analysis.import_options.import_choices import Dialect
from app.domain.text.words import pluralise
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError
from app.storage.reading.rows import RowTable, Tally

QUALIFIERS = "qualifier"


@dataclass(frozen=True)
class Series:
    """One series: where, what and in which unit; `statistic` tells daily means from extremes."""

    site: str
    parameter: str
    unit: str = ""
    statistic: str = ""
    site_name: str = ""
    parameter_name: str = ""
    no_data: str = ""

    @property
    def name(self) -> str:
        """Return the name that tells this series from the others of a file."""
        return " ".join(part for part in (self.site, self.parameter, self.statistic) if part)


@dataclass(frozen=True)
class SeriesValue:
    """One value of a series, with its quality flags by the name of their column."""

    series: Series
    time: str
    value: str
    flags: dict[str, str] = field(default_factory=dict)


@dataclass
class _Summary:
    """What all values of a file have in common, known after a first passage."""

    series: dict[Series, int] = field(default_factory=dict)
    seen: dict[str, bool] = field(default_factory=dict)
    rows: int = 0

    def add(self, value: SeriesValue) -> None:
        self.rows += 1
        self.series[value.series] = self.series.get(value.series, 0) + 1
        for name, text in value.flags.items():
            self.seen[name] = bool(text) or self.seen.get(name, False)

    @property
    def flags(self) -> list[str]:
        """Return the flags that any value has, in the order in which the format names them."""
        return [name for name, is_there in self.seen.items() if is_there]


Values = Callable[[], Iterator[SeriesValue]]


def table_of_series(
    values: Values, *, name: str, facts: dict[str, str], notes: Sequence[str] = (), most: int | None = None
) -> RowTable:
    """Return the long table of all series: time, value, flags, site, and what else differs between series.

    Parameters
    ----------
    values
        Gives the values from the beginning, each time that it is called.
    name, facts, notes
        The key of the format, and what the file says of itself.
    most
        How many values a first look goes through; None for all.

    Raises
    ------
    RefusedError
        Where no series has a value.
    """
    summary = _Summary()
    for value in itertools.islice(values(), most):
        summary.add(value)
    if not summary.rows:
        raise RefusedError("no_rows", "The file holds series, but no value.")
    series = list(summary.series)
    columns = _columns(series)
    units = {item.unit for item in series}
    names = ["time", "value", *summary.flags, *columns]
    visible_rows = {title: text for title, text in {**_facts(series), **facts}.items() if text}
    dialect = Dialect(
        format=name,
        encoding="utf-8",
        facts=tuple((title, text[:200]) for title, text in visible_rows.items()),
        units=(("value", next(iter(units))),) if len(units) == 1 and "" not in units else (),
        flags=tuple((flag, "value") for flag in summary.flags),
    )
    tally = Tally(notes=[*notes, *_notes(series)])
    texts = frozenset(range(2, len(names)))
    return RowTable(names, _rows(values, summary.flags, columns, tally), dialect, tally, texts)


def _columns(series: Sequence[Series]) -> list[str]:
    """Return the columns beside each value: always the site, and others that tell series apart."""
    columns = ["site"]
    if len({item.site for item in series}) < len(series):
        columns.append("series")
    for field_name in ("parameter", "statistic", "unit"):
        if len({getattr(item, field_name) for item in series}) > 1:
            columns.append(field_name)
    return columns


def _facts(series: Sequence[Series]) -> dict[str, str]:
    sites = list(dict.fromkeys(item.site_name or item.site for item in series))
    names = list(dict.fromkeys(item.parameter_name or item.parameter for item in series))
    return {
        "Site" if len(sites) == 1 else "Sites": format_list(sites),
        "Variable" if len(names) == 1 else "Variables": format_list(names),
        "Statistic": format_list(dict.fromkeys(item.statistic for item in series if item.statistic)),
    }


def _notes(series: Sequence[Series]) -> list[str]:
    if len(series) == 1:
        return []
    return [f"One row for each value of {pluralise(len(series), 'series', 'series')}."]


def _rows(values: Values, flags: list[str], columns: list[str], tally: Tally) -> Iterator[list[str]]:
    absent = without = 0
    for series_value in values():
        value = series_value.value
        if not value and not series_value.time:
            without += 1
            continue
        if value and series_value.series.no_data and _is_same(value, series_value.series.no_data):
            value, absent = "", absent + 1
        beside = (
            series_value.series.name if column == "series" else getattr(series_value.series, column)
            for column in columns
        )
        yield [series_value.time, value, *(series_value.flags.get(flag, "") for flag in flags), *beside]
    if without:
        tally.notes.append(f"Left out, because they have neither time nor value: {pluralise(without, 'point')}.")
    if absent:
        tally.notes.append(f"Read as missing, as the file says of its value for no data: {pluralise(absent, 'value')}.")


def _is_same(value: str, mark: str) -> bool:
    try:
        return float(value) == float(mark)
    except ValueError:
        return value == mark
