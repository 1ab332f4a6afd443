"""A newcomer's whole way, with JavaScript on and off, in a real browser against the real product."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import ROOT, OpenPage
from tests.browser.walk import STEPS, Walk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="javascript"), pytest.param(False, id="no-javascript", marks=pytest.mark.slow)]
)
def test_sample_and_defaults_give_a_judged_experiment(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    walk = Walk(page)
    walk.choose_sample()
    walk.accept_all_defaults()
    assert walk.wait_for_end(javascript=javascript) == "Finished"
    # A newcomer makes one click more, at the one-time link: "Sign in".
    assert walk.clicks + 1 <= 8
    text = page.locator("main").inner_text()
    judged = r"Simulation from weather: it beats the day-of-year mean, NSE 0\.\d+ against 0\.\d+"
    assert re.search(judged, text), text[:1500]
    assert page.locator("svg.chart").count() >= 3
    if javascript:
        page.locator("figure[data-chart]").first.scroll_into_view_if_needed()
        page.locator("canvas").first.wait_for()
    else:
        assert page.locator("canvas:visible").count() == 0
    for part in ("Hydrograph", "Residuals", "against observed", "Permutation importance", "scikit-learn"):
        assert part.lower() in text.lower() or page.get_by_text(part).count(), part


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "target", "purpose", "expected"),
    [
        ("Kingstown groundwater", "head_m", "Forecast ahead", "persistence"),
        ("Palmer penguins", "Species", "New rows like these", "Confusion"),
    ],
)
def test_the_other_samples_finish_too(
    open_page: OpenPage, title: str, target: str, purpose: str, expected: str
) -> None:
    page = open_page().page
    walk = Walk(page)
    page.goto("/experiments/new")
    page.get_by_label(re.compile(title.rsplit(maxsplit=1)[-1], re.IGNORECASE)).first.check()
    walk.click("button", "Use this sample")
    page.get_by_label("Target column", exact=True).wait_for()
    assert page.get_by_label("Target column", exact=True).input_value()
    page.get_by_label(purpose, exact=True).check()
    walk.accept_all_defaults()
    assert walk.wait_for_end(javascript=True) == "Finished"
    assert target in page.locator("main").inner_text()
    assert expected.lower() in page.locator("main").inner_text().lower()


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="javascript", marks=pytest.mark.slow), pytest.param(False, id="no-javascript")]
)
def test_a_file_is_uploaded_judged_and_taken_away(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    walk = Walk(page)
    page.goto("/experiments/new")
    page.get_by_label("Data file").set_input_files(ROOT / "samples" / "gw_kingstown_usgs_daily.csv")
    page.get_by_role("button", name=re.compile("^Upload")).first.click()
    page.get_by_label("Target column", exact=True).wait_for()
    page.get_by_label("Target column", exact=True).select_option("head_m")
    walk.accept_all_defaults()
    assert walk.wait_for_end(javascript=javascript) == "Finished"
    with page.expect_download() as predictions:
        page.get_by_role("link", name=re.compile("Predictions", re.IGNORECASE)).first.click()
    lines = predictions.value.path().read_text().splitlines()
    assert "observed" in lines[0]
    assert "predicted" in lines[0]
    assert len(lines) > 1000
    with page.expect_download() as config:
        page.get_by_role("link", name=re.compile("Config", re.IGNORECASE)).first.click()
    values = json.loads(config.value.path().read_text())
    assert values["schema_version"] == 1
    assert values["task"]["target"] == "head_m"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_an_experiment_can_be_cancelled(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    walk = Walk(page)
    walk.start_at("Model")
    # Six forests take long enough to be stopped on any machine.
    walk.choose_estimator("random_forest")
    for title in STEPS[2:4]:
        walk.heading(title)
        walk.click("button", "Continue")
    walk.heading("Review")
    walk.click("button", "Launch experiment")
    page.get_by_role("button", name=re.compile("^Cancel")).first.click()
    assert walk.wait_for_end(javascript=javascript) == "Cancelled"


def test_closing_the_browser_loses_nothing(open_page: OpenPage) -> None:
    first = open_page().page
    Walk(first).start_at("Validation")
    with first.expect_response("**/autosave"):
        first.get_by_label("Seed").fill("777")
    first.get_by_text(re.compile(r"Saved")).first.wait_for()
    address = first.url
    first.close()
    second = open_page().page
    second.goto(address)
    assert second.get_by_label("Seed").input_value() == "777"


def test_two_tabs_never_overwrite_each_other_silently(open_page: OpenPage) -> None:
    watched = open_page(javascript=False)
    watched.expect("status of 409")
    item = watched.page
    Walk(item).start_at("Validation")
    two = open_page(javascript=False).page
    two.goto(item.url)
    two.get_by_label("Seed").fill("5")
    two.get_by_role("button", name="Continue", exact=True).click()
    two.locator("h1", has_text="Review").wait_for()
    item.get_by_label("Seed").fill("6")
    item.get_by_role("button", name="Continue", exact=True).click()
    item.get_by_role("button", name=re.compile("[Kk]eep mine")).first.wait_for()
    item.wait_for_load_state()
    text = item.locator("#wizard-conflict").inner_text()
    assert "5" in text
    assert "6" in text
    item.get_by_role("button", name=re.compile("[Kk]eep mine")).first.click()
    item.locator("#wizard-conflict").wait_for(state="detached")
    two.reload()
    two.goto(two.url.replace("review", "validation"))
    assert two.get_by_label("Seed").input_value() == "6"


def test_a_question_between_two_tabs_holds_the_step_until_it_is_answered(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expect("status of 409")
    item = watched.page
    Walk(item).start_at("Validation")
    two = open_page().page
    two.goto(item.url)
    two.get_by_label("Seed").fill("5")
    two.get_by_role("button", name="Continue", exact=True).click()
    two.locator("h1", has_text="Review").wait_for()
    item.get_by_label("Seed").fill("6")
    item.get_by_label("Seed").blur()
    item.get_by_role("button", name="Keep mine").wait_for()
    # A click that was meant for the page before must not choose in silence.
    assert item.get_by_role("button", name="Continue", exact=True).last.is_disabled()
    assert item.get_by_label("Seed").is_disabled()
    assert violations(item) == []
    item.get_by_role("button", name="Keep mine").click()
    item.locator("#wizard-conflict").wait_for(state="detached")
    assert item.get_by_label("Seed").input_value() == "6"
    item.reload()
    assert item.get_by_label("Seed").input_value() == "6"


def test_what_could_not_be_sent_is_kept_and_offered_again(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.page
    Walk(page).start_at("Validation")
    page.context.set_offline(True)
    page.get_by_label("Seed").fill("4242")
    page.get_by_label("Seed").blur()
    page.get_by_text(re.compile("[Nn]ot saved|not sent|could not be (sent|saved)")).first.wait_for()
    page.context.set_offline(False)
    page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("[Ss]end")).first.click()
    page.reload()
    assert page.get_by_label("Seed").input_value() == "4242"
    assert page.evaluate("() => Object.keys(localStorage)") == []
    watched.expect("ERR_INTERNET_DISCONNECTED", "htmx:sendError")


def test_a_bad_file_says_why_and_loses_nothing(open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory) -> None:
    page_file = tmp_path_factory.mktemp("bad") / "login.csv"
    page_file.write_text("<!doctype html><html><body>Sign in</body></html>")
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    walk = Walk(page)
    walk.choose_sample()
    page.get_by_label("Data file").set_input_files(page_file)
    page.get_by_role("button", name=re.compile("^Upload")).first.click()
    page.get_by_text("There is a problem").wait_for()
    assert "web page" in page.locator("main").inner_text()
    page.reload()
    assert page.get_by_label("Target column", exact=True).input_value() == "discharge_mm"
