"""Server time of experiment templates, 95th percentile: load one, use one on 1,000 columns, search in 10,000.

Goals: 30 ms to load, 150 ms to use, 50 ms to search, on two quiet cores. Yardstick: `/health/live`, which does nothing,
asked between all of them in the same run. The time is taken around the WSGI application, with no network in it; beside
it stands the processor's own time, which tells more on a busy machine.
"""

from __future__ import annotations

import io
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.services.experiment_templates import listing, shipped, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.services.experiment_templates.listing import TemplateSearch
from app.storage import accounts
from app.storage.db import db, transaction
from app.storage.tables import ExperimentTemplate
from benchmarks.steps import prepared_client, token

ROUNDS, TEMPLATES, COLUMNS, ROWS = 60, 10_000, 1_000, 100
WORDS = ("river", "well", "daily", "hourly", "snow", "flood", "drought", "spring", "lake", "reservoir", "nitrate")


def _fill(user_id: uuid.UUID) -> None:
    """Enter 10,000 templates of one version, as many names as there are."""
    draw = np.random.default_rng(4)
    template = listing.find_templates(accounts.get_user(user_id), TemplateSearch("daily"), limit=1)[0][0]
    content = versions.newest_content(template)
    with transaction():
        for number in range(TEMPLATES):
            name = f"{' '.join(draw.choice(WORDS, 4))} {number}"
            row = ExperimentTemplate(
                owner_id=user_id,
                name=name,
                description=content.description,
                visibility="everyone",
                category="Streamflow",
                tags=list(draw.choice(WORDS, 2)),
                search_text=f"{name} {content.description}".lower(),
                needs=list(template.needs),
                sketch=dict(template.sketch),
                usage_count=int(draw.integers(0, 500)),
            )
            db.session.add(row)


def _wide_csv() -> bytes:
    draw = np.random.default_rng(5)
    values = draw.normal(0, 1, (ROWS, COLUMNS)).round(4)
    head = ",".join(["target", *(f"sensor_{number}" for number in range(1, COLUMNS))])
    return (head + "\n" + "\n".join(",".join(map(str, row)) for row in values)).encode()


def _timed(call: Callable[[], Any]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    answer = call()
    spent = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor)
    assert answer.status_code < 400, answer.get_data(as_text=True)[:500]
    answer.get_data()
    return spent


def _store_templates() -> tuple[uuid.UUID, uuid.UUID]:
    """Store the library and thousands of others; return a template with many columns, and that of streamflow."""
    shipped.store_library()
    user = accounts.find_first_admin()
    assert user is not None
    _fill(user.id)
    names = [f"sensor_{number}" for number in range(1, 41)]
    config = {"task": {"target": "target", "kind": "regression"}, "features": {"selected": names}}
    edit = TemplateEdit(name="Wide", config={**config, "model": {"estimator": "ridge"}})
    wide = versions.create_template(user, edit).id
    return wide, listing.find_templates(user, TemplateSearch("Daily streamflow simulated"), limit=1)[0][0].id


def main() -> None:
    """Print the 95th percentile of each request, and as a multiple of the yardstick."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        with app.app_context():
            wide, streamflow = _store_templates()
            db.session.remove()
        page = client.get("/experiments/new").text
        headers, turn = {"X-CSRFToken": token(page)}, {"turn": 0}
        sent = {"file": (io.BytesIO(_wide_csv()), "wide.csv")}
        dataset = client.post("/api/datasets/", data=sent, headers=headers).get_json()
        assert dataset["state"] == "ready", dataset

        def use(preview: bool, template: uuid.UUID) -> Any:
            # Another column each time, so that neither mapping nor plan was worked out before.
            turn["turn"] += 1
            mapping = {"sensor_1": f"sensor_{100 + turn['turn']}"} if template == wide else {}
            body = {"dataset_id": dataset["id"], "preview": preview, "mapping": mapping}
            return client.post(f"/api/experiment-templates/{template}/apply/", json=body, headers=headers)

        requests: dict[str, tuple[Callable[[], Any], float | None]] = {
            "load a template (API)": (lambda: client.get(f"/api/experiment-templates/{streamflow}/"), 30),
            "load a template (page)": (lambda: client.get(f"/experiment-templates/{streamflow}"), 30),
            "look at the mapping, 1,000 columns": (lambda: use(True, wide), 150),
            "use on 1,000 columns (draft)": (lambda: use(False, wide), 150),
            "search in 10,000 (API)": (lambda: client.get("/api/experiment-templates/?q=snow+flood"), 50),
            "search in 10,000 (gallery)": (lambda: client.get("/experiment-templates?q=snow+flood&sort=name"), 50),
        }
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in (*requests, "live")}
        for _ in range(ROUNDS):
            spent["live"].append(_timed(lambda: client.get("/health/live")))
            for name, (call, _goal) in requests.items():
                spent[name].append(_timed(call))
        _print(spent, {name: goal for name, (_call, goal) in requests.items()})


def _print(spent: dict[str, list[tuple[float, float]]], goals: dict[str, float | None]) -> None:
    live = float(np.percentile(np.array(spent["live"])[:, 0], 95))
    print(f"{'request':<38}{'ms':>9}{'processor':>11}{'goal':>7}{'x /health/live':>16}")
    for name, times in spent.items():
        wall, processor = np.percentile(np.array(times), 95, axis=0)
        print(f"{name:<38}{wall:>9.1f}{processor:>11.1f}{goals.get(name) or '':>7}{wall / live:>16.1f}")


if __name__ == "__main__":
    main()
