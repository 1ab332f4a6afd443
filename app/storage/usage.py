"""Queries on usage events. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import func, insert, select

from app.domain.usage.events import UsageEvent
from app.storage.db import db
from app.storage.tables import UsageEventRow


def add_events(events: Sequence[UsageEvent]) -> None:
    """Add events, in one statement."""
    db.session.execute(insert(UsageEventRow), [asdict(event) for event in events])


def list_events(*, until: datetime | None = None) -> list[UsageEvent]:
    """Return all events before a moment, oldest first: whoever is new in a period is told by what was before it."""
    columns = [UsageEventRow.__table__.columns[field.name] for field in fields(UsageEvent)]
    query = select(*columns).order_by(UsageEventRow.at, UsageEventRow.id)
    if until is not None:
        query = query.where(UsageEventRow.at < until)
    return [UsageEvent(*row) for row in db.session.execute(query)]


def count_by_kind() -> dict[str, int]:
    """Return how many events of each kind there are."""
    query = select(UsageEventRow.kind, func.count()).group_by(UsageEventRow.kind)
    rows = db.session.execute(query)
    return {str(row[0]): int(row[1]) for row in rows}
