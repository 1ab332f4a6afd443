"""Units of derived columns, from the units of their inputs."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import TransformPart
from app.domain.training.preprocessing.transforms import derived_names, readable_recipes

PER_DAY = "mm per day"


def units_of(parts: Iterable[TransformPart], profile: DatasetProfile, *, time_column: str | None) -> dict[str, str]:
    """Return the unit of each column of the file and of each that recipes make, "" where none is known.

    Parameters
    ----------
    parts
        The recipes in their order, of which one may work on what another makes.
    profile
        The dataset, which knows the units of its columns and whether its steps are regular.
    time_column
        What the rows are in the order of.
    """
    units = {column.name: column.unit for column in profile.columns}
    regular = profile.time_axis is not None and profile.time_axis.regular
    for part, entry, parameters in readable_recipes(parts):
        columns = part.columns if entry.needs_columns else [time_column or "time"]
        told: list[str] = []
        for worked_on in [columns] if entry.roles else [[column] for column in columns]:
            told += entry.units([units.get(column, "") for column in worked_on], parameters)
        if entry.dated and not regular:
            told = [PER_DAY for _ in told]
        for name, unit in zip(derived_names(part, time_column=time_column), told, strict=False):
            units.setdefault(name, unit)
    return units
