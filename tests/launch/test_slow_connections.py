"""Slow connections: they hold no thread, they end after a while, and those who are only slow are served."""

from __future__ import annotations

import contextlib
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import config
from app.launch.request_heads import MAX_GATHERED_BYTES
from app.launch.web_worker import MAX_BODIES, MAX_UNFINISHED
from app.services.accounts import accounts
from app.storage.binding import bare_app
from app.storage.db import db
from tests.launch.conftest import ROOT, clean_environment, free_port, get, sign_in, wait_until
from tests.variants import slow_after

HEAD = b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
FORM = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SMALL = FORM + b"Content-Length: 20000\r\n\r\ncsrf_token="
LARGE = MAX_GATHERED_BYTES + 1


@dataclass
class Web:
    """A web process with two threads, and somebody who is signed in."""

    port: int
    cookie: str = ""
    token: str = ""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self, address: str = "127.0.0.1") -> socket.socket:
        """Return an open connection from an address of this machine."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(address, 0))

    def is_healthy(self) -> bool:
        """Return whether a page is answered that needs a thread and the database."""
        return get(f"{self.url}/datasets", cookie=self.cookie).status == 200

    def upload(self, size: int, **headers: str) -> bytes:
        """Return the beginning of an upload of so many bytes, up to the first one of the file."""
        part = (
            f'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self.token}\r\n'
            '--B\r\nContent-Disposition: form-data; name="file"; filename="slow.csv"\r\n\r\n'
        )
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        length = len(part) + size + len(b"\r\n--B--\r\n")
        return (
            f"POST /datasets/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n{more}"
            f"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {length}\r\n\r\n{part}"
        ).encode()


@pytest.fixture(scope="module")
def web(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    data, port = tmp_path_factory.mktemp("slow") / "data", free_port()
    shutil.copytree(prepared, data)
    settings = config.load({"HYDROML_DATA": str(data)})
    with bare_app(settings).app_context():
        code = accounts.make_sign_in_link(None)
        db.session.remove()
        db.engine.dispose()
    worker = "tests.launch.hasty_worker.HastyWorker"
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--worker-class", worker]
    command += [
        "--threads",
        "2",
        "--config",
        "python:app.launch.web_hooks",
        "--no-control-socket",
        "--keep-alive",
        "75",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=clean_environment(HYDROML_DATA=str(data)))
    try:
        made = Web(port)
        wait_until(lambda: _answers(made), seconds=60, what="the first answer")
        made.cookie = sign_in(f"{made.url}/sign-in/{code}").cookie
        page = get(f"{made.url}/datasets", cookie=made.cookie)
        match = re.search(r'name="csrf_token" value="([^"]+)"', page.body)
        assert match is not None
        made.token = match.group(1)
        yield made
    finally:
        process.terminate()
        process.wait(30)


def _answers(web: Web) -> bool:
    try:
        return get(f"{web.url}/health/live").status == 200
    except OSError:
        return False


def _heard(line: socket.socket) -> bytes:
    """Read a connection until the other side ends it."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(65536):
            answer += part
    return answer


def _is_open(line: socket.socket) -> bool:
    return not select.select([line], [], [], 0)[0]


@contextlib.contextmanager
def _many(web: Web, text: bytes, addresses: list[str]) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(web.connect(address)) for address in addresses]
        for line in lines:
            line.sendall(text)
        yield lines


@pytest.mark.parametrize(
    "text", [HEAD, SMALL, FORM + b"Content-Length: 900000\r\n\r\nx"], ids=["head", "form", "large"]
)
def test_slow_connections_from_many_addresses_stop_nobody(web: Web, text: bytes) -> None:
    with _many(web, text, [f"127.1.0.{number + 1}" for number in range(40)]):
        assert web.is_healthy()


@pytest.mark.parametrize("text", slow_after(1, [HEAD, FORM + b"Content-Length: 3\r\n\r\nx"]), ids=["head", "form"])
def test_an_unfinished_request_is_ended_by_a_deadline(web: Web, text: bytes) -> None:
    with web.connect() as line:
        line.sendall(text)
        assert _heard(line).startswith(b"HTTP/1.1 408 ")


def test_a_dripping_head_is_ended_by_a_deadline(web: Web) -> None:
    with web.connect() as line:
        line.sendall(HEAD)
        for _ in range(200):
            if not _is_open(line):
                break
            line.sendall(b"a")
            time.sleep(0.1)
        assert _heard(line).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_closed(web: Web) -> None:
    with web.connect() as line:
        assert _heard(line) == b""


def test_a_head_that_is_too_long_is_refused(web: Web) -> None:
    with web.connect() as line:
        with contextlib.suppress(OSError):
            line.sendall(HEAD + b"x" * 100_000)
        assert _heard(line).startswith(b"HTTP/1.1 431 ")


def test_an_upload_below_the_least_rate_is_ended(web: Web) -> None:
    with web.connect() as line:
        line.sendall(web.upload(2_000_000) + b"a,b\n" * 50_000)
        answer = _heard(line)
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert b"Connection: close" in answer
    page = get(f"{web.url}/datasets", cookie=web.cookie).body
    match = re.search(r'href="(/datasets/[0-9a-f-]{36})"', page)
    assert match is not None
    # The last piece that came may still have been in a buffer of the parser.
    assert re.search(r"The upload stopped at (9|10) %", get(f"{web.url}{match.group(1)}", cookie=web.cookie).body)


def test_an_upload_that_is_slow_but_steady_arrives(web: Web) -> None:
    piece = b"1.5,2.5\n" * 2_000
    with web.connect() as line:
        line.sendall(web.upload(10 * len(piece) + 4) + b"a,b\n")
        # Longer than the patience of this worker, in pieces that are each soon enough.
        for _ in range(10):
            time.sleep(0.4)
            line.sendall(piece)
        line.sendall(b"\r\n--B--\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 303 ")


def test_one_address_leaves_only_so_many_requests_unfinished(web: Web) -> None:
    with _many(web, HEAD, ["127.0.0.2"] * (MAX_UNFINISHED + 10)) as lines, web.connect("127.0.0.3") as other:
        other.sendall(HEAD)
        wait_until(lambda: sum(not _is_open(line) for line in lines) >= 10, seconds=20, what="the end of the oldest")
        assert not _is_open(lines[0])
        assert web.is_healthy()


def test_a_proxy_leaves_as_many_unfinished_as_its_people_do(web: Web) -> None:
    with _many(web, HEAD, ["127.0.0.1"] * (MAX_UNFINISHED + 10)) as lines:
        assert web.is_healthy()
        assert all(_is_open(line) for line in lines)


@pytest.mark.parametrize("spread", [True, False], ids=["many people", "one person"])
def test_large_bodies_are_limited_for_each_person_behind_a_proxy(web: Web, spread: bool) -> None:
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(web.connect()) for _ in range(MAX_BODIES)]
        for number, line in enumerate(lines):
            person = f"203.0.113.{number if spread else 1}"
            line.sendall(web.upload(LARGE, X_Forwarded_For=f"10.0.0.1, {person}") + b"a,b\n")
        whole = b"a,b\n" + b"1,2\n" * (LARGE // 4)
        with web.connect() as last:
            last.sendall(web.upload(len(whole), X_Forwarded_For="203.0.113.1") + whole + b"\r\n--B--\r\n")
            answer = last.recv(65536)
    assert answer.startswith(b"HTTP/1.1 303 " if spread else b"HTTP/1.1 503 "), answer[:100]
    assert spread or b"\r\nRetry-After: 5\r\n" in answer


def _whole_answer(line: socket.socket) -> bytes:
    """Read an answer of the health page, whose head and body may come one after the other."""
    answer = b""
    while not answer.endswith(b"}\n"):
        piece = line.recv(65536)
        assert piece, answer
        answer += piece
    return answer


def test_a_connection_that_is_kept_open_serves_again(web: Web) -> None:
    with web.connect() as line:
        for _ in range(2):
            line.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert _whole_answer(line).startswith(b"HTTP/1.1 200 ")
            # Longer than a connection may be silent here before its first request.
            time.sleep(2.5)
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3)
        answer = b""
        while answer.count(b'{"status":"ok"}') < 3:
            part = line.recv(65536)
            assert part
            answer += part


def test_a_form_that_waits_to_be_asked_for_is_asked_for(web: Web) -> None:
    with web.connect() as line:
        line.sendall(FORM + b"Expect: 100-continue\r\nContent-Length: 7\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"email=a")
        assert line.recv(65536).startswith(b"HTTP/1.1 400 ")
