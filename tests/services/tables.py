"""Drafts, uploads and threads for the service tests."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from flask import Flask

from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage.db import db
from app.storage.tables import Dataset, DraftRow, User

SMALL = "day,rain,warmth,flow\n" + "".join(
    f"2001-{1 + position // 28:02d}-{1 + position % 28:02d},{(position * 7) % 11 / 2},{10 + position % 13},{1 + (position * 7) % 11 + position % 3 / 10}\n"
    for position in range(300)
)


def upload(user: User, content: bytes, name: str = "river.csv") -> Dataset:
    """Take a file the way a request does."""
    row = datasets.start_upload(user, name)
    datasets.incoming_file(row.id).write_bytes(content)
    return datasets.finish_upload(user, row.id, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def draft_on(user: User, dataset: Dataset, **target: str) -> DraftRow:
    """Start a draft on a dataset."""
    row = drafts.create_draft(user)
    changes = {**datasets.first_answers(dataset), **target}
    drafts.save_answers(user, row.id, step="data", changes=changes, version=row.version)
    return drafts.get_draft(user, row.id)


def save(user: User, row: DraftRow, *, version: Any = None, step: str = "model", **changes: Any) -> int:
    """Save answers of one step and return the new version."""
    position = drafts.get_draft(user, row.id).version if version is None else version
    return drafts.save_answers(user, row.id, step=step, changes=changes, version=position).version


def at_once(app: Flask, many: int, work: Callable[[int], Any]) -> list[Any]:
    """Run the work in many threads that start together, each with a context of its own; faults are returned."""
    gate = threading.Barrier(many)
    results: list[Any] = [None] * many

    def run(place: int) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                results[place] = work(place)
            except Exception as fault:
                results[place] = fault
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    db.session.rollback()
    return results


def with_limits(app: Flask, **limits: int) -> None:
    """Give the application other limits."""
    settings = app.extensions["hydroml_settings"]
    app.extensions["hydroml_settings"] = replace(settings, limits=replace(settings.limits, **limits))


def wide_csv(columns: int = 300, rows: int = 40, *, seed: int = 0) -> bytes:
    """Return a file of many columns, of which the last is the sum of the first two."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, columns - 1)).round(4))
    frame.columns = pd.Index([f"gauge_{position}" for position in range(columns - 1)])
    frame["flow"] = frame["gauge_0"] + frame["gauge_1"]
    return frame.to_csv(index=False).encode()


def nobody() -> uuid.UUID:
    """Return an id that belongs to nothing."""
    return uuid.uuid4()
