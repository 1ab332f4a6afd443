"""Clues about a possible driver column from the rest of its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import ColumnProfile, TimeAxis
from app.domain.analysis.profiling.units import split_name
from app.domain.hydrology.driver_codes import CODES, WEIGHTS, NameReading
from app.domain.hydrology.driver_grammar import key_of
from app.domain.hydrology.driver_names import readings_of
from app.domain.hydrology.naming import QUALITY, one_of
from app.domain.hydrology.unit_ranges import DAY
from app.domain.vocabulary import ColumnKind

# Names of water quality, beside which TP is phosphorus and TN nitrogen.
WATER_QUALITY = one_of(
    "tss chla chlorophyll no3 nh4 po4 srp doc toc bod cod turbidity phosphorus nitrate nitrogen ammonium orthop "
    "rmk tdp tdn drp ssc do ph conductivity tkn"
)
NUTRIENTS = frozenset(["tp", "tn"])
# Beside water quality these are the temperature of the water.
WATER_TEMPERATURES = frozenset(["t", "temp", "temperature"])
_CLOSING = re.compile(r"[)\]}]")
# So many columns tell what company a column keeps.
MAX_COMPANY = 300
# From so many of its codes on, a table is one of a product; a code that only it has counts twice.
FEWEST_CODES = 3


@dataclass(frozen=True)
class TableContext:
    """What the rest of a table says about one column.

    `families` weighs the codes of each product among the names. `is_weather` says that another column is a driver
    beyond doubt, `has_water_quality` that water quality is measured, `has_tenths`,
    `has_fahrenheit` and `has_metres` that other values are in such units.
    """

    rows: int | None = None
    step_seconds: float = DAY
    families: Mapping[str, int] = field(default_factory=dict)
    is_weather: bool = False
    has_water_quality: bool = False
    has_tenths: bool = False
    has_fahrenheit: bool = False
    has_metres: bool = False
    is_step_known: bool = False
    groups: int = 0

    def believes(self, family: str) -> bool:
        """Return whether a table is one of a product by its names."""
        return self.families.get(family, 0) >= FEWEST_CODES


@dataclass(frozen=True)
class Candidate:
    """A column and what its name says: the key of the name without its unit, that unit, and its readings.

    `is_code` says that the whole name is a product's code, so that its end, as in `TA_F`, is no unit.
    """

    column: ColumnProfile
    key: str
    unit: str
    readings: tuple[NameReading, ...]
    is_code: bool = False

    @staticmethod
    def of(column: ColumnProfile) -> Candidate:
        """Return the candidate that the name of a column makes it: its unit and the readings of its name."""
        stem, unit = split_name(column.name)
        # Behind the unit may stand that the column tells of another one: rain (mm)_flag.
        is_mark = bool(QUALITY.search(f"_{key_of(re.split(_CLOSING, column.name)[-1])}"))
        if unit and not is_mark and _is_code(column.name):
            return Candidate(column, key_of(column.name), "", readings_of(column.name), is_code=True)
        return Candidate(column, key_of(stem), unit, () if is_mark else readings_of(stem))


def _is_code(name: str) -> bool:
    """Return whether a whole name is a code that stands for one thing in one unit, as its product documents."""
    readings = CODES.get(key_of(name), ())
    return bool(readings) and all(reading.is_agreed and reading.unit for reading in readings)


def may_be_driver(column: ColumnProfile) -> bool:
    """Return whether a column holds amounts that vary, and tells of no other column's quality."""
    is_amount = column.kind in (ColumnKind.NUMERIC, ColumnKind.INTEGER)
    return is_amount and column.distinct != 1 and not column.flag_of


def context_of(
    names: Iterable[str], *, rows: int | None = None, axis: TimeAxis | None = None, groups: int = 0
) -> TableContext:
    """Return the context that all column names of a table give, before any of its columns is judged.

    Parameters
    ----------
    names
        The names of all columns.
    rows, axis, groups
        How many rows the table has, its time axis, and how many series stand in it, 0 where there is one.
    """
    keys = {key_of(name) for name in names}
    words = keys | {word for key in keys for word in key.split("_")} if len(keys) <= MAX_COMPANY else keys
    is_step_known = axis is not None and axis.step_seconds > 0
    return TableContext(
        rows=rows,
        step_seconds=axis.step_seconds if axis is not None and is_step_known else DAY,
        is_step_known=is_step_known,
        families={family: sum(codes[key] for key in keys & codes.keys()) for family, codes in WEIGHTS.items()},
        has_water_quality=bool(words & WATER_QUALITY),
        groups=groups,
    )
