"""Upkeep: what a lost worker held goes on or ends with a sentence, and what nobody needs any more is forgotten."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select

from app import queue
from app.domain.vocabulary import JobKind, RunState
from app.services import accounts, datasets, experiments, sessions, upkeep
from app.services.context import current_settings
from app.storage import jobs
from app.storage.db import Base, db, now, transaction
from app.storage.tables import Dataset, Experiment, Job, SignInAttempt, SignInLink, User, WebSession, WorkerBeat
from tests.services.tables import SMALL, at_once, upload, with_limits
from tests.web.seeds import add_experiment, finish
from tests.workers.conftest import Server

PAST, LONG = -1.0, 600.0


@pytest.fixture
def running(user: User) -> Experiment:
    """Return an experiment whose worker was never heard of again."""
    row = add_experiment(user, RunState.QUEUED)
    hold(job_of(row), PAST)
    with transaction():
        again(row).state = RunState.RUNNING.value
    return row


def again[Row: Base](row: Row) -> Row:
    """Return a row as the database has it."""
    found = db.session.get(type(row), row.id, populate_existing=True)  # type: ignore[attr-defined]
    assert found is not None
    return found


def job_of(row: Experiment | Dataset, kind: JobKind = JobKind.TRAIN) -> Job:
    job = jobs.find_job(row.id, kind)
    assert job is not None
    return job


def hold(job: Job, lease: float) -> int:
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=lease)
    assert attempt is not None
    return attempt


def waiting_file(app: Flask, user: User) -> Dataset:
    """Return an upload that waits for a worker."""
    with_limits(app, inline_read_mb=0)
    return upload(user, SMALL.encode())
