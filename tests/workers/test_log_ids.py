"""One request, from the page that launches to the worker that fails: its id is in the answer, the job and the log."""

from __future__ import annotations

import json
import uuid

from flask import Flask
from sqlalchemy import text

from app.storage import experiments
from app.storage.db import db, transaction
from app.storage.tables import Dataset, User
from tests.services.tables import draft_on
from tests.web.client import Browser, step_path
from tests.workers.conftest import Crew, job_of, wait_until


def test_a_request_is_named_in_the_log_of_the_worker(app: Flask, crew: Crew, user: User, sample: Dataset) -> None:
    crew.environment["HYDROML_LOG_FORMAT"] = "json"
    row = draft_on(user, sample)
    browser = Browser(app).sign_in(user)
    launched = browser.press(browser.get(step_path(row, "review")), "Launch experiment")
    request_id = launched.response.headers["X-Request-Id"]
    experiment = experiments.get_experiment(uuid.UUID(launched.goes_to.rsplit("/", 1)[-1]), owner_id=user.id)
    job = job_of(experiment)
    assert job.request_id == request_id
    with transaction():
        # Nothing that a user can send brings the worker to this.
        values = {"config": json.dumps({"model": "none"}), "id": experiment.id.hex}
        db.session.execute(text("UPDATE experiments SET config = :config WHERE id = :id"), values)
    crew.worker()
    wait_until(lambda: experiment.state == "failed", seconds=90, what="the failure")
    lines = [json.loads(line) for line in crew.words.splitlines() if line.startswith("{")]
    (line,) = [item for item in lines if item["level"] == "error"]
    assert (line["request"], line["job"]) == (request_id, str(job.id))
    assert line["fault"]
    assert "none" not in json.dumps(line)
