"""Real workers: they train, read, measure and stop when asked, and refuse what is none of ours."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.jobs import life_cycle
from app.services.measurements import associations, runner
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Experiment, User
from tests.services.tables import SMALL, draft_on, upload, with_limits
from tests.workers.conftest import Crew, Launch, Server, children_of, job_of, runs, wait_until


def test_a_worker_trains_an_experiment_from_end_to_end(crew: Crew, launch: Launch) -> None:
    experiment = launch()
    assert experiment.state == "queued"
    crew.worker()
    wait_until(lambda: runs(experiment), seconds=60, what="progress, fold by fold")
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")
    job = job_of(experiment)
    assert (job.state, job.attempt, job.error) == ("finished", 1, None)
    report = experiments.report_of(experiment)
    assert report is not None
    assert experiment.actual is not None
    assert experiment.environment is not None
    assert experiment.headline is not None
    lines = experiments.predictions_file(experiment).read_text().splitlines()
    assert len(lines) > 10_000


def test_a_running_experiment_can_be_cancelled(crew: Crew, launch: Launch, user: User) -> None:
    experiment = launch(trees=100, folds=20)
    crew.worker()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    experiments.cancel(user, experiment.id)
    wait_until(lambda: experiment.state == "cancelled", seconds=30, what="the cancelling")
    assert job_of(experiment).state == "cancelled"
    assert experiments.report_of(experiment) is None


def _trials_done(experiment: Experiment) -> int:
    return int((job_of(experiment).progress.get("search") or {}).get("done", 0))


def test_a_search_ends_early_with_its_best_and_goes_on_to_judge(crew: Crew, launch: Launch, user: User) -> None:
    experiment = launch(trials=5000, folds=2)
    crew.worker()
    wait_until(lambda: _trials_done(experiment) >= 3, seconds=60, what="the first trials")
    experiments.keep_best(user, experiment.id)
    limit = jobs.max_trials_of(job_of(experiment).id)
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")
    report = experiments.report_of(experiment)
    assert report is not None
    assert report.tuning is not None
    first, *later = report.tuning.searches
    # The first search may be a few trials ahead of what its page showed.
    assert limit is not None
    assert first.trials >= limit >= 3
    assert {summary.trials for summary in later} == {limit}
    assert report.tuning.limit == limit


def test_a_single_fit_of_minutes_is_cancelled_too(crew: Crew, launch: Launch, user: User) -> None:
    experiment = launch(trees=5000, folds=2)
    worker = crew.worker()
    wait_until(lambda: "Fitting" in job_of(experiment).progress.get("message", ""), seconds=60, what="the first fit")
    experiments.cancel(user, experiment.id)
    wait_until(lambda: experiment.state == "cancelled", seconds=30, what="the cancelling")
    wait_until(lambda: not children_of(worker.pid), seconds=10, what="the end of the fit")
    assert worker.poll() is None


def test_work_that_takes_too_long_fails_with_its_limit_named(crew: Crew, app: Flask, launch: Launch) -> None:
    with_limits(app, train_seconds=3)
    experiment = launch(trees=5000, folds=2)
    crew.worker()
    wait_until(lambda: experiment.state == "failed", seconds=60, what="the failing")
    assert experiment.failure_code == "timed_out"
    assert experiment.failure == "It took longer than 3 s and was stopped."
    assert job_of(experiment).attempt == 1


def _upload_large(app: Flask, user: User, content: bytes) -> Dataset:
    with_limits(app, inline_read_mb=0)
    row = datasets.start_upload(user, "river.csv")
    datasets.incoming_file(row.id).write_bytes(content)
    return datasets.finish_upload(user, row.id, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_a_worker_reads_a_large_file(app: Flask, user: User, crew: Crew) -> None:
    dataset = _upload_large(app, user, SMALL.encode())
    assert dataset.state == "reading"
    assert drafts.plan_of(user, draft_on(user, dataset)).spec is None
    crew.worker()
    wait_until(lambda: dataset.state == "ready", seconds=60, what="the reading")
    assert (dataset.rows, dataset.column_count) == (300, 4)
    assert not datasets.incoming_file(dataset.id).exists()
    assert datasets.original_of(dataset) is not None


def test_an_analysis_is_done_by_its_own_workers_while_all_others_train(
    app: Flask, user: User, crew: Crew, launch: Launch
) -> None:
    experiment = launch(trees=5000, folds=2)
    crew.worker("train")
    wait_until(lambda: experiment.state == "running", seconds=60, what="the training")
    dataset = _upload_large(app, user, SMALL.encode())
    crew.worker("analysis")
    wait_until(lambda: dataset.state == "ready", seconds=60, what="the reading")
    assert experiment.state == "running"
    experiments.cancel(user, experiment.id)


def test_a_draft_moves_to_a_file_read_again_when_a_worker_is_done(app: Flask, user: User, crew: Crew) -> None:
    dataset = upload(user, SMALL.encode())
    draft = draft_on(user, dataset, target="flow")
    with_limits(app, inline_read_mb=0)
    again = drafts.reread(user, draft.id, {"decimal": "."}, version=draft.version)
    assert (again.state, again.source_id) == ("reading", dataset.id)
    crew.worker("analysis")
    wait_until(lambda: draft.dataset_id == again.id, seconds=60, what="the moving of the draft")
    assert draft.answers["data"] == {"dataset_id": str(again.id), "target": "flow"}


@pytest.mark.parametrize("queues", ["", "training", "analysis,,nothing"])
def test_a_queue_that_does_not_exist_is_refused(queues: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "workers", "--queues", queues], capture_output=True, text=True, timeout=60, check=False
    )
    assert process.returncode == 2
    assert "--queues takes analysis, quick, measure, train" in process.stderr


def test_a_large_file_that_cannot_be_read_says_why(app: Flask, user: User, crew: Crew) -> None:
    later = b"2001-12-02,1,2,3\n"
    # Further down than a first look goes.
    too_long = SMALL.encode() + 300 * later + b"2001-12-01,1,2," + 3_000_000 * b"9" + b"\n"
    dataset = _upload_large(app, user, too_long)
    crew.worker()
    wait_until(lambda: dataset.state == "failed", seconds=60, what="the refusal")
    assert dataset.reason is not None
    assert "Line 602 holds a cell with more than" in dataset.reason
    # The bytes go once the end of the job is committed.
    wait_until(lambda: datasets.original_of(dataset) is None, seconds=30, what="the end of its bytes")


def test_a_worker_measures_associations(
    crew: Crew, sample: Dataset, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    profile = datasets.profile_of(sample)
    assert profile is not None
    assert server.process is not None
    kinds = {column.name: column.kind for column in profile.columns}
    assert associations.associations_for(sample, "discharge_mm", kinds) is None
    crew.worker()

    def complete() -> bool:
        match = associations.associations_for(sample, "discharge_mm", kinds)
        return match is not None and match.complete

    wait_until(complete, seconds=60, what="the measuring")
    result = associations.associations_for(sample, "discharge_mm", kinds)
    assert result is not None
    assert {item.column for item in result.items} == {column.name for column in profile.columns} - {"discharge_mm"}


def test_a_job_that_is_none_of_ours_is_refused_and_the_worker_goes_on(
    crew: Crew, launch: Launch, server: Server
) -> None:
    mark = crew.folder / "mark"
    foreign = Queue("quick", connection=Redis.from_url(server.url), serializer=JSONSerializer)
    foreign.enqueue("os.system", f"touch {mark}")
    foreign.enqueue("workers.jobs.train.train", "not-an-id")
    crew.worker()
    experiment = launch(trees=10, folds=2)
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end of our own job")
    assert not mark.exists()
    assert "none of ours" in crew.words


def test_what_is_no_job_at_all_does_not_end_a_worker(crew: Crew, launch: Launch, server: Server) -> None:
    redis, moment = Redis.from_url(server.url), "2026-01-01T00:00:00.000000Z"
    poison = [
        b"",
        b"\x80garbage",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'["os.system", null, {"a": 1}, null]',
        b"[1, 2, 3, 4]",
    ]
    for number, data in enumerate(poison):
        values = {"created_at": moment, "enqueued_at": moment, "origin": "quick", "status": "queued", "data": data}
        redis.hset(f"rq:job:poison-{number}", mapping=values)
        redis.rpush("rq:queue:quick", f"poison-{number}")
    crew.worker()
    experiment = launch(trees=10, folds=2)
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end of our own job")
    assert redis.llen("rq:queue:quick") == 0
    assert crew.words.count("none of ours") == len(poison)
    assert "unhandled" not in crew.words


def test_a_job_enqueued_twice_is_done_once(crew: Crew, launch: Launch) -> None:
    experiment = launch(trees=10, folds=2)
    life_cycle.wake_worker(job_of(experiment))
    crew.worker()
    crew.worker()
    wait_until(lambda: experiment.state == "finished", seconds=90, what="the end")
    assert job_of(experiment).attempt == 1


@pytest.mark.usefixtures("app")
def test_an_idle_worker_ends_when_told_to(crew: Crew) -> None:
    worker = crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=30, what="the first beat")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_a_job_of_a_deleted_dataset_fails_with_a_sentence(crew: Crew, app: Flask, user: User) -> None:
    dataset = _upload_large(app, user, SMALL.encode())
    original = datasets.original_of(dataset)
    assert original is not None
    original.unlink()
    crew.worker()
    wait_until(lambda: dataset.state == "failed", seconds=60, what="the refusal")
    assert dataset.reason == "The uploaded file is gone. Upload it again."


def test_an_end_that_came_first_stands(crew: Crew, launch: Launch, user: User) -> None:
    experiment = launch(trees=10, folds=2)
    experiments.cancel(user, experiment.id)
    with transaction():
        assert jobs.claim(job_of(experiment).id, worker_id="late", lease_seconds=15) is None
    crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=30, what="the first beat")
    assert experiment.state == "cancelled"
