"""Recovery of jobs whose worker or queue entry was lost."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from app import queue
from app.domain.errors import NotFoundError
from app.domain.job_states import Failure
from app.domain.vocabulary import JobKind
from app.services.jobs import life_cycle
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job

log = logging.getLogger(__name__)
STALE_SECONDS = 10
UNREADABLE = Failure("internal", "What was stored about this work cannot be read, so it was ended. Start it again.")
# Who had to wait for the database as long as this was not the only one: nobody could extend a lease meanwhile.
BUSY_SECONDS, EXTENSION_SECONDS = 2.0, 10.0


@dataclass
class _Grace:
    """Until when no lease counts as run out, since the database took no changes a moment ago."""

    until: float = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + EXTENSION_SECONDS

    def lasts(self) -> bool:
        return time.monotonic() < self.until


_grace = _Grace()


def begin_grace() -> None:
    """Take no job back for a moment: a process that has just begun does not know whether leases could be extended."""
    _grace.begin()


def end_grace() -> None:
    """Let every lease count at once, for tests."""
    _grace.until = 0.0


def requeue_lost_jobs() -> int:
    """Requeue the jobs of lost workers, or end them; returns how many. Several processes may do it at once."""
    try:
        return sum(_requeue_lost_job(job) for job in _readable_jobs(jobs.stale_ids()) if not _grace.lasts())
    except SQLAlchemyError:
        _grace.begin()
        raise


def _requeue_lost_job(job: Job) -> bool:
    with transaction():
        return not _had_to_wait() and life_cycle.requeue_lost_job(job)


def _had_to_wait() -> bool:
    """Begin the caller's transaction, and say whether somebody else held the database, and so every extension up."""
    start = time.monotonic()
    db.session.connection()
    if time.monotonic() - start < BUSY_SECONDS:
        return False
    _grace.begin()
    return True


def _readable_jobs(job_ids: list[uuid.UUID]) -> Iterator[Job]:
    """Yield jobs one by one; one whose row cannot be understood is ended, and keeps nobody else waiting."""
    for job_id in job_ids:
        try:
            job = jobs.get_job(job_id)
            JobKind(job.kind)
            dict(job.arguments)
        except NotFoundError:
            continue
        except (ValueError, TypeError, RecursionError) as fault:
            db.session.rollback()
            log.error("the row of the job %s cannot be understood: %s", job_id, type(fault).__name__)
            life_cycle.end_unreadable_job(job_id, UNREADABLE)
            continue
        yield job


def requeue_stale_jobs() -> None:
    """Make a queue entry again for waiting jobs that lost theirs; one behind others still has its own."""
    waiting = list(_readable_jobs(jobs.unenqueued_ids(now() - timedelta(seconds=STALE_SECONDS))))
    enqueued = queue.enqueued_ids() if waiting else frozenset()
    if enqueued is None:
        return
    for job in waiting:
        if str(job.id) not in enqueued and not life_cycle.wake_worker(job):
            return
        with transaction():
            jobs.mark_enqueued(job.id)
