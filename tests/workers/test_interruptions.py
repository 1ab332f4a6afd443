"""What is no fault of a job does not end it: a locked database, planned restarts, a killed process with its reason."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app.domain.vocabulary import JobKind
from app.launch.supervisor import WORKER_PATIENCE_SECONDS
from app.services.datasets import datasets
from app.services.jobs import upkeep
from app.services.measurements import associations, runner
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Dataset, Experiment
from tests.workers.conftest import Crew, Launch, Server, children_of, job_of, runs, wait_until
from tests.workers.obstacles import LOCK_SECONDS, LockedDatabase, MemoryGroup


def under_way(experiment: Experiment, attempt: int) -> bool:
    """Return whether a fold of this attempt has been judged."""
    return job_of(experiment).attempt == attempt and runs(experiment)


def test_a_lock_beyond_a_lease_ends_no_training(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    with LockedDatabase(crew.settings.data) as lock:
        lock.wait()
        locked_until = now()
    wait_until(lambda: job_of(experiment).state not in ("running", "queued"), seconds=90, what="the end")
    job = job_of(experiment)
    assert (experiment.state, experiment.failure) == ("finished", None)
    # The training was done before the lock was, so that its last store had to wait.
    assert (job.state, job.attempt, job.error) == ("finished", 1, None)
    assert experiment.finished_at is not None
    assert locked_until - experiment.finished_at < timedelta(seconds=LOCK_SECONDS)


@pytest.mark.slow
def test_a_lock_while_columns_are_measured_ends_no_job(
    crew: Crew, sample: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    profile = datasets.profile_of(sample)
    assert profile is not None
    kinds = {column.name: column.kind for column in profile.columns}
    associations.associations_for(sample, "discharge_mm", kinds)
    crew.worker()
    crew.upkeep()
    wait_until(lambda: jobs.live_workers() == 1, seconds=30, what="the first beat")
    with LockedDatabase(crew.settings.data) as lock:
        lock.wait()

    def complete() -> bool:
        result = associations.associations_for(sample, "discharge_mm", kinds)
        return result is not None and result.complete

    wait_until(complete, seconds=60, what="the measuring")
    job = jobs.find_job(sample.id, JobKind.ASSOCIATE)
    assert job is not None
    wait_until(lambda: job.state == "finished", seconds=30, what="the end of the job")


@pytest.mark.slow
def test_planned_restarts_hand_a_training_on(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=50, folds=4)
    crew.upkeep()
    for attempt in (1, 2, 3, 4):
        worker = crew.worker()
        wait_until(partial(under_way, experiment, attempt), seconds=90, what=f"fold 1 of attempt {attempt}")
        children = children_of(worker.pid)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(WORKER_PATIENCE_SECONDS) == 0
        db.session.rollback()
        job = job_of(experiment)
        assert (job.state, experiment.state, job.error) == ("queued", "queued", None)
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    crew.worker()
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")
    assert (job_of(experiment).attempt, job_of(experiment).uncounted_attempts) == (5, 4)


def test_a_restart_of_all_workers_loses_nothing(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    crew.upkeep()
    workers = [crew.worker(), crew.worker()]
    wait_until(lambda: runs(experiment), seconds=90, what="the first fold")
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(WORKER_PATIENCE_SECONDS) for worker in workers] == [0, 0]
    db.session.rollback()
    assert job_of(experiment).state == "queued"
    assert jobs.live_workers() == 0
    crew.worker()
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")


def test_a_training_that_is_being_cancelled_is_not_handed_on(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=5000, folds=2)
    worker = crew.worker()
    wait_until(lambda: "Fitting" in job_of(experiment).progress.get("message", ""), seconds=60, what="the first fit")
    with transaction():
        jobs.request_cancel(job_of(experiment).id)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(WORKER_PATIENCE_SECONDS) == 0
    upkeep.sweep()
    wait_until(lambda: experiment.state == "cancelled", seconds=10, what="the cancelling")


@pytest.mark.slow
def test_a_killed_process_is_not_said_to_lack_memory(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=500, folds=4)
    worker = crew.worker()
    crew.upkeep()
    for attempt in (1, 2, 3):
        wait_until(partial(_fits, experiment, attempt), seconds=60, what=f"attempt {attempt}")
        for child in children_of(worker.pid):
            os.kill(child, signal.SIGKILL)
        # Its worker saw the end, so that nobody waits for a lease to run out; the next attempt may be under way at once.
        wait_until(partial(_ended, experiment, attempt), seconds=10, what="the noticing")
    wait_until(lambda: experiment.state == "failed", seconds=10, what="the end")
    assert experiment.failure_code == "worker_lost"
    assert experiment.failure is not None
    assert experiment.failure.startswith("The worker stopped 3 times while it worked on this.")
    assert "signal 9" in experiment.failure
    assert "ran out" not in experiment.failure
    assert "want of memory" not in experiment.failure


def _fits(experiment: Experiment, attempt: int) -> bool:
    job = job_of(experiment)
    return job.attempt == attempt and job.state == "running"


def _ended(experiment: Experiment, attempt: int) -> bool:
    return not _fits(experiment, attempt)


def test_a_crash_is_said_to_be_one(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=5000, folds=2)
    worker = crew.worker()
    wait_until(partial(_fits, experiment, 1), seconds=60, what="the first attempt")
    for child in children_of(worker.pid):
        os.kill(child, signal.SIGSEGV)
    wait_until(lambda: job_of(experiment).error is not None, seconds=10, what="the noticing")
    assert job_of(experiment).error == "The process that worked on it crashed (SIGSEGV)."


def test_want_of_memory_is_said_where_memory_ran_out(crew: Crew, launch: Launch) -> None:
    worker = crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=60, what="the first beat")
    with MemoryGroup.of_mb(100) as group:
        group.add(worker.pid)
        experiment = launch(trees=500, folds=2)
        wait_until(lambda: job_of(experiment).error is not None, seconds=90, what="the end for want of memory")
        job = job_of(experiment)
        assert job.error_code == "out_of_memory"
        assert job.error is not None
        assert job.error.startswith("Its memory ran out")
    assert worker.poll() is None


@pytest.mark.parametrize("busy", [True, False])
def test_a_worker_ends_when_told_to_while_redis_is_away(crew: Crew, launch: Launch, server: Server, busy: bool) -> None:
    worker = crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=60, what="the first beat")
    experiment = launch(trees=5000, folds=2) if busy else None
    if experiment is not None:
        wait_until(partial(_fits, experiment, 1), seconds=60, what="the first attempt")
    server.stop(signal.SIGKILL)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(WORKER_PATIENCE_SECONDS) == 0
    db.session.rollback()
    assert jobs.live_workers() == 0
    if experiment is not None:
        assert job_of(experiment).state == "queued"
