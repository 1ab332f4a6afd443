"""The runtime of jobs, in this very process: what an obstacle keeps out waits again, longer each time, and not for ever."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain.vocabulary import JobKind
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User
from tests.workers.obstacles import LockedDatabase
from workers import runtime
from workers.progress import ProgressWriter

Fail = Callable[[runtime.JobContext], None]


@pytest.fixture
def row(app: Flask, user: User, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job that waits; a runtime in this process finds this database."""
    settings = app.extensions["hydroml_settings"]
    monkeypatch.setenv("HYDROML_DATA", str(settings.data))
    with transaction():
        return jobs.add_job(JobKind.CORRELATE, subject_id=uuid.uuid4(), owner_id=user.id, seconds=60)


def run(row: Job, work: Fail) -> Job:
    """Run a job as a worker does, and return its row as it is then."""
    identifier = str(row.id)
    db.session.rollback()
    runtime.run_as_job(work)(identifier)
    db.session.rollback()
    return jobs.get_job(uuid.UUID(identifier))


def full_disk(_context: runtime.JobContext) -> None:
    """Fail as a write to a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_job_that_finds_a_full_disk_waits_again_with_the_reason(row: Job) -> None:
    job = run(row, full_disk)
    assert (job.state, job.error_code, job.error) == ("queued", "disk_full", "The disk was full.")
    assert (job.attempt, job.uncounted_attempts, job.postponements) == (1, 1, 1)
    assert job.not_before is not None


def test_the_delay_grows_and_the_tries_end(row: Job) -> None:
    delays = []
    for _ in range(runtime.MAX_POSTPONEMENTS):
        job = run(row, full_disk)
        assert job.state == "queued"
        assert job.not_before is not None
        delays.append((job.not_before - now()).total_seconds())
        # Nobody takes it before its time.
        assert run(row, full_disk).attempt == job.attempt
        with transaction():
            job.not_before = now()
    assert 4 < delays[0] < delays[1] < delays[2]
    assert max(delays) <= runtime.MAX_DELAY_SECONDS
    job = run(row, full_disk)
    assert (job.state, job.error_code) == ("failed", "disk_full")
    assert job.error == f"The disk was full. It was tried {runtime.MAX_POSTPONEMENTS + 1} times."


def test_a_job_cancelled_while_it_waits_for_room_is_cancelled(row: Job) -> None:
    def wait_for_room(context: runtime.JobContext) -> None:
        with transaction():
            jobs.request_cancel(context.job_id)
        assert context.stop.wait(30)
        context.store(lambda: full_disk(context))

    job = run(row, wait_for_room)
    assert (job.state, job.error_code, job.postponements) == ("cancelled", None, 0)


def test_a_fault_of_ours_is_still_one(row: Job) -> None:
    def fail(_context: runtime.JobContext) -> None:
        raise ZeroDivisionError

    job = run(row, fail)
    assert (job.state, job.error_code, job.uncounted_attempts) == ("failed", "internal", 0)
    assert "our fault" in str(job.error)


def test_a_postponed_job_is_not_enqueued_before_its_time(row: Job) -> None:
    job = run(row, full_disk)
    assert job.not_before is not None
    with transaction():
        job.created_at = now() - timedelta(minutes=1)
    assert jobs.unenqueued_ids(now()) == []
    with transaction():
        job.not_before = now()
    assert jobs.unenqueued_ids(now()) == [job.id]


def test_progress_never_raises_and_is_written_later(row: Job) -> None:
    with transaction():
        attempt = jobs.claim(row.id, worker_id="w", lease_seconds=60)
    assert attempt is not None
    writer = ProgressWriter(row.id, attempt)
    db.session.execute(text("PRAGMA busy_timeout=50"))
    with LockedDatabase(runtime.config.load().data):
        writer.report({"fraction": 0.4})
        writer.flush()
        writer.report({"fraction": 0.5})
        writer.flush()
    writer.flush()
    db.session.rollback()
    assert jobs.get_job(row.id).progress == {"fraction": 0.5}
