"""Who may call what: nobody comes in unasked, nobody sees another's things, no other site makes a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.factory import create_app
from app.services.accounts import accounts
from app.storage.db import db
from app.storage.tables import Dataset, User
from app.web.access import POLICY, AccessLevel, safe_next
from config import Settings
from tests.web.client import Belongings, Browser, calls, draft_on_sample, everything

PASSWORD = "a long river runs 7"


@pytest.fixture
def hers(app: Flask, user: User) -> Belongings:
    return Belongings.of(user)


@pytest.fixture
def his(app: Flask, other_user: User) -> Belongings:
    return Belongings.of(other_user)


@pytest.fixture
def tls_app(settings: Settings) -> Iterator[Flask]:
    made = create_app(replace(settings, tls=True, trusted_hosts=("river.example.org",)))
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def test_every_route_that_is_not_for_anybody_sends_a_stranger_to_sign_in(app: Flask, hers: Belongings) -> None:
    before = everything(but="web_sessions")
    results = {}
    for endpoint, method, path in calls(app, hers):
        if POLICY[endpoint] is not AccessLevel.ANYBODY:
            page = Browser(app).send(method, path)
            if path.startswith("/api/"):
                if page.status != 401 or page.response.headers["WWW-Authenticate"] != "Bearer":
                    results[f"{method} {path}"] = (page.status, "")
                continue
            query = parse_qs(urlsplit(page.goes_to).query).get("next")
            expected = [path] if method == "GET" else None
            if page.status != 303 or urlsplit(page.goes_to).path != "/sign-in" or query != expected:
                results[f"{method} {path}"] = (page.status, page.goes_to)
    assert results == {}
    assert everything(but="web_sessions") == before


def test_htmx_sends_a_stranger_to_sign_in_as_a_whole_page(app: Flask, hers: Belongings) -> None:
    results = {}
    for endpoint, method, path in calls(app, hers):
        if POLICY[endpoint] is not AccessLevel.ANYBODY and not path.startswith("/api/"):
            page = Browser(app).send(method, path, htmx=True)
            if page.status != 204 or not page.response.headers["HX-Redirect"].startswith("/sign-in"):
                results[f"{method} {path}"] = page.status
    assert results == {}


def test_what_anybody_may_call_answers_without_an_account(app: Flask) -> None:
    expected = {
        "static": 200,
        "health.live": 200,
        "health.ready": 503,  # No worker runs here, and it says so to anybody.
        "metrics.show": 200,  # This machine asks; tests/web/test_metrics.py asks from elsewhere.
        "sign_in.show": 200,
        "sign_in.save": 400,  # The form's token is missing.
        "sign_in.ask_redeem": 404,
        "sign_in.redeem": 400,
    }
    assert {endpoint for endpoint, who in POLICY.items() if who is AccessLevel.ANYBODY} == set(expected)
    for endpoint, method, path in calls(app, Belongings.of_nobody()):
        if endpoint in expected:
            assert Browser(app).send(method, path).status == expected[endpoint], path


def test_a_stranger_comes_to_the_page_that_was_asked_for_after_signing_in(app: Flask, user: User) -> None:
    accounts.set_password(user, current="", new=PASSWORD)
    browser = Browser(app)
    page = browser.follow(browser.get("/datasets?page=2&x=a%20b"))
    assert (page.status, page.h1) == (200, "Sign in")
    after = browser.press(page, "Sign in", {"email": user.email.upper(), "password": PASSWORD})
    assert (after.status, after.goes_to) == (303, "/datasets?page=2&x=a%20b")
    assert browser.follow(after).status == 200


def test_somebody_elses_things_are_missing_ones_on_every_route(app: Flask, browser: Browser, his: Belongings) -> None:
    token = browser.get("/account").token
    before = everything(but="web_sessions")
    results = {}
    for _endpoint, method, path in calls(app, his, only_with_id=True):
        for htmx in (False, True):
            data = {"csrf_token": token, "action": "continue", "name": "mine", "version": "2", "target": "tmax_c"}
            data.update(keep="mine", changes='{"target": "tmax_c"}', fields="[]")
            sent = {"data": data if method == "POST" else None, "headers": {"X-CSRFToken": token}}
            page = browser.send(method, path, htmx=htmx, **sent)
            if page.status != 404:
                results[f"{method} {path} {htmx}"] = page.status
    assert results == {}
    assert everything(but="web_sessions") == before


def test_choosing_a_sample_for_somebody_elses_draft_leaves_nothing(browser: Browser, his: Belongings) -> None:
    form = {"csrf_token": browser.get("/account").token, "sample": "penguins"}
    before = everything(but="web_sessions")
    assert browser.post(f"/experiments/drafts/{his.ids['draft_id']}/data/sample", form).status == 404
    assert everything(but="web_sessions") == before


def test_somebody_elses_thing_looks_exactly_like_one_that_never_was(
    app: Flask, browser: Browser, his: Belongings
) -> None:
    nobodys = Belongings.of_nobody()
    pairs = zip(calls(app, his, only_with_id=True), calls(app, nobodys, only_with_id=True), strict=True)
    for (_endpoint, method, path), (_same, _method, other) in pairs:
        if method == "GET":
            first, second = browser.get(path, htmx=True), browser.get(other, htmx=True)
            assert first.text == second.text, path
            assert first.status == second.status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_change_nothing_of_anybodys(
    app: Flask, browser: Browser, hers: Belongings, his: Belongings, method: str
) -> None:
    token = browser.get("/account").token
    before = everything(but="web_sessions")
    for things in (hers, his):
        used_names = {path for _endpoint, allowed, path in calls(app, things) if allowed == method}
        for _endpoint, _method, path in calls(app, things):
            if not path.startswith("/static/") and path not in used_names:
                answer = browser.send(method, path, headers={"X-CSRFToken": token})
                assert answer.status == 405, path
                assert answer.response.headers["Allow"]
    assert everything(but="web_sessions") == before


@pytest.mark.parametrize("route", ["/experiments/new/sample", "draft/data/dataset", "draft/data/resolve"])
def test_somebody_elses_dataset_cannot_be_put_under_a_draft(
    app: Flask, browser: Browser, user: User, his: Belongings, other_user: User, route: str
) -> None:
    draft = draft_on_sample(user)
    chosen = db.session.scalar(db.select(Dataset).where(Dataset.owner_id == other_user.id, Dataset.state == "ready"))
    assert chosen is not None
    browser.get(f"/experiments/drafts/{draft.id}/features")
    changes = f'{{"dataset_id": "{chosen.id}"}}'
    data = {"dataset_id": str(chosen.id), "changes": changes, "fields": "[]", "keep": "mine"}
    before = everything(but="web_sessions")
    path = route.replace("draft", f"/experiments/drafts/{draft.id}")
    assert browser.post(path, {**data, "csrf_token": browser.get("/account").token}).status == 404
    assert everything(but="web_sessions") == before


@pytest.mark.parametrize("token", [None, "", "garbage", "anothers"])
def test_no_change_is_made_without_the_token_of_this_session(
    app: Flask, browser: Browser, other_user: User, hers: Belongings, token: str | None
) -> None:
    stranger = Browser(app).sign_in(other_user)
    sent = stranger.get("/account").token if token == "anothers" else token
    browser.get("/account")
    before = everything(but="web_sessions")
    for _endpoint, method, path in calls(app, hers):
        if method == "POST":
            page = browser.post(path, {} if sent is None else {"csrf_token": sent})
            assert page.status == 400, path
            assert "Reload it and try again" in page.words
    assert everything(but="web_sessions") == before


def test_the_token_may_come_in_the_header_that_htmx_sends(app: Flask, browser: Browser, hers: Belongings) -> None:
    token = browser.get("/account").token
    path = f"/experiments/drafts/{hers.ids['draft_id']}/validation/autosave"
    page = browser.post(path, {"seed": "5", "version": "2"}, htmx=True, headers={"X-CSRFToken": token})
    assert page.status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
    ids=str,
)
def test_no_change_is_made_for_another_site(
    app: Flask, browser: Browser, hers: Belongings, header: dict[str, str]
) -> None:
    token = browser.get("/account").token
    before = everything(but="web_sessions")
    for _endpoint, method, path in calls(app, hers):
        if method == "POST":
            page = browser.post(path, {"csrf_token": token}, headers=header)
            assert page.status == 403, path
            assert "another site" in page.words
    assert everything(but="web_sessions") == before


@pytest.mark.parametrize(
    "header", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}], ids=str
)
def test_a_change_that_our_own_page_asks_for_is_made(browser: Browser, header: dict[str, str]) -> None:
    token = browser.get("/account").token
    assert browser.post("/account/theme", {"csrf_token": token, "theme": "dark"}, headers=header).status == 303


def test_pages_may_be_opened_from_another_site(browser: Browser) -> None:
    assert browser.get("/experiments", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.2", "evil.example:localhost", "[::2]"],
)
def test_another_host_name_is_refused(browser: Browser, host: str) -> None:
    for path in ("/experiments", "/sign-in", "/health/live"):
        page = browser.get(path, headers={"Host": host})
        assert page.status == 400
        assert "evil" not in page.text


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "127.0.0.1:9",
        "[::1]:8000",
        "[::1]",
        "LOCALHOST",
        "LocalHost:8000",
    ],
)
def test_this_machine_is_answered_under_each_of_its_names(app: Flask, host: str) -> None:
    assert Browser(app).get("/sign-in", headers={"Host": host}).status == 200


def test_a_trusted_host_is_answered_and_no_other(tls_app: Flask) -> None:
    assert Browser(tls_app).get("/sign-in", headers={"Host": "river.example.org"}).status == 200
    assert Browser(tls_app).get("/sign-in", headers={"Host": "example.org"}).status == 400


FOREIGN = [
    "https://evil.example/x",
    "//evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "evil.example",
    " //evil.example",
    "http:/evil.example",
    "/experiments\r\nSet-Cookie: a=b",
    "//[",
    "//[x]/experiments",
    "//\uff03@evil.example",
    "",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_signing_in_leads_to_no_other_site(browser: Browser, app: Flask, user: User, target: str) -> None:
    with app.test_request_context():
        assert safe_next(target) == "/experiments"
    page = browser.get("/sign-in", query_string={"next": target})
    assert (page.status, page.response.headers["Location"]) == (303, "/experiments")
    stranger = Browser(app)
    view = stranger.get("/sign-in", query_string={"next": target})
    assert view.form_to("/sign-in").values["next"] == ["/experiments"]
    accounts.set_password(user, current="", new=PASSWORD)
    form = {"email": user.email, "password": PASSWORD, "next": target, "csrf_token": view.token}
    page = stranger.post("/sign-in", form)
    assert (page.status, page.response.headers["Location"]) == (303, "/experiments")


@pytest.mark.parametrize("target", ["/datasets", "/experiments/new?x=1#y", "/a//b", "/help#metrics"])
def test_signing_in_leads_to_any_page_of_ours(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("http://localhost/datasets?page=2", "/datasets?page=2"),
        ("http://localhost.evil.example/x", "/experiments"),
        ("http://localhost//evil.example/x", "/experiments"),
        ("https://evil.example/x", "/experiments"),
        ("", "/experiments"),
    ],
)
def test_choosing_a_theme_leads_back_and_to_no_other_site(browser: Browser, referrer: str, expected: str) -> None:
    form = {"csrf_token": browser.get("/account").token, "theme": "dark"}
    page = browser.post("/account/theme", form, headers={"Referer": referrer})
    assert (page.status, page.response.headers["Location"]) == (303, expected)


def test_behind_tls_the_cookie_travels_on_it_alone(tls_app: Flask) -> None:
    answer = Browser(tls_app).get("/sign-in").response
    assert "; Secure;" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_route_without_a_rule_is_refused(app: Flask, user: User) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    browser = Browser(app).sign_in(user)
    assert browser.get("/forgotten").status == 403
    assert Browser(app).get("/forgotten").status == 403


def test_what_is_for_administrators_is_missing_for_others(
    app: Flask, browser: Browser, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POLICY, "help.show", AccessLevel.ADMIN)
    assert browser.get("/help").status == 404
    assert Browser(app).sign_in(admin).get("/help").status == 200
    assert Browser(app).get("/help").status == 303
