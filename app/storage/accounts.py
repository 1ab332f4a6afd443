"""Queries on accounts, one-time links and failed sign-ins. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from app.domain.errors import NotFoundError
from app.storage.db import db, now
from app.storage.tables import SignInAttempt, SignInLink, User


def get_user(user_id: uuid.UUID) -> User:
    """Return an account, or raise NotFoundError."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFoundError("There is no such account.")
    return user


def find_user(email: str) -> User | None:
    """Return the account with this address, however it is capitalised."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def add_user(**values: Any) -> User:
    """Add an account; the address is kept in small letters."""
    user = User(**{**values, "email": values["email"].strip().lower()})
    db.session.add(user)
    db.session.flush()
    return user


def add_link(*, code_hash: str, user_id: uuid.UUID | None, minutes: int) -> None:
    """Add a one-time link."""
    expires = now() + timedelta(minutes=minutes)
    db.session.add(SignInLink(code_hash=code_hash, user_id=user_id, expires_at=expires))


def drop_open_links(user_id: uuid.UUID | None) -> None:
    """Forget links that were never used, so that only the newest works."""
    db.session.execute(delete(SignInLink).where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None)))


def forget_links(*, expired_before: datetime) -> None:
    """Forget links that were too old already at this time, used or not."""
    db.session.execute(delete(SignInLink).where(SignInLink.expires_at < expired_before))


def use_link(code_hash: str) -> SignInLink | None:
    """Mark a link as used and return it; None where it is unknown, used or too old. Two callers cannot both get it."""
    moment = now()
    done = cast(
        "CursorResult[Any]",
        db.session.execute(
            update(SignInLink)
            .where(SignInLink.code_hash == code_hash, SignInLink.used_at.is_(None), SignInLink.expires_at > moment)
            .values(used_at=moment)
        ),
    )
    if done.rowcount != 1:
        return None
    return db.session.scalar(select(SignInLink).where(SignInLink.code_hash == code_hash))


def add_attempt(*, email: str, address: str) -> None:
    """Count a failed sign-in."""
    db.session.add(SignInAttempt(email=email[:254], address=address[:64]))


def attempts_since(since: datetime, *, email: str | None = None, address: str | None = None) -> list[datetime]:
    """Return when sign-ins failed, newest first."""
    query = select(SignInAttempt.at).where(SignInAttempt.at > since).order_by(SignInAttempt.at.desc()).limit(200)
    if email is not None:
        query = query.where(SignInAttempt.email == email[:254])
    if address is not None:
        query = query.where(SignInAttempt.address == address[:64])
    return list(db.session.scalars(query))


def forget_attempts(*, email: str | None = None, before: datetime | None = None) -> None:
    """Forget failed sign-ins of an address, or those that are old."""
    query = delete(SignInAttempt)
    if email is not None:
        query = query.where(SignInAttempt.email == email[:254])
    if before is not None:
        query = query.where(SignInAttempt.at < before)
    db.session.execute(query)
