"""The wrapper around every job: claim, lease, limits, and failure sentences."""

from __future__ import annotations

import functools
import logging
import os
import resource
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

import config
from app.domain.contest.wishes import ContestWishes
from app.domain.errors import DomainError, InterruptedReadingError, ObstacleError, StoppedError
from app.domain.interruptions import WORKER_LOST, Interruption
from app.domain.job_states import Failure
from app.domain.vocabulary import JobKind
from app.queue import STORE_SECONDS
from app.services.jobs import life_cycle
from app.services.jobs.kinds import KINDS
from app.storage import jobs
from app.storage.binding import bare_app
from app.storage.db import db
from app.storage.fault_reports import send_rest
from app.storage.origin import Origin, working_for
from app.storage.transient_faults import obstacle_of, retry_until_stored
from workers.handover import name_of_process
from workers.progress import ProgressWriter

log = logging.getLogger("workers.runtime")
T = TypeVar("T")
LEASE_SECONDS = 15.0
EXTEND_SECONDS = 5.0
LOOK_SECONDS = 0.5
# A single fit cannot be interrupted; one that goes on for this long after it should have stopped ends its process.
PATIENCE_SECONDS = 10.0
# A job whose store an obstacle keeps out goes back to the queue, and waits longer each time.
FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 5.0, 600.0
MAX_POSTPONEMENTS = 20


@dataclass
class JobContext:
    """A job that this process works on."""

    job_id: uuid.UUID
    kind: JobKind
    subject_id: uuid.UUID
    attempt: int
    arguments: dict[str, Any]
    seconds: int
    settings: config.Settings
    writer: ProgressWriter
    stop: threading.Event = field(default_factory=threading.Event)
    timed_out: bool = False
    max_trials: int | None = None
    wishes: ContestWishes = field(default_factory=ContestWishes)
    postponements: int = 0
    storing: bool = False
    fork_lock: threading.Lock = field(default_factory=threading.Lock)

    def should_stop(self) -> bool:
        """Return whether the user asked to stop, the time is over, or the job was given to somebody else."""
        return self.stop.is_set()

    def progress(self, values: dict[str, Any]) -> None:
        """Say how far it is."""
        self.writer.report(values)

    def store(self, act: Callable[[], T]) -> T:
        """Store what was worked out, however long a busy database or a full disk stands in the way.

        The lease is extended meanwhile, and the limit on time is over: what is done shall not be lost while it waits.
        """
        self.storing = True
        return retry_until_stored(act, seconds=STORE_SECONDS, should_stop=self.should_stop)


Work = Callable[[JobContext], None]


def run_as_job(work: Work) -> Callable[[str], None]:
    """Make a job of a function; once it returns, its job is finished, unless it has finished it itself."""

    @functools.wraps(work)
    def run(job_id: str) -> None:
        settings = config.load()
        app = bare_app(settings)
        with app.app_context():
            _claim_and_run(app, settings, uuid.UUID(job_id), work)
            db.engine.dispose()
        # RQ ends this process without waiting for its threads.
        send_rest()

    return run


def _claim_and_run(app: Flask, settings: config.Settings, job_id: uuid.UUID, work: Work) -> None:
    claimed = life_cycle.claim_job(job_id, worker_id=name_of_process(os.getpid()), lease_seconds=LEASE_SECONDS)
    if claimed is None:
        return
    context = JobContext(
        job_id=job_id,
        kind=claimed.kind,
        subject_id=claimed.subject_id,
        attempt=claimed.attempt,
        arguments=claimed.arguments,
        seconds=claimed.seconds,
        settings=settings,
        writer=ProgressWriter(job_id, claimed.attempt),
        max_trials=claimed.arguments.get(jobs.MAX_TRIALS),
        postponements=claimed.postponements,
    )
    origin = Origin("worker", request_id=claimed.request_id, job_id=str(job_id))
    with working_for(origin), _keep_lease(app, context):
        try:
            _limit_memory(context)
            work(context)
            context.writer.flush()
            context.store(lambda: life_cycle.finish_job(job_id, attempt=context.attempt))
        except BaseException as fault:
            db.session.rollback()
            _end_or_postpone(context, fault)
            if not isinstance(fault, Exception):
                raise


def _end_or_postpone(context: JobContext, fault: BaseException) -> None:
    """End a job that did not succeed; one that only an obstacle kept from it goes back to the queue, with the reason.

    Neither can be written while the obstacle stands, so both are tried for as long as a result would be.
    """
    obstacle = obstacle_of(fault)
    if obstacle is not None and context.stop.is_set():
        # Somebody wanted it to end before the obstacle was gone.
        obstacle, fault = None, StoppedError()
    try:
        if isinstance(fault, InterruptedReadingError):
            retry_until_stored(lambda: _give_up(context, fault), seconds=STORE_SECONDS)
        elif obstacle is None:
            failure = _failure_of(context, fault)
            retry_until_stored(lambda: _end(context, failure), seconds=STORE_SECONDS)
        elif context.postponements >= MAX_POSTPONEMENTS:
            words = f"{obstacle.message} It was tried {context.postponements + 1} times."
            given_up = Failure(obstacle.code, words)
            retry_until_stored(lambda: _end(context, given_up), seconds=STORE_SECONDS)
        else:
            log.warning("job %s goes back to the queue: %s", context.job_id, obstacle.message)
            retry_until_stored(lambda: _postpone(context, obstacle), seconds=STORE_SECONDS)
    except ObstacleError as lasting:
        # Its lease runs out, and a sweep requeues it when the obstacle is gone.
        log.error("job %s is left behind: %s", context.job_id, lasting.message)


def _end(context: JobContext, failure: Failure | None) -> None:
    if failure is None:
        life_cycle.stop_job(context.job_id, attempt=context.attempt)
    else:
        life_cycle.fail_job(context.job_id, attempt=context.attempt, failure=failure)


def _give_up(context: JobContext, fault: InterruptedReadingError) -> None:
    """Leave the job to the next sweep, which counts the attempt as it does when this very process is killed."""
    cause = Interruption(WORKER_LOST, fault.message)
    life_cycle.report_lost_process(context.job_id, worker_id=name_of_process(os.getpid()), cause=cause)


def _postpone(context: JobContext, obstacle: ObstacleError) -> None:
    wait = min(FIRST_DELAY_SECONDS * 2**context.postponements, MAX_DELAY_SECONDS)
    life_cycle.postpone_job(context.job_id, attempt=context.attempt, wait_seconds=wait, obstacle=obstacle)


def _limit_memory(context: JobContext) -> None:
    limit_mb = KINDS[context.kind].memory_mb
    if limit_mb is not None:
        most = limit_mb(context.settings.limits) * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _failure_of(context: JobContext, fault: BaseException) -> Failure | None:
    """Return why a job failed, with the sentence for the user; None where it was stopped."""
    if context.timed_out:
        return Failure("timed_out", f"It took longer than {context.seconds:,} s and was stopped.")
    if isinstance(fault, StoppedError):
        return None
    if isinstance(fault, DomainError):
        return Failure(fault.code, fault.message)
    if isinstance(fault, MemoryError):
        most = context.settings.limits.train_memory_mb
        words = f"It needs more than the {most:,} MB of memory a job may use. Choose fewer features or a smaller model."
        return Failure("out_of_memory", words)
    reference = secrets.token_hex(4)
    log.error("job %s failed, reference %s", context.job_id, reference, exc_info=fault)
    return Failure("internal", f"Something went wrong, and it is our fault. Reference: {reference}.")


@contextmanager
def _keep_lease(app: Flask, context: JobContext) -> Iterator[None]:
    """Extend the lease from a thread for as long as the work goes on, and see to it that it stops when it should."""
    done = threading.Event()

    def keep() -> None:
        extended = started = time.monotonic()
        stopped: float | None = None
        while not done.wait(LOOK_SECONDS):
            moment = time.monotonic()
            if moment - started > context.seconds and not context.storing:
                context.timed_out = True
                context.stop.set()
            try:
                # No process of a task is forked while this thread is in the middle of a statement.
                with context.fork_lock, app.app_context():
                    extended = _look(context, extended)
                    stopped = stopped or (moment if context.stop.is_set() else None)
                    if stopped is not None and moment - stopped > PATIENCE_SECONDS:
                        _end_process(context)
            except (SQLAlchemyError, ObstacleError) as fault:
                log.warning("the lease could not be extended: %s", fault)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)


def _look(context: JobContext, extended: float) -> float:
    """Notice a wish to stop, and extend the lease when it is time; returns when that was done last."""
    if jobs.is_cancelled(context.job_id, attempt=context.attempt):
        context.stop.set()
    context.max_trials = jobs.max_trials_of(context.job_id)
    context.wishes = jobs.contest_wishes_of(context.job_id)
    moment = time.monotonic()
    if moment - extended >= EXTEND_SECONDS:
        life_cycle.extend_lease(context.job_id, attempt=context.attempt, lease_seconds=LEASE_SECONDS)
        extended = time.monotonic()
    context.writer.flush()
    return extended


def _end_process(context: JobContext) -> None:
    """End the job from the thread, and this process with it: the fit in the main thread hears nothing."""
    _end(context, _failure_of(context, StoppedError()))
    os._exit(0)
