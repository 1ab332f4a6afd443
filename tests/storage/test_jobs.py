"""One worker holds a job at a time; a worker that was given up on writes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from app.domain.errors import NotFoundError
from app.domain.vocabulary import JobKind, RunState
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User, WorkerBeat
from tests.services.tables import at_once, nobody

LEASE = 60.0
PAST = -1.0
FINAL = [RunState.FINISHED, RunState.FAILED, RunState.CANCELLED]
Write = Callable[[uuid.UUID, int], bool]


@pytest.fixture
def job(user: User) -> Job:
    return _add(user)


def _add(user: User, kind: JobKind = JobKind.TRAIN, subject: uuid.UUID | None = None) -> Job:
    with transaction():
        return jobs.add_job(kind, subject_id=subject or uuid.uuid4(), owner_id=user.id, seconds=60)


def _claim(job: Job, *, lease: float = LEASE, worker: str = "w") -> int | None:
    with transaction():
        return jobs.claim(job.id, worker_id=worker, lease_seconds=lease)


def _held(job: Job, *, lease: float = LEASE, worker: str = "w") -> int:
    attempt = _claim(job, lease=lease, worker=worker)
    assert attempt is not None
    return attempt


def _now(job: Job) -> Job:
    """Return the job as the database has it, and not as this session remembers it."""
    db.session.commit()
    return jobs.get_job(job.id)


def _values(job: Job) -> dict[str, object]:
    row = _now(job)
    return {name: getattr(row, name) for name in [attribute.key for attribute in inspect(Job).column_attrs]}


def _end(job: Job, attempt: int, state: RunState = RunState.FINISHED) -> bool:
    with transaction():
        return jobs.end(job.id, attempt=attempt, state=state)


def test_a_new_job_waits_and_belongs_to_nobody(job: Job, user: User) -> None:
    row = _now(job)
    assert (row.state, row.attempt, row.worker_id, row.lease_until) == ("queued", 0, None, None)
    assert (row.owner_id, row.arguments, row.progress, row.time_limit_seconds) == (user.id, {}, {}, 60)


def test_of_twenty_workers_one_gets_the_job(app: Flask, job: Job) -> None:
    job_id = job.id

    def take(place: int) -> int | None:
        with transaction():
            return jobs.claim(job_id, worker_id=f"w{place}", lease_seconds=LEASE)

    results = at_once(app, 20, take)
    assert sorted(results, key=str) == [1, *[None] * 19]
    row = _now(job)
    assert (row.state, row.attempt, row.worker_id) == ("running", 1, f"w{results.index(1)}")


def test_of_twenty_workers_one_gets_the_job_of_a_lost_worker(app: Flask, job: Job) -> None:
    job_id = job.id
    _held(job, lease=PAST, worker="lost")

    def take(place: int) -> int | None:
        with transaction():
            return jobs.claim(job_id, worker_id=f"w{place}", lease_seconds=LEASE)

    results = at_once(app, 20, take)
    assert sorted(results, key=str) == [2, *[None] * 19]
    assert _now(job).worker_id == f"w{results.index(2)}"


def test_five_workers_share_twenty_jobs_without_taking_one_twice(app: Flask, user: User) -> None:
    ids = [_add(user).id for _ in range(20)]

    def take_all(place: int) -> list[uuid.UUID]:
        identifiers = []
        for job_id in ids[place:] + ids[:place]:
            with transaction():
                if jobs.claim(job_id, worker_id=f"w{place}", lease_seconds=LEASE):
                    identifiers.append(job_id)
        return identifiers

    used_names = [job_id for result in at_once(app, 5, take_all) for job_id in result]
    assert sorted(used_names, key=str) == sorted(ids, key=str)


def test_a_claim_says_who_holds_the_job_and_until_when(job: Job) -> None:
    before = now()
    assert _claim(job, worker="anna") == 1
    row = _now(job)
    assert (row.state, row.worker_id, row.attempt) == ("running", "anna", 1)
    assert row.lease_until is not None
    assert before <= row.lease_until - timedelta(seconds=LEASE) <= now()
    assert row.started_at is not None


def test_a_job_that_is_held_cannot_be_claimed(job: Job) -> None:
    _held(job)
    before = _values(job)
    assert _claim(job, worker="thief") is None
    assert _values(job) == before


def test_a_job_whose_lease_has_run_out_is_claimed_by_another(job: Job) -> None:
    assert (_claim(job, lease=PAST, worker="lost"), _claim(job, worker="next")) == (1, 2)
    assert _now(job).worker_id == "next"


@pytest.mark.parametrize("state", FINAL)
def test_a_job_that_has_ended_cannot_be_claimed_nor_ended_again(job: Job, state: RunState) -> None:
    attempt = _held(job)
    assert _end(job, attempt, state)
    before = _values(job)
    assert _claim(job) is None
    assert [_end(job, attempt, other) for other in FINAL] == [False] * 3
    assert _values(job) == before


def test_a_job_that_does_not_exist_cannot_be_claimed_or_had(app: Flask) -> None:
    with transaction():
        assert jobs.claim(nobody(), worker_id="w", lease_seconds=LEASE) is None
    with pytest.raises(NotFoundError, match="no such job"):
        jobs.get_job(nobody())
    assert jobs.is_cancelled(nobody(), attempt=1)


def test_a_job_is_tried_three_times_at_most(job: Job) -> None:
    assert [_claim(job, lease=PAST) for _ in range(5)] == [1, 2, 3, None, None]
    assert _now(job).attempt == jobs.MAX_ATTEMPTS == 3


WRITES: dict[str, Write] = {
    "renew": lambda job_id, attempt: jobs.extend_lease(job_id, attempt=attempt, lease_seconds=LEASE),
    "write_progress": lambda job_id, attempt: jobs.write_progress(job_id, attempt=attempt, progress={"fold": 3}),
    "end": lambda job_id, attempt: jobs.end(job_id, attempt=attempt, state=RunState.FINISHED),
    "fail": lambda job_id, attempt: jobs.end(job_id, attempt=attempt, state=RunState.FAILED, error="It broke."),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_the_worker_that_holds_a_job_may_write(job: Job, write: Write) -> None:
    attempt = _held(job)
    before = _values(job)
    with transaction():
        assert write(job.id, attempt)
    assert _values(job) != before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("after", ["claimed", "requeued", "ended", "never held"])
def test_a_write_with_an_old_attempt_touches_nothing(job: Job, write: Write, after: str) -> None:
    old = 0 if after == "never held" else _held(job, lease=PAST)
    if after == "claimed":
        _held(job, worker="next")
    elif after == "requeued":
        with transaction():
            assert jobs.requeue(_now(job))
    elif after == "ended":
        assert _end(job, old)
    before = _values(job)
    with transaction():
        assert not write(job.id, old)
        assert not write(job.id, old + 7)
    assert _values(job) == before


def test_a_lease_that_ran_out_unnoticed_can_still_be_renewed(job: Job) -> None:
    attempt = _held(job, lease=PAST)
    with transaction():
        assert jobs.extend_lease(job.id, attempt=attempt, lease_seconds=LEASE)
    assert _claim(job, worker="late") is None
    assert jobs.stale_ids() == []


def test_the_end_says_how_and_why_and_lets_go(job: Job) -> None:
    attempt = _held(job)
    with transaction():
        assert jobs.end(job.id, attempt=attempt, state=RunState.FAILED, error_code="memory", error="It was too large.")
    row = _now(job)
    assert (row.state, row.error_code, row.error, row.lease_until) == ("failed", "memory", "It was too large.", None)
    assert row.finished_at is not None


def test_only_a_job_whose_worker_is_lost_is_put_back(job: Job) -> None:
    with transaction():
        assert not jobs.requeue(_now(job))
    attempt = _held(job)
    with transaction():
        assert not jobs.requeue(_now(job))
        assert jobs.extend_lease(job.id, attempt=attempt, lease_seconds=PAST)
    with transaction():
        assert jobs.requeue(_now(job))
    row = _now(job)
    assert (row.state, row.attempt, row.lease_until, row.enqueued_at) == ("queued", attempt, None, None)
    assert _claim(job, worker="next") == attempt + 1


def test_a_sweeper_with_an_old_picture_of_a_job_changes_nothing(app: Flask, job: Job) -> None:
    _held(job, lease=PAST)
    with app.app_context():
        seen = jobs.get_job(job.id)
        db.session.expunge(seen)
    _held(job, worker="next")
    before = _values(job)
    with transaction():
        assert not jobs.requeue(seen)
        assert not jobs.end_unleased(seen, state=RunState.FAILED, stale=True)
        assert not jobs.end_unleased(seen, state=RunState.FAILED)
    assert _values(job) == before


def test_a_job_nobody_holds_can_be_ended_by_anybody(job: Job) -> None:
    seen = _now(job)
    with transaction():
        assert jobs.end_unleased(seen, state=RunState.CANCELLED, error_code="cancelled", error="It was cancelled.")
    row = _now(job)
    assert (row.state, row.error_code, row.error) == ("cancelled", "cancelled", "It was cancelled.")
    assert row.finished_at is not None
    assert _claim(job) is None


@pytest.mark.parametrize(("lease", "ended"), [(LEASE, False), (PAST, True)])
def test_a_job_that_is_held_is_ended_from_outside_only_once_its_lease_has_run_out(
    job: Job, lease: float, ended: bool
) -> None:
    attempt = _held(job, lease=lease)
    seen = _now(job)
    with transaction():
        assert jobs.end_unleased(seen, state=RunState.FAILED, stale=True) is ended
    assert _now(job).state == ("failed" if ended else "running")
    assert _end(job, attempt) is not ended


def test_of_a_worker_and_a_canceller_one_has_its_way(app: Flask, user: User) -> None:
    for _ in range(5):
        job = _add(user)
        job_id = job.id

        def act(place: int, job_id: uuid.UUID = job_id) -> bool:
            with transaction():
                if place:
                    return jobs.claim(job_id, worker_id="w", lease_seconds=LEASE) is not None
                seen = jobs.get_job(job_id)
                return seen.state == "queued" and jobs.end_unleased(seen, state=RunState.CANCELLED)

        cancelled, usage = at_once(app, 2, act)
        assert {cancelled, usage} == {True, False}
        assert _now(job).state == ("cancelled" if cancelled else "running")


def test_a_worker_learns_that_it_should_stop(job: Job) -> None:
    attempt = _held(job, lease=PAST)
    assert not jobs.is_cancelled(job.id, attempt=attempt)
    assert jobs.is_cancelled(job.id, attempt=attempt - 1)
    with transaction():
        jobs.request_cancel(job.id)
    first = _now(job).cancel_requested_at
    with transaction():
        jobs.request_cancel(job.id)
    assert _now(job).cancel_requested_at == first
    assert jobs.is_cancelled(job.id, attempt=attempt)


@pytest.mark.parametrize("how", ["ended", "requeued", "claimed"])
def test_a_worker_that_lost_its_job_is_told_to_stop(job: Job, how: str) -> None:
    attempt = _held(job, lease=PAST)
    with transaction():
        if how == "ended":
            jobs.end(job.id, attempt=attempt, state=RunState.FAILED)
        elif how == "requeued":
            jobs.requeue(jobs.get_job(job.id))
        else:
            jobs.claim(job.id, worker_id="next", lease_seconds=LEASE)
    assert jobs.is_cancelled(job.id, attempt=attempt)


def test_only_what_waits_or_runs_is_counted_and_only_the_lost_is_stale(user: User, other_user: User) -> None:
    waiting, current, lost, done, theirs = _add(user), _add(user), _add(user), _add(user), _add(other_user)
    _held(current)
    _held(lost, lease=PAST)
    _end(done, _held(done))
    assert (jobs.count_open(user.id), jobs.count_open(other_user.id)) == (3, 1)
    assert jobs.stale_ids() == [lost.id]
    assert (jobs.count_ahead(waiting), jobs.count_ahead(theirs)) == (0, 1)


def test_the_newest_job_about_a_thing_is_found(user: User) -> None:
    subject = uuid.uuid4()
    _add(user, subject=subject)
    newest = _add(user, subject=subject)
    _add(user, JobKind.ANALYSE, subject)
    result = jobs.find_job(subject, JobKind.TRAIN)
    assert result is not None
    assert result.id == newest.id
    assert jobs.find_job(subject, JobKind.ASSOCIATE) is None


def test_a_job_without_a_queue_entry_is_found(user: User) -> None:
    first, second, current = _add(user), _add(user), _add(user)
    _held(current)
    later = now() + timedelta(seconds=1)
    assert jobs.unenqueued_ids(later) == [first.id, second.id]
    with transaction():
        jobs.mark_enqueued(first.id)
    assert jobs.unenqueued_ids(first.created_at) == []
    assert jobs.unenqueued_ids(later + timedelta(hours=1)) == [first.id, second.id]
    assert second.id in jobs.unenqueued_ids(later)


def test_workers_that_are_silent_are_no_longer_counted(app: Flask) -> None:
    with transaction():
        for name in ("one", "two", "one"):
            jobs.record_heartbeat(name, host="here", pid=7)
    assert jobs.live_workers() == 2
    with transaction():
        row = db.session.get(WorkerBeat, "two")
        assert row is not None
        row.seen_at = now() - timedelta(minutes=5)
    assert jobs.live_workers() == 1
    with transaction():
        jobs.forget_workers(now() - timedelta(minutes=1))
    assert db.session.get(WorkerBeat, "two", populate_existing=True) is None
    assert jobs.live_workers() == 1


DEEDS = ["claim", "claim briefly", "progress", "old progress", "finish", "old finish", "put back", "give up"]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.sampled_from(DEEDS), max_size=12))
def test_any_order_of_deeds_keeps_to_the_rules(user: User, deeds: list[str]) -> None:
    job = _add(user)
    state, attempt, lost = "queued", 0, False
    for deed in deeds:
        was = (state, attempt, lost)
        if deed.startswith("claim") and attempt < 3 and (state == "queued" or (state == "running" and lost)):
            state, attempt, lost = "running", attempt + 1, deed == "claim briefly"
        elif deed == "finish" and state == "running":
            state = "finished"
        elif deed == "put back" and state == "running" and lost:
            state = "queued"
        elif deed == "give up" and (state == "queued" or (state == "running" and lost)):
            state = "failed"
        done = _do(deed, job, was[1], running=was[0] == "running")
        assert done == ((state, attempt, lost) != was or (deed == "progress" and was[0] == "running")), (deed, was)
        row = _now(job)
        assert (row.state, row.attempt) == (state, attempt)


def _do(deed: str, job: Job, attempt: int, *, running: bool) -> bool:
    """Do one deed as a worker or a sweeper would, and say whether it took effect."""
    seen = _now(job)
    with transaction():
        if deed.startswith("claim"):
            lease = PAST if deed == "claim briefly" else LEASE
            return jobs.claim(job.id, worker_id="w", lease_seconds=lease) is not None
        if deed.endswith("progress"):
            return jobs.write_progress(job.id, attempt=attempt - (deed != "progress"), progress={"fold": 1})
        if deed.endswith("finish"):
            return jobs.end(job.id, attempt=attempt - (deed != "finish"), state=RunState.FINISHED)
        if deed == "put back":
            return jobs.requeue(seen)
        # The services let nobody end a job again that has ended.
        return seen.state in jobs.OPEN and jobs.end_unleased(seen, state=RunState.FAILED, stale=running)
