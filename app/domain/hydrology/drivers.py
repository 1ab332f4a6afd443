"""Which columns drive the water of a place, and how their values become the standard unit of their kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, TimeAxis


class DriverRole(StrEnum):
    """What drives the water; the values stand in stored data."""

    RAIN = "rain"
    SNOW = "snow"
    TEMPERATURE = "temperature"
    TEMPERATURE_MIN = "temperature_min"
    TEMPERATURE_MAX = "temperature_max"
    RADIATION = "radiation"
    EVAPORATION = "evaporation"
    HUMIDITY = "humidity"
    VAPOUR_PRESSURE = "vapour_pressure"
    PRESSURE = "pressure"
    WIND = "wind"
    STAGE = "stage"
    DAY_LENGTH = "day_length"


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


def driver_of(column: ColumnProfile, *, axis: TimeAxis | None = None) -> Driver | None:
    """Return what a column drives, or None where it is no driver."""
    raise NotImplementedError


def recognise_drivers(profile: DatasetProfile, *, target: str = "") -> tuple[Driver, ...]:
    """Return the drivers of a dataset in the order of its columns, without the target."""
    found = (driver_of(column, axis=profile.time_axis) for column in profile.columns if column.name != target)
    return tuple(driver for driver in found if driver is not None)
