"""Experiments in every state for the page tests, with reports that training itself made from small data."""

from __future__ import annotations

import functools
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flask import Flask
from flask.testing import FlaskClient

from app.domain.experiment import Spec
from app.domain.training.run import train
from app.domain.vocabulary import JobKind, RunState
from app.factory import create_app
from app.services.accounts import accounts, sessions
from app.services.experiments import PREDICTIONS
from app.storage import datasets, experiments, files, jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Experiment, User
from app.web.sessions import COOKIE
from config import load
from tests.domain.tables import profile_of

CLASSES = ("none", "<b>some</b>", "much")


def make_app(folder: Path) -> Flask:
    """Return the application on an empty database."""
    app = create_app(load({"HYDROML_DATA": str(folder), "HYDROML_SECRET_KEY": "0123456789abcdef" * 3}))
    with app.app_context():
        db.create_all()
    return app


def add_user(email: str) -> User:
    """Add an account."""
    return accounts.create_user(email, name="Ada Nygaard")


def client_of(app: Flask, user: User) -> FlaskClient:
    """Return a browser in which this account is signed in."""
    client = app.test_client()
    opened = sessions.sign_in(sessions.new_session(), user)
    client.set_cookie(COOKIE, opened.secret)
    return client


def spec_json(kind: str) -> dict[str, Any]:
    """Return the config of a small experiment of this kind."""
    flows = kind == "regression"
    values = {
        "name": "A <i>small</i> river",
        "tags": ["first"],
        "task": {
            "target": "flow_mm" if flows else "class",
            "kind": kind,
            "time_column": "date" if flows else None,
        },
        "features": {
            "selected": ["rain_mm", "warmth"],
            "transforms": [{"columns": ["rain_mm"], "kind": "lag", "parameters": {"steps": [1]}}] if flows else [],
        },
        "model": {"estimator": "ridge" if flows else "logistic_regression"},
        "validation": {
            "strategy": "time_series" if flows else "stratified_k_fold",
            "parameters": {"n_splits": 3},
            "holdout": {"fraction": 0.2} if flows else None,
        },
        "metrics": {"primary": "nse", "others": ["rmse", "pbias"]}
        if flows
        else {"primary": "balanced_accuracy", "others": ["f1_macro"]},
    }
    return Spec.model_validate(values).to_json()


@functools.cache
def report_text(kind: str) -> str:
    """Return the report of a small experiment, as JSON text so that each test gets its own copy."""
    random = np.random.default_rng(3)
    rows = 1600 if kind == "regression" else 240
    rain = random.gamma(0.4, 6.0, rows)
    frame = pd.DataFrame({"rain_mm": rain, "warmth": random.normal(8, 5, rows)})
    if kind == "regression":
        frame["date"] = pd.date_range("2001-10-01", periods=rows)
        slow = pd.Series(rain).ewm(halflife=4).mean()
        frame["flow_mm"] = slow + random.gamma(1.0, 0.2, rows)
    else:
        frame["class"] = np.asarray(CLASSES, object)[np.digitize(rain + random.normal(0, 0.4, rows), [0.5, 4.0])]
    spec = Spec.model_validate(spec_json(kind))
    profile = profile_of(frame, "date" if kind == "regression" else None)
    result = train(spec, frame, profile, on_progress=lambda _progress: None, should_stop=lambda: False)
    return json.dumps(result.report.to_json())


def add_experiment(user: User, state: RunState, *, kind: str = "regression", **more: Any) -> Experiment:
    """Add an experiment in this state, with the job that belongs to it."""
    with transaction():
        dataset = datasets.add_dataset(
            owner_id=user.id, name="Small river", file_name="small.csv", state="ready", sha256="ab" * 32
        )
        row = experiments.add_experiment(
            owner_id=user.id,
            dataset_id=dataset.id,
            idempotency_key=uuid.uuid4().hex,
            name="A <i>small</i> river",
            tags=["first"],
            config={**spec_json(kind), "dataset": {"id": str(dataset.id), "sha256": "ab" * 32}},
            dataset_sha256="ab" * 32,
            estimate={
                "fits": 4,
                "seconds_low": 3.0,
                "seconds_high": 6.0,
                "memory_mb_low": 240.0,
                "memory_mb_high": 310.0,
                "basis": "",
            },
        )
        job = jobs.add_job(JobKind.TRAIN, subject_id=row.id, owner_id=user.id, seconds=600)
        row.state = job.state = state.value
        if state is RunState.RUNNING:
            job.started_at = now() - timedelta(seconds=10)
        if state.is_final:
            row.finished_at = now()
        for name, value in more.items():
            setattr(row, name, value)
    return row


def set_progress(row: Experiment, progress: dict[str, Any], *, age_seconds: float = 0.0) -> None:
    """Say how far a running experiment is, and how long ago it was launched."""
    with transaction():
        job = jobs.find_job(row.id, JobKind.TRAIN)
        assert job is not None
        job.progress = progress
        row.created_at = now() - timedelta(seconds=age_seconds)


ACTUAL = {"seconds": 5.0, "work_seconds": 4.0, "memory_mb": 280.0}


def finish(app: Flask, user: User, *, kind: str = "regression", report: dict[str, Any] | None = None) -> Experiment:
    """Add a finished experiment with its report and its predictions."""
    report = report or json.loads(report_text(kind))
    row = add_experiment(user, RunState.FINISHED, kind=kind, artefacts="attempt-1", report=report, actual=ACTUAL)
    folder = files.experiment_dir(app.extensions["hydroml_settings"].data, row.id) / "attempt-1"
    folder.mkdir(parents=True)
    (folder / PREDICTIONS).write_text("row,observed,predicted\r\n0,1.0,1.1\r\n", encoding="utf-8")
    return row
