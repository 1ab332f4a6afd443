"""The Validation step in a browser: a date and a water year by clicks, and a picture that follows what is chosen."""

from __future__ import annotations

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_split_at_a_date_is_drawn_as_it_is_chosen(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme).page
    Walk(page).start_at("Validation")
    page.get_by_text("From a date", exact=True).click()
    page.locator("#f-holdout-from").wait_for()
    page.locator("#f-holdout-from").fill("2006-10-01")
    page.locator("#f-seed").focus()
    page.locator("main table.data", has_text="2006-10-01 to 2014-09-30").wait_for(state="attached")
    page.get_by_text("From a water year", exact=True).click()
    page.locator("#f-holdout-year").wait_for()
    page.locator("#f-holdout-year").fill("2005")
    page.locator("#f-seed").focus()
    page.locator("main table.data", has_text="2004-10-01 to 2014-09-30").wait_for(state="attached")
    assert page.locator("svg.split text", has_text="1980-01-01").is_visible()
    assert sideways_overflow(page) <= 0
    assert violations(page) == []
