"""Signing in and out: by a link that is pressed and not followed, by a password, and for good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

import config
from app.factory import create_app
from app.services.accounts import accounts, sessions, tokens
from app.services.accounts.sessions import hash_of
from app.storage.db import db, now, transaction
from app.storage.tables import RateCounter, SignInLink, User, WebSession
from app.web.browsers import browser_name
from app.web.sessions import COOKIE
from config import Settings
from tests.web.client import Browser, everything, fresh

PASSWORD = "a long river runs 7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def test_a_sign_in_link_works_once(app: Flask, user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    browser = Browser(app)
    first = browser.redeem(code)
    assert (first.status, first.goes_to) == (303, "/experiments")
    assert browser.follow(first).status == 200
    second = Browser(app).get(f"/sign-in/{code}")
    assert second.status == 404
    assert "This link no longer works" in second.words
    assert "already used" in second.words
    assert "hydroml user sign-in-link EMAIL" in second.words
    assert browser.get(f"/sign-in/{code}").goes_to == "/experiments", "who is signed in already needs no link"
    assert code not in "".join(map(str, everything().values()))


def test_a_link_that_is_too_old_or_replaced_opens_nothing(app: Flask, user: User) -> None:
    replaced = accounts.make_sign_in_link(user.email)
    old = accounts.make_sign_in_link(user.email)
    with transaction():
        for link in db.session.scalars(db.select(SignInLink)):
            link.expires_at = now() - timedelta(seconds=1)
    for code in (replaced, old, "x" * 5000):
        browser = Browser(app)
        assert browser.get(f"/sign-in/{code}").status == 404
        assert browser.get("/experiments").status == 303


def test_a_visitor_who_only_looks_leaves_no_session_behind(app: Flask) -> None:
    browser = Browser(app)
    first = browser.get("/sign-in")
    assert first.response.headers.get("Set-Cookie")
    again = browser.get("/sign-in")
    assert "Set-Cookie" not in again.response.headers, "the cookie that it has stays"
    assert db.session.scalar(db.select(db.func.count()).select_from(WebSession)) == 0
    # The token of the first page fits the cookie, which is all that there is of the session.
    form = {"csrf_token": first.token, "email": "nobody@example.org", "password": "a wrong password"}
    assert browser.post("/sign-in", form).status == 422
    assert Browser(app).post("/sign-in", form).status == 400
    assert db.session.scalar(db.select(db.func.count()).select_from(WebSession)) == 0


@pytest.mark.parametrize("cookie", ["", "short", "x" * 500, "ä" * 43, "a" * 42 + ";"])
def test_a_cookie_of_another_shape_is_replaced(app: Flask, cookie: str) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    page = Browser(app).get("/sign-in", headers=headers)
    assert page.status == 200
    assert re.match(COOKIE + r"=[\w-]{43};", page.response.headers["Set-Cookie"])


def test_signing_in_gives_a_new_session_and_ends_the_old_one(app: Flask, user: User) -> None:
    browser = Browser(app)
    browser.get("/sign-in")
    planted = browser.cookie
    assert planted
    browser.redeem(accounts.make_sign_in_link(user.email))
    assert browser.cookie
    assert browser.cookie != planted
    assert db.session.get(WebSession, hash_of(planted)) is None
    assert browser.cookie not in "".join(map(str, everything().values()))


def test_signing_out_ends_the_session_on_the_server(app: Flask, browser: Browser) -> None:
    secret = browser.cookie
    page = browser.press(browser.get("/account"), "Sign out")
    assert (page.status, page.goes_to, browser.cookie) == (303, "/sign-in", "")
    fresh()
    assert db.session.get(WebSession, hash_of(secret)) is None
    thief = Browser(app)
    thief.client.set_cookie(COOKIE, secret)
    assert thief.get("/experiments").goes_to == "/sign-in?next=/experiments"


def test_a_new_password_ends_the_sessions_of_other_browsers_only(app: Flask, browser: Browser, user: User) -> None:
    elsewhere = Browser(app).sign_in(user)
    page = browser.press(browser.get("/account"), "Save password", {"new": PASSWORD})
    assert (page.status, page.goes_to) == (303, "/account?saved")
    assert browser.get("/account").status == 200
    assert elsewhere.get("/account").status == 303


def test_an_account_that_was_closed_is_signed_out_everywhere(browser: Browser, user: User) -> None:
    with transaction():
        accounts.get_account(user.id).disabled_at = now()
    assert browser.get("/experiments").status == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Flask, user: User) -> None:
    answer = Browser(app).redeem(accounts.make_sign_in_link(user.email)).response
    (header,) = answer.headers.getlist("Set-Cookie")
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert "secure" not in parts


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_a_sign_in_link_spends_nothing(app: Flask, user: User, method: str) -> None:
    code = accounts.make_sign_in_link(user.email)
    before = everything(but="web_sessions")
    for _ in range(3):
        machine = Browser(app)
        assert machine.send(method, f"/sign-in/{code}").status == 200
        assert machine.get("/experiments").status == 303, "nobody is signed in by looking"
    assert everything(but="web_sessions") == before
    browser = Browser(app)
    page = browser.get(f"/sign-in/{code}")
    assert (page.h1, page.buttons) == ("Sign in", ["Sign in"])
    assert user.email in page.words
    assert browser.press(page, "Sign in").goes_to == "/experiments"


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}], ids=["here", "elsewhere"])
def test_a_link_that_is_opened_leaves_the_session_there_is(
    app: Flask, browser: Browser, other_user: User, headers: dict[str, str]
) -> None:
    code, cookie = accounts.make_sign_in_link(other_user.email), browser.cookie
    page = browser.get(f"/sign-in/{code}", headers=headers)
    assert "You are signed in as ada@example.org." in page.words
    assert browser.cookie == cookie
    assert "ada@example.org" in browser.get("/account").words
    browser.press(page, "Sign in", to=code)
    assert "ben@example.org" in browser.get("/account").words
    assert db.session.get(WebSession, hash_of(cookie)) is None


def test_a_link_is_redeemed_for_no_other_site(app: Flask, user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    browser = Browser(app)
    token = browser.get(f"/sign-in/{code}").token
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post(f"/sign-in/{code}", {"csrf_token": token}, headers=site).status == 403
    assert browser.post(f"/sign-in/{code}", {}).status == 400
    assert Browser(app).post(f"/sign-in/{code}", {"csrf_token": token}).status == 400, "a token of another browser"
    assert browser.post(f"/sign-in/{code}", {"csrf_token": token}).goes_to == "/experiments"


def test_a_dead_link_says_so_when_its_button_is_pressed(app: Flask, user: User) -> None:
    code = accounts.make_sign_in_link(user.email)
    browser = Browser(app)
    page = browser.get(f"/sign-in/{code}")
    accounts.redeem_sign_in_link(code)
    late = browser.press(page, "Sign in")
    assert (late.status, late.h1) == (404, "This link no longer works")


def test_the_first_link_makes_the_first_admin_of_nobody_else(app: Flask, browser: Browser, user: User) -> None:
    form = {"csrf_token": browser.get("/account").token, "name": "Ada", "email": accounts.FIRST_ADMIN}
    assert browser.post("/account/profile", form).status == 303
    assert accounts.get_account(user.id).email == "ada@example.org", "An address is not for its member to change."
    accounts.set_email(user.email, accounts.FIRST_ADMIN)
    owner = Browser(app)
    page = owner.get(f"/sign-in/{accounts.make_sign_in_link(None)}")
    assert "administrator" in page.words
    owner.press(page, "Sign in")
    fresh()
    assert (accounts.get_account(user.id).role, accounts.get_account(user.id).name) == ("member", "Ada")
    assert "owner-2@localhost (administrator)" in owner.get("/account").words


def test_the_address_is_shown_and_who_changes_it(browser: Browser) -> None:
    page = browser.get("/account")
    assert "email" not in page.form_to("/account/profile").names
    assert "ada@example.org" in page.words
    assert "An administrator can change it" in page.words


def test_a_newcomer_is_told_once_to_set_a_password(app: Flask, user: User) -> None:
    browser = Browser(app)
    first = browser.follow(browser.redeem(accounts.make_sign_in_link(user.email)))
    assert "Next time you need no link if you set a password" in first.words
    assert "if you set a password" not in browser.get("/experiments").words
    assert "You have no password yet" in browser.get("/account").words
    accounts.set_password(user, current="", new=PASSWORD)
    again = Browser(app)
    assert "if you set a password" not in again.follow(again.redeem(accounts.make_sign_in_link(user.email))).words


def test_a_refused_sign_in_says_when_to_try_again(app: Flask, user: User) -> None:
    accounts.set_password(user, current="", new=PASSWORD)
    browser = Browser(app)
    form = {"email": user.email, "password": "wrong", "csrf_token": browser.get("/sign-in").token}
    assert [browser.post("/sign-in", form).status for _ in range(6)] == [422] * 5 + [429]
    page = browser.post("/sign-in", {**form, "password": PASSWORD})
    assert page.status == 429
    assert 0 < int(page.response.headers["Retry-After"]) <= 60
    assert "Too many failed sign-ins. Try again in" in page.words


def test_guessing_the_current_password_is_slowed_on_the_page(browser: Browser, user: User) -> None:
    accounts.set_password(user, current="", new=PASSWORD, session_hash=hash_of(browser.cookie))
    for status in [422] * 5 + [429]:
        page = browser.press(browser.get("/account"), "Save password", {"current": "wrong", "new": "a longer river 88"})
        assert page.status == status
    assert "The current password was wrong too often." in page.words
    assert int(page.response.headers["Retry-After"]) > 60


@pytest.fixture
def proxied_app(settings: Settings) -> Iterator[Flask]:
    made = create_app(replace(settings, proxies=config._proxies({"HYDROML_PROXY": "10.0.0.7, 10.1.0.0/16"})))
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def _address_seen(app: Flask, peer: str, forwarded: str) -> str:
    """Return the address that the application notes for a sign-in by this peer."""
    with transaction():
        person = User(email=f"{peer}@example.org".replace(":", "-"))
        db.session.add(person)
    code = accounts.make_sign_in_link(person.email)
    browser = Browser(app, headers={"X-Forwarded-For": forwarded})
    browser.client.environ_base["REMOTE_ADDR"] = peer
    browser.redeem(code)
    row = db.session.get(WebSession, hash_of(browser.cookie))
    assert row is not None
    return row.address or ""


@pytest.mark.parametrize(
    ("peer", "seen"),
    [
        ("10.0.0.7", "198.51.100.9"),
        ("10.1.2.3", "198.51.100.9"),
        ("::ffff:10.0.0.7", "198.51.100.9"),
        ("10.0.0.8", "10.0.0.8"),
        ("127.0.0.1", "127.0.0.1"),
        ("203.0.113.5", "203.0.113.5"),
    ],
)
def test_a_forwarded_address_is_believed_from_the_proxy_alone(proxied_app: Flask, peer: str, seen: str) -> None:
    assert _address_seen(proxied_app, peer, "192.0.2.66, 198.51.100.9") == seen


def test_people_behind_the_proxy_have_an_address_each(proxied_app: Flask) -> None:
    with transaction():
        db.session.add(User(email="ada@example.org"))
    form = {"email": "ada@example.org", "password": "wrong"}
    for client, statuses in (("198.51.100.1", [422] * 5 + [429]), ("198.51.100.2", [422])):
        browser = Browser(proxied_app, headers={"X-Forwarded-For": client})
        browser.client.environ_base["REMOTE_ADDR"] = "10.0.0.7"
        token = browser.get("/sign-in").token
        assert [browser.post("/sign-in", {**form, "csrf_token": token}).status for _ in statuses] == statuses


def test_sessions_are_listed_and_each_can_be_ended(app: Flask, user: User, other_user: User) -> None:
    mine = Browser(app, headers={"User-Agent": FIREFOX}).sign_in(user)
    elsewhere = Browser(app, headers={"User-Agent": FIREFOX})
    elsewhere.redeem(accounts.make_sign_in_link(user.email))
    Browser(app).sign_in(other_user)
    page = mine.get("/account")
    assert page.words.count("this browser") == 1
    assert "Firefox on Linux" in page.words
    ends = [form.action for form in page.forms if form.action.endswith("/end")]
    assert len(ends) == 2, "and none of anybody else"
    other = f"/account/sessions/{hash_of(elsewhere.cookie)}/end"
    ended = mine.press(page, "End", to=other)
    assert ended.goes_to == "/account?ended"
    assert "The session has ended." in mine.follow(ended).words
    assert elsewhere.get("/account").status == 303
    assert mine.get("/account").status == 200
    own = mine.press(mine.get("/account"), "End", to=f"{hash_of(mine.cookie)}/end")
    assert (own.goes_to, mine.cookie) == ("/sign-in", "")
    assert own.response.headers["Clear-Site-Data"]


def test_sessions_that_open_nothing_are_not_listed(browser: Browser, user: User) -> None:
    for idle, left in ((timedelta(hours=13), timedelta(days=1)), (timedelta(), timedelta(seconds=-1))):
        opened = sessions.sign_in(sessions.new_session(), user)
        with transaction():
            row = db.session.get(WebSession, opened.id_hash)
            assert row is not None
            row.seen_at, row.expires_at = now() - idle, now() + left
    assert browser.get("/account").text.count("/end") == 1


def test_tokens_are_listed_and_each_can_be_revoked(app: Flask, browser: Browser, user: User) -> None:
    secret = tokens.create_token(user.email, name="<b>nightly</b>")
    tokens.create_token(user.email, name="weekly")
    tokens.revoke_named(user.email, "weekly")
    page = browser.get("/account")
    assert "<b>nightly</b>" in page.words
    assert "weekly" not in page.words
    headers = {"Authorization": f"Bearer {secret}"}
    assert Browser(app, headers=headers).get("/api/datasets/").status == 200
    after = browser.press(page, "Revoke", to="/revoke")
    assert "The token is revoked." in browser.follow(after).words
    assert Browser(app, headers=headers).get("/api/datasets/").status == 401
    assert "No token is active." in browser.get("/account").words


def test_a_disabled_account_stops_at_once(app: Flask, browser: Browser, user: User) -> None:
    program = Browser(app, headers={"Authorization": f"Bearer {tokens.create_token(user.email, name='x')}"})
    assert (browser.get("/account").status, program.get("/api/datasets/").status) == (200, 200)
    accounts.disable_user(user.email)
    assert (browser.get("/account").status, program.get("/api/datasets/").status) == (303, 401)
    accounts.enable_user(user.email)
    assert (browser.get("/account").status, program.get("/api/datasets/").status) == (303, 200)


def test_signing_out_has_the_browser_forget_what_it_keeps(browser: Browser) -> None:
    page = browser.press(browser.get("/account"), "Sign out")
    assert page.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "Clear-Site-Data" not in browser.get("/sign-in").response.headers


def test_only_failures_are_counted_against_an_account(app: Flask, user: User) -> None:
    accounts.set_password(user, current="", new=PASSWORD)
    for _ in range(8):
        browser = Browser(app)
        form = {"email": user.email, "password": PASSWORD, "csrf_token": browser.get("/sign-in").token}
        assert browser.post("/sign-in", form).status == 303
    counts = [row.count for row in db.session.scalars(db.select(RateCounter))]
    assert counts == [1], "The first was from a network that did not know the account yet."


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/143.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str | None, name: str) -> None:
    assert browser_name(agent) == name
