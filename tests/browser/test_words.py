"""How much a page says on arrival: no step of the wizard shows more words than a reader takes in."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.walk import STEPS, Walk
from tests.browser.words import MAX_WORDS, settle, visible_text, visible_words

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("step", STEPS)
def test_a_step_shows_few_words_on_arrival(open_page: OpenPage, step: str) -> None:
    page = open_page().page
    Walk(page).start_at(step)
    settle(page)
    assert visible_words(page) <= MAX_WORDS, visible_text(page)


def test_help_opens_without_scripts(open_page: OpenPage) -> None:
    page = open_page(javascript=False).page
    Walk(page).start_at("Validation")
    help_of_gap = page.locator("details.help", has_text="Help: Gap")
    assert not page.get_by_text("Steps left out between training and validation.").is_visible()
    help_of_gap.locator("summary").click()
    assert page.get_by_text("Steps left out between training and validation.").is_visible()
