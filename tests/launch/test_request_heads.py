"""The head of a request: who reads its body, and whose it is."""

from __future__ import annotations

import pytest

from app.launch.request_heads import MAX_GATHERED_BYTES, find_head

HOST = b"Host: example.org\r\n"


def _head(*lines: bytes, first: bytes = b"POST /a?b=c HTTP/1.1") -> bytes:
    return first + b"\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def test_a_head_is_found_when_it_is_complete() -> None:
    whole = _head(b"Content-Length: 3")
    assert all(find_head(whole[:end]) is None for end in range(len(whole)))
    head = find_head(whole + b"abc")
    assert head is not None
    assert (head.method, head.path, head.bytes_needed) == (b"POST", b"/a", len(whole) + 3)


@pytest.mark.parametrize(
    ("line", "is_gathered"),
    [
        (b"X: y", True),
        (b"content-length:0", True),
        (b"Content-Length: %d" % MAX_GATHERED_BYTES, True),
        (b"Content-Length: %d" % (MAX_GATHERED_BYTES + 1), False),
        (b"Transfer-Encoding: chunked", False),
        (b"EXPECT: 100-continue", False),
        (b"Content-Length: -5", True),
        (b"X-Content-Length: 99999999", True),
    ],
)
def test_a_small_body_is_gathered_first(line: bytes, is_gathered: bool) -> None:
    head = find_head(_head(line))
    assert head is not None
    assert (head.bytes_needed is not None) is is_gathered


@pytest.mark.parametrize(
    ("lines", "person"),
    [
        ((), ""),
        ((b"X-Forwarded-For: 203.0.113.9",), "203.0.113.9"),
        ((b"X-Forwarded-For: 1.2.3.4, 203.0.113.9",), "203.0.113.9"),
        ((b"X-Forwarded-For: 1.2.3.4", b"x-forwarded-for: 203.0.113.9"), "203.0.113.9"),
    ],
)
def test_a_person_behind_a_proxy_is_the_last_that_it_names(lines: tuple[bytes, ...], person: str) -> None:
    head = find_head(_head(*lines))
    assert head is not None
    assert head.forwarded_for == person


@pytest.mark.parametrize(
    ("first", "is_check", "changes"),
    [
        (b"GET /health/live HTTP/1.1", True, False),
        (b"HEAD /health/ready?x HTTP/1.1", True, False),
        (b"POST /health/live HTTP/1.1", False, True),
        (b"GET /healthy HTTP/1.1", False, False),
        (b"nonsense", False, True),
        (b"", False, True),
    ],
)
def test_a_head_says_what_the_request_is_worth(first: bytes, is_check: bool, changes: bool) -> None:
    head = find_head(_head(first=first))
    assert head is not None
    assert (head.is_health_check, head.changes_something) == (is_check, changes)


@pytest.mark.parametrize(
    ("path", "is_download", "is_sign_in"),
    [
        ("/experiments/1/predictions.csv", True, False),
        ("/experiments/1/config.json?x=1", True, False),
        ("/static/js/app.js?v=1", False, False),
        ("/experiments", False, False),
        ("/sign-in", False, True),
        ("/sign-in/abc", False, True),
        ("/sign-in-or-out", False, False),
    ],
)
def test_a_path_says_whose_threads_it_needs(path: str, is_download: bool, is_sign_in: bool) -> None:
    head = find_head(_head(first=f"POST {path} HTTP/1.1".encode()))
    assert head is not None
    assert (head.is_download, head.is_sign_in) == (is_download, is_sign_in)
