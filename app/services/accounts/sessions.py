"""Browser sessions stored on the server."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, NotFoundError
from app.services.audit.trail import record
from app.storage import accounts, sessions
from app.storage.db import end_reading, now, transaction
from app.storage.tables import User, WebSession

log = logging.getLogger(__name__)
IDLE = timedelta(hours=12)
MAX_AGE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
SECRET_BYTES = 32
SECRET = re.compile(r"[\w-]{43}", re.ASCII)


@dataclass
class OpenSession:
    """One browser's session as the web sees it. `secret` is what the cookie carries; only its hash is stored."""

    secret: str
    user: User | None = None
    data: dict[str, Any] = field(default_factory=dict)
    is_stored: bool = False

    @property
    def id_hash(self) -> str:
        """Return the hash by which the table knows the session."""
        return hash_of(self.secret)


def hash_of(secret: str) -> str:
    """Return the hash under which a session is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_session(secret: str = "") -> OpenSession:
    """Return a session that is not stored yet, under this secret if it has the shape of one of ours."""
    return OpenSession(secret if SECRET.fullmatch(secret) else secrets.token_urlsafe(SECRET_BYTES))


def load(secret: str) -> OpenSession | None:
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
        _note_use(row.id_hash)
    return OpenSession(secret, user, dict(row.data), is_stored=True)


def _note_use(id_hash: str) -> None:
    """Remember when a session was used; a database that takes no changes is no reason to show no page."""
    try:
        with transaction():
            sessions.change_session(id_hash, seen_at=now())
    except OperationalError as fault:
        log.warning("the use of a session is not noted: %s", fault)


def save(opened: OpenSession) -> None:
    """Store what the session holds."""
    with transaction():
        if opened.is_stored:
            sessions.change_session(opened.id_hash, data=dict(opened.data))
        else:
            # Under the secret of a browser there may be what was idle for too long and is not tidied away yet.
            sessions.drop_session(opened.id_hash)
            _add(opened)
    opened.is_stored = True


def _add(opened: OpenSession, **origin: str) -> None:
    user_id: uuid.UUID | None = opened.user.id if opened.user else None
    values = {"id_hash": opened.id_hash, "user_id": user_id, "data": dict(opened.data)}
    sessions.add_session(**values, **origin, expires_at=now() + MAX_AGE)


def sign_in(opened: OpenSession, user: User, *, address: str = "", agent: str = "") -> OpenSession:
    """Return a new session for the account; the old id ends, so that nobody can have planted it.

    `address` and `agent` say where it was opened, so that its owner recognises it in a list.

    Raises
    ------
    ConflictError
        If the account was disabled, or got another password, since it was found.
    """
    fresh = OpenSession(secrets.token_urlsafe(SECRET_BYTES), user, {})
    with transaction():
        # Both end the sessions that there are, and must not leave out the one that is being opened.
        if accounts.lock_user(user.id) != (None, user.password_hash):
            raise ConflictError("This account was changed while you signed in. Sign in again.", code="account_changed")
        sessions.drop_session(opened.id_hash)
        _add(fresh, address=address[:64], agent=agent[:200])
        record(AuditAct.SIGN_IN, actor=user, subject_id=user.id)
    fresh.is_stored = True
    return fresh


def list_sessions(user: User) -> list[WebSession]:
    """Return the sessions that open an account, the one used last first."""
    return sessions.list_sessions(user.id, idle_before=now() - IDLE)


def end_session(user: User, id_hash: str) -> None:
    """End one of an account's sessions.

    Raises
    ------
    NotFoundError
        If the account has no such session.
    """
    with transaction():
        row = sessions.find_session(id_hash)
        if row is None or row.user_id != user.id:
            raise NotFoundError("There is no such session.")
        sessions.drop_session(id_hash)
        record(AuditAct.END_SESSIONS, actor=user, subject_id=user.id, after={"sessions": 1})


def end(opened: OpenSession) -> None:
    """Sign out: the cookie opens nothing any more."""
    with transaction():
        sessions.drop_session(opened.id_hash)
        if opened.user is not None:
            record(AuditAct.SIGN_OUT, actor=opened.user, subject_id=opened.user.id)
