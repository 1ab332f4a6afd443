"""What a worker does with the job of a measurement, for tests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from sqlalchemy import select

from app.domain.errors import StoppedError
from app.domain.vocabulary import JobKind
from app.services.measurements import associations, kinds, runner
from app.services.measurements.runner import JobLease
from app.storage import jobs
from app.storage.db import db, transaction
from app.storage.tables import Dataset, Job


def lease_of(job: Job, *, should_stop: Callable[[], bool] = lambda: False) -> JobLease:
    """Claim a job as a worker does."""
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30)
    assert attempt is not None
    return JobLease(job.id, attempt, should_stop)


def is_measured(job: Job, lease: JobLease) -> bool:
    """Measure under a lease, and return whether all was measured."""
    try:
        runner.run_job(kinds.MEASUREMENTS[JobKind(job.kind)], job.subject_id, job.arguments, lease)
    except StoppedError:
        return False
    return True


def work_off(job: Job, *, parts: int = 10_000) -> bool:
    """Claim a job and measure until so many parts are stored; return whether all was measured."""
    stored = 0

    def should_stop() -> bool:
        nonlocal stored
        stored += 1
        return stored >= parts

    return is_measured(job, lease_of(job, should_stop=should_stop))


def associate(dataset: Dataset, target: str, *, parts: int = 10_000) -> None:
    """Measure associations without a job, until so many parts are stored; then those on rows that are not held out."""
    whole = associations.request_for(dataset, target, {})
    assert whole is not None
    named = (Job.subject_id == dataset.id, Job.kind == JobKind.ASSOCIATE.value)
    query = [job.arguments for job in db.session.scalars(select(Job).where(*named))]
    requests = [
        associations.MEASUREMENT.restore_request(dataset, whole.profile, row) for row in query if "holdout" in row
    ]
    for request in (whole, *requests):
        for _ in islice(runner.measure(associations.MEASUREMENT, request), parts):
            pass
