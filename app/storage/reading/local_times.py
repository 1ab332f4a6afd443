"""Conversion of local times to UTC, with the repeated hour in autumn told apart by its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.analysis.time_forms.zone_names import changes_between, zone_of
from app.storage.reading.typed_column import TypedColumn

MAX_REPEATS = 20_000


def convert_clock(connection: Any, column: TypedColumn, *, zone: str, places: Mapping[str, str]) -> TypedColumn:
    """Convert a column on the clock of a zone to UTC; it stays as it is without a zone.

    Parameters
    ----------
    connection, column
        The column, and where its table is.
    zone, places
        The name of the zone, and the SQL that orders the rows of each table as the file does.
    """
    if not zone:
        return column
    moment, note = utc_sql(connection, column.table, column.expression, zone=zone, place=places.get(column.table, ""))
    return replace(column, expression=moment, notes=(*column.notes, note))


def utc_sql(connection: Any, table: str, moment: str, *, zone: str, place: str = "") -> tuple[str, str]:
    """Return the SQL of moments in UTC and a note that says so.

    Parameters
    ----------
    connection, table
        The table of the moments.
    moment, zone
        SQL of a moment on the clock of the zone, and its name.
    place
        SQL that orders the rows as the file does; without it an hour that comes twice is the first of the two.
    """
    note = f"times on the clock of {zone} were turned into UTC."
    first, last = connection.execute(f"SELECT min({moment}), max({moment}) FROM {table}").fetchone()
    if first is None:
        return moment, note
    start, changes = changes_between(zone_of(zone), first, last)
    cases = "".join(f" WHEN {moment} >= TIMESTAMP '{change.wall}' THEN {change.after}" for change in reversed(changes))
    windows = [
        f"({moment} >= TIMESTAMP '{change.repeats_from}' AND {moment} < TIMESTAMP '{change.wall}')"
        for change in changes
        if change.repeats_from is not None
    ]
    seconds = _second_places(connection, table, moment, " OR ".join(windows), place) if place and windows else []
    repeats = ""
    if seconds:
        hour = "".join(
            f" WHEN {moment} < TIMESTAMP '{change.wall}' THEN {change.after}"
            for change in changes
            if change.repeats_from is not None
        )
        # Numbering rows in the query itself would put them in another order than the file has.
        repeats = f" WHEN {place} IN ({', '.join(map(str, seconds))}) THEN CASE{hour} END"
    offset = f"CASE{repeats}{cases} ELSE {start} END" if changes else str(start)
    return f"({moment} - to_minutes({offset}))", note


def _second_places(connection: Any, table: str, moment: str, window: str, place: str) -> list[int]:
    """Return the places of times that come a second time in a repeated hour; none where some come more than twice."""
    result = connection.execute(
        f"SELECT place, held FROM (SELECT {place} AS place, row_number() OVER (PARTITION BY {moment} ORDER BY {place}) "
        f"AS held FROM {table} WHERE {window}) WHERE held > 1 ORDER BY place LIMIT {MAX_REPEATS + 1}"
    ).fetchall()
    is_clear = len(result) <= MAX_REPEATS and all(current == 2 for _, current in result)
    return [int(position) for position, _ in result] if is_clear else []
