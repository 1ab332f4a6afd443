"""What becomes of experiments under planned restarts, a lock of 22 s, a full disk, and with Redis away.

Figures: experiments lost, jobs that neither ran nor ended 30 s after the obstacle had passed, and reasons given that
were not the true one, each of so many rounds. Yardstick: the lease of 15 s, which is the soonest that anybody may give
a job to somebody else. `python -m benchmarks.interruptions 10` plays ten rounds of each kind.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import config
from app import queue
from app.factory import create_app
from app.services import experiments
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage import jobs
from app.storage.db import db
from app.storage.migrating import migrate
from app.storage.tables import Dataset, Experiment, User
from tests.services.tables import draft_on
from tests.workers.conftest import Crew, Server, job_of, runs, wait_until
from tests.workers.obstacles import LockedDatabase, SmallDisk
from workers.runtime import LEASE_SECONDS

ROUNDS = 3
RESTARTS = 3
AWAY_SECONDS = 20.0
GOAL_SECONDS = 30.0
DISK_MB = 96


@dataclass
class Scene:
    """All that takes part."""

    user: User
    sample: Dataset
    crew: Crew
    server: Server
    disk: SmallDisk | None

    def launch(self) -> Experiment:
        """Launch a forest that trains for some ten seconds."""
        row = draft_on(self.user, self.sample)
        changes: dict[str, dict[str, object]] = {
            "model": {"estimator": "random_forest", "random_forest.n_estimators": 50},
            "validation": {"time_series.n_splits": 4},
        }
        version = drafts.save_many(self.user, row.id, changes=changes, version=row.version).version
        return experiments.launch(self.user, row.id, version=version, idempotency_key=str(row.id))

    def running(self) -> Experiment:
        """Launch one and wait for its first fold."""
        experiment = self.launch()
        wait_until(lambda: runs(experiment), seconds=180, what="the first fold")
        return experiment

    def restart_workers(self) -> None:
        """Restart every worker as a new version does."""
        old, self.crew.processes[1:] = self.crew.processes[1:], []
        for worker in old:
            worker.send_signal(signal.SIGTERM)
        for worker in old:
            worker.wait(60)
        self.crew.worker()


@dataclass
class Outcome:
    """What became of the experiments of one kind of obstacle."""

    rounds: int = 0
    lost: int = 0
    wrong_reasons: int = 0
    seconds: list[float] = field(default_factory=list)


def restarts(scene: Scene) -> Experiment:
    """Restart all workers three times, each time in the middle of a training."""
    experiment = scene.running()
    for number in range(2, RESTARTS + 2):
        scene.restart_workers()
        if number <= RESTARTS:
            wait_until(lambda: runs(experiment), seconds=180, what="a fold after the restart")
    return experiment


def lock(scene: Scene) -> Experiment:
    """Hold the write lock of the database for 22 s."""
    experiment = scene.running()
    with LockedDatabase(scene.crew.settings.data) as database:
        database.wait()
    return experiment


def full_disk(scene: Scene) -> Experiment:
    """Leave no byte free for 20 s."""
    assert scene.disk is not None
    experiment = scene.running()
    scene.disk.fill()
    time.sleep(AWAY_SECONDS)
    scene.disk.clear()
    return experiment


def redis_away(scene: Scene) -> Experiment:
    """Launch while Redis is away for 20 s."""
    scene.server.stop()
    experiment = scene.launch()
    time.sleep(AWAY_SECONDS)
    scene.server.start()
    queue.forget_failures()
    return experiment


# What may be said of a job while it waits or at its end; nothing at all where the obstacle touched no job.
KINDS: dict[str, tuple[Callable[[Scene], Experiment], frozenset[str | None]]] = {
    f"{RESTARTS} planned restarts": (restarts, frozenset({None})),
    "a lock of 22 s": (lock, frozenset({None, "database_busy"})),
    f"a full disk, {AWAY_SECONDS:.0f} s": (full_disk, frozenset({None, "disk_full", "database_busy"})),
    f"Redis away, {AWAY_SECONDS:.0f} s": (redis_away, frozenset({None})),
}


def play(scene: Scene, kind: str, outcome: Outcome) -> None:
    """Play one round."""
    act, honest = KINDS[kind]
    experiment = act(scene)
    passed, answers = time.monotonic(), set()

    def goes_on() -> bool:
        answers.add(job_of(experiment).error_code)
        return is_held(experiment) or experiment.state == "finished"

    def is_over() -> bool:
        answers.add(job_of(experiment).error_code)
        return job_of(experiment).state not in ("queued", "running")

    with suppress(AssertionError):
        wait_until(goes_on, seconds=120, what="going on")
    outcome.seconds.append(time.monotonic() - passed)
    with suppress(AssertionError):
        wait_until(is_over, seconds=240, what="the end")
    outcome.rounds += 1
    outcome.lost += experiment.state != "finished"
    outcome.wrong_reasons += bool(answers - honest)


def is_held(experiment: Experiment) -> bool:
    """Return whether a worker has the lease of an experiment's job."""
    job = job_of(experiment)
    return job.state == "running" and job.lease_until is not None and job.lease_until > jobs.now()


@contextmanager
def scene_in(folder: Path) -> Iterator[Scene]:
    """Set everything up, the data folder on a small disk of its own where one can be mounted."""
    with ExitStack() as stack:
        try:
            disk: SmallDisk | None = SmallDisk.mounted(folder / "disk", mb=DISK_MB)
        except pytest.skip.Exception as reason:
            print(f"no round with a full disk: {reason}")
            disk = None
        if disk is not None:
            stack.callback(disk.unmount)
        data = (disk.folder if disk else folder) / "data"
        (folder / "server").mkdir()
        server = Server(folder / "server")
        server.start()
        stack.callback(server.stop, signal.SIGKILL)
        limits = {"HYDROML_LIMIT_FREE_DISK_MB": "1"}
        settings = config.load({"HYDROML_DATA": str(data), "REDIS_URL": server.url, **limits})
        queue.forget_failures()
        with create_app(settings).app_context():
            migrate()
            datasets.prepare_samples()
            user = accounts.create_user("bench@example.org")
            crew = Crew(settings, folder, limits)
            stack.callback(crew.end)
            crew.upkeep()
            crew.worker()
            yield Scene(user, datasets.use_sample(user, "piscataquis"), crew, server, disk)
            db.session.remove()
            db.engine.dispose()


def main() -> None:
    """Play all rounds and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    outcomes = {kind: Outcome() for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, scene_in(Path(folder)) as scene:
        for kind, outcome in outcomes.items():
            if KINDS[kind][0] is full_disk and scene.disk is None:
                continue
            for _ in range(rounds):
                play(scene, kind, outcome)
    print(f"yardstick, the lease        {LEASE_SECONDS:.0f} s")
    head = f"{'obstacle':<26}{'rounds':>7}{'lost':>6}{'stuck > 30 s':>14}{'wrong reasons':>15}"
    print(f"{head}{'goes on after, slowest':>24}")
    for kind, outcome in outcomes.items():
        if outcome.rounds:
            stuck = sum(seconds > GOAL_SECONDS for seconds in outcome.seconds)
            slowest = float(np.max(outcome.seconds))
            words = f"{slowest:.1f} s = {slowest / LEASE_SECONDS:.1f} x"
            print(f"{kind:<26}{outcome.rounds:>7}{outcome.lost:>6}{stuck:>14}{outcome.wrong_reasons:>15}{words:>24}")


if __name__ == "__main__":
    main()
