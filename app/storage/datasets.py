"""Queries on datasets and what was measured on them. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, cast, exists, func, or_, select, update

from app.domain.errors import NotFoundError
from app.domain.vocabulary import DatasetState
from app.storage.db import db, now
from app.storage.jobs import OPEN
from app.storage.tables import Dataset, DraftRow, Experiment, Job, User

MISSING = "There is no such dataset, or it is not yours."
MOVING = (DatasetState.RECEIVING.value, DatasetState.READING.value)
# Why a file was refused that could be read without some of its rows; its bytes are kept for that.
RAGGED = "ragged"
# A grid of which a part is to be chosen, and one of which a part was chosen that holds nothing.
PLACES = ("grid_too_large", "no_such_place")
WAITING = (RAGGED, *PLACES)
# Nearly every page asks this, so it is put together once.
_DATASET = select(Dataset).where(Dataset.id == bindparam("id")).execution_options(populate_existing=True)


def add_dataset(**values: Any) -> Dataset:
    """Add a dataset."""
    row = Dataset(**values)
    db.session.add(row)
    db.session.flush()
    return row


def drop_dataset(dataset_id: uuid.UUID) -> None:
    """Forget a dataset as if it had never been."""
    row = find_dataset(dataset_id)
    if row is not None:
        db.session.delete(row)
        db.session.flush()


def change_dataset(dataset_id: uuid.UUID, **values: Any) -> None:
    """Change what is no fact about the rows, such as the draft that waits."""
    db.session.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))


def lock_owner(owner_id: uuid.UUID) -> None:
    """Let an owner's uploads and readings be decided one after the other until the transaction ends."""
    db.session.execute(select(User.id).where(User.id == owner_id).with_for_update())


def get_dataset(dataset_id: uuid.UUID, *, owner_id: uuid.UUID | None = None) -> Dataset:
    """Return a dataset that has not been deleted, of this owner where one is named; else raise NotFoundError."""
    row = find_dataset(dataset_id)
    if row is None or row.deleted_at is not None or (owner_id is not None and row.owner_id != owner_id):
        raise NotFoundError(MISSING)
    return row


def find_dataset(dataset_id: uuid.UUID) -> Dataset | None:
    """Return a dataset, deleted or not."""
    return db.session.scalar(_DATASET, {"id": dataset_id})


def find_sample_copy(owner_id: uuid.UUID, *, sample: str, sha256: str, analysis_version: int) -> Dataset | None:
    """Return the owner's own entry for a shipped sample as it is read by itself, if there is one."""
    query = select(Dataset).where(
        Dataset.owner_id == owner_id,
        Dataset.sample == sample,
        Dataset.sha256 == sha256,
        Dataset.analysis_version == analysis_version,
        Dataset.source_id.is_(None),
        Dataset.deleted_at.is_(None),
    )
    return db.session.scalar(query.limit(1))


def find_reading(
    owner_id: uuid.UUID, *, sha256: str, fingerprint: str, analysis_version: int, sample: str | None = None
) -> Dataset | None:
    """Return the owner's dataset of the same bytes read with the same choices, ready or being read, if there is one."""
    same_sample = Dataset.sample.is_(None) if sample is None else Dataset.sample == sample
    query = (
        select(Dataset)
        .where(
            Dataset.owner_id == owner_id,
            Dataset.sha256 == sha256,
            Dataset.fingerprint == fingerprint,
            Dataset.analysis_version == analysis_version,
            Dataset.state.in_((DatasetState.READY.value, DatasetState.READING.value)),
            Dataset.deleted_at.is_(None),
            same_sample,
        )
        .order_by(Dataset.created_at, Dataset.id)
    )
    return db.session.scalar(query.limit(1).execution_options(populate_existing=True))


def count_readings(owner_id: uuid.UUID, sha256: str) -> int:
    """Return how many live datasets of an owner are readings of one file."""
    query = select(func.count()).where(
        Dataset.owner_id == owner_id, Dataset.sha256 == sha256, Dataset.deleted_at.is_(None)
    )
    return db.session.scalar(query) or 0


def _listed_conditions(owner_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return Dataset.owner_id == owner_id, Dataset.deleted_at.is_(None)


def list_datasets(owner_id: uuid.UUID, *, limit: int = 200, offset: int = 0) -> list[Dataset]:
    """Return an owner's datasets, newest first."""
    query = (
        select(Dataset)
        .where(*_listed_conditions(owner_id))
        .order_by(Dataset.created_at.desc(), Dataset.id)
        .limit(limit)
        .offset(offset)
    )
    return list(db.session.scalars(query))


def list_recent(limit: int) -> list[Dataset]:
    """Return anybody's ready datasets, those first that were worked on last: themselves or in a draft."""
    worked_on = func.coalesce(func.max(DraftRow.touched_at), Dataset.touched_at)
    query = (
        select(Dataset)
        .outerjoin(DraftRow, DraftRow.dataset_id == Dataset.id)
        .where(Dataset.state == DatasetState.READY.value, Dataset.deleted_at.is_(None))
        .group_by(Dataset.id)
        .order_by(worked_on.desc(), Dataset.id)
    )
    return list(db.session.scalars(query.limit(limit)))


def list_stored() -> list[Dataset]:
    """Return anybody's datasets whose rows lie on disk, oldest first."""
    query = select(Dataset).where(Dataset.state == DatasetState.READY.value, Dataset.purged_at.is_(None))
    return list(db.session.scalars(query.order_by(Dataset.created_at, Dataset.id)))


def names_of(sha256: str) -> list[str]:
    """Return under which names a file was uploaded."""
    query = select(Dataset.file_name).where(Dataset.sha256 == sha256, Dataset.purged_at.is_(None)).distinct()
    return sorted(db.session.scalars(query))


def count_datasets(owner_id: uuid.UUID) -> int:
    """Return how many datasets an owner has."""
    return db.session.scalar(select(func.count()).select_from(Dataset).where(*_listed_conditions(owner_id))) or 0


def find_waiting(draft_id: uuid.UUID, *, owner_id: uuid.UUID) -> Dataset | None:
    """Return the newest dataset that a draft waits for or waited for, if there is one."""
    query = (
        select(Dataset)
        .where(Dataset.waiting_draft_id == draft_id, *_listed_conditions(owner_id))
        .order_by(Dataset.created_at.desc(), Dataset.id)
    )
    return db.session.scalar(query.limit(1).execution_options(populate_existing=True))


def load_profile(dataset_id: uuid.UUID) -> dict[str, Any] | None:
    """Return the stored profile as JSON values."""
    return db.session.scalar(select(Dataset.profile).where(Dataset.id == dataset_id))


def load_peek(dataset_id: uuid.UUID) -> dict[str, Any] | None:
    """Return the stored first look as JSON values."""
    return db.session.scalar(select(Dataset.peek).where(Dataset.id == dataset_id))


def _has_bytes() -> ColumnElement[bool]:
    return or_(Dataset.state != DatasetState.FAILED.value, Dataset.reason_code.in_(WAITING))


def list_partial_uploads(owner_id: uuid.UUID, sha256: str) -> list[Dataset]:
    """Return an owner's readings of a file that were refused and wait to be read in part."""
    query = select(Dataset).where(
        *_listed_conditions(owner_id),
        Dataset.sha256 == sha256,
        Dataset.state == DatasetState.FAILED.value,
        Dataset.reason_code.in_(WAITING),
    )
    return list(db.session.scalars(query))


def stored_bytes(owner_id: uuid.UUID) -> int:
    """Return how many bytes an owner's uploads had; a file that was read several times counts once."""
    each = (
        select(func.max(Dataset.size_bytes).label("size"))
        .where(*_listed_conditions(owner_id), Dataset.sample.is_(None), _has_bytes())
        .group_by(func.coalesce(Dataset.sha256, cast(Dataset.id, String)))
        .subquery()
    )
    return int(db.session.scalar(select(func.coalesce(func.sum(each.c.size), 0))) or 0)


def list_stuck_uploads(before: datetime) -> list[Dataset]:
    """Return uploads that have not moved since `before`."""
    query = select(Dataset).where(Dataset.state.in_(MOVING), Dataset.touched_at < before)
    return list(db.session.scalars(query))


def list_abandoned(before: datetime) -> list[Dataset]:
    """Return datasets that are said to be read, have not moved since `before`, and have no job that will read them."""
    # Nothing but reading is done with a dataset that is not ready.
    job = exists().where(Job.subject_id == Dataset.id, Job.state.in_(OPEN))
    query = select(Dataset).where(
        Dataset.state == DatasetState.READING.value, Dataset.touched_at < before, Dataset.deleted_at.is_(None), ~job
    )
    return list(db.session.scalars(query.with_for_update()))


def touch_dataset(dataset_id: uuid.UUID, *, size_bytes: int) -> None:
    """Record that an upload still moves, and how much of it has arrived."""
    query = update(Dataset).where(Dataset.id == dataset_id, Dataset.state == DatasetState.RECEIVING.value)
    db.session.execute(query.values(touched_at=now(), size_bytes=size_bytes))


def is_needed(dataset_id: uuid.UUID) -> bool:
    """Return whether an experiment refers to the dataset."""
    return db.session.scalar(select(Experiment.id).where(Experiment.dataset_id == dataset_id).limit(1)) is not None


def list_deleted(
    *, owner_id: uuid.UUID | None = None, before: datetime | None = None, unneeded: bool = False
) -> list[Dataset]:
    """Return deleted datasets whose files are still there, longest deleted first; or only what no experiment needs."""
    query = select(Dataset).where(Dataset.deleted_at.is_not(None), Dataset.purged_at.is_(None))
    if unneeded:
        query = query.where(~exists().where(Experiment.dataset_id == Dataset.id))
    if owner_id is not None:
        query = query.where(Dataset.owner_id == owner_id)
    if before is not None:
        query = query.where(Dataset.deleted_at < before)
    return list(db.session.scalars(query.order_by(Dataset.deleted_at, Dataset.id)))


def has_files(dataset_id: uuid.UUID) -> bool:
    """Return whether a dataset is, or may become, one whose rows lie on disk."""
    query = select(Dataset.id).where(Dataset.id == dataset_id, Dataset.purged_at.is_(None))
    return db.session.scalar(query) is not None


def needs_original(sha256: str) -> bool:
    """Return whether any dataset, of anybody, still stands on the file with this hash."""
    query = select(Dataset.id).where(
        Dataset.sha256 == sha256,
        Dataset.sample.is_(None),
        Dataset.purged_at.is_(None),
        _has_bytes(),
    )
    return db.session.scalar(query.limit(1)) is not None
