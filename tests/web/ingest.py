"""A stand-in for the server that Sentry's client sends to."""

from __future__ import annotations

import gzip
import http.server
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import brotli
import sentry_sdk

from app.storage.fault_reports import ReportHandler


@dataclass
class StandIn:
    """A server that takes what Sentry's would, and keeps it."""

    bodies: list[str] = field(default_factory=list)
    dsn: str = ""

    def events(self) -> list[dict[str, Any]]:
        """Return the events that this process and others have sent, as JSON."""
        sentry_sdk.flush(timeout=10)
        return [json.loads(line) for body in self.bodies for line in body.splitlines()[2:3]]


@contextmanager
def serving() -> Iterator[StandIn]:
    """Run the server for as long as it is needed."""
    stand_in = StandIn()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(self.headers["Content-Encoding"], bytes)
            stand_in.bodies.append(unpack(body).decode())
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stand_in.dsn = f"http://key@127.0.0.1:{server.server_port}/1"
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def stop_reports() -> None:
    """Have this process tell of errors no more."""
    sentry_sdk.get_client().close(timeout=0)
    # Without an address and without what it would attach to other libraries for the rest of this process.
    sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, ReportHandler)]
