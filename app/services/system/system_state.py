"""The health of each part (database, disk, queue, workers, reader), looked at once for all readers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from app import queue
from app.domain.errors import DatabaseBusyError, DiskFullError
from app.domain.interruptions import WORKER_LOST
from app.domain.vocabulary import JobKind
from app.services.context import current_settings
from app.storage import engine, files, jobs
from app.storage.db import db
from app.storage.transient_faults import write_obstacle
from config import Settings

# However many pages and monitors ask, the parts are looked at once in this time.
FRESH_SECONDS = 1.0
OK, UNREACHABLE, UNKNOWN = "ok", "unreachable", "unknown"
DISK_FULL = "The disk is full. Work waits and continues when there is room."
DATABASE_BUSY = "The database accepts no changes. Work waits and continues when it does."
DATABASE_AWAY = "The database is not available. Work continues when it is back."
QUEUE_AWAY = "The queue is not reachable. Running work continues; waiting work starts when the queue is back."
READER_KILLED = "The process that read a file was ended. The file is read again automatically."
WORKERS_AWAY = "No worker is reachable. The work starts when one is."


@dataclass(frozen=True)
class PartState:
    """One part: a word for programs, and a sentence for people where it is not whole.

    What is not `is_needed` keeps nothing else from its work, so that everything is ready without it.
    """

    name: str
    word: str
    sentence: str = ""
    is_needed: bool = True

    @property
    def is_whole(self) -> bool:
        """Return whether it does its work."""
        return not self.sentence


@dataclass(frozen=True)
class SystemState:
    """The parts as they were a moment ago: database, disk, queue, workers and the reading of files."""

    parts: tuple[PartState, ...]

    @property
    def is_ready(self) -> bool:
        """Return whether all of them do their work."""
        return all(part.is_whole or not part.is_needed for part in self.parts)

    def part(self, name: str) -> PartState:
        """Return one part."""
        return next(part for part in self.parts if part.name == name)

    def sentence(self, *, running: bool = False) -> str:
        """Return the page's sentence beside work that waits or runs."""
        parts = (part for part in self.parts if part.is_needed and not (running and part.name == "workers"))
        return next((part.sentence for part in parts if part.sentence), "")


@dataclass
class _Memory:
    """The last look of one application, and who takes the next."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    state: SystemState | None = None
    settings: Settings | None = None
    looked_at: float = 0.0

    def fresh(self) -> SystemState | None:
        known = self.settings is current_settings() and time.monotonic() - self.looked_at < FRESH_SECONDS
        return self.state if known else None


def current_state() -> SystemState:
    """Return the state of all parts, at most a second old; one caller looks while the others take what was known."""
    memory = _state_memory()
    known = memory.fresh()
    if known is not None:
        return known
    older = memory.state if memory.settings is current_settings() else None
    if not memory.lock.acquire(blocking=older is None):
        return older or look()
    try:
        known = memory.fresh()
        if known is None:
            memory.state = known = look()
            memory.settings, memory.looked_at = current_settings(), time.monotonic()
        return known
    finally:
        memory.lock.release()


def forget() -> None:
    """Look again at once, for tests."""
    _state_memory().looked_at = 0.0
    _state_memory().state = None


def _state_memory() -> _Memory:
    return current_app.extensions.setdefault("hydroml_system_state", _Memory())  # type: ignore[no-any-return]


def look() -> SystemState:
    """Look at every part now; none of them is waited for longer than a second."""
    try:
        alive: int | None = jobs.live_workers()
    except SQLAlchemyError:
        db.session.rollback()
        alive = None
    return SystemState((_database_state(alive), _disk_state(), _workers_state(alive), _queue_state(), _reader()))


def _database_state(alive: int | None) -> PartState:
    """Return the state of the database, which could not be asked for the workers where `alive` is None."""
    if alive is None:
        return PartState("database", UNREACHABLE, DATABASE_AWAY)
    url = current_settings().database_url
    obstacle = write_obstacle(url) if engine.is_sqlite(url) else None
    if isinstance(obstacle, DiskFullError):
        return PartState("database", "no room", DISK_FULL)
    if isinstance(obstacle, DatabaseBusyError):
        return PartState("database", "takes no changes", DATABASE_BUSY)
    return PartState("database", OK)


def _disk_state() -> PartState:
    settings = current_settings()
    try:
        free = files.free_mb(settings.data)
    except OSError:
        return PartState("disk", UNREACHABLE, DISK_FULL)
    return PartState("disk", OK) if free > settings.limits.free_disk_mb else PartState("disk", "full", DISK_FULL)


def _queue_state() -> PartState:
    return PartState("queue", OK) if queue.is_reachable() else PartState("queue", UNREACHABLE, QUEUE_AWAY)


def _workers_state(alive: int | None) -> PartState:
    if alive is None:
        return PartState("workers", UNKNOWN, DATABASE_AWAY)
    return PartState("workers", str(alive), "" if alive else WORKERS_AWAY)


def _reader() -> PartState:
    try:
        lost = jobs.count_interrupted(JobKind.ANALYSE, code=WORKER_LOST)
    except SQLAlchemyError:
        db.session.rollback()
        return PartState("reader", UNKNOWN, DATABASE_AWAY, is_needed=False)
    return PartState("reader", OK) if not lost else PartState("reader", "interrupted", READER_KILLED, is_needed=False)
