"""Windows and gaps are said in steps and in time on the pages."""

from __future__ import annotations

from app.storage.tables import DraftRow, User
from tests.services.tables import save
from tests.web.client import Browser, draft_on_sample, step_path


def test_the_gap_is_said_in_days_of_a_daily_series(browser: Browser, user: User, draft: DraftRow) -> None:
    save(user, draft, step="data", purpose="forecast", horizon="1")
    assert "look back 31 steps (31 days)" in browser.get(step_path(draft, "validation")).words
    save(user, draft, step="validation", **{"time_series.gap": "14"})
    page = browser.get(step_path(draft, "validation"))
    assert "14 days." in page.words
    assert "look back 31 steps (31 days)" in page.words
    assert "14 steps (14 days)" in browser.get(step_path(draft, "review")).words


def test_features_that_look_back_are_said_in_days(browser: Browser, draft: DraftRow) -> None:
    assert "over 3 to 365 days" in browser.get(step_path(draft, "features")).words


def test_rows_without_time_have_no_steps(browser: Browser, user: User) -> None:
    page = browser.get(step_path(draft_on_sample(user, "penguins"), "validation"))
    assert "steps (" not in page.words
