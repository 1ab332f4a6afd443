"""What is wrong with a contest on its page: said at the candidate, with everything that was answered kept."""

from __future__ import annotations

import pytest

from app.storage.tables import DraftRow, User
from tests.web.client import Browser, Page, step_path
from tests.web.test_contest_step import candidates_of, contest, push

__all__ = ["contest"]


def test_a_candidate_twice_is_said_and_both_stay(browser: Browser, contest: Page, user: User, draft: DraftRow) -> None:
    push(browser, contest, "copy-candidate:1")
    before = candidates_of(user, draft)
    refusal = browser.press(browser.get(step_path(draft, "model")), "Continue")
    assert refusal.status == 422
    assert any(message.startswith("Candidate 2 is the same as candidate 1") for message, _ in refusal.problems())
    assert candidates_of(user, draft) == before


def test_more_than_twelve_candidates_are_said_and_stay(
    browser: Browser, contest: Page, user: User, draft: DraftRow
) -> None:
    for _ in range(13 - len(candidates_of(user, draft))):
        push(browser, browser.get(step_path(draft, "model")), "copy-candidate:1")
    page = browser.get(step_path(draft, "model"))
    assert page.status == 200
    count = len(candidates_of(user, draft))
    assert count <= 13
    refusal = browser.press(page, "Continue")
    assert refusal.status == 422
    assert len(candidates_of(user, draft)) == count


@pytest.mark.parametrize("left", [1, 0])
def test_a_contest_of_too_few_is_said(browser: Browser, contest: Page, user: User, draft: DraftRow, left: int) -> None:
    while len(candidates_of(user, draft)) > max(left, 1):
        push(browser, browser.get(step_path(draft, "model")), "remove-candidate:1")
    page = browser.get(step_path(draft, "model"))
    if left:
        refusal = browser.press(page, "Continue")
        assert refusal.status == 422
        assert any("A contest needs two candidates or more" in message for message, _ in refusal.problems())
        assert len(candidates_of(user, draft)) == 1
        return
    push(browser, page, "remove-candidate:1")
    assert "Settings for" in browser.get(step_path(draft, "model")).words
