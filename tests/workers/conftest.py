"""A real Redis-protocol server, real worker processes, and ways to do them harm."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask

import config
from app import queue
from app.launch.redis_server import is_answering, server_command, url_of, wait_for
from app.services import experiments
from app.services.drafts import drafts
from app.storage.db import db
from app.storage.tables import Dataset, Experiment, Job, User
from tests.services.tables import draft_on

ROOT = Path(__file__).resolve().parents[2]


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll a condition until it holds, each time with a fresh look at the database."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        db.session.rollback()
        db.session.expire_all()
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds:g} s")


@dataclass
class Server:
    """A Redis-protocol server of our own, which can be taken away and brought back."""

    data: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self.data / "redis.sock"

    @property
    def url(self) -> str:
        """Its address."""
        return url_of(self.path)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(server_command(self.data, self.path), stdout=subprocess.DEVNULL)
        wait_for(self.url)

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Take it away."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


@dataclass
class Crew:
    """The processes that work, and where their words go. They look around more often than those of `hydroml up`."""

    settings: config.Settings
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    module: str = "tests.workers.hasty"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", self.module, *arguments],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    **os.environ,
                    "HYDROML_DATA": str(self.settings.data),
                    "REDIS_URL": str(self.settings.redis_url),
                    "OMP_NUM_THREADS": "1",
                    **self.environment,
                },
            )
        self.processes.append(process)
        return process

    def worker(self, queues: str = "analysis,quick,measure,train") -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self._start("--queues", queues)

    def upkeep(self) -> subprocess.Popen[bytes]:
        """Start the process that looks after lost jobs."""
        return self._start("upkeep")

    @property
    def words(self) -> str:
        """What they have said."""
        return (self.folder / "workers.log").read_text()

    def end(self) -> None:
        """End them all, and whatever they started."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def children_of(pid: int) -> list[int]:
    """Return the processes that this one started and that still live."""
    results = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state != "Z":
                results.append(int(entry.name))
    return results


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server."""
    folder = tmp_path / "server"
    folder.mkdir()
    made = Server(folder)
    made.start()
    yield made
    made.stop(signal.SIGKILL)
    assert not is_answering(made.url)


@pytest.fixture
def settings(settings: config.Settings, server: Server) -> config.Settings:
    """Return the settings with the server named in them."""
    queue.forget_failures()
    return config.load({"HYDROML_DATA": str(settings.data), "REDIS_URL": server.url})


@pytest.fixture
def crew(settings: config.Settings, tmp_path: Path) -> Iterator[Crew]:
    """Return nobody yet; whoever is started is ended with the test."""
    made = Crew(settings, tmp_path)
    yield made
    made.end()


Launch = Callable[..., Experiment]


@pytest.fixture
def launch(app: Flask, user: User, sample: Dataset) -> Launch:
    """Return a way to launch the sample; `folds` and `trees` make it last, `trials` search."""
    assert app.extensions["hydroml_settings"].redis_url

    def go(*, trees: int | None = None, folds: int = 5, trials: int | None = None) -> Experiment:
        row = draft_on(user, sample)
        changes: dict[str, dict[str, object]] = {"validation": {"time_series.n_splits": folds}}
        if trees is not None:
            changes["model"] = {"estimator": "random_forest", "random_forest.n_estimators": trees}
        if trials is not None:
            search = {"tuning.enabled": "true", "tuning.trials": trials, "tuning.inner": 2}
            changes["model"] = {"estimator": "ridge", **search}
        version = drafts.save_many(user, row.id, changes=changes, version=row.version).version
        return experiments.launch(user, row.id, version=version, idempotency_key=str(row.id))

    return go


def job_of(experiment: Experiment) -> Job:
    """Return the job of an experiment as it stands now."""
    job = experiments.job_of(experiment)
    assert job is not None
    return job


def runs(experiment: Experiment) -> bool:
    """Return whether an experiment is running and has a judged fold."""
    job = job_of(experiment)
    return job.state == "running" and bool(job.progress.get("folds"))
