"""Upkeep: requeue lost jobs, fail stopped uploads, remove old sessions and files."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.domain.vocabulary import JobKind
from app.services import idempotency
from app.services.accounts.accounts import KNOWN_ADDRESS
from app.services.accounts.sessions import IDLE
from app.services.audit import trail
from app.services.context import current_settings
from app.services.datasets import analysis, analysis_cache, datasets, originals, stored_files, uploads
from app.services.jobs import recovery
from app.services.usage.recording import count_cache
from app.storage import accounts, experiments, files, jobs, sessions
from app.storage import datasets as dataset_rows
from app.storage.db import now, transaction
from app.storage.engine import BUSY_SECONDS

log = logging.getLogger(__name__)
SWEEP_SECONDS = 5
UPLOAD_MINUTES = 10
LEFTOVER_SECONDS = 3600


def sweep() -> int:
    """Requeue what was left behind; returns how many jobs lost workers had. Several processes may do it at once."""
    lost = recovery.requeue_lost_jobs()
    # Whoever reads while somebody waits needs no longer than this, and as long for the database to say so.
    seconds = current_settings().limits.inline_read_seconds + BUSY_SECONDS
    adopt_readings(before=now() - timedelta(seconds=seconds))
    recovery.requeue_stale_jobs()
    return lost


def adopt_readings(*, before: datetime) -> None:
    """Give to workers what a web process was reading when it was killed.

    A web process that starts does so for all that is being read: where another one is alive and at it, the worker finds
    the rows ready, or reads the same bytes to the same end.
    """
    if not dataset_rows.list_abandoned(before):
        return
    with transaction():
        for row in dataset_rows.list_abandoned(before):
            row.touched_at = now()
            analysis.enqueue_analysis(row)
            log.warning("the dataset %s was being read by a process that is gone, and is left to a worker", row.id)


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
    _count_cache()
    trail.shorten_old_addresses()
    trail.catch_up()
    for row in dataset_rows.list_stuck_uploads(now() - timedelta(minutes=UPLOAD_MINUTES)):
        # A file that waits for a worker has a job, however long it waits; one without was being read by a web process.
        if jobs.find_job(row.id, JobKind.ANALYSE) is None:
            originals.fail_dataset(row.id, code=uploads.STOPPED, message=uploads.stopped_words(row))
    data, least = current_settings().data, current_settings().limits.free_disk_mb
    datasets.purge_old(all_of_them=files.free_mb(data) < least)
    _remove_leftovers()
    stored_files.record_missing_hashes()


def _count_cache() -> None:
    """Write down how often the cache of analyses was asked, so that it is known when Redis has forgotten."""
    request = analysis_cache.take_uncounted()
    if request is not None:
        count_cache(hits=request.hits, misses=request.misses)


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
            originals.release_bytes(path.name)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - LEFTOVER_SECONDS
    except FileNotFoundError:
        return False


def sweep_for_ever(app: Flask) -> None:
    """Sweep every few seconds until the process ends; what an earlier one was reading is taken over first."""
    started: datetime | None = now()
    recovery.begin_grace()
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
