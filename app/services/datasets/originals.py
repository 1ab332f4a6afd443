"""Original files: their paths, and their removal once no dataset needs them."""

from __future__ import annotations

import uuid
from pathlib import Path

from app.domain.errors import UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.context import current_settings
from app.services.datasets import samples
from app.storage import datasets, files
from app.storage.db import transaction
from app.storage.tables import Dataset

FILE_GONE = "The uploaded file is gone. Upload it again."
FILE_DAMAGED = "The stored file is no longer what was uploaded. Upload it again."


def incoming_file(dataset_id: uuid.UUID) -> Path:
    """Return where the bytes of an upload gather."""
    return files.incoming_dir(current_settings().data) / f"{dataset_id}.part"


def original_of(dataset: Dataset) -> Path | None:
    """Return the file a dataset was read from, as it came; None where it was not kept."""
    if dataset.sample:
        path = samples.file_of(dataset.sample)
    else:
        path = files.original_file(current_settings().data, dataset.sha256 or "-")
    return path if path.is_file() else None


def source_of(row: Dataset) -> Path:
    """Return the file to read; what a killed process left among the arriving ones is put in its place first.

    Raises
    ------
    UnreadableFileError
        If it is gone, or no longer what was uploaded.
    """
    arrived = incoming_file(row.id)
    if row.sha256 and arrived.exists():
        data = current_settings().data
        # Whoever waits here may find that the request that took the file has put it in its place meanwhile.
        with files.lock_originals(data):
            if arrived.exists():
                files.keep_original(data, arrived, row.sha256)
    source = original_of(row)
    if source is None:
        raise UnreadableFileError(FILE_GONE, code="file_gone")
    if files.sha256_of(source) != row.sha256:
        raise UnreadableFileError(FILE_DAMAGED, code="file_damaged")
    return source


def release_original(row: Dataset) -> None:
    """Remove the file as it came, unless any dataset of anybody stands on it."""
    incoming_file(row.id).unlink(missing_ok=True)
    if row.sha256 and not row.sample:
        release_bytes(row.sha256)


def release_bytes(sha256: str) -> None:
    """Remove the original with this hash, unless any dataset of anybody stands on it."""
    data = current_settings().data
    # A row that names the file is committed before the file is put in its place, and both while this is held.
    with files.lock_originals(data), transaction():
        if not datasets.needs_original(sha256):
            files.original_file(data, sha256).unlink(missing_ok=True)


def mark_failed(dataset_id: uuid.UUID, *, code: str, message: str) -> None:
    """Mark a dataset as failed, with the reason, in the caller's transaction; `drop_bytes` is to follow it."""
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is not None and row.state != DatasetState.READY.value:
            row.state, row.reason_code, row.reason = DatasetState.FAILED.value, code, message[:1000]


def drop_bytes(dataset_id: uuid.UUID) -> None:
    """Drop the bytes of a file that could not become a dataset, unless a part of it can be read or another has them."""
    row = datasets.find_dataset(dataset_id)
    if row is None:
        incoming_file(dataset_id).unlink(missing_ok=True)
    elif row.state == DatasetState.FAILED.value and row.reason_code not in datasets.PLACES:
        release_original(row)


def fail_dataset(dataset_id: uuid.UUID, *, code: str, message: str) -> None:
    """Mark a dataset as failed, with the reason, and drop its bytes."""
    mark_failed(dataset_id, code=code, message=message)
    drop_bytes(dataset_id)
