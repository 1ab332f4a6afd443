"""axe finds nothing on any page or step, in both themes and at three widths; nothing scrolls sideways."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage, Product, watched_page
from tests.browser.walk import STEPS, Walk

pytestmark = pytest.mark.browser

WIDTHS = (1280, 768, 375)


@pytest.fixture(scope="module")
def places(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> dict[str, str]:
    """Walk once and remember the address of every page and step."""
    with watched_page(browser, product.url, storage_state=signed_in_state) as watched:
        return _found_on(Walk(watched.page))


def _found_on(walk: Walk) -> dict[str, str]:
    page = walk.page
    walk.choose_sample()
    found = {
        "experiments": "/experiments",
        "new": "/experiments/new",
        "datasets": "/datasets",
        "account": "/account",
        "help": "/help",
        "conflicts": "/help/conflicts",
        "new on one page": "/experiments/new/single-page",
        "missing": "/experiments/00000000-0000-0000-0000-000000000000",
    }
    walk.accept_all_defaults()
    page.wait_for_url(re.compile("/experiments/[0-9a-f-]{36}$"))
    found["experiment"] = page.url
    walk.wait_for_end(javascript=True)
    # The launched draft leads to its experiment from now on, so the steps are looked at on another one.
    walk.choose_sample()
    for title in STEPS[:-1]:
        walk.heading(title)
        found[title.lower()] = page.url
        walk.click("button", "Continue")
    walk.heading("Review")
    found["review"] = page.url
    found["single page"] = page.url.replace("/review", "/single-page")
    found |= _with_a_search(walk)
    page.goto("/datasets")
    found["dataset"] = str(page.locator("main a[href^='/datasets/']").first.get_attribute("href"))
    found["column"] = f"{found['dataset']}/columns/c1"
    return found


def _with_a_search(walk: Walk) -> dict[str, str]:
    """Come to the Model step and the single page with a search, and to what a search has found."""
    page, found = walk.page, {}
    for name in ("looked at", "launched"):
        walk.choose_sample()
        for title in STEPS[:2]:
            walk.heading(title)
            walk.click("button", "Continue")
        walk.heading("Model")
        walk.choose_estimator("ridge")
        page.locator("#h-tune", has_text="Ridge").wait_for()
        page.locator("input[name='tuning.enabled'][value=true]").check(force=True)
        trials = page.get_by_label("Trials", exact=True)
        trials.wait_for()
        with page.expect_response("**/autosave"):
            trials.fill("8")
        if name == "looked at":
            found["model with a search"] = page.url
            found["single page with a search"] = page.url.replace("/model", "/single-page")
        else:
            walk.click("button", "Continue")
            walk.heading("Validation")
            walk.click("button", "Continue")
            walk.heading("Review")
            walk.click("button", "Launch experiment")
            page.wait_for_url(re.compile("/experiments/[0-9a-f-]{36}$"))
            found["what a search found"] = page.url
    page.locator("#experiments-trials svg[role=img]").wait_for()
    assert violations(page) == [], "a search under way"
    assert walk.wait_for_end(javascript=True) == "Finished"
    return found


PLACES = [
    "experiments",
    "new",
    "datasets",
    "dataset",
    "column",
    "account",
    "help",
    "conflicts",
    "new on one page",
    "single page",
    "missing",
    "data",
    "features",
    "model",
    "validation",
    "review",
    "experiment",
    "model with a search",
    "single page with a search",
    "what a search found",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_page_breaks_wcag(open_page: OpenPage, places: dict[str, str], place: str) -> None:
    for scheme in ("light", "dark"):
        watched = open_page(scheme=scheme)
        page = watched.page
        page.goto(places[place])
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert sideways_overflow(page) <= 0, f"{place} at {width} px"
        assert violations(page) == [], f"{place}, {scheme}, narrow"
        page.set_viewport_size({"width": 1280, "height": 800})
        assert violations(page) == [], f"{place}, {scheme}, wide"
        if place == "missing":
            watched.expect("404")


def test_the_sign_in_page_and_an_error_summary(open_page: OpenPage, places: dict[str, str]) -> None:
    stranger = open_page(signed_in=False).page
    stranger.goto("/experiments")
    assert "/sign-in" in stranger.url
    assert violations(stranger) == []
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    page.goto(places["validation"])
    page.get_by_label("Seed").fill("not a number")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_text("There is a problem").wait_for()
    assert violations(page) == []
    assert page.evaluate("() => document.activeElement.closest('.errors') !== null"), "the summary takes the focus"
    page.get_by_label("Seed").fill("42")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.locator("h1", has_text="Review").wait_for()


def test_the_keyboard_alone_reaches_every_control(open_page: OpenPage, places: dict[str, str]) -> None:
    for place in ("data", "features", "model", "validation", "review"):
        page = open_page().page
        page.goto(places[place])
        missed = _walk_by_tab(page)
        assert missed == [], place


def _walk_by_tab(page: Any) -> list[str]:
    page.evaluate("() => { window.visited = []; }")
    for _ in range(400):
        page.keyboard.press("Tab")
        more = page.evaluate(
            """() => { const e = document.activeElement;
                 if (!e || e === document.body) return true;
                 if (window.visited.includes(e)) return false;
                 window.visited.push(e); return true; }"""
        )
        if not more:
            break
    result: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]
             .filter(e => !window.visited.includes(e) && e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0
               && !e.matches(':disabled')
               && !(e.type === 'radio' && window.visited.some(v => v.type === 'radio' && v.name === e.name)))
             .map(e => e.outerHTML.slice(0, 120))"""
    )
    return result
