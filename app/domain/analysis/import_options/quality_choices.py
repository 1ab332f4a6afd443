"""Import choices about data quality: flags to keep, censored values, and the part of a grid."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

NAME = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FLAG = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
FROZEN = ConfigDict(frozen=True, extra="forbid")
# What stands behind the name of a column in that of the column that marks its values beyond a limit.
CENSORED = "_censored"
TAKEN_AS = {"limit": "the limit itself", "half": "half the limit", "missing": "missing"}


class FlagChoice(BaseModel):
    """The quality flags with which values of a column are used; a value with any other flag is read as missing.

    `flag` names the column of flags. "" in `keep` stands for values without a flag; `keep` None uses all values again.
    """

    model_config = FROZEN

    column: NAME
    flag: NAME
    keep: tuple[FLAG, ...] | None = Field(max_length=200)

    @model_validator(mode="after")
    def _is_whole(self) -> FlagChoice:
        if self.keep is not None and not self.keep:
            raise ValueError("Keep at least one flag.")
        if self.column == self.flag:
            raise ValueError("Flags stand in another column than the values.")
        return self


class CensoredChoice(BaseModel):
    """What stands for values of a column beyond a limit: the limit, half of it where they lie below, or nothing.

    Without `flag` such values are written "<0.5" or ">200" in the column itself; with it, a column of flags says "<".
    `take` None reads them as found again.
    """

    model_config = FROZEN

    column: NAME
    flag: Annotated[str, StringConstraints(max_length=200)] = ""
    take: Literal["limit", "half", "missing"] | None


class PlaceInGrid(BaseModel):
    """The part of a grid that is read: the cell nearest to a point, or all cells whose centre lies in a box.

    Degrees north and east. A box whose west lies east of its east crosses the date line.
    """

    model_config = FROZEN

    latitude: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(default=None, ge=-180, le=360, allow_inf_nan=False)
    south: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)
    west: float | None = Field(default=None, ge=-180, le=360, allow_inf_nan=False)
    north: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)
    east: float | None = Field(default=None, ge=-180, le=360, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_whole(self) -> PlaceInGrid:
        point, box = (self.latitude, self.longitude), (self.south, self.west, self.north, self.east)
        is_point = None not in point and all(number is None for number in box)
        is_box = None not in box and all(number is None for number in point)
        if not (is_point or is_box):
            raise ValueError("Name a point (latitude, longitude) or a box (south, west, north, east).")
        if self.south is not None and self.north is not None and self.south > self.north:
            raise ValueError("The south of a box lies below its north.")
        return self

    @property
    def is_point(self) -> bool:
        """Return whether one cell is meant."""
        return self.latitude is not None

    @property
    def numbers(self) -> tuple[float, ...]:
        """Return latitude and longitude, or south, west, north and east."""
        named = (self.latitude, self.longitude, self.south, self.west, self.north, self.east)
        return tuple(number for number in named if number is not None)

    def __str__(self) -> str:
        """Return the numbers as a form shows them."""
        return ", ".join(f"{number:g}" for number in self.numbers)
