"""Redis away: pages and readiness say so while it lasts, and what waited starts by itself when it is back."""

from __future__ import annotations

import json
import signal
from datetime import timedelta

import pytest
from flask import Flask

from app.services.system import system_state
from app.storage import jobs
from app.storage.db import now, transaction
from app.storage.tables import User
from tests.services.tables import SMALL, upload, with_limits
from tests.web.client import Browser
from tests.workers.conftest import Crew, Launch, Server, job_of, wait_until

GONE_SECONDS = 60


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    """Return the browser of a member."""
    return Browser(app).sign_in(user)


def ready(browser: Browser) -> bool:
    """Return whether every part of the product is ready."""
    return browser.get("/health/ready").status == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)])
def test_redis_away_is_said_until_it_is_back(
    browser: Browser, crew: Crew, launch: Launch, server: Server, how: signal.Signals
) -> None:
    crew.worker()
    crew.upkeep()
    wait_until(lambda: jobs.live_workers() == 1, seconds=60, what="the first beat")
    wait_until(lambda: ready(browser), seconds=10, what="being ready")
    take_away(server, how)
    wait_until(lambda: not ready(browser), seconds=10, what="the noticing")
    answer = browser.get("/health/ready")
    assert (answer.status, answer.response.mimetype) == (503, "application/json")
    body = json.loads(answer.text)
    assert (body["status"], body["queue"], body["workers"]) == ("unready", "unreachable", "1")
    assert body["faults"] == [system_state.QUEUE_AWAY]
    experiment = launch(trees=10, folds=2)
    page, part = f"/experiments/{experiment.id}", f"/experiments/{experiment.id}/progress"
    assert browser.get(page).text.count(system_state.QUEUE_AWAY) == 1
    assert browser.get(part, htmx=True).text.count(system_state.QUEUE_AWAY) == 1
    assert experiment.state == "queued"
    bring_back(server, how)
    wait_until(lambda: ready(browser), seconds=GONE_SECONDS, what="being ready again")
    assert system_state.QUEUE_AWAY not in browser.get(page).text
    wait_until(lambda: experiment.state == "finished", seconds=120, what="the end")
    assert job_of(experiment).attempt == 1


def take_away(server: Server, how: signal.Signals) -> None:
    """End the server, or let it hang."""
    if how == signal.SIGTERM:
        server.stop(how)
    else:
        assert server.process is not None
        server.process.send_signal(how)


def bring_back(server: Server, how: signal.Signals) -> None:
    """Undo that."""
    if how == signal.SIGTERM:
        server.start()
    else:
        assert server.process is not None
        server.process.send_signal(signal.SIGCONT)


def test_a_dataset_that_waits_says_that_redis_is_away(app: Flask, browser: Browser, user: User, server: Server) -> None:
    with transaction():
        jobs.record_heartbeat("one", host="here", pid=1)
    server.stop()
    with_limits(app, inline_read_mb=0)
    dataset = upload(user, SMALL.encode())
    assert dataset.state == "reading"
    page, part = f"/datasets/{dataset.id}", f"/datasets/{dataset.id}/reading"
    assert browser.get(page).text.count(system_state.QUEUE_AWAY) == 1
    assert system_state.QUEUE_AWAY in browser.get(part, htmx=True).text
    server.start()
    system_state.forget()
    assert system_state.QUEUE_AWAY not in browser.get(part, htmx=True).text


def test_a_page_says_why_a_job_waits_that_was_at_work(browser: Browser, launch: Launch) -> None:
    experiment = launch()
    with transaction():
        job = job_of(experiment)
        job.error_code, job.error = "disk_full", "The disk was full."
        job.not_before = now() + timedelta(seconds=40.9)
    text = browser.get(f"/experiments/{experiment.id}").text
    assert "The disk was full. It is tried again in 4" in text
    with transaction():
        job_of(experiment).not_before = now()
    assert (
        "The disk was full. It starts again as soon as a worker is free."
        in browser.get(f"/experiments/{experiment.id}").text
    )
