"""Security headers, allowed host names, proxies and caching headers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

from flask import Flask, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.web.static_files import PREFIX, StaticFiles
from config import Network, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
FIXED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
KEPT_STATUSES = ("200", "206", "304")


def init_app(app: Flask) -> None:
    """Attach headers, host check and static files."""
    settings: Settings = app.extensions["hydroml_settings"]
    hosts = {*LOOPBACK, *(host.lower() for host in settings.trusted_hosts)}

    @app.before_request
    def check_host() -> None:
        if "*" not in hosts and _host_name(request.host).lower() not in hosts:
            abort(400, "This server does not answer to that host name. HYDROML_TRUSTED_HOSTS lists those it does.")

    static = StaticFiles(app.wsgi_app, Path(str(app.static_folder)))
    answers = AnswerHeaders(static, static.is_versioned, tls=settings.tls)
    app.wsgi_app = BelievedProxy(answers, settings.proxies)  # type: ignore[method-assign]  # outermost of all
    app.extensions["hydroml_answer_headers"] = partial(
        AnswerHeaders, is_versioned=static.is_versioned, tls=settings.tls
    )

    @app.template_global()
    def static_file(name: str) -> str:
        """Return the address of a static file; it changes with the content, so that it may be kept for ever."""
        return f"{PREFIX}{name}?v={static.versions[name]}"


class AnswerHeaders:
    """Assigns the headers that every answer carries, whoever made it: a route, a fault or a file.

    Nothing is kept by a browser or a proxy but a static file that was asked for by its content.
    """

    def __init__(self, inner: WSGIApplication, is_versioned: Callable[[WSGIEnvironment], bool], *, tls: bool) -> None:
        self._inner, self._is_versioned = inner, is_versioned
        self._fixed = {**FIXED, **({"Strict-Transport-Security": "max-age=31536000"} if tls else {})}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""

        def start(status: str, given: list[tuple[str, str]], *more: Any) -> Any:
            headers = Headers(given)
            for name, value in self._fixed.items():
                headers[name] = value
            if status[:3] not in KEPT_STATUSES or not self._is_versioned(environ):
                headers["Cache-Control"] = "no-store"
                del headers["Expires"]
            return start_response(status, headers.items(), *more)

        return self._inner(environ, start)


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port; an IPv6 address stands in brackets there."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


class BelievedProxy:
    """Takes the client's address and scheme from the headers of the proxies in front of us, and of nobody else."""

    def __init__(self, inner: WSGIApplication, proxies: tuple[Network, ...]) -> None:
        self.inner, self.proxies = inner, proxies
        self.behind = ProxyFix(inner, x_for=1, x_proto=1, x_host=0)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        chosen = self.behind if is_in(environ.get("REMOTE_ADDR", ""), self.proxies) else self.inner
        return chosen(environ, start_response)


def is_in(address: str, networks: tuple[Network, ...]) -> bool:
    """Return whether an address lies in one of these networks."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in networks)


def is_foreign_host() -> bool:
    """Return whether a change is asked for by a page of another site: the second lock beside the CSRF token."""
    return request.method not in SAFE_METHODS and comes_from_another_site()


def comes_from_another_site() -> bool:
    """Return whether a page of another site had the browser send this request, as far as the browser says so."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin != "null" and origin.split("://", 1)[-1].lower() != request.host.lower()
