"""Opening a dataset that was analysed before: what the service finds, the page, and the API's answer.

Figure: 30 ms. Yardstick: `/health/live`, which does nothing, in the same run. "Cold" drops what the process remembers
before every round, so that the analysis comes from the database again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.services import analysis, datasets
from app.storage.tables import Dataset, User
from benchmarks.first_look import first_user, headers_of
from benchmarks.steps import percentiles, prepared_client
from tests.services.tables import upload, wide_csv

WIDE = 300


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
        yard = percentiles(lambda: client.get("/health/live"))[0]
        print(f"yardstick /health/live                        {yard:.2f} ms")
        for dataset_id, words in zip(ids, ("streamflow, 9 columns", f"{WIDE:,} columns"), strict=True):
            page = lambda at=dataset_id: client.get(f"/datasets/{at}")  # noqa: E731
            asked = {"dataset_id": str(dataset_id)}
            answer = lambda body=asked: client.post(  # noqa: E731
                "/api/experiments/wizard/dataset-analysis/", json=body, headers=headers
            )
            for name, call in (
                ("page", page),
                ("page, cold", cold(page)),
                ("API", answer),
                ("API, cold", cold(answer)),
            ):
                middle, slow = percentiles(call)
                print(f"{words:22} {name:12} {middle:7.1f} ms (p95 {slow:.1f}) = {middle / yard:4.0f} x (goal: 30 ms)")


def _datasets(user: User) -> list[Dataset]:
    wide = upload(user, wide_csv(WIDE, 60), "wide.csv")
    return [datasets.use_sample(user, "piscataquis"), datasets.read_dataset(wide.id)]


if __name__ == "__main__":
    main()
