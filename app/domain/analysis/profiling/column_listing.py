"""Column lists searched, filtered, sorted and paged, for pages and API alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile

MAX_PER_PAGE = 500
# What each order is called on a page, and what it sorts by; columns that are equal stay in file order.
ORDERS: dict[str, tuple[str, Callable[[ColumnProfile], Any]]] = {
    "file": ("As in the file", lambda _column: 0),
    "name": ("Name", lambda column: column.name.casefold()),
    "kind": ("Kind", lambda column: column.kind.value),
    "missing": ("Most missing first", lambda column: -column.missing),
    "distinct": ("Most different values first", lambda column: -column.distinct),
    "outliers": ("Most outliers first", lambda column: -(column.outliers or 0)),
}


@dataclass(frozen=True)
class ColumnPage:
    """One page of columns. `total` counts all that match, `pages` is at least 1, `page` lies within it."""

    columns: tuple[ColumnProfile, ...]
    total: int
    page: int
    pages: int
    per_page: int
    word: str
    kind: str
    order: str
    finding: str


def column_page(
    profile: DatasetProfile,
    *,
    word: str = "",
    kind: str = "",
    order: str = "file",
    finding: str = "",
    page: int = 1,
    per_page: int = 100,
) -> ColumnPage:
    """Return one page of a dataset's columns; what is asked for and does not exist finds nothing and raises nothing.

    Parameters
    ----------
    profile
        The profile of the dataset.
    word
        Part of the name, upper or lower case.
    kind
        A `ColumnKind` value, or "" for all.
    order
        A key of `ORDERS`; any other means the order of the file.
    finding
        The code of a finding that the column must have, or "" for all.
    page, per_page
        From 1; a page beyond the last is the last one. At most 500 columns a page.
    """
    order = order if order in ORDERS else "file"
    per_page = max(1, min(per_page, MAX_PER_PAGE))
    matching = sorted(_matching_columns(profile, word.strip().casefold(), kind, finding), key=ORDERS[order][1])
    pages = max(1, -(-len(matching) // per_page))
    page = max(1, min(page, pages))
    columns = tuple(matching[(page - 1) * per_page : page * per_page])
    return ColumnPage(columns, len(matching), page, pages, per_page, word.strip(), kind, order, finding)


def _matching_columns(profile: DatasetProfile, word: str, kind: str, finding: str) -> list[ColumnProfile]:
    marked = {name for item in profile.findings if item.code == finding for name in item.columns} if finding else set()
    return [
        column
        for column in profile.columns
        if word in column.name.casefold() and kind in ("", column.kind.value) and (not finding or column.name in marked)
    ]
