"""The search panel of the Model step, by forms alone: on and off, ranges and choices, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from app.storage.tables import DraftRow, User
from tests.web.client import Browser, Page, answers_of, draft_on_sample, step_path, words_of


def _open(browser: Browser, user: User, **answers: Any) -> tuple[DraftRow, Page]:
    row = draft_on_sample(user)
    page = browser.get(step_path(row, "model"))
    return row, _applied(browser, page, {"estimator": "decision_tree", **answers})


def _applied(browser: Browser, page: Page, changes: dict[str, Any]) -> Page:
    return browser.follow(browser.press(page, "Show the settings of the search", changes))


def test_the_search_is_off_and_one_choice_opens_its_space(browser: Browser, user: User) -> None:
    row, page = _open(browser, user)
    assert page.value_of("tuning.enabled") == ["false"]
    assert "The search space" not in page.words
    page = _applied(browser, page, {"tuning.enabled": "true"})
    assert "The search space" in page.words
    assert page.value_of("tuning.trials") == ["30"]
    assert page.value_of("space.decision_tree.max_depth.low") == ["1"]
    assert page.value_of("space.decision_tree.max_depth.search") == ["true"]
    assert page.value_of("space.decision_tree.ccp_alpha.search") == []
    assert page.syntax_faults == []
    assert answers_of(user, row)["model"]["tuning.enabled"] == "true"


def test_nothing_is_an_answer_that_was_not_changed(browser: Browser, user: User) -> None:
    row, page = _open(browser, user, **{"tuning.enabled": "true"})
    before = answers_of(user, row)["model"]
    assert browser.press(page, "Continue").status == 303
    assert answers_of(user, row)["model"] == before


def test_what_is_typed_into_the_space_is_kept_and_told_at_its_field(browser: Browser, user: User) -> None:
    row, page = _open(browser, user, **{"tuning.enabled": "true"})
    low, high = "space.decision_tree.max_depth.low", "space.decision_tree.max_depth.high"
    page = browser.press(page, "Continue", {low: "9", high: "3", "tuning.trials": "0"})
    assert page.status == 422
    assert page.value_of(low) == ["9"]
    assert page.value_of("tuning.trials") == ["0"]
    assert "the search must go from a smaller to a larger value" in page.words
    assert page.element("f-space-decision-tree-max-depth-high").get("aria-invalid") == "true"
    page = browser.press(page, "Continue", {low: "3", high: "9", "tuning.trials": "12"})
    assert page.status == 303
    answers = answers_of(user, row)["model"]
    assert (answers[low], answers[high], answers["tuning.trials"]) == ("3", "9", "12")


def test_a_setting_is_taken_in_and_out_of_the_search(browser: Browser, user: User) -> None:
    row, page = _open(browser, user, **{"tuning.enabled": "true"})
    field = "space.decision_tree.max_depth.search"
    page = _applied(browser, page, {field: []})
    assert page.value_of(field) == []
    assert answers_of(user, row)["model"][field] == "false"
    _applied(browser, page, {field: "true"})
    assert field not in answers_of(user, row)["model"]


def test_the_script_gets_the_step_again_when_the_search_is_switched_on(browser: Browser, user: User) -> None:
    row, page = _open(browser, user)
    fields = page.answers.filled({"tuning.enabled": "true"})
    answer = browser.post(f"{step_path(row, 'model')}/autosave", fields, htmx=True)
    assert answer.status == 200
    assert "The search space" in answer.words


def test_each_fault_of_the_search_is_tied_to_its_control(browser: Browser, user: User) -> None:
    _row, page = _open(browser, user, **{"estimator": "k_nearest_neighbors", "tuning.enabled": "true"})
    space = "space.k_nearest_neighbors"
    typed = {
        f"{space}.n_neighbors.low": "9",
        f"{space}.n_neighbors.high": "3",
        f"{space}.leaf_size.search": "true",
        f"{space}.leaf_size.low": "x",
        f"{space}.weights.search": "true",
        f"{space}.weights.choices": [],
    }
    page = browser.press(page, "Continue", typed)
    assert page.status == 422
    faults = page.problems()
    assert len(faults) >= 3, faults
    for words, link in faults:
        control = page.element(link.removeprefix("#"))
        tied = (control.get("aria-describedby") or "").split()
        assert words in [words_of(page.element(text)) for text in tied], (link, words)
        assert control.tag == "fieldset" or control.get("aria-invalid") == "true", link


def test_a_switch_that_makes_no_sense_is_told_at_the_switch(browser: Browser, user: User) -> None:
    row, page = _open(browser, user)
    page = browser.press(page, "Continue", {"tuning.enabled": "perhaps"})
    assert page.status == 422
    ((words, link),) = page.problems()
    switch = page.element(link.removeprefix("#"))
    assert switch.tag == "fieldset"
    assert words == words_of(page.element(switch.get("aria-describedby", "")))
    assert browser.get(step_path(row, "model")).syntax_faults == []
