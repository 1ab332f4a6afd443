"""ProgressWriter: progress of a job written to the database at a limited rate."""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.services.jobs import life_cycle
from app.storage.db import db

log = logging.getLogger(__name__)


class ProgressWriter:
    """Keeps the latest progress until it is written; what comes in between replaces what waits.

    The work only says how far it is and never touches the database for it: the lease's thread writes. A database that
    is busy or full costs a line of progress, and not the work.
    """

    def __init__(self, job_id: uuid.UUID, attempt: int) -> None:
        self.job_id, self.attempt = job_id, attempt
        self._waiting: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def report(self, progress: dict[str, Any]) -> None:
        """Keep it until the next writing."""
        with self._lock:
            self._waiting = progress

    def flush(self) -> None:
        """Write what waits; what cannot be written waits on, unless something newer has come."""
        with self._lock:
            progress, self._waiting = self._waiting, None
        if progress is None:
            return
        try:
            life_cycle.report_progress(self.job_id, attempt=self.attempt, progress=progress)
        except SQLAlchemyError as fault:
            db.session.rollback()
            log.warning("progress is not written: %s", fault)
            with self._lock:
                self._waiting = self._waiting or progress
