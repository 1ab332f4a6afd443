"""Queries on accounts for administrators. Nothing here commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from app.domain.audit.acts import AuditAct
from app.storage.db import db, now
from app.storage.tables import ApiToken, AuditEntry, User, WebSession


@dataclass(frozen=True)
class PersonLine:
    """An account with what is known of its use; `last_sign_in` is None where the audit trail has none."""

    id: uuid.UUID
    email: str
    name: str
    role: str
    disabled_at: datetime | None
    created_at: datetime
    has_password: bool
    last_sign_in: datetime | None
    sessions: int
    tokens: int


def list_people(text: str, *, idle_before: datetime, limit: int, offset: int) -> list[PersonLine]:
    """Return accounts whose name or address holds a text, by address."""
    query = _lines(idle_before).where(*_named(text)).order_by(User.email).limit(limit).offset(offset)
    return [PersonLine(*row) for row in db.session.execute(query)]


def count_people(text: str) -> int:
    """Return how many accounts hold a text in name or address."""
    return db.session.scalar(select(func.count()).select_from(User).where(*_named(text))) or 0


def find_person(person_id: uuid.UUID, *, idle_before: datetime) -> PersonLine | None:
    """Return one account, or None."""
    row = db.session.execute(_lines(idle_before).where(User.id == person_id)).one_or_none()
    return None if row is None else PersonLine(*row)


def _named(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    fits = (column.icontains(text, autoescape=True) for column in (User.name, User.email))
    return [or_(*fits)]


def _lines(idle_before: datetime) -> Any:
    moment = now()
    sign_in = (AuditEntry.act == AuditAct.SIGN_IN.value, AuditEntry.actor_id == User.id)
    is_open = (WebSession.user_id == User.id, WebSession.expires_at > moment, WebSession.seen_at >= idle_before)
    is_active = (
        ApiToken.user_id == User.id,
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > moment),
    )
    return select(
        User.id,
        User.email,
        User.name,
        User.role,
        User.disabled_at,
        User.created_at,
        User.password_hash.is_not(None),
        select(func.max(AuditEntry.at)).where(*sign_in).scalar_subquery(),
        select(func.count()).select_from(WebSession).where(*is_open).scalar_subquery(),
        select(func.count()).select_from(ApiToken).where(*is_active).scalar_subquery(),
    )
