"""Bringing the database up to date, with a copy of a SQLite file before it is changed."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from app.storage import engine
from app.storage.binding import MIGRATIONS
from app.storage.db import db


def revision_of_database() -> str | None:
    """Return the migration the database is at, or None for an empty one."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Return the migration the code needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def migrate() -> bool:
    """Bring the database up to date; False when it was already."""
    from flask_migrate import upgrade

    at, needed = revision_of_database(), newest_revision()
    if at == needed:
        return False
    if at is not None:
        url = current_app.extensions["hydroml_settings"].database_url
        db.engine.dispose()
        engine.copy_before_migration(url, needed or "next")
    with _quiet():
        upgrade(directory=str(MIGRATIONS))
    return True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("alembic")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
