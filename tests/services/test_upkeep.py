"""Upkeep: what a lost worker held goes on or ends with a sentence, and what nobody needs any more is forgotten."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select

from app import queue
from app.domain.vocabulary import JobKind, RunState
from app.services import experiments
from app.services.accounts import accounts, sessions
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.jobs import upkeep
from app.storage import files, jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Dataset, Experiment, Job, SignInLink, User, WebSession, WorkerBeat
from tests.services.tables import SMALL, at_once, upload, with_limits
from tests.web.seeds import add_experiment
from tests.workers.conftest import Server

PAST, LONG = -1.0, 600.0
HOURS_AGO = 7200
Row = TypeVar("Row", Experiment, Dataset, Job)


def fresh(row: Row) -> Row:
    """Return a row as the database has it."""
    db.session.commit()
    db.session.refresh(row)
    return row


def job_of(row: Experiment | Dataset, kind: JobKind = JobKind.TRAIN) -> Job:
    job = jobs.find_job(row.id, kind)
    assert job is not None
    return job


def hold(job: Job, lease: float) -> int:
    """Take a job as a worker does; a lease in the past is one whose worker is lost."""
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=lease)
    assert attempt is not None
    return attempt


@pytest.fixture
def lost(user: User) -> Experiment:
    """Return an experiment that runs, and whose worker was never heard of again."""
    row = add_experiment(user, RunState.QUEUED)
    lose(row)
    return row


def lose(row: Experiment) -> None:
    """Let a worker take an experiment and never be heard of again."""
    hold(job_of(row), PAST)
    with transaction():
        db.session.refresh(row)
        row.state = RunState.RUNNING.value


def waiting_file(app: Flask, user: User) -> Dataset:
    """Return an upload that waits for a worker."""
    with_limits(app, inline_read_mb=0)
    return upload(user, SMALL.encode())


def test_what_a_lost_worker_held_waits_again(lost: Experiment, user: User) -> None:
    experiment, waiting = add_experiment(user, RunState.QUEUED), add_experiment(user, RunState.QUEUED)
    hold(job_of(experiment), LONG)
    assert upkeep.sweep() == 1
    job = job_of(lost)
    assert (job.state, job.attempt, job.lease_until, job.enqueued_at) == ("queued", 1, None, None)
    assert (fresh(lost).state, lost.failure, lost.finished_at) == ("queued", None, None)
    assert (job_of(experiment).state, job_of(waiting).state) == ("running", "queued")
    assert upkeep.sweep() == 0
    assert hold(job, LONG) == 2


def test_after_three_lost_workers_it_ends_and_says_so(lost: Experiment) -> None:
    for attempt in (1, 2):
        assert upkeep.sweep() == 1
        assert (job_of(lost).state, job_of(lost).attempt) == ("queued", attempt)
        lose(lost)
    assert upkeep.sweep() == 1
    job = job_of(lost)
    assert (job.state, job.error_code, job.attempt) == ("failed", "worker_lost", 3)
    assert (fresh(lost).state, lost.failure_code, lost.failure) == ("failed", "worker_lost", job.error)
    assert "stopped 3 times" in str(lost.failure)
    assert lost.finished_at is not None
    assert upkeep.sweep() == 0


def test_what_was_to_be_cancelled_is_not_tried_again(lost: Experiment, user: User) -> None:
    assert experiments.cancel(user, lost.id).state == "running"
    assert upkeep.sweep() == 1
    assert (fresh(lost).state, lost.failure, job_of(lost).state) == ("cancelled", None, "cancelled")
    assert lost.finished_at is not None


def test_an_end_that_came_first_stands(lost: Experiment) -> None:
    with transaction():
        db.session.refresh(lost)
        lost.state = RunState.FINISHED.value
        job_of(lost).attempt = jobs.MAX_ATTEMPTS
    assert upkeep.sweep() == 1
    assert (fresh(lost).state, lost.failure) == ("finished", None)
    assert job_of(lost).state == "failed"


def test_of_many_sweepers_one_takes_each_job(app: Flask, user: User) -> None:
    rows = [add_experiment(user, RunState.QUEUED) for _ in range(8)]
    for row in rows:
        lose(row)
    results = at_once(app, 6, lambda _place: upkeep.sweep())
    assert sum(results) == 8, results
    assert {(fresh(row).state, job_of(row).state, job_of(row).attempt) for row in rows} == {("queued", "queued", 1)}


def test_a_file_whose_reader_is_lost_is_read_again_or_given_up(app: Flask, user: User) -> None:
    row = waiting_file(app, user)
    for _ in range(2):
        hold(job_of(row, JobKind.ANALYSE), PAST)
        assert upkeep.sweep() == 1
        assert (fresh(row).state, job_of(row, JobKind.ANALYSE).state) == ("reading", "queued")
        assert datasets.original_of(row) is not None
    hold(job_of(row, JobKind.ANALYSE), PAST)
    assert upkeep.sweep() == 1
    assert (fresh(row).state, row.reason_code) == ("failed", "worker_lost")
    assert "stopped 3 times" in str(row.reason)


def test_a_file_that_is_given_up_leaves_no_bytes(app: Flask, user: User) -> None:
    row = waiting_file(app, user)
    for _ in range(3):
        hold(job_of(row, JobKind.ANALYSE), PAST)
        upkeep.sweep()
    assert fresh(row).state == "failed"
    assert datasets.original_of(row) is None


def test_a_measuring_that_is_given_up_leaves_the_dataset_as_it_is(sample: Dataset) -> None:
    with transaction():
        job = jobs.add_job(JobKind.ASSOCIATE, subject_id=sample.id, owner_id=sample.owner_id, seconds=60)
    for _ in range(3):
        hold(job, PAST)
        assert upkeep.sweep() == 1
    assert (fresh(job).state, job.error_code) == ("failed", "worker_lost")
    assert (fresh(sample).state, sample.reason) == ("ready", None)


@pytest.fixture
def forgotten(user: User) -> list[Job]:
    """Return jobs of a minute ago, for which no queue entry was made."""
    results = [job_of(add_experiment(user, RunState.QUEUED)) for _ in range(3)]
    with transaction():
        for job in results:
            job.created_at = now() - timedelta(minutes=1)
    return results


@pytest.fixture
def forgotten_outage() -> Iterator[None]:
    """Let no outage of this test be remembered by the next."""
    queue.forget_failures()
    yield
    queue.forget_failures()


def name_queue(app: Flask, url: str) -> None:
    app.extensions["hydroml_settings"] = replace(current_settings(), redis_url=url)


@pytest.mark.usefixtures("forgotten_outage")
def test_a_lost_queue_entry_is_made_once(app: Flask, user: User, forgotten: list[Job], tmp_path: Path) -> None:
    young = job_of(add_experiment(user, RunState.QUEUED))
    server = Server(tmp_path)
    server.start()
    try:
        name_queue(app, server.url)
        upkeep.sweep()
        upkeep.sweep()
        with Redis.from_url(server.url) as client:
            assert client.llen("rq:queue:train") == 3
        assert [fresh(job).enqueued_at is not None for job in (*forgotten, young)] == [True, True, True, False]
        # However long they wait behind others, more entries would only wake somebody in vain later on.
        with Redis.from_url(server.url) as client:
            for left in (3, 2):
                with transaction():
                    for job in forgotten:
                        job.enqueued_at = now() - timedelta(minutes=1)
                client.ltrim("rq:queue:train", 0, left - 1)
                upkeep.sweep()
                assert client.llen("rq:queue:train") == 3
            assert all(now() - fresh(job).enqueued_at < timedelta(seconds=30) for job in forgotten if job.enqueued_at)
            assert queue.enqueued_ids() == {str(job.id) for job in forgotten}
    finally:
        queue.connect(server.url).close()
        server.stop()


@pytest.mark.usefixtures("forgotten_outage")
def test_where_no_entry_can_be_made_the_jobs_wait(app: Flask, forgotten: list[Job], tmp_path: Path) -> None:
    for url in (None, f"unix://{tmp_path}/nothing.sock"):
        if url:
            name_queue(app, url)
        upkeep.sweep()
        assert [(fresh(job).state, job.enqueued_at) for job in forgotten] == [("queued", None)] * 3


def test_sessions_that_ended_by_themselves_are_forgotten(user: User) -> None:
    live, idle, over = (sessions.sign_in(sessions.new_session(), user) for _ in range(3))
    with transaction():
        for opened, field, moment in (
            (idle, "seen_at", now() - sessions.IDLE - timedelta(minutes=1)),
            (over, "expires_at", now() - timedelta(minutes=1)),
            (live, "seen_at", now() - sessions.IDLE + timedelta(minutes=1)),
        ):
            row = db.session.get(WebSession, opened.id_hash)
            assert row is not None
            setattr(row, field, moment)
    upkeep.tidy()
    assert db.session.scalars(select(WebSession.id_hash)).all() == [live.id_hash]


@pytest.mark.usefixtures("app")
def test_silent_workers_are_forgotten() -> None:
    with transaction():
        for minutes in (61, 59):
            seen = now() - timedelta(minutes=minutes)
            db.session.add(WorkerBeat(worker_id=f"w{minutes}", host="h", pid=1, seen_at=seen))
    upkeep.tidy()
    assert db.session.scalars(select(WorkerBeat.worker_id)).all() == ["w59"]


def test_links_that_open_nothing_any_more_are_forgotten(user: User, other_user: User) -> None:
    for person, days in ((user, 30), (other_user, 0)):
        accounts.make_sign_in_link(person.email)
        with transaction():
            (link,) = db.session.scalars(select(SignInLink).where(SignInLink.user_id == person.id))
            link.created_at -= timedelta(days=days)
            link.expires_at -= timedelta(days=days)
    upkeep.tidy()
    assert db.session.scalars(select(SignInLink.user_id)).all() == [other_user.id]


def arriving(user: User, *, state: str, moved: datetime) -> Dataset:
    """Return an upload that has moved last at this time, with half of its bytes."""
    row = datasets.start_upload(user, "river.csv")
    datasets.incoming_file(row.id).write_bytes(b"day,rain\n2001-")
    with transaction():
        db.session.refresh(row)
        row.state, row.touched_at = state, moved
    return row


def test_an_upload_that_stopped_fails_with_a_sentence_and_its_bytes_go(user: User) -> None:
    stopped = arriving(user, state="receiving", moved=now() - timedelta(minutes=11))
    moving = arriving(user, state="receiving", moved=now() - timedelta(minutes=9))
    upkeep.tidy()
    assert (fresh(stopped).state, stopped.reason_code) == ("failed", "upload_stopped")
    assert stopped.reason == "The upload stopped before the end. Send it again."
    assert not datasets.incoming_file(stopped.id).exists()
    assert (fresh(moving).state, datasets.incoming_file(moving.id).exists()) == ("receiving", True)


def test_a_file_that_nobody_reads_any_more_is_not_said_to_be_read(user: User) -> None:
    row = arriving(user, state="reading", moved=now() - timedelta(days=1))
    upkeep.sweep()
    upkeep.tidy()
    assert datasets.analysis_job(row) is not None or fresh(row).state == "failed"


def test_what_a_killed_web_process_was_reading_is_read_by_a_worker(app: Flask, user: User) -> None:
    row = waiting_file(app, user)
    with transaction():
        # As a small file is that is read while the browser waits.
        db.session.execute(db.delete(Job).where(Job.subject_id == row.id))
    upkeep.sweep()
    assert datasets.analysis_job(row) is None, "it may be read at this moment"
    upkeep.adopt_readings(before=now())
    upkeep.adopt_readings(before=now())
    assert [job.state for job in db.session.scalars(db.select(Job).where(Job.subject_id == row.id))] == ["queued"]
    assert datasets.read_dataset(row.id).rows == 300


def test_a_reading_without_a_job_is_taken_over_in_time(app: Flask, user: User) -> None:
    row = waiting_file(app, user)
    with transaction():
        db.session.execute(db.delete(Job).where(Job.subject_id == row.id))
        row.touched_at = now() - timedelta(minutes=1)
    upkeep.sweep()
    job = datasets.analysis_job(row)
    assert job is not None
    assert job.state == "queued"


def test_a_file_that_waits_long_for_a_worker_is_kept(app: Flask, user: User) -> None:
    row = waiting_file(app, user)
    with transaction():
        db.session.refresh(row)
        row.touched_at = row.created_at = now() - timedelta(days=3)
    make_old(original(row))
    upkeep.tidy()
    assert fresh(row).state == "reading"
    assert datasets.read_dataset(row.id).rows == 300


def original(row: Dataset) -> Path:
    path = datasets.original_of(row)
    assert path is not None
    return path


def make_old(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - HOURS_AGO, time.time() - HOURS_AGO))


def test_folders_that_were_never_finished_are_removed_and_those_being_written_stay(user: User) -> None:
    data, part = current_settings().data, f"{uuid.uuid4().hex}.part"
    experiment = add_experiment(user, RunState.RUNNING)
    parents = [data / "datasets", data / "samples", files.experiment_dir(data, experiment.id)]
    old = [parent / f"old.{part}" for parent in parents]
    young = [parent / f"young.{part}" for parent in parents]
    for folder in (*old, *young):
        folder.mkdir(parents=True)
        (folder / "data.parquet").write_bytes(b"half")
    make_old(*old)
    upkeep.tidy()
    assert [folder.exists() for folder in (*old, *young)] == [False] * 3 + [True] * 3


def test_tidying_leaves_what_is_in_use_however_old_it_is(user: User, sample: Dataset) -> None:
    dataset = upload(user, SMALL.encode())
    experiment = add_experiment(user, RunState.FINISHED, artefacts="attempt-1")
    folder = files.experiment_dir(current_settings().data, experiment.id) / "attempt-1"
    folder.mkdir(parents=True)
    (folder / experiments.PREDICTIONS).write_text("row\r\n")
    data = current_settings().data
    places = [path for name in ("datasets", "experiments", "samples") for path in (data / name).rglob("*")]
    assert len(places) > 10
    make_old(*places)
    upkeep.tidy()
    upkeep.tidy()
    assert all(path.exists() for path in places)
    assert len(datasets.preview_rows(dataset)) == len(datasets.preview_rows(sample)) == 8


@pytest.mark.usefixtures("app")
def test_bytes_of_a_request_that_broke_off_are_removed() -> None:
    folder = datasets.incoming_file(uuid.uuid4()).parent
    orphan, young = folder / f"{uuid.uuid4()}.part", folder / f"{uuid.uuid4()}.part"
    for path in (orphan, young):
        path.write_bytes(b"half a file")
    make_old(orphan)
    upkeep.tidy()
    assert young.exists(), "It may be arriving now."
    assert not orphan.exists()


def test_what_a_lost_attempt_had_published_is_removed(user: User) -> None:
    experiment = add_experiment(user, RunState.FINISHED, artefacts="attempt-2")
    folders = [
        files.experiment_dir(current_settings().data, experiment.id) / f"attempt-{position}" for position in (1, 2)
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / experiments.PREDICTIONS).write_text("row\r\n")
    make_old(*folders)
    upkeep.tidy()
    assert [folder.exists() for folder in folders] == [False, True]


def test_what_no_dataset_names_any_more_is_removed(user: User) -> None:
    row = upload(user, SMALL.encode())
    data = current_settings().data
    orphans = [files.dataset_dir(data, uuid.uuid4()), files.original_file(data, "0" * 64)]
    orphans[0].mkdir()
    orphans[1].write_bytes(b"a,b\n")
    upkeep.tidy()
    assert all(path.exists() for path in orphans), "It may be in the making."
    make_old(*orphans, original(row), files.dataset_dir(data, row.id))
    upkeep.tidy()
    assert [path.exists() for path in orphans] == [False, False]
    assert original(row).exists()
    assert len(datasets.preview_rows(row)) == 8


def test_where_the_disk_is_nearly_full_nothing_that_is_deleted_is_kept(app: Flask, user: User) -> None:
    row, other = upload(user, SMALL.encode()), upload(user, SMALL.replace("rain", "hail").encode())
    path = original(row)
    datasets.delete_dataset(user, row.id)
    upkeep.tidy()
    assert path.exists()
    with_limits(app, free_disk_mb=10**9)
    upkeep.tidy()
    assert not path.exists()
    assert original(other).exists()
