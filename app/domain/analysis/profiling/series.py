"""Detection of several series in one table: the column that tells them apart, missing and repeated times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.domain.analysis.findings.wording import format_times, quote_column, rows_do
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, TimeAxis
from app.domain.analysis.profiling.table_query import PairCount, TableQuery, ValueCount
from app.domain.hydrology.naming import names_sites
from app.domain.text.words import pluralise
from app.domain.vocabulary import ColumnKind, Severity

# A larger share of rows that repeat a time speaks for several series. An hour doubled each autumn is 1 row in 8,766.
MAX_REPEATS = 0.01
MAX_CANDIDATES = 8
SCREENED = 50_000
ALONE = 0.999
GROUP_KINDS = (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER, ColumnKind.TEXT, ColumnKind.INTEGER)
CLOCK = re.compile(r"^\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[ap]m)?$", re.IGNORECASE)
HOUR_NAME = re.compile(r"^(h|hr|hrs|hour|hours|time|minute|min)([_ ]?(of_day|utc|lst))?$", re.IGNORECASE)


def mixes_series(rows: int, repeats: int) -> bool:
    """Return whether so many rows share their time that they must belong to several series.

    A clock set back in autumn and rows that were stored twice repeat a few times within one series; there, derived
    features use the first row of each time.
    """
    return repeats > MAX_REPEATS * rows


def find_group(
    columns: Sequence[ColumnProfile], rows: int, axis: TimeAxis | None, table: TableQuery | None
) -> TimeAxis | None:
    """Return the axis with the column that tells rows of one time apart: with it, no time comes twice.

    Parameters
    ----------
    columns, rows
        The profiled columns and how many rows they have.
    axis
        The time axis, or None.
    table
        The table; without it nobody looks and `group` stays None.

    Notes
    -----
    A candidate has at most a tenth as many values as there are rows, and is no time of day. It is taken if at most one
    row in a thousand shares both its time and its group with another; named like a site it is looked at first.
    """
    if axis is None or table is None:
        return axis
    if not axis.duplicates:
        return replace(axis, group="")
    time = next(column for column in columns if column.name == axis.column)
    # Rows that share a time need as many values to tell them apart, but for a few that come twice.
    fewest = 0.9 * (rows - time.missing) / max(1, time.distinct)
    candidates = sorted(
        (item for item in columns if _may_group(item, rows, axis) and item.distinct >= fewest and not is_clock(item)),
        key=lambda element: (not names_sites(element.name), element.kind is ColumnKind.INTEGER, element.distinct),
    )[:MAX_CANDIDATES]
    for column_profile in _screen_columns(candidates, time, rows, table):
        together = rows - time.missing - int(table.answer([_pair_count(time, column_profile)])[0])
        if together <= (1 - ALONE) * rows:
            return replace(axis, group=column_profile.name, group_duplicates=together)
    return replace(axis, group="")


def _screen_columns(
    candidates: Sequence[ColumnProfile], time: ColumnProfile, rows: int, table: TableQuery
) -> Sequence[ColumnProfile]:
    """Drop candidates that all rows of some of the times speak against; a few named like a site need no such look."""
    if rows <= SCREENED or (candidates and names_sites(candidates[0].name)):
        return candidates
    some = table.sample(time.key, rows // SCREENED + 1)
    present, *pairs = some.answer([ValueCount(time.key), *(_pair_count(time, candidate) for candidate in candidates)])
    return [column for column, count in zip(candidates, pairs, strict=True) if count >= ALONE * present]


def _pair_count(time: ColumnProfile, column: ColumnProfile) -> PairCount:
    return PairCount(time.key, column.key, present=(time.key,))


def _may_group(column: ColumnProfile, rows: int, axis: TimeAxis) -> bool:
    few = 2 <= column.distinct <= max(2, rows // 10)
    # Any number with many values tells events of irregular times apart, so there it has to be named like a site.
    if column.kind is ColumnKind.INTEGER and not axis.regular and not names_sites(column.name):
        return False
    if column.name in axis.columns:
        return False
    return few and column.kind in GROUP_KINDS and column.missing == 0


def is_clock(column: ColumnProfile) -> bool:
    """Return whether a column holds the time of day, apart from its date."""
    texts = [value.strip() for value, _ in column.top_values[:10]]
    if column.storage == "text":
        return bool(texts) and all(CLOCK.match(text) for text in texts)
    hours = column.storage == "integer" and isinstance(column.maximum, float | int) and column.maximum <= 59
    return hours and bool(HOUR_NAME.match(column.name.strip()))


def time_findings(columns: Sequence[ColumnProfile], rows: int, axis: TimeAxis | None) -> Iterator[Finding]:
    """Yield what is worth saying about the times of the rows: steps left out or uneven, times that come twice."""
    clock = next((column for column in columns if is_clock(column)), None)
    dates = next((column for column in columns if column.storage == "datetime"), None)
    is_joined = axis is not None and bool(axis.columns)
    is_open = not is_joined and (axis is None or axis.duplicates > 0)
    if clock is not None and dates is not None and is_open and _days_alone(dates, rows):
        message = (
            f"{quote_column(dates.name)} holds the day and {quote_column(clock.name)} the time of day: "
            "the moment of a row "
            "stands in neither, so earlier values cannot be found by time."
        )
        remedy = "Put both into one column, then upload the file again."
        yield Finding("time_in_two_columns", Severity.NOTICE, (dates.name, clock.name), message, remedy)
    if axis is None:
        return
    name, no_time = quote_column(axis.column), FindingRemedy("Use no time column", "draft", {"data.time_column": ""})
    if axis.gaps:
        message = f"{name} leaves out {pluralise(axis.gaps, 'step')} of its {axis.step_label} series."
        remedy = "An earlier value is found by row, so across a gap it is older than it says."
        yield Finding("time_gaps", Severity.NOTICE, (axis.column,), message, remedy, (no_time,))
    if axis.clock_forward or axis.clock_back:
        message = (
            f"{name} keeps local time: the clock goes forward {format_times(axis.clock_forward)} and back "
            f"{format_times(axis.clock_back)}, so an hour is missing or appears twice."
        )
        yield Finding("daylight_saving", Severity.NOTICE, (axis.column,), message)
    if not axis.regular:
        message = f"{name} has no regular step: earlier values are found by row."
        yield Finding("irregular_time", Severity.NOTICE, (axis.column,), message, "", (no_time,))
    if axis.duplicates and (clock is None or is_joined):
        yield from _repeat_findings(columns, axis)


def _days_alone(dates: ColumnProfile, rows: int) -> bool:
    return dates.distinct < 0.9 * rows and ":" not in str(dates.minimum or "")


def _repeat_findings(columns: Sequence[ColumnProfile], axis: TimeAxis) -> Iterator[Finding]:
    """Yield the groups of a table of several series, and the times that come twice in one of them."""
    column_profiles = {column.name: column for column in columns}
    if axis.group is None:
        return
    no_time = FindingRemedy("Use no time column", "draft", {"data.time_column": ""})
    if not axis.group:
        shared = rows_do(axis.duplicates, "shares its time", "share their time")
        message = f"{shared} in {quote_column(axis.column)} with an earlier row."
        remedy = "If they belong to different sites, choose the group column that says so."
        yield Finding("duplicate_times", Severity.WARNING, (axis.column,), message, remedy, (no_time,))
        return
    group, time = column_profiles[axis.group], column_profiles[axis.column]
    message = f"{quote_column(group.name)} divides the rows into {group.distinct:,} series, each with its own times."
    remedy = "As the group column, it keeps each series on one side of the split."
    button = FindingRemedy(f"Use {group.name[:40]} as the group column", "draft", {"data.group_column": group.name})
    yield Finding("groups", Severity.NOTICE, (group.name,), message, remedy, (button,))
    if axis.group_duplicates:
        names = f"{quote_column(time.name)} and {quote_column(group.name)}"
        message = f"{rows_do(axis.group_duplicates, 'shares', 'share')} both {names} with an earlier row."
        yield Finding("duplicate_times", Severity.WARNING, (time.name, group.name), message)
