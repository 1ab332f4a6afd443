"""Queries on accounts, sign-in links and known networks. Nothing here commits."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from app.domain.errors import NotFoundError
from app.domain.vocabulary import Role
from app.storage.db import db, insert_into, now
from app.storage.tables import KnownAddress, RateCounter, SignInLink, User


def get_user(user_id: uuid.UUID) -> User:
    """Return an account, or raise NotFoundError."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFoundError("There is no such account.")
    return user


def lock_user(user_id: uuid.UUID) -> tuple[datetime | None, str | None] | None:
    """Return when an account was disabled, and its password's hash: they stay so until the commit."""
    query = select(User.disabled_at, User.password_hash).where(User.id == user_id).with_for_update(read=True)
    results = db.session.execute(query).one_or_none()
    return None if results is None else (results.disabled_at, results.password_hash)


def find_user(email: str) -> User | None:
    """Return the account with this address, however it is capitalised."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def get_user_by_email(email: str) -> User:
    """Return the account with this address, or raise NotFoundError."""
    user = find_user(email)
    if user is None:
        raise NotFoundError(f"There is no account for {email}.")
    return user


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


def find_link(code_hash: str) -> SignInLink | None:
    """Return a link that can still be used, and leave it as it is."""
    query = select(SignInLink).where(SignInLink.code_hash == code_hash)
    return db.session.scalar(query.where(SignInLink.used_at.is_(None), SignInLink.expires_at > now()))


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


def lock_open_admins() -> list[User]:
    """Return the administrators who are not disabled, oldest first; their rows stay as they are until the commit."""
    query = select(User).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None)).order_by(User.created_at)
    return list(db.session.scalars(query.with_for_update()))


def find_first_admin() -> User | None:
    """Return the oldest administrator who is not disabled."""
    query = select(User).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None)).order_by(User.created_at)
    return db.session.scalar(query.limit(1))


def find_admin_with_password() -> User | None:
    """Return an administrator who can sign in without a link."""
    query = select(User).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None))
    return db.session.scalar(query.where(User.password_hash.is_not(None)).limit(1))


def is_known_address(user_id: uuid.UUID, network: str) -> bool:
    """Return whether the account was opened with its password from this network."""
    query = select(KnownAddress.seen_at).where(KnownAddress.user_id == user_id, KnownAddress.network == network)
    return db.session.scalar(query) is not None


def remember_address(user_id: uuid.UUID, network: str) -> None:
    """Remember that the account was opened from this network."""
    query = insert_into(KnownAddress).values(user_id=user_id, network=network, seen_at=now())
    key = [KnownAddress.user_id, KnownAddress.network]
    query = query.on_conflict_do_update(index_elements=key, set_={"seen_at": query.excluded.seen_at})
    db.session.execute(query)


def forget_addresses(*, before: datetime) -> None:
    """Forget networks from which nobody has signed in since this time."""
    db.session.execute(delete(KnownAddress).where(KnownAddress.seen_at < before))


def forget_rate_counters() -> None:
    """Forget the counters whose window is over."""
    db.session.execute(delete(RateCounter).where(RateCounter.expires_at <= now()))
