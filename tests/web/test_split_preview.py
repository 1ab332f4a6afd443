"""The comparison of splits on the Validation step and on the single page, with and without JavaScript."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.vocabulary import JobKind, RunState
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import DraftRow, Job, User
from tests.services.measured import work_off
from tests.services.tables import draft_on, upload
from tests.services.test_split_comparisons import river
from tests.web.client import Browser, Page, answers_of, step_path, words_of

PAGES = ("validation", "single-page")


@pytest.fixture
def small(user: User) -> DraftRow:
    return draft_on(user, upload(user, river()), target="flow")


def job_of(row: DraftRow) -> Job | None:
    assert row.dataset_id is not None
    return jobs.find_job(row.dataset_id, JobKind.COMPARE_SPLITS)


def started(row: DraftRow) -> Job:
    job = job_of(row)
    assert job is not None
    return job


def splits_path(row: DraftRow, slug: str = "validation") -> str:
    return f"{step_path(row, slug)}/splits"


def pressed(browser: Browser, row: DraftRow, slug: str = "validation", **typed: str) -> Page:
    """Press the button as a browser without scripts does, which sends the whole form."""
    page = browser.arrive(step_path(row, slug))
    return browser.post(splits_path(row, slug), page.answers.filled(typed))


@pytest.mark.parametrize("slug", PAGES)
def test_the_page_offers_the_comparison_and_starts_nothing(browser: Browser, small: DraftRow, slug: str) -> None:
    page = browser.arrive(step_path(small, slug))
    panel = page.element("validation-optimism")
    assert "Compare splits" in words_of(panel)
    assert panel.get("hx-trigger") is None
    browser.get(splits_path(small, slug), htmx=True)
    browser.get(splits_path(small, slug))
    assert job_of(small) is None


@pytest.mark.parametrize("slug", PAGES)
def test_without_javascript_the_button_saves_compares_and_leads_back(
    browser: Browser, user: User, small: DraftRow, slug: str
) -> None:
    answer = pressed(browser, small, slug, seed="77")
    assert (answer.status, answer.goes_to) == (303, f"{step_path(small, slug)}#validation-optimism")
    assert answers_of(user, small)["validation"]["seed"] == "77", "what was typed beside it is kept"
    waiting = browser.get(step_path(small, slug))
    assert "In the queue" in words_of(waiting.element("validation-optimism"))
    assert f'<a href="{step_path(small, slug)}#validation-optimism">Look again</a>' in waiting.text
    assert work_off(started(small))
    done = browser.get(step_path(small, slug)).element("validation-optimism")
    assert "Forward in time" in words_of(done)
    assert done.get("hx-trigger") is None


@pytest.mark.parametrize("slug", PAGES)
def test_with_javascript_the_panel_alone_is_drawn_and_polled(browser: Browser, small: DraftRow, slug: str) -> None:
    page = browser.arrive(step_path(small, slug))
    version = page.value_of("version")
    answer = browser.post(splits_path(small, slug), page.answers.filled({}), htmx=True)
    assert answer.status == 200
    (root,) = list(answer.tree)
    assert (root.get("id"), root.get("hx-get"), root.get("hx-trigger")) == (
        "validation-optimism",
        splits_path(small, slug),
        "every 1s",
    )
    assert work_off(started(small))
    polled = browser.get(splits_path(small, slug), htmx=True)
    (root,) = list(polled.tree)
    assert root.get("hx-trigger") is None
    assert browser.get(step_path(small, slug)).value_of("version") == version, "the page at hand is not outdated"


def test_each_split_has_a_bar_and_a_row_with_spread_and_baseline(browser: Browser, small: DraftRow) -> None:
    pressed(browser, small)
    assert work_off(started(small))
    panel = browser.get(step_path(small, "validation")).element("validation-optimism")
    assert len(list(panel.iter("li"))) == 2
    rows = [[words_of(cell) for cell in row if cell.tag in ("th", "td")] for row in panel.iter("tr")]
    assert rows[0] == ["Split", "NSE", "Spread", "Best baseline", "A random split flatters by"]
    assert [row[0] for row in rows[1:]] == ["Random split", "Forward in time"]
    assert all(row[1] and row[2].startswith("±") and row[3] for row in rows[1:])
    assert rows[1][4] == ""
    assert rows[2][4] != ""
    assert "random split" in words_of(next(panel.iter("strong")))


def test_a_failure_is_said_and_compared_again_when_asked(browser: Browser, small: DraftRow) -> None:
    pressed(browser, small)
    job = started(small)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30)
        assert attempt is not None
        jobs.end(job.id, attempt=attempt, state=RunState.FAILED, error="48 rows are too few to compare splits.")
    panel = browser.get(step_path(small, "validation")).element("validation-optimism")
    assert "48 rows are too few to compare splits." in words_of(panel)
    assert "Compare again" in words_of(panel)
    pressed(browser, small)
    assert started(small).id != job.id


def test_a_comparison_stands_for_its_own_metric_alone(browser: Browser, small: DraftRow) -> None:
    pressed(browser, small)
    assert work_off(started(small))
    pressed(browser, small, primary_metric="rmse")
    panel = browser.get(step_path(small, "validation")).element("validation-optimism")
    assert "In the queue" in words_of(panel)


def test_rows_like_any_others_have_no_button(browser: Browser, user: User) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(80, 3)), columns=["a", "b", "y"]).round(3)
    row = draft_on(user, upload(user, frame.to_csv(index=False).encode()), target="y")
    page = browser.arrive(step_path(row, "validation"))
    assert "Compare splits" not in page.text
    assert page.element("validation-optimism").get("hidden") is not None
    answer = browser.post(splits_path(row), page.answers.filled({}))
    assert answer.status == 303
    assert job_of(row) is None
