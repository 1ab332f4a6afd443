"""Opening a dataset that was analysed before: what the service finds, the page, and the API's answer.

Figure: 30 ms. Yardstick: `/health/live`, which does nothing, in the same run. "Cold" drops what the process remembers
before every round, so that the analysis comes from the database again. "After a start" is the first page of a new
process: once as somebody finds it who comes a few seconds later, when it has warmed up, and once at once.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import config
from app.factory import create_app
from app.launch import warming
from app.services.datasets import analysis, datasets
from app.storage.tables import Dataset, User
from benchmarks.first_look import first_user, headers_of
from benchmarks.steps import percentiles, prepared_client
from tests.services.tables import upload, wide_csv

WIDE = 300
STARTS = 5
ROOT = Path(__file__).resolve().parents[1]


def cold(call: Callable[[], Any]) -> Callable[[], Any]:
    """Return the call with nothing remembered from before."""

    def forgetful() -> Any:
        analysis.forget_profiles()
        return call()

    return forgetful


def main() -> None:
    """Print one line per way to open it."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        headers = headers_of(app)
        with app.app_context():
            rows = _datasets(first_user())
            assert [row.state for row in rows] == ["ready", "ready"]
            ids = [row.id for row in rows]
        # As the product does, once it has started.
        gc.freeze()
        cookie = next(iter(client._cookies.values()))
        yard = percentiles(lambda: client.get("/health/live"))[0]
        print(f"yardstick /health/live                              {yard:.2f} ms")
        for dataset_id, words in zip(ids, ("streamflow, 9 columns", f"{WIDE:,} columns"), strict=True):
            page = lambda position=dataset_id: client.get(f"/datasets/{position}")  # noqa: E731
            query = {"dataset_id": str(dataset_id)}
            answer = lambda body=query: client.post(  # noqa: E731
                "/api/experiments/wizard/dataset-analysis/", json=body, headers=headers
            )
            told: list[tuple[str, float, float]] = []
            for name, call in (
                ("page", page),
                ("page, cold", cold(page)),
                ("API", answer),
                ("API, cold", cold(answer)),
            ):
                told.append((name, *percentiles(call)))
            for name, way in (("after a start, warmed", "warm"), ("after a start, at once", "once")):
                times = [_after_a_start(folder, f"/datasets/{dataset_id}", cookie, way) for _ in range(STARTS)]
                told.append((name, float(np.median(times)), max(times)))
            for name, middle, slow in told:
                print(f"{words:22} {name:24} {middle:7.1f} ms (p95 {slow:.1f}) = {middle / yard:4.0f} x (goal: 30 ms)")


def _datasets(user: User) -> list[Dataset]:
    wide = upload(user, wide_csv(WIDE, 60), "wide.csv")
    return [datasets.use_sample(user, "piscataquis"), datasets.read_dataset(wide.id)]


def _after_a_start(folder: str, path: str, cookie: Any, way: str) -> float:
    command = [sys.executable, "-m", "benchmarks.reopen", folder, path, cookie.key, cookie.value, way]
    # Compiled templates are kept as in the product, whatever is set where this is measured.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return float(process.stdout)


def first_page(folder: str, path: str, key: str, value: str, way: str) -> None:
    """Print the milliseconds that the first page of this process takes."""
    app = create_app(config.load({"HYDROML_DATA": folder}))
    client = app.test_client()
    client.set_cookie(key, value)
    if way == "warm":
        warming.warm_caches(app)
    begin = time.perf_counter()
    answer = client.get(path)
    answer.get_data()
    print((time.perf_counter() - begin) * 1000)
    assert answer.status_code == 200, answer.status


if __name__ == "__main__":
    first_page(*sys.argv[1:]) if sys.argv[1:] else main()
