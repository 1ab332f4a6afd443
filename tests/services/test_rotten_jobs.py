"""Rows of jobs that cannot be understood: each is ended with a sentence, and none keeps another waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.vocabulary import JobKind, RunState
from app.services.jobs import upkeep
from app.services.jobs.recovery import UNREADABLE
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Experiment, Job, User
from tests.web.seeds import add_experiment


def _job_of(row: Experiment) -> Job:
    job = jobs.find_job(row.id, JobKind.TRAIN)
    assert job is not None
    return job


def _put(job: Job, column: str, value: Any) -> None:
    with transaction():
        query = text(f"UPDATE jobs SET {column} = :value WHERE id = :id")
        db.session.execute(query, {"value": value, "id": job.id.hex})
    db.session.expire_all()


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("arguments", "not json"),
        ("progress", "{"),
        ("arguments", "[" * 100_000),
        ("arguments", "null"),
        ("kind", "evil"),
        ("rung_at", "1999"),
        ("started_at", "a moment ago"),
        ("cancel_requested_at", ""),
    ],
)
def test_a_row_that_rots_ends_alone(user: User, state: RunState, column: str, value: str) -> None:
    rotten, lost = add_experiment(user, state), add_experiment(user, RunState.QUEUED)
    bad, good = _job_of(rotten), _job_of(lost)
    with transaction():
        if state is RunState.RUNNING:
            _lose(bad)
        _lose(good)
        db.session.flush()
    for job in (bad, good):
        _put(job, "created_at", "2001-01-01 00:00:00.000000")
    _put(bad, column, value)
    assert upkeep.sweep() == 1
    db.session.expire_all()
    assert _job_of(lost).state == RunState.QUEUED.value
    ended = jobs.get_job(bad.id)
    assert (ended.state, ended.error_code, ended.error) == ("failed", UNREADABLE.code, UNREADABLE.message)
    if column != "kind":
        assert db.session.get(Experiment, rotten.id).failure == UNREADABLE.message
    assert upkeep.sweep() == 0


def _lose(job: Job) -> None:
    job.state, job.attempt, job.lease_until = RunState.RUNNING.value, 1, now() - timedelta(seconds=1)
