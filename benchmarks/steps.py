"""Server time of each step of the wizard on the streamflow sample, 95th percentile over many requests.

Figure: each step answers in under 100 ms. Yardstick: `/health/live`, which does nothing, in the same run.
Each step is shown, and saved with one answer changed every time. The time is taken around the WSGI application, so it
is the server's own time with no network in it.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import config
from app.factory import create_app
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.storage.db import db
from tests.web.client import Page

ROUNDS = 60
# One answer of each step, and the two values between which it goes to and fro.
CHANGED: dict[str, tuple[str, tuple[Any, Any]]] = {
    "data": ("kind.c2", ("numeric", "")),
    "features": ("column", (["c1", "c2"], ["c1"])),
    "model": ("averaged_trees.max_iter", ("150", "200")),
    "validation": ("seed", ("7", "42")),
    "review": ("name", ("One", "Two")),
}


def prepared_client(folder: Path) -> tuple[Any, Any]:
    """Return the application and a client signed in as its first admin."""
    app = create_app(config.load({"HYDROML_DATA": str(folder)}))
    with app.app_context():
        from flask_migrate import upgrade

        upgrade(directory=str(Path(__file__).resolve().parents[1] / "migrations"))
        datasets.prepare_samples()
        code = accounts.make_sign_in_link(None)
        db.session.remove()
    client = app.test_client()
    page = client.get(f"/sign-in/{code}")
    assert client.post(f"/sign-in/{code}", data={"csrf_token": token(page.text)}).status_code == 303
    return app, client


def token(page: str) -> str:
    """Return the CSRF token of a page."""
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert match, "the page has no form"
    return match.group(1)


class Saving:
    """Saves a step again and again, each time with another answer than before."""

    def __init__(self, client: Any, path: str, changed: tuple[str, tuple[Any, Any]]) -> None:
        self.client, self.path = client, path
        self.name, self.values = changed
        self.form = Page(path, client.get(path)).answers
        self.turn = 0

    def __call__(self) -> Any:
        """Send the whole form of the page with one answer changed."""
        self.turn += 1
        value = self.values[self.turn % 2]
        sent = {**self.form.values, self.name: value if isinstance(value, list) else [value]}
        # Without a version it is the newest one that the changes are made on.
        sent.pop("version", None)
        address = f"{self.path}/autosave" if self.path.endswith("review") else self.path
        return self.client.post(address, data={**sent, "action": ["continue"]})


def percentiles(call: Callable[[], Any]) -> tuple[float, float]:
    """Return the median and the 95th percentile of a call, in milliseconds."""
    call()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        response = call()
        response.get_data()
        times.append((time.perf_counter() - start) * 1000)
        assert response.status_code < 400, response.status
    return float(np.median(times)), float(np.percentile(times, 95))


def main() -> None:
    """Print one line per step."""
    with tempfile.TemporaryDirectory() as folder:
        _, client = prepared_client(Path(folder))
        page = client.get("/experiments/new").text
        answer = client.post("/experiments/new/sample", data={"csrf_token": token(page), "sample": "piscataquis"})
        draft = re.match(r".*(/experiments/drafts/[0-9a-f-]{36})", answer.headers["Location"])
        assert draft, answer.headers
        base = draft.group(1)
        yard = percentiles(lambda: client.get("/health/live"))
        print(f"{'':22}{'median':>9}{'p95':>9}   p95 / yardstick's median")
        print(f"{'yardstick /health/live':22}{yard[0]:7.1f}ms{yard[1]:7.1f}ms")
        for slug in ("data", "features", "model", "validation", "review"):
            show = percentiles(partial(client.get, f"{base}/{slug}"))
            print(f"{'show ' + slug:22}{show[0]:7.1f}ms{show[1]:7.1f}ms   {show[1] / yard[0]:.0f} x")
            save = percentiles(Saving(client, f"{base}/{slug}", CHANGED[slug]))
            print(f"{'save ' + slug:22}{save[0]:7.1f}ms{save[1]:7.1f}ms   {save[1] / yard[0]:.0f} x")


if __name__ == "__main__":
    main()
