"""Queries on browser sessions. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from app.storage.db import db, now
from app.storage.tables import WebSession

# Every request asks this, so it is put together once.
_SESSION = select(WebSession).where(
    WebSession.id_hash == bindparam("id_hash"), WebSession.expires_at > bindparam("moment")
)


def find_session(id_hash: str) -> WebSession | None:
    """Return a session that has not expired."""
    return db.session.scalar(_SESSION, {"id_hash": id_hash, "moment": now()})


def add_session(**values: Any) -> WebSession:
    """Add a session."""
    row = WebSession(**values)
    db.session.add(row)
    return row


def list_sessions(user_id: uuid.UUID, *, idle_before: datetime) -> list[WebSession]:
    """Return the sessions that open an account, the one used last first."""
    query = select(WebSession).where(WebSession.user_id == user_id, WebSession.expires_at > now())
    query = query.where(WebSession.seen_at >= idle_before)
    return list(db.session.scalars(query.order_by(WebSession.seen_at.desc(), WebSession.id_hash)))


def has_open_session(user_id: uuid.UUID, *, idle_before: datetime) -> bool:
    """Return whether a browser is signed in to an account."""
    return bool(list_sessions(user_id, idle_before=idle_before))


def change_session(id_hash: str, **values: Any) -> None:
    """Change a session in place."""
    db.session.execute(update(WebSession).where(WebSession.id_hash == id_hash).values(**values))


def drop_session(id_hash: str) -> None:
    """Forget a session."""
    db.session.execute(delete(WebSession).where(WebSession.id_hash == id_hash))


def drop_sessions_of(user_id: uuid.UUID, *, except_hash: str = "") -> None:
    """Forget every session of an account, but for one."""
    db.session.execute(delete(WebSession).where(WebSession.user_id == user_id, WebSession.id_hash != except_hash))


def drop_expired(*, idle_before: datetime) -> None:
    """Forget sessions that have ended by themselves."""
    db.session.execute(delete(WebSession).where((WebSession.expires_at < now()) | (WebSession.seen_at < idle_before)))
