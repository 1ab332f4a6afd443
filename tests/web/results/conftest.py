"""An application whose experiments are rows, somebody who owns them, and a client that is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.storage.db import db
from app.storage.tables import User
from tests.web import seeds


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Return an application with a database of its own."""
    app = seeds.make_app(tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def user(app: Flask) -> User:
    """Return a member."""
    return seeds.add_user("ada@example.org")


@pytest.fixture
def client(app: Flask, user: User) -> FlaskClient:
    """Return a client of that member."""
    return seeds.client_of(app, user)
