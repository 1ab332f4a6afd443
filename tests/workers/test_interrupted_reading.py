"""A reading child that is killed: that says nothing about the file, and the reading is tried again and counted."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from flask import Flask

import config
from app.domain.errors import InterruptedReadingError, UnreadableFileError
from app.services.datasets import uploads
from app.services.jobs import recovery, upkeep
from app.storage import datasets, jobs
from app.storage.db import db, now, transaction
from app.storage.reading import read_file, reader_pool
from app.storage.tables import Dataset, Job, User
from tests.services.tables import upload
from workers.jobs.analyse import analyse

CONTENT = b"day,flow\n" + b"".join(b"2001-01-%02d,%d\n" % (1 + position % 28, position) for position in range(300))


@pytest.fixture
def ended_by(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the signals that the next children get as soon as they are started; none where the list is empty."""
    reader_pool.forget()
    signals: list[int] = []
    start = reader_pool.start_child

    def killed(folder: Path, *, waits: bool = False) -> subprocess.Popen[bytes]:
        child = start(folder, waits=waits)
        if signals:
            os.kill(child.pid, signals.pop(0))
        return child

    monkeypatch.setattr(reader_pool, "start_child", killed)
    return signals


def refusal(tmp_path: Path) -> UnreadableFileError:
    """Return how a sound file is refused."""
    source = tmp_path / "table.csv"
    source.write_bytes(CONTENT)
    with pytest.raises(UnreadableFileError) as caught:
        read_file(source, tmp_path / "set", limits=config.Limits(), seconds=60, file_name="table.csv")
    assert not (tmp_path / "set").exists()
    return caught.value


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_reader_is_no_want_of_memory(tmp_path: Path, ended_by: list[int], number: int) -> None:
    ended_by.append(number)
    fault = refusal(tmp_path)
    assert isinstance(fault, InterruptedReadingError)
    assert (fault.status, fault.code) == (503, "reading_interrupted")
    assert fault.message == f"The process that read the file was ended from outside (signal {number:d})."


def test_a_reader_that_crashes_is_said_to_have_crashed(tmp_path: Path, ended_by: list[int]) -> None:
    ended_by.append(signal.SIGSEGV)
    fault = refusal(tmp_path)
    assert (fault.status, fault.code) == (422, "reader_crashed")
    assert "SIGSEGV" in fault.message


def newest_job(dataset: Dataset) -> Job:
    """Return the job that reads a dataset."""
    db.session.rollback()
    return db.session.scalars(db.select(Job).where(Job.subject_id == dataset.id)).one()


def test_a_small_file_whose_reader_is_killed_is_left_to_a_worker(
    app: Flask, user: User, ended_by: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDROML_DATA", str(app.extensions["hydroml_settings"].data))
    ended_by.append(signal.SIGKILL)
    dataset = upload(user, CONTENT)
    assert (dataset.state, newest_job(dataset).state) == ("reading", "queued")
    analyse(str(newest_job(dataset).id))
    db.session.rollback()
    db.session.expire_all()
    result = datasets.get_dataset(dataset.id)
    assert (result.state, result.rows) == ("ready", 300)


def test_a_reader_killed_three_times_is_the_reason_given(
    app: Flask, user: User, ended_by: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDROML_DATA", str(app.extensions["hydroml_settings"].data))
    recovery.end_grace()
    ended_by.append(signal.SIGKILL)
    dataset = upload(user, CONTENT)
    identifier = newest_job(dataset).id
    for attempt in (1, 2, 3):
        ended_by.append(signal.SIGKILL)
        analyse(str(identifier))
        job = newest_job(dataset)
        assert (job.state, job.attempt, job.error_code) == ("running", attempt, "worker_lost")
        assert upkeep.sweep() == 1
    db.session.rollback()
    db.session.expire_all()
    result = datasets.get_dataset(dataset.id)
    assert (result.state, result.reason_code) == ("failed", "worker_lost")
    assert result.reason is not None
    assert result.reason.startswith("The worker stopped 3 times while it worked on this.")
    assert "ended from outside (signal 9)" in result.reason
    assert not uploads.incoming_file(dataset.id).exists()


@pytest.mark.parametrize("is_deleted_by_its_owner", [True, False])
def test_a_reading_with_nothing_left_to_read_has_not_failed(
    app: Flask, user: User, ended_by: list[int], monkeypatch: pytest.MonkeyPatch, is_deleted_by_its_owner: bool
) -> None:
    monkeypatch.setenv("HYDROML_DATA", str(app.extensions["hydroml_settings"].data))
    ended_by.append(signal.SIGKILL)
    dataset = upload(user, CONTENT)
    identifier = newest_job(dataset).id
    if is_deleted_by_its_owner:
        with transaction():
            dataset.deleted_at = now()
    else:
        uploads.drop_upload(dataset.id)
    analyse(str(identifier))
    db.session.rollback()
    db.session.expire_all()
    job = jobs.get_job(identifier)
    assert (job.state, job.error_code, job.error) == ("cancelled", None, None)
