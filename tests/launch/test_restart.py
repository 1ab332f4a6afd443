"""A planned restart of the whole product in the middle of a training, as an upgrade does it."""

from __future__ import annotations

import signal
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask

from app import queue
from app.launch.redis_server import socket_path, url_of
from app.services.context import current_settings
from app.storage.tables import Experiment
from tests.launch.conftest import Starter
from tests.workers.conftest import Launch, job_of, launch, runs, wait_until

__all__ = ["launch"]


@pytest.fixture
def app(app: Flask) -> Flask:
    """Return the application with the server named that `hydroml up` brings."""
    url = url_of(socket_path(current_settings().data))
    app.extensions["hydroml_settings"] = replace(current_settings(), redis_url=url)
    queue.forget_failures()
    return app


def under_way(experiment: Experiment, attempt: int) -> bool:
    """Return whether a fold of this attempt has been judged."""
    return job_of(experiment).attempt == attempt and runs(experiment)


@pytest.mark.slow
def test_a_training_outlives_restarts_of_everything(app: Flask, launch: Launch, starter: Starter) -> None:
    data = app.extensions["hydroml_settings"].data
    experiment = launch(trees=50, folds=4)
    for attempt in (1, 2, 3):
        up = starter.ready(data)
        wait_until(partial(under_way, experiment, attempt), seconds=120, what=f"fold 1 of attempt {attempt}")
        assert up.end(signal.SIGTERM) == 0
        wait_until(lambda: job_of(experiment).state == "queued", seconds=1, what="the handing back")
        assert job_of(experiment).uncounted_attempts == attempt
        assert not up.all_processes()
    starter.ready(data)
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")
    assert job_of(experiment).attempt == 4
