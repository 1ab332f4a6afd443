"""A disk that fills up while jobs run: they wait for room, say so, and lose nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from app import queue
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


def test_a_full_disk_ends_no_training(crew: Crew, launch: Launch, disk: SmallDisk) -> None:
    experiment = launch(trees=50, folds=4)
    crew.worker()
    crew.upkeep()
    wait_until(lambda: runs(experiment), seconds=60, what="the first fold")
    disk.fill()
    wait_until(
        lambda: "to be stored must wait" in crew.words or experiment.state == "failed", seconds=90, what="a store"
    )
    assert (experiment.state, experiment.failure) == ("running", None)
    disk.clear()
    wait_until(lambda: job_of(experiment).state not in ("running", "queued"), seconds=120, what="the end")
    job = job_of(experiment)
    assert (experiment.state, experiment.failure) == ("finished", None)
    assert (job.state, job.attempt - job.uncounted_attempts) == ("finished", 1)
    assert not list((crew.settings.data / "experiments").glob("*/*.part"))
