"""Queries on jobs: leases and fencing. Nothing here commits.

A worker holds a job by its attempt: every write names it, so a worker that was given up on touches no row.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Update, delete, func, or_, select, update

from app.domain.errors import NotFoundError
from app.domain.vocabulary import JobKind, RunState
from app.storage.db import db, now
from app.storage.tables import Job, WorkerBeat

MOST_ATTEMPTS = 3
# The argument of a job whose owner wants its searches to end early.
MOST_TRIALS = "most_trials"
OPEN = (RunState.QUEUED.value, RunState.RUNNING.value)
WAITING_AGAIN: dict[str, Any] = {"state": RunState.QUEUED.value, "lease_until": None, "rung_at": None}


def add_job(
    kind: JobKind, *, subject_id: uuid.UUID, owner_id: uuid.UUID, seconds: int, arguments: dict[str, Any] | None = None
) -> Job:
    """Add a job that waits for a worker."""
    row = Job(
        kind=kind.value,
        subject_id=subject_id,
        owner_id=owner_id,
        time_limit_seconds=seconds,
        arguments=arguments or {},
    )
    db.session.add(row)
    db.session.flush()
    return row


def get_job(job_id: uuid.UUID) -> Job:
    """Return a job as it stands now, or raise NotFoundError."""
    row = db.session.get(Job, job_id, populate_existing=True)
    if row is None:
        raise NotFoundError("There is no such job.")
    return row


def find_job(subject_id: uuid.UUID, kind: JobKind, *, key: str | None = None) -> Job | None:
    """Return the newest job of this kind about a thing; with a key, the newest whose arguments hold that key."""
    query = select(Job).where(Job.subject_id == subject_id, Job.kind == kind.value).order_by(Job.created_at.desc())
    if key is not None:
        query = query.where(Job.arguments["key"].as_string() == key)
    return db.session.scalar(query.limit(1).execution_options(populate_existing=True))


def drop_failed(subject_id: uuid.UUID, *, error_code: str) -> None:
    """Forget the jobs about a thing that failed for a reason that is no more, so that they are asked for again."""
    db.session.execute(
        delete(Job).where(
            Job.subject_id == subject_id, Job.state == RunState.FAILED.value, Job.error_code == error_code
        )
    )


def count_open(owner_id: uuid.UUID) -> int:
    """Return how many of an owner's jobs wait or run; timed fits, which nobody asked for by name, do not count."""
    query = select(func.count()).where(Job.owner_id == owner_id, Job.state.in_(OPEN))
    return db.session.scalar(query.where(Job.kind != JobKind.CALIBRATE.value)) or 0


def count_ahead(job: Job) -> int:
    """Return how many waiting jobs are older than this one."""
    query = select(func.count()).where(Job.state == RunState.QUEUED.value, Job.created_at < job.created_at)
    return db.session.scalar(query) or 0


def claim(job_id: uuid.UUID, *, worker_id: str, lease_seconds: float) -> int | None:
    """Take a job that waits, or whose worker is lost; returns the attempt, or None where there is nothing to take."""
    moment = now()
    return db.session.scalar(
        update(Job)
        .where(
            Job.id == job_id,
            Job.attempt - Job.uncounted_attempts < MOST_ATTEMPTS,
            or_(Job.not_before.is_(None), Job.not_before <= moment),
            or_(
                Job.state == RunState.QUEUED.value,
                (Job.state == RunState.RUNNING.value) & (Job.lease_until < moment),
            ),
        )
        .values(
            state=RunState.RUNNING.value,
            attempt=Job.attempt + 1,
            worker_id=worker_id,
            lease_until=moment + timedelta(seconds=lease_seconds),
            started_at=moment,
            not_before=None,
            error_code=None,
            error=None,
        )
        .returning(Job.attempt)
        .execution_options(synchronize_session=False)
    )


def _mine(job_id: uuid.UUID, attempt: int) -> Update:
    return (
        update(Job)
        .where(Job.id == job_id, Job.attempt == attempt, Job.state == RunState.RUNNING.value)
        .execution_options(synchronize_session=False)
    )


def _touched(query: Update) -> bool:
    return cast("CursorResult[Any]", db.session.execute(query)).rowcount == 1


def renew(job_id: uuid.UUID, *, attempt: int, lease_seconds: float) -> bool:
    """Hold a job for longer; False when it is no longer ours."""
    return _touched(_mine(job_id, attempt).values(lease_until=now() + timedelta(seconds=lease_seconds)))


def write_progress(job_id: uuid.UUID, *, attempt: int, progress: dict[str, Any]) -> bool:
    """Say how far it is; False when it is no longer ours."""
    return _touched(_mine(job_id, attempt).values(progress=progress))


def end(
    job_id: uuid.UUID, *, attempt: int, state: RunState, error_code: str | None = None, error: str | None = None
) -> bool:
    """End a job we hold; False when it is no longer ours, and the caller must then undo what it made."""
    values = {"state": state.value, "error_code": error_code, "error": error, "finished_at": now(), "lease_until": None}
    return _touched(_mine(job_id, attempt).values(**values))


def end_unheld(
    job: Job, *, state: RunState, error_code: str | None = None, error: str | None = None, stale: bool = False
) -> bool:
    """End a job nobody holds: a waiting one, or with `stale` one whose lease has run out."""
    query = update(Job).where(Job.id == job.id, Job.attempt == job.attempt, Job.state == job.state)
    if stale:
        query = query.where(Job.lease_until < now())
    values = {"state": state.value, "error_code": error_code, "error": error, "finished_at": now(), "lease_until": None}
    return _touched(query.values(**values).execution_options(synchronize_session=False))


def requeue(job: Job) -> bool:
    """Let a job wait again whose worker is lost."""
    query = update(Job).where(
        Job.id == job.id, Job.attempt == job.attempt, Job.state == RunState.RUNNING.value, Job.lease_until < now()
    )
    return _touched(query.values(**WAITING_AGAIN).execution_options(synchronize_session=False))


def postpone(job_id: uuid.UUID, *, attempt: int, wait_seconds: float, code: str, reason: str) -> bool:
    """Let a job we hold wait again for a while, with the reason; the attempt does not count. False when not ours."""
    values = {
        **WAITING_AGAIN,
        "uncounted_attempts": Job.uncounted_attempts + 1,
        "postponements": Job.postponements + 1,
        "not_before": now() + timedelta(seconds=wait_seconds),
        "error_code": code,
        "error": reason,
    }
    return _touched(_mine(job_id, attempt).values(**values))


def hand_back(job_id: uuid.UUID, *, worker_id: str) -> bool:
    """Let a job wait again whose worker ends as planned; the attempt does not count. One to be cancelled stays."""
    query = _held_by(job_id, worker_id).where(Job.cancel_requested_at.is_(None))
    return _touched(query.values(**WAITING_AGAIN, uncounted_attempts=Job.uncounted_attempts + 1))


def give_up_lease(job_id: uuid.UUID, *, worker_id: str, code: str | None = None, reason: str | None = None) -> bool:
    """End the lease of a process that has ended, with what ended it, so that the next sweep takes the job back."""
    values = {"lease_until": now() - timedelta(seconds=1), "error_code": code, "error": reason}
    return _touched(_held_by(job_id, worker_id).values(**values))


def _held_by(job_id: uuid.UUID, worker_id: str) -> Update:
    return (
        update(Job)
        .where(Job.id == job_id, Job.worker_id == worker_id, Job.state == RunState.RUNNING.value)
        .execution_options(synchronize_session=False)
    )


def counted_attempts(job: Job) -> int:
    """Return how many attempts ended for a reason that may lie in the job."""
    return job.attempt - job.uncounted_attempts


def stop(job_id: uuid.UUID) -> bool:
    """Ask a job to stop; says whether it ended at once, as one does that nobody holds."""
    row = get_job(job_id)
    if RunState(row.state).is_final:
        return False
    request_cancel(row.id)
    return row.state == RunState.QUEUED.value and end_unheld(row, state=RunState.CANCELLED)


def request_cancel(job_id: uuid.UUID) -> None:
    """Ask the worker to stop at the next chance."""
    query = update(Job).where(Job.id == job_id, Job.cancel_requested_at.is_(None))
    db.session.execute(query.values(cancel_requested_at=now()).execution_options(synchronize_session=False))


def is_cancelled(job_id: uuid.UUID, *, attempt: int) -> bool:
    """Say whether the job should stop: the user asked, or it is no longer ours."""
    query = select(Job.cancel_requested_at, Job.attempt, Job.state).where(Job.id == job_id)
    found = db.session.execute(query).one_or_none()
    if found is None:
        return True
    return found[0] is not None or found[1] != attempt or found[2] != RunState.RUNNING.value


def limit_trials(row: Job, trials: int) -> None:
    """Ask the worker to end each search at so many trials; the first wish stands."""
    row.arguments = {MOST_TRIALS: trials, **row.arguments}
    db.session.flush()


def most_trials_of(job_id: uuid.UUID) -> int | None:
    """Return how many trials a search of this job may take since its owner asked to end it, None while nobody did."""
    arguments = db.session.scalar(select(Job.arguments).where(Job.id == job_id))
    found = (arguments or {}).get(MOST_TRIALS)
    return found if isinstance(found, int) else None


def stale_ids() -> list[uuid.UUID]:
    """Return the jobs that are said to run and whose lease has run out."""
    return list(db.session.scalars(select(Job.id).where(Job.state == RunState.RUNNING.value, Job.lease_until < now())))


def unrung_ids(before: datetime) -> list[uuid.UUID]:
    """Return the waiting jobs for which the bell was not rung since `before`, oldest first."""
    query = select(Job.id).where(
        Job.state == RunState.QUEUED.value, or_(Job.rung_at.is_(None), Job.rung_at < before), Job.created_at < before
    )
    query = query.where(or_(Job.not_before.is_(None), Job.not_before <= now()))
    return list(db.session.scalars(query.order_by(Job.created_at).limit(200)))


def end_unreadable(job_id: uuid.UUID, *, error_code: str, error: str) -> bool:
    """End a job whose row cannot be understood; what may be wrong with it is put right. False where it had ended."""
    times = dict.fromkeys(("not_before", "lease_until", "rung_at", "cancel_requested_at", "started_at"))
    query = update(Job).where(Job.id == job_id, Job.state.in_((RunState.QUEUED.value, RunState.RUNNING.value)))
    values: dict[str, Any] = {
        **times,
        "arguments": {},
        "progress": {},
        "state": RunState.FAILED.value,
        "finished_at": now(),
    }
    query = query.values(**values, error_code=error_code, error=error)
    return _touched(query.execution_options(synchronize_session=False))


def mark_rung(job_id: uuid.UUID) -> None:
    """Remember that the bell was rung."""
    query = update(Job).where(Job.id == job_id).values(rung_at=now())
    db.session.execute(query.execution_options(synchronize_session=False))


def beat(worker_id: str, *, host: str, pid: int) -> None:
    """Say that a worker is alive."""
    row = db.session.get(WorkerBeat, worker_id)
    if row is None:
        db.session.add(WorkerBeat(worker_id=worker_id, host=host, pid=pid))
    else:
        row.seen_at = now()
    db.session.flush()


def live_workers(seconds: float = 30) -> int:
    """Return how many workers said within this time that they are alive."""
    query = select(func.count()).where(WorkerBeat.seen_at > now() - timedelta(seconds=seconds))
    return db.session.scalar(query) or 0


def forget_worker(worker_id: str) -> None:
    """Forget a worker that ends as planned."""
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.worker_id == worker_id))


def forget_workers(before: datetime) -> None:
    """Forget workers that have been silent for long."""
    for row in db.session.scalars(select(WorkerBeat).where(WorkerBeat.seen_at < before)):
        db.session.delete(row)
