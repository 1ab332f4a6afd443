"""The settings in a browser: each change is answered at its field, ways back keep what was typed, folds stay open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]
RATE, ROUNDS = "#f-hist-gradient-boosting-learning-rate", "#f-hist-gradient-boosting-max-iter"


def _at_model(page: Any, sample: str | None = None) -> Walk:
    walk = Walk(page)
    walk.choose_sample(sample)
    for title in ("Data", "Features"):
        walk.heading(title)
        walk.click("button", "Continue")
    walk.heading("Model")
    return walk


def _focus(page: Any) -> str:
    return str(page.evaluate("() => document.activeElement.id"))


def _focus_comes_to(page: Any, ident: str) -> None:
    """Wait until this has the focus, which it is given a moment after a redrawn form is there."""
    page.wait_for_function("id => document.activeElement.id === id", arg=ident)


def test_a_change_is_answered_at_its_field_and_one_button_heals_it(open_page: OpenPage) -> None:
    page = open_page().page
    _at_model(page)
    wanted = page.locator(RATE).input_value(), page.locator(ROUNDS).input_value()
    page.locator(RATE).fill("5")
    page.locator(f"{RATE}-e", has_text="you wrote 5").wait_for()
    assert _focus(page) == RATE[1:]
    assert page.locator(RATE).get_attribute("aria-invalid") == "true"
    assert page.locator(RATE).get_attribute("aria-describedby") == f"{RATE[1:]}-e {RATE[1:]}-h"
    page.locator(f"{RATE}-s", has_text="changed").wait_for()
    page.locator("summary", has_text="Expert").click()
    page.locator(ROUNDS).fill("150")
    page.locator(f"{ROUNDS}-s", has_text="changed").wait_for()
    page.locator(f"{RATE}-s").get_by_role("button", name=f"Use {wanted[0]}, recommended").click()
    page.locator(f"{RATE}-s", has_text="changed").wait_for(state="detached")
    assert page.locator(RATE).input_value() == wanted[0]
    assert page.locator(ROUNDS).input_value() == "150"
    assert page.locator(f"{RATE}-e").count() == 0
    assert _focus(page) == RATE[1:]
    assert page.locator("#model-expert").get_attribute("open") is not None
    page.locator(RATE).fill("2")
    page.locator(f"{RATE}-e").wait_for()
    page.locator(RATE).fill("0,2")
    page.locator(f"{RATE}-e").wait_for(state="detached")
    assert page.locator(RATE).get_attribute("aria-invalid") is None
    page.get_by_role("button", name="Use all recommendations").click()
    page.get_by_text("Every setting is as recommended.").wait_for()
    assert (page.locator(RATE).input_value(), page.locator(ROUNDS).input_value()) == wanted
    _focus_comes_to(page, "h-tune")


def test_a_level_opens_by_itself_where_a_change_elsewhere_needs_it(open_page: OpenPage) -> None:
    page = open_page().page
    _at_model(page, "Palmer penguins")
    page.locator("input[value=logistic_regression]").check(force=True)
    penalty, solver = page.locator("#f-logistic-regression-penalty"), "#f-logistic-regression-solver"
    penalty.wait_for()
    assert not page.locator(solver).is_visible()
    penalty.select_option("l1")
    page.locator(f"{solver}-e", has_text="knows no L1 penalty").wait_for()
    assert page.locator(solver).is_visible()
    assert _focus(page) != solver[1:]
    assert violations(page) == []
    page.locator(f"{solver}-s").get_by_role("button", name="Use SAGA").click()
    page.locator(f"{solver}-e").wait_for(state="detached")
    assert page.locator(solver).input_value() == "saga"
    _focus_comes_to(page, solver[1:])


def test_what_was_typed_survives_another_estimator(open_page: OpenPage) -> None:
    for javascript in (True, False):
        page = open_page(javascript=javascript, width=375).page
        walk = _at_model(page)
        wanted = [page.locator(RATE).input_value()]
        page.locator(RATE).fill("0.123")
        for value, title in (("ridge", "Ridge"), ("hist_gradient_boosting", "Histogram gradient boosting")):
            walk.choose_estimator(value)
            if not javascript:
                page.get_by_role("button", name="Show the settings of this choice").click()
            page.locator("#h-tune", has_text=title).wait_for()
        assert page.locator(RATE).input_value() == "0.123"
        assert sideways_overflow(page) <= 0
        page.locator(f"{RATE}-s").get_by_role("button", name=f"Use {wanted[0]}, recommended").click()
        page.locator(f"{RATE}-s", has_text="changed").wait_for(state="detached")
        assert page.locator(RATE).input_value() == wanted[0]


def test_the_cards_follow_the_last_poll_and_keep_what_is_picked(open_page: OpenPage) -> None:
    page = open_page().page
    _at_model(page, "Palmer penguins")
    # Picked, and not sent yet.
    picked = page.evaluate(
        "() => { const all = document.querySelectorAll('#model-choices input'); all[2].checked = true; return all[2].id }"
    )
    page.locator("#model-evidence .chip", has_text="first choice").wait_for(timeout=120_000)
    page.locator("#model-choices .chip", has_text="first choice").wait_for()
    assert page.locator("#model-choices .chip", has_text="by the rules").count() == 0
    first = page.locator("#model-evidence tbody th").first.inner_text()
    assert page.locator("#model-choices .title").first.inner_text() == first
    assert page.locator(f"#{picked}").is_checked()


def test_a_poll_takes_no_button_away_that_is_held_down(open_page: OpenPage) -> None:
    page = open_page().page
    Walk(page).choose_sample(None)
    page.evaluate(
        """() => {
            const polled = document.createElement('div');
            polled.id = 'polled';
            for (const [name, value] of [['get', '/health/live'], ['trigger', 'every 1s'], ['swap', 'outerHTML']])
                polled.setAttribute(`hx-${name}`, value);
            polled.innerHTML = '<button type="button" id="held">Hold</button>';
            document.querySelector('main').prepend(polled);
            htmx.process(polled);
        }"""
    )
    page.locator("#held").hover()
    page.mouse.down()
    for _ in range(2):
        with page.expect_response("**/health/live"):
            pass
    assert page.locator("#held").count() == 1
    page.mouse.up()
    page.locator("#held").wait_for(state="detached")
