"""The one runner of measurements, with a measurement of its own that counts to a number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.errors import StoppedError, TrainingError
from app.domain.vocabulary import JobKind, RunState
from app.services.jobs import jobs as job_views
from app.services.measurements import kinds, runner
from app.services.measurements.runner import JobLease, Measurement, WorkState
from app.storage import datasets as dataset_rows
from app.storage import jobs
from app.storage.db import db, transaction
from app.storage.tables import Dataset, Job, TargetRanking
from tests.services.counting import Count, CountRequest, counting, request_for
from tests.services.tables import at_once
from workers.jobs.measure import measure as work

ROOT = Path(__file__).resolve().parents[2]
LARGE = 5


@pytest.fixture(autouse=True)
def _database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker in this process find the database of the test."""
    monkeypatch.setenv("HYDROML_DATA", str(app.extensions["hydroml_settings"].data))


def serve(monkeypatch: pytest.MonkeyPatch, measurement: Measurement[CountRequest, Count]) -> None:
    """Let the job of a worker in this process count."""
    monkeypatch.setattr(kinds, "MEASUREMENTS", {JobKind.RANK: measurement})


def jobs_of(dataset: Dataset) -> list[Job]:
    query = select(Job).where(Job.subject_id == dataset.id).order_by(Job.created_at)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def run_worker(job: Job) -> Job:
    """Run a job as a worker does, and return its row as it is then."""
    db.session.rollback()
    work(str(job.id))
    db.session.rollback()
    return jobs.get_job(job.id)


def reached(dataset: Dataset, goal: int = LARGE) -> int:
    """Return how far it was counted, as another process sees it."""
    count = counting().find(request_for(dataset, goal))
    return 0 if count is None else count.reached


def test_a_small_one_is_measured_at_once_and_only_once(sample: Dataset) -> None:
    counted: list[int] = []
    measurement, request = counting(counted.append), request_for(sample, 3)
    assert runner.look(measurement, request)[1].state == "none", "Looking starts nothing."
    first, second = (runner.ensure(measurement, request) for _ in range(2))
    assert first == second
    assert first == (Count(3, 3), WorkState(state="finished"))
    assert counted == [1, 2, 3]
    assert jobs_of(sample) == []


def test_what_is_complete_stays_in_memory_up_to_a_number(sample: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_REMEMBERED", 1)
    measurement = counting()
    for goal in (1, 2):
        runner.ensure(measurement, request_for(sample, goal))
    with transaction():
        db.session.query(TargetRanking).delete()
    assert measurement.find(request_for(sample, 2)) == Count(2, 2)
    assert measurement.find(request_for(sample, 1)) is None, "The oldest was forgotten."


def test_the_same_key_asked_twice_enqueues_once(app: Flask, sample: Dataset) -> None:
    measurement, dataset_id = counting(), sample.id

    def ask(_place: int) -> str:
        request = request_for(dataset_rows.get_dataset(dataset_id), LARGE)
        return runner.ensure(measurement, request)[1].state

    assert at_once(app, 8, ask) == ["queued"] * 8
    (job,) = jobs_of(sample)
    assert (job.kind, job.state, job.arguments["goal"]) == ("rank", "queued", LARGE)
    assert runner.enqueue(measurement, request_for(sample, LARGE), again=True).id == job.id
    runner.ensure(measurement, request_for(sample, LARGE + 1))
    assert len(jobs_of(sample)) == 2


def test_a_worker_stores_every_part_and_ends_the_job(sample: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    measurement = counting(on_part=lambda _number: seen.append(reached(sample)))
    serve(monkeypatch, measurement)
    result, waiting = runner.ensure(measurement, request_for(sample, LARGE))
    (job,) = jobs_of(sample)
    assert (result, waiting.state, waiting.job_id) == (None, "queued", job.id)
    assert job_views.view_of(job).partial is None
    job = run_worker(job)
    assert seen == [0, 1, 2, 3, 4], "Each part is stored before the next one is computed."
    assert (job.state, job.progress) == ("finished", {"fraction": 1.0, "reached": LARGE})
    assert job_views.view_of(job).partial == {"reached": LARGE, "goal": LARGE}
    assert runner.ensure(measurement, request_for(sample, LARGE)) == (Count(LARGE, LARGE), WorkState(state="finished"))


def test_what_has_come_is_told_while_the_job_runs(sample: Dataset) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    job = runner.enqueue(measurement, request)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30)
    assert attempt == 1
    parts = runner.measure(measurement, request, lease=JobLease(job.id, attempt, lambda: False))
    assert [next(parts).reached, next(parts).reached] == [1, 2]
    result, status = runner.look(measurement, request)
    assert (result, status.state, status.busy, status.fraction) == (Count(2, LARGE), "running", True, 0.4)
    assert runner.describe_job(measurement, jobs.get_job(job.id)) == {"reached": 2, "goal": LARGE}


def test_a_stopped_one_goes_on_when_somebody_wants_it(sample: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    job = runner.enqueue(measurement, request)

    def stop(number: int) -> None:
        if number == 2:
            lease.append(True)

    lease: list[bool] = []
    stopping = counting(on_store=stop)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30) or 0
    with pytest.raises(StoppedError):
        runner.run_job(stopping, sample.id, job.arguments, JobLease(job.id, attempt, lambda: bool(lease)))
    with transaction():
        jobs.end(job.id, attempt=attempt, state=RunState.CANCELLED)
    assert runner.ensure(measurement, request)[1].state == "cancelled", "Nobody starts again by looking."
    result, again = runner.ensure(measurement, request, again=True)
    assert (result, again.state) == (Count(2, LARGE), "queued")
    serve(monkeypatch, measurement)
    assert run_worker(jobs_of(sample)[-1]).state == "finished"
    assert reached(sample) == LARGE


def test_a_stop_after_the_last_part_is_no_stop(sample: Dataset) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    job = runner.enqueue(measurement, request)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30) or 0
    lease = JobLease(job.id, attempt, lambda: reached(sample) == LARGE)
    runner.run_job(measurement, sample.id, job.arguments, lease)
    assert runner.look(measurement, request)[1].state == "finished"


def test_a_waiting_one_is_cancelled_at_once(sample: Dataset) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    runner.cancel(measurement, request)
    runner.enqueue(measurement, request)
    runner.cancel(measurement, request)
    assert runner.look(measurement, request)[1].state == "cancelled"


def test_a_worker_killed_while_it_stores_leaves_whole_parts(
    app: Flask, sample: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurement = counting()
    job = runner.enqueue(measurement, request_for(sample, LARGE))
    db.session.rollback()
    data = str(app.extensions["hydroml_settings"].data)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.services.counting", str(job.id), "3"],
        cwd=ROOT,
        env={**os.environ, "HYDROML_DATA": data},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    job = jobs.get_job(job.id)
    assert (reached(sample), job.state, job.progress["reached"]) == (2, "running", 2)
    with transaction():
        jobs.expire_lease(job.id, worker_id=str(job.worker_id))
    counted: list[int] = []
    serve(monkeypatch, counting(counted.append))
    job = run_worker(job)
    assert (job.state, job.attempt, counted) == ("finished", 2, [3, 4, 5])
    assert reached(sample) == LARGE


def test_a_worker_that_lost_its_lease_stores_nothing(sample: Dataset) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    job = runner.enqueue(measurement, request)
    with transaction():
        first = jobs.claim(job.id, worker_id="first", lease_seconds=-1) or 0
    late = runner.measure(measurement, request, lease=JobLease(job.id, first, lambda: False))
    assert next(late).reached == 1
    with transaction():
        assert jobs.claim(job.id, worker_id="second", lease_seconds=30) == 2
    with pytest.raises(StoppedError):
        next(late)
    assert list(late) == []
    assert (reached(sample), jobs.get_job(job.id).progress["reached"]) == (1, 1)


def test_a_failure_is_told_and_can_be_tried_again(sample: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(number: int) -> None:
        if number == 3:
            raise TrainingError("Nobody can count to 3.")

    measurement, request = counting(), request_for(sample, LARGE)
    runner.enqueue(measurement, request)
    serve(monkeypatch, counting(fail))
    assert run_worker(jobs_of(sample)[0]).error_code == "training_failed"
    result, failed = runner.ensure(measurement, request)
    assert (result, failed.state, failed.reason) == (Count(2, LARGE), "failed", "Nobody can count to 3.")
    assert len(jobs_of(sample)) == 1, "What failed would fail again."
    assert runner.ensure(measurement, request, again=True)[1].state == "queued"
    serve(monkeypatch, measurement)
    assert run_worker(jobs_of(sample)[1]).state == "finished"
    assert runner.look(measurement, request)[0] == Count(LARGE, LARGE)


def test_a_job_that_waits_again_says_why(sample: Dataset) -> None:
    measurement, request = counting(), request_for(sample, LARGE)
    job = runner.enqueue(measurement, request)
    with transaction():
        job.error = "The disk was full."
    _, status = runner.look(measurement, request)
    assert (status.state, status.reason) == ("queued", "The disk was full. It is retried automatically.")


def test_a_job_without_arguments_describes_nothing(sample: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, counting())
    job = runner.enqueue(counting(), request_for(sample, LARGE))
    with transaction():
        jobs.end_unreadable(job.id, error_code="internal", error="It was ended.")
    assert job_views.view_of(jobs.get_job(job.id)).partial is None


def test_a_job_on_a_dataset_that_is_gone_describes_nothing(sample: Dataset) -> None:
    measurement = counting()
    job = runner.enqueue(measurement, request_for(sample, LARGE))
    list(runner.measure(measurement, request_for(sample, LARGE)))
    assert runner.describe_job(measurement, job) is not None
    with transaction():
        dataset_rows.drop_dataset(sample.id)
    assert runner.describe_job(measurement, job) is None
