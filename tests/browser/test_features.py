"""The Features step in a browser: the matrix by mouse and keyboard, strategies, and the same without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk, focus_comes_to

pytestmark = pytest.mark.browser


def _at_features(page: Any) -> str:
    return f"{Walk(page).start_at('Features')}/features"


def _open(page: Any, view: str) -> None:
    page.get_by_role("link", name=view, exact=True).click()
    page.locator(f".tabs a[aria-current]:has-text('{view}')").wait_for()


def test_the_matrix_is_pointed_at_walked_through_and_zoomed(open_page: OpenPage) -> None:
    page = open_page().page
    _at_features(page)
    _open(page, "All pairs")
    page.locator("figure.matrix[data-drawn]").wait_for()
    frame, words = page.locator(".matrix-frame"), page.locator(".matrix-words")
    frame.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert words.inner_text().endswith(", Spearman")
    page.keyboard.press("Enter")
    page.locator("#features-pair svg.chart").wait_for()
    focus_comes_to(page, "#features-pair")
    first = page.locator("#h-pair").inner_text()
    box = frame.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.6)
    page.wait_for_function("(before) => document.getElementById('h-pair')?.textContent !== before", arg=first)
    page.get_by_role("button", name="Order by clusters").click()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Order of the file").wait_for()
    assert violations(page) == []
    for width in (768, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0


def test_a_strategy_is_previewed_agreed_to_and_undone_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(scheme="dark").page
    _at_features(page)
    before = page.locator("#features-columns .bulk strong").inner_text()
    page.locator("#features-strategies summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Threshold").fill("0.9")
    page.keyboard.press("Enter")
    page.locator("#features-strategy table").wait_for()
    focus_comes_to(page, "#features-strategy")
    assert page.locator("#features-columns .bulk strong").inner_text() == before
    assert violations(page) == []
    page.locator("#features-strategy").get_by_role("button", name="Use this rule in each fold").press("Enter")
    page.locator("#f-selection").wait_for()
    page.get_by_role("button", name="Undo last change").press("Enter")
    page.locator("#f-selection").wait_for(state="detached")
    assert page.locator("#features-columns .bulk strong").inner_text() == before


def test_searching_saves_nothing_and_ticking_counts_at_once(open_page: OpenPage) -> None:
    page = open_page().page
    _at_features(page)
    saves: list[str] = []
    page.on("request", lambda request: saves.append(request.url) if request.url.endswith("/autosave") else None)
    page.get_by_label("Search columns").fill("tm")
    page.get_by_label("Search columns").press("Enter")
    page.wait_for_url("**/features?q=tm*")
    page.locator("#features-columns tbody tr").nth(1).wait_for()
    assert page.locator("#features-columns tbody tr").count() == 2
    assert saves == []
    count = page.locator("#features-columns [data-count]")
    current = int(count.inner_text())
    with page.expect_response("**/autosave"):
        page.get_by_label("Use tmax_c").uncheck()
    assert int(count.inner_text()) == current - 1


def test_a_box_that_is_changed_twice_is_saved_twice(open_page: OpenPage) -> None:
    page = open_page().page
    address = _at_features(page)
    box = page.locator("#features-ticks input[name=column]:checked").first
    name = box.get_attribute("id")
    for is_ticked in (False, True):
        with page.expect_response("**/features/autosave"):
            page.locator(f"#{name}").set_checked(is_ticked)
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
    page.goto(address)
    assert page.locator(f"#{name}").is_checked()


def test_without_javascript_every_view_and_pair_is_a_page(open_page: OpenPage) -> None:
    page = open_page(javascript=False).page
    address = _at_features(page)
    for view in ("Ranked pairs", "Clustered", "All pairs"):
        page.goto(address)
        page.get_by_role("link", name=view, exact=True).click()
        page.get_by_text("vp_pa").first.wait_for()
        assert _is_whole(page)
    page.locator("table.heat a").first.click()
    page.locator("#features-pair svg.chart").wait_for()
    page.goto(f"{address}/strategy?strategy=weather")
    page.get_by_text("nothing would be left out").wait_for()


def _is_whole(page: Any) -> bool:
    """Return whether the page has its one heading and a way back, which is all that can be asked without scripts."""
    back = page.get_by_role("link", name="Back to the Features step")
    return bool(page.locator("h1").count() == 1 and back.count() == 1)


def test_the_set_is_switched_by_keyboard_without_a_jump(open_page: OpenPage) -> None:
    page = open_page().page
    _at_features(page)
    switch = page.get_by_role("switch", name="Suggested set")
    switch.scroll_into_view_if_needed()
    place = switch.bounding_box()["y"]
    switch.press("Space")
    page.locator("#features-set-switch[aria-checked=false]").wait_for()
    focus_comes_to(page, "#features-set-switch")
    assert abs(switch.bounding_box()["y"] - place) <= 1
    page.locator("#features-set").get_by_role("button", name="Undo", exact=True).click()
    page.locator("#features-set-switch[aria-checked=true]").wait_for()
    page.locator("#features-set > details > summary").click()
    page.locator("#features-set_features td svg.strip").first.wait_for()
    assert violations(page) == []


def test_measures_that_come_later_move_nothing(open_page: OpenPage) -> None:
    page = open_page().page
    _at_features(page)
    page.wait_for_function("() => !document.querySelector('#wizard [hx-trigger^=every], #wizard [hx-trigger*=load]')")
    lines = page.locator("#features-association ol.rank").first.locator("li")
    assert lines.count() == 8
    heights = lines.evaluate_all("all => [...new Set(all.map(one => one.getBoundingClientRect().height))]")
    assert len(heights) == 1
