"""SQLite as the product opens it: no lost update, no "database is locked", writes that begin as writes."""

from __future__ import annotations

import threading

from flask import Flask
from sqlalchemy import text

from app.storage.db import db, transaction
from app.storage.tables import User


def test_the_pragmas_that_make_it_safe(app: Flask) -> None:
    answers = {name: db.session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")}
    assert answers == {"journal_mode": "wal", "foreign_keys": 1}
    assert db.session.execute(text("PRAGMA busy_timeout")).scalar() == 15_000


def test_many_threads_that_read_then_write_lose_nothing(app: Flask, user: User) -> None:
    faults: list[BaseException] = []

    def count_up() -> None:
        try:
            for _ in range(25):
                with app.app_context(), transaction():
                    row = db.session.get(User, user.id, populate_existing=True)
                    assert row is not None
                    row.name = str(int(row.name) + 1 if row.name.isdigit() else 1)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    db.session.expire_all()
    result = db.session.get(User, user.id, populate_existing=True)
    assert result is not None
    assert result.name == str(8 * 25)
