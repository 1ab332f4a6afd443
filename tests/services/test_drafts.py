"""Drafts: two tabs never lose each other's answers, and every earlier version can be had back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain import wizard
from app.domain.errors import ConflictError, DomainError, DraftConflictError, NotFoundError
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import draft_history, draft_summaries, drafts
from app.storage import drafts as draft_rows
from app.storage.tables import Dataset, DraftRow, User
from tests.services.tables import at_once, draft_on, save, upload

OTHER = b"site,rain,level\n" + b"".join(
    b"s%d,%d,%d\n" % (position % 5, position, position * 2 % 17) for position in range(60)
)


@pytest.fixture
def draft(user: User, sample: Dataset) -> DraftRow:
    return draft_on(user, sample)


def answers(user: User, draft: DraftRow) -> dict[str, dict[str, Any]]:
    current_values = drafts.get_draft(user, draft.id).answers
    return {step: dict(fields) for step, fields in current_values.items() if fields}


def test_tabs_that_change_different_fields_are_merged(user: User, draft: DraftRow) -> None:
    opened = draft.version
    first = save(user, draft, version=opened, estimator="ridge")
    outcome = drafts.save_answers(user, draft.id, step="model", changes={"ridge.alpha": "2"}, version=opened)
    assert (outcome.version, outcome.merged, outcome.changed) == (first + 1, True, True)
    assert answers(user, draft)["model"] == {"estimator": "ridge", "ridge.alpha": "2"}


def test_tabs_that_change_different_steps_are_merged(user: User, draft: DraftRow) -> None:
    opened = draft.version
    save(user, draft, version=opened, estimator="ridge")
    save(user, draft, version=opened, step="validation", seed="7")
    assert answers(user, draft)["validation"] == {"seed": "7"}
    assert answers(user, draft)["model"] == {"estimator": "ridge"}


def test_tabs_that_change_the_same_field_are_asked_and_nothing_is_overwritten(user: User, draft: DraftRow) -> None:
    opened = draft.version
    saved = save(user, draft, version=opened, estimator="ridge")
    with pytest.raises(DraftConflictError) as refusal:
        save(user, draft, version=opened, estimator="lasso")
    (conflict,) = refusal.value.conflicts
    assert (conflict.step, conflict.field, conflict.mine, conflict.theirs) == ("model", "estimator", "lasso", "ridge")
    assert conflict.theirs_at
    assert refusal.value.version == saved
    assert (refusal.value.status, refusal.value.code) == (409, "draft_conflict")
    assert answers(user, draft)["model"] == {"estimator": "ridge"}
    assert drafts.get_draft(user, draft.id).version == saved


def test_tabs_that_change_the_same_field_alike_agree(user: User, draft: DraftRow) -> None:
    opened = draft.version
    saved = save(user, draft, version=opened, estimator="ridge")
    outcome = drafts.save_answers(user, draft.id, step="model", changes={"estimator": "ridge"}, version=opened)
    assert (outcome.version, outcome.merged, outcome.changed) == (saved, True, False)


def test_forgetting_an_answer_that_another_tab_changed_is_a_conflict(user: User, draft: DraftRow) -> None:
    opened = save(user, draft, estimator="ridge")
    save(user, draft, version=opened, estimator="lasso")
    with pytest.raises(DraftConflictError) as refusal:
        save(user, draft, version=opened, estimator=None)
    assert refusal.value.conflicts[0].mine is None


@pytest.mark.parametrize(("keep", "wins"), [("mine", "lasso"), ("theirs", "ridge")])
def test_the_choice_settles_the_field_in_question_and_saves_the_others(
    user: User, draft: DraftRow, keep: str, wins: str
) -> None:
    opened = draft.version
    save(user, draft, version=opened, estimator="ridge")
    changes = {"estimator": "lasso", "lasso.alpha": "3"}
    drafts.save_answers(user, draft.id, step="model", changes=changes, version=opened, keep={"estimator": keep})
    assert answers(user, draft)["model"] == {"estimator": wins, "lasso.alpha": "3"}


def test_another_dataset_clears_what_the_wizard_says_and_undo_brings_it_back(user: User, draft: DraftRow) -> None:
    for step, name, value in (
        ("data", "time_column", ""),
        ("features", "column.c1", False),
        ("model", "estimator", "ridge"),
        ("validation", "seed", "7"),
        ("review", "name", "High water"),
    ):
        save(user, draft, step=step, **{name: value})
    before = answers(user, draft)
    other = upload(user, OTHER)
    save(user, draft, step="data", dataset_id=str(other.id))
    cleared = {pattern.partition(".")[0] for pattern in wizard.cleared_by("data", "dataset_id")}
    assert cleared == {"data", "features", "model", "validation"}
    assert answers(user, draft) == {"data": {"dataset_id": str(other.id)}, "review": {"name": "High water"}}
    assert drafts.get_draft(user, draft.id).dataset_id == other.id
    draft_history.undo(user, draft.id)
    assert answers(user, draft) == before
    assert drafts.get_draft(user, draft.id).dataset_id == uuid.UUID(before["data"]["dataset_id"])


def test_another_target_clears_the_task_kind_only(user: User, draft: DraftRow) -> None:
    save(user, draft, step="data", task_kind="regression", time_column="date")
    save(user, draft, estimator="ridge")
    save(user, draft, step="data", target="prcp_mm")
    current_values = answers(user, draft)
    assert "task_kind" not in current_values["data"]
    assert current_values["data"]["time_column"] == "date"
    assert current_values["model"] == {"estimator": "ridge"}


def test_what_is_answered_together_with_a_new_dataset_is_kept(user: User, draft: DraftRow) -> None:
    other = upload(user, OTHER)
    save(user, draft, step="data", target="level", dataset_id=str(other.id))
    assert answers(user, draft)["data"] == {"target": "level", "dataset_id": str(other.id)}


@pytest.mark.parametrize(
    ("step", "name", "value"),
    [("features", "column.c3", False), ("model", "estimator", "ridge"), ("data", "kind.c1", "text")],
)
def test_answers_given_about_the_old_dataset_are_not_merged_onto_a_new_one(
    user: User, draft: DraftRow, step: str, name: str, value: Any
) -> None:
    opened = draft.version
    other = upload(user, OTHER)
    save(user, draft, version=opened, step="data", dataset_id=str(other.id))
    with pytest.raises(DraftConflictError):
        save(user, draft, version=opened, step=step, **{name: value})
    save(user, draft, version=opened, step="review", name="Words survive")
    assert answers(user, draft) == {"data": {"dataset_id": str(other.id)}, "review": {"name": "Words survive"}}


NAMES = st.sampled_from(["estimator", "ridge.alpha", "a.b.c", "seed", "name", "target", "task_kind"])
VALUES = st.one_of(st.none(), st.text(max_size=4), st.booleans(), st.integers(-3, 3), st.lists(st.integers(0, 2)))
CHANGES = st.dictionaries(st.sampled_from(wizard.SLUGS), st.dictionaries(NAMES, VALUES, max_size=3), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(saves=st.lists(CHANGES, min_size=1, max_size=6), undone=st.booleans())
def test_every_earlier_version_can_be_had_back(user: User, saves: list[dict[str, Any]], undone: bool) -> None:
    row = drafts.create_draft(user)
    seen: dict[int, Any] = {row.version: {}}
    for changes in saves:
        version = drafts.save_many(
            user, row.id, changes=changes, version=drafts.get_draft(user, row.id).version
        ).version
        seen[version] = answers(user, row)
    if undone:
        version = draft_history.undo(user, row.id).version
        seen[version] = answers(user, row)
    final = drafts.get_draft(user, row.id)
    assert sorted(seen) == list(range(1, final.version + 1))
    for version, expected in seen.items():
        results = drafts.answers_at(final, version)
        assert {step: fields for step, fields in results.items() if fields} == expected


def test_the_plan_of_an_earlier_version_shows_what_that_page_showed(user: User, draft: DraftRow) -> None:
    opened = save(user, draft, estimator="ridge")
    save(user, draft, estimator="lasso")
    row = drafts.get_draft(user, draft.id)
    assert drafts.plan_of(user, row, at_version=opened).values["model"]["estimator"] == "ridge"
    assert drafts.plan_of(user, row).values["model"]["estimator"] == "lasso"


def test_twelve_tabs_saving_at_once_lose_nothing(app: Flask, user: User, draft: DraftRow) -> None:
    each = 5
    user_id, draft_id, opened = user.id, draft.id, draft.version

    def tab(place: int) -> list[int]:
        me = _person(user_id)
        return [
            drafts.save_answers(
                me, draft_id, step="model", changes={f"ridge.tab_{place}_{position}": str(position)}, version=opened
            ).version
            for position in range(each)
        ]

    results = at_once(app, 12, tab)
    assert all(isinstance(result, list) for result in results), results
    versions = sorted(version for result in results for version in result)
    assert versions == list(range(opened + 1, opened + 12 * each + 1))
    current_values = answers(user, draft)["model"]
    assert len(current_values) == 12 * each
    events = draft_rows.list_events(draft.id, after_version=opened)
    assert [event.version for event in events] == versions
    assert {path for event in events for path in event.changes} == {f"model.{name}" for name in current_values}


def test_tabs_fighting_over_one_field_get_one_winner_for_each_version(app: Flask, user: User, draft: DraftRow) -> None:
    user_id, draft_id, opened = user.id, draft.id, draft.version

    def tab(place: int) -> int:
        changes = {"ridge.alpha": f"{place}"}
        return drafts.save_answers(_person(user_id), draft_id, step="model", changes=changes, version=opened).version

    results = at_once(app, 12, tab)
    winners = [place for place, result in enumerate(results) if isinstance(result, int)]
    losers = [result for result in results if isinstance(result, DraftConflictError)]
    assert (len(winners), len(losers)) == (1, 11), results
    assert answers(user, draft)["model"] == {"ridge.alpha": str(winners[0])}


def _person(user_id: uuid.UUID) -> User:
    from app.services.accounts import accounts

    return accounts.get_account(user_id)


@pytest.mark.parametrize(
    "changes", [{"ridge.alpha": "9" * 200_001}, {"x" * 1201: "1"}, {"transforms": [{"columns": ["c" * 1000] * 201}]}]
)
def test_answers_that_are_too_large_are_refused(user: User, draft: DraftRow, changes: dict[str, Any]) -> None:
    with pytest.raises(DomainError) as refusal:
        save(user, draft, **changes)
    assert refusal.value.status == 422
    assert refusal.value.code == "answer_too_long"
    assert "model" not in answers(user, draft)


def test_a_draft_that_holds_too_much_takes_no_more(user: User, draft: DraftRow) -> None:
    for position in range(10):
        save(user, draft, **{f"ridge.{position}": "9" * 190_000})
    with pytest.raises(DomainError) as refusal:
        save(user, draft, **{"ridge.last": "9" * 190_000})
    assert refusal.value.code == "draft_too_large"
    assert "ridge.last" not in answers(user, draft)["model"]


def test_somebody_elses_draft_is_a_missing_one(user: User, other_user: User, draft: DraftRow) -> None:
    for deed in (
        lambda: drafts.get_draft(other_user, draft.id),
        lambda: drafts.save_answers(other_user, draft.id, step="model", changes={"estimator": "ridge"}, version=2),
        lambda: draft_history.undo(other_user, draft.id),
        lambda: drafts.discard_draft(other_user, draft.id),
        lambda: drafts.mark_reached(other_user, draft.id, "review"),
        lambda: experiments.launch(other_user, draft.id, version=draft.version, idempotency_key="k"),
    ):
        with pytest.raises(NotFoundError):
            deed()
    assert draft_summaries.list_draft_summaries(other_user, page=1, per_page=9) == ([], 0)
    assert [line.id for line in draft_summaries.list_draft_summaries(user, page=1, per_page=9)[0]] == [draft.id]


@pytest.mark.parametrize("whose", ["nobody", "other"])
def test_a_draft_cannot_stand_on_a_dataset_of_somebody_else(
    user: User, other_user: User, draft: DraftRow, whose: str
) -> None:
    theirs = datasets.use_sample(other_user, "penguins")
    chosen = uuid.uuid4() if whose == "nobody" else theirs.id
    with pytest.raises(NotFoundError):
        save(user, draft, step="data", dataset_id=str(chosen))
    assert drafts.get_draft(user, draft.id).version == draft.version


def test_a_launched_draft_is_frozen(user: User, draft: DraftRow) -> None:
    experiments.launch(user, draft.id, version=draft.version, idempotency_key="once")
    with pytest.raises(ConflictError, match="frozen"):
        save(user, draft, estimator="ridge")
    with pytest.raises(ConflictError, match="frozen"):
        draft_history.undo(user, draft.id)
    assert draft_summaries.list_draft_summaries(user, page=1, per_page=9) == ([], 0)


def test_discarding_forgets_the_draft_and_its_history(user: User, draft: DraftRow) -> None:
    drafts.discard_draft(user, draft.id)
    with pytest.raises(NotFoundError):
        drafts.get_draft(user, draft.id)
    assert draft_rows.list_events(draft.id) == []


def test_the_furthest_step_is_remembered_and_never_falls_back(user: User, draft: DraftRow) -> None:
    drafts.mark_reached(user, draft.id, "validation")
    drafts.mark_reached(user, draft.id, "features")
    row = drafts.get_draft(user, draft.id)
    assert (row.reached, row.version) == ("validation", draft.version)


def test_a_draft_on_a_deleted_dataset_asks_for_data_again(user: User, draft: DraftRow, sample: Dataset) -> None:
    datasets.delete_dataset(user, sample.id)
    row = drafts.get_draft(user, draft.id)
    assert drafts.dataset_of(user, row) is None
    assert drafts.plan_of(user, row).spec is None
