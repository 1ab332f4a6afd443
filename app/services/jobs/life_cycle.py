"""The life cycle of a job: enqueue, claim, extend, finish, fail, postpone, requeue, each in one transaction.

Web, workers and upkeep change the state of a job through these alone. What a worker asks for is fenced by its attempt:
once it has lost the lease, nothing changes and the answer is False. What the job is about follows in the transaction
of the job, as its kind says.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import queue
from app.domain.errors import ObstacleError, TooManyError
from app.domain.interruptions import WORKER_LOST, Interruption, give_up_sentence
from app.domain.job_states import Failure
from app.domain.vocabulary import JobKind, RunState
from app.services.context import current_settings
from app.services.jobs.kinds import KINDS, UNCOUNTED_KINDS
from app.storage import jobs
from app.storage.db import after_commit, now, transaction
from app.storage.tables import Job

BUSY_SECONDS = 60


@dataclass(frozen=True)
class ClaimedJob:
    """A job as the worker has it that claimed it."""

    id: uuid.UUID
    kind: JobKind
    subject_id: uuid.UUID
    attempt: int
    arguments: dict[str, Any]
    seconds: int
    postponements: int
    request_id: str = ""


def enqueue_job(
    kind: JobKind, *, subject_id: uuid.UUID, owner_id: uuid.UUID, arguments: dict[str, Any] | None = None
) -> Job:
    """Add a job, and wake a worker once it is committed; in another transaction it is part of that."""
    with transaction():
        row = jobs.add_job(
            kind,
            subject_id=subject_id,
            owner_id=owner_id,
            seconds=KINDS[kind].seconds(current_settings().limits),
            arguments=arguments,
            enqueued_at=now(),
        )
        after_commit(functools.partial(wake_worker, row))
    return row


def wake_worker(row: Job) -> bool:
    """Make a queue entry for a job; False when the server is away, and the sweep makes it later."""
    job_type = KINDS[JobKind(row.kind)]
    return queue.enqueue(row.id, queue=job_type.queue, function=job_type.function, seconds=row.time_limit_seconds)


def wake_again(row: Job) -> None:
    """Make another queue entry for a job that waits, now if it waited for a time to come; in the caller's transaction.

    The entry that there may be does no harm: whoever claims second finds nothing to do.
    """
    row.not_before, row.enqueued_at = None, now()
    after_commit(functools.partial(wake_worker, row))


def refuse_if_full(owner_id: uuid.UUID) -> None:
    """Raise TooManyError when an account has as many jobs waiting or running as it may."""
    most = current_settings().limits.user_queued_jobs
    if count_open_jobs(owner_id) >= most:
        message = f"{most} of your jobs are waiting or running. Wait for one to end."
        raise TooManyError(message, retry_after_seconds=BUSY_SECONDS)


def count_open_jobs(owner_id: uuid.UUID) -> int:
    """Return how many jobs of an account wait or run, of the kinds that count."""
    return jobs.count_open(owner_id, except_kinds=UNCOUNTED_KINDS)


def claim_job(job_id: uuid.UUID, *, worker_id: str, lease_seconds: float) -> ClaimedJob | None:
    """Claim a job that waits, or whose worker is lost; None where there is nothing to do.

    One whose subject needs it no more is ended.
    """
    with transaction():
        row = jobs.find_by_id(job_id)
        attempt = None if row is None else _claim(row, worker_id=worker_id, lease_seconds=lease_seconds)
    if row is None or attempt is None:
        return None
    return ClaimedJob(
        job_id,
        JobKind(row.kind),
        row.subject_id,
        attempt,
        dict(row.arguments),
        row.time_limit_seconds,
        row.postponements,
        row.request_id or "",
    )


def _claim(row: Job, *, worker_id: str, lease_seconds: float) -> int | None:
    """Return the attempt, in the caller's transaction, or None where there is nothing to do."""
    job_type = KINDS[JobKind(row.kind)]
    attempt = jobs.claim(row.id, worker_id=worker_id, lease_seconds=lease_seconds, max_attempts=job_type.max_attempts)
    if attempt is None or job_type.subject.start(row.subject_id):
        return attempt
    jobs.end(row.id, attempt=attempt, state=RunState.CANCELLED)
    return None


def extend_lease(job_id: uuid.UUID, *, attempt: int, lease_seconds: float) -> bool:
    """Extend the lease of a job that is being worked on."""
    with transaction():
        return jobs.extend_lease(job_id, attempt=attempt, lease_seconds=lease_seconds)


def report_progress(job_id: uuid.UUID, *, attempt: int, progress: dict[str, Any]) -> bool:
    """Store the progress of a job; in the transaction of a result, return whether that may be stored."""
    with transaction():
        return jobs.write_progress(job_id, attempt=attempt, progress=progress)


def has_lease(job_id: uuid.UUID, *, attempt: int) -> bool:
    """Return whether an attempt still has its job, until the caller's transaction ends: only then may it store."""
    return jobs.has_lease(job_id, attempt=attempt)


def finish_job(job_id: uuid.UUID, *, attempt: int, store: Callable[[], bool] = lambda: True) -> bool:
    """Finish a job and store its result in one transaction.

    False, and nothing stored, where the lease is lost; `store` returns False where there is nothing left to store for.
    """
    with transaction():
        return jobs.end(job_id, attempt=attempt, state=RunState.FINISHED) and store()


def fail_job(job_id: uuid.UUID, *, attempt: int, failure: Failure) -> bool:
    """End a job that failed, and what it is about."""
    return _end_attempt(job_id, attempt=attempt, failure=failure)


def stop_job(job_id: uuid.UUID, *, attempt: int) -> bool:
    """End a job whose worker stopped because somebody asked for it, and what it is about."""
    return _end_attempt(job_id, attempt=attempt, failure=None)


def _end_attempt(job_id: uuid.UUID, *, attempt: int, failure: Failure | None) -> bool:
    state, *words = _outcome_of_failure(failure)
    with transaction():
        if not jobs.end(job_id, attempt=attempt, state=state, error_code=words[0], error=words[1]):
            return False
        _end_subject(jobs.get_job(job_id), failure)
    return True


def _outcome_of_failure(failure: Failure | None) -> tuple[RunState, str | None, str | None]:
    if failure is None:
        return RunState.CANCELLED, None, None
    return RunState.FAILED, failure.code, failure.message


def _end_subject(row: Job, failure: Failure | None) -> None:
    # The kind of a row that cannot be understood may be none of ours.
    job_type = next((result for kind, result in KINDS.items() if kind.value == row.kind), None)
    if job_type is not None:
        job_type.subject.end(row.subject_id, failure)
        after_commit(functools.partial(job_type.subject.clean_up, row.subject_id))


def cancel_job(job_id: uuid.UUID) -> None:
    """Cancel a job: one that waits at once, one that runs at its worker's next chance; one that has ended stays."""
    with transaction():
        row = jobs.get_job(job_id)
        if RunState(row.state).is_final:
            return
        jobs.request_cancel(job_id)
        if row.state == RunState.QUEUED.value and jobs.end_unleased(row, state=RunState.CANCELLED):
            _end_subject(row, None)


def postpone_job(job_id: uuid.UUID, *, attempt: int, wait_seconds: float, obstacle: ObstacleError) -> bool:
    """Put a job back into the queue for later because of an obstacle; the attempt does not count."""
    with transaction():
        is_postponed = jobs.postpone(
            job_id, attempt=attempt, wait_seconds=wait_seconds, code=obstacle.code, reason=obstacle.message
        )
        if is_postponed:
            _requeue_subject(jobs.get_job(job_id))
    return is_postponed


def return_job(job_id: uuid.UUID, *, worker_id: str) -> bool:
    """Put a job back into the queue whose worker stops as planned; the attempt does not count."""
    with transaction():
        is_returned = jobs.return_to_queue(job_id, worker_id=worker_id)
        if is_returned:
            row = jobs.get_job(job_id)
            _requeue_subject(row)
            after_commit(functools.partial(wake_worker, row))
    return is_returned


def _requeue_subject(row: Job) -> None:
    KINDS[JobKind(row.kind)].subject.requeue(row.subject_id)


def report_lost_process(job_id: uuid.UUID, *, worker_id: str, cause: Interruption, is_planned: bool = False) -> None:
    """Expire the lease of a process that has ended, and keep the cause for whoever requeues the job.

    One that ended before it claimed its job, for want of memory perhaps, has used up an attempt all the same: it would
    else be started for ever. One that was ended as planned has not.
    """
    with transaction():
        row = jobs.find_by_id(job_id)
        if row is not None and not is_planned and row.worker_id != worker_id:
            _claim(row, worker_id=worker_id, lease_seconds=0)
        jobs.expire_lease(job_id, worker_id=worker_id, code=cause.code, reason=cause.sentence)


def requeue_lost_job(row: Job) -> bool:
    """Put a job back into the queue whose lease has run out; end it after its last attempt, or where it was cancelled.

    False where somebody else was first.
    """
    with transaction():
        if row.cancel_requested_at is None and jobs.counted_attempts(row) < KINDS[JobKind(row.kind)].max_attempts:
            is_requeued = jobs.requeue(row)
            if is_requeued:
                _requeue_subject(row)
            return is_requeued
        failure = None if row.cancel_requested_at is not None else _given_up(row)
        state, code, message = _outcome_of_failure(failure)
        is_ended = jobs.end_unleased(row, state=state, error_code=code, error=message, stale=True)
        if is_ended:
            _end_subject(row, failure)
    return is_ended


def _given_up(row: Job) -> Failure:
    attempts = KINDS[JobKind(row.kind)].max_attempts
    return Failure(row.error_code or WORKER_LOST, give_up_sentence(attempts, row.error))


def end_unreadable_job(job_id: uuid.UUID, failure: Failure) -> None:
    """End a job whose row cannot be understood, and what it is about."""
    with transaction():
        if jobs.end_unreadable(job_id, error_code=failure.code, error=failure.message):
            _end_subject(jobs.get_job(job_id), failure)
