"""Which columns drive the water of a place, and how their values become the standard unit of their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.analysis.profiling.units import split_name, unit_named
from app.domain.hydrology.driver_behaviour import (
    guess_unit,
    is_lasting,
    is_rainlike,
    looks_like,
    span_of,
    varies_little,
)
from app.domain.hydrology.driver_codes import MEMBERS, NameReading
from app.domain.hydrology.driver_names import key_of, readings_of
from app.domain.hydrology.driver_units import (
    CONVERSIONS,
    MIXING_RATIOS,
    STANDARD,
    TEMPERATURE_ROLES,
    DriverRole,
    conversion_of,
    lies_within,
)
from app.domain.hydrology.naming import Quantity, is_calendar, one_of, quantity_of
from app.domain.hydrology.unit_ranges import DAY, Span
from app.domain.vocabulary import ColumnKind

__all__ = ["STANDARD", "Driver", "DriverRole", "TableContext", "driver_of", "recognise_drivers"]
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
    "behaviour": "judged by the range of the values",
}  # fmt: skip
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
# Names of water quality, beside which TP is phosphorus and TN nitrogen.
WATER_QUALITY = one_of(
    "tss chla chlorophyll no3 no2 nh4 po4 srp doc toc bod cod turbidity phosphorus nitrate nitrogen ammonium orthop "
    "tp_rmk tn_rmk tdp tdn din drp ss ssc do ph conductivity tkn"
)
NUTRIENTS = frozenset(["tp", "tn"])
# Beside water quality these are the temperature of the water.
WATER_TEMPERATURES = frozenset(["t", "temp", "temperature"])
# From so many of its codes on, a table is one of a product.
FEWEST_CODES = 3


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


@dataclass(frozen=True)
class TableContext:
    """What the rest of a table says about one column.

    `families` counts the codes of each product among the names. `is_weather` says that another column is a driver
    beyond doubt, `has_flow` that one is a flow, `has_water_quality` that water quality is measured, `has_tenths` and
    `has_fahrenheit` that other values are surely in such units.
    """

    rows: int | None = None
    step_seconds: float = DAY
    families: Counter[str] = field(default_factory=Counter)
    is_weather: bool = False
    has_flow: bool = False
    has_water_quality: bool = False
    has_tenths: bool = False
    has_fahrenheit: bool = False
    groups: int = 0

    def believes(self, family: str) -> bool:
        """Return whether a table is one of a product by its names."""
        return self.families[family] >= FEWEST_CODES


@dataclass(frozen=True)
class _Unit:
    """A unit, who says it, and its conversion."""

    unit: str
    source: str
    factor: float
    offset: float


def recognise_drivers(profile: DatasetProfile, *, target: str = "") -> tuple[Driver, ...]:
    """Return the drivers of a dataset in the order of its columns.

    Parameters
    ----------
    profile
        The dataset. Of each column the name, the unit that is known and the range of its values are looked at.
    target
        What is predicted: it drives nothing.
    """
    candidates = [column for column in profile.columns if column.name != target and _may_be_driver(column)]
    named = [(column, found) for column in candidates if (found := readings_of(split_name(column.name)[0]))]
    if not named:
        return ()
    context = _context_of(profile, named)
    sure = _drivers(named, context)
    context = replace(
        context,
        is_weather=bool(sure),
        has_tenths=any(driver.unit == "0.1 °C" for driver in sure),
        has_fahrenheit=any(driver.unit == "°F" for driver in sure),
    )
    return tuple(_drivers(named, context))


def driver_of(column: ColumnProfile, context: TableContext | None = None) -> Driver | None:
    """Return what a column drives and its unit, None where it is no driver.

    Parameters
    ----------
    column
        The column.
    context
        What the rest of its table says; without it, only the column itself speaks.
    """
    if not _may_be_driver(column):
        return None
    return _judge(column, readings_of(split_name(column.name)[0]), context or TableContext())


def _drivers(named: Iterable[tuple[ColumnProfile, Sequence[NameReading]]], context: TableContext) -> list[Driver]:
    found = (_judge(column, readings, context) for column, readings in named)
    return [driver for driver in found if driver is not None]


def _may_be_driver(column: ColumnProfile) -> bool:
    """Return whether a column holds amounts that vary, and tells of no other column's quality."""
    if column.storage not in ("number", "integer") or column.flag_of:
        return False
    return column.kind in (ColumnKind.NUMERIC, ColumnKind.INTEGER) and column.distinct != 1


def _context_of(profile: DatasetProfile, named: Sequence[tuple[ColumnProfile, Sequence[NameReading]]]) -> TableContext:
    """Return what the names of a table say together, before any of its columns is judged."""
    keys = {key_of(name) for name in profile.names}
    families = Counter({family: len(members & keys) for family, members in MEMBERS.items()})
    axis = profile.time_axis
    words = {word for key in keys if len(keys) < 400 for word in key.split("_")} | keys
    return TableContext(
        rows=profile.rows,
        step_seconds=axis.step_seconds if axis is not None and axis.step_seconds > 0 else DAY,
        families=families,
        has_flow=any(quantity_of(split_name(name)[0]) is Quantity.FLOW for name in profile.names[:400]),
        has_water_quality=bool(words & WATER_QUALITY) or "rmk" in words,
        groups=profile.column(profile.group).distinct if profile.group and profile.has(profile.group) else 0,
    )


def _judge(column: ColumnProfile, readings: Sequence[NameReading], context: TableContext) -> Driver | None:
    """Return the driver that a name may stand for and that the values bear out best, or None."""
    span = span_of(column, context.rows, context.step_seconds)
    if not readings or span is None or 0 < column.distinct <= context.groups:
        return None
    stated = _stated_unit(column)
    best: tuple[int, NameReading, _Unit] | None = None
    for reading in readings:
        unit = _unit_of(column, reading, span, context, stated)
        score = 0 if unit is None else _score(column, reading, span, context, unit)
        if unit is not None and score and (best is None or score > best[0]):
            best = score, reading, unit
    return None if best is None else _driver(column, best[1], best[2], span)


def _score(column: ColumnProfile, reading: NameReading, span: Span, context: TableContext, unit: _Unit) -> int:
    """Return how much speaks for a reading, 0 where too little does."""
    role = reading.role
    if is_lasting(role, span) and (role is not DriverRole.SNOW):
        return 0
    if role is DriverRole.RAIN and not is_rainlike(span) and not (reading.is_sure and unit.source != "behaviour"):
        return 0
    if role is DriverRole.STAGE and not _is_stage(column, context):
        return 0
    key = key_of(split_name(column.name)[0])
    if context.has_water_quality and key in NUTRIENTS | WATER_TEMPERATURES:
        return 0
    is_stated = unit.source not in ("behaviour", "code", "nobody")
    in_family = bool(reading.family) and context.believes(reading.family)
    likely = looks_like(role, span)
    if is_calendar(column.name) and not likely:
        return 0
    short = context.is_weather and (role is not DriverRole.RAIN or is_rainlike(span))
    score = 8 * is_stated + 4 * in_family + 2 * likely + reading.is_sure
    return score + 1 if score or short or role is DriverRole.STAGE else 0


def _is_stage(column: ColumnProfile, context: TableContext) -> bool:
    """Return whether a water level is that of the river: by its own words, or beside its flow and the weather."""
    words = set(key_of(column.name).split("_"))
    if words & {"stage", "gage", "gauge", "river", "stream", "rio", "gageheight", "gaugeheight", "pegel", "pegelstand"}:
        return column.storage == "number" or bool(column.unit)
    return context.has_flow and context.is_weather


def _stated_unit(column: ColumnProfile) -> tuple[str, str]:
    """Return the unit that is known of a column and who says it, ("", "") where nobody does."""
    if column.unit:
        return unit_named(column.unit) or column.unit, column.unit_source or "note"
    if column.unit_source:
        # The user said that it has none.
        return "", ""
    unit = split_name(column.name)[1]
    return unit, "name" if unit else ""


def _unit_of(
    column: ColumnProfile, reading: NameReading, span: Span, context: TableContext, stated: tuple[str, str]
) -> _Unit | None:
    """Return the unit in which a column may be what a name stands for, None where it cannot be that."""
    unit, source = stated
    role = reading.role
    if unit and unit not in CONVERSIONS[role]:
        if source in ("convention", "values") or unit in UNCLEAR:
            unit = ""
        else:
            return None
    for name, who in (
        (unit, source),
        *((name, "code") for name in _documented(reading, span, context)),
        (column.unit_suggested, "behaviour"),
        (_by_company(role, span, context), "behaviour"),
        (guess_unit(role, span), "behaviour"),
        ("", "nobody"),
    ):
        if not name and who != "nobody":
            continue
        found = conversion_of(role, name or STANDARD[role], span.step_seconds if name else DAY)
        if found is None:
            continue
        factor, offset = found if not _is_upward(reading, span) else (-found[0], found[1])
        turned = span if factor >= 0 else replace(span, low=span.high, high=span.low)
        if role in TEMPERATURE_ROLES and who == "nobody" and varies_little(span):
            continue
        if name in MIXING_RATIOS or lies_within(role, turned, factor, offset, is_signed=reading.is_signed):
            return _Unit(name, who, factor, offset)
        if source == "user" and who == "user":
            return None
    return None


# What a file may call a unit although it says nothing of it.
UNCLEAR = frozenset(["1", "-", "--", "none", "None", "n/a", "unitless", "dimensionless", "°"])


def _is_upward(reading: NameReading, span: Span) -> bool:
    """Return whether evaporation is told as a loss, with a negative sign, as models of the weather do."""
    if reading.role is not DriverRole.EVAPORATION or span.low is None or span.high is None:
        return False
    return span.low < 0 and -span.low > 3 * span.high


def _documented(reading: NameReading, span: Span, context: TableContext) -> list[str]:
    """Return the unit that a product documents for its code, where the values can be whole tenths if it says so."""
    unit = reading.unit
    if not unit or not (reading.is_sure or context.believes(reading.family)):
        return []
    if unit.startswith("0.1 "):
        if not span.whole or (reading.role in TEMPERATURE_ROLES and not context.has_tenths):
            return []
        if reading.family == "GHCN" and not context.has_tenths:
            return []
    return [unit]


def _by_company(role: DriverRole, span: Span, context: TableContext) -> str:
    """Return the unit that other columns of the table are surely in, where this one may be in it too."""
    if role not in TEMPERATURE_ROLES:
        return ""
    if context.has_tenths and span.whole:
        return "0.1 °C"
    return "°F" if context.has_fahrenheit else ""


def _driver(column: ColumnProfile, reading: NameReading, unit: _Unit, span: Span) -> Driver:
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
