"""What happens when workers are killed and Redis goes away: nothing is lost, and nothing is said to run that does not."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from redis import Redis

from app import queue
from app.services import experiments
from app.services.jobs import life_cycle, upkeep
from app.storage import jobs
from app.storage.db import now, transaction
from app.storage.tables import Experiment
from tests.workers.conftest import Crew, Launch, Server, children_of, job_of, runs, wait_until

NOTICED_SECONDS = 30
# Being noticed is promised; how soon somebody has time for it depends on what else the machine does.
TAKEN_UP_SECONDS = 60


def attempted(experiment: Experiment, attempt: int) -> bool:
    """Return whether this attempt is under way."""
    return job_of(experiment).attempt == attempt


def test_a_killed_child_is_replaced_and_the_work_is_done_once(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    worker = crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    for child in children_of(worker.pid):
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: job_of(experiment).attempt == 2, seconds=TAKEN_UP_SECONDS, what="the second attempt")
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")
    assert job_of(experiment).attempt == 2


def test_a_killed_worker_takes_its_child_along(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=5000, folds=2)
    worker = crew.worker()
    wait_until(lambda: "Fitting" in job_of(experiment).progress.get("message", ""), seconds=60, what="the first fit")
    (child,) = children_of(worker.pid)
    worker.kill()
    worker.wait(10)

    def gone() -> bool:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(gone, seconds=5, what="the end of the child")


def test_another_worker_takes_over_from_a_killed_one(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    first = crew.worker()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    second = crew.worker()
    crew.upkeep()
    os.killpg(first.pid, signal.SIGKILL)
    wait_until(lambda: job_of(experiment).attempt == 2, seconds=TAKEN_UP_SECONDS, what="the second attempt")
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")
    assert second.poll() is None


def test_without_any_worker_left_nothing_is_said_to_run(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    only = crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    os.killpg(only.pid, signal.SIGKILL)
    wait_until(lambda: experiment.state == "queued", seconds=NOTICED_SECONDS, what="the noticing")
    assert job_of(experiment).state == "queued"


def test_after_three_lost_workers_it_fails_and_says_so(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=4)
    for attempt in (1, 2, 3):
        worker = crew.worker()
        if attempt > 1:
            life_cycle.wake_worker(job_of(experiment))
        wait_until(partial(attempted, experiment, attempt), seconds=60, what="an attempt")
        os.killpg(worker.pid, signal.SIGKILL)
        with transaction():
            job_of(experiment).lease_until = now() - timedelta(seconds=1)
        assert upkeep.sweep() == 1
    assert experiment.state == "failed"
    assert experiment.failure_code == "worker_lost"
    assert experiment.failure is not None
    assert "stopped 3 times" in experiment.failure


def test_a_lost_queue_entry_is_made_again(crew: Crew, launch: Launch, server: Server) -> None:
    experiment = launch(trees=10, folds=2)
    Redis.from_url(server.url).flushall()
    with transaction():
        job = job_of(experiment)
        job.created_at = job.enqueued_at = now() - timedelta(minutes=1)
    crew.worker()
    crew.upkeep()
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")


def test_launching_works_while_redis_is_away(crew: Crew, launch: Launch, server: Server) -> None:
    server.stop()
    experiment = launch(trees=10, folds=2)
    assert experiment.state == "queued"
    assert queue.enqueued_ids() is None
    crew.worker()
    crew.upkeep()
    server.start()
    queue.forget_failures()
    with transaction():
        job = job_of(experiment)
        job.created_at = job.enqueued_at = now() - timedelta(minutes=1)
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")


@pytest.mark.parametrize("how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_work_goes_on_while_redis_is_away(
    app: Flask, crew: Crew, launch: Launch, server: Server, how: signal.Signals
) -> None:
    experiment = launch(trees=20, folds=6)
    worker = crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    server.stop(how)
    done = len(job_of(experiment).progress["folds"])
    wait_until(
        lambda: job_of(experiment).state != "running" or len(job_of(experiment).progress["folds"]) >= min(done + 2, 6),
        seconds=60,
        what="work without Redis",
    )
    server.start()
    queue.forget_failures()
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")
    assert job_of(experiment).attempt == 1
    assert worker.poll() is None
    following = launch(trees=10, folds=2)
    wait_until(lambda: following.state == "finished", seconds=90, what="the end of the next one")
    assert app.extensions["hydroml_settings"].redis_url == server.url


def test_an_attempt_that_was_given_up_writes_nothing(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=20, folds=6)
    worker = crew.worker()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    with transaction():
        job = job_of(experiment)
        job.lease_until = now() - timedelta(seconds=1)
        amount = jobs.claim(job.id, worker_id="another", lease_seconds=600)
    assert amount == 2
    wait_until(lambda: not children_of(worker.pid), seconds=60, what="the end of the first attempt")
    job = job_of(experiment)
    assert (job.state, job.attempt, job.worker_id) == ("running", 2, "another")
    assert experiment.state == "running"
    assert experiments.report_of(experiment) is None
