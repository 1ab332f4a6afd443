"""Counts of queued, running and finished jobs and of workers. Nothing here changes anything."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from app.domain.vocabulary import RunState
from app.storage.db import db, now
from app.storage.tables import Job, User, WorkerBeat

DAY_SECONDS = 86_400.0
# A worker that has said nothing for so long is lost, unless it took its leave.
SILENT_SECONDS = 30
ENDED = (RunState.FINISHED.value, RunState.FAILED.value, RunState.CANCELLED.value)


@dataclass(frozen=True)
class QueueDepth:
    """Jobs of one kind that wait or run, and for how long the oldest has been in this state."""

    kind: str
    state: str
    count: int
    oldest_seconds: float


@dataclass(frozen=True)
class JobTotals:
    """Jobs of one kind that ended in one way, and how long they took together."""

    kind: str
    state: str
    count: int
    seconds: float


@dataclass(frozen=True)
class WorkerCounts:
    """Workers that say that they are alive, and those that fell silent without taking leave."""

    alive: int
    lost: int


def queue_depths() -> tuple[QueueDepth, ...]:
    """Return the jobs that have not ended; one that waits for its time is not yet waiting for a worker."""
    moment = now()
    since = case(
        (Job.state == RunState.RUNNING.value, func.coalesce(Job.started_at, Job.created_at)),
        else_=func.coalesce(Job.not_before, Job.created_at),
    )
    is_open = Job.state.in_((RunState.QUEUED.value, RunState.RUNNING.value))
    query = select(Job.kind, Job.state, func.count(), func.min(since)).where(is_open).group_by(Job.kind, Job.state)
    rows = db.session.execute(query.order_by(Job.kind, Job.state))
    return tuple(
        QueueDepth(kind, state, count, max(0.0, (moment - oldest).total_seconds()))
        for kind, state, count, oldest in rows
    )


def job_totals() -> tuple[JobTotals, ...]:
    """Return the jobs that have ended, by kind and end."""
    query = select(Job.kind, Job.state, func.count(), func.coalesce(func.sum(_seconds()), 0.0))
    query = query.where(Job.state.in_(ENDED)).group_by(Job.kind, Job.state).order_by(Job.kind, Job.state)
    return tuple(
        JobTotals(kind, state, count, float(seconds)) for kind, state, count, seconds in db.session.execute(query)
    )


def _seconds() -> ColumnElement[Any]:
    """Return how long a job ran; nothing for one that never began."""
    if db.engine.dialect.name == "postgresql":
        return func.extract("epoch", Job.finished_at - Job.started_at)
    return (func.julianday(Job.finished_at) - func.julianday(Job.started_at)) * DAY_SECONDS


def worker_counts() -> WorkerCounts:
    """Return how many workers are alive and how many are lost."""
    limit = now() - timedelta(seconds=SILENT_SECONDS)
    query = select(func.count(), func.coalesce(func.sum(case((WorkerBeat.seen_at > limit, 1), else_=0)), 0))
    total, alive = db.session.execute(query.select_from(WorkerBeat)).one()
    return WorkerCounts(alive, total - alive)


@dataclass(frozen=True)
class OpenJob:
    """A job that has not ended, with whose it is."""

    id: uuid.UUID
    kind: str
    state: str
    created_at: datetime
    started_at: datetime | None
    attempt: int
    owner: str
    reason: str | None


def list_open_jobs(*, limit: int) -> list[OpenJob]:
    """Return the jobs that wait or run, oldest first."""
    is_open = Job.state.in_((RunState.QUEUED.value, RunState.RUNNING.value))
    query = select(Job.id, Job.kind, Job.state, Job.created_at, Job.started_at, Job.attempt, User.email, Job.error_code)
    query = query.join(User, User.id == Job.owner_id).where(is_open).order_by(Job.created_at).limit(limit)
    return [OpenJob(*row) for row in db.session.execute(query)]


def list_failed_jobs(*, limit: int) -> list[OpenJob]:
    """Return the jobs that failed last, newest first."""
    query = select(Job.id, Job.kind, Job.state, Job.created_at, Job.started_at, Job.attempt, User.email, Job.error_code)
    query = query.join(User, User.id == Job.owner_id).where(Job.state == RunState.FAILED.value)
    return [OpenJob(*row) for row in db.session.execute(query.order_by(Job.finished_at.desc()).limit(limit))]


def list_workers() -> list[WorkerBeat]:
    """Return every worker that has said something within the last hour."""
    return list(db.session.scalars(select(WorkerBeat).order_by(WorkerBeat.host, WorkerBeat.started_at)))
