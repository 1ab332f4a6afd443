"""What administrators see while a part is away, each with the real thing stopped, until it is back by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import config
from app import queue
from app.services.drafts import drafts
from app.services.system import system_state
from app.storage import jobs, usage
from app.storage.db import db
from app.storage.reading import reader_pool
from app.storage.tables import Job, User
from tests.services.tables import SMALL, upload
from tests.web.client import Browser, words_of
from tests.workers.conftest import Crew, Server, wait_until
from tests.workers.obstacles import LockedDatabase, SmallDisk
from workers.jobs.analyse import analyse


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk.mounted(tmp_path / "disk", mb=64)
    yield made
    made.unmount()


@pytest.fixture
def settings(disk: SmallDisk, prepared: Path, server: Server) -> config.Settings:
    """Return settings whose data folder lies on a small disk."""
    queue.forget_failures()
    data = disk.folder / "data"
    shutil.copytree(prepared, data)
    return config.load({"HYDROML_DATA": str(data), "REDIS_URL": server.url, "HYDROML_LIMIT_FREE_DISK_MB": "1"})


@pytest.fixture
def root(app: Flask, admin: User) -> Browser:
    return Browser(app).sign_in(admin)


def row_of(browser: Browser, part: str) -> str:
    """Return the row of a part, looked at now."""
    system_state.forget()
    browser.app.extensions.pop("hydroml_measures", None)
    page = browser.get("/admin")
    assert page.status == 200
    return " ".join(words_of(cell) for cell in page.element(f"part-{part}"))


def ready(browser: Browser) -> dict[str, object]:
    system_state.forget()
    results: dict[str, object] = json.loads(browser.get("/health/ready").text)
    return results


def test_redis_away_is_a_row_until_it_is_back(root: Browser, server: Server) -> None:
    assert "Queue ok" in row_of(root, "queue")
    server.stop()
    assert system_state.QUEUE_AWAY in row_of(root, "queue")
    assert ready(root)["queue"] == "unreachable"
    assert "unreachable" in row_of(root, "cache")
    server.start()
    assert "Queue ok" in row_of(root, "queue")


def test_usage_is_counted_while_redis_is_away_and_none_of_it_is_lost(root: Browser, user: User, server: Server) -> None:
    drafts.create_draft(user)
    server.stop()
    drafts.create_draft(user)
    assert usage.count_by_kind()["draft_started"] == 2
    assert root.get("/admin/analytics").status == 200
    server.start()
    assert usage.count_by_kind()["draft_started"] == 2


def test_a_full_disk_is_a_row_until_there_is_room(root: Browser, disk: SmallDisk) -> None:
    assert "Disk ok" in row_of(root, "disk")
    disk.fill()
    assert system_state.DISK_FULL in row_of(root, "disk")
    assert ready(root)["disk"] == "full"
    disk.clear()
    assert "Disk ok" in row_of(root, "disk")


def test_a_locked_database_is_a_row_until_it_is_free(root: Browser, settings: config.Settings) -> None:
    assert "Database ok" in row_of(root, "database")
    with LockedDatabase(settings.data):
        assert system_state.DATABASE_BUSY in row_of(root, "database")
        assert ready(root)["database"] == "takes no changes"
    assert "Database ok" in row_of(root, "database")


def test_a_lost_worker_is_a_row_until_another_comes(root: Browser, crew: Crew) -> None:
    worker = crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=60, what="the first beat")
    assert "1 alive" in row_of(root, "workers")
    os.killpg(worker.pid, signal.SIGKILL)
    wait_until(lambda: jobs.live_workers() == 0, seconds=60, what="the silence")
    assert system_state.WORKERS_AWAY in row_of(root, "workers")
    assert ready(root)["workers"] == "0"
    crew.worker()
    wait_until(lambda: jobs.live_workers() == 1, seconds=60, what="another beat")
    assert "1 alive" in row_of(root, "workers")


def test_a_killed_reading_child_is_a_row_until_the_file_is_read(
    root: Browser, user: User, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDROML_DATA", str(settings.data))
    start, to_kill = reader_pool.start_child, [True, True]

    def kill_first(folder: Path, *, waits: bool = False) -> object:
        child = start(folder, waits=waits)
        if to_kill:
            to_kill.pop()
            os.kill(child.pid, signal.SIGKILL)
        return child

    monkeypatch.setattr(reader_pool, "start_child", kill_first)
    reader_pool.forget()
    assert "Reader ok" in row_of(root, "reader")
    dataset = upload(user, SMALL.encode())
    db.session.rollback()
    job = db.session.scalars(db.select(Job).where(Job.subject_id == dataset.id)).one()
    analyse(str(job.id))
    assert system_state.READER_KILLED in row_of(root, "reader")
    assert ready(root)["reader"] == "interrupted"
    analyse(str(job.id))
    assert "Reader ok" in row_of(root, "reader")
