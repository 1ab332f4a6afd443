"""What is done while an answer is under way: each answer is held back for as long as the race needs to be certain."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import OpenPage, Product, wait_until, watched_page
from tests.browser.walk import STEPS, Walk, focus_comes_to

pytestmark = pytest.mark.browser
SEED, METRIC, BOX = "#f-seed", "#f-primary-metric", "#f-other-metrics [type=checkbox]"
PENALTY, SOLVER = "#f-logistic-regression-penalty", "#f-logistic-regression-solver"
STRATEGY = ":is(#f-strategy-k-fold, #f-strategy-repeated-k-fold):not(:checked)"
AUTOSAVE = "**/autosave"
# A change as early as any script could make it: at the end of the task that put the control on the page.
CHANGED_AT_ONCE = """([selector, value]) => {
  const watch = new MutationObserver(() => {
    const control = document.querySelector(selector);
    if (!control) return;
    watch.disconnect();
    control.value = value;
    for (const name of ['input', 'change']) control.dispatchEvent(new Event(name, {bubbles: true}));
  });
  watch.observe(document.getElementById('wizard'), {childList: true, subtree: true});
}"""


class Held:
    """The next answer from an address: the server has given it, and the page does not have it yet."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.found: list[tuple[Any, Any]] = []
        page.route(address, self._take)

    def _take(self, route: Any) -> None:
        if self.found:
            route.fallback()
        else:
            self.found.append((route, route.fetch()))

    def wait(self) -> None:
        """Wait until the server has answered."""
        for _ in range(600):
            if self.found:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("nothing was asked")

    def release(self) -> None:
        """Let the page have it."""
        self.wait()
        route, answer = self.found[0]
        route.fulfill(response=answer)


@pytest.fixture(scope="module")
def steps(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> dict[str, str]:
    """Return the address of every step of a draft about classes."""
    with watched_page(browser, product.url, storage_state=signed_in_state) as watched:
        above = Walk(watched.page).start_at("Review", "Palmer penguins")
    return {title: f"{above}/{title.lower()}" for title in STEPS}


def _is_saved(page: Any, address: str, what: str) -> None:
    """Load the step anew until it shows this: what a page sends on its way out may take a moment."""

    def shows() -> bool:
        page.goto(address)
        return bool(page.locator(what).count())

    wait_until(shows, seconds=20, what=f"{what} on the step when it is loaded anew")


def _flip(page: Any) -> str:
    """Turn one of the boxes over, and return how to find it as it must be from now on."""
    box = page.locator(BOX).first
    ident, is_ticked = box.get_attribute("id"), box.is_checked()
    box.evaluate("(one) => one.click()")
    return f"#{ident}:not(:checked)" if is_ticked else f"#{ident}:checked"


def test_a_change_in_the_task_of_a_redraw_is_heard(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Model"])
    page.evaluate(CHANGED_AT_ONCE, [PENALTY, "l1"])
    Walk(page).choose_estimator("logistic_regression")
    page.locator(f"{SOLVER}-e", has_text="knows no L1 penalty").wait_for()
    page.get_by_role("button", name="Use all recommendations").click()
    page.get_by_text("Every setting is as recommended.").wait_for()


def test_a_preview_has_its_focus_as_soon_as_it_is_there(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Features"])
    page.evaluate(
        """() => new MutationObserver(() => { window.focused ??= document.activeElement.id; })
          .observe(document.getElementById('features-strategy-slot'), {childList: true})"""
    )
    page.locator("#features-strategies summary").press("Enter")
    page.get_by_label("Threshold").press("Enter")
    page.locator("#features-strategy").wait_for()
    assert page.evaluate("() => window.focused") == "features-strategy"


def test_a_redraw_leaves_what_was_chosen_meanwhile(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Validation"])
    chosen = page.locator(STRATEGY).first.get_attribute("id")
    other = page.locator(f"{METRIC} option:not(:checked)").last.get_attribute("value")
    current = Held(page, AUTOSAVE)
    page.locator(f"#{chosen}").check(force=True)
    current.wait()
    page.locator(METRIC).select_option(other)
    wanted = _flip(page)
    current.release()
    page.locator(f"{METRIC} option[value={other}][selected]").wait_for(state="attached")
    for what in (f"#{chosen}:checked", f"{METRIC} option[value={other}]:checked", wanted):
        assert page.locator(what).count() == 1, what
    _is_saved(page, steps["Validation"], wanted)
    assert page.locator(METRIC).input_value() == other
    assert page.locator(f"#{chosen}").is_checked()


def test_a_redraw_leaves_what_is_being_typed(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Validation"])
    current = Held(page, AUTOSAVE)
    page.locator(STRATEGY).first.check(force=True)
    current.wait()
    page.locator(SEED).press("Control+a")
    page.locator(SEED).press_sequentially("86")
    current.release()
    page.locator(f"{SEED}[value='86']").wait_for()
    assert page.locator(SEED).input_value() == "86"
    focus_comes_to(page, SEED)


def test_a_change_just_before_an_answer_is_saved(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Validation"])
    current = Held(page, AUTOSAVE)
    page.locator(SEED).fill("17")
    current.wait()
    with page.expect_request(AUTOSAVE):
        wanted = _flip(page)
        current.release()
    _is_saved(page, steps["Validation"], wanted)


@pytest.mark.parametrize("way", ["step", "page", "form", "back", "close"])
def test_leaving_a_step_loses_no_answer(open_page: OpenPage, steps: dict[str, str], way: str) -> None:
    page = open_page().page
    page.goto(steps["Review"])
    page.goto(steps["Validation"])
    wanted = _flip(page)
    if way == "step":
        page.locator(".stepper a", has_text="Model").evaluate("(one) => one.click()")
        Walk(page).heading("Model")
    elif way == "page":
        page.get_by_role("link", name="Datasets", exact=True).evaluate("(one) => one.click()")
        Walk(page).heading("Datasets")
    elif way == "form":
        with page.expect_navigation():
            page.locator("details.menu button", has_text="Save theme").evaluate("(one) => one.click()")
    elif way == "back":
        page.evaluate("() => history.back()")
        Walk(page).heading("Review")
    else:
        page.close(run_before_unload=True)
        page = open_page().page
    _is_saved(page, steps["Validation"], wanted)


def test_no_answer_takes_a_button_away_that_is_held_down(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Validation"])
    current = Held(page, AUTOSAVE)
    page.locator(STRATEGY).first.check(force=True)
    current.wait()
    page.get_by_role("button", name="Continue", exact=True).last.hover()
    page.mouse.down()
    with page.expect_response(AUTOSAVE):
        current.release()
    page.wait_for_timeout(200)
    page.mouse.up()
    Walk(page).heading("Review")


def test_a_poll_from_before_a_save_shows_nothing_older(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Validation"])
    current = Held(page, "**/health/live")
    page.evaluate(
        """() => {
            const polled = document.createElement('div');
            polled.id = 'polled';
            for (const [name, value] of [['get', '/health/live'], ['trigger', 'every 1s'], ['swap', 'outerHTML']])
                polled.setAttribute(`hx-${name}`, value);
            document.querySelector('main').prepend(polled);
            htmx.process(polled);
        }"""
    )
    current.wait()
    with page.expect_response(AUTOSAVE):
        _flip(page)
    page.wait_for_function("() => !document.querySelector('#wizard-saver.htmx-request')")
    with page.expect_response("**/health/live"):
        current.release()
    assert page.locator("#polled").count() == 1
    page.locator("#polled").wait_for(state="detached")


@pytest.mark.parametrize("late", ["first", "last"])
def test_of_two_views_the_one_asked_for_last_stays(open_page: OpenPage, steps: dict[str, str], late: str) -> None:
    page = open_page().page
    page.goto(steps["Features"])
    helds = {view: Held(page, f"**/correlations?view={view}") for view in ("pairs", "matrix")}
    for name in ("Ranked pairs", "All pairs"):
        page.get_by_role("link", name=name, exact=True).click()
    for item in helds.values():
        item.wait()
    for view in ("matrix", "pairs") if late == "first" else ("pairs", "matrix"):
        helds[view].release()
        page.wait_for_timeout(300)
    page.locator(".tabs a[aria-current]", has_text="All pairs").wait_for()


def test_a_change_before_the_scripts_are_there_is_saved(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    current = Held(page, "**/htmx.min.js*")
    page.goto(steps["Validation"], wait_until="commit")
    page.locator(BOX).first.wait_for()
    wanted = _flip(page)
    with page.expect_response(AUTOSAVE):
        current.release()
    _is_saved(page, steps["Validation"], wanted)


def test_a_table_in_a_new_order_keeps_what_was_changed(open_page: OpenPage, steps: dict[str, str]) -> None:
    page = open_page().page
    page.goto(steps["Data"])
    page.get_by_text("Search and filter").click()
    current = Held(page, "**/data/columns?*")
    page.get_by_label("Order by").select_option(label="Name")
    current.wait()
    kind = page.get_by_label("Kind of Sample Number")
    with page.expect_response(AUTOSAVE):
        kind.select_option("categorical")
        current.release()
    _is_saved(page, steps["Data"], "select[aria-label='Kind of Sample Number'] option[selected]:text-is('categorical')")
