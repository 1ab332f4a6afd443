"""Looking after what was left behind: lost workers, forgotten bells, uploads that stopped, old sessions."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app import queue
from app.domain.errors import NotFoundError
from app.domain.interruptions import WORKER_LOST, given_up
from app.domain.vocabulary import JobKind, RunState
from app.services import idempotency
from app.services.accounts.accounts import KNOWN_ADDRESS
from app.services.accounts.sessions import IDLE
from app.services.context import current_settings
from app.services.datasets import analysis, datasets, stored_files, uploads
from app.storage import accounts, experiments, files, jobs, sessions
from app.storage import datasets as dataset_rows
from app.storage.db import db, now, transaction
from app.storage.engine import BUSY_SECONDS as BUSY_SECONDS_OF_DATABASE
from app.storage.tables import Job

log = logging.getLogger(__name__)
RING_AGAIN_SECONDS = 10
SWEEP_SECONDS = 5
UNREADABLE, UNREADABLE_WORDS = (
    "internal",
    "What was stored about this work cannot be read, so it was ended. Start it again.",
)
UPLOAD_MINUTES = 10
LEFTOVER_SECONDS = 3600
# Who had to wait for the database as long as this was not the only one: nobody could renew a lease meanwhile.
BUSY_SECONDS, RENEWAL_SECONDS = 2.0, 10.0


@dataclass
class _Grace:
    """Until when no lease counts as run out, since the database took no changes a moment ago."""

    until: float = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + RENEWAL_SECONDS

    def lasts(self) -> bool:
        return time.monotonic() < self.until


_grace = _Grace()


def begin_grace() -> None:
    """Take no job back for a moment: a process that has just begun does not know whether leases could be renewed."""
    _grace.begin()


def forget_grace() -> None:
    """Let every lease count at once, for tests."""
    _grace.until = 0.0


def sweep() -> int:
    """Do all of it once; returns how many jobs were taken from lost workers. Several processes may do it at once."""
    try:
        lost = sum(_take_back(job) for job in _readable(jobs.stale_ids()) if not _grace.lasts())
    except SQLAlchemyError:
        _grace.begin()
        raise
    # Whoever reads while somebody waits needs no longer than this, and as long for the database to say so.
    seconds = current_settings().limits.inline_read_seconds + BUSY_SECONDS_OF_DATABASE
    adopt_readings(before=now() - timedelta(seconds=seconds))
    _ring_again()
    return lost


def adopt_readings(*, before: datetime) -> None:
    """Give to workers what a web process was reading when it was killed.

    A web process that starts does so for all that is being read: where another one is alive and at it, the worker finds
    the rows ready, or reads the same bytes to the same end.
    """
    if not dataset_rows.list_abandoned(before):
        return
    with transaction():
        abandoned = dataset_rows.list_abandoned(before)
        for row in abandoned:
            row.touched_at = now()
        asked = [analysis.ask_worker(row) for row in abandoned]
    for job in asked:
        log.warning("the dataset %s was being read by a process that is gone, and is left to a worker", job.subject_id)
        analysis.ring(job)


def _readable(job_ids: list[uuid.UUID]) -> Iterator[Job]:
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
            _end_unreadable(job_id)
            continue
        yield job


def _end_unreadable(job_id: uuid.UUID) -> None:
    with transaction():
        if jobs.end_unreadable(job_id, error_code=UNREADABLE, error=UNREADABLE_WORDS):
            _end_subject(jobs.get_job(job_id), RunState.FAILED, UNREADABLE, UNREADABLE_WORDS)


def _had_to_wait() -> bool:
    """Begin the caller's transaction, and say whether somebody held the database; whoever did held up renewals too."""
    begin = time.monotonic()
    db.session.connection()
    if time.monotonic() - begin < BUSY_SECONDS:
        return False
    _grace.begin()
    return True


def tidy() -> None:
    """Forget what is old. Once in a while is enough."""
    with transaction():
        sessions.drop_expired(idle_before=now() - IDLE)
        accounts.forget_rate_counters()
        accounts.forget_addresses(before=now() - KNOWN_ADDRESS)
        jobs.forget_workers(now() - timedelta(hours=1))
    with transaction():
        accounts.forget_links(expired_before=now() - timedelta(days=1))
    idempotency.forget_old()
    for row in dataset_rows.list_stuck_uploads(now() - timedelta(minutes=UPLOAD_MINUTES)):
        # A file that waits for a worker has a job, however long it waits; one without was being read by a web process.
        if jobs.find_job(row.id, JobKind.ANALYSE) is None:
            analysis.fail_dataset(row.id, code=uploads.STOPPED, message=uploads.stopped_words(row))
    data, least = current_settings().data, current_settings().limits.free_disk_mb
    datasets.purge_old(all_of_them=files.free_mb(data) < least)
    _remove_leftovers()
    stored_files.record_missing_hashes()


def _take_back(job: Job) -> bool:
    """Let a job wait again whose worker is lost, or end it and what it is about after the last attempt."""
    with transaction():
        if _had_to_wait():
            return False
        if job.cancel_requested_at is not None:
            taken = jobs.end_unheld(job, state=RunState.CANCELLED, stale=True)
            if taken:
                _end_subject(job, RunState.CANCELLED, None, None)
        elif jobs.counted_attempts(job) >= jobs.MOST_ATTEMPTS:
            code, words = job.error_code or WORKER_LOST, given_up(jobs.MOST_ATTEMPTS, job.error)
            taken = jobs.end_unheld(job, state=RunState.FAILED, error_code=code, error=words, stale=True)
            if taken:
                _end_subject(job, RunState.FAILED, code, words)
        else:
            taken = jobs.requeue(job)
            if taken:
                _subject_waits(job)
    if taken and job.kind == JobKind.ANALYSE.value:
        analysis.drop_bytes(job.subject_id)
    return taken


def _end_subject(job: Job, state: RunState, code: str | None, message: str | None) -> None:
    if job.kind == JobKind.TRAIN.value:
        row = experiments.find_experiment(job.subject_id)
        if row is not None and not RunState(row.state).is_final:
            row.state, row.failure_code, row.failure, row.finished_at = state.value, code, message, now()
    elif job.kind == JobKind.ANALYSE.value:
        analysis.mark_failed(job.subject_id, code=code or "stopped", message=message or "Reading was stopped.")


def _subject_waits(job: Job) -> None:
    if job.kind == JobKind.TRAIN.value:
        row = experiments.find_experiment(job.subject_id)
        if row is not None and not RunState(row.state).is_final:
            row.state = RunState.QUEUED.value


def _ring_again() -> None:
    """Ring for jobs whose bell was lost; one that waits behind others hangs where it was hung, and once is enough."""
    unrung = list(_readable(jobs.unrung_ids(now() - timedelta(seconds=RING_AGAIN_SECONDS))))
    hanging = queue.waiting() if unrung else frozenset()
    if hanging is None:
        return
    for job in unrung:
        hangs = str(job.id) in hanging
        if not hangs and not queue.ring(job.id, JobKind(job.kind), seconds=job.time_limit_seconds):
            return
        with transaction():
            jobs.mark_rung(job.id)


def _remove_leftovers() -> None:
    """Remove half-written folders and the bytes of broken requests an hour old; what is written now is younger."""
    data = current_settings().data
    for folder in (data / "datasets", data / "experiments", data / "samples"):
        for path in [*folder.glob("*.part"), *folder.glob("*/*.part")]:
            if path.is_dir() and _is_old(path):
                files.remove_folder(path)
    kept = experiments.artefacts_of_ended()
    for path in (data / "experiments").glob("*/attempt-*"):
        if path.parent.name in kept and path.name != kept[path.parent.name] and _is_old(path):
            files.remove_folder(path)
    for path in files.incoming_dir(data).glob("*.part"):
        if _is_old(path) and dataset_rows.find_dataset(uuid.UUID(path.stem)) is None:
            path.unlink(missing_ok=True)
    for path in files.incoming_dir(data).glob("peek-*"):
        if _is_old(path):
            files.remove_folder(path)
    _remove_orphans(data)


def _remove_orphans(data: Path) -> None:
    """Remove what a process killed in between left: rows on disk and originals that no dataset names."""
    for folder in (data / "datasets").glob("*-*-*-*-*"):
        if not folder.name.endswith(".part") and _is_old(folder) and not dataset_rows.has_files(uuid.UUID(folder.name)):
            files.remove_folder(folder)
    for path in files.originals_dir(data).iterdir():
        if len(path.name) == stored_files.SHA256_DIGITS and _is_old(path):
            analysis.release_bytes(path.name)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - LEFTOVER_SECONDS
    except FileNotFoundError:
        return False


def sweep_for_ever(app: Flask) -> None:
    """Sweep every few seconds until the process ends; what an earlier one was reading is taken over first."""
    started: datetime | None = now()
    begin_grace()
    while True:
        try:
            with app.app_context():
                if started is not None:
                    adopt_readings(before=started)
                    started = None
                sweep()
        except SQLAlchemyError as fault:
            log.warning("the sweep must wait, the database cannot be used: %s", fault)
        except Exception:
            # Whatever it was, lost jobs are looked for again in a moment: nobody else would notice that nobody does.
            log.exception("the sweep did not come to its end")
        time.sleep(SWEEP_SECONDS)
