"""API tokens: created, verified, listed and revoked."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError, NotFoundError
from app.domain.vocabulary import Scope
from app.services.audit.trail import record
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
        user = accounts.get_user_by_email(email)
        expires = now() + timedelta(days=DAYS)
        row = tokens.add_token(
            user_id=user.id, name=name.strip(), token_hash=_hash(secret), scope=scope.value, expires_at=expires
        )
        values = {"scope": scope.value, "token_id": str(row.id)}
        record(AuditAct.CREATE_TOKEN, actor=None, subject_id=user.id, after=values)
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


class TokenState(StrEnum):
    """Whether a token opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(row: ApiToken) -> TokenState:
    """Return whether a token opens anything."""
    if row.revoked_at is not None:
        return TokenState.REVOKED
    return TokenState.EXPIRED if row.expires_at is not None and row.expires_at < now() else TokenState.ACTIVE


def list_tokens(user: User) -> list[ApiToken]:
    """Return the tokens of an account, newest first."""
    return tokens.list_tokens(user.id)


def list_tokens_of(email: str) -> list[ApiToken]:
    """Return the tokens of the account with this address, newest first."""
    return tokens.list_tokens(accounts.get_user_by_email(email).id)


def revoke_token(user: User, token_id: uuid.UUID, *, actor: User | None = None) -> None:
    """End a token of an account at once; `actor` is who asks for it, where it is not its owner."""
    with transaction():
        _revoke(tokens.get_token(token_id, user_id=user.id), actor=actor or user)


def revoke_named(email: str, name: str) -> int:
    """End the active tokens of this name at once; returns how many there were.

    Raises
    ------
    NotFoundError
        If the account or an active token of this name does not exist.
    """
    with transaction():
        rows = tokens.list_tokens(accounts.get_user_by_email(email).id)
        named = [row for row in rows if row.name == name.strip() and state_of(row) is TokenState.ACTIVE]
        if not named:
            raise NotFoundError(f"{email} has no active token named {name}.")
        for row in named:
            _revoke(row, actor=None)
    return len(named)


def _revoke(row: ApiToken, *, actor: User | None) -> None:
    if row.revoked_at is None:
        row.revoked_at = now()
        record(AuditAct.REVOKE_TOKEN, actor=actor, subject_id=row.user_id, before={"token_id": str(row.id)})
