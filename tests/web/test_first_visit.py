"""A file that nobody has measured yet: what the steps show before, while and after its columns are measured."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import numpy as np
import pandas as pd
import pytest

from app.domain.vocabulary import JobKind
from app.services.drafts import drafts
from app.services.jobs import life_cycle
from app.storage import jobs
from app.storage.db import db
from app.storage.tables import Dataset, DraftRow, User
from tests.services.measured import associate
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, Page, answers_of, step_path, words_of

LATER = ("features", "model", "validation", "review")


@pytest.fixture
def fresh_file(user: User) -> Dataset:
    """Return a file that only a worker measures: of its columns two add up to the target, as in a count of cyclists."""
    random = np.random.default_rng(8)
    frame = pd.DataFrame(
        random.gamma(2.0, size=(9_000, 16)).round(1), columns=[f"gauge_{position}" for position in range(16)]
    )
    frame["registered"] = random.poisson(150, size=9_000) + (8 * frame["gauge_0"]).astype(int)
    frame["casual"] = random.poisson(30, size=9_000)
    frame["cnt"] = frame["registered"] + frame["casual"]
    return upload(user, frame.to_csv(index=False).encode(), "cyclists.csv")


@pytest.fixture
def river(user: User, fresh_file: Dataset) -> DraftRow:
    return draft_on(user, fresh_file, target="cnt")


def _poller(page: Page) -> Element:
    return page.element("wizard-measuring")


def _look(browser: Browser, page: Page) -> Page:
    """Ask what has come meanwhile, as the page does by itself."""
    return browser.get(str(_poller(page).get("hx-get")), htmx=True)


def _swapped(page: Page) -> set[str]:
    return {str(element.get("id")) for element in page.tree.iter() if element.get("hx-swap-oob") == "true"}


@pytest.mark.parametrize("slug", LATER)
def test_a_step_says_that_columns_are_measured_and_looks(browser: Browser, river: DraftRow, slug: str) -> None:
    page = browser.get(step_path(river, slug))
    place = _poller(page)
    assert place.get("hx-trigger") == "every 2s"
    assert "0 of 18 columns so far." in words_of(place)
    included = str(place.get("hx-include") or "")
    assert not included or page.has(included.removeprefix("#"))
    refresh = re.search(r"<noscript>.*?</noscript>", page.text[page.text.index("wizard-measuring") :], re.DOTALL)
    assert refresh is not None
    assert f'href="{step_path(river, slug)}">Refresh</a>' in refresh[0]
    again = _look(browser, page)
    assert again.status == 200
    assert _poller(again).get("hx-trigger") == "every 2s"
    assert _swapped(again) == set(), "Nothing changed, so nothing on the page is drawn anew."


def test_what_is_measured_comes_to_features_by_itself(browser: Browser, river: DraftRow, fresh_file: Dataset) -> None:
    page = browser.get(step_path(river, "features"))
    assert {"c16", "c17"} <= set(page.value_of("column"))
    assert not words_of(page.element("features-leaks"))
    associate(fresh_file, "cnt")
    news = _look(browser, page)
    assert _swapped(news) == {
        "features-leaks",
        "features-ticks",
        "features-set",
        "features-recipes",
        "wizard-side",
        "wizard-count",
    }
    words = words_of(news.element("features-leaks"))
    assert "registered + casual is cnt." in words
    assert "Would you know registered and casual at the moment when cnt is to be predicted?" in words
    ticked = {element.get("value") for element in news.tree.iter("input") if element.get("checked") is not None}
    assert ticked == {f"c{position}" for position in range(16)}
    assert _poller(news).get("hx-trigger") is None
    assert "1 question waits for your answer" in words_of(_poller(news))
    assert "16 measured" in words_of(news.element("wizard-side"))


def test_the_list_that_comes_keeps_what_was_asked_for(browser: Browser, river: DraftRow, fresh_file: Dataset) -> None:
    page = browser.get(f"{step_path(river, 'features')}?q=regis")
    assert _poller(page).get("hx-include") == "#features-query"
    query = page.element("features-query").get("value")
    associate(fresh_file, "cnt")
    news = browser.get(f"{_poller(page).get('hx-get')}&query={query}", htmx=True)
    listed = news.element("features-ticks")
    assert [element.get("value") for element in listed.iter("input") if element.get("name") == "column"] == ["c16"]


def test_a_tick_that_nobody_made_is_no_answer(
    browser: Browser, user: User, river: DraftRow, fresh_file: Dataset
) -> None:
    path = step_path(river, "features")
    page = browser.get(path)
    associate(fresh_file, "cnt")
    # Without scripts the page still shows both columns ticked, and goes on.
    browser.press(page, "Continue", {"column": [key for key in page.value_of("column") if key != "c3"]})
    assert answers_of(user, river)["features"] == {"column.c3": False}
    plan = drafts.plan_of(user, drafts.get_draft(user, river.id))
    assert plan.spec is not None
    assert not {"registered", "casual"} & set(plan.spec.features.selected)


def test_one_answer_decides_about_all_parts_of_a_sum(
    browser: Browser, user: User, river: DraftRow, fresh_file: Dataset
) -> None:
    associate(fresh_file, "cnt")
    path = step_path(river, "features")
    browser.press(browser.get(path), "No", to="/leak")
    assert answers_of(user, river)["features"] == {"leak.c16": "not_known", "leak.c17": "not_known"}
    answered = browser.get(path)
    assert "registered, casual: No, left out." in words_of(answered.element("features-leaks"))
    browser.press(answered, "Change", to="/leak")
    assert "features" not in answers_of(user, river)


def test_review_is_never_green_before_leaks_are_answered(
    browser: Browser, river: DraftRow, fresh_file: Dataset
) -> None:
    path = step_path(river, "review")

    def verdict(page: Page) -> Element:
        element = page.element("review-verdict")
        assert ("Ready to launch." in words_of(element)) == ("success" in str(element.get("class")))
        return element

    before = browser.get(path)
    assert "The search for leaks is still running." in words_of(verdict(before))
    associate(fresh_file, "cnt")
    news = _look(browser, before)
    assert {"review-verdict", "review-features", "wizard-side"} <= _swapped(news)
    assert "1 question is open about what would be known at prediction time." in words_of(verdict(news))
    assert "1 question about what would be known" in words_of(news.element("review-features"))
    browser.press(browser.get(step_path(river, "features")), "No", to="/leak")
    assert "Ready to launch." in words_of(verdict(browser.get(path)))


def test_a_strong_leak_that_is_left_out_is_still_a_question(
    browser: Browser, river: DraftRow, fresh_file: Dataset
) -> None:
    associate(fresh_file, "cnt")
    page = browser.get(step_path(river, "review"))
    assert "16: " in words_of(page.element("review-features"))
    assert "Ready to launch." not in page.words


def test_other_steps_follow_too(browser: Browser, river: DraftRow, fresh_file: Dataset) -> None:
    pages = {slug: browser.get(step_path(river, slug)) for slug in ("model", "validation")}
    associate(fresh_file, "cnt")
    news = {slug: _look(browser, page) for slug, page in pages.items()}
    assert "model-evidence" in _swapped(news["model"])
    assert _swapped(news["validation"]) == {"wizard-side", "wizard-count"}
    single = browser.get(f"{step_path(river, 'single-page')}")
    assert not _poller(single).get("hx-get")


def test_the_single_page_follows_too(browser: Browser, river: DraftRow, fresh_file: Dataset) -> None:
    page = browser.get(step_path(river, "single-page"))
    assert page.has(str(_poller(page).get("hx-include")).removeprefix("#"))
    associate(fresh_file, "cnt")
    assert _swapped(_look(browser, page)) == {
        "features-ticks",
        "features-set",
        "features-recipes",
        "wizard-side",
        "wizard-count",
    }


def test_measuring_that_was_stopped_is_said_and_not_green(
    browser: Browser, river: DraftRow, fresh_file: Dataset
) -> None:
    page = browser.get(step_path(river, "review"))
    job = jobs.find_job(fresh_file.id, JobKind.ASSOCIATE)
    assert job is not None
    life_cycle.cancel_job(job.id)
    db.session.expire_all()
    news = _look(browser, page)
    assert "did not finish. 0 of 18 columns are compared with the target." in words_of(_poller(news))
    assert "The search for leaks did not finish." in words_of(news.element("review-verdict"))
    stopped = browser.get(step_path(river, "review"))
    after = browser.press(stopped, "Measure again", to="/measure")
    assert (after.status, after.goes_to) == (303, step_path(river, "review"))
    assert _poller(browser.follow(after)).get("hx-trigger") == "every 2s"
    associate(fresh_file, "cnt")
    assert "The search for leaks did not finish." not in browser.get(step_path(river, "review")).words


@pytest.mark.parametrize("slug", [*LATER, "single-page"])
def test_the_address_of_the_look_is_no_page(browser: Browser, river: DraftRow, slug: str) -> None:
    answer = browser.get(f"{step_path(river, slug)}/measured?seen=x")
    assert (answer.status, answer.goes_to) == (303, step_path(river, slug))
