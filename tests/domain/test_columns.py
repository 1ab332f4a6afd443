"""Columns by the page: what is searched for is found, in a known order, whatever is asked."""

from __future__ import annotations

import pytest

from app.domain.analysis.profiling.column_listing import MAX_PER_PAGE, ORDERS, column_page
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, ImportReport
from app.domain.vocabulary import ColumnKind, Severity

KINDS = (ColumnKind.NUMERIC, ColumnKind.CATEGORICAL, ColumnKind.DATETIME)


def _profile(many: int) -> DatasetProfile:
    columns = tuple(
        ColumnProfile(
            name=f"{'Rain' if position % 2 else 'flow'}_{position}",
            key=f"c{position}",
            kind=KINDS[position % 3],
            kind_reason="",
            storage="number",
            missing=position % 5,
            distinct=position % 7,
            outliers=position % 4 or None,
        )
        for position in range(many)
    )
    finding = Finding("constant", Severity.NOTICE, ("flow_0", "Rain_1"), "They are constant.")
    report = ImportReport(rows_read=9, rows_kept=9, rows_rejected=0, encoding="utf-8", delimiter=",")
    return DatasetProfile(rows=9, columns=columns, report=report, findings=(finding,))


def test_ten_thousand_columns_come_by_the_page() -> None:
    profile = _profile(10_000)
    page = column_page(profile, page=100, per_page=100)
    assert (page.total, page.pages, page.page) == (10_000, 100, 100)
    assert [column.key for column in page.columns] == [f"c{position}" for position in range(9_900, 10_000)]


def test_a_word_a_kind_and_a_finding_narrow_it() -> None:
    profile = _profile(30)
    assert {column.name[:4] for column in column_page(profile, word=" RAIN ").columns} == {"Rain"}
    both = column_page(profile, word="rain", kind="datetime")
    assert [column.key for column in both.columns] == ["c5", "c11", "c17", "c23", "c29"]
    assert [column.key for column in column_page(profile, finding="constant").columns] == ["c0", "c1"]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_keeps_all_columns_and_the_file_order_among_equals(order: str) -> None:
    columns = column_page(_profile(30), order=order).columns
    places = [(ORDERS[order][1](column), int(column.key[1:])) for column in columns]
    assert places == sorted(places)
    assert len(columns) == 30


@pytest.mark.parametrize(
    ("asked", "found", "page", "pages"),
    [
        ({"page": 99}, 30, 1, 1),
        ({"page": -3, "per_page": 0}, 30, 1, 30),
        ({"per_page": 10**9}, 30, 1, 1),
        ({"order": "colour"}, 30, 1, 1),
        ({"kind": "colour"}, 0, 1, 1),
        ({"finding": "nothing_such"}, 0, 1, 1),
        ({"word": "%"}, 0, 1, 1),
    ],
)
def test_what_does_not_exist_finds_nothing_and_breaks_nothing(
    asked: dict[str, int], found: int, page: int, pages: int
) -> None:
    view = column_page(_profile(30), **asked)  # type: ignore[arg-type]  # the values are as odd as users'
    assert (view.total, view.page, view.pages) == (found, page, pages)
    assert view.per_page <= MAX_PER_PAGE
