"""Engine options of the database, and SQLite settings that are safe with several processes."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.storage.db import current_writing
from app.storage.write_turns import WriteTurn

BUSY_SECONDS = 15
# What is written may be a value of somebody's data, which no fault and no log quotes.
HIDDEN: dict[str, Any] = {"hide_parameters": True}
SAFE_VERSION = (3, 51, 3)


def sqlite_module() -> Any:
    """Return the SQLite to use: the newer one that is installed with HydroML where there is a wheel, else Python's."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


def sqlite_is_safe() -> bool:
    """Return whether this SQLite is free of the WAL-reset fault (3.7.0 to 3.51.2 have it)."""
    return tuple(sqlite_module().sqlite_version_info) >= SAFE_VERSION


def is_sqlite(url: str) -> bool:
    """Return whether this address names a SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


def engine_options(url: str) -> dict[str, Any]:
    """Return the options for SQLAlchemy's create_engine."""
    if not is_sqlite(url):
        return {"pool_pre_ping": True, **HIDDEN}
    pool = {"pool_size": 8, "max_overflow": 40}
    return {"module": sqlite_module(), "connect_args": {"timeout": BUSY_SECONDS}, **pool, **HIDDEN}


def prepare_engine(engine: Engine, *, checkpoints: bool = True) -> None:
    """Attach what SQLite needs on every connection and at the start of every transaction.

    Where SQLite has the WAL-reset fault, only a process opened with `checkpoints` moves the log into the database,
    which is what the fault needs two of.
    """
    if engine.dialect.name != "sqlite" or getattr(engine, "hydroml_prepared", False):
        return
    pages = 1000 if checkpoints or sqlite_is_safe() else 0

    def on_connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `on_begin` does, with the right kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            f"wal_autocheckpoint={pages}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turn = WriteTurn()

    def on_begin(connection: Connection) -> None:
        writing = current_writing()
        if writing is not None and not writing.take(turn, seconds=BUSY_SECONDS):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite_module().OperationalError("database is locked"))
        connection.exec_driver_sql("BEGIN" if writing is None else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    engine.hydroml_prepared = True  # type: ignore[attr-defined]  # a mark, so that listeners are attached once


def sqlite_report(url: str) -> tuple[bool, str]:
    """Report the SQLite in use, and whether it is a safe one."""
    if not is_sqlite(url):
        return True, f"Database: {make_url(url).get_backend_name()}."
    version = sqlite_module().sqlite_version
    if sqlite_is_safe():
        return True, f"SQLite {version}."
    needed = ".".join(str(part) for part in SAFE_VERSION)
    return False, (
        f"SQLite {version} is older than {needed}, which mends a rare fault under load. Only one process moves the "
        "log meanwhile; on x86-64 Linux a newer SQLite is installed with HydroML."
    )


def copy_before_migration(url: str, revision: str) -> Path | None:
    """Copy a SQLite database beside itself, through SQLite's own backup; returns the copy, or None without a file."""
    name = make_url(url).database
    if not is_sqlite(url) or not name or not Path(name).exists():
        return None
    target = Path(f"{name}.before-{revision}")
    sqlite = sqlite_module()
    source, copy = sqlite.connect(name), sqlite.connect(f"{target}.part")
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    shutil.move(f"{target}.part", target)
    return target
