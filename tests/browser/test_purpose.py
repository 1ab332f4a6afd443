"""The question what the model is for, in Chromium: answered by keyboard and pointer, kept, and read by everybody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk, focus_comes_to

pytestmark = pytest.mark.browser
WIDTHS = (1280, 375)
NARROW = {"width": 375, "height": 800}


def _forecast(page: Any, steps: str, *, javascript: bool = True) -> None:
    """Choose a forecast so many steps ahead, as soon as the page has drawn what follows from the first answer."""
    page.get_by_label("Forecast ahead", exact=True).check()
    if javascript:
        # The reason of the suggestion goes with the answer.
        page.get_by_text("Suggested because 6 drivers").wait_for(state="detached")
    page.get_by_label("Steps ahead", exact=True).fill(steps)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_forecast_ahead_is_kept_when_one_comes_back(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    walk = Walk(page)
    walk.start_at("Data")
    assert page.get_by_label("Simulate from drivers", exact=True).is_checked()
    assert not page.get_by_label("Steps ahead", exact=True).is_visible()
    _forecast(page, "3", javascript=javascript)
    walk.click("button", "Continue")
    walk.heading("Features")
    page.get_by_text("3 days ahead, the target and the drivers known until today").first.wait_for()
    walk.click("button", "Back")
    walk.heading("Data")
    assert page.get_by_label("Forecast ahead", exact=True).is_checked()
    assert page.get_by_label("Steps ahead", exact=True).input_value() == "3"
    assert not page.get_by_label("Drivers of the days ahead are known", exact=True).is_checked()
    page.get_by_text("3 steps = 3 days.").wait_for()


def test_question_is_answered_by_keyboard_and_read_by_all(open_page: OpenPage) -> None:
    page = open_page().page
    Walk(page).start_at("Data")
    page.get_by_label("Simulate from drivers", exact=True).focus()
    with page.expect_response("**/autosave"):
        page.keyboard.press("ArrowDown")
    focus_comes_to(page, "#f-purpose-forecast")
    page.keyboard.press("Tab")
    focus_comes_to(page, "#f-horizon")
    page.keyboard.press("Tab")
    focus_comes_to(page, "#f-drivers-known-ahead")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == []
        assert sideways_overflow(page) == 0
    group = page.get_by_role("group", name="What is the model for?")
    assert group.get_by_role("radio").count() == 5


def test_horizon_beyond_bounds_is_mended_by_its_button(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    page.set_viewport_size(NARROW)
    walk = Walk(page)
    walk.start_at("Data")
    _forecast(page, "20000")
    walk.click("button", "Continue")
    page.get_by_role("link", name="Steps ahead: must be between 1 and 10,000; you wrote 20000.").click()
    focus_comes_to(page, "#f-horizon")
    assert violations(page) == []
    walk.click("button", "Set it to 1")
    page.get_by_text("1 step = 1 day.").wait_for()
    assert page.get_by_label("Forecast ahead", exact=True).is_checked()
