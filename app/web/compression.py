"""Compression of responses, except where their size could reveal a secret.

The size of a compressed answer tells how much of what was asked repeats what is in it. So the token against forged
changes has another mask in every answer (`app.web.csrf`), what another site asks for is sent as it is, and so is an
answer that holds a secret of its own. See docs/decisions/0025-compressed-answers.md.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping

import brotli
from flask import Flask, Response, request

from app.web.headers import comes_from_another_site

MIN_BYTES = 1024
TYPES = frozenset({"text/html", "application/json", "application/problem+json"})
# A one-time code stands in the address and in the page.
UNCOMPRESSED_ENDPOINTS = frozenset({"sign_in.ask_redeem", "sign_in.redeem"})
COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=4),
    "gzip": lambda content: gzip.compress(content, compresslevel=5, mtime=0),
}


def init_app(app: Flask) -> None:
    """Compress what may be compressed."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype not in TYPES:
            return response
        response.vary.add("Accept-Encoding")
        encoding = _best_encoding() if _may_be_compressed(response) else None
        if encoding is not None:
            response.set_data(COMPRESSORS[encoding](response.get_data()))
            response.headers["Content-Encoding"] = encoding
        return response


def _may_be_compressed(response: Response) -> bool:
    if response.is_streamed or response.direct_passthrough or "Content-Encoding" in response.headers:
        return False
    if request.endpoint in UNCOMPRESSED_ENDPOINTS or comes_from_another_site():
        return False
    return len(response.get_data()) > MIN_BYTES


def _best_encoding() -> str | None:
    """Return the encoding that the browser likes best; None where it takes none of ours."""
    accepted = request.accept_encodings
    best = max(COMPRESSORS, key=accepted.quality)
    return best if accepted.quality(best) > 0 else None
