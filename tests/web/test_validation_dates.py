"""The Validation step with dates: which fields stand there, what the picture and the review say, with no script."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.storage.tables import DraftRow, User
from tests.services.tables import save
from tests.web.client import Browser, Page, draft_on_sample, step_path, words_of

SHOW = "Show the fields of this choice"


def shown(browser: Browser, row: DraftRow, button: str, **typed: str) -> Page:
    """Press a button of the Validation step, and return the page that it leads to."""
    page = browser.press(browser.get(step_path(row, "validation")), button, typed)
    assert page.status == 303
    return browser.get(page.goes_to)


def words_on(page: Page) -> str:
    return re.sub(r"\s+", " ", words_of(page.tree))


def test_a_date_is_held_out_without_scripts(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    page = shown(browser, row, SHOW, holdout_by="date")
    assert page.value_of("holdout_from") == ["2007-12-31"]
    assert "holdout_percent" not in page.answers.names
    page = shown(browser, row, SHOW, holdout_from="2006-10-01", warm_up="365")
    words = words_on(page)
    assert "2006-10-01 to 2014-09-30" in words
    assert "The warm-up of 365 steps leaves out 365 rows." in words
    review = words_on(shown(browser, row, "Continue"))
    assert "from 2006-10-01 on" in review
    assert "365 steps" in review


def test_a_water_year_says_from_which_day_on(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    page = shown(browser, row, SHOW, holdout_by="water_year")
    assert (page.value_of("holdout_year"), page.value_of("holdout_month")) == (["2008"], ["10"])
    page = shown(browser, row, SHOW, holdout_year="2007")
    assert re.search(r"Held out: [^.]*2006-10-01", words_on(page))
    back = shown(browser, row, SHOW, holdout_by="share")
    assert back.value_of("holdout_percent") == ["20"]
    again = shown(browser, row, SHOW, holdout_by="water_year")
    assert again.value_of("holdout_year") == ["2007"], "nothing is lost"


def test_folds_of_whole_water_years_show_their_month(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    page = shown(browser, row, "Show the settings of this choice", **{"time_series.align": "water_year"})
    assert page.value_of("time_series.start_month") == ["10"]
    dates = re.findall(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)", words_on(page))
    # Every second range is what a fold validates; the last is held out.
    for first, last in dates[1:-2:2]:
        assert first.endswith("-10-01")
        assert last.endswith("-09-30") or last == dates[-3][1]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"holdout_from": "1.10.2006"}, "f-holdout-from"),
        ({"holdout_from": "2031-01-01"}, "f-holdout-from"),
        ({"holdout_to": "1999-01-01"}, "f-holdout-to"),
    ],
)
def test_a_wrong_date_stays_in_its_field(browser: Browser, user: User, typed: dict[str, Any], field: str) -> None:
    row = draft_on_sample(user)
    save(user, row, step="validation", holdout_by="date", holdout_from="2006-10-01")
    page = browser.press(browser.get(step_path(row, "validation")), "Continue", typed)
    assert page.status == 422
    assert [link for _, link in page.problems()] == [f"#{field}"]
    (name, value) = next(iter(typed.items()))
    assert page.value_of(name) == [value]


def test_a_late_water_year_links_to_its_sentence(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    save(user, row, step="validation", holdout_by="water_year", holdout_year="2031")
    page = browser.press(browser.get(step_path(row, "validation")), "Continue")
    assert page.status == 422
    assert [link for _, link in page.problems()] == ["#f-holdout-from"]
    assert "nothing can be held out" in words_of(page.element("f-holdout-from"))


def test_without_time_only_a_share_is_offered(browser: Browser, user: User) -> None:
    page = browser.get(step_path(draft_on_sample(user, "penguins"), "validation"))
    assert page.value_of("holdout_percent") == ["20"]
    assert {"holdout_by", "warm_up"} & set(page.answers.names) == set()


@pytest.mark.parametrize(
    ("purpose", "misleading"),
    [
        ("simulate", ["holdout", "k_fold", "repeated_k_fold", "masked_blocks"]),
        ("fill_gaps", ["time_series", "holdout", "k_fold", "repeated_k_fold"]),
    ],
)
def test_a_strategy_that_judges_something_else_is_marked(
    browser: Browser, user: User, purpose: str, misleading: list[str]
) -> None:
    row = draft_on_sample(user)
    save(user, row, step="data", purpose=purpose)
    text = browser.get(step_path(row, "validation")).text
    cards = re.findall(r'name="strategy"\s+id="[^"]+"\s+value="(\w+)"(.*?)</label>', text, re.DOTALL)
    assert [strategy for strategy, card in cards if "misleads here" in card] == misleading
