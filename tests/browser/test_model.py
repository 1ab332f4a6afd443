"""The settings in a browser: each change is answered at its field, ways back keep what was typed, folds stay open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk, focus_comes_to

pytestmark = pytest.mark.browser
RATE, ROUNDS = "#f-hist-gradient-boosting-learning-rate", "#f-hist-gradient-boosting-max-iter"


def _at_model(page: Any, sample: str = "") -> Walk:
    walk = Walk(page)
    walk.start_at("Model", sample)
    return walk


def test_a_change_is_answered_at_its_field_and_one_button_heals_it(open_page: OpenPage) -> None:
    page = open_page().page
    _at_model(page).choose_estimator("hist_gradient_boosting")
    page.locator("#h-tune", has_text="Histogram gradient boosting").wait_for()
    wanted = page.locator(RATE).input_value(), page.locator(ROUNDS).input_value()
    page.locator(RATE).fill("5")
    page.locator(f"{RATE}-e", has_text="you wrote 5").wait_for()
    focus_comes_to(page, RATE)
    assert page.locator(RATE).get_attribute("aria-invalid") == "true"
    assert page.locator(RATE).get_attribute("aria-describedby") == f"{RATE[1:]}-e {RATE[1:]}-h"
    page.locator(f"{RATE}-s", has_text="changed").wait_for()
    page.locator("summary", has_text="Expert").click()
    page.locator(ROUNDS).fill("150")
    page.locator(f"{ROUNDS}-s", has_text="changed").wait_for()
    page.locator(f"{RATE}-s").get_by_role("button", name=f"Use recommended {wanted[0]}").click()
    page.locator(f"{RATE}-s", has_text="changed").wait_for(state="detached")
    assert page.locator(RATE).input_value() == wanted[0]
    assert page.locator(ROUNDS).input_value() == "150"
    assert page.locator(f"{RATE}-e").count() == 0
    focus_comes_to(page, RATE)
    assert page.locator("#model-expert").get_attribute("open") is not None
    page.locator(RATE).fill("2")
    page.locator(f"{RATE}-e").wait_for()
    page.locator(RATE).fill("0,2")
    page.locator(f"{RATE}-e").wait_for(state="detached")
    assert page.locator(RATE).get_attribute("aria-invalid") is None
    page.get_by_role("button", name="Use all recommendations").click()
    page.get_by_text("Every setting is as recommended.").wait_for()
    assert (page.locator(RATE).input_value(), page.locator(ROUNDS).input_value()) == wanted
    focus_comes_to(page, "#h-tune")


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
    assert page.evaluate("() => document.activeElement.id") != solver[1:]
    assert violations(page) == []
    page.locator(f"{solver}-s").get_by_role("button", name="Use SAGA").click()
    page.locator(f"{solver}-e").wait_for(state="detached")
    assert page.locator(solver).input_value() == "saga"
    focus_comes_to(page, solver)


def test_what_was_typed_survives_another_estimator(open_page: OpenPage) -> None:
    for javascript in (True, False):
        page = open_page(javascript=javascript, width=375).page
        walk = _at_model(page)
        walk.choose_estimator("hist_gradient_boosting")
        if not javascript:
            page.get_by_role("button", name="Show the settings of this choice").click()
        page.locator("#h-tune", has_text="Histogram gradient boosting").wait_for()
        wanted = [page.locator(RATE).input_value()]
        page.locator(RATE).fill("0.123")
        for value, title in (("ridge", "Ridge"), ("hist_gradient_boosting", "Histogram gradient boosting")):
            walk.choose_estimator(value)
            if not javascript:
                page.get_by_role("button", name="Show the settings of this choice").click()
            page.locator("#h-tune", has_text=title).wait_for()
        assert page.locator(RATE).input_value() == "0.123"
        assert sideways_overflow(page) <= 0
        page.locator(f"{RATE}-s").get_by_role("button", name=f"Use recommended {wanted[0]}").click()
        page.locator(f"{RATE}-s", has_text="changed").wait_for(state="detached")
        assert page.locator(RATE).input_value() == wanted[0]


# From the arrival on, frame by frame: by how much anything that one could point at stands elsewhere or is another height.
ARRIVAL = """() => {
  const places = new Map(), moved = {};
  const parts = '.choice, .choice input, #model-evidence, #model-tuner :is(input, select)[id], #f-tuning-enabled-true';
  const nameOf = (one) => one.id || `${one.querySelector('input').id} card`;
  window.looks = 0;
  window.moved = () => moved;
  const look = () => {
    requestAnimationFrame(look);
    if (!document.querySelector('#model-evidence')) return;
    window.looks += 1;
    for (const one of document.querySelectorAll(parts)) {
      const {top, height} = one.getBoundingClientRect(), name = nameOf(one);
      const was = places.get(name) ?? {top, height, scrolled: scrollY};
      const by = Math.max(Math.abs(top + scrollY - was.top - was.scrolled), Math.abs(height - was.height));
      if (by > 0.01) moved[name] = Math.max(by, moved[name] ?? 0);
      places.set(name, {top, height, scrolled: scrollY});
    }
  };
  look();
}"""


@pytest.mark.parametrize("width", [pytest.param(1280, marks=pytest.mark.slow), 375])
def test_nothing_moves_while_the_short_fits_report(open_page: OpenPage, width: int) -> None:
    page = open_page(width=width).page
    walk = Walk(page)
    walk.start_at("Features", "Palmer penguins")
    # Columns of its own, so that no other test has had the same fits made before.
    page.locator("#features-columns tbody input:checked").nth(0 if width == 375 else 1).uncheck()
    page.evaluate(ARRIVAL)
    walk.click("button", "Continue")
    walk.heading("Model")
    assert page.locator("#model-evidence[hx-get]").count() == 1, "the fits are still to come"
    order = page.locator("#f-estimator .title").all_inner_texts()
    page.locator("#f-estimator label").nth(1).hover()
    page.locator("#model-evidence tbody .chip", has_text="first choice").wait_for(timeout=120_000)
    assert page.evaluate("() => window.moved()") == {}
    assert page.evaluate("() => window.looks") > 10
    assert page.locator("#f-estimator .title").all_inner_texts() == order


def test_a_new_order_is_shown_when_asked_for_and_keeps_the_pick(open_page: OpenPage) -> None:
    page = open_page().page
    _at_model(page, "Palmer penguins")
    page.locator("#model-evidence tbody .chip", has_text="first choice").wait_for(timeout=120_000)
    # Picked, and not sent yet.
    picked = page.evaluate(
        "() => { const all = document.querySelectorAll('#model-choices input'); all[2].checked = true; return all[2].id }"
    )
    link = page.get_by_role("link", name="Show the cards in the new order")
    if link.count():
        link.click()
        page.locator("#model-choices .chip", has_text="first choice").wait_for()
        focus_comes_to(page, "#f-estimator")
        assert link.count() == 0
    # The table is sorted by score; among those that only luck tells apart, the cards begin with the choice.
    first = page.locator("#model-evidence tbody th", has_text="first choice").inner_text()
    assert page.locator("#model-choices .title").first.inner_text().split(" first choice")[0] in first
    assert page.locator(f"#{picked}").is_checked()


def test_a_poll_takes_no_button_away_that_is_held_down(open_page: OpenPage) -> None:
    page = open_page().page
    Walk(page).start_at("Data")
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


def test_a_fault_in_the_search_space_is_said_in_its_cell(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    walk = _at_model(page)
    walk.choose_estimator("ridge")
    page.locator("#h-tune", has_text="Ridge").wait_for()
    page.locator("#f-tuning-enabled-true").check(force=True)
    low = page.locator("#f-space-ridge-alpha-low")
    low.fill("nothing")
    fault = page.locator("td #f-space-ridge-alpha-low-e")
    fault.wait_for()
    assert low.get_attribute("aria-describedby") == "f-space-ridge-alpha-low-e"
    assert low.get_attribute("aria-invalid") == "true"
    page.get_by_role("button", name="Continue", exact=True).click()
    summary = page.locator("#shared-errors")
    summary.wait_for()
    assert summary.evaluate("(one) => one.getBoundingClientRect().top >= 0"), "what is wrong is read first"
    summary.locator("a").click()
    focus_comes_to(page, "#f-space-ridge-alpha-low")
    page.locator("#f-space-ridge-alpha-low").fill("0.1")
    fault.wait_for(state="detached")
    assert page.locator("#f-space-ridge-alpha-low").get_attribute("aria-invalid") is None
