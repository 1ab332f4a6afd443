"""A file read again: another dataset beside the first, the answers of a draft go along, and nothing is kept twice."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask

from app.domain.analysis.import_options.import_choices import Dialect, Peek
from app.domain.errors import ConflictError, DomainError, DraftConflictError, NotFoundError, UnreadableFileError
from app.services import experiments
from app.services.accounts import accounts
from app.services.context import current_settings
from app.services.datasets import analysis, datasets, uploads
from app.services.drafts import draft_history, drafts
from app.services.jobs import upkeep
from app.storage import files
from app.storage.db import now, transaction
from app.storage.reading import read_file
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, at_once, draft_on, nobody, save, upload, with_limits

AS_TEXT = {"markers": [{"column": "rain", "value": "0.0", "meaning": "missing"}]}
OTHER_DECIMAL = {"decimal": ","}


@pytest.fixture
def small(user: User) -> Dataset:
    return upload(user, SMALL.encode())


def originals() -> list[str]:
    return sorted(path.name for path in files.originals_dir(current_settings().data).iterdir())


def test_a_file_read_again_is_another_dataset_and_the_first_stays(small: Dataset, user: User) -> None:
    before = datasets.parquet_of(small).read_bytes()
    again = datasets.reread(user, small.id, AS_TEXT)
    assert (again.state, again.source_id, again.sha256, again.name) == ("ready", small.id, small.sha256, small.name)
    assert again.id != small.id
    assert datasets.choices_of(again).to_json() == datasets.choices_of(small).merged(AS_TEXT).to_json()
    assert datasets.parquet_of(small).read_bytes() == before
    assert [row.id for row in datasets.list_datasets(user)] == [again.id, small.id]
    assert originals() == [small.sha256]


def test_the_same_choices_lead_back_to_the_dataset_there_is(small: Dataset, user: User) -> None:
    again = datasets.reread(user, small.id, OTHER_DECIMAL)
    assert datasets.reread(user, small.id, OTHER_DECIMAL).id == again.id
    assert datasets.reread(user, again.id, {"decimal": None}).id == small.id
    assert datasets.reread(user, small.id, {}).id == small.id
    assert datasets.count_datasets(user) == 2


def test_the_choices_reach_the_reader(small: Dataset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def spy(*args: Any, **more: Any) -> Any:
        seen.append(more["choices"].to_json())
        return read_file(*args, **more)

    monkeypatch.setattr(analysis, "read_file", spy)
    datasets.reread(user, small.id, OTHER_DECIMAL)
    assert seen == [{"decimal": ","}]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"encoding": "klingon"}, "encoding"), ({"first_line": -1}, "first_line"), ({"colour": 1}, "colour"),
     ({"markers": [{"no": 1}]}, "column"), ({"markers": "x"}, ""), ({"markers": 3}, "choices")],
)  # fmt: skip
def test_a_choice_that_cannot_be_made_is_refused_at_its_field(
    small: Dataset, user: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        datasets.reread(user, small.id, changes)
    assert refusal.value.code == "choice_invalid"
    assert field in (refusal.value.field, "")
    assert datasets.count_datasets(user) == 1


def test_a_sample_is_read_again_from_its_own_file_and_stays_for_everybody(
    sample: Dataset, user: User, other_user: User
) -> None:
    again = datasets.reread(user, sample.id, OTHER_DECIMAL)
    assert (again.state, again.sample, again.source_id) == ("ready", sample.sample, sample.id)
    assert datasets.parquet_of(again) != datasets.parquet_of(sample)
    assert datasets.use_sample(user, "piscataquis").id == sample.id
    datasets.delete_dataset(user, again.id)
    assert datasets.purge(again)
    assert len(datasets.preview_rows(datasets.use_sample(other_user, "piscataquis"))) == 8
    assert originals() == []


def test_a_dataset_of_earlier_days_says_that_its_file_was_not_kept(small: Dataset, user: User) -> None:
    original = datasets.original_of(small)
    assert original is not None
    original.unlink()
    for deed in (datasets.reread, datasets.preview_reading):
        with pytest.raises(UnreadableFileError) as refusal:
            deed(user, small.id, OTHER_DECIMAL)  # type: ignore[operator]  # both take the same
        assert (refusal.value.code, refusal.value.status) == ("original_gone", 409)
        assert "Upload it again" in refusal.value.message


def test_a_reading_that_fails_leaves_the_first_as_it_was(
    small: Dataset, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise UnreadableFileError("Not so.", code="unreadable")

    draft = draft_on(user, small, target="flow")
    monkeypatch.setattr(analysis, "read_file", refuse)
    with pytest.raises(UnreadableFileError, match="Not so"):
        drafts.reread(user, draft.id, OTHER_DECIMAL, version=draft.version)
    assert [row.id for row in datasets.list_datasets(user)] == [small.id]
    assert drafts.get_draft(user, draft.id).dataset_id == small.id
    assert originals() == [small.sha256]
    assert len(datasets.preview_rows(small)) == 8


def test_only_a_file_of_ones_own_that_was_read_is_read_again(app: Flask, small: Dataset, other_user: User) -> None:
    with pytest.raises(NotFoundError):
        datasets.reread(other_user, small.id, OTHER_DECIMAL)
    with_limits(app, inline_read_mb=0)
    waiting = upload(other_user, SMALL.encode())
    with pytest.raises(ConflictError) as refusal:
        datasets.reread(other_user, waiting.id, OTHER_DECIMAL)
    assert refusal.value.code == "not_ready"


def test_a_file_is_read_in_so_many_ways_and_no_more(app: Flask, small: Dataset, user: User) -> None:
    with_limits(app, file_readings=2)
    datasets.reread(user, small.id, OTHER_DECIMAL)
    with pytest.raises(ConflictError) as refusal:
        datasets.reread(user, small.id, {"footer_lines": 1})
    assert refusal.value.code == "too_many_readings"


def test_a_file_read_in_several_ways_fills_its_account_once(app: Flask, small: Dataset, user: User) -> None:
    with_limits(app, user_storage_mb=2)
    with transaction():
        small.size_bytes = 1_500_000
    again = datasets.reread(user, small.id, OTHER_DECIMAL)
    assert again.size_bytes == 1_500_000
    assert datasets.start_upload(user, "more.csv").state == "receiving"


def test_the_same_file_twice_is_the_same_dataset(small: Dataset, user: User, other_user: User) -> None:
    assert upload(user, SMALL.encode(), "copy.csv").id == small.id
    theirs = upload(other_user, SMALL.encode())
    assert theirs.id != small.id
    assert originals() == [small.sha256]
    assert datasets.count_datasets(user) == 1
    assert sorted((current_settings().data / "incoming").iterdir()) == []
    datasets.delete_dataset(user, small.id)
    assert upload(user, SMALL.encode()).id != small.id, "What was deleted is uploaded anew."


def test_two_uploads_of_one_file_at_the_same_moment_are_one_dataset(app: Flask, user: User) -> None:
    user_id = user.id
    results = at_once(app, 4, lambda _at: upload(accounts.get_account(user_id), SMALL.encode()).id)
    assert len(set(results)) == 1, results
    assert datasets.count_datasets(user) == 1
    assert originals() == [hashlib.sha256(SMALL.encode()).hexdigest()]


def test_an_original_goes_with_the_last_that_needs_it(small: Dataset, user: User, other_user: User) -> None:
    again, theirs = datasets.reread(user, small.id, OTHER_DECIMAL), upload(other_user, SMALL.encode())
    draft = draft_on(user, again, target="flow")
    experiments.launch(user, draft.id, version=draft.version, idempotency_key="k")
    for owner, row in ((user, small), (user, again), (other_user, theirs)):
        datasets.delete_dataset(owner, row.id)
    assert [datasets.purge(row) for row in (small, again, theirs)] == [True, False, True]
    assert originals() == [small.sha256], "An experiment stands on it."


def test_the_first_look_is_stored_for_a_large_file_and_taken_for_any(app: Flask, small: Dataset, user: User) -> None:
    assert datasets.peek_of(small) is None
    view = datasets.preview_reading(user, small.id, {})
    assert view.names == ("day", "rain", "warmth", "flow")
    with_limits(app, inline_read_mb=0)
    large = upload(user, SMALL.replace("rain", "hail").encode())
    peek = datasets.peek_of(large)
    assert large.state == "reading"
    assert peek is not None
    assert peek.names == ("day", "hail", "warmth", "flow")
    assert list(peek.rows[0]) == ["2001-01-01", "0.0", "10", "1.0"]


def test_a_large_file_that_shows_at_once_that_it_is_no_table_is_refused_at_once(app: Flask, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    with pytest.raises(UnreadableFileError):
        upload(user, b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    assert (datasets.count_datasets(user), originals()) == (0, [])


def test_a_first_look_that_takes_long_is_done_without(app: Flask, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any, **__: Any) -> Peek:
        raise UnreadableFileError("Too slow.", code="too_slow")

    monkeypatch.setattr(analysis, "peek_file", slow)
    with_limits(app, inline_read_mb=0)
    row = upload(user, SMALL.encode())
    assert (row.state, datasets.peek_of(row)) == ("reading", None)


def test_a_stored_look_of_another_version_is_none(small: Dataset) -> None:
    with transaction():
        small.peek = {"dialect": 3}
    assert datasets.peek_of(small) is None
    with transaction():
        small.peek = Peek(dialect=Dialect()).model_dump(mode="json")
    assert datasets.peek_of(small) == Peek(dialect=Dialect())


def answered(user: User, dataset: Dataset) -> Any:
    draft = draft_on(user, dataset, target="flow")
    save(user, draft, step="data", **{"kind.c1": "categorical"})
    save(user, draft, step="features", **{"column.c2": False})
    save(user, draft, step="model", estimator="ridge")
    return drafts.get_draft(user, draft.id)


def test_a_draft_goes_along_with_all_its_answers_and_undo_brings_it_back(small: Dataset, user: User) -> None:
    draft = answered(user, small)
    again = drafts.reread(user, draft.id, AS_TEXT, version=draft.version)
    moved = drafts.get_draft(user, draft.id)
    assert moved.dataset_id == again.id
    answers = {step: {**fields} for step, fields in draft.answers.items()}
    answers["data"]["dataset_id"] = str(again.id)
    assert {step: fields for step, fields in moved.answers.items() if fields} == answers
    assert drafts.waiting_for(user, draft.id) is None
    draft_history.undo(user, draft.id)
    back = drafts.get_draft(user, draft.id).answers
    assert {step: fields for step, fields in back.items() if fields} == draft.answers
    draft_history.redo(user, draft.id)
    forth = drafts.get_draft(user, draft.id).answers
    assert {step: fields for step, fields in forth.items() if fields} == answers


def test_undoing_another_file_brings_back_its_answers_alone(small: Dataset, sample: Dataset, user: User) -> None:
    draft = answered(user, small)
    save(user, draft, step="data", dataset_id=str(sample.id))
    assert "target" not in drafts.get_draft(user, draft.id).answers["data"]
    draft_history.undo(user, draft.id)
    assert {
        step: fields for step, fields in drafts.get_draft(user, draft.id).answers.items() if fields
    } == draft.answers


def test_a_draft_that_another_tab_moved_is_not_moved_over_it(small: Dataset, sample: Dataset, user: User) -> None:
    draft = draft_on(user, small, target="flow")
    seen = draft.version
    save(user, draft, step="data", dataset_id=str(sample.id))
    again = datasets.reread(user, small.id, AS_TEXT)
    with pytest.raises(DraftConflictError):
        drafts.move_draft(user, draft.id, again, version=seen)
    assert drafts.get_draft(user, draft.id).dataset_id == sample.id


def waiting(app: Flask, user: User, small: Dataset) -> tuple[Any, Dataset]:
    """Return a draft and the reading it waits for, which is left to a worker."""
    draft = answered(user, small)
    with_limits(app, inline_read_mb=0)
    row = drafts.reread(user, draft.id, AS_TEXT, version=draft.version)
    assert (row.state, drafts.get_draft(user, draft.id).dataset_id) == ("reading", small.id)
    dataset = drafts.waiting_for(user, draft.id)
    assert dataset is not None
    assert dataset.id == row.id
    return draft, row


def test_a_draft_waits_for_a_long_reading_and_moves_when_it_is_done(app: Flask, small: Dataset, user: User) -> None:
    draft, row = waiting(app, user, small)
    save(user, draft, step="model", estimator="lasso")
    assert drafts.follow(datasets.read_dataset(row.id))
    moved = drafts.get_draft(user, draft.id)
    assert (moved.dataset_id, moved.answers["model"]["estimator"]) == (row.id, "lasso")
    assert drafts.waiting_for(user, draft.id) is None
    assert not drafts.follow(datasets.get_dataset(user, row.id)), "Once is enough."


def test_a_draft_that_went_elsewhere_meanwhile_stays_there(
    app: Flask, small: Dataset, sample: Dataset, user: User
) -> None:
    draft, row = waiting(app, user, small)
    save(user, draft, step="data", dataset_id=str(sample.id))
    assert not drafts.follow(datasets.read_dataset(row.id))
    assert drafts.get_draft(user, draft.id).dataset_id == sample.id


def test_a_long_reading_that_fails_leaves_the_draft_where_it_was_and_says_why(
    app: Flask, small: Dataset, user: User
) -> None:
    draft, row = waiting(app, user, small)
    datasets.fail_dataset(row.id, code="unreadable", message="Line 3 is odd.")
    dataset = drafts.waiting_for(user, draft.id)
    assert dataset is not None
    assert (dataset.state, dataset.reason) == ("failed", "Line 3 is odd.")
    assert drafts.get_draft(user, draft.id).dataset_id == small.id
    assert originals() == [small.sha256]
    drafts.dismiss_waiting(user, draft.id)
    assert drafts.waiting_for(user, draft.id) is None
    assert [item.id for item in datasets.list_datasets(user)] == [small.id]


def test_a_draft_whose_dataset_was_deleted_has_nothing_to_read_again(small: Dataset, user: User) -> None:
    draft = draft_on(user, small, target="flow")
    datasets.delete_dataset(user, small.id)
    with pytest.raises(ConflictError) as refusal:
        drafts.reread(user, draft.id, AS_TEXT, version=draft.version)
    assert refusal.value.code == "dataset_gone"
    with pytest.raises(NotFoundError):
        drafts.reread(user, nobody(), AS_TEXT, version=1)


def test_an_upload_that_was_cut_says_how_much_had_come(user: User) -> None:
    row = datasets.start_upload(user, "river.csv", expected_bytes=1000)
    datasets.incoming_file(row.id).write_bytes(b"x" * 620)
    uploads.note_arrived(row.id, size_bytes=300)
    uploads.stop_upload(row.id, size_bytes=620)
    dataset = datasets.get_dataset(user, row.id)
    assert (dataset.state, dataset.reason_code) == ("failed", "upload_stopped")
    assert dataset.reason == "The upload stopped at 62 %. Send the file again."
    assert not datasets.incoming_file(row.id).exists()


def test_a_server_that_was_killed_says_afterwards_how_much_had_come(user: User) -> None:
    row = datasets.start_upload(user, "river.csv", expected_bytes=1000)
    with transaction():
        row.size_bytes, row.touched_at = 300, now().replace(year=2020)
    upkeep.tidy()
    assert datasets.get_dataset(user, row.id).reason == "The upload stopped at 30 %. Send the file again."


def test_an_upload_that_was_given_up_and_comes_to_its_end_after_all_is_refused(user: User) -> None:
    row = datasets.start_upload(user, "river.csv", expected_bytes=len(SMALL))
    uploads.stop_upload(row.id, size_bytes=0)
    datasets.incoming_file(row.id).write_bytes(SMALL.encode())
    sha256 = hashlib.sha256(SMALL.encode()).hexdigest()
    with pytest.raises(UnreadableFileError) as refusal:
        datasets.finish_upload(user, row.id, size_bytes=len(SMALL), sha256=sha256)
    assert refusal.value.code == "upload_stopped"
    assert (datasets.count_datasets(user), originals()) == (0, [])


def test_bytes_that_a_killed_process_left_on_their_way_are_put_in_their_place(app: Flask, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    row = upload(user, SMALL.encode())
    original = datasets.original_of(row)
    assert original is not None
    original.rename(datasets.incoming_file(row.id))
    assert datasets.read_dataset(row.id).state == "ready"
    assert original.exists()
