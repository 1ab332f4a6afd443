"""Tokens for programs: shown once, stored as a hash, limited in scope and time."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from app.domain.errors import DomainError, NotFoundError
from app.domain.vocabulary import Scope
from app.storage import accounts, tokens
from app.storage.db import now, transaction
from app.storage.tables import ApiToken, User

PREFIX = "hyd_"
DAYS = 365
USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Caller:
    """Who a program speaks for, and what it may do."""

    user: User
    scope: Scope


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(email: str, *, name: str, scope: Scope = Scope.READ) -> str:
    """Return a new token of an account; it is never shown again.

    Raises
    ------
    NotFoundError, DomainError
        If there is no such account, or the token has no name of 1 to 100 characters.
    """
    if not 1 <= len(name.strip()) <= 100:
        raise DomainError("Give the token a name of 1 to 100 characters.", code="name_invalid", field="name")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction():
        user = accounts.find_user(email)
        if user is None:
            raise NotFoundError(f"There is no account for {email}.")
        expires = now() + timedelta(days=DAYS)
        tokens.add_token(
            user_id=user.id, name=name.strip(), token_hash=_hash(secret), scope=scope.value, expires_at=expires
        )
    return secret


def caller_of(secret: str) -> Caller | None:
    """Return who a token speaks for; None where it is unknown, revoked, too old, or its account is closed."""
    row = tokens.find_token(_hash(secret[:200])) if secret.startswith(PREFIX) else None
    if row is None or row.user.disabled_at is not None:
        return None
    if row.last_used_at is None or row.last_used_at < now() - USED_EVERY:
        with transaction():
            tokens.mark_used(row.id)
    return Caller(row.user, Scope(row.scope))


def list_tokens(user: User) -> list[ApiToken]:
    """Return the tokens of an account, newest first."""
    return tokens.list_tokens(user.id)


def revoke_token(user: User, token_id: uuid.UUID) -> None:
    """End a token at once."""
    with transaction():
        tokens.get_token(token_id, user_id=user.id).revoked_at = now()
