"""Reading a request body at a minimum rate, so that slow connections are dropped."""

from __future__ import annotations

import socket
import time
from typing import Any

from gunicorn.http.unreader import SocketUnreader

# Half of what the slowest mobile networks give. A file of 20 MB takes nearly three hours at this rate, and arrives.
MIN_BYTES_PER_SECOND = 2048
# How long a connection may fall behind that rate, as one does that goes through a tunnel.
PATIENCE_SECONDS = 30.0


class SteadyUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn carries no types
    """Reads from a connection with patience: waiting uses it up, and what comes gives it back.

    A connection that is too slow reads as one that was cut, which is what the application knows how to tell people.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.patience = PATIENCE_SECONDS
        self.is_cut = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next piece; nothing once the patience has run out."""
        if self.is_cut or self.patience <= 0:
            self.is_cut = True
            return b""
        sock: Any = self.sock
        limit = sock.gettimeout()
        begin = time.monotonic()
        sock.settimeout(self.patience if limit is None else min(limit, self.patience))
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError:
            self.patience -= time.monotonic() - begin
            if self.patience > 0.001:
                # It was gunicorn that wanted to wait no longer, for the rest of a body that nobody reads.
                raise
            self.is_cut = True
            return b""
        finally:
            sock.settimeout(limit)
        waited = time.monotonic() - begin
        self.patience = min(self.patience - waited + len(data) / MIN_BYTES_PER_SECOND, PATIENCE_SECONDS)
        return data
