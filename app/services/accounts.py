"""Accounts: one-time links, passwords, roles. There is no default account and no open set-up page."""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
import uuid
from datetime import timedelta
from typing import Any

from app.domain.errors import ConflictError, DomainError, NotFoundError, TooManyError
from app.domain.vocabulary import Role
from app.storage import accounts, sessions
from app.storage.db import db, now, transaction
from app.storage.tables import User

LINK_MINUTES = 30
FIRST_ADMIN = "owner@localhost"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
THEMES = ("auto", "light", "dark")
PASSWORD_LENGTH = (12, 128)
# The commonest passwords of that length; the list is short because twelve characters rule out nearly all others.
COMMON = frozenset(
    {
        "password1234", "123456789012", "1234567890123", "qwertyuiop12", "password12345", "iloveyou1234",
        "administrator", "administrator1", "qwerty123456", "letmein12345", "welcome12345", "passwordpassword",
        "123123123123", "111111111111", "000000000000", "aaaaaaaaaaaa", "abcdefghijkl", "abcd12345678",
        "1q2w3e4r5t6y", "hydromlhydroml",
    }
)  # fmt: skip
FREE_TRIES = 5
LONGEST_WAIT_SECONDS = 900
TRIES_PER_ADDRESS = 50


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@functools.cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _nobodys_hash() -> str:
    return str(_hasher().hash(secrets.token_hex(16)))


def create_user(email: str, *, role: Role = Role.MEMBER, name: str = "") -> User:
    """Add an account, which only a one-time link opens until it has a password.

    Raises
    ------
    DomainError, ConflictError
        If the address is none, or has an account.
    """
    address = _checked_email(email)
    with transaction():
        if accounts.find_user(address):
            raise ConflictError(f"There is an account for {address}.", code="email_taken", field="email")
        return accounts.add_user(email=address, role=role.value, name=name.strip()[:200])


def _checked_email(email: str) -> str:
    address = email.strip().lower()
    if not EMAIL.fullmatch(address):
        raise DomainError("Write an e-mail address, such as name@example.org.", code="email_invalid", field="email")
    return address


def make_sign_in_link(email: str | None, *, minutes: int = LINK_MINUTES) -> str:
    """Return a one-time code for an account; older codes that were not used stop working.

    Without an address it is for the first admin: it signs the oldest one in, and makes one where there is none yet.
    Only the command line can ask for it.
    """
    code = secrets.token_urlsafe(32)
    with transaction():
        user = _first_admin() if email is None else accounts.find_user(email)
        if email is not None and user is None:
            raise NotFoundError(f"There is no account for {email}.")
        user_id = user.id if user else None
        accounts.drop_open_links(user_id)
        accounts.add_link(code_hash=_hash(code), user_id=user_id, minutes=minutes)
    return code


def _first_admin() -> User | None:
    from sqlalchemy import select

    query = select(User).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None)).order_by(User.created_at)
    return db.session.scalar(query.limit(1))


def redeem_sign_in_link(code: str) -> User:
    """Return the account that a one-time code opens; the code works once.

    Raises
    ------
    NotFoundError
        If the code is unknown, used or too old: all look the same.
    """
    refusal = NotFoundError("This link has been used or is too old. Ask for a new one.", code="link_unusable")
    with transaction():
        link = accounts.use_link(_hash(code[:200]))
        if link is None:
            raise refusal
        if link.user_id is not None:
            user = accounts.get_user(link.user_id)
        elif _first_admin() is None:
            user = accounts.find_user(FIRST_ADMIN) or accounts.add_user(email=FIRST_ADMIN, name="Owner")
            user.role = Role.ADMIN.value
        else:
            raise refusal
        if user.disabled_at is not None:
            raise refusal
        return user


def sign_in_with_password(email: str, password: str, *, address: str) -> User:
    """Return the account, or refuse with one and the same sentence whatever was wrong.

    Raises
    ------
    TooManyError
        After five failures for an account from one address the wait doubles, up to 15 minutes.
    DomainError
        If address and password do not belong together.
    """
    email = email.strip().lower()
    # A try counts before it is judged, so that tries at the same moment are counted too.
    with transaction():
        _refuse_if_throttled(email, address)
        accounts.add_attempt(email=email, address=address)
    user = accounts.find_user(email)
    stored = user.password_hash if user and user.password_hash else None
    most = PASSWORD_LENGTH[1]
    matches = _verify(stored or _nobodys_hash(), password[:most]) and stored is not None and len(password) <= most
    if user is None or not matches or user.disabled_at is not None:
        raise DomainError("The address or the password is wrong.", code="sign_in_failed", field="password")
    with transaction():
        accounts.forget_attempts(email=email)
    return user


def _verify(stored: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return bool(_hasher().verify(stored, password))
    except VerificationError:
        return False


def _refuse_if_throttled(email: str, address: str) -> None:
    hour_ago = now() - timedelta(hours=1)
    mine = accounts.attempts_since(hour_ago, email=email, address=address)
    if len(accounts.attempts_since(hour_ago, address=address)) >= TRIES_PER_ADDRESS:
        raise TooManyError(
            "Too many failed sign-ins from this network. Try again in an hour.", retry_after_seconds=3600
        )
    if len(mine) < FREE_TRIES:
        return
    wait = min(2 ** (len(mine) - FREE_TRIES) * 15, LONGEST_WAIT_SECONDS)
    left = wait - int((now() - mine[0]).total_seconds())
    if left > 0:
        raise TooManyError(f"Too many failed sign-ins. Try again in {left} s.", retry_after_seconds=left)


def set_password(user: User, *, current: str, new: str, session_hash: str = "") -> None:
    """Set or change a password; every other session of the account ends.

    Raises
    ------
    DomainError
        If the current one is wrong, or the new one too short, too long or too common.
    """
    if user.password_hash and not _verify(user.password_hash, current):
        raise DomainError("The current password is wrong.", code="password_wrong", field="current")
    least, most = PASSWORD_LENGTH
    if not least <= len(new) <= most:
        raise DomainError(f"Use {least} to {most} characters.", code="password_length", field="new")
    if new.lower() in COMMON or len(set(new)) < 4:
        raise DomainError("This password is easy to guess. Choose another.", code="password_common", field="new")
    hashed = _hasher().hash(new)
    with transaction():
        accounts.get_user(user.id).password_hash = hashed
        sessions.drop_sessions_of(user.id, except_hash=session_hash)


def set_theme(user: User, theme: str) -> None:
    """Choose light, dark, or what the system says."""
    if theme not in THEMES:
        raise DomainError("Choose auto, light or dark.", code="theme_unknown", field="theme")
    with transaction():
        accounts.get_user(user.id).theme = theme


def set_profile(user: User, *, name: str, email: str) -> None:
    """Change the name and the address of an account."""
    address = _checked_email(email)
    if len(name.strip()) > 200:
        raise DomainError("The name may have 200 characters.", code="name_too_long", field="name")
    with transaction():
        other = accounts.find_user(address)
        if other is not None and other.id != user.id:
            raise ConflictError("Another account has this address.", code="email_taken", field="email")
        row = accounts.get_user(user.id)
        row.name, row.email = name.strip(), address


def get_account(user_id: uuid.UUID) -> User:
    """Return an account."""
    return accounts.get_user(user_id)
