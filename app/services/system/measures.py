"""System measures for `/metrics`: queue, jobs, workers, cache, disk and parts.

All of it is read from the database and the disk when it is asked for, so that every process says the same and a start
loses nothing. Whoever asks more often than every few seconds gets what was read last.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from app.services.context import current_settings
from app.services.datasets import analysis_cache
from app.services.system import system_state
from app.storage import job_figures, usage
from app.storage.db import db
from app.storage.job_figures import JobTotals, QueueDepth, WorkerCounts

FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class SystemMeasures:
    """The figures of one moment; what could not be read is None or empty."""

    parts: Mapping[str, bool]
    queue: tuple[QueueDepth, ...] = ()
    jobs: tuple[JobTotals, ...] = ()
    workers: WorkerCounts | None = None
    cache: analysis_cache.Counts | None = None
    funnel: Mapping[str, int] = field(default_factory=dict)
    disk_free_bytes: int | None = None
    disk_total_bytes: int | None = None


@dataclass
class _LastMeasures:
    lock: threading.Lock = field(default_factory=threading.Lock)
    measures: SystemMeasures | None = None
    taken_at: float = 0.0


def current_measures() -> SystemMeasures:
    """Return the figures, a few seconds old at most."""
    last: _LastMeasures = current_app.extensions.setdefault("hydroml_measures", _LastMeasures())
    with last.lock:
        if last.measures is None or time.monotonic() - last.taken_at > FRESH_SECONDS:
            last.measures, last.taken_at = take_measures(), time.monotonic()
        return last.measures


def take_measures() -> SystemMeasures:
    """Read all figures now; what is away leaves its own out and no others."""
    state = system_state.current_state()
    parts = {part.name: part.is_whole for part in state.parts}
    free, total = _disk()
    cache = analysis_cache.cache_counts() if parts.get("queue") else None
    try:
        return SystemMeasures(
            parts,
            queue=job_figures.queue_depths(),
            jobs=job_figures.job_totals(),
            workers=job_figures.worker_counts(),
            cache=cache,
            funnel=usage.count_by_kind(),
            disk_free_bytes=free,
            disk_total_bytes=total,
        )
    except SQLAlchemyError:
        db.session.rollback()
        return SystemMeasures(parts, cache=cache, disk_free_bytes=free, disk_total_bytes=total)


def _disk() -> tuple[int | None, int | None]:
    try:
        result = shutil.disk_usage(current_settings().data)
    except OSError:
        return None, None
    return result.free, result.total
