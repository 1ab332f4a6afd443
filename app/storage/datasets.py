"""Queries on datasets and what was measured on them. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from app.domain.errors import NotFoundError
from app.domain.vocabulary import DatasetState
from app.storage.db import db, now
from app.storage.tables import Dataset, Experiment, TargetAssociation

MISSING = "There is no such dataset, or it is not yours."


def add_dataset(**values: Any) -> Dataset:
    """Add a dataset."""
    row = Dataset(**values)
    db.session.add(row)
    db.session.flush()
    return row


def get_dataset(dataset_id: uuid.UUID, *, owner_id: uuid.UUID | None = None) -> Dataset:
    """Return a dataset that has not been deleted, of this owner where one is named; else raise NotFoundError."""
    row = db.session.get(Dataset, dataset_id, populate_existing=True)
    if row is None or row.deleted_at is not None or (owner_id is not None and row.owner_id != owner_id):
        raise NotFoundError(MISSING)
    return row


def find_dataset(dataset_id: uuid.UUID) -> Dataset | None:
    """Return a dataset, deleted or not."""
    return db.session.get(Dataset, dataset_id, populate_existing=True)


def find_sample_copy(owner_id: uuid.UUID, *, sample: str, sha256: str) -> Dataset | None:
    """Return the owner's own entry for a shipped sample, if there is one."""
    query = select(Dataset).where(
        Dataset.owner_id == owner_id, Dataset.sample == sample, Dataset.sha256 == sha256, Dataset.deleted_at.is_(None)
    )
    return db.session.scalar(query.limit(1))


def list_datasets(owner_id: uuid.UUID, *, limit: int = 200) -> list[Dataset]:
    """Return an owner's datasets, newest first."""
    query = (
        select(Dataset)
        .where(Dataset.owner_id == owner_id, Dataset.deleted_at.is_(None))
        .order_by(Dataset.created_at.desc(), Dataset.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def load_profile(dataset_id: uuid.UUID) -> dict[str, Any] | None:
    """Return the stored profile as JSON values."""
    query = select(Dataset).where(Dataset.id == dataset_id).options(undefer(Dataset.profile))
    row = db.session.scalar(query)
    return None if row is None else row.profile


def stored_bytes(owner_id: uuid.UUID) -> int:
    """Return how many bytes an owner's uploads had."""
    query = select(func.coalesce(func.sum(Dataset.size_bytes), 0)).where(
        Dataset.owner_id == owner_id,
        Dataset.deleted_at.is_(None),
        Dataset.sample.is_(None),
        Dataset.state != DatasetState.FAILED.value,
    )
    return int(db.session.scalar(query) or 0)


def list_stuck_uploads(before: datetime) -> list[Dataset]:
    """Return uploads that have not moved since `before`."""
    moving = (DatasetState.RECEIVING.value, DatasetState.READING.value)
    query = select(Dataset).where(Dataset.state.in_(moving), Dataset.touched_at < before)
    return list(db.session.scalars(query))


def touch_dataset(dataset_id: uuid.UUID) -> None:
    """Say that an upload still moves."""
    db.session.execute(update(Dataset).where(Dataset.id == dataset_id).values(touched_at=now()))


def is_needed(dataset_id: uuid.UUID) -> bool:
    """Say whether an experiment refers to the dataset."""
    return db.session.scalar(select(Experiment.id).where(Experiment.dataset_id == dataset_id).limit(1)) is not None


def find_association(dataset_id: uuid.UUID, target_key: str) -> TargetAssociation | None:
    """Return what was measured for a target so far."""
    query = select(TargetAssociation).where(
        TargetAssociation.dataset_id == dataset_id, TargetAssociation.target_key == target_key
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def save_association(dataset_id: uuid.UUID, target_key: str, payload: dict[str, Any]) -> None:
    """Store what was measured, in place of what was there."""
    row = find_association(dataset_id, target_key)
    if row is None:
        db.session.add(TargetAssociation(dataset_id=dataset_id, target_key=target_key, payload=payload))
    else:
        row.payload = payload
    db.session.flush()
