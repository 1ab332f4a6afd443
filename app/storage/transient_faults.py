"""Transient obstacles to storing, such as a busy database or a full disk, and retries."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import DatabaseBusyError, DiskFullError, NoSpaceError, ObstacleError
from app.storage import engine
from app.storage.db import db

log = logging.getLogger(__name__)
T = TypeVar("T")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 5.0
PROBE_SECONDS = 0.5
# What SQLite says while another writes or the file cannot be used; anything else it says is a fault of ours.
BUSY_WORDS = ("locked", "busy", "disk i/o error", "unable to open", "readonly")
FULL_WORDS = ("disk is full", "no space left")
POSTGRESQL_DISK_FULL = "53100"


def obstacle_of(fault: BaseException) -> ObstacleError | None:
    """Return the obstacle behind a fault, or None where the fault is one of the job's own."""
    seen: set[int] = set()
    cause: BaseException | None = fault
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = _obstacle(cause)
        if error is not None:
            return error
        cause = cause.__cause__
    return None


def _obstacle(fault: BaseException) -> ObstacleError | None:
    if isinstance(fault, ObstacleError):
        return fault
    if isinstance(fault, OSError) and fault.errno in NO_ROOM:
        return DiskFullError()
    if isinstance(fault, NoSpaceError) and fault.code == NoSpaceError.code:
        return DiskFullError()
    if isinstance(fault, PoolTimeoutError):
        return DatabaseBusyError()
    if isinstance(fault, DBAPIError):
        return _database_obstacle(fault)
    # DuckDB has no class of its own for this.
    is_duckdb = type(fault).__module__.lstrip("_").startswith("duckdb")
    return DiskFullError() if is_duckdb and _has(fault, FULL_WORDS) else None


def _database_obstacle(fault: DBAPIError) -> ObstacleError | None:
    if _has(fault.orig, FULL_WORDS) or getattr(fault.orig, "sqlstate", None) == POSTGRESQL_DISK_FULL:
        return DiskFullError()
    if fault.connection_invalidated:
        return DatabaseBusyError()
    if not isinstance(fault, OperationalError):
        return None
    is_sqlite = "sqlite" in type(fault.orig).__module__
    return DatabaseBusyError() if not is_sqlite or _has(fault.orig, BUSY_WORDS) else None


def write_obstacle(url: str) -> ObstacleError | None:
    """Return the obstacle to writing a SQLite database at this moment, or None; nothing in it changes.

    A number that nobody reads is written over itself, since only a write finds out about a lock and a full disk alike.
    """
    sqlite = engine.sqlite_module()
    path = quote(str(make_url(url).database))
    try:
        with closing(sqlite.connect(f"file:{path}?mode=rw", uri=True, timeout=PROBE_SECONDS)) as line:
            line.isolation_level = None
            for words in ("PRAGMA synchronous=OFF", "PRAGMA wal_autocheckpoint=0", "BEGIN IMMEDIATE"):
                line.execute(words)
            (number,) = line.execute("PRAGMA user_version").fetchone()
            line.execute(f"PRAGMA user_version={int(number)}")
            line.execute("COMMIT")
    except sqlite.Error as fault:
        return DiskFullError() if _has(fault, FULL_WORDS) else DatabaseBusyError()
    return None


def _has(fault: Any, words: tuple[str, ...]) -> bool:
    text = str(fault).lower()
    return any(word in text for word in words)


def retry_until_stored(act: Callable[[], T], *, seconds: float, should_stop: Callable[[], bool] = lambda: False) -> T:
    """Do something that stores, again and again with longer pauses while an obstacle stands in the way.

    Raises
    ------
    ObstacleError
        If it has not passed within these seconds, or somebody asked to stop meanwhile.
    """
    end, pause = time.monotonic() + seconds, FIRST_PAUSE_SECONDS
    while True:
        try:
            return act()
        except Exception as fault:
            obstacle = obstacle_of(fault)
            if obstacle is None:
                raise
            db.session.rollback()
            log.warning("what is to be stored must wait: %s (%s)", obstacle.message, fault)
            if should_stop() or time.monotonic() + pause > end:
                raise obstacle from fault
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)
