"""What is said to a request that there is no room for, in each shape that can be asked for."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from app.launch.request_heads import find_head
from app.web.overload import RETRY_SECONDS, BusyAnswers


def _answer(app: Flask, first: str, *lines: str) -> tuple[dict[str, str], str]:
    head = find_head("\r\n".join([f"{first} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode())
    assert head is not None
    top, _, body = BusyAnswers.of(app).to(head).decode().partition("\r\n\r\n")
    status, *current_values = top.split("\r\n")
    assert status == "HTTP/1.1 503 SERVICE UNAVAILABLE"
    headers = dict(line.split(": ", 1) for line in current_values)
    assert int(headers["Content-Length"]) == len(body.encode())
    return headers, body


@pytest.mark.parametrize(
    ("first", "line"),
    [
        ("GET /experiments", "X: y"),
        ("POST /sign-in", "X: y"),
        ("POST /a/autosave", "HX-Request: true"),
        ("GET /api/x", "X: y"),
    ],
)
def test_a_busy_answer_carries_the_headers_of_every_answer(app: Flask, first: str, line: str) -> None:
    headers, _ = _answer(app, first, line)
    assert headers["Retry-After"] == str(RETRY_SECONDS)
    assert headers["Connection"] == "close"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


def test_a_busy_page_reloads_by_itself_and_a_form_does_not(app: Flask) -> None:
    _, page = _answer(app, "GET /experiments")
    _, after_form = _answer(app, "POST /sign-in")
    for body in (page, after_form):
        assert "<h1>Busy right now</h1>" in body
    assert 'http-equiv="refresh" content="5"' in page
    assert "refresh" not in after_form
    assert "Go back in your browser and try again" in after_form


def test_htmx_keeps_the_page_and_shows_a_notice(app: Flask) -> None:
    headers, body = _answer(app, "POST /experiments/drafts/x/model/autosave", "HX-Request: true")
    assert (headers["HX-Retarget"], headers["HX-Reswap"]) == ("#notice", "innerHTML")
    assert body.startswith('<div id="shared-notice"')
    assert "Nothing was lost." in body


def test_programs_get_a_problem_document(app: Flask) -> None:
    headers, body = _answer(app, "GET /api/datasets/")
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["status"] == 503
