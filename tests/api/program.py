"""A program as the API sees it: a token, and JSON both ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.web.client import fresh


@dataclass
class Program:
    """One program; every request gets a context of its own, as it does in production."""

    app: Flask
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send one request and do not follow where it leads."""
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers = {**own, **self.headers, **more.pop("headers", {})}
        with self.app.app_context():
            response = self.app.test_client().open(path, method=method, headers=headers, buffered=True, **more)
        fresh()
        return response

    def get(self, path: str, **more: Any) -> TestResponse:
        """Ask for something."""
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        """Send JSON."""
        return self.send("POST", path, **({} if body is None else {"json": body}), **more)
