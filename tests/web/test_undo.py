"""The buttons that take back and bring back what was answered."""

from __future__ import annotations

from app.storage.tables import DraftRow
from tests.web.client import Browser, step_path


def test_undo_walks_back_and_redo_walks_forth(browser: Browser, draft: DraftRow) -> None:
    path = step_path(draft, "validation")
    assert not {"Undo last change", "Redo"} & set(browser.get(path).buttons)
    for seed in ("7", "8"):
        browser.press(browser.get(path), "Back", {"seed": seed})
    for button, expected in (("Undo last change", "7"), ("Undo last change", "42"), ("Redo", "7"), ("Redo", "8")):
        after = browser.press(browser.get(path), button)
        assert (after.status, after.goes_to) == (303, path)
        assert browser.follow(after).value_of("seed") == [expected]
    assert "Redo" not in browser.get(path).buttons


def test_undo_leads_to_the_step_where_the_change_is_seen(browser: Browser, draft: DraftRow) -> None:
    browser.press(browser.get(step_path(draft, "validation")), "Back", {"seed": "7"})
    after = browser.press(browser.get(step_path(draft, "model")), "Undo last change")
    assert after.goes_to == step_path(draft, "validation")


def test_continue_over_all_steps_leaves_nothing_to_undo(browser: Browser, draft: DraftRow) -> None:
    for slug in ("data", "features", "model", "validation"):
        page = browser.follow(browser.press(browser.get(step_path(draft, slug)), "Continue"))
        assert "Undo last change" not in page.buttons
