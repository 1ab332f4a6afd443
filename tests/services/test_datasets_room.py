"""Room for datasets: what an account may fill, what a disk must keep free, and what makes room again."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import NoSpaceError
from app.services.datasets import datasets
from app.storage.db import db, transaction
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, upload, with_limits


@pytest.fixture
def small(user: User) -> Dataset:
    return upload(user, SMALL.encode())


def test_what_is_restored_must_find_room(app: Flask, small: Dataset, user: User) -> None:
    datasets.delete_dataset(user, small.id)
    with_limits(app, user_storage_mb=2)
    fill(user, 2_000_000)
    with pytest.raises(NoSpaceError):
        datasets.restore_dataset(user, small.id)
    assert small.id not in [row.id for row in datasets.list_datasets(user)]


def test_what_is_deleted_fills_no_more_than_an_account_may(app: Flask, user: User) -> None:
    with_limits(app, user_storage_mb=3)
    older, newer = fill(user, 2_000_000), fill(user, 1_000_001)
    datasets.delete_dataset(user, older.id)
    assert older.purged_at is None
    datasets.delete_dataset(user, newer.id)
    assert (datasets_of(older).purged_at is None, datasets_of(newer).purged_at is None) == (False, True)


def datasets_of(row: Dataset) -> Dataset:
    dataset = db.session.get(Dataset, row.id, populate_existing=True)
    assert dataset is not None
    return dataset


def fill(user: User, size: int, **more: Any) -> Dataset:
    """Give an account an upload of this size, without the bytes."""
    with transaction():
        row = Dataset(owner_id=user.id, name="big", file_name="big.csv", size_bytes=size, state="ready")
        for name, value in more.items():
            setattr(row, name, value)
        db.session.add(row)
    return row


def test_an_account_that_is_full_takes_no_more_until_something_is_deleted(app: Flask, user: User) -> None:
    with_limits(app, user_storage_mb=2)
    first = fill(user, 1_500_000)
    fill(user, 500_000)
    datasets.start_upload(user, "just-fits.csv")
    fill(user, 1)
    with pytest.raises(NoSpaceError) as refusal:
        datasets.start_upload(user, "river.csv")
    assert (refusal.value.status, refusal.value.code, refusal.value.field) == (507, "quota", "file")
    assert "2 MB" in refusal.value.message
    datasets.delete_dataset(user, first.id)
    assert datasets.start_upload(user, "river.csv").state == "receiving"


def test_two_uploads_that_each_fit_alone_do_not_both_fill_an_account(app: Flask, user: User) -> None:
    with_limits(app, user_storage_mb=2)
    dataset, two = (datasets.start_upload(user, f"{name}.csv") for name in ("one", "two"))
    for row in (dataset, two):
        datasets.incoming_file(row.id).write_bytes(SMALL.encode())
    datasets.finish_upload(user, dataset.id, size_bytes=1_500_000, sha256=hashlib.sha256(SMALL.encode()).hexdigest())
    with pytest.raises(NoSpaceError) as refusal:
        datasets.finish_upload(user, two.id, size_bytes=1_500_000, sha256="1" * 64)
    assert refusal.value.code == "quota"
    assert [row.name for row in datasets.list_datasets(user)] == ["one.csv"]
    assert not datasets.incoming_file(two.id).exists()


def test_samples_and_other_peoples_files_fill_no_account(app: Flask, user: User, other_user: User) -> None:
    with_limits(app, user_storage_mb=0)
    datasets.use_sample(user, "piscataquis")
    fill(other_user, 10_000_000)
    assert datasets.start_upload(user, "river.csv").state == "receiving"


def test_what_failed_fills_no_account(app: Flask, user: User) -> None:
    with_limits(app, user_storage_mb=1)
    row = fill(user, 5_000_000, state="reading")
    datasets.fail_dataset(row.id, code="unreadable", message="It cannot be read.")
    assert datasets.start_upload(user, "river.csv").state == "receiving"


def test_a_disk_that_is_nearly_full_takes_no_upload(app: Flask, user: User) -> None:
    with_limits(app, free_disk_mb=10**9)
    with pytest.raises(NoSpaceError) as refusal:
        datasets.start_upload(user, "river.csv")
    assert (refusal.value.status, refusal.value.code) == (507, "no_space")
    assert db.session.scalar(select(func.count()).select_from(Dataset)) == 0
