"""Several candidates on the Model step: switched on, changed, blended, and taken to the review, without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.drafts import drafts
from app.storage.tables import DraftRow, User
from tests.web.client import Browser, Page, answers_of, step_path

APPLY, COMPETE = "Show this choice", {"compete": "several"}


@pytest.fixture
def contest(browser: Browser, draft: DraftRow) -> Page:
    """Return the Model step of the streamflow sample with the suggested candidates."""
    browser.press(browser.get(step_path(draft, "model")), APPLY, COMPETE)
    return browser.get(step_path(draft, "model"))


def push(browser: Browser, page: Page, action: str, changes: dict[str, Any] | None = None) -> Page:
    """Press the button with this value, of which several may have the same words."""
    form = page.answers
    return browser.post(form.action, {**form.filled(changes or {}), "action": action})


def candidates_of(user: User, row: DraftRow) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = answers_of(user, row)["model"]["candidates"]
    return results


def test_the_switch_brings_the_recommended_candidates(contest: Page, user: User, draft: DraftRow) -> None:
    listed = candidates_of(user, draft)
    assert 2 <= len(listed) <= 12
    assert listed[0]["estimator"] == "averaged_trees"
    assert contest.syntax_faults == []
    assert f"Remove candidate {len(listed)}" in contest.text
    assert contest.value_of("compete") == ["several"]
    assert contest.value_of("blend") == ["true"]
    assert "Settings for" not in contest.words, (
        "the settings of one estimator would stand beside those of the candidates"
    )


def test_one_estimator_again_forgets_the_candidates(
    browser: Browser, contest: Page, user: User, draft: DraftRow
) -> None:
    browser.press(contest, APPLY, {"compete": "one"})
    assert "candidates" not in answers_of(user, draft).get("model", {})
    assert "Settings for" in browser.get(step_path(draft, "model")).words


def test_candidates_are_added_copied_and_removed(browser: Browser, contest: Page, user: User, draft: DraftRow) -> None:
    before = candidates_of(user, draft)
    push(browser, contest, "add-candidate", {"candidate.new": "decision_tree"})
    assert [candidate["estimator"] for candidate in candidates_of(user, draft)] == [
        *(item["estimator"] for item in before),
        "decision_tree",
    ]
    push(browser, browser.get(step_path(draft, "model")), "copy-candidate:1")
    assert candidates_of(user, draft)[0] == candidates_of(user, draft)[1]
    page = browser.get(step_path(draft, "model"))
    assert "twice" in page.words or "same" in page.words
    push(browser, page, "remove-candidate:2")
    push(browser, browser.get(step_path(draft, "model")), "suggested-set")
    assert candidates_of(user, draft) == before


def test_a_setting_of_a_candidate_is_kept_and_a_wrong_one_refused(
    browser: Browser, contest: Page, user: User, draft: DraftRow
) -> None:
    browser.press(contest, APPLY, {"candidate.1.learning_rate": "0.07", "blend": "false"})
    assert candidates_of(user, draft)[0]["parameters"]["learning_rate"] == 0.07
    assert answers_of(user, draft)["model"]["blend"] is False
    page = browser.get(step_path(draft, "model"))
    refusal = browser.press(page, "Continue", {"candidate.1.learning_rate": "fast"})
    assert refusal.status == 422
    assert "fast" in refusal.text
    assert candidates_of(user, draft)[0]["parameters"]["learning_rate"] == "fast"
    page = browser.get(step_path(draft, "model"))
    push(browser, page, "heal:candidate.1.learning_rate:candidate_setting_invalid")
    assert "learning_rate" not in candidates_of(user, draft)[0]["parameters"]


def test_the_review_tells_of_the_contest(browser: Browser, contest: Page, draft: DraftRow) -> None:
    browser.press(contest, "Continue")
    page = browser.get(step_path(draft, "review"))
    assert page.status == 200
    assert "contest" in page.words.lower() or "compete" in page.words.lower()
    assert page.syntax_faults == []


@pytest.mark.parametrize("action", ["remove-candidate:99", "copy-candidate:x", "add-candidate", "remove-candidate:-1"])
def test_a_button_for_nothing_changes_nothing(
    browser: Browser, contest: Page, user: User, draft: DraftRow, action: str
) -> None:
    before = candidates_of(user, draft)
    assert push(browser, contest, action, {"candidate.new": "gone"}).status == 303
    assert candidates_of(user, draft) == before


def test_too_many_candidates_are_refused_and_stay_in_sight(
    browser: Browser, contest: Page, user: User, draft: DraftRow
) -> None:
    for _ in range(15):
        push(browser, browser.get(step_path(draft, "model")), "copy-candidate:1")
    page = browser.get(step_path(draft, "model"))
    assert len(candidates_of(user, draft)) == 13
    assert "There are 13 candidates; at most 12 compete." in page.words
    assert "Remove candidate 13" in page.text


def test_sixty_candidates_at_once_do_not_hide_the_contest(
    browser: Browser, contest: Page, user: User, draft: DraftRow
) -> None:
    listed = [{"estimator": "ridge", "parameters": {"alpha": 1.0 + number}} for number in range(60)]
    version = drafts.get_draft(user, draft.id).version
    drafts.save_answers(user, draft.id, step="model", changes={"candidates": listed}, version=version)
    page = browser.get(step_path(draft, "model"))
    assert "There are 60 candidates; at most 12 compete." in page.words
    assert "Remove candidate 12" in page.text
    assert len(candidates_of(user, draft)) == 60, "nothing that was answered is lost"
    push(browser, page, "heal:candidates:too_many_candidates")
    assert candidates_of(user, draft) == listed[:12]
