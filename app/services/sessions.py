"""Browsers' sessions, kept on the server: signing out ends them for good."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.storage import sessions
from app.storage.db import end_reading, now, transaction
from app.storage.tables import User

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)


@dataclass
class Opened:
    """One browser's session as the web sees it. `secret` is what the cookie carries; only its hash is stored."""

    secret: str
    user: User | None = None
    data: dict[str, Any] = field(default_factory=dict)
    is_stored: bool = False

    @property
    def id_hash(self) -> str:
        """Return what the table knows the session by."""
        return hash_of(self.secret)


def hash_of(secret: str) -> str:
    """Return the hash under which a session is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_session() -> Opened:
    """Return a session that is not stored yet."""
    return Opened(secrets.token_urlsafe(32))


def load(secret: str) -> Opened | None:
    """Return the session of a cookie, or None where it is unknown, idle for too long, or its account is closed."""
    row = sessions.find_session(hash_of(secret[:200]))
    if row is None or row.seen_at < now() - IDLE:
        return None
    user = row.user
    # The body of the request is read after this, as slowly as it comes; no connection may wait for it.
    end_reading()
    if row.user_id is not None and (user is None or user.disabled_at is not None):
        return None
    if row.seen_at < now() - SEEN_EVERY:
        with transaction():
            sessions.change_session(row.id_hash, seen_at=now())
    return Opened(secret, user, dict(row.data), is_stored=True)


def save(opened: Opened) -> None:
    """Store what the session holds."""
    with transaction():
        if opened.is_stored:
            sessions.change_session(opened.id_hash, data=dict(opened.data))
        else:
            _add(opened)
    opened.is_stored = True


def _add(opened: Opened) -> None:
    user_id: uuid.UUID | None = opened.user.id if opened.user else None
    sessions.add_session(id_hash=opened.id_hash, user_id=user_id, data=dict(opened.data), expires_at=now() + LONGEST)


def sign_in(opened: Opened, user: User) -> Opened:
    """Return a new session for the account; the old id ends, so that nobody can have planted it."""
    fresh = Opened(secrets.token_urlsafe(32), user, {})
    with transaction():
        sessions.drop_session(opened.id_hash)
        _add(fresh)
    fresh.is_stored = True
    return fresh


def end(opened: Opened) -> None:
    """Sign out: the cookie opens nothing any more."""
    with transaction():
        sessions.drop_session(opened.id_hash)
