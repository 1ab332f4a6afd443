"""Template contexts of the dataset pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.errors import DomainError
from app.services.datasets.analysis import Damage
from app.storage.tables import Dataset
from app.web.charts.column import ColumnView
from app.web.columns import ColumnsPanel
from app.web.dataset_reading import ArrivalValues, Done
from app.web.hypermedia import ViewContext
from app.web.import_options_form import ImportPanel
from app.web.remedies import FindingView


@dataclass(frozen=True, kw_only=True)
class DatasetsContext(ViewContext):
    """The list of datasets; `uses` counts the experiments on each, `titles` names the formats."""

    page_name: ClassVar[str] = "pages/datasets.html"
    fragment_name: ClassVar[str] = "partials/datasets/list.html"
    datasets: list[Dataset]
    uses: Mapping[uuid.UUID, int]
    titles: Mapping[str, str]
    deleted: list[Dataset]
    just_deleted: Dataset | None
    page_problems: tuple[DomainError, ...]


@dataclass(frozen=True, kw_only=True)
class DatasetContext(ViewContext):
    """The page of a dataset, or its table of columns alone.

    `profile`, `table` and `panel` are None until the file is read; `arrival` says how far it is until then.
    `fragment` is where the table asks for its next page, and `look` a first look with other choices.
    """

    page_name: ClassVar[str] = "pages/dataset.html"
    fragment_name: ClassVar[str] = "partials/datasets/columns.html"
    dataset: Dataset
    profile: DatasetProfile | None
    table: ColumnsPanel | None
    fragment: str
    notable: list[FindingView]
    notable_more: int
    names: list[str]
    preview: list[list[str]]
    damage: Damage | None
    done: Done | None
    address: str
    panel: ImportPanel | None
    outdated: tuple[str, ...] | None
    look: Mapping[str, Any] | None
    fault: str
    page_problems: tuple[DomainError, ...]
    readable_in_part: bool
    arrival: ArrivalValues
    # The table of columns is that of the Data step, where kinds are chosen; here they are looked at.
    kinds: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ColumnContext(ViewContext):
    """One column in full; `remedy_form` is the id of the form that its buttons belong to."""

    page_name: ClassVar[str] = "pages/column.html"
    fragment_name: ClassVar[str] = "partials/datasets/column.html"
    dataset: Dataset
    column: ColumnProfile
    view: ColumnView
    findings: list[FindingView]
    remedy_form: str = "mend"
