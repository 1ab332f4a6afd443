"""Derived features computed before the split, from past values alone.

Where the series has a regular step, "3 steps ago" is found by time, so a missing day does not shift it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.training.preprocessing.earlier_values import EarlierValues
from app.domain.training.preprocessing.knowledge import column_cutoff, recipe_faults
from app.domain.training.preprocessing.makers import (
    MAKERS,
    OVER_MANY,
    make_from_date,
    make_over_many,
)
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.transforms import (
    TransformEntry,
    derived_names,
    get,
    made_cutoff,
    output_names,
    readable_recipes,
    roles_fault,
)
from app.domain.training.preprocessing.water_makers import make_together

UNKNOWN = "transform_unknown"


def apply_transforms(frame: pd.DataFrame, spec: Spec, profile: DatasetProfile) -> pd.DataFrame:
    """Return the frame with every column added that is derived before the split.

    Parameters
    ----------
    frame
        Rows in time order (and by group where there is one), with a fresh index.
    spec, profile
        The config, and the dataset whose time axis says how long a step is.

    Raises
    ------
    TrainingError
        If a recipe is unknown, cannot be read, or names a column that is not there; or there is no time column and it
        needs one; or it would look at the target of the row itself.
    """
    made = DerivedTable(frame, spec, EarlierValues(frame, spec, profile))
    for transform in spec.features.transforms:
        entry, parameters = _parse_transforms(transform)
        current_values = {*frame.columns, *(output_names(spec) if entry.place == "fold" else made.added)}
        _refuse_absent(transform, entry, current=current_values)
        if spec.task.time_column is None and entry.needs_time:
            raise TrainingError("Derived features need a time column.", code="time_column_missing")
        if spec.task.target in transform.columns and (entry.roles or not entry.looks_back):
            message = f"{entry.title}: the target may not be among its columns."
            raise TrainingError(message, code="transform_of_target")
        if fault := roles_fault(entry, transform.columns, parameters):
            raise TrainingError(fault, code="transform_invalid")
        for late in recipe_faults(transform, entry, parameters, task=spec.task, derived=made.cutoffs):
            raise TrainingError(late.message, code=late.code)
        if entry.place == "before":
            made.add(transform, entry, parameters)
    return pd.concat([frame, pd.DataFrame(made.added, index=frame.index)], axis=1)


class DerivedTable:
    """The columns that the recipes of a config make, in the order of its list.

    A recipe may work on what an earlier one made. It then works on that column as if everything were known up to each
    row, and ends at the cutoff that the column inherited: what is derived in two steps is late once, not twice.
    """

    def __init__(self, frame: pd.DataFrame, spec: Spec, earlier: EarlierValues) -> None:
        self.frame, self.spec, self.earlier = frame, spec, earlier
        self.added: dict[str, pd.Series] = {}
        self.cutoffs: dict[str, int] = {}
        self._as_if_known: dict[str, pd.Series] = {}
        parts = readable_recipes(spec.features.transforms)
        self._needed_later = {column for part, entry, _ in parts if entry.place == "before" for column in part.columns}

    def add(self, transform: TransformPart, entry: TransformEntry, parameters: RecipeValues) -> None:
        """Add the columns of a recipe; one whose name is there already is left out."""
        task = self.spec.task
        names = derived_names(transform, time_column=task.time_column)
        cutoff = made_cutoff(transform, entry, parameters, task=task, derived=self.cutoffs)
        made = dict(zip(names, self._derive(transform, entry, parameters, late=True), strict=True))
        fresh = [name for name in made if name not in self.frame.columns and name not in self.added]
        known = made
        if cutoff and self._needed_later & set(fresh):
            known = dict(zip(names, self._derive(transform, entry, parameters, late=False), strict=True))
        for name in fresh:
            self.added[name], self.cutoffs[name], self._as_if_known[name] = made[name], cutoff, known[name]

    def _derive(
        self, transform: TransformPart, entry: TransformEntry, parameters: RecipeValues, *, late: bool
    ) -> list[pd.Series]:
        """Return the columns of a recipe in the order of their names; unless `late`, as if all were known at a row."""
        if not entry.needs_columns:
            return list(make_from_date(self.frame[str(self.spec.task.time_column)], entry.kind, parameters))
        columns = [self._column(name) for name in transform.columns]
        cutoffs = [self._cutoff(name) if late else 0 for name in transform.columns]
        if entry.roles:
            return make_together(self.earlier, columns, entry, parameters, cutoff=max(cutoffs))
        if entry.kind in OVER_MANY:
            return make_over_many(self.earlier, columns, entry.kind, parameters, cutoffs=cutoffs)
        made: list[pd.Series] = []
        for name, column, cutoff in zip(transform.columns, columns, cutoffs, strict=True):
            if name in self._as_if_known and cutoff and not entry.looks_back:
                # A derived column is never known for ever, see `make_together`.
                now = MAKERS[entry.kind](self.earlier, column, parameters, 0)
                made += [self.earlier.lagged(values, cutoff) for values in now]
            else:
                made += MAKERS[entry.kind](self.earlier, column, parameters, cutoff)
        return made

    def _column(self, name: str) -> pd.Series:
        values = self._as_if_known[name] if name in self._as_if_known else self.frame[name]
        return pd.to_numeric(values, errors="coerce").astype(float)

    def _cutoff(self, name: str) -> int:
        cutoff = column_cutoff(self.spec.task, name, self.cutoffs)
        if cutoff is None:
            raise TrainingError(f"Nothing of {name[:60]} is known.", code="target_never_known")
        return cutoff


def _parse_transforms(transform: TransformPart) -> tuple[TransformEntry, RecipeValues]:
    try:
        entry = get(transform.kind)
        return entry, entry.parse(transform.parameters)
    except KeyError:
        message = f"There is no derived feature of the kind {transform.kind[:40]}."
        raise TrainingError(message, code=UNKNOWN) from None
    except ValueError as fault:
        raise TrainingError(f"{get(transform.kind).title}: {fault}", code="transform_invalid") from fault


def _refuse_absent(transform: TransformPart, entry: TransformEntry, *, current: Any) -> None:
    missing = [column for column in transform.columns if column not in current]
    if missing and entry.needs_columns:
        raise TrainingError(f"The column {missing[0]} of a derived feature is not in the dataset.")
