"""A step that is drawn anew leaves the control under the reader's hand where it was, in Chromium and in WebKit."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from tests.browser import webkit
from tests.browser.conftest import OpenPage, Product, free_port, wait_until, watched_page
from tests.browser.walk import STEPS, Walk

pytestmark = pytest.mark.browser
SIZES = {"1280": (1280, 800), "375": (375, 812)}
# What a click draws anew: the step, the control, and the step of the wizard at which it stands.
CASES = {
    "another model card": ("model", "#f-estimator label:not(:has(:checked)) input"),
    "tuning on": ("model", "#f-tuning-enabled-true"),
    "tuning off": ("model", "#f-tuning-enabled-false"),
    "another strategy": ("validation", "#f-strategy label:not(:has(:checked)) ~ label:not(:has(:checked)) input"),
    "first other strategy": ("validation", "#f-strategy label:not(:has(:checked)) input"),
    "features bulk": ("features", "button[value='untick-all']"),
    "derived features": ("features", "button[value='reset-transforms']"),
}
BEFORE = """(selector) => {
  document.querySelector('#wizard').firstElementChild.isOld = true;
  const control = document.querySelector(selector);
  control.scrollIntoView({block: 'center', behavior: 'instant'});
  // The place at the moment of the click: a driver may scroll before it clicks.
  control.addEventListener('click', () => { window.clickedAt = control.getBoundingClientRect().top; }, {capture: true});
  return control.id ? `#${control.id}` : selector;
}"""
SETTLED = """() => document.readyState === 'complete'
  && !document.querySelector('#wizard [hx-trigger*=load], #wizard [hx-trigger^=every], .htmx-request')"""
ARRIVED = "() => !window.isLeft && document.readyState === 'complete' && Boolean(document.querySelector('#wizard'))"
AFTER = """(selector) => {
  const shown = document.querySelector('#wizard')?.firstElementChild;
  const fresh = shown && !shown.isOld;
  const settled = !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping, .htmx-added');
  if (!fresh || !settled) return null;
  const control = document.querySelector(selector), focused = document.activeElement;
  return {moved: Math.abs(control.getBoundingClientRect().top - window.clickedAt), lost: focused === document.body || focused.matches('h1')};
}"""


class Engine(Protocol):
    """What both engines can do."""

    def goto(self, address: str) -> Any:
        """Open a page."""

    def click(self, selector: str) -> Any:
        """Click as a person would."""

    def evaluate(self, function: str, argument: Any, /) -> Any:
        """Return the result of a JavaScript function."""


@pytest.fixture(scope="module")
def addresses(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> dict[str, str]:
    """Return the address of every step, with the short fits done."""
    with watched_page(browser, product.url, storage_state=signed_in_state) as watched:
        above = Walk(watched.page).start_at("Model", "Palmer penguins")
        watched.page.locator("#model-evidence tbody .chip", has_text="first choice").wait_for(timeout=120_000)
        # What a first look at Features has measured comes to the page while one reads; here it is there already.
        watched.page.goto(f"{above}/features")
        watched.page.wait_for_function(SETTLED, timeout=120_000)
    return {title.lower(): f"{above}/{title.lower()}" for title in STEPS}


def _moved_by(engine: Engine, selector: str) -> float:
    """Click a control that draws its step anew, and return by how many pixels it then stands elsewhere."""
    control = str(engine.evaluate(BEFORE, selector))
    engine.click(control)
    after: list[dict[str, Any]] = []

    def drawn() -> bool:
        answer = engine.evaluate(AFTER, control)
        after.extend([answer] if answer else [])
        return bool(answer)

    wait_until(drawn, seconds=20, what=f"a step drawn anew after a click on {selector}")
    assert not after[0]["lost"], f"the focus stays at {selector}"
    return float(after[0]["moved"])


def _go_to(engine: Engine, address: str) -> None:
    """Open an address, again where the driver lost the request while the page before was still busy."""
    engine.evaluate("() => { window.isLeft = true; }", None)

    def arrived() -> bool:
        # A driver may say that a page is loaded when it means the one before.
        return bool(engine.evaluate(ARRIVED, None))

    for attempt in (1, 2, 3, 4):
        engine.goto(address)
        try:
            wait_until(arrived, seconds=25, what=f"arrival {attempt} at {address}")
        except AssertionError:
            if attempt == 4:
                raise
        else:
            return


def _walk_cases(engine: Engine, addresses: dict[str, str]) -> dict[str, float]:
    moved = {}
    for name, (step, selector) in CASES.items():
        _go_to(engine, addresses[step])
        moved[name] = _moved_by(engine, selector)
    return moved


@pytest.mark.parametrize("size", ["1280", pytest.param("375", marks=pytest.mark.slow)])
def test_chromium_keeps_the_control_in_its_place(open_page: OpenPage, addresses: dict[str, str], size: str) -> None:
    page = open_page(width=SIZES[size][0], height=SIZES[size][1]).page
    moved = _walk_cases(page, addresses)
    assert max(moved.values()) <= 2, moved


@pytest.mark.parametrize("size", [pytest.param("1280", marks=pytest.mark.slow), "375"])
def test_webkit_keeps_the_control_in_its_place(
    product: Product, signed_in_state: dict[str, Any], addresses: dict[str, str], size: str
) -> None:
    if lacking := webkit.what_is_missing():
        pytest.skip(f"no WebKit could be had, this machine lacks: {lacking}")
    with webkit.webkit(free_port()) as engine:
        engine.take_cookies(product.url, signed_in_state["cookies"])
        engine.open_window(*SIZES[size])
        engine.goto(addresses["model"])
        assert engine.evaluate("() => [innerWidth, innerHeight]") == list(SIZES[size])
        moved = _walk_cases(engine, addresses)
    assert max(moved.values()) <= 2, moved


# What may happen to a control between a click on it and the answer: a poll draws it anew, or what is above it grows.
MEANWHILE = {
    "drawn anew": "control.replaceWith(control.cloneNode(true))",
    "pushed out of sight": "document.querySelector('#wizard').style.paddingTop = '3000px'",
}


@pytest.mark.parametrize("change", MEANWHILE.values(), ids=MEANWHILE.keys())
def test_the_focus_returns_whatever_happened_meanwhile(
    open_page: OpenPage, addresses: dict[str, str], change: str
) -> None:
    page = open_page(width=1280, height=800).page
    page.goto(addresses["model"])
    page.wait_for_function(SETTLED, timeout=60_000)
    selector = page.evaluate(BEFORE, CASES["another model card"][1])
    page.evaluate(
        f"""(selector) => document.addEventListener('htmx:beforeOnLoad', () => {{
          const control = document.querySelector(selector);
          {change};
        }}, {{once: true}})""",
        selector,
    )
    page.click(selector)
    page.wait_for_function(f"(selector) => ({AFTER})(selector)", arg=selector)
    assert page.evaluate(AFTER, selector)["lost"] is False
    page.wait_for_function("(selector) => document.activeElement.matches(selector)", arg=selector)


def test_another_step_begins_at_its_heading(open_page: OpenPage, addresses: dict[str, str]) -> None:
    page = open_page(width=375, height=812).page
    page.goto(addresses["model"])
    page.locator("#f-tuning-enabled-true").scroll_into_view_if_needed()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.locator("h1", has_text="Validation").wait_for()
    page.wait_for_function("() => document.activeElement.matches('h1')")
    assert page.locator("h1").bounding_box()["y"] > 0
