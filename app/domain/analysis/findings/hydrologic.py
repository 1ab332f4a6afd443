"""Hydrologic findings: implausible values, negative flow, water years and mixed units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.analysis.findings.markers import MarkedColumn, is_bound_answered
from app.domain.analysis.findings.wording import on_rows, quote_column, quote_columns
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, TimeAxis
from app.domain.analysis.profiling.table_query import BeyondCount, TableQuery
from app.domain.analysis.profiling.units import split_name
from app.domain.hydrology.drivers import DriverRole, drivers_among
from app.domain.hydrology.naming import Quantity, quantity_of
from app.domain.json_values import JsonObject
from app.domain.text.messages import fill, fill_count, join_sentences
from app.domain.text.numbers import format_number
from app.domain.text.words import pluralise
from app.domain.vocabulary import ColumnKind, Severity

DAY = 86_400.0
# The most rain ever measured: steps of up to so many seconds, in words, in mm.
MAX_RAIN = (
    (DAY, "a day", 1825.0),
    (2 * DAY, "two days", 2493.0),
    (4 * DAY, "four days", 4936.0),
    (32 * DAY, "a month", 9300.0),
    (367 * DAY, "a year", 26_470.0),
)
# How many millimetres one of each unit is: the records above are brought to the unit of the column.
MM = {
    "mm": 1.0, "mm/d": 1.0, "0.1 mm": 0.1, "cm": 10.0, "cm/d": 10.0, "m": 1000.0, "m/d": 1000.0, "in": 25.4,
    "in/d": 25.4, "ft": 304.8, "kg/m²": 1.0,
}  # fmt: skip
DAILY = ("mm/d", "cm/d", "m/d", "in/d")
# Without a unit it may be in tenths of a millimetre, as the daily files of GHCN are.
TENTHS = 10.0
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """Between which values a quantity can lie, None for no bound, and the fact behind it."""

    low: float | None
    high: float | None
    below: str = ""
    beyond: str = ""


# Absolute zero stands apart: what lies beneath it cannot be, what lies beyond a record only has not been.
_AIR = "the coldest and hottest air ever measured had -89.2 and 56.7 °C"
TEMPERATURE = {
    "°C": Bounds(-90.0, 60.0, _AIR, _AIR),
    "°F": Bounds(-130.0, 140.0, _AIR, _AIR),
    "K": Bounds(183.0, 333.0, _AIR, _AIR),
    "0.1 °C": Bounds(-900.0, 600.0, _AIR, _AIR),
}
ABSOLUTE_ZERO = {"°C": -273.15, "°F": -459.67, "K": 0.0, "0.1 °C": -2731.5}
FIXED = {
    Quantity.HUMIDITY: Bounds(0.0, 100.0, "humidity has no negative", "relative humidity ends at 100 %"),
    Quantity.ACIDITY: Bounds(0.0, 14.0, "pH goes from 0 to 14", "pH goes from 0 to 14"),
    Quantity.LATITUDE: Bounds(-90.0, 90.0, "latitude goes from -90 to 90", "latitude goes from -90 to 90"),
    Quantity.LONGITUDE: Bounds(-180.0, 360.0, "longitude goes from -180 to 360", "longitude goes from -180 to 360"),
    Quantity.SNOW: Bounds(0.0, None, "snow has no negative"),
    Quantity.WIND: Bounds(0.0, None, "wind speed has no negative"),
}


def bounds_of(name: str, axis: TimeAxis | None = None, *, unit: str | None = None) -> Bounds | None:
    """Return between which values a column can lie, by what its name says was measured; None where it says nothing.

    Parameters
    ----------
    name
        The name as the file has it.
    unit
        The unit that is known of the column, to which all bounds are converted; None takes that of the name.
    axis
        The time axis: the most rain depends on the step. Without one, that of a month is taken.

    References
    ----------
    World Meteorological Organization, World Weather and Climate Extremes Archive: air temperature -89.2 °C (Vostok,
    1983) and 56.7 °C (Furnace Creek, 1913); rain of 24 h 1,825 mm (Foc-Foc, 1966), 48 h 2,493 mm (Cherrapunji, 1995),
    96 h 4,936 mm (Commerson, 2007), a month 9,300 mm and 12 months 26,470 mm (Cherrapunji, 1860-61). A shorter step is
    held to the record of a day.
    """
    stem, named = split_name(name)
    unit = named if unit is None else unit
    quantity = quantity_of(stem)
    if quantity is Quantity.TEMPERATURE:
        return TEMPERATURE.get(unit)
    if quantity is Quantity.RAIN:
        step = DAY if unit in DAILY else axis.step_seconds if axis is not None else 31 * DAY
        scale = TENTHS if not unit else 1 / MM[unit] if unit in MM else None
        for seconds, lasting, most in MAX_RAIN:
            if step <= 1.01 * seconds and scale is not None:
                fact = f"the most ever measured in {lasting} is {most:,.0f} mm"
                return Bounds(0.0, most * scale, "rain has no negative", fact)
        return Bounds(0.0, None, "rain has no negative")
    return FIXED.get(quantity) if quantity is not None else None


def value_findings(
    columns: Sequence[MarkedColumn], axis: TimeAxis | None, choices: ReadingChoices, table: TableQuery | None
) -> Iterator[Finding]:
    """Yield a question for each column that holds what nature does not give; marks for missing are not counted."""
    query: list[tuple[MarkedColumn, float, bool, str]] = []
    for column in columns:
        if column.column.storage not in ("number", "integer"):
            continue
        bounds = bounds_of(column.column.name, axis, unit=column.column.unit)
        if bounds is None:
            continue
        if bounds.low is not None and column.low is not None and _lies_under(column, bounds.low):
            query.append((column, bounds.low, False, bounds.below))
        if bounds.high is not None and column.high is not None and column.high > bounds.high:
            query.append((column, bounds.high, True, bounds.beyond))
    open_ones = [item for item in query if not is_bound_answered(item[0].column.name, choices, above=item[2])]
    counts: Sequence[int | None] = [None] * len(open_ones)
    if table is not None:
        counts = table.answer([_count_beyond(element, limit, above=above) for element, limit, above, _ in open_ones])
    for (marked_column, limit, above, fact), count in zip(open_ones, counts, strict=True):
        yield _implausible_finding(marked_column, limit, fact, above=above, count=count)


def _lies_under(column: MarkedColumn, low: float) -> bool:
    unit = column.column.unit
    # Nought kelvin is beneath the coldest air anyway; nought of anything else is a value.
    return column.low is not None and (column.low < low or (unit == "K" and column.low <= 0 < low))


def _count_beyond(column: MarkedColumn, limit: float, *, above: bool) -> BeyondCount:
    end = column.high if above else column.low
    return BeyondCount(column.column.key, limit, limit if end is None else end, upwards=above)


def _implausible_finding(column: MarkedColumn, limit: float, fact: str, *, above: bool, count: int | None) -> Finding:
    stem, unit = split_name(column.column.name)[0], column.column.unit
    end = column.high if above else column.low
    zero = ABSOLUTE_ZERO.get(unit) if quantity_of(stem) is Quantity.TEMPERATURE else None
    impossible = zero is not None and end is not None and not above and end <= zero
    tail, rows = f" {unit}" if unit else "", "" if count is None else f" {on_rows(count)}"
    reason = f"absolute zero is {format_number(zero, 5)}{tail}" if impossible and zero is not None else fact
    message = fill(
        "{column} is above {limit}{rows}, up to {end}: {reason}."
        if above
        else "{column} is below {limit}{rows}, down to {end}: {reason}.",
        column=quote_column(column.column.name),
        limit=format_number(limit, 5) + tail,
        rows=rows,
        end=format_number(end or 0.0, 5) + tail,
        reason=reason,
    )
    label = fill(
        "Above {limit} means missing" if above else "Below {limit} means missing", limit=format_number(limit, 5)
    )
    side = {"above": limit} if above else {"below": limit}
    return Finding(
        "implausible_values",
        Severity.WARNING,
        (column.column.name,),
        message,
        "Look at these rows before you train on them.",
        _bound_answers(column.column.name, side, label),
    )


def _bound_answers(name: str, side: dict[str, float], label: str) -> tuple[FindingRemedy, ...]:
    def marker(meaning: str) -> JsonObject:
        return {"markers": [{"column": name, **side, "meaning": meaning}]}

    missing = FindingRemedy(label, "reading", marker("missing"))
    return missing, FindingRemedy("They are real values", "reading", marker("value"))


def flow_findings(columns: Sequence[MarkedColumn], choices: ReadingChoices) -> Iterator[Finding]:
    """Yield a question for each column of flow with negative values; a tide or a reservoir's balance has real ones."""
    for item in columns:
        name = item.column.name
        flow = quantity_of(split_name(name)[0]) is Quantity.FLOW and item.column.storage in ("number", "integer")
        if not flow or not item.negatives or is_bound_answered(name, choices, above=False):
            continue
        message = (
            f"{quote_column(name)} is negative {on_rows(item.negatives)}, down to {format_number(item.low or 0.0, 5)}: "
            "real under tides, backwater or in the balance of a reservoir, else an error."
        )
        buttons = _bound_answers(name, {"below": 0.0}, "Negative flow means missing")
        yield Finding("negative_flow", Severity.NOTICE, (name,), message, remedies=buttons)


def is_hydrologic(columns: Sequence[ColumnProfile]) -> bool:
    """Return whether any column of numbers is flow, a water level or precipitation."""
    water = (Quantity.FLOW, Quantity.LEVEL, Quantity.RAIN)
    if any(driver.role is DriverRole.RAIN for driver in drivers_among(columns)):
        return True
    return any(
        column.storage in ("number", "integer") and quantity_of(split_name(column.name)[0]) in water
        for column in columns
    )


def year_findings(columns: Sequence[ColumnProfile], axis: TimeAxis | None) -> Iterator[Finding]:
    """Yield how many complete water years a series of water covers."""
    if axis is None or not axis.water_years or not is_hydrologic(columns):
        return
    complete, month = axis.complete_water_years, MONTHS[axis.water_year_month - 1]
    partial = axis.water_years - len(complete)
    if not complete:
        message = f"No water year (from 1 {month}) is complete, so some seasons cannot be validated."
        yield Finding("water_years", Severity.WARNING, (axis.column,), message)
        return
    spread = f"{complete[0]} to {complete[-1]}" if len(complete) > 1 else f"{complete[0]}"
    message = f"{pluralise(len(complete), 'complete water year')} (from 1 {month}), {spread}."
    if partial:
        item, many = (
            "{count} more is incomplete, {first} to {last}.",
            "{count} more are incomplete, {first} to {last}.",
        )
        rest = fill_count(partial, item, many, first=axis.start[:10], last=axis.end[:10])
        message = join_sentences((message, rest))
    yield Finding("water_years", Severity.NOTICE, (axis.column,), message)


# Who says in which unit a column is, in the words of a finding.
SOURCES = {
    "name": "Units read from the names",
    "unit_row": "Units read from the lines of names",
    "note": "Units read from the notes of the file",
    "convention": "Units of well-known names",
}


def unit_findings(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
    """Yield the units that are known and who says so, and a warning where one quantity comes in two."""
    current_values: dict[str, dict[str, list[str]]] = {}
    measured: dict[Quantity, dict[str, list[str]]] = {}
    for column in columns:
        if not column.unit or column.kind is ColumnKind.DATETIME:
            continue
        current_values.setdefault(column.unit_source, {}).setdefault(column.unit, []).append(column.name)
        quantity = quantity_of(split_name(column.name)[0])
        if quantity is not None:
            measured.setdefault(quantity, {}).setdefault(column.unit, []).append(column.name)
    for quantity, units in measured.items():
        if len(units) > 1:
            names = tuple(name for some in units.values() for name in some)
            listed = _format_list(units, " and ")
            message = f"Columns of {quantity.value} come in {listed}: do not add or compare them as they are."
            yield Finding("mixed_units", Severity.WARNING, names, message)
    for source, title in SOURCES.items() if is_hydrologic(columns) else ():
        if source in current_values:
            names = tuple(name for some in current_values[source].values() for name in some)
            code = "units_in_names" if source == "name" else "units_known"
            yield Finding(code, Severity.NOTICE, names, f"{title}: {_format_list(current_values[source], ', ')}.")


def _format_list(units: Mapping[str, Sequence[str]], between: str) -> str:
    return between.join(f"{unit} ({quote_columns(names)})" for unit, names in units.items())
