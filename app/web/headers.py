"""Security headers, the host names answered to, and how long static files keep."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, abort, request
from whitenoise import WhiteNoise

from config import Settings

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
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Attach headers, host check and static files."""
    settings: Settings = app.extensions["hydroml_settings"]
    hosts = {*LOOPBACK, *settings.trusted_hosts}
    versions = _versions(Path(str(app.static_folder)))

    @app.before_request
    def check_host() -> None:
        if "*" not in hosts and _host_name(request.host) not in hosts:
            abort(400, "This server does not answer to that host name. HYDROML_TRUSTED_HOSTS lists those it does.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if settings.tls:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.template_global()
    def static_file(name: str) -> str:
        """Return the address of a static file; it changes with the content, so that it may be kept for ever."""
        return f"/static/{name}?v={versions[name]}"

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # WSGI middleware wraps the application here
        app.wsgi_app,
        root=str(app.static_folder),
        prefix="static/",
        max_age=31_536_000,
        add_headers_function=_static_headers,
        autorefresh=settings.testing,
    )


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port; an IPv6 address stands in brackets there."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _static_headers(headers: dict[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def _versions(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


def is_foreign() -> bool:
    """Say whether a change is asked for by a page of another site: the second lock beside the CSRF token."""
    if request.method in SAFE_METHODS:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin != "null" and origin.split("://", 1)[-1] != request.host
