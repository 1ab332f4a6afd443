"""Undo walks back through what was answered, redo walks forth, and confirming a suggestion is no change."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import ConflictError, NotFoundError
from app.services.drafts import draft_history, drafts
from app.services.drafts.undo_stacks import FIRST_VERSION
from app.storage import drafts as draft_rows
from app.storage.tables import Dataset, DraftRow, User
from tests.services.tables import draft_on, save


@pytest.fixture
def draft(user: User, sample: Dataset) -> DraftRow:
    return draft_on(user, sample)


def model_answers(user: User, draft: DraftRow) -> dict[str, Any]:
    return dict(drafts.get_draft(user, draft.id).answers.get("model", {}))


def test_undo_walks_back_through_every_change(user: User, draft: DraftRow) -> None:
    save(user, draft, estimator="ridge")
    save(user, draft, **{"estimator": "lasso", "lasso.alpha": "3"})
    for expected in ({"estimator": "ridge"}, {}, {}):
        outcome = draft_history.undo(user, draft.id)
        assert model_answers(user, draft) == expected
    assert outcome.step == ""
    assert drafts.get_draft(user, draft.id).dataset_id == draft.dataset_id


def test_redo_walks_forth_until_something_is_answered(user: User, draft: DraftRow) -> None:
    save(user, draft, estimator="ridge")
    save(user, draft, estimator="lasso")
    draft_history.undo(user, draft.id)
    draft_history.undo(user, draft.id)
    assert draft_history.redo(user, draft.id).step == "model"
    assert model_answers(user, draft) == {"estimator": "ridge"}
    draft_history.redo(user, draft.id)
    assert model_answers(user, draft) == {"estimator": "lasso"}
    draft_history.undo(user, draft.id)
    save(user, draft, estimator="extra_trees")
    version = drafts.get_draft(user, draft.id).version
    assert draft_history.redo(user, draft.id) == draft_history.UndoOutcome(version)
    assert model_answers(user, draft) == {"estimator": "extra_trees"}


def test_undo_of_a_draft_without_history_changes_nothing(user: User) -> None:
    row = drafts.create_draft(user)
    assert draft_history.undo(user, row.id) == draft_history.UndoOutcome(1)


def test_the_choice_of_data_that_began_a_draft_stays(user: User, draft: DraftRow) -> None:
    version = drafts.get_draft(user, draft.id).version
    assert version == FIRST_VERSION
    assert draft_history.undo(user, draft.id) == draft_history.UndoOutcome(version)


def test_a_confirmed_answer_makes_no_version_and_no_event(user: User, draft: DraftRow) -> None:
    version = drafts.get_draft(user, draft.id).version
    assert draft_history.confirm_answers(user, draft.id, step="model", changes={"estimator": "ridge"})
    assert not draft_history.confirm_answers(user, draft.id, step="model", changes={"estimator": "ridge"})
    assert model_answers(user, draft) == {"estimator": "ridge"}
    assert drafts.get_draft(user, draft.id).version == version
    assert not draft_rows.list_events(draft.id, after_version=version)
    assert draft_history.confirm_answers(user, draft.id, step="model", changes={"estimator": None})
    assert model_answers(user, draft) == {}


def test_a_launched_draft_takes_no_confirmation(user: User, draft: DraftRow) -> None:
    draft_rows.change_draft(draft.id, launched_experiment_id=uuid.uuid4())
    with pytest.raises(ConflictError):
        draft_history.confirm_answers(user, draft.id, step="model", changes={"estimator": "ridge"})
    with pytest.raises(ConflictError):
        draft_history.undo(user, draft.id)


def test_a_missing_event_is_not_found(draft: DraftRow) -> None:
    with pytest.raises(NotFoundError):
        draft_rows.get_event(draft.id, 99)


ACTS = st.lists(st.sampled_from(["undo", "redo", "a", "b", "c"]), max_size=14)


@given(acts=ACTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_and_redo_behave_as_in_an_editor(app: Flask, user: User, sample: Dataset, acts: list[str]) -> None:
    row = draft_on(user, sample)
    past: list[str | None] = [None]
    future: list[str | None] = []
    for act in acts:
        if act == "undo":
            draft_history.undo(user, row.id)
            if len(past) > 1:
                future.append(past.pop())
        elif act == "redo":
            draft_history.redo(user, row.id)
            if future:
                past.append(future.pop())
        elif act != past[-1]:
            save(user, row, estimator=act)
            past.append(act)
            future = []
        assert model_answers(user, row).get("estimator") == past[-1]
