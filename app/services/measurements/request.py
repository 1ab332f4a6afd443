"""Requests for measurements: the dataset, the arguments, and the key of the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind
from app.services.datasets.datasets import sound_rows_of
from app.services.measurements import development
from app.storage import columnar
from app.storage.tables import Dataset

Kinds = Mapping[str, ColumnKind]
# Rows that are read where what lies before a row belongs to it, so that no sample of them will do.
MAX_SERIES_ROWS = 200_000


@dataclass(frozen=True, kw_only=True)
class MeasurementRequest:
    """A dataset and what is to be measured of it; each kind of measurement adds what it needs.

    `key` is that of the result: the same for the same content, another where anything decisive differs. `arguments` are
    plain JSON values from which a worker builds the same request. `cells` is how many values are looked at, None where
    even a small table is left to a worker. With a `rule`, rows that it holds out are not looked at.
    """

    dataset: Dataset
    profile: DatasetProfile
    key: str
    arguments: dict[str, Any]
    cells: int | None = None
    rule: HoldoutRule | None = None

    def read_frame(self, names: Sequence[str], *, sample_rows: int | None = None) -> pd.DataFrame:
        """Return the rows of some columns; of more than `sample_rows`, so many that are the same each time."""
        keep = development.rows_of(self.dataset, self.rule)
        return columnar.read_frame(sound_rows_of(self.dataset), self.profile, names, sample_rows=sample_rows, keep=keep)

    def read_series(self, names: Sequence[str], *, by: Sequence[str]) -> pd.DataFrame:
        """Return the rows of some columns with all their neighbours in time.

        Of a table of more than 200,000 rows these are the first in the order of `by`, group and time.
        """
        if self.profile.rows <= MAX_SERIES_ROWS or not by:
            return self.read_frame(names, sample_rows=MAX_SERIES_ROWS)
        keep, path = development.rows_of(self.dataset, self.rule), sound_rows_of(self.dataset)
        return columnar.read_in_order(path, self.profile, names, by=by, limit=MAX_SERIES_ROWS, keep=keep)


@dataclass(frozen=True, kw_only=True)
class TargetRequest(MeasurementRequest):
    """Every other column is measured against one target. `kinds` has the kind of every column."""

    target: str
    kinds: dict[str, ColumnKind]

    @property
    def others(self) -> list[str]:
        """Return the columns that are measured against the target."""
        return [column.name for column in self.profile.columns if column.name != self.target]


def require_columns(profile: DatasetProfile, names: Iterable[str], *, field: str) -> None:
    """Refuse names that no column has, at the field that holds them."""
    for name in names:
        if not profile.has(name):
            raise DomainError(f"There is no column named {name[:60]}.", code="column_unknown", field=field)


def kinds_of(profile: DatasetProfile, kinds: Kinds | None) -> dict[str, ColumnKind]:
    """Return the kind of every column: the user's where there is one, else the detected one."""
    detected = {column.name: column.kind for column in profile.columns}
    return {**detected, **{name: kind for name, kind in (kinds or {}).items() if name in detected}}


def changed_kinds(profile: DatasetProfile, kinds: Kinds) -> dict[str, str]:
    """Return the kinds that the user changed, by the columns' own keys."""
    changed = (column for column in profile.columns if kinds.get(column.name, column.kind) is not column.kind)
    return {column.key: kinds[column.name].value for column in changed}


def names_by_key(profile: DatasetProfile) -> dict[str, str]:
    """Return the name of each column by its own key."""
    return {column.key: column.name for column in profile.columns}


def restore_kinds(profile: DatasetProfile, changed: Mapping[str, str]) -> dict[str, ColumnKind]:
    """Return the kind of every column from what `changed_kinds` gave."""
    names = names_by_key(profile)
    return kinds_of(profile, {names[key]: ColumnKind(kind) for key, kind in changed.items()})


def digest_of(*parts: Any) -> str:
    """Return 16 hexadecimal digits that are the same for the same parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
