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
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

import config
from app.domain.errors import DomainError, StoppedError
from app.domain.vocabulary import JobKind, RunState
from app.storage import jobs
from app.storage.binding import bare_app
from app.storage.db import db, transaction
from workers.progress import ProgressWriter

log = logging.getLogger("workers.runtime")
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
LOOK_SECONDS = 0.5
# A single fit cannot be interrupted; one that goes on for this long after it should have stopped ends its process.
PATIENCE_SECONDS = 10.0


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

    def should_stop(self) -> bool:
        """Say whether the user asked to stop, the time is over, or the job was given to somebody else."""
        return self.stop.is_set()

    def progress(self, values: dict[str, Any]) -> None:
        """Say how far it is."""
        self.writer.say(values)


Work = Callable[[JobContext], None]
End = Callable[[JobContext, RunState, str, str], None]


def end_job_alone(context: JobContext, state: RunState, code: str, message: str) -> None:
    """End the row of a job that has nothing else to end."""
    with transaction():
        jobs.end(context.job_id, attempt=context.attempt, state=state, error_code=code or None, error=message or None)


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
        attempt = jobs.claim(job_id, worker_id=f"{os.uname().nodename}-{os.getpid()}", lease_seconds=LEASE_SECONDS)
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
    )
    with _lease(app, context, end):
        try:
            _limit_memory(context)
            work(context)
            context.writer.flush()
        except BaseException as fault:
            state, code, message = _said(context, fault)
            db.session.rollback()
            end(context, state, code, message)
            if not isinstance(fault, Exception):
                raise


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
            if moment - started > context.seconds:
                context.timed_out = True
                context.stop.set()
            try:
                with app.app_context():
                    renewed = _look(context, renewed)
                    stopped = stopped or (moment if context.stop.is_set() else None)
                    if stopped is not None and moment - stopped > PATIENCE_SECONDS:
                        _end_process(context, end)
            except SQLAlchemyError as fault:
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
    context.writer.write_due()
    moment = time.monotonic()
    if moment - renewed < RENEW_SECONDS:
        return renewed
    with transaction():
        jobs.renew(context.job_id, attempt=context.attempt, lease_seconds=LEASE_SECONDS)
    return moment


def _end_process(context: JobContext, end: End) -> None:
    """End the job from the thread, and this process with it: the fit in the main thread hears nothing."""
    end(context, *_said(context, StoppedError()))
    os._exit(0)
