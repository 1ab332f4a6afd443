"""What every job is wrapped in: claim, lease, fence, limits, and a sentence for every way to fail."""

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
from app.domain.errors import DomainError, InterruptedReadingError, ObstacleError, StoppedError
from app.domain.interruptions import WORKER_LOST
from app.domain.vocabulary import JobKind, RunState
from app.queue import STORE_SECONDS
from app.storage import jobs
from app.storage.binding import bare_app
from app.storage.db import db, transaction
from app.storage.obstacles import obstacle_of, outlast
from workers.handover import name_of_process, wait_again
from workers.progress import ProgressWriter

log = logging.getLogger("workers.runtime")
T = TypeVar("T")
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
LOOK_SECONDS = 0.5
# A single fit cannot be interrupted; one that goes on for this long after it should have stopped ends its process.
PATIENCE_SECONDS = 10.0
# A job whose store an obstacle keeps out goes back to the queue, and waits longer each time.
FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 5.0, 600.0
MAX_POSTPONEMENTS = 20


@dataclass
class JobContext:
    """A job that this process holds."""

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
    most_trials: int | None = None
    postponements: int = 0
    storing: bool = False

    def should_stop(self) -> bool:
        """Say whether the user asked to stop, the time is over, or the job was given to somebody else."""
        return self.stop.is_set()

    def progress(self, values: dict[str, Any]) -> None:
        """Say how far it is."""
        self.writer.say(values)

    def store(self, act: Callable[[], T]) -> T:
        """Store what was worked out, however long a busy database or a full disk stands in the way.

        The lease is renewed meanwhile, and the limit on time is over: what is done shall not be lost while it waits.
        """
        self.storing = True
        return outlast(act, seconds=STORE_SECONDS, should_stop=self.should_stop)


Work = Callable[[JobContext], None]
End = Callable[[JobContext, RunState, str, str], None]


def end_job_alone(context: JobContext, state: RunState, code: str, message: str) -> None:
    """End the row of a job that has nothing else to end."""

    def write() -> None:
        with transaction():
            jobs.end(
                context.job_id, attempt=context.attempt, state=state, error_code=code or None, error=message or None
            )

    context.store(write)


def job(kind: JobKind, *, end: End = end_job_alone) -> Callable[[Work], Callable[[str], None]]:
    """Make a job of a function. `end` ends the row and what the job is about when the function did not succeed."""

    def wrap(work: Work) -> Callable[[str], None]:
        @functools.wraps(work)
        def run(job_id: str) -> None:
            settings = config.load()
            app = bare_app(settings)
            with app.app_context():
                _hold_and_run(app, settings, job_id=uuid.UUID(job_id), kind=kind, work=work, end=end)
                db.engine.dispose()

        return run

    return wrap


def _hold_and_run(
    app: Flask, settings: config.Settings, *, job_id: uuid.UUID, kind: JobKind, work: Work, end: End
) -> None:
    with transaction():
        attempt = jobs.claim(job_id, worker_id=name_of_process(os.getpid()), lease_seconds=LEASE_SECONDS)
        if attempt is None:
            return
        row = jobs.get_job(job_id)
    context = JobContext(
        job_id=job_id,
        kind=kind,
        subject_id=row.subject_id,
        attempt=attempt,
        arguments=dict(row.arguments),
        seconds=row.time_limit_seconds,
        settings=settings,
        writer=ProgressWriter(job_id, attempt),
        most_trials=row.arguments.get(jobs.MOST_TRIALS),
        postponements=row.postponements,
    )
    with _lease(app, context, end):
        try:
            _limit_memory(context)
            work(context)
            context.writer.flush()
        except BaseException as fault:
            db.session.rollback()
            _end_or_postpone(context, fault, end)
            if not isinstance(fault, Exception):
                raise


def _end_or_postpone(context: JobContext, fault: BaseException, end: End) -> None:
    """End a job that did not succeed; one that only an obstacle kept from it goes back to the queue, with the reason.

    Neither can be written while the obstacle stands, so both are tried for as long as a result would be.
    """
    obstacle = obstacle_of(fault)
    if obstacle is not None and context.stop.is_set():
        # Somebody wanted it to end before the obstacle was gone.
        obstacle, fault = None, StoppedError()
    try:
        if isinstance(fault, InterruptedReadingError):
            outlast(lambda: _give_up(context, fault), seconds=STORE_SECONDS)
        elif obstacle is None:
            said = _said(context, fault)
            outlast(lambda: end(context, *said), seconds=STORE_SECONDS)
        elif context.postponements >= MAX_POSTPONEMENTS:
            words = f"{obstacle.message} It was tried {context.postponements + 1} times."
            outlast(lambda: end(context, RunState.FAILED, obstacle.code, words), seconds=STORE_SECONDS)
        else:
            log.warning("job %s goes back to the queue: %s", context.job_id, obstacle.message)
            outlast(lambda: _postpone(context, obstacle), seconds=STORE_SECONDS)
    except ObstacleError as lasting:
        # Its lease runs out, and a sweep takes it back when the obstacle is gone.
        log.error("job %s is left behind: %s", context.job_id, lasting.message)


def _give_up(context: JobContext, fault: InterruptedReadingError) -> None:
    """Leave the job to the next sweep, which counts the attempt as it does when this very process is killed."""
    with transaction():
        jobs.give_up_lease(
            context.job_id, worker_id=name_of_process(os.getpid()), code=WORKER_LOST, reason=fault.message
        )


def _postpone(context: JobContext, obstacle: ObstacleError) -> None:
    wait = min(FIRST_DELAY_SECONDS * 2**context.postponements, MAX_DELAY_SECONDS)
    with transaction():
        held = jobs.postpone(
            context.job_id, attempt=context.attempt, wait_seconds=wait, code=obstacle.code, reason=obstacle.message
        )
        if held:
            wait_again(context.job_id)


def _limit_memory(context: JobContext) -> None:
    if context.kind is JobKind.TRAIN:
        most = context.settings.limits.train_memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _said(context: JobContext, fault: BaseException) -> tuple[RunState, str, str]:
    """Return how a job ended that did not succeed, with the sentence for the user."""
    if context.timed_out:
        return RunState.FAILED, "timed_out", f"It took longer than {context.seconds:,} s and was stopped."
    if isinstance(fault, StoppedError):
        return RunState.CANCELLED, "", ""
    if isinstance(fault, DomainError):
        return RunState.FAILED, fault.code, fault.message
    if isinstance(fault, MemoryError):
        most = context.settings.limits.train_memory_mb
        return (
            RunState.FAILED,
            "out_of_memory",
            (f"It needs more than the {most:,} MB of memory a job may use. Choose fewer features or a smaller model."),
        )
    reference = secrets.token_hex(4)
    log.error("job %s failed, reference %s", context.job_id, reference, exc_info=fault)
    return RunState.FAILED, "internal", f"Something went wrong here, and it is our fault. Reference: {reference}."


@contextmanager
def _lease(app: Flask, context: JobContext, end: End) -> Iterator[None]:
    """Renew the lease from a thread for as long as the work goes on, and see to it that it stops when it should."""
    done = threading.Event()

    def keep() -> None:
        renewed = started = time.monotonic()
        stopped: float | None = None
        while not done.wait(LOOK_SECONDS):
            moment = time.monotonic()
            if moment - started > context.seconds and not context.storing:
                context.timed_out = True
                context.stop.set()
            try:
                with app.app_context():
                    renewed = _look(context, renewed)
                    stopped = stopped or (moment if context.stop.is_set() else None)
                    if stopped is not None and moment - stopped > PATIENCE_SECONDS:
                        _end_process(context, end)
            except (SQLAlchemyError, ObstacleError) as fault:
                log.warning("the lease could not be renewed: %s", fault)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)


def _look(context: JobContext, renewed: float) -> float:
    """Notice a wish to stop, and renew the lease when it is time; returns when that was done last."""
    if jobs.is_cancelled(context.job_id, attempt=context.attempt):
        context.stop.set()
    context.most_trials = jobs.most_trials_of(context.job_id)
    moment = time.monotonic()
    if moment - renewed >= RENEW_SECONDS:
        with transaction():
            jobs.renew(context.job_id, attempt=context.attempt, lease_seconds=LEASE_SECONDS)
        renewed = time.monotonic()
    context.writer.flush()
    return renewed


def _end_process(context: JobContext, end: End) -> None:
    """End the job from the thread, and this process with it: the fit in the main thread hears nothing."""
    end(context, *_said(context, StoppedError()))
    os._exit(0)
