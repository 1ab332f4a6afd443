"""Chart.js comes when a chart is opened and not before, and then it draws."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.walk import STEPS, Walk

pytestmark = pytest.mark.browser


def _watched(page: Any) -> list[str]:
    query: list[str] = []
    page.on("request", lambda request: query.append(request.url) if "chart.umd" in request.url else None)
    return query


def test_no_step_asks_for_the_library_before_a_matrix_is_opened(open_page: OpenPage) -> None:
    page = open_page().page
    query, walk = _watched(page), Walk(page)
    walk.choose_sample()
    addresses = {}
    for title in STEPS:
        walk.heading(title)
        page.wait_for_load_state("networkidle")
        addresses[title] = page.url
        if title != "Review":
            walk.click("button", "Continue")
    for address in addresses.values():
        page.goto(address, wait_until="networkidle")
    assert query == []
    page.goto(addresses["Features"], wait_until="networkidle")
    for view in ("All pairs", "Clustered"):
        page.get_by_role("link", name=view, exact=True).click()
        page.locator(f".tabs a[aria-current]:has-text('{view}')").wait_for()
        page.locator("figure.matrix[data-drawn] canvas").wait_for()
    assert len(query) == 1


def test_the_hydrograph_is_drawn_when_it_comes_into_view(open_page: OpenPage, finished: str) -> None:
    page = open_page(height=300).page
    query = _watched(page)
    page.goto(finished, wait_until="networkidle")
    page.evaluate("() => scrollTo(0, 0)")
    figure = page.locator('figure[data-chart="chart-data-hydrograph"]')
    if figure.evaluate("(one) => one.getBoundingClientRect().top > innerHeight"):
        assert query == []
    figure.scroll_into_view_if_needed()
    figure.locator("canvas").wait_for()
    assert figure.locator("svg.chart").is_hidden()
    scatter = page.locator('figure[data-chart="chart-data-scatter"]')
    scatter.scroll_into_view_if_needed()
    scatter.locator("canvas").wait_for()
    assert len(query) == 1
