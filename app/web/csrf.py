"""CSRF tokens: one for each session, masked anew in every response.

It is worked out from the secret of the browser's cookie and our key, so that nothing need be stored to know it again:
whoever only looks at the page for signing in leaves no row behind.

The size of a compressed answer tells how much of it repeats. A token that stood in every answer could be guessed
letter by letter from sizes; under a random mask no two answers share a letter of it but by chance.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFError

from app.web.headers import SAFE_METHODS
from app.web.sessions import cookie_secret

FIELD = "csrf_token"
HEADERS = ("X-CSRFToken", "X-CSRF-Token")


def init_app(app: Flask) -> None:
    """Give the templates the token."""
    app.jinja_env.globals[FIELD] = csrf_token


def csrf_token() -> str:
    """Return the token of this session under the mask of this answer, which sets the cookie that goes with it."""
    token = _token_of(cookie_secret())
    known: tuple[str, str] | None = g.get("masked_csrf_token")
    if known is None or known[0] != token:
        known = g.masked_csrf_token = (token, mask(token))
    return known[1]


def _token_of(secret: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"csrf\0" + secret.encode(), hashlib.sha256).hexdigest()


def mask(token: str) -> str:
    """Return a token as random bytes and itself combined with them."""
    plain = token.encode("ascii")
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + _xor_bytes(pad, plain)).decode("ascii")


def unmask(masked: str) -> str:
    """Return the token under a mask; empty where there is none."""
    try:
        content = base64.b64decode(masked, altchars=b"-_", validate=True)
        half, odd = divmod(len(content), 2)
        return "" if odd else _xor_bytes(content[:half], content[half:]).decode("ascii")
    except ValueError:
        return ""


def _xor_bytes(first: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(first, other, strict=True))


def check_token() -> None:
    """Check the token of a request that changes something.

    Raises
    ------
    CSRFError
        If it has none, or not that of this session.
    """
    if request.method in SAFE_METHODS:
        return
    sent = request.form.get(FIELD) or next((request.headers[name] for name in HEADERS if name in request.headers), "")
    if not hmac.compare_digest(unmask(sent), _token_of(cookie_secret())):
        raise CSRFError("The token is not that of this session.")
