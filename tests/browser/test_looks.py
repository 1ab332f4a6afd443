"""What only an engine can tell of the looks: rings that are seen, tabs that are not cut, amounts that are not known."""

from __future__ import annotations

import itertools
import re
import shutil
from typing import Any

import pytest

from tests.browser.conftest import OpenPage, Product, watched_page
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser
FIREFOX = shutil.which("firefox-esr")
# The colours of a focused segment: its ring, and what is drawn on both sides of it.
RING = """(input) => {
  input.focus();
  const {outlineColor, outlineStyle, backgroundColor} = getComputedStyle(input.closest('label'));
  const below = getComputedStyle(input.closest('.seg')).backgroundColor;
  return [outlineStyle, outlineColor, backgroundColor === 'rgba(0, 0, 0, 0)' ? below : backgroundColor];
}"""


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, other: str) -> float:
    low, high = sorted((_luminance(first), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ring_of_a_segment_is_seen(open_page: OpenPage, scheme: str) -> None:
    page = open_page(scheme=scheme).page
    page.goto("/experiments")
    page.locator("details.menu summary").press("Enter")
    page.keyboard.press("Tab")
    for value in ("auto", "dark"):
        style, ring, ground = page.locator(f".seg input[value={value}]").evaluate(RING)
        assert style == "solid"
        assert _contrast(ring, ground) >= 3, (value, ring, ground)


def test_no_tab_of_the_matrix_is_cut_at_375_px(open_page: OpenPage) -> None:
    page = open_page(width=375, height=812).page
    Walk(page).start_at("Features")
    tabs = page.locator(".tabs")
    frame = tabs.bounding_box()
    for tab in tabs.locator("a").all():
        box = tab.bounding_box()
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"], tab.inner_text()
    assert tabs.evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_firefox_draws_an_unknown_amount_neither_full_nor_empty(product: Product, playwright: Any) -> None:
    if FIREFOX is None:
        pytest.skip("no Firefox could be had: firefox-esr is not on PATH")
    names = ("tokens", "components")
    sheets = "".join(f'<link rel="stylesheet" href="{product.url}/static/css/{name}.css">' for name in names)
    amounts = {"unknown": "", "full": ' value="1"', "empty": ' value="0"'}
    bars = "".join(f'<p><progress id="{name}"{amount}></progress></p>' for name, amount in amounts.items())
    # The motion is off, so that what stands still must tell already.
    prefs = {"ui.prefersReducedMotion": 1, "datareporting.policy.dataSubmissionEnabled": False}
    firefox = playwright.firefox.launch(channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=prefs)
    with watched_page(firefox, product.url) as watched:
        page = watched.page
        # The style sheets are given to pages of the product alone, whose policy refuses the style of a screenshot.
        page.goto(f"{product.url}/sign-in")
        watched.expect("style-src")
        page.set_content(f"<!doctype html><html><head>{sheets}</head><body>{bars}</body></html>")
        page.wait_for_function("() => document.querySelector('#full').getBoundingClientRect().height === 8")
        unknown, full, empty = (page.locator(f"#{name}").screenshot() for name in amounts)
    firefox.close()
    assert unknown != full
    assert unknown != empty


def test_the_first_button_and_every_page_are_in_view_at_375_px(open_page: OpenPage) -> None:
    page = open_page(width=375, height=812).page
    page.goto("/experiments/new")
    box = page.get_by_role("button", name="Use this sample").bounding_box()
    assert box["y"] + box["height"] <= 812
    pages = page.locator(".bar .nav")
    assert pages.evaluate("(nav) => nav.scrollWidth <= nav.clientWidth")


def test_names_of_steps_keep_apart_at_320_px(open_page: OpenPage) -> None:
    page = open_page(width=320, height=256).page
    page.goto("/experiments/new")
    boxes = [name.bounding_box() for name in page.locator(".step-name").all()]
    assert len(boxes) == 5
    for left, right in itertools.pairwise(boxes):
        assert left["x"] + left["width"] < right["x"]


def test_the_page_stays_in_its_place_when_undo_comes(open_page: OpenPage) -> None:
    page = open_page(width=1280, height=900).page
    Walk(page).start_at("Data")
    top = "(heading) => heading.getBoundingClientRect().top + scrollY"
    heading, before = page.locator("h1"), page.locator("h1").evaluate(top)
    page.get_by_label("Target column", exact=True).select_option("prcp_mm")
    page.get_by_role("button", name="Undo last change").wait_for()
    assert heading.evaluate(top) == before
