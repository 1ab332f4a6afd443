"""Pages that know nothing of contests still say what was trained, and a contest leads on to a draft with its candidates."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from app.services import config_launch, experiments
from app.services.drafts import drafts
from app.storage import drafts as draft_rows
from app.storage.tables import Experiment, User
from tests.api.test_contest import FORESTS
from tests.api.test_experiments import config_of, table, train
from tests.services.tables import upload
from tests.web.client import Browser


@pytest.fixture
def contest(user: User) -> Experiment:
    config: dict[str, Any] = config_of(upload(user, table()), model=FORESTS)
    row = config_launch.launch_config(user, config, idempotency_key="contest")
    train(str(row.id))
    return experiments.get_experiment(user, row.id)


def test_the_page_of_a_contest_is_about_its_winner(browser: Browser, contest: Experiment) -> None:
    report = experiments.report_of(contest)
    assert report is not None
    assert report.contest is not None
    text = browser.get(f"/experiments/{contest.id}").text
    assert f"{report.contest.winning.title} predicts flow" in text
    assert "Candidate 4" in text
    assert "A contest of 4" in text


def test_a_contest_is_changed_and_run_again_with_its_candidates(
    browser: Browser, user: User, contest: Experiment
) -> None:
    answer = browser.press(browser.get(f"/experiments/{contest.id}"), "Change and run again")
    row = draft_rows.find_draft(uuid.UUID(answer.goes_to.split("/")[3]))
    assert row is not None
    spec = drafts.plan_of(user, row).spec
    assert spec is not None
    assert spec.model == experiments.spec_of(contest).model
