"""The prepared response for requests beyond capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from app.web.errors import SAID, error_response
from app.web.hypermedia import ViewContext, render_view

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RETRY_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class BusyContext(ViewContext):
    """A page that cannot be shown now; it reloads itself after some seconds, or with 0 asks for what was sent again."""

    page_name: ClassVar[str] = "errors/busy.html"
    title: str
    reload_seconds: int


class RequestShape(Protocol):
    """As much of a request as tells in which shape it is answered."""

    @property
    def path(self) -> bytes:
        """The path, as it was sent."""

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks for a fragment."""

    @property
    def changes_something(self) -> bool:
        """Whether the request may change something, so that it must not be repeated unasked."""


@dataclass(frozen=True)
class BusyAnswers:
    """Whole answers of the status 503, as they are sent."""

    look: bytes
    change: bytes
    fragment: bytes
    program: bytes

    @classmethod
    def of(cls, app: Flask) -> BusyAnswers:
        """Make the answers of an application, with the headers that all of its answers carry."""
        return cls(
            look=_answer_bytes(app, "/", {}, reload_seconds=RETRY_SECONDS),
            change=_answer_bytes(app, "/", {}, reload_seconds=0),
            fragment=_answer_bytes(app, "/", {"HX-Request": "true"}),
            program=_answer_bytes(app, "/api/", {}),
        )

    def to(self, shape: RequestShape) -> bytes:
        """Return the answer in the shape that a request asks for."""
        if shape.path.startswith(b"/api/"):
            return self.program
        if shape.is_htmx:
            return self.fragment
        return self.change if shape.changes_something else self.look


def _answer_bytes(app: Flask, path: str, headers: dict[str, str], *, reload_seconds: int | None = None) -> bytes:
    """Return the bytes of an answer: made as any other, but by no route, and with the headers of all answers."""

    def say(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        with app.request_context(environ):
            response = error_response(503, SAID[503].message)
            if reload_seconds is not None:
                response = render_view(BusyContext(title=SAID[503].title, reload_seconds=reload_seconds), status=503)
            response.headers["Retry-After"] = str(RETRY_SECONDS)
            response.headers["Connection"] = "close"
            response.vary.add("HX-Request")
            return response(environ, start_response)

    with_headers = app.extensions["hydroml_answer_headers"](say)
    body, status, sent = run_wsgi_app(with_headers, create_environ(path, headers=headers), buffered=True)
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + b"".join(body)
