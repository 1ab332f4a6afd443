"""The origin of current work (request, command or job), for logs, audit and jobs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a piece of work comes from; `channel` is web, api, command, worker or system."""

    channel: str = "system"
    request_id: str = ""
    address: str = ""
    job_id: str = ""


_origin: ContextVar[Origin | None] = ContextVar("hydroml_origin", default=None)
NOWHERE = Origin()


def current_origin() -> Origin:
    """Return the origin of the current work."""
    return _origin.get() or NOWHERE


def set_origin(origin: Origin) -> None:
    """Set the origin of this thread's work, until it is set again."""
    _origin.set(origin)


@contextmanager
def working_for(origin: Origin) -> Iterator[None]:
    """Set the origin of the work within the block."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def new_request_id() -> str:
    """Return an id that tells one request from all others."""
    return secrets.token_hex(8)
