"""Recognition of driver columns (precipitation, temperature, …), and their conversion to standard units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, TimeAxis
from app.domain.hydrology.driver_behaviour import DRY_SHARE, is_lasting, is_rainlike, looks_like, span_of
from app.domain.hydrology.driver_codes import NameReading
from app.domain.hydrology.driver_context import (
    MAX_COMPANY,
    NUTRIENTS,
    WATER_TEMPERATURES,
    Candidate,
    TableContext,
    context_of,
    may_be_driver,
)
from app.domain.hydrology.driver_unit_choice import GUESSED, MeasuredUnit, stated_unit, unit_of_reading
from app.domain.hydrology.driver_units import MIXING_RATIOS, STANDARD, DriverRole
from app.domain.hydrology.naming import is_calendar
from app.domain.hydrology.unit_ranges import DAY, Span

__all__ = [
    "STANDARD",
    "Driver",
    "DriverRole",
    "TableContext",
    "columns_of_role",
    "drivers_among",
    "is_weather",
    "recognise_drivers",
]
TITLES = {
    DriverRole.RAIN: "precipitation", DriverRole.SNOW: "snow", DriverRole.TEMPERATURE: "air temperature",
    DriverRole.TEMPERATURE_MIN: "lowest air temperature", DriverRole.TEMPERATURE_MAX: "highest air temperature",
    DriverRole.RADIATION: "radiation", DriverRole.EVAPORATION: "evaporation", DriverRole.HUMIDITY: "humidity",
    DriverRole.VAPOUR_PRESSURE: "vapour pressure", DriverRole.PRESSURE: "air pressure", DriverRole.WIND: "wind",
    DriverRole.STAGE: "water level", DriverRole.DAY_LENGTH: "day length",
}  # fmt: skip
# Who says in which unit the values are.
SOURCES = {
    "user": "you chose it", "name": "from the name", "unit_row": "from the line of units", "note": "from the file",
    "values": "from the values", "convention": "by convention", "code": "as {family} documents it",
    "behaviour": "judged by the range of the values", "company": "as other columns of the table",
}  # fmt: skip
# Who tells a rate so tells the step too, where there is no time axis.
LONG_RATES = {"mm/month": 365.25 * DAY / 12, "mm/a": 365.25 * DAY}
STAGES = ("pegel", "pegelstand", "wasserstand", "waterstand")
SAME = "Recognised as {title} by its name, in {unit} ({source})."
CONVERTED = "Recognised as {title} by its name. Values in {unit} ({source}) are converted to {standard}."
UNKNOWN = "Recognised as {title} by its name. Its unit is not known, so its values count as {standard}."
RATIO = "Recognised as {title} by its name. {unit} ({source}) is a mixing ratio and is not converted to %."
NOTES = {
    "": "",
    "component": " It is one component of the wind, so its sign is a direction.",
    "deficit": " It is the deficit below saturation.",
    "depth": " It is the depth of the snow, not its water.",
    "upward": " Negative values are evaporation, so the sign is turned.",
}


@dataclass(frozen=True)
class Driver:
    """A column that drives the water. Its values times `factor` plus `offset` are in the standard unit of its role.

    `unit` is the unit of the values as they are, "" where nothing says it; `reason` tells how both were recognised.
    """

    column: str
    role: DriverRole
    unit: str
    factor: float
    offset: float
    reason: str


def recognise_drivers(profile: DatasetProfile, *, target: str = "") -> tuple[Driver, ...]:
    """Return the drivers of a dataset in the order of its columns.

    Parameters
    ----------
    profile
        The dataset. Of each column the name, the unit that is known and the range of its values are looked at.
    target
        What is predicted: it drives nothing.
    """
    return tuple(driver for driver in profile.remember("drivers", _recognise_drivers) if driver.column != target)


def _recognise_drivers(profile: DatasetProfile) -> tuple[Driver, ...]:
    groups = profile.column(profile.group).distinct if profile.has(profile.group) else 0
    return drivers_among(profile.columns, rows=profile.rows, axis=profile.time_axis, groups=groups)


def drivers_among(
    columns: Sequence[ColumnProfile], *, rows: int | None = None, axis: TimeAxis | None = None, groups: int = 0
) -> tuple[Driver, ...]:
    """Return the drivers among some columns of one table, in their order.

    Parameters
    ----------
    columns
        The columns: each is also judged by the company it keeps.
    rows, axis, groups
        How many rows the table has, its time axis, and how many series stand in it, 0 where there is one.
    """
    named = [candidate for column in columns if may_be_driver(column) and (candidate := Candidate.of(column)).readings]
    if not named:
        return ()
    context = context_of((column.name for column in columns), rows=rows, axis=axis, groups=groups)
    company = _drivers(named[:MAX_COMPANY], context)
    units = {(driver.role, driver.unit) for driver in company}
    stated = {item.column.name for item in named if stated_unit(item)[0]}
    context = replace(
        context,
        is_weather=bool(company),
        has_tenths=any(unit == "0.1 °C" for _, unit in units),
        has_fahrenheit=any(driver.unit == "°F" and driver.column not in stated for driver in company),
        has_metres=bool(units & {(DriverRole.RAIN, "m"), (DriverRole.EVAPORATION, "m")}),
    )
    return tuple(_drivers(named, context))


def columns_of_role(profile: DatasetProfile, role: DriverRole, among: Iterable[str]) -> list[str]:
    """Return those of some columns that are drivers of one kind, in the order in which they are given."""
    results = {driver.column for driver in recognise_drivers(profile) if driver.role is role}
    return [name for name in among if name in results]


def is_weather(driver: Driver) -> bool:
    """Return whether a driver is weather: all are, but the level of a river."""
    return driver.role is not DriverRole.STAGE


def _drivers(named: Sequence[Candidate], context: TableContext) -> list[Driver]:
    drivers = (_judge(candidate, context) for candidate in named)
    return [driver for driver in drivers if driver is not None]


def _judge(candidate: Candidate, context: TableContext) -> Driver | None:
    """Return the driver that a name may stand for and that the values bear out best, or None."""
    column, readings = candidate.column, candidate.readings
    span = span_of(column, context.rows, context.step_seconds)
    if not readings or span is None or 0 < column.distinct <= context.groups:
        return None
    stated = stated_unit(candidate)
    if not context.is_step_known:
        span = replace(span, step_seconds=LONG_RATES.get(stated[0], span.step_seconds))
    best: tuple[int, NameReading, MeasuredUnit] | None = None
    for reading in readings:
        unit = unit_of_reading(column, reading, span, context, stated)
        score = 0 if unit is None else _score(candidate, reading, span, context, unit)
        if unit is not None and score and (best is None or score > best[0]):
            best = score, reading, unit
    return None if best is None else _make_driver(column, best[1], best[2])


def _score(candidate: Candidate, reading: NameReading, span: Span, context: TableContext, unit: MeasuredUnit) -> int:
    """Return how much speaks for a reading, 0 where too little does."""
    is_stated, likely = unit.source not in GUESSED, looks_like(reading.role, span)
    if _is_ruled_out(candidate, reading, span, context, is_stated=is_stated):
        return 0
    if not reading.is_sure and not likely and is_calendar(candidate.column.name):
        return 0
    in_family = bool(reading.family) and context.believes(reading.family)
    if reading.is_weak and not in_family and is_stated + likely + context.is_weather < 2:
        return 0
    score = 8 * is_stated + 4 * in_family + 2 * likely + reading.is_sure
    return score + 1 if score or _is_believed(reading, span, context) else 0


def _is_ruled_out(
    candidate: Candidate, reading: NameReading, span: Span, context: TableContext, *, is_stated: bool
) -> bool:
    """Return whether values or company say that a column is something else, whatever its name may stand for."""
    role = reading.role
    if role is DriverRole.STAGE:
        return not (reading.is_sure or _is_stage(candidate, context))
    if is_lasting(role, span) and role is not DriverRole.SNOW:
        return True
    if role is DriverRole.RAIN and not is_rainlike(span) and not (reading.is_sure and is_stated):
        return True
    return context.has_water_quality and candidate.key in NUTRIENTS | WATER_TEMPERATURES


def _is_believed(reading: NameReading, span: Span, context: TableContext) -> bool:
    """Return whether a short name is believed for the company it keeps, where its values do not say otherwise."""
    if reading.role in (DriverRole.RAIN, DriverRole.SNOW):
        is_dry = span.zeros is None or span.zeros >= DRY_SHARE
        return context.is_weather and reading.is_common and is_dry
    return (context.is_weather and reading.is_common) or reading.role is DriverRole.STAGE


def _is_stage(candidate: Candidate, context: TableContext) -> bool:
    """Return whether a water level is that of the river: by its own words, or beside the weather."""
    words = set(candidate.key.split("_"))
    if words & {"stage", "gage", "gauge", "river", "stream", "rio", "gageheight", "gaugeheight", *STAGES}:
        return candidate.column.storage == "number" or bool(candidate.column.unit)
    return context.is_weather


def _make_driver(column: ColumnProfile, reading: NameReading, unit: MeasuredUnit) -> Driver:
    """Return the driver with the reason that a page shows."""
    role = reading.role
    note = reading.note or ("upward" if unit.factor < 0 else "")
    text = UNKNOWN
    if unit.unit in MIXING_RATIOS:
        text = RATIO
    elif unit.unit:
        text = SAME if (unit.factor, unit.offset) == (1.0, 0.0) else CONVERTED
    source = SOURCES.get(unit.source, "").format(family=reading.family)
    standard = STANDARD[role]
    if role in (DriverRole.RAIN, DriverRole.EVAPORATION) and unit.unit:
        standard = f"{standard} per step"
    reason = text.format(title=TITLES[role], unit=unit.unit, source=source, standard=standard) + NOTES[note]
    return Driver(column.name, role, unit.unit, unit.factor, unit.offset, reason)
