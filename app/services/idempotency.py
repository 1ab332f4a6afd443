"""Idempotent requests: the same key and content give the stored answer.

The rules are those of the IETF draft on the Idempotency-Key header: another content under a known key is refused, and
so is a second request while the first is still at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.domain.errors import ConflictError, DomainError
from app.storage import tokens
from app.storage.db import now, transaction
from app.storage.process_lifetimes import has_ended
from app.storage.tables import IdempotencyKey, User

KEY_LENGTH = 100
KEPT = timedelta(hours=24)
# A request that did not end within this time was killed, even if nobody can see that; its key may be used again.
AT_WORK = timedelta(minutes=10)


@dataclass(frozen=True)
class Answer:
    """What was answered, or is to be."""

    status: int
    body: dict[str, Any]
    location: str | None = None


def begin(user: User, key: str, fingerprint: str) -> Answer | None:
    """Take a key for a request; returns the answer where the request was answered before.

    Raises
    ------
    DomainError
        If the key is too long, or was used for another content.
    ConflictError
        If the first request with this key is still at work.
    """
    if not 1 <= len(key) <= KEY_LENGTH or not key.isprintable():
        message = f"An Idempotency-Key has 1 to {KEY_LENGTH} printable characters."
        raise DomainError(message, code="idempotency_key_invalid")
    try:
        with transaction():
            known = tokens.find_key(user.id, key)
            if known is not None and known.status is None and _was_killed(known):
                tokens.drop_key(user.id, key)
                known = None
            if known is None:
                tokens.add_key(owner_id=user.id, key=key, fingerprint=fingerprint)
                return None
    except IntegrityError:
        known = tokens.find_key(user.id, key)
    if known is None or (known.fingerprint == fingerprint and known.status is None):
        raise ConflictError("The first request with this key is still at work.", code="idempotency_in_progress")
    if known.fingerprint != fingerprint:
        message = "This Idempotency-Key was used for another request. Use a new one."
        raise DomainError(message, code="idempotency_key_reused")
    return Answer(known.status or 200, known.body or {}, known.location)


def _was_killed(row: IdempotencyKey) -> bool:
    return has_ended(row.location) or row.created_at < now() - AT_WORK


def finish(user: User, key: str, answer: Answer) -> None:
    """Keep the answer to a request."""
    with transaction():
        row = tokens.find_key(user.id, key)
        if row is not None:
            row.status, row.body, row.location = answer.status, answer.body, answer.location


def give_up(user: User, key: str) -> None:
    """Let a key be used again, because its request made nothing."""
    with transaction():
        tokens.drop_key(user.id, key)


def forget_old() -> None:
    """Forget keys after a day."""
    with transaction():
        tokens.drop_keys(before=now() - KEPT)
