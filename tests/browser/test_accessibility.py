"""axe finds nothing on any page or step, in both themes and at three widths; nothing scrolls sideways."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage, Product, Watched, watched_page
from tests.browser.walk import STEPS, Walk, focus_comes_to

pytestmark = pytest.mark.browser

WIDTHS = (1280, 768, 375)


WITH_A_SEARCH = ("model with a search", "single page with a search", "what a search found")


class Places:
    """The address of every page and step, each made when it is first asked for."""

    def __init__(self, finished: str, open_one: Callable[[], AbstractContextManager[Watched]]) -> None:
        self.open_one = open_one
        self.known = {
            "experiments": "/experiments",
            "new": "/experiments/new",
            "datasets": "/datasets",
            "templates": "/experiment-templates",
            "account": "/account",
            "help": "/help",
            "conflicts": "/help/conflicts",
            "new on one page": "/experiments/new/single-page",
            "missing": "/experiments/00000000-0000-0000-0000-000000000000",
            "experiment": finished,
        }

    def __getitem__(self, place: str) -> str:
        if place not in self.known:
            with self.open_one() as watched:
                find = self._searched if place in WITH_A_SEARCH else self._steps
                self.known |= find(Walk(watched.page))
        return self.known[place]

    def _steps(self, walk: Walk) -> dict[str, str]:
        above = walk.start_at("Review")
        results = {title.lower(): f"{above}/{title.lower()}" for title in STEPS}
        walk.page.goto("/datasets")
        dataset = str(walk.page.locator("main a[href^='/datasets/']").first.get_attribute("href"))
        return {**results, "single page": f"{above}/single-page", "dataset": dataset, "column": f"{dataset}/columns/c1"}

    def _searched(self, walk: Walk) -> dict[str, str]:
        """Come to the Model step and the single page with a search, and to what a search has found."""
        above = _set_a_search(walk)
        results = {WITH_A_SEARCH[0]: f"{above}/model", WITH_A_SEARCH[1]: f"{above}/single-page"}
        _set_a_search(walk)
        walk.click("button", "Continue")
        walk.heading("Validation")
        walk.click("button", "Continue")
        walk.heading("Review")
        walk.click("button", "Launch experiment")
        walk.page.wait_for_url(re.compile("/experiments/[0-9a-f-]{36}$"))
        walk.page.locator("#experiments-trials svg[role=img]").wait_for(timeout=90_000)
        assert violations(walk.page) == [], "a search under way"
        assert walk.wait_for_end(javascript=True) == "Finished"
        return {**results, WITH_A_SEARCH[2]: walk.page.url}


def _set_a_search(walk: Walk) -> str:
    above, page = walk.start_at("Model"), walk.page
    walk.choose_estimator("ridge")
    page.locator("#h-tune", has_text="Ridge").wait_for()
    page.locator("input[name='tuning.enabled'][value=true]").check(force=True)
    trials = page.get_by_label("Trials", exact=True)
    trials.wait_for()
    with page.expect_response("**/autosave"):
        # Enough that the search is still under way when its chart is looked at.
        trials.fill("24")
    return above


@pytest.fixture(scope="module")
def places(product: Product, browser: Any, signed_in_state: dict[str, Any], finished: str) -> Places:
    """Return where every page and step is."""
    return Places(finished, lambda: watched_page(browser, product.url, storage_state=signed_in_state))


PLACES = [
    "experiments",
    "new",
    "datasets",
    "templates",
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


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", PLACES)
def test_no_page_breaks_wcag(open_page: OpenPage, places: Places, place: str, scheme: str) -> None:
    watched = open_page(scheme=scheme)
    page = watched.page
    page.goto(places[place])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0, f"{place} at {width} px"
    assert violations(page) == [], f"{place}, narrow"
    page.set_viewport_size({"width": 1280, "height": 800})
    assert violations(page) == [], f"{place}, wide"
    if place == "missing":
        watched.expect("404")


def test_the_sign_in_page_and_an_error_summary(open_page: OpenPage, places: Places) -> None:
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
    focus_comes_to(page, ":is(.errors, .errors *)")
    page.get_by_label("Seed").fill("42")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.locator("h1", has_text="Review").wait_for()


def test_the_keyboard_alone_reaches_every_control(open_page: OpenPage, places: Places) -> None:
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
