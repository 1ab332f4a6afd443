"""Attempts that do not count: planned ends and obstacles give a job back, and only its holder can."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from app.domain.vocabulary import JobKind
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User


@pytest.fixture
def job(user: User) -> Job:
    with transaction():
        return jobs.add_job(JobKind.TRAIN, subject_id=uuid.uuid4(), owner_id=user.id, seconds=60)


def claim(job: Job, *, worker: str = "anna", lease: float = 60.0) -> int | None:
    with transaction():
        return jobs.claim(job.id, worker_id=worker, lease_seconds=lease)


def fresh(job: Job) -> Job:
    db.session.commit()
    return jobs.get_job(job.id)


def return_to_queue(job: Job, worker: str = "anna") -> bool:
    with transaction():
        return jobs.return_to_queue(job.id, worker_id=worker)


def test_a_job_may_be_handed_back_any_number_of_times(job: Job) -> None:
    for attempt in range(1, 8):
        assert claim(job) == attempt
        assert return_to_queue(job)
        row = fresh(job)
        assert (row.state, row.lease_until, row.enqueued_at, jobs.counted_attempts(row)) == ("queued", None, None, 0)
    for attempt in (8, 9, 10):
        assert claim(job, lease=-1.0) == attempt
    assert jobs.counted_attempts(fresh(job)) == 3
    assert claim(job) is None


def test_only_the_holder_hands_a_job_back(job: Job) -> None:
    assert not return_to_queue(job)
    claim(job)
    assert not return_to_queue(job, "ben")
    assert fresh(job).state == "running"


def test_a_job_that_is_to_be_cancelled_is_not_handed_back(job: Job) -> None:
    claim(job)
    with transaction():
        jobs.request_cancel(job.id)
    assert not return_to_queue(job)


def test_a_lease_is_given_up_with_the_reason(job: Job) -> None:
    claim(job)
    with transaction():
        assert not jobs.expire_lease(job.id, worker_id="ben", code="worker_lost", reason="It crashed.")
        assert jobs.expire_lease(job.id, worker_id="anna", code="worker_lost", reason="It crashed.")
    (stale,) = [jobs.get_job(identifier) for identifier in jobs.stale_ids()]
    assert (stale.id, stale.error_code, stale.error) == (job.id, "worker_lost", "It crashed.")


def test_a_postponed_job_keeps_its_reason_until_it_is_taken(job: Job) -> None:
    attempt = claim(job)
    assert attempt is not None
    with transaction():
        assert jobs.postpone(job.id, attempt=attempt, wait_seconds=40, code="disk_full", reason="The disk was full.")
        assert not jobs.postpone(job.id, attempt=attempt, wait_seconds=40, code="disk_full", reason="Again.")
    row = fresh(job)
    assert row.not_before is not None
    assert now() + timedelta(seconds=30) < row.not_before <= now() + timedelta(seconds=40)
    assert claim(job) is None
    with transaction():
        fresh(job).not_before = now()
    assert claim(job) == 2
    row = fresh(job)
    assert (row.error_code, row.error, row.not_before, row.postponements) == (None, None, None, 1)
