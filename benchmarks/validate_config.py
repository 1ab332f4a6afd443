"""Server time of validate-config on the streamflow sample and on 1,000 columns, 95th percentile over many requests.

Figure: a config is checked in at most 10 ms. Yardstick: `/health/live`, which does nothing, in the same run. Every
request changes a setting, so no answer is a repeat. The figure is the wall clock around the WSGI application, as
whoever waits has it; the processor's time stands beside it, since a shared machine stretches the first.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import config
from app.domain.experiment import Spec
from app.domain.vocabulary import Scope
from app.factory import create_app
from app.services.accounts import accounts, tokens
from app.services.datasets import datasets
from app.services.datasets.analysis import profile_of
from app.services.drafts import drafts
from app.services.measurements import associations, runner
from app.storage.db import db
from app.storage.migrating import migrate
from app.storage.tables import User

ROUNDS = 200
PATH = "/api/experiments/wizard/validate-config/"
WIDE_ROWS, WIDE_COLUMNS = 500, 1_000


def wide_file() -> io.BytesIO:
    """Return a table of many columns, its target a sum of some of them."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(WIDE_ROWS, WIDE_COLUMNS - 1)).round(4))
    frame.columns = [f"gauge_{place:04d}" for place in range(WIDE_COLUMNS - 1)]
    frame["flow"] = frame.iloc[:, :5].sum(axis=1).round(4)
    bytes_io = io.BytesIO()
    frame.to_csv(bytes_io, index=False)
    bytes_io.seek(0)
    return bytes_io


def percentiles(call: Callable[[], Any]) -> tuple[float, float, float]:
    """Return median and 95th percentile of a call, and the latter of its processor time, in milliseconds."""
    for _ in range(5):
        call()
    times, work = [], []
    for _ in range(ROUNDS):
        start, start_time = time.perf_counter(), time.thread_time()
        answer = call()
        answer.get_data()
        times.append((time.perf_counter() - start) * 1000)
        work.append((time.thread_time() - start_time) * 1000)
        assert answer.status_code == 200, answer.get_data()
    return float(np.median(times)), float(np.percentile(times, 95)), float(np.percentile(work, 95))


def asking(client: Any, token: str, whole: dict[str, Any]) -> Callable[[], Any]:
    """Return a call that checks the config with another seed every time."""
    seed = iter(range(10**9))
    headers = {"Authorization": f"Bearer {token}"}

    def call() -> Any:
        return client.post(PATH, json={**whole, "reproducibility": {"seed": next(seed)}}, headers=headers)

    answer = call().get_json()
    assert answer["valid"], answer["problems"]
    return call


def configs(client: Any, token: str, user: User) -> dict[str, dict[str, Any]]:
    """Return the suggested config of each dataset, after its associations were measured."""
    headers = {"Authorization": f"Bearer {token}"}
    sent = client.post("/api/datasets/", data={"file": (wide_file(), "wide.csv")}, headers=headers)
    assert sent.status_code in (201, 202), sent.get_json()
    wide = uuid.UUID(sent.get_json()["id"])
    if sent.get_json()["state"] != "ready":
        datasets.read_dataset(wide)
    results = {}
    for name, dataset, target in (
        ("sample", datasets.use_sample(user, "piscataquis"), "discharge_mm"),
        ("wide", datasets.get_dataset(user, wide), "flow"),
    ):
        row = drafts.create_draft(user)
        drafts.save_answers(
            user, row.id, step="data", changes={"dataset_id": str(dataset.id), "target": target}, version=row.version
        )
        spec = drafts.plan_of(user, drafts.get_draft(user, row.id)).spec
        assert isinstance(spec, Spec)
        profile = profile_of(dataset)
        assert profile is not None
        request = associations.request_for(dataset, target, {})
        assert request is not None
        runner.measure_here(associations.MEASUREMENT, request)
        results[name] = {**json.loads(json.dumps(spec.to_json())), "dataset": {"id": str(dataset.id)}}
    return results


def main() -> None:
    """Print one line for each dataset."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(config.load({"HYDROML_DATA": str(Path(folder) / "data")}))
        with app.app_context():
            migrate()
            datasets.prepare_samples()
            user = accounts.create_user("ada@example.org", name="Ada")
            token = tokens.create_token(user.email, name="benchmark", scope=Scope.WRITE)
            client = app.test_client()
            current_values = configs(client, token, user)
            db.session.remove()
        yard = percentiles(lambda: client.get("/health/live"))
        print(f"{'':24}{'median':>9}{'p95':>9}{'work':>9}   p95 / yardstick's median")
        print(f"{'yardstick /health/live':24}{yard[0]:7.1f}ms{yard[1]:7.1f}ms{yard[2]:7.1f}ms")
        for name, whole in current_values.items():
            median, high, work = percentiles(asking(client, token, whole))
            print(f"{'validate ' + name:24}{median:7.1f}ms{high:7.1f}ms{work:7.1f}ms   {high / yard[0]:.0f} x")


if __name__ == "__main__":
    main()
