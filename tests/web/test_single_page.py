"""All steps on one page: the same answers, checks, draft and conflicts, with and without a script."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain import wizard
from app.services.drafts import drafts
from app.storage.tables import DraftRow, User
from tests.web.client import Browser, Page, answers_of, draft_on_sample, step_path, words_of


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    """Return the browser of the member."""
    return Browser(app).sign_in(user)


@pytest.fixture
def row(user: User) -> DraftRow:
    """Return a draft on the streamflow sample."""
    return draft_on_sample(user)


def _open(browser: Browser, row: DraftRow) -> Page:
    return browser.get(step_path(row, "single-page"))


def test_it_begins_with_data_and_leads_to_the_page(browser: Browser) -> None:
    new = browser.get("/experiments/new")
    assert "/experiments/new/single-page" in [link.get("href") for link in new.tree.iter("a")]
    begin = browser.get("/experiments/new/single-page")
    form = begin.form_to("/experiments/new/single-page/sample")
    sent = browser.post("/experiments/new/single-page/sample", {**form.values, "sample": "piscataquis"})
    assert sent.status == 303
    assert sent.goes_to.endswith("/single-page")
    assert browser.follow(sent).h1 == "All on one page"


def test_every_step_has_its_section_and_there_is_one_launch(browser: Browser, row: DraftRow) -> None:
    page = _open(browser, row)
    assert page.status == 200
    assert page.syntax_faults == []
    for step in wizard.STEPS:
        section = page.element(f"section-{step.slug}")
        assert words_of(next(section.iter("h2"))) == step.title
    assert page.buttons.count("Launch experiment") == 1
    identifiers = [element.get("id") for element in page.tree.iter() if element.get("id")]
    assert len(set(identifiers)) == len(identifiers)
    names = {"target", "column", "estimator", "strategy", "primary_metric", "name", "version", "idempotency_key"}
    assert names <= page.answers.names


def test_the_wizard_leads_to_it_and_back(browser: Browser, row: DraftRow) -> None:
    step = browser.get(step_path(row, "model"))
    assert step_path(row, "single-page") in [link.get("href") for link in step.tree.iter("a")]
    assert step_path(row, "data") in [link.get("href") for link in _open(browser, row).tree.iter("a")]


def test_answers_of_all_steps_are_saved_at_once(browser: Browser, user: User, row: DraftRow) -> None:
    page = _open(browser, row)
    changes = {"group_column": "", "seed": "7", "name": "One page", "averaged_trees.max_iter": "150"}
    assert browser.press(page, "Save", changes).status == 303
    answers = answers_of(user, row)
    assert answers["validation"] == {"seed": "7"}
    assert answers["review"] == {"name": "One page"}
    assert answers["model"] == {"averaged_trees.max_iter": "150"}
    assert set(answers["data"]) >= {"dataset_id"}


def test_saving_what_was_not_changed_changes_nothing(browser: Browser, user: User, row: DraftRow) -> None:
    before = answers_of(user, row)
    browser.press(_open(browser, row), "Save")
    assert answers_of(user, row) == before


def test_a_problem_stands_at_its_field_in_the_list_and_stops_the_launch(
    browser: Browser, user: User, row: DraftRow
) -> None:
    page = browser.press(_open(browser, row), "Launch experiment", {"averaged_trees.max_iter": "-4"})
    assert page.status == 422
    ((sentence, link),) = page.problems()
    assert link == "#f-averaged-trees-max-iter"
    assert page.element(link[1:]).get("aria-invalid") == "true"
    assert sentence in words_of(page.element("problems"))
    assert page.value_of("averaged_trees.max_iter") == ["-4"]
    assert answers_of(user, row)["model"] == {"averaged_trees.max_iter": "-4"}


def test_what_was_typed_is_saved_and_launched_by_one_press(browser: Browser, user: User, row: DraftRow) -> None:
    answer = browser.press(_open(browser, row), "Launch experiment", {"seed": "99"})
    assert answer.status == 303
    assert answer.goes_to.startswith("/experiments/")
    launched = drafts.get_draft(user, row.id).launched_experiment_id
    assert launched is not None
    assert answer.goes_to.endswith(str(launched))
    assert answers_of(user, row)["validation"] == {"seed": "99"}
    again = _open(browser, row)
    assert again.goes_to.endswith(str(launched))


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_two_tabs_are_asked_and_lose_nothing(browser: Browser, user: User, row: DraftRow, keep: str) -> None:
    page = _open(browser, row)
    browser.press(_open(browser, row), "Save", {"seed": "1"})
    request = browser.press(page, "Save", {"seed": "2", "name": "Mine alone"})
    assert request.status == 409
    assert "Another tab changed the same answers" in request.words
    browser.press(request, f"Keep {keep}")
    answers = answers_of(user, row)
    assert answers["validation"] == {"seed": "2" if keep == "mine" else "1"}
    assert answers["review"] == {"name": "Mine alone"}


def test_a_change_that_alters_the_form_brings_the_page_and_another_the_side(browser: Browser, row: DraftRow) -> None:
    path = f"{step_path(row, 'single-page')}/autosave"
    page = _open(browser, row)
    side = browser.post(path, page.answers.filled({"seed": "5"}), htmx=True)
    assert side.has("wizard-side")
    assert not side.has("section-model")
    whole = browser.post(path, {**_open(browser, row).answers.filled({"estimator": "ridge"})}, htmx=True)
    assert whole.response.headers["HX-Retarget"] == "#wizard"
    assert "ridge.alpha" in whole.answers.names


def test_a_remedy_and_an_undo_come_back_to_the_page(browser: Browser, user: User, row: DraftRow) -> None:
    browser.press(_open(browser, row), "Save", {"estimator": "hist_gradient_boosting"})
    browser.press(_open(browser, row), "Save", {"hist_gradient_boosting.max_depth": "2"})
    page = _open(browser, row)
    remedy = browser.press(page, "Use 4 leaves")
    assert remedy.goes_to == step_path(row, "single-page")
    assert answers_of(user, row)["model"]["hist_gradient_boosting.max_leaf_nodes"] == 4
    undone = browser.press(_open(browser, row), "Undo last change")
    assert undone.goes_to == step_path(row, "single-page")


def test_somebody_elses_draft_is_a_missing_one(app: Flask, other_user: User, row: DraftRow) -> None:
    assert Browser(app).sign_in(other_user).get(step_path(row, "single-page")).status == 404
