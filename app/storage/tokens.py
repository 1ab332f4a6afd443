"""Queries on API tokens and on stored answers to repeated requests. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.domain.errors import NotFoundError
from app.storage.db import db, now
from app.storage.process_lifetimes import name_of_this_process
from app.storage.tables import ApiToken, IdempotencyKey


def add_token(**values: Any) -> ApiToken:
    """Add a token."""
    row = ApiToken(**values)
    db.session.add(row)
    db.session.flush()
    return row


def find_token(token_hash: str) -> ApiToken | None:
    """Return the token with this hash that is neither revoked nor too old."""
    query = select(ApiToken).where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None))
    row = db.session.scalar(query.execution_options(populate_existing=True))
    return None if row is None or (row.expires_at is not None and row.expires_at < now()) else row


def list_tokens(user_id: uuid.UUID) -> list[ApiToken]:
    """Return an account's tokens, newest first."""
    query = select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return list(db.session.scalars(query))


def get_token(token_id: uuid.UUID, *, user_id: uuid.UUID) -> ApiToken:
    """Return one of an account's tokens, or raise NotFoundError."""
    row = db.session.get(ApiToken, token_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("There is no such token.")
    return row


def mark_used(token_id: uuid.UUID) -> None:
    """Remember when a token was last used."""
    query = update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now())
    db.session.execute(query.execution_options(synchronize_session=False))


def find_key(owner_id: uuid.UUID, key: str) -> IdempotencyKey | None:
    """Return the row of a request's key."""
    query = select(IdempotencyKey).where(IdempotencyKey.owner_id == owner_id, IdempotencyKey.key == key)
    return db.session.scalar(query.execution_options(populate_existing=True))


def add_key(*, owner_id: uuid.UUID, key: str, fingerprint: str) -> None:
    """Take a key for this process; two requests at the same moment cannot both get it."""
    holder = name_of_this_process()
    db.session.add(IdempotencyKey(owner_id=owner_id, key=key, fingerprint=fingerprint, location=holder))
    db.session.flush()


def drop_key(owner_id: uuid.UUID, key: str) -> None:
    """Give a key back, because what it stood for did not come about."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.owner_id == owner_id, IdempotencyKey.key == key))


def drop_keys(*, before: datetime) -> None:
    """Forget keys that are older than anybody waits."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < before))
