"""Parsing the head of an HTTP request just far enough to route it before it is accepted.

Nothing is refused here: gunicorn's parser does that, and reads the same bytes again. This says only who reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

END = b"\r\n\r\n"
MAX_HEAD_BYTES = 65_536
# A body of this size is gathered in memory before a thread hears of it; a larger one is read by a thread as it comes.
MAX_GATHERED_BYTES = 65_536
SAFE = (b"GET", b"HEAD", b"OPTIONS")
_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_AS_IT_COMES = re.compile(rb"\r\n(?:transfer-encoding|expect|upgrade)[ \t]*:", re.IGNORECASE)
_FORWARDED = re.compile(rb"\r\nx-forwarded-for[ \t]*:([^\r\n]*)", re.IGNORECASE)
_HTMX = re.compile(rb"\r\nhx-request[ \t]*:", re.IGNORECASE)


@dataclass(frozen=True)
class RequestHead:
    """The head of a request.

    `bytes_needed` are head and body where the body is gathered first; None where a thread reads it as it comes.
    """

    method: bytes
    path: bytes
    bytes_needed: int | None
    forwarded_for: str
    is_htmx: bool

    @property
    def changes_something(self) -> bool:
        """Return whether the request may change something, so that it is worth more than a look."""
        return self.method not in SAFE

    @property
    def is_health_check(self) -> bool:
        """Return whether somebody asks how the process is."""
        return self.path.startswith(b"/health/") and not self.changes_something

    @property
    def is_download(self) -> bool:
        """Return whether a file is asked for that may be taken slowly, and is no part of a page."""
        return b"." in self.path.rpartition(b"/")[2] and not self.path.startswith(b"/static/")

    @property
    def is_sign_in(self) -> bool:
        """Return whether somebody signs in, which takes a processor for longer than anything else that waits for it."""
        return self.changes_something and (self.path == b"/sign-in" or self.path.startswith(b"/sign-in/"))


def find_head(received: bytes | bytearray) -> RequestHead | None:
    """Return the head of the request that has been received so far, None before it is complete."""
    end = received.find(END)
    if end < 0:
        return None
    text = bytes(received[: end + 2])
    method, _, rest = text.partition(b"\r\n")[0].partition(b" ")
    forwarded = _FORWARDED.findall(text)
    return RequestHead(
        method=method,
        path=rest.partition(b" ")[0].partition(b"?")[0],
        bytes_needed=_bytes_needed(text, end + len(END)),
        forwarded_for=forwarded[-1].rpartition(b",")[2].strip().decode("latin-1") if forwarded else "",
        is_htmx=_HTMX.search(text) is not None,
    )


def _bytes_needed(text: bytes, head_bytes: int) -> int | None:
    if _AS_IT_COMES.search(text):
        return None
    lengths = _LENGTH.findall(text)
    body_bytes = int(lengths[0]) if lengths else 0
    return head_bytes + body_bytes if body_bytes <= MAX_GATHERED_BYTES else None
