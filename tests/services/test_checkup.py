"""The check-up: a sentence for everything that was looked at, and for every fault, however broken things are."""

from __future__ import annotations

import importlib.metadata
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import queue
from app.services.context import current_settings
from app.services.datasets import analysis_cache, datasets
from app.services.system import diagnostics, system_state
from app.services.system.diagnostics import Check
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.migrating import newest_revision
from app.storage.tables import WorkerBeat
from config import Settings
from tests.services.tables import with_limits
from tests.workers.conftest import Server
from tests.workers.obstacles import LockedDatabase


@pytest.fixture(autouse=True)
def _forgotten_outage() -> Iterator[None]:
    """Let no outage of one test be remembered by the next."""
    queue.forget_failures()
    yield
    queue.forget_failures()


def change(app: Flask, **values: Any) -> None:
    app.extensions["hydroml_settings"] = replace(current_settings(), **values)


def faults() -> list[str]:
    return [check.sentence for check in diagnostics.examine() if not check.ok]


def said_of(word: str) -> Check:
    (result,) = [check for check in diagnostics.examine() if word in check.sentence]
    return result


def damage(content: bytes | None) -> None:
    """Put something else where the database was; None leaves an empty place."""
    path = current_settings().data / "hydroml.sqlite3"
    db.session.remove()
    db.engine.dispose()
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        (path.parent / name).unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running Redis-protocol server."""
    made = Server(tmp_path)
    made.start()
    yield made
    queue.connect(made.url).close()
    made.stop()


@pytest.mark.usefixtures("app")
def test_a_sound_installation_has_no_fault() -> None:
    checks = diagnostics.examine()
    assert [check for check in checks if not check.ok] == []
    assert all(not check.sentence[0].islower() and check.sentence.endswith(".") for check in checks)
    assert len({check.sentence for check in checks}) == len(checks)
    assert said_of("migration").sentence == f"The database is at migration {newest_revision()}."
    assert said_of("samples").sentence == "All 3 samples are there."


@pytest.mark.usefixtures("app")
def test_the_versions_are_those_that_are_installed() -> None:
    sentence = said_of("Python ").sentence
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}" in sentence
    for name in ("flask", "duckdb", "scikit-learn", "pandas", "rq"):
        assert f"{name} {importlib.metadata.version(name)}" in sentence


@pytest.mark.usefixtures("app")
def test_the_room_on_the_disk_is_the_room_on_the_disk() -> None:
    free = float(said_of("MB are free").sentence.split(" MB")[0].replace(",", ""))
    assert free == pytest.approx(shutil.disk_usage(current_settings().data).free / 1e6, rel=0.05)


def test_a_disk_that_is_nearly_full_is_a_fault(app: Flask) -> None:
    with_limits(app, free_disk_mb=10**9)
    (fault,) = faults()
    assert "MB are free" in fault


def test_a_sample_that_is_missing_is_named(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = current_settings().samples
    folder = tmp_path / "fewer"
    folder.mkdir()
    for sample in datasets.SAMPLES[1:]:
        (folder / sample.file).symlink_to(real / sample.file)
    monkeypatch.setattr(Settings, "samples", property(lambda _self: folder))
    assert app.extensions["hydroml_settings"].samples == folder
    assert faults() == [f"The sample {datasets.SAMPLES[0].file} is missing."]


@pytest.mark.usefixtures("app")
def test_a_database_of_another_version_is_a_fault() -> None:
    with transaction():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))
    (fault,) = faults()
    assert "elsewhere" in fault
    assert str(newest_revision()) in fault


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("content", [b"this is no database" * 500, None, b""])
def test_a_database_that_cannot_be_used_is_a_sentence(content: bytes | None) -> None:
    damage(content)
    (fault,) = faults()
    assert fault.startswith("The database")
    assert fault.endswith(".")
    ready, parts = diagnostics.readiness()
    assert not ready
    words = {"database": "unreachable", "disk": "ok", "workers": "unknown", "queue": "unreachable", "reader": "unknown"}
    sentences = [system_state.DATABASE_AWAY, system_state.QUEUE_AWAY]
    assert parts == {**words, "cache": "unreachable", "faults": sentences}


def test_a_broken_database_beside_a_named_queue_is_a_sentence_too(app: Flask, tmp_path: Path) -> None:
    change(app, redis_url=f"unix://{tmp_path}/nothing.sock")
    damage(b"this is no database" * 500)
    results = faults()
    assert any(sentence.startswith("The database") for sentence in results)
    assert "The Redis-protocol server does not answer." in results


@pytest.mark.usefixtures("app")
def test_pages_of_a_damaged_database_are_noticed() -> None:
    path = current_settings().data / "hydroml.sqlite3"
    with transaction():
        db.session.execute(text("PRAGMA user_version = 1"))
    # A page that holds nothing could be overwritten without harm.
    page = db.session.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'datasets'")).scalar_one()
    db.session.remove()
    db.engine.dispose()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = b"\xff" * 4096
    damage(bytes(content))
    assert len(faults()) >= 1
    assert all("\n" not in sentence and len(sentence) < 400 for sentence in faults())


@pytest.mark.usefixtures("app")
def test_without_a_queue_there_is_a_warning_and_no_fault() -> None:
    check = said_of("No queue is named")
    assert (check.ok, check.warning) == (True, True)
    ready, parts = diagnostics.readiness()
    assert not ready
    words = {"database": "ok", "disk": "ok", "workers": "0", "queue": "unreachable", "cache": "unreachable"}
    assert parts == {**words, "reader": "ok", "faults": [system_state.WORKERS_AWAY, system_state.QUEUE_AWAY]}


def test_a_queue_that_is_away_is_a_fault_of_readiness_too(app: Flask, tmp_path: Path) -> None:
    change(app, redis_url=f"unix://{tmp_path}/nothing.sock")
    assert faults() == ["The Redis-protocol server does not answer.", "0 workers have reported within 30 s."]
    ready, parts = diagnostics.readiness()
    assert not ready
    assert parts["queue"] == "unreachable"


def test_a_full_disk_and_a_locked_database_are_faults_of_readiness(app: Flask) -> None:
    with_limits(app, free_disk_mb=10**9)
    with LockedDatabase(current_settings().data):
        ready, parts = diagnostics.readiness()
        assert not ready
        assert (parts["database"], parts["disk"]) == ("takes no changes", "full")
        assert system_state.DATABASE_BUSY in parts["faults"]
        assert system_state.DISK_FULL in parts["faults"]
        assert system_state.DATABASE_BUSY in faults()
    system_state.forget()
    assert diagnostics.readiness()[1]["database"] == "ok"


@pytest.mark.usefixtures("app")
def test_looking_at_the_database_changes_nothing_in_it() -> None:
    path = current_settings().data / "hydroml.sqlite3"
    with sqlite3.connect(path) as line:
        before = list(line.iterdump())
    assert system_state.look().part("database").word == "ok"
    with sqlite3.connect(path) as again:
        assert list(again.iterdump()) == before
    line.close()
    again.close()


def test_a_queue_that_answers_with_workers_that_live_has_no_fault(app: Flask, server: Server) -> None:
    change(app, redis_url=server.url)
    assert faults() == ["0 workers have reported within 30 s."]
    assert not diagnostics.readiness()[0]
    system_state.forget()
    with transaction():
        jobs.record_heartbeat("one", host="here", pid=1)
        jobs.record_heartbeat("two", host="here", pid=2)
        db.session.add(WorkerBeat(worker_id="old", host="here", pid=3, seen_at=now() - timedelta(seconds=31)))
    assert faults() == []
    assert said_of("workers").sentence == "2 workers have reported within 30 s."
    parts = {"database": "ok", "disk": "ok", "workers": "2", "queue": "ok", "cache": "nothing asked yet"}
    assert diagnostics.readiness() == (True, {**parts, "reader": "ok", "faults": []})
    assert said_of("cache").sentence == "The cache of analyses: nothing asked yet."
    assert analysis_cache.find("nothing") is None
    assert said_of("cache").sentence == "The cache of analyses: 0 of 1 found (0 %)."
