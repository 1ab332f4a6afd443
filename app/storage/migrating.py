"""Migrating the database, after copying a SQLite file."""

from __future__ import annotations

import contextlib
import fcntl
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


class NewerDatabaseError(Exception):
    """The database was made by a newer HydroML."""


def migrate() -> bool:
    """Bring the database up to date; False when it was already. Who comes second waits for the first.

    Raises
    ------
    NewerDatabaseError
        If the database is at a migration that this code does not know.
    """
    if revision_of_database() == newest_revision():
        return False
    with _migration_lock():
        return _migrate()


@contextlib.contextmanager
def _migration_lock() -> Iterator[None]:
    folder = current_app.extensions["hydroml_settings"].data / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "migrating").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _migrate() -> bool:
    from flask_migrate import upgrade

    moment, needed = revision_of_database(), newest_revision()
    if moment == needed:
        return False
    known = {revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if moment is not None and moment not in known:
        raise NewerDatabaseError(
            f"The database is at migration {moment}, which this HydroML does not know: a newer one made it. "
            "Start that one, or put back the copy that lies beside the database."
        )
    if moment is not None:
        url = current_app.extensions["hydroml_settings"].database_url
        db.engine.dispose()
        engine.copy_before_migration(url, needed or "next")
    with _quiet_logging():
        upgrade(directory=str(MIGRATIONS))
    return True


@contextlib.contextmanager
def _quiet_logging() -> Iterator[None]:
    logger = logging.getLogger("alembic")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
