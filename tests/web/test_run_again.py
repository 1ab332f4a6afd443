"""An experiment that was stopped, failed or finished leads on: its answers become a draft that can be changed."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import NotFoundError
from app.domain.vocabulary import RunState
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import draft_summaries, drafts, reruns
from app.storage.db import now, transaction
from app.storage.tables import DraftRow, Experiment, User
from tests.web.client import Browser, step_path

CHANGED = {"estimator": "ridge", "ridge.alpha": "2.5"}


@pytest.fixture
def launched(user: User, draft: DraftRow) -> Experiment:
    version = drafts.save_answers(user, draft.id, step="model", changes=CHANGED, version=draft.version).version
    return experiments.launch(user, draft.id, version=version, idempotency_key="once")


def end(experiment: Experiment, state: RunState) -> None:
    with transaction():
        experiment.state, experiment.failure, experiment.finished_at = state.value, "It ran out of time.", now()


def address(experiment: Experiment) -> str:
    return f"/experiments/{experiment.id}"


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.FINISHED])
def test_an_ended_experiment_is_changed_and_run_again(
    browser: Browser, user: User, launched: Experiment, state: RunState
) -> None:
    end(launched, state)
    after = browser.press(browser.get(address(launched)), "Change and run again")
    (line,), _ = draft_summaries.list_draft_summaries(user, page=1, per_page=9)
    row = drafts.get_draft(user, line.id)
    assert (after.status, after.goes_to) == (303, step_path(row, "review"))
    assert "Launch experiment" in browser.follow(after).buttons
    spec = drafts.plan_of(user, row).spec
    assert spec is not None
    config: dict[str, Any] = {key: value for key, value in launched.config.items() if key != "dataset"}
    assert spec.to_json() == {**config, "name": f"{launched.name} (2)"}
    assert row.parent_experiment_id == launched.id
    again = experiments.launch(user, row.id, version=row.version, idempotency_key="twice")
    assert again.parent_id == launched.id


def test_a_running_experiment_offers_no_second_run(browser: Browser, launched: Experiment) -> None:
    assert "Change and run again" not in browser.get(address(launched)).buttons


def test_a_rerun_begins_with_nothing_to_undo(browser: Browser, user: User, launched: Experiment) -> None:
    row = reruns.start_again(user, launched.id)
    assert "Undo last change" not in browser.get(step_path(row, "review")).buttons
    browser.press(browser.get(step_path(row, "validation")), "Back", {"seed": "7"})
    browser.press(browser.get(step_path(row, "validation")), "Undo last change")
    spec = drafts.plan_of(user, drafts.get_draft(user, row.id)).spec
    assert spec is not None
    assert spec.reproducibility.seed == 42


def test_deleted_data_are_brought_back_first(browser: Browser, user: User, launched: Experiment) -> None:
    end(launched, RunState.FAILED)
    page = browser.get(address(launched))
    datasets.delete_dataset(user, launched.dataset_id)
    refusal = browser.press(page, "Change and run again")
    assert refusal.status == 409
    assert "The dataset of this experiment was deleted." in refusal.text
    assert "Restore its dataset to run it again" in browser.get(address(launched)).text
    assert draft_summaries.list_draft_summaries(user, page=1, per_page=9) == ([], 0)


def test_nobody_runs_the_experiment_of_another(other_user: User, launched: Experiment) -> None:
    with pytest.raises(NotFoundError):
        reruns.start_again(other_user, launched.id)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Flow", "Flow (2)"), ("Flow (2)", "Flow (3)"), ("n" * 200, f"{'n' * 196} (2)"), ("Flow (x)", "Flow (x) (2)")],
)
def test_a_repetition_has_a_name_of_its_own(name: str, expected: str) -> None:
    assert reruns.next_name(name) == expected
