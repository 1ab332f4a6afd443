"""A disk that fills up while jobs run: they wait for room, say so, and lose nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

import config
from app import queue
from app.services.system import system_state
from app.storage.db import db, now, transaction
from app.storage.tables import User, WebSession
from tests.web.client import Browser
from tests.workers.conftest import Crew, Launch, Server, job_of, runs, wait_until
from tests.workers.obstacles import SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk with little room."""
    made = SmallDisk.mounted(tmp_path / "disk", mb=64)
    yield made
    made.unmount()


@pytest.fixture
def settings(disk: SmallDisk, prepared: Path, server: Server) -> config.Settings:
    """Return settings whose data folder lies on it."""
    queue.forget_failures()
    data = disk.folder / "data"
    shutil.copytree(prepared, data)
    return config.load({"HYDROML_DATA": str(data), "REDIS_URL": server.url, "HYDROML_LIMIT_FREE_DISK_MB": "1"})


@pytest.mark.slow
def test_a_full_disk_ends_no_training(app: Flask, user: User, crew: Crew, launch: Launch, disk: SmallDisk) -> None:
    experiment = launch(trees=50, folds=4)
    page = f"/experiments/{experiment.id}"
    browser = Browser(app).sign_in(user)
    with transaction():
        # A session that was not used for long is noted, which a full disk does not take.
        db.session.execute(update(WebSession).values(seen_at=now() - timedelta(minutes=10)))
    crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    disk.fill()
    wait_until(
        lambda: "to be stored must wait" in crew.words or experiment.state == "failed", seconds=90, what="a store"
    )
    assert (experiment.state, experiment.failure) == ("running", None)
    view = browser.get(page)
    assert (view.status, view.text.count(system_state.DISK_FULL)) == (200, 1)
    answer = browser.get("/health/ready")
    assert answer.status == 503
    assert json.loads(answer.text)["disk"] == "full"
    disk.clear()
    wait_until(lambda: job_of(experiment).state not in ("running", "queued"), seconds=120, what="the end")
    job = job_of(experiment)
    assert (experiment.state, experiment.failure) == ("finished", None)
    assert (job.state, job.attempt - job.uncounted_attempts) == ("finished", 1)
    system_state.forget()
    assert system_state.DISK_FULL not in browser.get(page).text
    assert not list((crew.settings.data / "experiments").glob("*/*.part"))
