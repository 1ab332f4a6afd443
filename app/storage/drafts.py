"""Queries on drafts and their history. Nothing here commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, insert, select, update

from app.domain.errors import NotFoundError
from app.storage.db import db, now
from app.storage.tables import Dataset, DraftEvent, DraftRow

# What every page of a draft asks is put together once.
_DRAFT = select(DraftRow).where(DraftRow.id == bindparam("id")).execution_options(populate_existing=True)
_UNDO_MARKS = (
    select(DraftEvent.version, DraftEvent.undoes)
    .where(DraftEvent.draft_id == bindparam("draft_id"), DraftEvent.version > bindparam("after_version"))
    .order_by(DraftEvent.version)
)
_SWAP = (
    update(DraftRow)
    .where(
        DraftRow.id == bindparam("draft"),
        DraftRow.version == bindparam("expected"),
        DraftRow.launched_experiment_id.is_(None),
    )
    .values(
        version=DraftRow.version + 1,
        **{name: bindparam(name) for name in ("answers", "dataset_id", "reached", "touched_at")},
    )
    .returning(DraftRow)
)


def add_draft(**values: Any) -> DraftRow:
    """Add a draft."""
    row = DraftRow(**values)
    db.session.add(row)
    db.session.flush()
    return row


def get_draft(draft_id: uuid.UUID, *, owner_id: uuid.UUID) -> DraftRow:
    """Return an owner's draft as it stands now, or raise NotFoundError."""
    row = find_draft(draft_id)
    if row is None or row.owner_id != owner_id:
        raise NotFoundError("There is no such draft, or it is not yours.")
    return row


def find_draft(draft_id: uuid.UUID) -> DraftRow | None:
    """Return a draft as it stands now, of whoever it is."""
    return db.session.scalar(_DRAFT, {"id": draft_id})


@dataclass(frozen=True)
class DraftLine:
    """What tells one draft from another without its answers. `dataset_name` is None where it stands on no data."""

    id: uuid.UUID
    version: int
    reached: str
    touched_at: datetime
    dataset_name: str | None
    dataset_state: str | None
    deleted_at: datetime | None


def list_lines(owner_id: uuid.UUID, *, limit: int, offset: int = 0) -> list[DraftLine]:
    """Return an owner's drafts that were not launched, last touched first, with the data that each stands on."""
    query = select(DraftRow.id, DraftRow.version, DraftRow.reached, DraftRow.touched_at).add_columns(
        Dataset.name, Dataset.state, Dataset.deleted_at
    )
    same = (Dataset.id == DraftRow.dataset_id) & (Dataset.owner_id == owner_id)
    query = query.outerjoin(Dataset, same).where(*_unlaunched_conditions(owner_id))
    query = query.order_by(DraftRow.touched_at.desc(), DraftRow.id).limit(limit).offset(offset)
    return [DraftLine(*row) for row in db.session.execute(query)]


def count_drafts(owner_id: uuid.UUID) -> int:
    """Return how many drafts of an owner were not launched."""
    return db.session.scalar(select(func.count()).select_from(DraftRow).where(*_unlaunched_conditions(owner_id))) or 0


def _unlaunched_conditions(owner_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return DraftRow.owner_id == owner_id, DraftRow.launched_experiment_id.is_(None)


def swap(
    draft_id: uuid.UUID, *, version: int, answers: dict[str, Any], dataset_id: uuid.UUID | None, reached: str
) -> DraftRow | None:
    """Write a draft that still has this version, and raise the version by one; None if somebody was faster.

    A launch raises no version and ends all changes, so it counts as somebody who was faster.
    """
    places = {"draft": draft_id, "expected": version}
    values = {"answers": answers, "dataset_id": dataset_id, "reached": reached}
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalar(_SWAP, {**places, **values, "touched_at": now()}, execution_options=options)


def replace_answers(draft_id: uuid.UUID, *, version: int, answers: dict[str, Any]) -> bool:
    """Write the answers of a draft that still has this version, which stays; False if somebody was faster."""
    statement = update(DraftRow).where(DraftRow.id == draft_id, DraftRow.version == version).values(answers=answers)
    done = cast("CursorResult[Any]", db.session.execute(statement.execution_options(synchronize_session=False)))
    return done.rowcount == 1


def mark_launched(draft_id: uuid.UUID, *, version: int, experiment_id: uuid.UUID) -> bool:
    """Record the experiment launched from a draft of this version; False if that changed or was launched before."""
    statement = (
        update(DraftRow)
        .where(DraftRow.id == draft_id, DraftRow.version == version, DraftRow.launched_experiment_id.is_(None))
        .values(launched_experiment_id=experiment_id)
    )
    done = cast("CursorResult[Any]", db.session.execute(statement.execution_options(synchronize_session=False)))
    return done.rowcount == 1


def change_draft(draft_id: uuid.UUID, **values: Any) -> None:
    """Change what is no answer, such as the step reached; the version stays."""
    db.session.execute(
        update(DraftRow).where(DraftRow.id == draft_id).values(**values).execution_options(synchronize_session=False)
    )


def add_event(**values: Any) -> None:
    """Record one save."""
    db.session.execute(insert(DraftEvent).values(**values))


def list_events(draft_id: uuid.UUID, *, after_version: int = 0) -> list[DraftEvent]:
    """Return the saves after a version, oldest first."""
    query = select(DraftEvent).where(DraftEvent.draft_id == draft_id, DraftEvent.version > after_version)
    return list(db.session.scalars(query.order_by(DraftEvent.version)))


def get_event(draft_id: uuid.UUID, version: int) -> DraftEvent:
    """Return the save that made a version, or raise NotFoundError."""
    query = select(DraftEvent).where(DraftEvent.draft_id == draft_id, DraftEvent.version == version)
    event = db.session.scalar(query)
    if event is None:
        raise NotFoundError("There is no such change of this draft.")
    return event


def list_undo_marks(draft_id: uuid.UUID, *, after_version: int = 0) -> list[tuple[int, int | None]]:
    """Return (version, version that it takes back or None) of the saves after a version, oldest first."""
    rows = db.session.execute(_UNDO_MARKS, {"draft_id": draft_id, "after_version": after_version})
    return [(version, undoes) for version, undoes in rows]


def drop_draft(draft_id: uuid.UUID) -> None:
    """Forget a draft and its history."""
    db.session.execute(delete(DraftEvent).where(DraftEvent.draft_id == draft_id))
    db.session.execute(delete(DraftRow).where(DraftRow.id == draft_id))
