"""What every answer carries: each security header on each route, whatever the answer is, and nothing that is kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask, Response, abort, make_response, redirect, send_file
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.domain.errors import ConflictError, DomainError, NoSpaceError, TooManyError, UnauthorizedError
from app.storage.tables import User
from app.web.headers import FIXED, POLICY
from tests.variants import slow_but
from tests.web import seeds
from tests.web.client import Belongings, Browser, calls

EXPECTED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Outcome = Callable[..., Any]


def _faults(response: TestResponse) -> list[str]:
    wrong = [name for name, value in EXPECTED.items() if response.headers.getlist(name) != [value]]
    return wrong + (["Expires"] if "Expires" in response.headers else [])


def _raises(fault: BaseException) -> Outcome:
    def view(**_values: Any) -> Any:
        raise fault

    return view


def _answers(make: Callable[[], Any]) -> Outcome:
    def view(**_values: Any) -> Any:
        return make()

    return view


def _kept() -> Response:
    response = make_response("kept", 200)
    response.headers["Cache-Control"] = "public, max-age=31536000"
    response.headers["Expires"] = "Fri, 01 Jan 2100 00:00:00 GMT"
    response.headers.add("X-Frame-Options", "ALLOWALL")
    response.headers["Content-Security-Policy"] = "default-src *"
    return response


OUTCOMES: dict[str, tuple[int, Outcome]] = {
    "a page": (200, _answers(lambda: "<p>It is here.</p>")),
    "a page that asks to be kept": (200, _answers(_kept)),
    "a file": (200, _answers(lambda: send_file(__file__, mimetype="text/csv", max_age=99))),
    "work that goes on": (202, _answers(lambda: ({"job": {}}, 202))),
    "nothing": (204, _answers(lambda: ("", 204))),
    "elsewhere": (303, _answers(lambda: redirect("/experiments", 303))),
    "not understood": (400, lambda **_: abort(400)),
    "nobody": (401, _raises(UnauthorizedError("Sign in."))),
    "not allowed": (403, lambda **_: abort(403)),
    "missing": (404, lambda **_: abort(404)),
    "moved": (409, _raises(ConflictError("It moved."))),
    "too large": (413, lambda **_: abort(413)),
    "wrong kind": (415, lambda **_: abort(415)),
    "a problem": (422, _raises(DomainError("It is wrong."))),
    "too often": (429, _raises(TooManyError("Wait.", retry_after_seconds=1))),
    "our fault": (500, _raises(RuntimeError("broken"))),
    "busy": (503, _raises(OperationalError("SELECT 1", {}, Exception("locked")))),
    "full": (507, _raises(NoSpaceError("The disk is full."))),
}


def _send(browser: Browser, calls_made: Iterable[tuple[str, str, str]], token: str) -> dict[str, tuple[int, list[str]]]:
    results = {}
    for _endpoint, method, path in calls_made:
        for htmx in (False, True):
            headers = {"X-CSRFToken": token, **({"HX-Request": "true"} if htmx else {})}
            response = browser.client.open(path, method=method, headers=headers, buffered=True)
            results[f"{method} {path} {htmx}"] = (response.status_code, _faults(response))
    return results


def _wrong(results: dict[str, tuple[int, list[str]]]) -> dict[str, list[str]]:
    return {call: faults for call, (_status, faults) in results.items() if faults}


@pytest.mark.parametrize(
    "outcome", slow_but(("a page", "a file", "nothing", "not allowed", "our fault", "full"), OUTCOMES)
)
def test_every_route_carries_every_header_whatever_it_answers(app: Flask, admin: User, outcome: str) -> None:
    status, view = OUTCOMES[outcome]
    browser = Browser(app).sign_in(admin)
    token = browser.get("/account").token
    routes = [call for call in calls(app, Belongings.of_nobody()) if call[0] != "static"]
    app.view_functions.update(dict.fromkeys({endpoint for endpoint, _method, _path in routes}, view))
    results = _send(browser, routes, token)
    assert {answered for answered, _faults in results.values()} == {status}
    assert _wrong(results) == {}


def test_every_route_carries_every_header_as_it_really_answers(app: Flask, user: User, other_user: User) -> None:
    things, nobodys = Belongings.of(user), Belongings.of_nobody()
    owner, stranger, other = Browser(app).sign_in(user), Browser(app), Browser(app).sign_in(other_user)
    results: dict[str, tuple[int, list[str]]] = {}
    for who, browser in (("stranger", stranger), ("other", other), ("owner", owner)):
        token = browser.get("/account").token if who != "stranger" else "none"
        for kind, owned in (("there", things), ("nowhere", nobodys)):
            made = [call for call in calls(app, owned) if call[0] not in ("static", "sign_in.sign_out")]
            made += [(endpoint, "PATCH", path) for endpoint, _method, path in made]
            results |= {f"{who} {kind} {call}": first for call, first in _send(browser, made, token).items()}
    assert _wrong(results) == {}
    assert {200, 204, 303, 400, 401, 404, 405, 422} <= {status for status, _faults in results.values()}


def test_addresses_that_lead_nowhere_carry_every_header(browser: Browser) -> None:
    for path, headers in (
        ("/nothing/here", {}),
        ("/api/nothing/", {}),
        ("/static/nothing.js", {}),
        ("/static/../config.py", {}),
        (f"/experiments/{uuid.uuid4()}/predictions.csv", {}),
        ("/experiments", {"Host": "evil.example"}),
    ):
        page = browser.get(path, headers=headers)
        assert page.status in (400, 404), path
        assert _faults(page.response) == [], path


def test_a_missing_static_file_leaves_the_session_as_it_is(browser: Browser) -> None:
    before = browser.cookie
    assert browser.get("/static/nothing.js").status == 404
    assert browser.cookie == before
    assert browser.get("/experiments").status == 200


def test_predictions_are_kept_by_no_browser(app: Flask, user: User, browser: Browser) -> None:
    experiment = seeds.finish(app, user)
    for path in ("predictions.csv", "config.json"):
        page = browser.get(f"/experiments/{experiment.id}/{path}")
        assert page.status == 200
        assert _faults(page.response) == []


def test_a_static_file_is_kept_only_by_its_versioned_address(app: Flask, browser: Browser) -> None:
    with app.test_request_context():
        address = app.jinja_env.globals["static_file"]("js/app.js")  # type: ignore[operator]
    kept = browser.get(address)
    assert kept.status == 200
    assert kept.response.headers["Cache-Control"] == "max-age=31536000, public"
    assert "Access-Control-Allow-Origin" not in kept.response.headers
    for name, value in FIXED.items():
        assert kept.response.headers.getlist(name) == [value]
    plain = address.partition("?")[0]
    for path, method in ((plain, "GET"), (f"{plain}?v=0123456789ab", "GET"), (address, "POST")):
        assert _faults(browser.send(method, path).response) == [], path


def test_a_log_holds_no_code_and_no_line_of_an_address(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(app.view_functions, "sign_in.ask_redeem", _raises(RuntimeError("ours")))
    assert Browser(app).get("/sign-in/secret%0A2026-01-01 ERROR all is lost").status == 500
    assert "/sign-in/<code>" in caplog.text
    assert "secret" not in caplog.text
    assert "all is lost" not in caplog.text
