"""Errors told to a stand-in for Sentry: from web, workers and the reading child, and without anything of the data."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import DomainError, UnreadableFileError
from app.services.usage.recording import count_refusals
from app.storage import fault_reports
from app.storage.fault_reports import start_reports
from app.storage.reading import sandbox
from app.storage.tables import DraftRow, User
from config import Limits, SettingsError, load
from tests.web.client import Browser
from tests.web.ingest import StandIn, serving, stop_reports

CANARY = "canary-7f3a"


@pytest.fixture
def sentry() -> Iterator[StandIn]:
    with serving() as stand_in:
        start_reports(stand_in.dsn, "web")
        yield stand_in
        stop_reports()


def break_route(app: Flask, endpoint: str, fault: Exception) -> None:
    def fail(**_values: object) -> None:
        secret_cell = CANARY
        raise fault from ValueError(secret_cell)

    app.view_functions[endpoint] = fail


def test_an_error_of_the_web_is_told_without_its_words(app: Flask, browser: Browser, sentry: StandIn) -> None:
    break_route(app, "datasets.show_all", RuntimeError(f"could not convert {CANARY}"))
    page = browser.get(f"/datasets?q={CANARY}", headers={"Cookie": f"x={CANARY}", "X-Extra": CANARY})
    assert page.status == 500
    (event,) = sentry.events()
    kinds = [item["type"] for item in event["exception"]["values"]]
    assert kinds == ["ValueError", "RuntimeError"]
    assert event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["tags"]["process"] == "web"
    assert event["tags"]["request"] == page.response.headers["X-Request-Id"]
    body = "".join(sentry.bodies)
    for secret in (CANARY, "127.0.0.1:", "ada@example.org", browser.cookie, socket.gethostname()):
        assert secret not in body.replace(sentry.dsn, "")


def test_refused_answers_are_steps_on_the_way_to_an_error(
    app: Flask, user: User, draft: DraftRow, sentry: StandIn
) -> None:
    count_refusals(user, draft.id, "data", [("data", f"kind.{CANARY}", "kind_unknown")])
    logging.getLogger("app").error("something about %s", CANARY)
    (event,) = sentry.events()
    crumbs = [(item["category"], item["message"]) for item in event["breadcrumbs"]["values"]]
    assert crumbs == [("validation", "data data.kind kind_unknown")]
    assert event["message"] == "something about %s"
    assert CANARY not in "".join(sentry.bodies)


def test_a_refused_submission_is_a_step_too(app: Flask, browser: Browser, sentry: StandIn) -> None:
    break_route(app, "datasets.show_all", DomainError(CANARY, code="too_bad"))
    with app.test_request_context("/datasets"):
        browser.get("/datasets")
        logging.getLogger("app").error("later")
    (event,) = sentry.events()
    assert ("submission", "datasets.show_all 422 too_bad") in [
        (item["category"], item["message"]) for item in event["breadcrumbs"]["values"]
    ]
    assert CANARY not in "".join(sentry.bodies)


def test_a_reading_child_that_crashes_is_told_of(
    app: Flask, sentry: StandIn, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "data.csv"
    source.write_text(f"{CANARY},b\n1,{CANARY}\n")
    monkeypatch.setattr(sandbox.reader_pool, "take", lambda: None)
    # The child cannot know what is asked of it, and fails with words that quote what it was sent.
    request = sandbox._request

    def broken(*arguments: Any, **values: Any) -> dict[str, Any]:
        return {**request(*arguments, **values), "source": 7, "suffix": CANARY}

    monkeypatch.setattr(sandbox, "_request", broken)
    with pytest.raises(UnreadableFileError):
        sandbox.peek_file(source, limits=Limits(), seconds=20)
    (event,) = sentry.events()
    assert event["message"] == "the reading child ended with %s: %s"
    assert CANARY not in "".join(sentry.bodies)


def test_a_server_that_is_away_or_slow_costs_nothing(app: Flask, browser: Browser) -> None:
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(1)
    try:
        start_reports(f"http://key@127.0.0.1:{silent.getsockname()[1]}/1", "web")
        break_route(app, "datasets.show_all", RuntimeError("x"))
        pages = [browser.get("/datasets").status for _ in range(150)]
        assert pages == [500] * 150
        start = time.monotonic()
        fault_reports.send_rest()
        assert time.monotonic() - start < 30
    finally:
        stop_reports()
        silent.close()


def test_what_a_library_says_is_told_by_its_place_alone(app: Flask, sentry: StandIn) -> None:
    logging.getLogger("rq.worker").error(f"could not convert {CANARY}")  # as a library does it
    (event,) = sentry.events()
    assert re.fullmatch(r"error of rq\.worker at test_sentry:\d+", event["message"])
    assert CANARY not in "".join(sentry.bodies)


def test_a_column_as_the_words_or_key_of_an_exception_stays_here(app: Flask, browser: Browser, sentry: StandIn) -> None:
    break_route(app, "datasets.show_all", KeyError(CANARY))
    browser.get("/datasets")
    try:
        raise ValueError(CANARY) from DomainError(CANARY, code="x", field=CANARY)
    except ValueError as fault:
        fault.add_note(CANARY)
        logging.getLogger("app").exception("what failed: %s", CANARY)
    assert len(sentry.events()) == 2
    assert CANARY not in "".join(sentry.bodies)


def test_without_an_address_nothing_is_loaded(app: Flask) -> None:
    start_reports("", "web")
    assert not fault_reports.are_on()
    fault_reports.leave_crumb("validation", "x")


@pytest.mark.parametrize("dsn", ["here", "http://host/1", "https://key@host", "ftp://key@host/1", "https://key@host/x"])
def test_an_address_that_is_none_is_refused(tmp_path: Any, dsn: str) -> None:
    with pytest.raises(SettingsError, match="SENTRY_DSN"):
        load({"HYDROML_DATA": str(tmp_path), "SENTRY_DSN": dsn})
    assert load({"HYDROML_DATA": str(tmp_path), "SENTRY_DSN": "https://abc@o1.example.org/42"}).sentry_dsn
