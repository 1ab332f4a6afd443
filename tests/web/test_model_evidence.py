"""The panel of short fits on the Model step: with and without JavaScript, and taking what it suggests."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from app.domain.recommendation import evidence as racing
from app.domain.vocabulary import JobKind, RunState
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.measurements import recommendations
from app.steps.model.evidence_panel import RESERVED
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import DraftRow, Job, User
from tests.services.measured import work_off
from tests.services.tables import draft_on, save, upload, wide_csv
from tests.web.client import Browser, Page, answers_of, step_path, words_of


@pytest.fixture
def small(user: User) -> DraftRow:
    return draft_on(user, upload(user, wide_csv(columns=6, rows=120)), target="flow")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 3)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    monkeypatch.setattr(racing, "DRAWS", 1)
    monkeypatch.setattr(racing, "BUDGET", 60.0)


def job_of(row: DraftRow) -> Job:
    assert row.dataset_id is not None
    job = jobs.find_job(row.dataset_id, JobKind.RECOMMEND)
    assert job is not None
    return job


def work(row: DraftRow) -> None:
    """Do what a worker does with the job."""
    assert work_off(job_of(row))


def evidence_path(row: DraftRow) -> str:
    return f"{step_path(row, 'model')}/evidence"


def test_the_step_begins_the_short_fits_and_looks_for_them_every_second(browser: Browser, small: DraftRow) -> None:
    text = browser.arrive(step_path(small, "model")).text
    assert 'id="model-evidence"' in text
    assert f'hx-get="{evidence_path(small)}?on=model' in text
    assert 'hx-trigger="every 1s"' in text
    assert "In the queue" in text
    assert job_of(small).state == "queued"


def test_without_javascript_the_page_looks_again_by_itself_until_all_is_there(
    browser: Browser, small: DraftRow
) -> None:
    waiting = browser.arrive(evidence_path(small)).text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in waiting
    work(small)
    done = browser.arrive(evidence_path(small)).text
    assert "http-equiv" not in done
    assert "first choice" in done


def test_what_came_is_shown_with_its_baseline_and_is_not_looked_for_again(browser: Browser, small: DraftRow) -> None:
    browser.arrive(step_path(small, "model"))
    work(small)
    text = browser.arrive(step_path(small, "model")).text
    assert "every 1s" not in text
    assert "Best baseline, by fold" in text
    assert "in short fits" in text, "the first reason of the cards"
    assert "The order comes from short fits" in text


@pytest.mark.parametrize("scripts", [False, True])
def test_an_estimator_is_taken_with_what_was_typed_beside_it(
    browser: Browser, user: User, small: DraftRow, scripts: bool
) -> None:
    browser.arrive(step_path(small, "model"))
    work(small)
    page = browser.arrive(step_path(small, "model"))
    typed = {"ridge.alpha": "3", "estimator": "ridge", "version": str(small.version)}
    form = {**typed, "take": "extra_trees", "csrf_token": page.token}
    answer = browser.post(f"{step_path(small, 'model')}/choose", form, htmx=scripts)
    assert (answer.status, answer.goes_to) == (303, step_path(small, "model"))
    current_values = answers_of(user, small)["model"]
    assert (current_values["estimator"], current_values["ridge.alpha"]) == ("extra_trees", "3")


def test_an_estimator_of_another_task_is_not_taken(browser: Browser, user: User, small: DraftRow) -> None:
    page = browser.arrive(step_path(small, "model"))
    for odd in ("gaussian_naive_bayes", "../x", ""):
        answer = browser.post(f"{step_path(small, 'model')}/choose", {"take": odd, "csrf_token": page.token})
        assert answer.status == 422
        assert "not offered for the task" in answer.text
    assert "model" not in answers_of(user, small)


def test_what_failed_is_said_and_measured_again_when_asked(browser: Browser, small: DraftRow) -> None:
    browser.arrive(step_path(small, "model"))
    job = job_of(small)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30)
        assert attempt is not None
        jobs.end(job.id, attempt=attempt, state=RunState.FAILED, error_code="x", error="The rows are too few.")
    page = browser.arrive(step_path(small, "model"))
    assert "It could not be measured" in page.text
    assert "The rows are too few." in page.text
    again = browser.post(evidence_path(small), {"csrf_token": page.token})
    assert again.status == 303
    assert "In the queue" in browser.arrive(step_path(small, "model")).text
    assert job_of(small).id != job.id


def test_one_page_for_all_shows_it_too(browser: Browser, small: DraftRow) -> None:
    assert 'id="model-evidence"' in browser.get(f"/experiments/drafts/{small.id}/single-page").text


def overtaking(browser: Browser, user: User, row: DraftRow) -> tuple[str, str]:
    """Have the fits made and the last of their estimators chosen; returns the titles of the first and the chosen."""
    browser.arrive(step_path(row, "model"))
    work(row)
    dataset = datasets.get_dataset(user, job_of(row).subject_id)
    result = recommendations.recommend(dataset, drafts.plan_of(user, row))
    assert result is not None
    lines = [
        item.ranked.entry for item in result.items if item.measured is not None and not item.ranked.entry.is_baseline
    ]
    save(user, row, estimator=lines[-1].id)
    return lines[0].title, lines[-1].title


def test_who_came_out_first_beside_the_chosen_one_is_said_with_a_button_when_the_fits_end(
    browser: Browser, user: User, small: DraftRow
) -> None:
    first, chosen = overtaking(browser, user, small)
    statement = f"{first} came first in the short fits; you chose {chosen}."
    polled = browser.get(evidence_path(small), htmx=True)
    assert statement in polled.words
    assert f"Use {first}" in words_of(polled.tree)
    answer = browser.press(browser.arrive(step_path(small, "model")), f"Use {first}")
    assert answer.status == 303
    assert "came first" not in browser.arrive(step_path(small, "model")).words


def test_the_cards_say_by_what_one_is_first(browser: Browser, small: DraftRow) -> None:
    before = words_of(browser.arrive(step_path(small, "model")).element("model-choices"))
    assert "suggested" in before
    assert "first choice" not in before
    work(small)
    after = words_of(browser.arrive(step_path(small, "model")).element("model-choices"))
    assert "first choice" in after
    assert "suggested" not in after


def order_shown(page: Page) -> list[str]:
    """Return the estimators of the cards in sight, in their order."""
    return [element.get("value", "") for element in page.element("f-estimator").iter("input")]


def test_the_last_poll_offers_a_new_order_and_imposes_none(browser: Browser, small: DraftRow) -> None:
    page = browser.arrive(step_path(small, "model"))
    before = order_shown(page)
    path = page.element("model-evidence").get("hx-get", "")
    text = page.value_of("estimator")[0]
    assert path == f"{evidence_path(small)}?on=model&order={quote(','.join(before))}&shown_estimator={text}"
    work(small)
    polled = browser.get(path, htmx=True)
    assert not polled.has("model-choices")
    assert "every 1s" not in polled.text
    reloaded = browser.arrive(step_path(small, "model"))
    offered = [element for element in polled.tree.iter("a") if words_of(element) == "Show the cards in the new order"]
    assert len(offered) == (order_shown(reloaded) != before)
    same = quote(",".join(order_shown(reloaded)))
    assert "new order" not in browser.get(f"{evidence_path(small)}?order={same}", htmx=True).text
    (link,) = (
        element for element in browser.get(evidence_path(small), htmx=True).tree.iter("a") if "new" in words_of(element)
    )
    assert link.get("href") == f"{step_path(small, 'model')}#model-choices", "a reload, where no script runs"
    chosen = browser.get(link.get("hx-get", ""), htmx=True)
    assert order_shown(chosen) == order_shown(reloaded)
    assert chosen.element("model-choices").get("hx-swap-oob") == "true"
    assert words_of(chosen.element("model-choices")) == words_of(reloaded.element("model-choices"))
    assert "new order" not in chosen.text
    assert reloaded.text.count('id="model-choices"') == 1


def test_the_single_page_offers_the_new_order_on_itself(browser: Browser, small: DraftRow) -> None:
    page = browser.arrive(step_path(small, "single-page"))
    path = page.element("model-evidence").get("hx-get", "")
    assert "on=single-page" in path
    work(small)
    polled = browser.get(f"{evidence_path(small)}?on=single-page&order=x", htmx=True)
    assert f"{step_path(small, 'single-page')}#model-choices" in [
        element.get("href") for element in polled.tree.iter("a")
    ]


def test_the_table_has_its_rows_before_anything_is_measured(browser: Browser, small: DraftRow) -> None:
    def rows(page: Page) -> int:
        return sum(1 for _ in page.element("model-evidence").iter("tr"))

    waiting = browser.arrive(step_path(small, "model"))
    assert rows(waiting) == 1 + RESERVED + 1, "the head, the places of the estimators, and the baseline"
    assert words_of(waiting.element("model-evidence")).count("waiting") == RESERVED + 1
    work(small)
    assert "waiting" not in words_of(browser.arrive(step_path(small, "model")).element("model-evidence"))


def test_the_estimate_at_the_side_follows_the_short_fits(browser: Browser, small: DraftRow) -> None:
    browser.arrive(step_path(small, "model"))
    work(small)
    polled = browser.get(evidence_path(small), htmx=True)
    (root,) = list(polled.tree)
    estimate = polled.element("wizard-estimate")
    assert estimate.get("hx-swap-oob") == "true"
    assert root.get("id") == "model-evidence"
    page = browser.arrive(step_path(small, "model"))
    assert page.element("wizard-estimate").get("hx-swap-oob") is None
    assert words_of(page.element("wizard-estimate")) == words_of(estimate)
    (line,) = (
        element for element in polled.tree.iter("tr") if "chosen" in [words_of(chip) for chip in element.iter("span")]
    )
    time = next(words_of(element) for element in estimate.iter("strong"))
    assert time in words_of(line), "the table and the side say the same"
