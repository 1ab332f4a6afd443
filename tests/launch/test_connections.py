"""Connections that break or dawdle: an upload cut off half-way leaves a sentence, and the web goes on."""

from __future__ import annotations

import re
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.launch.conftest import Starter, Up, get, sign_in, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these tests start the product as Linux does")
LINE = "line"
SIZE = 4_000_000


@dataclass
class Guest:
    """Somebody who is signed in."""

    up: Up
    cookie: str
    token: str

    def head(self, length: int) -> bytes:
        """Return the beginning of a request that sends a file."""
        return (
            "POST /datasets/upload HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.up.port}\r\nCookie: {self.cookie}\r\n"
            f"Content-Type: multipart/form-data; boundary={LINE}\r\nContent-Length: {length}\r\n\r\n"
            f'--{LINE}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self.token}\r\n'
            f'--{LINE}\r\nContent-Disposition: form-data; name="file"; filename="river.csv"\r\n\r\n'
        ).encode()

    def connect(self) -> socket.socket:
        """Return an open connection to the web."""
        return socket.create_connection(("127.0.0.1", self.up.port), timeout=20)

    def newest(self) -> str:
        """Return the page of the newest dataset, "" where there is none."""
        page = get(f"{self.up.url}/datasets", cookie=self.cookie)
        assert page.status == 200
        match = re.search(r'href="(/datasets/[0-9a-f-]{36})"', page.body)
        return get(f"{self.up.url}{match.group(1)}", cookie=self.cookie).body if match else ""

    def waiting(self) -> list[str]:
        """List the folder of uploads that are still arriving."""
        return sorted(path.name for path in (self.up.data / "incoming").glob("*"))


@pytest.fixture(scope="module")
def guest(starter: Starter, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    data = tmp_path_factory.mktemp("up") / "data"
    # Its samples are read and its database is there: neither is what these tests are about.
    shutil.copytree(prepared, data)
    up = starter.ready(data, "--workers", "1")
    cookie = sign_in(up.link).cookie
    page = get(f"{up.url}/datasets", cookie=cookie)
    match = re.search(r'name="csrf_token" value="([^"]+)"', page.body)
    assert match is not None
    return Guest(up, cookie, match.group(1))


@pytest.mark.parametrize("share", [0.0, 0.605, 0.999])
def test_an_upload_that_is_cut_off_says_where_and_harms_nobody(guest: Guest, share: float) -> None:
    with guest.connect() as line:
        line.sendall(guest.head(SIZE) + b"a,b\n" + b"1,2\n" * int(share * SIZE / 4))
        if share:
            wait_until(lambda: bool(guest.waiting()), seconds=20, what="the arriving of the first bytes")
    wait_until(lambda: not guest.waiting(), seconds=20, what="the removing of what had come")
    sentence = f"The upload stopped at {int(share * 100)} %. Send the file again."
    wait_until(lambda: sentence in guest.newest(), seconds=20, what="the sentence about it")


def test_many_slow_connections_keep_nobody_waiting(guest: Guest) -> None:
    slow = [guest.connect() for _ in range(20)]
    try:
        # Some dawdle in the middle of a line, some in the middle of a file.
        for line in slow[:10]:
            line.sendall(b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        for line in slow[10:]:
            line.sendall(guest.head(SIZE) + b"a,b\n1,2\n" * 20_000)
        wait_until(lambda: len(guest.waiting()) == 10, seconds=20, what="the arriving of ten files")
        assert get(f"{guest.up.url}/health/live").status == 200
        assert get(f"{guest.up.url}/datasets", cookie=guest.cookie).status == 200
    finally:
        for line in slow:
            line.close()


@pytest.mark.parametrize(
    "text",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        bytes(range(256)) * 4 + b"\r\n\r\n",
    ],
    ids=["words", "version", "long address", "many headers", "two lengths", "negative length", "bytes"],
)
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(guest: Guest, text: bytes) -> None:
    with guest.connect() as line:
        line.sendall(text)
        end, answer = time.monotonic() + 20, b""
        while time.monotonic() < end and (part := line.recv(65536)):
            answer += part
    assert answer == b"" or re.match(rb"HTTP/1\.[01] (400|405|414|431|501|505) ", answer), answer[:200]
    assert get(f"{guest.up.url}/health/live").status == 200


@pytest.mark.parametrize("header", ["SCRIPT_NAME", "PATH_INFO", "X_FORWARDED_FOR"])
def test_no_header_becomes_a_variable_of_the_server(guest: Guest, header: str) -> None:
    with guest.connect() as line:
        line.sendall(f"GET /health/live HTTP/1.0\r\nHost: 127.0.0.1\r\n{header}: /other\r\n\r\n".encode())
        assert re.match(rb"HTTP/1\.[01] 200 ", line.recv(65536))
