"""Guessing is slow for whoever guesses, and for nobody else: not for a neighbour, nor for the account's own person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from app import queue
from app.domain.errors import DomainError, TooManyError
from app.launch.supervisor import WEB_THREADS
from app.launch.web_worker import SIGN_IN_THREADS
from app.services.accounts import accounts, limiting, passwords
from app.services.accounts.accounts import KNOWN_ADDRESS
from app.services.jobs import upkeep
from app.storage.db import db, now, transaction
from app.storage.tables import KnownAddress, RateCounter, User
from tests.services.tables import at_once

PASSWORD = "a long river runs 7"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def ada(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """Return an account with a password; hashes are cheap, since these tests are about how many are judged."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)
    passwords._hash_of_nobody.cache_clear()
    with transaction():
        accounts.get_account(user.id).password_hash = CHEAP.hash(PASSWORD)
    return user


def guess(email: str, many: int, *, address: Callable[[int], str] = lambda _at: HERE) -> tuple[int, int]:
    """Try wrong passwords; returns how many were judged and how many were turned away."""
    judged = turned_away = 0
    for position in range(many):
        try:
            accounts.sign_in_with_password(email, f"wrong password {position}", address=address(position))
        except TooManyError:
            turned_away += 1
        except DomainError:
            judged += 1
    return judged, turned_away


def sign_in(user: User, address: str = HERE) -> bool:
    try:
        return accounts.sign_in_with_password(user.email, PASSWORD, address=address).id == user.id
    except TooManyError:
        return False


def pass_time(**span: float) -> None:
    """Let every counter be this much older."""
    with transaction():
        for row in db.session.scalars(select(RateCounter)):
            row.expires_at -= timedelta(**span)


def test_five_wrong_passwords_make_the_right_one_wait_a_minute(ada: User) -> None:
    assert guess(ada.email, 7) == (5, 2)
    with pytest.raises(TooManyError) as refusal:
        accounts.sign_in_with_password(ada.email.upper(), PASSWORD, address=HERE)
    assert (refusal.value.status, refusal.value.message) == (429, "Too many failed sign-ins. Try again in 60 s.")
    assert 55 <= refusal.value.retry_after_seconds <= 60
    assert sign_in(ada, ELSEWHERE), "Who guesses at one place does not lock the account at another."
    pass_time(seconds=61)
    assert sign_in(ada)


def test_the_waits_grow_to_an_hour(ada: User) -> None:
    judged = 0
    for minute in range(60):
        judged += guess(ada.email, 9)[0]
        if minute < 59:
            pass_time(seconds=60)
    assert judged == 20


def test_a_right_password_forgets_the_wrong_ones_of_its_network(ada: User) -> None:
    for _ in range(5):
        assert guess(ada.email, 4) == (4, 0)
        assert sign_in(ada)


def test_wrong_passwords_for_invented_names_lock_nobody_else(ada: User) -> None:
    for number in range(120):
        guess(f"invented{number}@example.org", 1)
    assert sign_in(ada)


def test_a_thousand_guesses_from_a_hundred_networks_are_sixty(ada: User) -> None:
    assert sign_in(ada, "198.51.100.7")
    judged, turned_away = guess(ada.email, 1_000, address=lambda position: f"203.0.113.{position % 100}")
    assert (judged, turned_away) == (59, 941), "One of the sixty was the sign-in before."
    assert sign_in(ada, "198.51.100.7"), "Where the account was opened before, it opens still."
    assert not sign_in(ada, ELSEWHERE)
    with pytest.raises(TooManyError, match="or use a one-time link"):
        accounts.sign_in_with_password(ada.email, PASSWORD, address=ELSEWHERE)
    pass_time(hours=1, seconds=1)
    assert sign_in(ada, ELSEWHERE)


def test_a_name_nobody_has_is_limited_as_a_real_one(ada: User) -> None:
    def told(email: str) -> list[str]:
        messages = []
        for position in range(70):
            with pytest.raises(DomainError) as refusal:
                accounts.sign_in_with_password(email, "wrong", address=f"203.0.113.{position}")
            messages.append(refusal.value.message)
        return messages

    assert told(ada.email) == told("nobody@example.org")


def test_an_ipv6_subscriber_is_one_network(ada: User) -> None:
    assert guess(ada.email, 20, address=lambda position: f"2001:db8:1:2::{position:x}") == (5, 15)
    assert sign_in(ada, "2001:db8:1:3::1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense" * 20, ("nonsense" * 20)[:64]),
    ],
)
def test_a_network_is_what_one_party_holds(address: str, network: str) -> None:
    assert limiting.network_of(address) == network


def test_guesses_at_the_same_moment_are_all_counted(app: Flask, ada: User) -> None:
    email = ada.email
    results = at_once(
        app,
        12,
        lambda position: accounts.sign_in_with_password(email, f"wrong password {position}", address=HERE).email,
    )
    assert sum(isinstance(result, TooManyError) for result in results) == 12 - 5, results


def test_the_limits_hold_with_redis_away(app: Flask, ada: User) -> None:
    settings = replace(app.extensions["hydroml_settings"], redis_url="redis://127.0.0.1:1/0")
    app.extensions["hydroml_settings"] = settings
    queue.forget_failures()
    assert not queue.is_reachable()
    assert guess(ada.email, 7) == (5, 2)


def test_the_current_password_cannot_be_guessed_in_a_session(ada: User) -> None:
    for _ in range(5):
        with pytest.raises(DomainError) as refusal:
            accounts.set_password(ada, current="wrong", new="another good one")
        assert refusal.value.code == "password_wrong"
    with pytest.raises(TooManyError, match="wrong too often") as limit:
        accounts.set_password(ada, current=PASSWORD, new="another good one")
    assert 14 * 60 < limit.value.retry_after_seconds <= 15 * 60
    pass_time(minutes=15, seconds=1)
    for weak in ("short", "HydroML-2026", "password1234", "abcabcabcabc", "111111111111", "Qwertyuiop12"):
        with pytest.raises(DomainError) as refusal:
            accounts.set_password(ada, current=PASSWORD, new=weak)
        assert refusal.value.field == "new", "A weak new password is no guess at the current one."
    accounts.set_password(ada, current=PASSWORD, new="another good one")


def test_more_hashes_than_the_memory_holds_wait(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)
    for _ in range(4):
        assert passwords.PLACES.acquire(timeout=1)
    try:
        with pytest.raises(TooManyError, match="at this moment"):
            accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE)
    finally:
        passwords.PLACES.release(4)
    assert sign_in(ada)


def test_counters_and_networks_that_are_old_are_forgotten(ada: User) -> None:
    guess(ada.email, 3)
    sign_in(ada, ELSEWHERE)
    pass_time(hours=2)
    guess("somebody@example.org", 1)
    with transaction():
        row = db.session.scalars(select(KnownAddress)).one()
        row.seen_at = now() - KNOWN_ADDRESS - timedelta(seconds=1)
    upkeep.tidy()
    assert db.session.scalar(select(func.count()).select_from(RateCounter)) == 4
    assert db.session.scalar(select(func.count()).select_from(KnownAddress)) == 0


def test_the_counters_name_nobody(ada: User) -> None:
    guess(ada.email, 1)
    for row in db.session.scalars(select(RateCounter)):
        assert len(row.key_hash) == 64
        assert "ada" not in row.key_hash


def test_who_waits_for_a_place_leaves_room_for_others(ada: User) -> None:
    # Who signs in waits on threads of its own, which leave those of the pages alone.
    assert SIGN_IN_THREADS < WEB_THREADS / 2
    for _ in range(passwords.QUEUE_LENGTH):
        assert passwords.QUEUE.acquire(blocking=False)
    try:
        with pytest.raises(TooManyError, match="at this moment"):
            accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE)
    finally:
        passwords.QUEUE.release(passwords.QUEUE_LENGTH)
    assert sign_in(ada)
