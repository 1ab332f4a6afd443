"""Accounts: one address is one account, a link opens once, a guessed password has to wait."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import ConflictError, DomainError, NotFoundError
from app.domain.vocabulary import Role
from app.services.accounts import accounts, sessions
from app.storage.db import db, now, transaction
from app.storage.tables import SignInLink, User
from tests.services.tables import at_once

PASSWORD = "Grüße vom Wasserfall"
HERE = "192.0.2.1"


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


@pytest.mark.usefixtures("app")
def test_a_new_account_has_its_address_in_small_letters_and_no_password() -> None:
    person = accounts.create_user("  Ada.Lovelace@Example.ORG ", role=Role.ADMIN, name=" Ada ")
    user = accounts.get_account(person.id)
    assert (user.email, user.role, user.name) == ("ada.lovelace@example.org", "admin", "Ada")
    assert (user.password_hash, user.disabled_at, user.theme) == (None, None, "auto")


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
    assert sum(isinstance(result, ConflictError) for result in results) == 19, results


@pytest.mark.usefixtures("app")
def test_what_is_no_address_gets_no_account() -> None:
    for text in (
        "",
        "   ",
        "ada",
        "@example.org",
        "ada@",
        "a da@example.org",
        "ada\u202e@example.org",
        "ada\u200b@example.org",
        "ada\x00@example.org",
        "ada@b@c",
        f"{'a' * 65}@x",
        f"a@{'x' * 190}",
    ):
        with pytest.raises(DomainError) as refusal:
            accounts.create_user(text)
        assert (refusal.value.status, refusal.value.code, refusal.value.field) == (422, "email_invalid", "email"), text
    assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a_name_is_changed_and_may_have_200_characters(ada: User) -> None:
    accounts.set_name(ada, " Coun\u202etess\u200b ")
    with pytest.raises(DomainError) as refusal:
        accounts.set_name(ada, "a" * 201)
    assert (refusal.value.code, refusal.value.field) == ("name_too_long", "name")
    assert accounts.get_account(ada.id).name == "Countess"


def test_an_address_is_changed_to_one_that_is_free(ada: User, other_user: User) -> None:
    assert accounts.set_email(" ADA@example.org", "Countess@Example.org ").email == "countess@example.org"
    assert accounts.get_account(ada.id).email == "countess@example.org"
    for old, new, code in (
        ("countess@example.org", other_user.email.upper(), "email_taken"),
        ("countess@example.org", "ada", "email_invalid"),
        ("nobody@example.org", "free@example.org", "not_found"),
    ):
        with pytest.raises(DomainError) as refusal:
            accounts.set_email(old, new)
        assert refusal.value.code == code
    assert accounts.get_account(ada.id).email == "countess@example.org"


def test_only_themes_that_exist_can_be_chosen(ada: User) -> None:
    accounts.set_theme(ada, "dark")
    with pytest.raises(DomainError, match="auto, light or dark"):
        accounts.set_theme(ada, "pink")
    assert accounts.get_account(ada.id).theme == "dark"


def test_a_password_is_kept_as_argon2id_and_opens_the_account(other_user: User) -> None:
    current = ""
    for password in ("é" * 3 + "水位" * 62 + "x", "  spaces at both ends  "):
        accounts.set_password(other_user, current=current, new=password)
        current_value = accounts.get_account(other_user.id).password_hash
        assert current_value is not None
        assert current_value.startswith("$argon2id$")
        assert password not in current_value
        assert PasswordHasher().verify(current_value, password)
        assert accounts.sign_in_with_password(" BEN@example.org", password, address=HERE).id == other_user.id
        current = password


def test_a_poor_password_is_refused_and_the_old_one_stays(ada: User) -> None:
    before = ada.password_hash
    for password, code in (
        ("", "password_length"),
        ("Elevenchars", "password_length"),
        ("ab12" * 32 + "x", "password_length"),
        ("Ada-Example-1815", "password_own"),
        ("HydroML!2026", "password_own"),
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
    answers = set()
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
        answers.add((refusal.value.message, refusal.value.code, refusal.value.field, refusal.value.status))
    assert answers == {("The address or the password is wrong.", "sign_in_failed", "password", 422)}


def test_a_text_that_only_begins_with_the_password_is_wrong(ada: User) -> None:
    password = "The Orinoco rises in spring; " * 4 + "and falls again."
    password = password[:128].ljust(128, "!")
    accounts.set_password(ada, current=PASSWORD, new=password)
    with pytest.raises(DomainError):
        accounts.sign_in_with_password(ada.email, f"{password} and more", address=HERE)


def expect_dead(code: str) -> None:
    """Check that a code opens nothing, and that no reason is given away."""
    with pytest.raises(NotFoundError) as refusal:
        accounts.redeem_sign_in_link(code)
    assert refusal.value.code == "link_unusable"
    assert refusal.value.message == "It was already used, or it is too old."


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
    assert sum(isinstance(result, NotFoundError) for result in results) == 19, results


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
    assert sum(isinstance(result, NotFoundError) for result in results) == 19, results
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


def test_the_first_admin_is_never_a_member_who_has_its_address(user: User) -> None:
    accounts.set_email(user.email, accounts.FIRST_ADMIN)
    accounts.create_user("owner-2@localhost")
    made = accounts.redeem_sign_in_link(accounts.make_sign_in_link(None))
    assert (made.email, made.role) == ("owner-3@localhost", Role.ADMIN.value)
    assert made.id != user.id
    assert accounts.get_account(user.id).role == Role.MEMBER.value


@pytest.mark.usefixtures("user")
def test_where_only_members_are_a_link_without_an_address_makes_the_first_admin() -> None:
    made = accounts.redeem_sign_in_link(accounts.make_sign_in_link(None))
    assert (made.email, made.role) == (accounts.FIRST_ADMIN, Role.ADMIN.value)


def test_a_start_makes_a_link_until_an_admin_has_a_password(user: User, admin: User) -> None:
    accounts.set_password(user, current="", new=PASSWORD)
    code = accounts.make_first_link()
    assert code is not None
    assert accounts.redeem_sign_in_link(code).id == admin.id
    accounts.set_password(admin, current="", new=PASSWORD)
    assert accounts.make_first_link() is None
    assert db.session.scalar(select(func.count()).select_from(SignInLink).where(SignInLink.used_at.is_(None))) == 0


def test_looking_at_a_link_does_not_use_it_up(user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    assert {accounts.find_link_target(code).email for _ in range(3)} == {user.email}
    assert accounts.redeem_sign_in_link(code).id == user.id
    first = accounts.make_sign_in_link(None)
    assert accounts.find_link_target(first).email == ""
    accounts.create_user("root@example.org", role=Role.ADMIN)
    for dead in (code, first, "x"):
        with pytest.raises(NotFoundError):
            accounts.find_link_target(dead)


def test_a_disabled_account_is_signed_out_and_gets_no_link(user: User) -> None:
    opened = sessions.sign_in(sessions.new_session(), user)
    code = accounts.make_sign_in_link(user.email)
    for _ in range(2):
        assert accounts.disable_user(" ADA@example.org").disabled_at is not None
    assert sessions.load(opened.secret) is None
    expect_dead(code)
    with pytest.raises(ConflictError, match="Enable it first"):
        accounts.make_sign_in_link(user.email)
    assert accounts.enable_user(user.email).disabled_at is None
    assert sessions.load(opened.secret) is None, "A session that was ended stays ended."
    assert accounts.redeem_sign_in_link(accounts.make_sign_in_link(user.email)).id == user.id


def test_the_last_admin_cannot_be_disabled(app: Flask, admin: User) -> None:
    other = accounts.create_user("second@example.org", role=Role.ADMIN)
    emails = (admin.email, other.email)
    results = at_once(app, 2, lambda place: accounts.disable_user(emails[place]).email)
    assert sum(isinstance(result, ConflictError) for result in results) == 1, results
    db.session.expire_all()
    left = [row.email for row in db.session.scalars(select(User)) if row.disabled_at is None]
    assert len(left) == 1
    with pytest.raises(ConflictError, match="last administrator") as refusal:
        accounts.disable_user(left[0])
    assert refusal.value.code == "last_admin"


@pytest.mark.parametrize("act", [accounts.disable_user, lambda email: accounts.change_role(email, Role.MEMBER)])
def test_an_admin_who_was_only_invited_is_none_that_is_left(
    app: Flask, admin: User, act: Callable[[str], object]
) -> None:
    accounts.set_password(admin, current="", new=PASSWORD)
    other = accounts.create_user("second@example.org", role=Role.ADMIN)
    accounts.make_sign_in_link(other.email)
    with pytest.raises(ConflictError, match="last administrator who can sign in") as refusal:
        act(admin.email)
    assert refusal.value.code == "last_admin"
    # The invitation can be taken back, and once it was accepted there are two who can come in.
    opened = sessions.sign_in(sessions.new_session(), other)
    act(admin.email)
    sessions.end(opened)


def test_an_invited_admin_can_be_removed_by_one_without_a_password(app: Flask, admin: User) -> None:
    sessions.sign_in(sessions.new_session(), admin)
    other = accounts.create_user("second@example.org", role=Role.ADMIN)
    assert accounts.disable_user(other.email).disabled_at is not None


def test_no_session_opens_after_a_disabling_or_a_new_password(ada: User) -> None:
    judged = accounts.sign_in_with_password(ada.email, PASSWORD, address=HERE)
    db.session.expunge(judged)
    accounts.disable_user(ada.email)
    with pytest.raises(ConflictError, match="Sign in again"):
        sessions.sign_in(sessions.new_session(), judged)
    accounts.enable_user(ada.email)
    assert sessions.load(sessions.sign_in(sessions.new_session(), judged).secret) is not None
    accounts.set_password(accounts.get_account(ada.id), current=PASSWORD, new="a brook of 19 stones")
    with pytest.raises(ConflictError, match="Sign in again"):
        sessions.sign_in(sessions.new_session(), judged)
