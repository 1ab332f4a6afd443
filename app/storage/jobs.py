"""Queries on jobs, with leases and fencing. Nothing here commits; only `app.services.jobs` changes states.

Every write of a worker names its attempt, so that a worker that has lost its lease touches no row.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Update, bindparam, delete, func, or_, select, update

from app.domain.contest.wishes import ContestWishes
from app.domain.errors import NotFoundError
from app.domain.job_states import JobEvent, ending_event, next_state, source_states
from app.domain.vocabulary import JobKind, RunState
from app.storage.db import db, now
from app.storage.origin import current_origin
from app.storage.tables import Job, WorkerBeat

MAX_ATTEMPTS = 3
# The argument of a job whose owner wants its searches to end early.
MAX_TRIALS = "most_trials"
# The arguments of a contest whose owner wants candidates or the whole to end early.
ENDED_CANDIDATES, FINISH_EARLY = "ended_candidates", "finish_early"
OPEN = (RunState.QUEUED.value, RunState.RUNNING.value)
NO_LEASE: dict[str, Any] = {"lease_until": None, "enqueued_at": None}

# Asked for each measurement of a page that is not complete, so it is put together once.
_NEWEST = (
    select(Job)
    .where(Job.subject_id == bindparam("subject_id"), Job.kind == bindparam("kind"))
    .order_by(Job.created_at.desc())
    .limit(1)
    .execution_options(populate_existing=True)
)
_NEWEST_WITH_KEY = _NEWEST.where(Job.arguments["key"].as_string() == bindparam("key"))


def add_job(
    kind: JobKind,
    *,
    subject_id: uuid.UUID,
    owner_id: uuid.UUID,
    seconds: int,
    arguments: dict[str, Any] | None = None,
    enqueued_at: datetime | None = None,
) -> Job:
    """Add a job that waits for a worker."""
    row = Job(
        kind=kind.value,
        subject_id=subject_id,
        owner_id=owner_id,
        time_limit_seconds=seconds,
        arguments=arguments or {},
        enqueued_at=enqueued_at,
        request_id=current_origin().request_id,
    )
    db.session.add(row)
    db.session.flush()
    return row


def get_job(job_id: uuid.UUID) -> Job:
    """Return a job as it stands now, or raise NotFoundError."""
    row = find_by_id(job_id)
    if row is None:
        raise NotFoundError("There is no such job.")
    return row


def find_by_id(job_id: uuid.UUID) -> Job | None:
    """Return a job as it stands now, or None where it is gone."""
    return db.session.get(Job, job_id, populate_existing=True)


def find_job(subject_id: uuid.UUID, kind: JobKind, *, key: str | None = None) -> Job | None:
    """Return the newest job of this kind about a thing; with a key, the newest whose arguments hold that key."""
    values = {"subject_id": subject_id, "kind": kind.value}
    return (
        db.session.scalar(_NEWEST, values)
        if key is None
        else db.session.scalar(_NEWEST_WITH_KEY, {**values, "key": key})
    )


def delete_failed(subject_id: uuid.UUID, *, error_code: str) -> None:
    """Forget the jobs about a thing that failed for a reason that is no more, so that they are asked for again."""
    db.session.execute(
        delete(Job).where(
            Job.subject_id == subject_id, Job.state == RunState.FAILED.value, Job.error_code == error_code
        )
    )


def count_open(owner_id: uuid.UUID, *, except_kinds: Collection[JobKind] = ()) -> int:
    """Return how many of an owner's jobs wait or run."""
    query = select(func.count()).where(Job.owner_id == owner_id, Job.state.in_(OPEN))
    return db.session.scalar(query.where(Job.kind.not_in([kind.value for kind in except_kinds]))) or 0


def count_ahead(job: Job) -> int:
    """Return how many waiting jobs are older than this one."""
    query = select(func.count()).where(Job.state == RunState.QUEUED.value, Job.created_at < job.created_at)
    return db.session.scalar(query) or 0


def _change(event: JobEvent, *conditions: ColumnElement[bool], **values: Any) -> Update:
    """Return the update that an event is: of a job in a state in which it can happen, under these conditions."""
    sources = [state.value for state in source_states(event)]
    target = next_state(source_states(event)[0], event).value
    query = update(Job).where(Job.state.in_(sources), *conditions).values(state=target, **values)
    return query.execution_options(synchronize_session=False)


def _did_change(query: Update) -> bool:
    return cast("CursorResult[Any]", db.session.execute(query)).rowcount == 1


def _is_leased_by(job_id: uuid.UUID, attempt: int) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job_id, Job.attempt == attempt, Job.state == RunState.RUNNING.value


def _is_claimed_by(job_id: uuid.UUID, worker_id: str) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job_id, Job.worker_id == worker_id, Job.state == RunState.RUNNING.value


def _is_as_seen(job: Job) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job.id, Job.attempt == job.attempt, Job.state == job.state


def claim(job_id: uuid.UUID, *, worker_id: str, lease_seconds: float, max_attempts: int = MAX_ATTEMPTS) -> int | None:
    """Take a job that waits, or whose worker is lost; returns the attempt, or None where there is nothing to take."""
    moment = now()
    query = _change(
        JobEvent.CLAIM,
        Job.id == job_id,
        Job.attempt - Job.uncounted_attempts < max_attempts,
        or_(Job.not_before.is_(None), Job.not_before <= moment),
        or_(Job.state == RunState.QUEUED.value, Job.lease_until < moment),
        attempt=Job.attempt + 1,
        worker_id=worker_id,
        lease_until=moment + timedelta(seconds=lease_seconds),
        started_at=moment,
        not_before=None,
        error_code=None,
        error=None,
    )
    count: int | None = db.session.scalar(query.returning(Job.attempt))
    return count


def has_lease(job_id: uuid.UUID, *, attempt: int) -> bool:
    """Return whether an attempt still has the lease, and keep it so until the transaction under way ends."""
    query = select(Job.id).where(*_is_leased_by(job_id, attempt)).with_for_update()
    return db.session.scalar(query) is not None


def extend_lease(job_id: uuid.UUID, *, attempt: int, lease_seconds: float) -> bool:
    """Extend the lease of an attempt; False when it has lost the job."""
    query = update(Job).where(*_is_leased_by(job_id, attempt))
    query = query.values(lease_until=now() + timedelta(seconds=lease_seconds))
    return _did_change(query.execution_options(synchronize_session=False))


def write_progress(job_id: uuid.UUID, *, attempt: int, progress: dict[str, Any]) -> bool:
    """Store the progress of an attempt; False when it has lost the job."""
    query = update(Job).where(*_is_leased_by(job_id, attempt)).values(progress=progress)
    return _did_change(query.execution_options(synchronize_session=False))


def end(
    job_id: uuid.UUID, *, attempt: int, state: RunState, error_code: str | None = None, error: str | None = None
) -> bool:
    """End a job by the attempt that has it; False when it has lost the job, and must undo what it made."""
    values = {"error_code": error_code, "error": error, "finished_at": now(), "lease_until": None}
    return _did_change(_change(ending_event(state), *_is_leased_by(job_id, attempt), **values))


def end_unleased(
    job: Job, *, state: RunState, error_code: str | None = None, error: str | None = None, stale: bool = False
) -> bool:
    """End a job that no worker has: one that waits, or with `stale` one whose lease has run out."""
    conditions = (*_is_as_seen(job), *((Job.lease_until < now(),) if stale else ()))
    values = {"error_code": error_code, "error": error, "finished_at": now(), "lease_until": None}
    return _did_change(_change(ending_event(state), *conditions, **values))


def requeue(job: Job) -> bool:
    """Put a job back into the queue whose worker is lost."""
    conditions = (*_is_as_seen(job), Job.lease_until < now())
    return _did_change(_change(JobEvent.REQUEUE, *conditions, **NO_LEASE))


def postpone(job_id: uuid.UUID, *, attempt: int, wait_seconds: float, code: str, reason: str) -> bool:
    """Put a job back into the queue for later, with the reason; the attempt does not count. False when it is lost."""
    values = {
        **NO_LEASE,
        "uncounted_attempts": Job.uncounted_attempts + 1,
        "postponements": Job.postponements + 1,
        "not_before": now() + timedelta(seconds=wait_seconds),
        "error_code": code,
        "error": reason,
    }
    return _did_change(_change(JobEvent.POSTPONE, *_is_leased_by(job_id, attempt), **values))


def return_to_queue(job_id: uuid.UUID, *, worker_id: str) -> bool:
    """Put a job back whose worker stops as planned; the attempt does not count. One to be cancelled stays."""
    conditions = (*_is_claimed_by(job_id, worker_id), Job.cancel_requested_at.is_(None))
    values = {**NO_LEASE, "uncounted_attempts": Job.uncounted_attempts + 1}
    return _did_change(_change(JobEvent.RETURN, *conditions, **values))


def expire_lease(job_id: uuid.UUID, *, worker_id: str, code: str | None = None, reason: str | None = None) -> bool:
    """End the lease of a process that has ended, with what ended it, so that the job is requeued at the next sweep."""
    query = update(Job).where(*_is_claimed_by(job_id, worker_id))
    query = query.values(lease_until=now() - timedelta(seconds=1), error_code=code, error=reason)
    return _did_change(query.execution_options(synchronize_session=False))


def counted_attempts(job: Job) -> int:
    """Return how many attempts ended for a reason that may lie in the job."""
    return job.attempt - job.uncounted_attempts


def request_cancel(job_id: uuid.UUID) -> None:
    """Ask the worker to stop at the next chance."""
    query = update(Job).where(Job.id == job_id, Job.cancel_requested_at.is_(None))
    db.session.execute(query.values(cancel_requested_at=now()).execution_options(synchronize_session=False))


def is_cancelled(job_id: uuid.UUID, *, attempt: int) -> bool:
    """Return whether the job should stop: the user asked, or it is no longer ours."""
    query = select(Job.cancel_requested_at, Job.attempt, Job.state).where(Job.id == job_id)
    results = db.session.execute(query).one_or_none()
    if results is None:
        return True
    return results[0] is not None or results[1] != attempt or results[2] != RunState.RUNNING.value


def limit_trials(row: Job, trials: int) -> None:
    """Ask the worker to end each search at so many trials; the first wish stands."""
    row.arguments = {MAX_TRIALS: trials, **row.arguments}
    db.session.flush()


def max_trials_of(job_id: uuid.UUID) -> int | None:
    """Return how many trials a search of this job may take since its owner asked to end it, None while nobody did."""
    arguments = db.session.scalar(select(Job.arguments).where(Job.id == job_id))
    count = (arguments or {}).get(MAX_TRIALS)
    return count if isinstance(count, int) else None


def end_candidate(row: Job, key: str) -> None:
    """Ask the worker to end one candidate of a contest."""
    ended = [*row.arguments.get(ENDED_CANDIDATES, []), key]
    row.arguments = {**row.arguments, ENDED_CANDIDATES: list(dict.fromkeys(ended))}
    db.session.flush()


def finish_early(row: Job) -> None:
    """Ask the worker to finish a contest with the best candidate."""
    row.arguments = {**row.arguments, FINISH_EARLY: True}
    db.session.flush()


def contest_wishes_of(job_id: uuid.UUID) -> ContestWishes:
    """Return the wishes of a contest's owner so far: candidates to end, or an early finish."""
    arguments = db.session.scalar(select(Job.arguments).where(Job.id == job_id)) or {}
    ended = arguments.get(ENDED_CANDIDATES)
    keys = frozenset(str(key) for key in ended) if isinstance(ended, list) else frozenset()
    return ContestWishes(keys, arguments.get(FINISH_EARLY) is True)


def count_interrupted(kind: JobKind, *, code: str) -> int:
    """Return how many jobs of a kind are to be taken up again, for an attempt ended with this code."""
    query = select(func.count()).where(Job.state.in_(OPEN), Job.kind == kind.value, Job.error_code == code)
    return db.session.scalar(query) or 0


def stale_ids() -> list[uuid.UUID]:
    """Return the jobs that are said to run and whose lease has run out."""
    return list(db.session.scalars(select(Job.id).where(Job.state == RunState.RUNNING.value, Job.lease_until < now())))


def unenqueued_ids(before: datetime) -> list[uuid.UUID]:
    """Return the waiting jobs for which no queue entry was made since `before`, oldest first."""
    query = select(Job.id).where(
        Job.state == RunState.QUEUED.value,
        or_(Job.enqueued_at.is_(None), Job.enqueued_at < before),
        Job.created_at < before,
    )
    query = query.where(or_(Job.not_before.is_(None), Job.not_before <= now()))
    return list(db.session.scalars(query.order_by(Job.created_at).limit(200)))


def end_unreadable(job_id: uuid.UUID, *, error_code: str, error: str) -> bool:
    """End a job whose row cannot be understood; what may be wrong with it is put right. False where it had ended."""
    times = dict.fromkeys(("not_before", "lease_until", "enqueued_at", "cancel_requested_at", "started_at"))
    values: dict[str, Any] = {**times, "arguments": {}, "progress": {}, "finished_at": now()}
    return _did_change(_change(JobEvent.FAIL, Job.id == job_id, **values, error_code=error_code, error=error))


def mark_enqueued(job_id: uuid.UUID) -> None:
    """Remember that a queue entry was made."""
    query = update(Job).where(Job.id == job_id).values(enqueued_at=now())
    db.session.execute(query.execution_options(synchronize_session=False))


def record_heartbeat(worker_id: str, *, host: str, pid: int) -> None:
    """Record that a worker is alive."""
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
