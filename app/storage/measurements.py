"""Queries on stored measurements of datasets. Nothing here commits."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from app.storage.db import db, insert_into
from app.storage.tables import CorrelationBlock, JsonResult


def find_payload(table: type[JsonResult], dataset_id: uuid.UUID, key: str) -> dict[str, Any] | None:
    """Return a result as far as it goes, or None."""
    results: dict[str, Any] | None = db.session.scalar(_payload_of(table), {"dataset_id": dataset_id, "key": key})
    return results


@cache
def _payload_of(table: type[JsonResult]) -> Select[tuple[dict[str, Any]]]:
    """Return the query for a result, put together once, since a page asks it for each of its measurements."""
    return select(table.payload).where(table.dataset_id == bindparam("dataset_id"), table.key == bindparam("key"))


def save_payload(table: type[JsonResult], dataset_id: uuid.UUID, key: str, payload: dict[str, Any]) -> None:
    """Store a result in place of what was there."""
    insertion = insert_into(table).values({table.dataset_id: dataset_id, table.key: key, table.payload: payload})
    unique = [table.dataset_id, table.key]
    db.session.execute(insertion.on_conflict_do_update(index_elements=unique, set_={"payload": payload}))


def list_places(dataset_id: uuid.UUID, key: str) -> set[int]:
    """Return which blocks of a matrix are there."""
    return set(db.session.scalars(select(CorrelationBlock.place).where(*_is_in_matrix(dataset_id, key))))


def list_blocks(dataset_id: uuid.UUID, key: str) -> list[tuple[int, bytes]]:
    """Return the blocks of a matrix that are there, in their order."""
    query = select(CorrelationBlock.place, CorrelationBlock.content).where(*_is_in_matrix(dataset_id, key))
    return [(place, content) for place, content in db.session.execute(query.order_by(CorrelationBlock.place))]


def _is_in_matrix(dataset_id: uuid.UUID, key: str) -> tuple[ColumnElement[bool], ...]:
    return CorrelationBlock.dataset_id == dataset_id, CorrelationBlock.key == key


def add_block(dataset_id: uuid.UUID, key: str, *, place: int, content: bytes) -> None:
    """Store a block; one that somebody else stored first is the same, and stays."""
    block = CorrelationBlock
    values = {block.dataset_id: dataset_id, block.key: key, block.place: place, block.content: content}
    unique = [block.dataset_id, block.key, block.place]
    db.session.execute(insert_into(block).values(values).on_conflict_do_nothing(index_elements=unique))
