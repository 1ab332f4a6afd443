"""What the last line of a start opens: the first administrator, until one can sign in without a link."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from pathlib import Path

import pytest

import config
from app.domain.vocabulary import Role
from app.services.accounts import accounts
from app.storage.binding import bare_app
from app.storage.db import db
from app.storage.migrating import migrate
from tests.launch.conftest import Starter, get

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these tests start the product as Linux does")


def test_a_start_makes_no_link_once_an_admin_has_a_password(starter: Starter, tmp_path: Path) -> None:
    data = tmp_path / "data"
    app = bare_app(config.load({"HYDROML_DATA": str(data)}))
    with app.app_context(), contextlib.ExitStack() as stack:
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        migrate()
        owner = accounts.create_user("owner@example.org", role=Role.ADMIN)
        accounts.set_password(owner, current="", new="a long river runs 7")
    up = starter.ready(data, "--workers", "1")
    assert up.output.strip().splitlines()[-1] == f"HydroML is ready: {up.url}/"
    assert "/sign-in/" not in up.output
    assert get(up.link).goes_to == "/sign-in?next=/"
    assert _links(data) == 0


def _links(data: Path) -> int:
    with contextlib.closing(sqlite3.connect(data / "hydroml.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM sign_in_links").fetchone()[0])


def test_the_link_of_a_start_works_where_only_members_are(tmp_path: Path) -> None:
    app = bare_app(config.load({"HYDROML_DATA": str(tmp_path)}))
    with app.app_context():
        migrate()
        accounts.create_user("member@example.org")
        code = accounts.make_sign_in_link(None)
        with contextlib.ExitStack() as stack:
            stack.callback(db.engine.dispose)
            stack.callback(db.session.remove)
            assert accounts.redeem_sign_in_link(code).role == "admin"
