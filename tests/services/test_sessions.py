"""Browsers' sessions: the cookie's secret is known to the browser alone, and an ended session opens nothing."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.services.accounts import accounts, sessions
from app.storage.db import db, now, transaction
from app.storage.tables import User, WebSession
from tests.services.tables import at_once


def stored() -> int:
    return db.session.scalar(select(func.count()).select_from(WebSession)) or 0


def row_of(opened: sessions.OpenSession) -> WebSession:
    """Return the row as the database has it."""
    db.session.expire_all()
    row = db.session.get(WebSession, opened.id_hash)
    assert row is not None
    return row


def age(opened: sessions.OpenSession, *, idle: timedelta = timedelta(), left: timedelta | None = None) -> None:
    """Let a session be idle for this long, and have this much left before its end."""
    with transaction():
        row = row_of(opened)
        row.seen_at = now() - idle
        if left is not None:
            row.expires_at = now() + left


def signed_in(user: User) -> sessions.OpenSession:
    return sessions.sign_in(sessions.new_session(), user)


@pytest.mark.usefixtures("app")
def test_a_new_session_is_nobodys_and_not_stored_before_something_is_in_it() -> None:
    opened = sessions.new_session()
    assert (opened.user, opened.data, opened.is_stored) == (None, {}, False)
    assert (stored(), sessions.load(opened.secret)) == (0, None)
    opened.data["csrf"] = "token"
    sessions.save(opened)
    session = sessions.load(opened.secret)
    assert session is not None
    assert (session.user, session.data, session.is_stored) == (None, {"csrf": "token"}, True)


@pytest.mark.usefixtures("app")
def test_no_two_sessions_have_one_secret_and_none_can_be_guessed() -> None:
    secrets = {sessions.new_session().secret for _ in range(500)}
    assert len(secrets) == 500
    assert min(len(secret) for secret in secrets) >= 43, "It takes 43 characters of base 64 to write 256 bits."


def test_only_the_hash_of_the_secret_is_stored(user: User) -> None:
    opened = signed_in(user)
    (row,) = db.session.scalars(select(WebSession))
    assert row.id_hash == hashlib.sha256(opened.secret.encode()).hexdigest() == opened.id_hash
    current_values = [str(getattr(row, column.name)) for column in WebSession.__table__.columns]
    assert not any(opened.secret in text for text in current_values)
    assert sessions.load(row.id_hash) is None, "Who has read the table has no cookie."


def test_what_a_session_holds_is_kept_and_replaced(user: User) -> None:
    opened = signed_in(user)
    for data in ({"a": 1, "words": ["é", None]}, {"b": 2}, {}):
        opened.data = data
        sessions.save(opened)
        session = sessions.load(opened.secret)
        assert session is not None
        assert session.data == data
        assert session.user is not None
        assert session.user.id == user.id
    assert stored() == 1


def test_signing_in_gives_a_new_secret_and_ends_the_planted_one(user: User) -> None:
    planted = sessions.new_session()
    planted.data["planted"] = True
    sessions.save(planted)
    opened = sessions.sign_in(planted, user)
    assert opened.secret != planted.secret
    assert (opened.data, opened.is_stored) == ({}, True)
    assert sessions.load(planted.secret) is None
    session = sessions.load(opened.secret)
    assert session is not None
    assert session.user is not None
    assert session.user.id == user.id
    assert stored() == 1


def test_an_ended_session_opens_nothing_and_cannot_be_saved_back_to_life(user: User) -> None:
    opened, other = signed_in(user), signed_in(user)
    in_another_tab = sessions.load(opened.secret)
    assert in_another_tab is not None
    sessions.end(opened)
    sessions.end(opened)
    in_another_tab.data["late"] = True
    sessions.save(in_another_tab)
    assert sessions.load(opened.secret) is None
    assert sessions.load(other.secret) is not None


def test_a_session_ends_when_it_is_idle_for_too_long(user: User) -> None:
    opened = signed_in(user)
    age(opened, idle=sessions.IDLE - timedelta(minutes=1))
    assert sessions.load(opened.secret) is not None
    age(opened, idle=sessions.IDLE + timedelta(minutes=1))
    assert sessions.load(opened.secret) is None
    assert timedelta(hours=12) == sessions.IDLE


def test_a_session_ends_after_a_week_however_busy_it_is(user: User) -> None:
    opened = signed_in(user)
    row = row_of(opened)
    assert abs(row.expires_at - row.created_at - timedelta(days=7)) < timedelta(minutes=1)
    before = row.expires_at
    age(opened, idle=timedelta(minutes=10))
    opened.data["busy"] = True
    sessions.save(opened)
    assert sessions.load(opened.secret) is not None
    assert row_of(opened).expires_at == before, "Using it does not make it last longer."
    age(opened, left=timedelta(seconds=-1))
    assert sessions.load(opened.secret) is None


def test_using_a_session_is_noticed_every_few_minutes_and_not_at_every_look(user: User) -> None:
    opened = signed_in(user)
    for minutes, noticed in ((4, False), (6, True)):
        age(opened, idle=timedelta(minutes=minutes))
        before = row_of(opened).seen_at
        assert sessions.load(opened.secret) is not None
        assert (row_of(opened).seen_at > before) is noticed


def test_a_closed_account_is_signed_out_at_once_and_no_other(user: User, other_user: User) -> None:
    mine, theirs = signed_in(user), signed_in(other_user)
    with transaction():
        accounts.get_account(user.id).disabled_at = now()
    assert sessions.load(mine.secret) is None
    assert sessions.load(theirs.secret) is not None


def test_an_account_that_is_gone_takes_its_sessions_along(user: User) -> None:
    opened = signed_in(user)
    with transaction():
        db.session.delete(accounts.get_account(user.id))
    db.session.expunge_all()
    assert sessions.load(opened.secret) is None
    assert stored() == 0


@pytest.mark.usefixtures("app")
def test_a_secret_that_nobody_was_given_opens_nothing(user: User) -> None:
    opened = signed_in(user)
    for wrong in ("", "x", opened.secret[:-1], opened.secret.swapcase(), "x" * 100_000, "é\x00", str(uuid.uuid4())):
        assert sessions.load(wrong) is None


def test_many_tabs_of_one_browser_may_load_and_save_at_once(app: Flask, user: User) -> None:
    opened = signed_in(user)
    age(opened, idle=timedelta(hours=1))
    secret = opened.secret

    def tab(place: int) -> int:
        mine = sessions.load(secret)
        assert mine is not None
        mine.data = {"tab": place}
        sessions.save(mine)
        return place

    assert at_once(app, 12, tab) == list(range(12))
    assert row_of(opened).data["tab"] in range(12)
    assert stored() == 1
