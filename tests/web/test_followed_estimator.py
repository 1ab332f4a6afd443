"""The suggested estimator follows the short fits until somebody chooses, and never on a page that is open."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import select

from app.domain.recommendation.verdict import MeasuredEstimator, ShortFitEvidence
from app.services.datasets import datasets
from app.services.drafts import draft_context, drafts
from app.services.measurements import fit_requests
from app.storage.db import db, transaction
from app.storage.tables import DraftRow, Experiment, User
from tests.services.tables import draft_on, save, upload, wide_csv
from tests.web.client import Browser, Page, answers_of, step_path, words_of

BEST = "k_nearest_neighbors"
TITLE = "Nearest neighbours"


@pytest.fixture
def small(user: User) -> DraftRow:
    return draft_on(user, upload(user, wide_csv(columns=6, rows=120)), target="flow")


def by_rules(user: User, row: DraftRow) -> str:
    spec = drafts.plan_of(user, drafts.get_draft(user, row.id)).spec
    assert spec is not None
    return spec.model.estimator


def finish(user: User, row: DraftRow, *, best: str = BEST, below: bool = False) -> str:
    """Store short fits that put another estimator first than the rules; returns the one of the rules."""
    plan, dataset = drafts.plan_of(user, drafts.get_draft(user, row.id)), None
    assert row.dataset_id is not None
    assert plan.spec is not None
    dataset = datasets.get_dataset(user, row.dataset_id)
    rules = by_rules(user, row)
    made = [
        MeasuredEstimator(best, 80, (0.75, 0.76, 0.755), 0.0, 0.1, 1),
        MeasuredEstimator(rules, 80, (0.67, 0.68, 0.681), 0.0, 0.1, 1),
    ]
    baseline = (0.9, 0.91, 0.92) if below else (0.1, 0.12, 0.11)
    metric = plan.spec.metrics.primary
    evidence = ShortFitEvidence(metric, 120, 80, 0.25, tuple(made), baseline, complete=True, first=best, tied=(best,))
    request = fit_requests.request_for(dataset, plan)
    assert request is not None
    with transaction():
        fit_requests.STORE.save(request, evidence)
    return rules


def title_of(page: Page) -> str:
    return page.value_of("estimator")[0]


def launched(user: User) -> str:
    (experiment,) = db.session.scalars(select(Experiment).where(Experiment.owner_id == user.id))
    return str(experiment.config["model"]["estimator"])


def test_the_model_step_follows_with_a_line_and_undo(browser: Browser, user: User, small: DraftRow) -> None:
    rules = finish(user, small)
    page = browser.get(step_path(small, "model"))
    assert title_of(page) == BEST
    assert f"{BEST}." in "".join(page.answers.names), "its own settings stand below"
    line = words_of(page.element("model-choices"))
    assert "It is chosen for that reason." in line
    assert "0.755" in line
    assert "0.677" in line
    assert "model" not in answers_of(user, small), "looking writes nothing"
    undo = next(button for button in page.answers.buttons if button.words.startswith("Undo"))
    assert browser.press(page, undo.words).goes_to == step_path(small, "model")
    assert answers_of(user, small)["model"] == {"estimator": rules}
    after = browser.get(step_path(small, "model"))
    assert title_of(after) == rules
    assert "came first in the short fits" in after.words
    assert browser.press(after, "Undo last change").status == 303
    assert title_of(browser.get(step_path(small, "model"))) == BEST


def test_an_open_model_step_keeps_what_it_shows(browser: Browser, user: User, small: DraftRow) -> None:
    before = browser.get(step_path(small, "model"))
    rules = finish(user, small)
    path = f"{step_path(small, 'model')}/evidence?on=model&order={quote(rules)}&shown_estimator={rules}"
    polled = browser.get(path, htmx=True)
    words = words_of(polled.tree)
    assert "did best in the short fits" in words
    assert "It is chosen when you continue." in words
    assert not polled.has("model-choices")
    saved = browser.post(f"{step_path(small, 'model')}/autosave", before.answers.filled({}), htmx=True)
    assert 'name="shown_estimator" value="' + rules in saved.text
    assert "model" not in answers_of(user, small)
    assert browser.press(before, "Continue").status == 303
    assert "model" not in answers_of(user, small)
    review = browser.get(step_path(small, "review"))
    assert "It is chosen for that reason." in words_of(review.element("review-choice"))


def test_keeping_and_taking_on_an_open_page_are_answers(browser: Browser, user: User, small: DraftRow) -> None:
    rules = finish(user, small)
    page = browser.get(step_path(small, "model"))
    form = {"csrf_token": page.token, "shown_estimator": rules, "estimator": rules}
    path = f"{step_path(small, 'model')}/estimator"
    assert browser.post(path, {**form, "take": rules}).goes_to == step_path(small, "model")
    assert answers_of(user, small)["model"] == {"estimator": rules}
    browser.post(path, {**form, "take": ""})
    assert "estimator" not in answers_of(user, small).get("model", {})
    assert browser.post(path, {**form, "take": "../x"}).status == 422


def test_a_setting_on_an_open_page_keeps_its_estimator(browser: Browser, user: User, small: DraftRow) -> None:
    page = browser.get(step_path(small, "model"))
    rules = finish(user, small)
    settings = [name for name in page.answers.names if name.startswith(f"{rules}.")]
    typed = page.answers.filled({settings[0]: "2.5"})
    browser.post(f"{step_path(small, 'model')}/autosave", typed, htmx=True)
    assert answers_of(user, small)["model"] == {settings[0]: "2.5"}, "what was not touched is no answer"
    assert title_of(browser.get(step_path(small, "model"))) == rules


@pytest.mark.parametrize("slug", ["review", "single-page"])
def test_what_is_launched_is_what_was_shown_last(browser: Browser, user: User, small: DraftRow, slug: str) -> None:
    page = browser.get(step_path(small, slug))
    rules = finish(user, small)
    assert browser.press(page, "Launch experiment").status == 303
    assert launched(user) == rules


@pytest.mark.parametrize("slug", ["review", "single-page"])
def test_a_page_drawn_after_the_fits_launches_their_first(
    browser: Browser, user: User, small: DraftRow, slug: str
) -> None:
    finish(user, small)
    page = browser.get(step_path(small, slug))
    assert browser.press(page, "Launch experiment").status == 303
    assert launched(user) == BEST


def test_the_review_tells_an_open_page_what_did_best(browser: Browser, user: User, small: DraftRow) -> None:
    rules = finish(user, small)
    path = f"{step_path(small, 'review')}/estimator"
    told = words_of(browser.get(f"{path}?shown_estimator={rules}", htmx=True).tree)
    assert "did best in the short fits" in told
    assert "A launch from this page still uses" in told
    assert browser.get(path).goes_to == step_path(small, "review")


def test_a_choice_stays_whatever_is_measured(browser: Browser, user: User, small: DraftRow) -> None:
    save(user, small, estimator="lasso")
    finish(user, small)
    assert title_of(browser.get(step_path(small, "model"))) == "lasso"
    assert "It is chosen for that reason" not in browser.get(step_path(small, "review")).words


def test_losing_to_the_baseline_is_said_before_a_launch(browser: Browser, user: User, small: DraftRow) -> None:
    finish(user, small, below=True)
    for slug in ("model", "review"):
        words = browser.get(step_path(small, slug)).words
        assert "The baseline does better" in words
        assert "What would help:" in words
    cards = browser.get(step_path(small, "model")).element("f-estimator")
    signs = {
        element.get("class")
        for element in cards.iter("span")
        if "in short fits" in words_of(element) and element.get("class")
    }
    assert "pro" not in signs
    assert "but" in signs


def test_an_open_page_keeps_its_plan(user: User, small: DraftRow) -> None:
    rules = finish(user, small)
    context = draft_context.load(user, small.id)
    view = context.with_page_estimator(rules)
    assert view.plan.spec is not None
    assert view.plan.spec.model.estimator == rules
    assert view.plan.suggestions["model"]["estimator"] == BEST
    assert context.with_page_estimator("gaussian_naive_bayes") is context, "it is not offered for the task"
