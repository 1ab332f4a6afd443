"""Size of the heatmap fragment of 500 columns, and the time until Chromium has drawn it.

Figures: at most 200 kB, at most 300 ms from the moment the fragment is there until it is drawn. The matrix travels as
one byte for each pair (hundredths), in base 64, in a data attribute of the fragment; the names are forty signs long.
Yardstick: the same page draws an image of 500 x 500 random bytes on a bare canvas, from base 64 as well.
"""

from __future__ import annotations

import base64
import logging
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from werkzeug.serving import make_server

import config
from app.factory import create_app
from app.services.accounts import accounts, sessions
from app.services.datasets import datasets
from app.storage.db import db
from app.web.sessions import COOKIE
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.services.tables import draft_on, upload

COLUMNS, ROWS, ROUNDS = 500, 250, 7
DRAWN = "() => document.querySelector('figure.matrix[data-drawn]') !== null"
# From the last byte of the answer to the mark that is set after the first frame was painted.
TAKEN = """() => {
  const asked = performance.getEntriesByType('resource').filter((one) => one.name.includes('view=matrix')).pop();
  return Number(document.querySelector('figure.matrix').dataset.drawn) - asked.responseEnd;
}"""
BARE = """(text) => {
  const start = performance.now();
  const raw = atob(text);
  const canvas = Object.assign(document.createElement('canvas'), { width: 500, height: 500 });
  const context = canvas.getContext('2d');
  const image = context.createImageData(500, 500);
  for (let at = 0; at < raw.length; at += 1) image.data.set([raw.charCodeAt(at), 0, 0, 255], at * 4);
  context.putImageData(image, 0, 0);
  context.getImageData(0, 0, 1, 1);
  return performance.now() - start;
}"""


def table() -> bytes:
    """Return a file of 500 columns with long names, in groups that go together."""
    random = np.random.default_rng(0)
    groups = random.normal(size=(ROWS, 20))
    frame = pd.DataFrame(groups[:, np.arange(COLUMNS) % 20] + random.normal(size=(ROWS, COLUMNS)))
    frame.columns = pd.Index(
        [f"gauge_{position:03d}_mean_of_the_day_before_in_millimetres"[:40] for position in range(COLUMNS)]
    )
    return frame.round(3).to_csv(index=False).encode()


def served(folder: Path) -> tuple[str, str, str]:
    """Serve the product with a draft on that file; returns address, draft and the secret of a session."""
    values = {"HYDROML_DATA": str(folder), "HYDROML_LIMIT_INLINE_READ_SECONDS": "300"}
    app = create_app(config.load(values))
    with app.app_context():
        db.create_all()
        user = accounts.create_user("ada@example.org", name="Ada")
        secret = sessions.sign_in(sessions.new_session(), user).secret
        dataset = upload(user, table())
        profile = datasets.profile_of(dataset)
        assert profile is not None
        draft = draft_on(user, dataset, target=profile.columns[0].name).id
        db.session.remove()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}", str(draft), secret


def measure(page: Any, features: str) -> tuple[int, float]:
    """Open the step, ask for the matrix as a person does, and return its bytes and the milliseconds to drawn."""
    page.goto(features)
    page.wait_for_function("() => window.Chart !== undefined", timeout=120_000)
    with page.expect_response(lambda answer: "view=matrix" in answer.url, timeout=300_000) as request:
        page.get_by_role("link", name="All pairs").click()
    size = len(request.value.body())
    page.wait_for_function(DRAWN, timeout=120_000)
    return size, float(page.evaluate(TAKEN))


def main() -> int:
    """Print size and time beside the yardstick."""
    from playwright.sync_api import sync_playwright

    if chromium_path() is None:
        print("no Chromium here, so nothing was measured")
        return 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        address, draft, secret = served(Path(folder))
        chromium = engine.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
        page = context.new_page()
        page.set_default_timeout(300_000)
        results = [measure(page, f"/experiments/drafts/{draft}/features") for _ in range(ROUNDS)]
        noise = np.random.default_rng(1).bytes(COLUMNS * COLUMNS)
        text = base64.b64encode(noise).decode()
        bare = float(np.median([page.evaluate(BARE, text) for _ in range(ROUNDS)]))
        chromium.close()
    size, amount = max(size for size, _ in results), float(np.median([usage for _, usage in results]))
    print(f"fragment of {COLUMNS} columns  {size / 1000:8.1f} kB  (at most 200)")
    print(f"answered to drawn         {amount:8.1f} ms  (at most 300; median of {ROUNDS})")
    print(f"yardstick, bare canvas    {bare:8.1f} ms  -> {amount / bare:.1f} x")
    return 0 if size <= 200_000 and amount <= 300 else 1


if __name__ == "__main__":
    sys.exit(main())
