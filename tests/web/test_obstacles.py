"""What keeps a request from being stored for now: it is no fault of ours, and says so, with when to try again."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable

import pytest
from flask import Flask, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import InterruptedReadingError
from app.services.datasets import uploads
from app.storage.engine import sqlite_module
from tests.web.client import Browser

Fail = Callable[[], Exception]


def _sqlite(words: str) -> Exception:
    return OperationalError("UPDATE drafts", {}, sqlite_module().OperationalError(words))


OBSTACLES: dict[str, tuple[int, Fail]] = {
    "a locked database": (503, lambda: _sqlite("database is locked")),
    "no connection left": (503, lambda: PoolTimeoutError("QueuePool limit")),
    "a full disk under the database": (507, lambda: _sqlite("database or disk is full")),
    "a full disk": (507, lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
    "a reader that was killed": (503, lambda: InterruptedReadingError("It was ended from outside (signal 9).")),
}


def _raises(fault: Exception) -> None:
    raise fault


@pytest.mark.parametrize("name", OBSTACLES)
@pytest.mark.parametrize("path", ["/experiments", "/api/datasets/"])
def test_an_obstacle_is_no_server_error(app: Flask, browser: Browser, name: str, path: str) -> None:
    status, fail = OBSTACLES[name]
    endpoint = "api_datasets.show_all" if path.startswith("/api") else "experiments_list.show"
    app.view_functions[endpoint] = lambda: _raises(fail())
    response = browser.client.get(path)
    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("5" if status == 503 else None)
    assert "our fault" not in response.get_data(as_text=True)


def test_an_obstacle_after_the_answer_is_none_either(app: Flask, browser: Browser) -> None:
    browser.get("/account")
    met = [False]

    def fail_once(response: Response) -> Response:
        if not met[0]:
            met[0] = True
            raise _sqlite("database is locked")
        return response

    app.after_request_funcs.setdefault(None, []).append(fail_once)
    assert browser.client.get("/experiments").status_code == 503


def test_an_upload_that_cannot_be_forgotten_keeps_its_answer(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    token = browser.get("/experiments/new").token
    monkeypatch.setattr(uploads, "finish_upload", lambda *_, **__: _raises(_sqlite("database is locked")))
    monkeypatch.setattr(uploads, "drop_upload", lambda *_: _raises(_sqlite("database is locked")))
    monkeypatch.setattr(uploads, "stop_upload", lambda *_, **__: _raises(_sqlite("database is locked")))
    # Nobody takes the file of this form over, since its token is not that of the session.
    response = browser.client.post(
        "/api/datasets/", data={"csrf_token": "wrong", "file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
    )
    assert response.status_code == 400
    assert token
