"""Accounts: one address is one account, a link opens once, a guessed password has to wait."""

from __future__ import annotations

import functools
import hashlib
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import ConflictError, DomainError, NotFoundError, TooManyError
from app.domain.vocabulary import Role
from app.services import accounts, sessions
from app.storage.db import db, now, transaction
from app.storage.tables import SignInAttempt, SignInLink, User
from tests.services.tables import at_once

PASSWORD = "Grüße vom Wasserfall"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@functools.cache
def cheap_hash() -> str:
    """Return a hash that is judged quickly: it names its own small cost."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def ada(app: Flask) -> User:
    """Return an account that has a password."""
    person = accounts.create_user("ada@example.org", name="Ada")
    with transaction():
        accounts.get_account(person.id).password_hash = cheap_hash()
    return person


def fail_often(many: int, *, email: str = "ada@example.org", address: str = HERE, seconds_ago: float = 0) -> None:
    """Count failed sign-ins without the work of judging a password."""
    with transaction():
        at = now() - timedelta(seconds=seconds_ago)
        db.session.add_all(SignInAttempt(email=email, address=address, at=at) for _ in range(many))


def attempts() -> int:
    return db.session.scalar(select(func.count()).select_from(SignInAttempt)) or 0


@pytest.mark.usefixtures("app")
def test_a_new_account_has_its_address_in_small_letters_and_no_password() -> None:
    person = accounts.create_user("  Ada.Lovelace@Example.ORG ", role=Role.ADMIN, name=" Ada ")
    held = accounts.get_account(person.id)
    assert (held.email, held.role, held.name) == ("ada.lovelace@example.org", "admin", "Ada")
    assert (held.password_hash, held.disabled_at, held.theme) == (None, None, "auto")


@pytest.mark.usefixtures("ada")
def test_an_address_in_other_letters_is_the_same_address() -> None:
    for same in ("ada@example.org", "ADA@Example.org", " ada@EXAMPLE.ORG\n"):
        with pytest.raises(ConflictError) as refusal:
            accounts.create_user(same)
        assert (refusal.value.code, refusal.value.field) == ("email_taken", "email")
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_of_twenty_people_who_want_an_address_one_gets_it(app: Flask) -> None:
    results = at_once(app, 20, lambda place: accounts.create_user("ADA@x.org" if place % 2 else "ada@X.org").email)
    assert results.count("ada@x.org") == 1
    assert sum(isinstance(one, ConflictError) for one in results) == 19, results


@pytest.mark.usefixtures("app")
def test_what_is_no_address_gets_no_account() -> None:
    for text in (
        "",
        "   ",
        "ada",
        "@example.org",
        "ada@",
        "a da@example.org",
        "ada@b@c",
        f"{'a' * 65}@x",
        f"a@{'x' * 190}",
    ):
        with pytest.raises(DomainError) as refusal:
            accounts.create_user(text)
        assert (refusal.value.status, refusal.value.code, refusal.value.field) == (422, "email_invalid", "email"), text
    assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a_profile_takes_no_address_of_somebody_else(ada: User, other_user: User) -> None:
    with pytest.raises(ConflictError):
        accounts.set_profile(ada, name="Ada", email=other_user.email.upper())
    accounts.set_profile(ada, name=" Countess ", email=ada.email.upper())
    held = accounts.get_account(ada.id)
    assert (held.name, held.email) == ("Countess", "ada@example.org")
    for name, email, code in (("a" * 201, ada.email, "name_too_long"), ("Ada", "ada", "email_invalid")):
        with pytest.raises(DomainError) as refusal:
            accounts.set_profile(ada, name=name, email=email)
        assert refusal.value.code == code


def test_only_themes_that_exist_can_be_chosen(ada: User) -> None:
    accounts.set_theme(ada, "dark")
    with pytest.raises(DomainError, match="auto, light or dark"):
        accounts.set_theme(ada, "pink")
    assert accounts.get_account(ada.id).theme == "dark"


def test_a_password_is_kept_as_argon2id_and_opens_the_account(other_user: User) -> None:
    current = ""
    for password in ("é" * 3 + "水位" * 62 + "x", "  spaces at both ends  "):
        accounts.set_password(other_user, current=current, new=password)
        held = accounts.get_account(other_user.id).password_hash
        assert held is not None
        assert held.startswith("$argon2id$")
        assert password not in held
        assert PasswordHasher().verify(held, password)
        assert accounts.sign_in_with_password(" BEN@example.org", password, address=HERE).id == other_user.id
        current = password


def test_a_poor_password_is_refused_and_the_old_one_stays(ada: User) -> None:
    before = ada.password_hash
    for password, code in (
        ("", "password_length"),
        ("Elevenchars", "password_length"),
        ("ab12" * 32 + "x", "password_length"),
        ("Password1234", "password_common"),
        ("abcabcabcabc", "password_common"),
    ):
        with pytest.raises(DomainError) as refusal:
            accounts.set_password(ada, current=PASSWORD, new=password)
        assert (refusal.value.code, refusal.value.field, refusal.value.status) == (code, "new", 422)
    assert accounts.get_account(ada.id).password_hash == before


def test_a_password_is_changed_only_by_who_knows_it(ada: User) -> None:
    before = ada.password_hash
    for wrong in ("", "not the password", PASSWORD.upper()):
        with pytest.raises(DomainError) as refusal:
            accounts.set_password(ada, current=wrong, new="another good one")
        assert (refusal.value.code, refusal.value.field) == ("password_wrong", "current")
    assert accounts.get_account(ada.id).password_hash == before


def test_a_new_password_ends_the_other_sessions_of_this_account_only(ada: User, other_user: User) -> None:
    mine, elsewhere, theirs = (sessions.sign_in(sessions.new_session(), person) for person in (ada, ada, other_user))
    accounts.set_password(ada, current=PASSWORD, new="another good one", session_hash=mine.id_hash)
    assert sessions.load(mine.secret) is not None
    assert sessions.load(elsewhere.secret) is None
    assert sessions.load(theirs.secret) is not None


def test_every_wrong_sign_in_is_refused_alike(ada: User, other_user: User) -> None:
    closed = accounts.create_user("closed@example.org")
    with transaction():
        row = accounts.get_account(closed.id)
        row.password_hash, row.disabled_at = cheap_hash(), now()
    said = set()
    for email, password in (
        (ada.email, "not the password"),
        (ada.email, ""),
        (ada.email, str(ada.password_hash)),
        (other_user.email, ""),
        ("nobody@example.org", PASSWORD),
        (closed.email, PASSWORD),
    ):
        with pytest.raises(DomainError) as refusal:
            accounts.sign_in_with_password(email, password, address=HERE)
        said.add((refusal.value.message, refusal.value.code, refusal.value.field, refusal.value.status))
    assert said == {("The address or the password is wrong.", "sign_in_failed", "password", 422)}


def test_a_text_that_only_begins_with_the_password_is_wrong(ada: User) -> None:
    password = "abcd" * 32
    accounts.set_password(ada, current=PASSWORD, new=password)
    with pytest.raises(DomainError):
        accounts.sign_in_with_password(ada.email, f"{password} and more", address=HERE)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait_but_not_elsewhere(ada: User) -> None:
    for _ in range(accounts.FREE_TRIES):
        with pytest.raises(DomainError, match="is wrong"):
            accounts.sign_in_with_password(ada.email, "not the password", address=HERE)
    with pytest.raises(TooManyError) as refusal:
        accounts.sign_in_with_password(ada.email.upper(), PASSWORD, address=HERE)
    assert refusal.value.status == 429
    assert f"{refusal.value.retry_after_seconds} s" in refusal.value.message
    assert attempts() == 5, "A try that was refused is not counted."
    assert accounts.sign_in_with_password(ada.email, PASSWORD, address=ELSEWHERE).id == ada.id


def test_a_right_password_forgets_the_wrong_ones_of_this_account(ada: User) -> None:
    fail_often(4)
    fail_often(1, email="ben@example.org")
    accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE)
    assert db.session.scalars(select(SignInAttempt.email)).all() == ["ben@example.org"]


@pytest.mark.usefixtures("ada")
def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    for failures, wait in ((5, 15), (6, 30), (8, 120), (10, 480), (11, 900), (40, 900)):
        fail_often(failures - attempts())
        with pytest.raises(TooManyError) as refusal:
            accounts.sign_in_with_password("ada@example.org", PASSWORD, address=HERE)
        assert wait - 15 < refusal.value.retry_after_seconds <= wait, failures


def test_who_has_waited_may_try_again(ada: User) -> None:
    for failures, seconds_ago in ((4, 0), (5, 16), (11, 901), (49, 3500)):
        fail_often(failures, seconds_ago=seconds_ago)
        assert accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE).id == ada.id
        assert attempts() == 0


def test_fifty_failures_from_one_network_close_it_for_an_hour(ada: User) -> None:
    for at in range(10):
        fail_often(5, email=f"guess{at}@example.org", seconds_ago=60)
    with pytest.raises(TooManyError) as refusal:
        accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE)
    assert refusal.value.retry_after_seconds == 3600
    assert accounts.sign_in_with_password(ada.email, PASSWORD, address=ELSEWHERE).id == ada.id
    with transaction():
        for row in db.session.scalars(select(SignInAttempt)):
            row.at = now() - timedelta(minutes=61)
    assert accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE).id == ada.id


def test_guesses_at_the_same_moment_are_counted_too(app: Flask) -> None:
    def guess(place: int) -> None:
        accounts.sign_in_with_password("nobody@example.org", f"wrong password {place}", address=HERE)

    results = at_once(app, 8, guess)
    assert sum(isinstance(one, TooManyError) for one in results) >= 8 - accounts.FREE_TRIES, results


def expect_dead(code: str) -> None:
    """Check that a code opens nothing, and that no reason is given away."""
    with pytest.raises(NotFoundError) as refusal:
        accounts.redeem_sign_in_link(code)
    assert refusal.value.code == "link_unusable"
    assert refusal.value.message == "This link has been used or is too old. Ask for a new one."


def test_a_link_works_once(user: User) -> None:
    code = accounts.make_sign_in_link(" ADA@example.org ")
    assert accounts.redeem_sign_in_link(code).id == user.id
    expect_dead(code)


def test_the_table_of_links_opens_nothing(user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    (row,) = db.session.scalars(select(SignInLink))
    assert row.code_hash == hashlib.sha256(code.encode()).hexdigest()
    assert len(code) >= 43, "It takes 43 characters of base 64 to write 256 random bits."
    expect_dead(row.code_hash)


def test_of_twenty_browsers_with_one_link_one_is_signed_in(app: Flask, user: User) -> None:
    code, user_id = accounts.make_sign_in_link(user.email), user.id
    results = at_once(app, 20, lambda _place: accounts.redeem_sign_in_link(code).id)
    assert results.count(user_id) == 1
    assert sum(isinstance(one, NotFoundError) for one in results) == 19, results


def test_a_link_works_until_its_time_is_over(user: User) -> None:
    for minutes, works in ((31, False), (30.5, False), (29.5, True)):
        code = accounts.make_sign_in_link(user.email)
        with transaction():
            (row,) = db.session.scalars(select(SignInLink).where(SignInLink.used_at.is_(None)))
            row.expires_at -= timedelta(minutes=minutes)
        if works:
            assert accounts.redeem_sign_in_link(code).id == user.id
        else:
            expect_dead(code)
    expect_dead(accounts.make_sign_in_link(user.email, minutes=0))


def test_a_new_link_replaces_the_older_ones_of_this_account_only(user: User, other_user: User) -> None:
    theirs = accounts.make_sign_in_link(other_user.email)
    older, newest = (accounts.make_sign_in_link(user.email) for _ in range(2))
    expect_dead(older)
    assert accounts.redeem_sign_in_link(newest).id == user.id
    assert accounts.redeem_sign_in_link(theirs).id == other_user.id


def test_a_code_that_nobody_made_opens_nothing(user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    for wrong in ("", "x", code[:-1], f"{code}x", "é" * 300, "' OR 1=1 --", code.swapcase()):
        expect_dead(wrong)
    assert accounts.redeem_sign_in_link(code).id == user.id


def test_a_closed_account_is_opened_by_no_link(user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    with transaction():
        accounts.get_account(user.id).disabled_at = now()
    expect_dead(code)


@pytest.mark.usefixtures("app")
def test_there_is_no_link_for_an_account_that_does_not_exist() -> None:
    with pytest.raises(NotFoundError, match=r"nobody@example\.org"):
        accounts.make_sign_in_link("nobody@example.org")
    assert db.session.scalar(select(func.count()).select_from(SignInLink)) == 0


def test_whoever_opens_an_empty_installation_first_becomes_its_admin(app: Flask) -> None:
    code = accounts.make_sign_in_link(None)
    assert db.session.scalar(select(func.count()).select_from(User)) == 0, "There is no default account."
    results = at_once(app, 20, lambda _place: accounts.redeem_sign_in_link(code).id)
    assert sum(isinstance(one, NotFoundError) for one in results) == 19, results
    (owner,) = db.session.scalars(select(User))
    assert (owner.role, owner.password_hash) == ("admin", None)
    assert owner.id in results


@pytest.mark.usefixtures("app")
def test_the_link_of_an_empty_installation_is_dead_once_there_is_an_admin() -> None:
    code = accounts.make_sign_in_link(None)
    accounts.create_user("ada@example.org", role=Role.ADMIN)
    expect_dead(code)
    assert db.session.scalars(select(User.email)).all() == ["ada@example.org"]


def test_without_an_address_the_oldest_admin_that_is_open_is_signed_in(user: User, admin: User) -> None:
    first = accounts.create_user("first@example.org", role=Role.ADMIN)
    closed = accounts.create_user("closed@example.org", role=Role.ADMIN)
    with transaction():
        accounts.get_account(first.id).created_at = admin.created_at - timedelta(days=1)
        row = accounts.get_account(closed.id)
        row.created_at, row.disabled_at = admin.created_at - timedelta(days=2), now()
        accounts.get_account(user.id).created_at = admin.created_at - timedelta(days=3)
    assert accounts.redeem_sign_in_link(accounts.make_sign_in_link(None)).id == first.id


@pytest.mark.usefixtures("user")
def test_where_only_members_are_a_link_without_an_address_makes_the_first_admin() -> None:
    made = accounts.redeem_sign_in_link(accounts.make_sign_in_link(None))
    assert (made.email, made.role) == (accounts.FIRST_ADMIN, Role.ADMIN.value)
