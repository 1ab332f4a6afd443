"""The Review step: what stands in the way and what is only warned of, the search, and what was really changed."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.tables import User
from tests.services.tables import draft_on, save, upload
from tests.web.client import Browser, draft_on_sample, step_path, words_of

READY = "Ready to launch."


def test_a_warning_is_told_where_the_launch_is_promised(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    page = browser.get(step_path(row, "review"))
    assert READY in words_of(page.element("review-verdict"))
    save(user, row, step="validation", strategy="k_fold")
    verdict = browser.get(step_path(row, "review")).element("review-verdict")
    assert "You can launch it, but Problems has 1 warning." in words_of(verdict)
    assert "warning" in str(verdict.get("class"))


def test_the_verdict_follows_what_is_typed(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    page = browser.get(step_path(row, "review"))
    typed = browser.post(f"{page.path}/autosave", page.answers.filled({"name": "x" * 5000}), htmx=True)
    verdict = typed.element("review-verdict")
    assert "1 answer needs attention before the launch." in words_of(verdict)
    assert verdict.get("hx-swap-oob") == "true"


def test_the_search_is_part_of_the_model(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    assert "trials in each fold" not in browser.get(step_path(row, "review")).words
    save(user, row, **{"estimator": "decision_tree", "tuning.enabled": "true", "tuning.trials": "10"})
    words = browser.get(step_path(row, "review")).words
    assert "Search 10 trials in each fold" in words
    assert "Searched: Maximum depth 1 to 100" in words


def test_only_what_differs_from_the_recommendation_is_called_changed(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    save(user, row, estimator="decision_tree")
    assert ">changed<" not in browser.get(step_path(row, "review")).text
    save(user, row, **{"decision_tree.max_depth": "3"})
    assert browser.get(step_path(row, "review")).text.count(">changed<") == 1


@pytest.mark.parametrize(
    ("chosen", "said"),
    [({}, "where the target often is"), ({"target": "rain"}, ""), ({"target": ""}, "")],
)
def test_a_reason_stands_beside_what_is_suggested_only(
    browser: Browser, user: User, chosen: dict[str, Any], said: str
) -> None:
    text = "rain,other\n" + "".join(f"{position % 7},{position % 11}.5\n" for position in range(200))
    row = draft_on(user, upload(user, text.encode()), **chosen)
    words = browser.get(step_path(row, "data")).words
    assert ("where the target often is" in words) == bool(said)


def test_what_cannot_be_left_out_has_no_such_button(browser: Browser, user: User) -> None:
    text = "rain,gappy,flow\n" + "".join(
        f"{position % 7},{position if position % 3 == 0 else ''},{position % 11 if position % 4 == 0 else ''}\n"
        for position in range(240)
    )
    row = draft_on(user, upload(user, text.encode()), target="flow")
    page = browser.get(step_path(row, "data"))
    assert "flow is missing on 75 % of the rows" in page.words
    buttons = [
        button.words for form in page.forms for button in form.buttons if button.words.startswith("Leave it out")
    ]
    assert [words.endswith("about gappy") for words in buttons] == [True]
