"""Queries on what was measured between columns. Nothing here commits."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from app.storage.db import db
from app.storage.tables import CorrelationBlock, TargetRanking


def places_of(dataset_id: uuid.UUID, key: str) -> set[int]:
    """Return which blocks of a matrix are there."""
    return set(db.session.scalars(_of_matrix(CorrelationBlock.place, dataset_id, key)))


def list_blocks(dataset_id: uuid.UUID, key: str) -> list[tuple[int, bytes]]:
    """Return the blocks of a matrix that are there, in their order."""
    query = _of_matrix(CorrelationBlock.place, dataset_id, key).add_columns(CorrelationBlock.content)
    return [(place, content) for place, content in db.session.execute(query.order_by(CorrelationBlock.place))]


def _of_matrix(column: Any, dataset_id: uuid.UUID, key: str) -> Any:
    return select(column).where(CorrelationBlock.dataset_id == dataset_id, CorrelationBlock.matrix_key == key)


def add_block(dataset_id: uuid.UUID, key: str, *, place: int, content: bytes) -> None:
    """Store a block; one that somebody else stored first is the same, and stays."""
    here = CorrelationBlock.place == place
    if db.session.scalar(_of_matrix(CorrelationBlock.id, dataset_id, key).where(here)) is None:
        db.session.add(CorrelationBlock(dataset_id=dataset_id, matrix_key=key, place=place, content=content))
        db.session.flush()


def find_ranking(dataset_id: uuid.UUID, target_key: str) -> TargetRanking | None:
    """Return the ranking for a target as far as it goes."""
    query = select(TargetRanking).where(TargetRanking.dataset_id == dataset_id, TargetRanking.target_key == target_key)
    return db.session.scalar(query.execution_options(populate_existing=True))


def save_ranking(dataset_id: uuid.UUID, target_key: str, payload: dict[str, Any]) -> None:
    """Store a ranking in place of what was there."""
    row = find_ranking(dataset_id, target_key)
    if row is None:
        db.session.add(TargetRanking(dataset_id=dataset_id, target_key=target_key, payload=payload))
    else:
        row.payload = payload
    db.session.flush()
