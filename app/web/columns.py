"""The paged table of columns with its filters and links."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request, url_for

from app.domain.analysis.profiling.column_listing import ORDERS, ColumnPage
from app.domain.analysis.profiling.profile import DatasetProfile, Finding
from app.domain.vocabulary import ColumnKind
from app.services.datasets import datasets
from app.web.charts.column import findings_by_column

PER_PAGE = 60
# So many names fit into a list of options; of more, the page asks for those that hold what is typed.
MAX_OPTIONS = 300
MAX_NAMES = 40
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ColumnsPanel:
    """One page of columns and all that stands around it."""

    page: ColumnPage
    findings: dict[str, list[Finding]]
    kinds: Options
    codes: Options
    orders: Options
    details: str
    address: str

    def link(self, page: int) -> str:
        """Return the query that leads to another page with the same search."""
        column_page = self.page
        query = {
            "q": column_page.word,
            "kind": column_page.kind,
            "finding": column_page.finding,
            "order": column_page.order,
            "page": str(page),
        }
        return "?" + urlencode(
            {name: value for name, value in query.items() if value and (name, value) != ("order", "file")}
        )


def table_of(profile: DatasetProfile, dataset_id: uuid.UUID, *, address: str) -> ColumnsPanel:
    """Return the page of columns that the request asks for; what makes no sense is passed over."""
    query = request.args if request.method == "GET" else {}
    number = query.get("page", "1")
    page = datasets.column_page(
        profile,
        word=query.get("q", "")[:200],
        kind=query.get("kind", ""),
        order=query.get("order", "file"),
        finding=query.get("finding", ""),
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1,
        per_page=PER_PAGE,
    )
    kinds = Counter(column.kind for column in profile.columns)
    codes = Counter(code for finding in profile.findings for code in {finding.code} if finding.columns)
    return ColumnsPanel(
        page=page,
        findings=findings_by_column(profile, [column.name for column in page.columns]),
        kinds=(
            ("", "All kinds"),
            *((kind.value, f"{kind.value}, {kinds[kind]:,}") for kind in ColumnKind if kinds[kind]),
        ),
        codes=(("", "All"), *((code, f"{code.replace('_', ' ')}, {count:,}") for code, count in sorted(codes.items()))),
        orders=tuple((name, title) for name, (title, _) in ORDERS.items()),
        details=url_for("datasets.show", dataset_id=dataset_id) + "/columns",
        address=address,
    )


def names_with(profile: DatasetProfile, word: str) -> list[str]:
    """Return some names that hold what was typed, those that begin with it first."""
    wanted = word.strip().casefold()
    results = [column.name for column in profile.columns if wanted in column.name.casefold()]
    return sorted(results, key=lambda name: not name.casefold().startswith(wanted))[:MAX_NAMES]
