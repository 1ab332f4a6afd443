"""After the database took no changes, no worker is called lost before it could renew its lease."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.domain.vocabulary import RunState
from app.services.context import current_settings
from app.services.jobs import recovery, upkeep
from app.storage import jobs
from app.storage.db import db, transaction
from app.storage.tables import Job, User
from tests.services.test_upkeep import job_of, lose
from tests.web.seeds import add_experiment
from tests.workers.obstacles import LockedDatabase


@pytest.fixture(autouse=True)
def _no_grace() -> Iterator[None]:
    """Let no lock of one test be remembered by the next."""
    recovery.end_grace()
    yield
    recovery.end_grace()


@pytest.fixture
def lost(user: User) -> Job:
    """Return a job whose lease has run out."""
    row = add_experiment(user, RunState.QUEUED)
    lose(row)
    return job_of(row)


def fresh(job: Job) -> Job:
    db.session.rollback()
    return jobs.get_job(job.id)


def test_a_sweep_that_had_to_wait_takes_nothing(app: Flask, lost: Job) -> None:
    with LockedDatabase(current_settings().data, seconds=4.0):
        # It waits for the lock as whoever renews a lease does.
        assert upkeep.sweep() == 0
    assert fresh(lost).state == "running"
    assert upkeep.sweep() == 0
    with transaction():
        assert jobs.extend_lease(lost.id, attempt=1, lease_seconds=60)
    recovery.end_grace()
    assert upkeep.sweep() == 0
    assert fresh(lost).state == "running"
    assert app.extensions["hydroml_settings"] is current_settings()


def test_a_sweep_that_fails_gives_time_as_well(lost: Job) -> None:
    db.session.rollback()
    with LockedDatabase(current_settings().data):
        db.session.execute(text("PRAGMA busy_timeout=50"))
        db.session.commit()
        with pytest.raises(OperationalError):
            upkeep.sweep()
        db.session.rollback()
    assert upkeep.sweep() == 0
    assert fresh(lost).state == "running"


def test_a_worker_that_is_lost_for_good_is_noticed_after_that(lost: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "EXTENSION_SECONDS", 0.5)
    with LockedDatabase(current_settings().data, seconds=4.0):
        assert upkeep.sweep() == 0
    time.sleep(0.6)
    assert upkeep.sweep() == 1
    assert fresh(lost).state == "queued"


def test_a_process_that_has_just_begun_takes_nothing_at_first(lost: Job) -> None:
    recovery.begin_grace()
    assert upkeep.sweep() == 0
    assert fresh(lost).state == "running"
    recovery.end_grace()
    assert upkeep.sweep() == 1
    assert fresh(lost).state == "queued"
