"""How a file was read, in a real browser: looked at in another way, read again, details of a column, search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import focus_comes_to

pytestmark = pytest.mark.browser


@pytest.fixture
def river(tmp_path: Path) -> Path:
    """Return a file of its own, with more columns than a page of the table holds."""
    names = ["day", *(f"gauge_{position:03d}_mm" for position in range(80))]
    rows = (
        f"2001-{1 + position // 28:02d}-{1 + position % 28:02d},"
        + ",".join(str((position * (7 + number)) % 83 / 4) for number in range(80))
        for position in range(120)
    )
    path = tmp_path / f"{tmp_path.name[:60]}.csv"
    path.write_text(f"{','.join(names)}\n# {path.name}\n" + "\n".join(rows) + "\n")
    return path


def _start(page: Any, path: Path) -> None:
    page.goto("/experiments/new")
    page.get_by_label("Data file").set_input_files(path)
    page.get_by_role("button", name="Upload file").click()
    page.get_by_label("Target column", exact=True).wait_for()


def _columns(page: Any) -> int:
    return int(page.locator("#datasets-columns a[data-details]").count())


def _choose_target(page: Any, *, javascript: bool) -> None:
    """Another target brings the whole step anew; what is opened before that closes again."""
    target = page.get_by_label("Target column", exact=True)
    if javascript:
        with page.expect_response(re.compile("/autosave$")):
            target.select_option("gauge_003_mm")
    else:
        target.select_option("gauge_003_mm")
        page.get_by_role("button", name="Apply and look again").click()
    page.get_by_text(re.compile("^Rows per value of gauge_003_mm")).wait_for()


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="script"), pytest.param(False, id="no script", marks=pytest.mark.slow)]
)
def test_a_file_is_looked_at_and_read_again(open_page: OpenPage, river: Path, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    _start(page, river)
    _choose_target(page, javascript=javascript)
    page.get_by_text("Read it another way").click()
    page.get_by_label("Exact copies of rows").select_option(label="left out and counted")
    if not javascript:
        page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="As it would be read").wait_for()
    assert page.get_by_label("Exact copies of rows").input_value() == "=leave_out"
    assert sideways_overflow(page) <= 0
    page.get_by_role("button", name="Read the file again").click()
    page.get_by_text("Your answers were kept where their column still is.").wait_for()
    assert page.get_by_label("Target column", exact=True).input_value() == "gauge_003_mm"
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_text("Read again").first.wait_for(state="detached")
    page.locator("h1", has_text="Data").wait_for()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_the_panel_and_the_details_break_no_rule_at_any_width(open_page: OpenPage, river: Path, scheme: str) -> None:
    page = open_page(scheme=scheme).page
    _start(page, river)
    page.get_by_text("Read it another way").click()
    page.get_by_label("Separator", exact=True).select_option(label="semicolon")
    page.get_by_role("heading", name="As it would be read").wait_for()
    page.get_by_role("link", name="Details of gauge_002_mm").click()
    page.locator("#datasets-column").wait_for()
    for width in (1280, 768, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0, width
        view = page.locator("#datasets-column").bounding_box()
        assert view["width"] <= width
    assert violations(page) == []


def test_details_open_one_at_a_time_and_close_again(open_page: OpenPage, river: Path) -> None:
    page = open_page().page
    _start(page, river)
    first = page.get_by_role("link", name="Details of gauge_001_mm")
    first.press("Enter")
    page.get_by_role("img", name=re.compile("^How gauge_001_mm is spread")).wait_for()
    assert first.get_attribute("aria-expanded") == "true"
    focus_comes_to(page, "[data-details]")
    page.get_by_role("link", name="Details of gauge_002_mm").click()
    page.get_by_role("img", name=re.compile("^How gauge_002_mm is spread")).wait_for()
    assert page.locator("#datasets-column").count() == 1
    page.get_by_role("link", name="Details of gauge_002_mm").click()
    assert page.locator("tr.opened").count() == 0


def test_details_have_a_page_of_their_own_without_a_script(open_page: OpenPage, river: Path) -> None:
    page = open_page(javascript=False).page
    _start(page, river)
    page.get_by_role("link", name="Details of gauge_001_mm").click()
    page.locator("h1", has_text="gauge_001_mm").wait_for()
    assert page.get_by_role("img", name=re.compile("^How gauge_001_mm is spread")).count() == 1


def test_columns_are_searched_and_turned_over_where_one_stands(open_page: OpenPage, river: Path) -> None:
    page = open_page().page
    _start(page, river)
    assert _columns(page) == 60
    page.get_by_role("link", name="Further columns").click()
    page.get_by_text("Page 2 of 2").wait_for()
    focus_comes_to(page, "#datasets-columns *")
    search = page.get_by_label("Search columns")
    search.press_sequentially("_07")
    page.get_by_text("10 of 81 columns").wait_for()
    assert _columns(page) == 10
    focus_comes_to(page, "#f-q")
    with page.expect_response(re.compile("/data/columns.*order=name")):
        page.get_by_label("Order by").select_option(label="Name")
    # At once, while the table in the new order may be about to take its place.
    with page.expect_response(re.compile("/autosave$")) as saved:
        page.get_by_label("Kind of gauge_071_mm").select_option("categorical")
    assert saved.value.status == 200
    page.reload()
    search.fill("gauge_071")
    page.get_by_text("1 of 81 columns").wait_for()
    assert page.get_by_label("Kind of gauge_071_mm").input_value() == "categorical"


def test_columns_are_searched_without_a_script(open_page: OpenPage, river: Path) -> None:
    page = open_page(javascript=False).page
    _start(page, river)
    page.get_by_label("Search columns").fill("_07")
    page.get_by_role("button", name="Show", exact=True).click()
    assert _columns(page) == 10


def test_a_deleted_dataset_comes_back(open_page: OpenPage, river: Path) -> None:
    page = open_page().page
    _start(page, river)
    page.get_by_role("link", name="Import report").click()
    address = page.url
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete dataset").click()
    page.get_by_text("is deleted").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(address)


def test_the_same_file_is_recognised(open_page: OpenPage, river: Path) -> None:
    page = open_page().page
    _start(page, river)
    _start(page, river)
    page.get_by_text("You already have this file").wait_for()
