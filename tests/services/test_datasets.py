"""Datasets: a file is read whole or refused, a sample is shared, a deleted one leaves nothing that nobody needs."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import DomainError, NotFoundError, StoppedError, UnreadableFileError
from app.domain.vocabulary import ColumnKind
from app.services.accounts import accounts
from app.services.context import current_settings
from app.services.datasets import analysis, datasets
from app.services.jobs import life_cycle
from app.storage import columnar, files, jobs
from app.storage import datasets as dataset_rows
from app.storage.db import db, now, transaction
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, at_once, draft_on, nobody, upload, with_limits

LATER = b"2001-12-02,1,2,3\n"
# Further down than a first look goes.
TOO_LONG = SMALL.encode() + 300 * LATER + b"2001-12-01,1,2," + 3_000_000 * b"9" + b"\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def folder_of(dataset: Dataset) -> Path:
    return files.dataset_dir(current_settings().data, dataset.id)


def on_disk() -> list[str]:
    """Return everything that lies among the datasets and the uploads."""
    data = current_settings().data
    paths = [*(data / "datasets").rglob("*"), *(data / "incoming").rglob("*"), *(data / "originals").glob("*")]
    return sorted(str(path.relative_to(data)) for path in paths)


def original_name(content: bytes) -> str:
    return f"originals/{hashlib.sha256(content).hexdigest()}"


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Dataset)) or 0


def send_large(app: Flask, user: User, content: bytes, name: str = "river.csv") -> Dataset:
    """Upload a file that is left to a worker."""
    with_limits(app, inline_read_mb=0)
    return upload(user, content, name)


def small_table() -> pd.DataFrame:
    """Read the small file by pandas."""
    return pd.read_csv(io.StringIO(SMALL), parse_dates=["day"])


@pytest.fixture
def small(user: User) -> Dataset:
    return upload(user, SMALL.encode())


def test_a_sample_is_used_once_however_often_it_is_chosen(app: Flask, user: User) -> None:
    user_id = user.id
    results = at_once(app, 8, lambda _place: datasets.use_sample(accounts.get_account(user_id), "penguins").id)
    assert len(set(results)) == 1
    assert datasets.use_sample(user, "penguins").id == results[0]
    assert [row.id for row in datasets.list_datasets(user)] == [results[0]]


def test_two_people_have_entries_of_their_own_and_share_the_rows(user: User, other_user: User) -> None:
    mine, theirs = datasets.use_sample(user, "kingstown"), datasets.use_sample(other_user, "kingstown")
    assert mine.id != theirs.id
    assert datasets.parquet_of(mine) == datasets.parquet_of(theirs)
    datasets.delete_dataset(user, mine.id)
    assert datasets.preview_rows(theirs) != []
    assert datasets.list_datasets(user) == []
    assert datasets.use_sample(user, "kingstown").id != mine.id


def test_every_sample_holds_what_its_file_holds(user: User) -> None:
    assert datasets.samples_are_ready()
    for sample in datasets.SAMPLES:
        row = datasets.use_sample(user, sample.id)
        path = current_settings().samples / sample.file
        table = pd.read_csv(path)
        profile = datasets.profile_of(row)
        assert profile is not None
        assert (row.state, row.rows, row.column_count) == ("ready", len(table), table.shape[1])
        assert (row.size_bytes, row.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        missing = {column.name: column.missing for column in profile.columns if column.name != "rownames"}
        assert missing == {name: int(table[name].isna().sum()) for name in missing}
        assert datasets.first_answers(row) == {"dataset_id": str(row.id), "target": sample.target}
        assert profile.has(sample.target)


@pytest.mark.usefixtures("app")
def test_samples_that_were_lost_are_read_again(user: User) -> None:
    before = datasets.use_sample(user, "penguins")
    files.remove_folder(datasets.parquet_of(before).parent)
    assert not datasets.samples_are_ready()
    assert datasets.use_sample(user, "penguins").id == before.id
    assert datasets.samples_are_ready()
    with pytest.raises(NotFoundError):
        datasets.use_sample(user, "../penguins")


def test_a_small_upload_is_read_at_once_and_kept_as_it_came_beside_its_rows(user: User) -> None:
    row = datasets.start_upload(user, "river.csv")
    assert (row.state, row.name, datasets.profile_of(row)) == ("receiving", "river.csv", None)
    assert datasets.preview_rows(row) == []
    datasets.incoming_file(row.id).write_bytes(SMALL.encode())
    sha256 = hashlib.sha256(SMALL.encode()).hexdigest()
    done = datasets.finish_upload(user, row.id, size_bytes=len(SMALL), sha256=sha256)
    assert (done.state, done.rows, done.column_count, done.size_bytes) == ("ready", 300, 4, len(SMALL))
    assert datasets.analysis_job(done) is None
    folder = f"datasets/{row.id}"
    names = ("data.parquet", "hashes.json", "profile.json")
    assert on_disk() == [folder, *(f"{folder}/{name}" for name in names), f"originals/{sha256}"]
    assert (current_settings().data / "originals" / sha256).read_bytes() == SMALL.encode()
    assert datasets.first_answers(done) == {"dataset_id": str(done.id)}


def test_what_was_uploaded_is_what_training_gets(small: Dataset) -> None:
    profile = datasets.profile_of(small)
    assert profile is not None
    table = small_table()
    frame = columnar.read_frame(datasets.parquet_of(small), profile, list(table.columns))
    pd.testing.assert_frame_equal(frame, table, check_dtype=False)
    assert profile.columns[0].kind is ColumnKind.DATETIME
    flow = profile.column("flow")
    assert flow.mean == pytest.approx(table["flow"].mean())
    assert flow.std == pytest.approx(table["flow"].std())


def test_the_preview_shows_the_first_rows_as_texts(small: Dataset) -> None:
    visible_rows = datasets.preview_rows(small, limit=3)
    assert [row[0] for row in visible_rows] == ["2001-01-01", "2001-01-02", "2001-01-03"]
    numbers = [[float(cell) for cell in row[1:]] for row in visible_rows]
    assert numbers == [list(row) for row in small_table()[["rain", "warmth", "flow"]].head(3).itertuples(index=False)]
    assert len(datasets.preview_rows(small)) == 8


def test_the_first_rows_are_shown_without_opening_them_unless_an_earlier_version_read_the_file(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible_rows, profile, opened = datasets.preview_rows(small), datasets.profile_of(small), list[int]()
    assert profile is not None
    assert visible_rows == columnar.preview_rows(datasets.parquet_of(small), profile, limit=8)

    def preview(*_arguments: Any, limit: int, **_more: Any) -> list[list[str]]:
        opened.append(limit)
        return visible_rows

    monkeypatch.setattr(columnar, "preview_rows", preview)
    assert datasets.preview_rows(small) == visible_rows
    assert opened == []
    with transaction():
        row = dataset_rows.get_dataset(small.id)
        row.profile = {name: value for name, value in profile.to_json().items() if name != "first_rows"}
    analysis.forget_profiles()
    assert datasets.preview_rows(small) == visible_rows
    assert opened == [8]


def test_after_a_start_those_are_known_that_were_worked_on_last_as_far_as_that_is_quick(
    user: User, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = upload(user, SMALL.replace("2001", "2002").encode(), "later.csv")
    assert [row.id for row in dataset_rows.list_recent(5)] == [later.id, small.id]
    draft_on(user, small)
    assert [row.id for row in dataset_rows.list_recent(5)] == [small.id, later.id]
    analysis.forget_profiles()
    monkeypatch.setattr(analysis, "COLUMNS_RECALLED", small.column_count)
    analysis.warm_profile_cache()
    assert list(analysis._profiles) == [small.id]
    datasets.delete_dataset(user, small.id)
    assert [row.id for row in dataset_rows.list_recent(5)] == [later.id]


def test_a_file_name_is_a_name_and_no_path(user: User) -> None:
    for sent, kept in (
        ("C:\\data\\river.csv", "river.csv"),
        ("../../etc/passwd", "passwd"),
        ("  level 3.csv ", "level 3.csv"),
        ("w" * 300 + ".csv", "w" * 200),
    ):
        assert datasets.start_upload(user, sent).file_name == kept
    before = rows()
    for sent in ("", "   ", "/", "\\"):
        with pytest.raises(DomainError) as refusal:
            datasets.start_upload(user, sent)
        assert (refusal.value.code, refusal.value.field) == ("file_missing", "file"), sent
    assert rows() == before


def test_a_small_file_that_is_no_table_leaves_nothing(user: User) -> None:
    for content in (PICTURE, b"", b"only,a,header\n"):
        with pytest.raises(UnreadableFileError) as refusal:
            upload(user, content)
        assert refusal.value.field == "file"
        assert refusal.value.message.endswith(".")
    assert (rows(), on_disk(), datasets.list_datasets(user)) == (0, [], [])


def test_a_large_file_waits_for_a_worker_who_reads_it(app: Flask, user: User) -> None:
    row = send_large(app, user, SMALL.encode())
    job = datasets.analysis_job(row)
    assert job is not None
    assert (row.state, job.state, job.owner_id, job.subject_id) == ("reading", "queued", user.id, row.id)
    assert job.time_limit_seconds > current_settings().limits.read_seconds
    assert datasets.profile_of(row) is None
    done = datasets.read_dataset(row.id)
    assert (done.state, done.rows) == ("ready", 300)
    assert not datasets.incoming_file(row.id).exists()
    assert datasets.read_dataset(row.id).state == "ready", "A second attempt finds it done."


def test_a_worker_that_cannot_read_says_why_and_the_bytes_go(app: Flask, user: User) -> None:
    row = send_large(app, user, TOO_LONG)
    with pytest.raises(UnreadableFileError) as refusal:
        datasets.read_dataset(row.id)
    assert datasets.get_dataset(user, row.id).state == "reading"
    datasets.fail_dataset(row.id, code=refusal.value.code, message=refusal.value.message + "!" * 2000)
    failed = datasets.get_dataset(user, row.id)
    assert (failed.state, failed.reason_code) == ("failed", refusal.value.code)
    assert failed.reason is not None
    assert "Line 602 holds a cell with more than" in failed.reason
    assert len(failed.reason) == 1000
    assert (on_disk(), datasets.profile_of(failed), datasets.preview_rows(failed)) == ([], None, [])


def test_a_ready_dataset_cannot_fail_any_more(small: Dataset) -> None:
    datasets.fail_dataset(small.id, code="late", message="Too late.")
    datasets.fail_dataset(nobody(), code="late", message="Nobody.")
    assert (small.state, small.reason) == ("ready", None)
    assert datasets.preview_rows(small) != []


def test_an_upload_whose_bytes_are_gone_is_refused_by_the_worker(app: Flask, user: User) -> None:
    row = send_large(app, user, SMALL.encode())
    original = datasets.original_of(row)
    assert original is not None
    original.write_bytes(SMALL.replace("rain", "hail").encode())
    with pytest.raises(UnreadableFileError) as refusal:
        datasets.read_dataset(row.id)
    assert refusal.value.code == "file_damaged"
    original.unlink()
    with pytest.raises(UnreadableFileError) as refusal:
        datasets.read_dataset(row.id)
    assert refusal.value.code == "file_gone"
    with pytest.raises(NotFoundError):
        datasets.read_dataset(nobody())


def test_a_small_file_that_takes_long_is_left_to_a_worker(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    query: list[int] = []

    def slow(*_: Any, seconds: int, **__: Any) -> None:
        query.append(seconds)
        raise UnreadableFileError("It took too long.", code="too_slow")

    monkeypatch.setattr(analysis, "read_file", slow)
    row = upload(user, SMALL.encode())
    job = datasets.analysis_job(row)
    assert job is not None
    assert (row.state, job.state) == ("reading", "queued")
    assert query == [current_settings().limits.inline_read_seconds]
    monkeypatch.undo()
    assert datasets.read_dataset(row.id).state == "ready"


def test_a_profile_is_read_from_the_database_once(small: Dataset, user: User) -> None:
    first = datasets.profile_of(small)
    assert first is not None
    ids = [small.id]
    with transaction():
        for position in range(datasets.PROFILES_KEPT + 4):
            profile = {**first.to_json(), "rows": position}
            row = Dataset(owner_id=user.id, name="copy", file_name="copy.csv", state="ready", profile=profile)
            db.session.add(row)
            db.session.flush()
            ids.append(row.id)
    dataset_profiles = [datasets.profile_of(datasets.get_dataset(user, identifier)) for identifier in ids]
    assert [dataset.rows for dataset in dataset_profiles if dataset] == [300, *range(datasets.PROFILES_KEPT + 4)]
    assert datasets.profile_of(datasets.get_dataset(user, ids[-1])) is dataset_profiles[-1]
    again = datasets.profile_of(small)
    assert again == first, "What was pushed out is read again."


def test_everybody_sees_their_own_datasets_newest_first(user: User, other_user: User) -> None:
    older, newer = datasets.start_upload(user, "a.csv"), datasets.start_upload(user, "b.csv")
    theirs = datasets.start_upload(other_user, "c.csv")
    with transaction():
        datasets.get_dataset(user, older.id).created_at = now() - timedelta(days=1)
    assert [row.id for row in datasets.list_datasets(user)] == [newer.id, older.id]
    for deed in (
        lambda: datasets.get_dataset(user, theirs.id),
        lambda: datasets.delete_dataset(user, theirs.id),
        lambda: datasets.finish_upload(user, theirs.id, size_bytes=1, sha256=""),
    ):
        with pytest.raises(NotFoundError):
            deed()
    assert [(row.id, row.state) for row in datasets.list_datasets(other_user)] == [(theirs.id, "receiving")]


def test_an_attempt_that_lost_its_lease_does_not_fail_the_dataset(app: Flask, user: User) -> None:
    row = send_large(app, user, SMALL.encode())
    job = datasets.analysis_job(row)
    assert job is not None
    with transaction():
        assert jobs.claim(job.id, worker_id="asleep", lease_seconds=-1) == 1
        assert jobs.claim(job.id, worker_id="awake", lease_seconds=60) == 2
    assert not life_cycle.stop_job(job.id, attempt=1)
    assert jobs.get_job(job.id).state == "running"
    with pytest.raises(StoppedError):
        datasets.read_dataset(row.id, may_store=lambda: life_cycle.has_lease(job.id, attempt=1))
    assert db.session.get(Dataset, row.id, populate_existing=True).state == "reading"
    assert datasets.read_dataset(row.id, may_store=lambda: life_cycle.has_lease(job.id, attempt=2)).state == "ready"


def test_a_dropped_upload_was_never_there(user: User) -> None:
    row = datasets.start_upload(user, "river.csv")
    datasets.incoming_file(row.id).write_bytes(b"half of it")
    datasets.drop_upload(row.id)
    datasets.drop_upload(row.id)
    assert (rows(), on_disk()) == (0, [])
