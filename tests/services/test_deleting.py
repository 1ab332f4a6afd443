"""What is deleted can be restored for a while, leaves what others need, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.domain.errors import NotFoundError
from app.services import experiments
from app.services.datasets import datasets
from app.storage import columnar
from app.storage.db import now, transaction
from app.storage.reading import sandbox
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, draft_on, nobody
from tests.services.test_datasets import on_disk, rows, send_large, small

__all__ = ["small"]


def test_what_is_deleted_can_be_restored_for_30_days_and_is_gone_from_disk_then(small: Dataset, user: User) -> None:
    before = on_disk()
    datasets.delete_dataset(user, small.id)
    assert (on_disk(), datasets.list_datasets(user), rows()) == (before, [], 1)
    for deed in (datasets.get_dataset, datasets.delete_dataset):
        with pytest.raises(NotFoundError):
            deed(user, small.id)
    assert datasets.restore_dataset(user, small.id).id == small.id
    assert [row.id for row in datasets.list_datasets(user)] == [small.id]
    assert len(datasets.preview_rows(small)) == 8
    datasets.delete_dataset(user, small.id)
    with transaction():
        small.deleted_at = now() - timedelta(days=datasets.RESTORE_DAYS, minutes=1)
    assert datasets.purge_old() == 1
    assert (on_disk(), rows(), datasets.purge_old()) == ([], 1, 0)
    with pytest.raises(NotFoundError) as refusal:
        datasets.restore_dataset(user, small.id)
    assert refusal.value.message == "This dataset was deleted for good. Upload the file again."


def test_nobody_restores_what_is_not_theirs(small: Dataset, user: User, other_user: User) -> None:
    datasets.delete_dataset(user, small.id)
    for dataset_id in (small.id, nobody()):
        with pytest.raises(NotFoundError):
            datasets.restore_dataset(other_user, dataset_id)


def test_deleting_keeps_the_rows_that_an_experiment_stands_on(small: Dataset, user: User) -> None:
    draft = draft_on(user, small, target="flow")
    experiment = experiments.launch(user, draft.id, version=draft.version, idempotency_key="k")
    datasets.delete_dataset(user, small.id)
    assert datasets.list_datasets(user) == []
    assert experiments.dataset_name(experiment) == "river.csv"
    assert not datasets.purge(small)
    with transaction():
        small.deleted_at = now() - timedelta(days=datasets.RESTORE_DAYS, minutes=1)
    assert datasets.purge_old() == 0
    assert [dataset.id for dataset in datasets.list_deleted(user)] == [small.id], "it can be brought back for as long"
    assert datasets.original_of(small) is not None
    profile = datasets.profile_of(small)
    assert profile is not None
    assert len(columnar.read_frame(datasets.parquet_of(small), profile, ["flow"])) == 300


def test_deleting_what_still_waits_to_be_read_drops_its_bytes(app: Flask, user: User) -> None:
    row = send_large(app, user, SMALL.encode())
    datasets.delete_dataset(user, row.id)
    assert on_disk() == []
    with pytest.raises(NotFoundError):
        datasets.read_dataset(row.id)


def test_what_is_deleted_while_it_is_read_leaves_nothing(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = send_large(app, user, SMALL.encode())
    publish = sandbox.publish_folder

    def delete_and_publish(aside: Path, target: Path) -> None:
        datasets.delete_dataset(user, row.id)
        publish(aside, target)

    monkeypatch.setattr(sandbox, "publish_folder", delete_and_publish)
    with pytest.raises(NotFoundError):
        datasets.read_dataset(row.id)
    assert on_disk() == []
