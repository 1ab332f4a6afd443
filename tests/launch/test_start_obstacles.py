"""A start while another program holds the database, or while the disk is full, waits or says why it cannot be."""

from __future__ import annotations

import errno
import os

import pytest
from flask import Flask

from app.domain.errors import InterruptedReadingError
from app.launch import supervisor
from app.launch.locking import AlreadyRunningError, FolderLock
from app.services.context import current_settings
from app.services.datasets import datasets
from app.storage import engine
from app.storage.db import db
from tests.workers.obstacles import LockedDatabase


@pytest.fixture(autouse=True)
def _patient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have SQLite wait for a moment only; how long a start waits beyond that is what is tested."""
    assert app
    db.session.remove()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)


def test_a_start_outlasts_a_lock_on_the_database() -> None:
    with LockedDatabase(current_settings().data, seconds=2.0):
        assert supervisor._prepare(current_settings()).startswith("/sign-in/")


def test_a_start_that_waited_in_vain_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "OBSTACLE_SECONDS", 0.0)
    with (
        LockedDatabase(current_settings().data, seconds=60.0),
        pytest.raises(supervisor.StartError, match=r"took no changes for too long\. Start again when that is over\."),
    ):
        supervisor._prepare(current_settings())


def test_a_lock_that_cannot_say_where_it_is_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", refuse)
    lock = FolderLock(current_settings().data)
    lock.take("http://127.0.0.1:9999")
    with pytest.raises(AlreadyRunningError, match="at an address it has not said yet"):
        FolderLock(current_settings().data).take("http://127.0.0.1:9998")
    assert lock._handle is not None
    lock._handle.close()


def test_a_start_whose_reader_is_killed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise InterruptedReadingError("The process that read the file was ended from outside (signal 9).")

    monkeypatch.setattr(datasets, "samples_are_ready", lambda: False)
    monkeypatch.setattr(datasets, "prepare_samples", interrupted)
    with pytest.raises(supervisor.StartError, match=r"ended from outside \(signal 9\)\. Start again"):
        supervisor._prepare(current_settings())
