"""Hashing and verifying passwords, and refusing weak ones."""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.domain.errors import DomainError, TooManyError
from app.domain.passwords import MAX_LENGTH, MIN_LENGTH, Weakness, find_weakness, own_words
from app.storage.common_passwords import common_passwords
from app.storage.tables import User

# A hash takes 64 MB; more of them at once than processors are no faster and would fill the memory.
PLACES = threading.BoundedSemaphore(4)
# Whoever waits for a place holds a thread of those for signing in, or for a page where a password is changed.
QUEUE_LENGTH = 12
QUEUE = threading.BoundedSemaphore(QUEUE_LENGTH)
PATIENCE_SECONDS = 10
WORDS = {
    Weakness.COMMON: "This password is easy to guess. Choose another.",
    Weakness.OWN: "This password is made of your address, your name or the product's name. Choose another.",
}


@functools.cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _hash_of_nobody() -> str:
    return str(_hasher().hash(secrets.token_hex(16)))


@contextmanager
def _place() -> Iterator[None]:
    if not QUEUE.acquire(blocking=False):
        raise _too_many_error()
    try:
        if not PLACES.acquire(timeout=PATIENCE_SECONDS):
            raise _too_many_error()
        try:
            yield
        finally:
            PLACES.release()
    finally:
        QUEUE.release()


def _too_many_error() -> TooManyError:
    return TooManyError("Too many people sign in at this moment. Try again in 10 s.", retry_after_seconds=10)


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored."""
    with _place():
        return str(_hasher().hash(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether a password is the stored one; without a stored one it takes as long, and is wrong.

    Raises
    ------
    TooManyError
        If too many are judged at this moment.
    """
    from argon2.exceptions import VerificationError

    with _place():
        try:
            right = bool(_hasher().verify(stored or _hash_of_nobody(), password[:MAX_LENGTH]))
        except VerificationError:
            return False
    return right and stored is not None and len(password) <= MAX_LENGTH


def refuse_weak(password: str, user: User) -> None:
    """Refuse a new password that is too short, too long or easy to guess.

    Raises
    ------
    DomainError
        With the reason.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise DomainError(f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.", code="password_length", field="new")
    weakness = find_weakness(password, own=own_words(user.email, user.name), common=common_passwords())
    if weakness is not None:
        raise DomainError(WORDS[weakness], code=weakness.value, field="new")
