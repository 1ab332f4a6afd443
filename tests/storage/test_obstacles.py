"""What passes by itself is told from what is a fault of ours, from real failures of real parts."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.domain.errors import DatabaseBusyError, DiskFullError, NoSpaceError, ObstacleError
from app.services.context import current_settings
from app.storage import transient_faults
from app.storage.db import db, transaction
from app.storage.transient_faults import obstacle_of, retry_until_stored, write_obstacle
from tests.workers.obstacles import LockedDatabase


def hasty(seconds: float = 0.2) -> None:
    """Let this session's connection wait for a lock for a moment only."""
    db.session.execute(text(f"PRAGMA busy_timeout={int(seconds * 1000)}"))


def write() -> None:
    """Write something."""
    with transaction():
        db.session.execute(text("UPDATE users SET name = name"))


def test_a_locked_database_is_an_obstacle(app: Flask) -> None:
    hasty()
    with LockedDatabase(current_settings().data), pytest.raises(OperationalError) as fault:
        write()
    assert isinstance(obstacle_of(fault.value), DatabaseBusyError)
    assert app.extensions["hydroml_settings"] is current_settings()


@pytest.mark.usefixtures("app")
def test_a_statement_that_is_wrong_is_no_obstacle() -> None:
    with pytest.raises(OperationalError) as fault:
        db.session.execute(text("SELECT nothing FROM nowhere"))
    assert obstacle_of(fault.value) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_an_error_of_a_full_disk_is_an_obstacle(number: int) -> None:
    assert isinstance(obstacle_of(OSError(number, os.strerror(number))), DiskFullError)
    assert obstacle_of(OSError(errno.EACCES, "denied")) is None


def test_a_file_that_must_not_grow_is_an_obstacle(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from app.storage.transient_faults import obstacle_of\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n  open(sys.argv[1], 'wb', buffering=0).write(b'x' * 4096)\n"
        "  open(sys.argv[1], 'ab', buffering=0).write(b'x')\n"
        "except OSError as fault:\n  print(obstacle_of(fault).code)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")], capture_output=True, text=True, check=True
    )
    assert process.stdout == "disk_full\n"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_cause_further_down_is_found() -> None:
    fault = ValueError("it could not be written")
    fault.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(obstacle_of(fault), DiskFullError)
    assert obstacle_of(ValueError("wrong")) is None


def test_room_of_the_server_is_an_obstacle_and_an_own_quota_is_none() -> None:
    assert isinstance(obstacle_of(NoSpaceError("The server has no room.")), DiskFullError)
    assert obstacle_of(NoSpaceError("You use 4.9 of 5 GB.", code="quota")) is None


@pytest.mark.usefixtures("app")
def test_what_is_stored_outlasts_a_lock() -> None:
    hasty(0.1)
    with LockedDatabase(current_settings().data, seconds=1.5):
        retry_until_stored(write, seconds=60)


@pytest.mark.usefixtures("app")
def test_waiting_ends_when_somebody_asks_or_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transient_faults, "FIRST_PAUSE_SECONDS", 0.01)
    hasty(0.05)
    with LockedDatabase(current_settings().data):
        with pytest.raises(ObstacleError):
            retry_until_stored(write, seconds=60, should_stop=lambda: True)
        with pytest.raises(DatabaseBusyError):
            retry_until_stored(write, seconds=0.1)


def test_a_fault_of_ours_is_not_tried_again() -> None:
    tried = []

    def fail() -> None:
        tried.append(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        retry_until_stored(fail, seconds=60)
    assert tried == [1]


@pytest.mark.usefixtures("app")
def test_a_database_that_takes_no_changes_is_seen() -> None:
    url = current_settings().database_url
    assert write_obstacle(url) is None
    with LockedDatabase(current_settings().data):
        assert isinstance(write_obstacle(url), DatabaseBusyError)
    assert write_obstacle(url) is None
    assert isinstance(write_obstacle(f"{url}.missing"), DatabaseBusyError)
    assert not Path(f"{current_settings().data}/hydroml.sqlite3.missing").exists()
