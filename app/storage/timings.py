"""Queries on measured times of launches. Nothing here commits."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from app.storage.db import db
from app.storage.tables import FitTiming

# Every page of a draft asks this, so it is put together once.
_NEWEST = select(func.max(FitTiming.id)).where(FitTiming.machine == bindparam("machine"))


def add_timing(
    machine: str,
    *,
    workload: dict[str, Any],
    seconds: dict[str, float],
    memory_mb: float | None = None,
    idle_mb: float | None = None,
    experiment_id: uuid.UUID | None = None,
) -> None:
    """Store what was measured on a machine."""
    row = FitTiming(machine=machine, estimator=str(workload["estimator"])[:60], workload=workload, seconds=seconds)
    row.memory_mb, row.idle_mb, row.experiment_id = memory_mb, idle_mb, experiment_id
    db.session.add(row)
    db.session.flush()


def newest_number(machine: str) -> int:
    """Return the number of a machine's newest timing, 0 where there is none."""
    return db.session.scalar(_NEWEST, {"machine": machine}) or 0


def list_timings(machine: str, *, after: int = 0, most: int) -> list[FitTiming]:
    """Return a machine's newest timings beyond a number, oldest first."""
    query = select(FitTiming).where(FitTiming.machine == machine, FitTiming.id > after)
    return list(reversed(list(db.session.scalars(query.order_by(FitTiming.id.desc()).limit(most)))))


def drop_old(machine: str, *, keep: int) -> None:
    """Forget a machine's timings but the newest ones."""
    ids = select(FitTiming.id).where(FitTiming.machine == machine).order_by(FitTiming.id.desc())
    oldest = db.session.scalar(ids.offset(keep).limit(1))
    if oldest is not None:
        db.session.execute(delete(FitTiming).where(FitTiming.machine == machine, FitTiming.id <= oldest))
