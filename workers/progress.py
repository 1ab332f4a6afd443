"""What a job says while it runs: often enough for a person, rarely enough for the database."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from app.storage import jobs
from app.storage.db import transaction

SECONDS_BETWEEN = 0.3


class ProgressWriter:
    """Writes progress at most every 0.3 s; what comes in between replaces what waits, and is written when it is due.

    The work says how far it is; the lease's thread writes what still waits when the work says nothing more for long.
    """

    def __init__(self, job_id: uuid.UUID, attempt: int) -> None:
        self.job_id, self.attempt = job_id, attempt
        self._written_at = 0.0
        self._waiting: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def say(self, progress: dict[str, Any]) -> None:
        """Write or keep for later."""
        with self._lock:
            self._waiting = progress
        self.write_due()

    def write_due(self) -> None:
        """Write what waits if the last writing is long enough ago."""
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            if self._waiting is None:
                return
            with transaction():
                jobs.write_progress(self.job_id, attempt=self.attempt, progress=self._waiting)
            self._waiting = None
            self._written_at = time.monotonic()
