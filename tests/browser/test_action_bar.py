"""The bar with Back and Continue belongs to the window: on screen on arrival, and never over what has the focus."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import OpenPage, Product, watched_page
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser
SIZES = {"1280": (1280, 900), "1366": (1366, 768), "768": (768, 1024), "375": (375, 812), "phone sideways": (812, 375)}
PLACES = ("data", "features", "model", "validation", "review", "single page")
BAR = """() => {
  const button = document.querySelector('#wizard-go').getBoundingClientRect();
  const at = document.elementFromPoint(button.left + button.width / 2, button.top + button.height / 2);
  return {scrolled: scrollY, top: button.top, bottom: button.bottom, window: innerHeight, is_on_top: at?.id === 'wizard-go',
    share: document.querySelector('.actions').getBoundingClientRect().height / innerHeight};
}"""
# What has the focus, where any of it lies under the bar; what is taller than the window cannot be seen as a whole.
COVERED = """() => {
  const focused = document.activeElement, bar = document.querySelector('.actions').getBoundingClientRect();
  const {top, bottom, left, right, height} = focused.getBoundingClientRect();
  const first = !window.walked?.includes(focused);
  (window.walked ??= []).push(focused);
  const beside = right <= bar.left || left >= bar.right;
  const inside = focused === document.body || focused.closest('.actions') || height > bar.top || beside;
  return {first, words: focused.outerHTML.slice(0, 100), covered: !inside && bottom > bar.top + 0.5 && top < bar.bottom};
}"""


@pytest.fixture(scope="module")
def addresses(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> dict[str, str]:
    """Return the address of every step and of the single page."""
    with watched_page(browser, product.url, storage_state=signed_in_state) as watched:
        above = Walk(watched.page).start_at("Review")
    return {place: f"{above}/{place.replace(' ', '-')}" for place in PLACES}


@pytest.mark.parametrize("size", SIZES)
def test_the_primary_button_is_on_screen_on_arrival(open_page: OpenPage, addresses: dict[str, str], size: str) -> None:
    for javascript in (True, False):
        page = open_page(width=SIZES[size][0], height=SIZES[size][1], javascript=javascript).page
        for place in PLACES:
            page.goto(addresses[place])
            bar = page.evaluate(BAR)
            assert bar["scrolled"] == 0, place
            assert 0 < bar["top"] < bar["bottom"] <= bar["window"], (place, bar)
            assert bar["is_on_top"], place
            assert bar["share"] < 0.25, (place, bar)


def test_at_400_per_cent_the_bar_leaves_the_window(open_page: OpenPage, addresses: dict[str, str]) -> None:
    page = open_page(width=320, height=256).page
    for place in PLACES:
        page.goto(addresses[place])
        bar = page.evaluate(BAR)
        assert bar["top"] > bar["window"], "it stands at the end of the page"
        assert bar["share"] < 0.5, place
        page.locator("#wizard-go").focus()
        assert page.evaluate(BAR)["is_on_top"], place


@pytest.mark.parametrize("size", [pytest.param("1280", marks=pytest.mark.slow), "375"])
def test_the_bar_never_covers_what_has_the_focus(open_page: OpenPage, addresses: dict[str, str], size: str) -> None:
    page = open_page(width=SIZES[size][0], height=SIZES[size][1]).page
    for place in PLACES[:-1]:
        page.goto(addresses[place])
        for backwards in (False, True):
            page.evaluate("() => { window.walked = []; }")
            for _ in range(400):
                page.keyboard.press("Shift+Tab" if backwards else "Tab")
                stop = page.evaluate(COVERED)
                assert not stop["covered"], (place, stop["words"])
                if not stop["first"]:
                    break


def test_the_bar_sends_the_form_without_javascript(open_page: OpenPage, addresses: dict[str, str]) -> None:
    page = open_page(javascript=False).page
    page.goto(addresses["validation"])
    page.get_by_label("Seed").fill("11")
    page.get_by_role("button", name="Continue", exact=True).last.click()
    page.locator("h1", has_text="Review").wait_for()
    page.get_by_role("button", name="Back", exact=True).click()
    page.locator("h1", has_text="Validation").wait_for()
    assert page.get_by_label("Seed").input_value() == "11"
