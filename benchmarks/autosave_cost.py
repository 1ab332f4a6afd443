"""What audit, events and metrics cost an autosave: the processor's own time with them and without, turn by turn.

Goal: at most 1.05 times, and at most two statements more. One process answers both: every second autosave runs with the
three mechanisms taken out, so that whatever else the machine does falls on both alike. The comparison with an earlier
commit in two processes is `python -m benchmarks.steps_against 37dc85d`.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from sqlalchemy import event

from app.services.audit import trail
from app.storage.db import db, now
from app.web import request_times
from benchmarks.steps import prepared_client, token
from benchmarks.steps_child import HTMX, STEPS, _answer
from tests.web.client import Page

ROUNDS = 25


@contextmanager
def without() -> Iterator[None]:
    """Take out what is to be measured."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(trail, "_append", lambda *_, **__: None))
        stack.enter_context(patch("app.services.drafts.drafts.record_answers", lambda *_, **__: None))
        stack.enter_context(patch("app.services.drafts.drafts.count_event", lambda *_, **__: None))
        stack.enter_context(patch.object(request_times.REQUESTS, "labels", lambda *_: _Nothing()))
        yield


class _Nothing:
    def observe(self, _seconds: float) -> None:
        """Count nothing."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        page = client.get("/experiments/new").text
        answer = client.post("/experiments/new/sample", data={"csrf_token": token(page), "sample": "piscataquis"})
        (base,) = re.findall(r"/experiments/drafts/[0-9a-f-]{36}", answer.headers["Location"])
        _measure("as used, with an entry once a minute", app, client, base, is_worst=False)
        _measure("with an entry at every autosave", app, client, base, is_worst=True)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _measure(name: str, app: Any, client: Any, base: str, *, is_worst: bool) -> None:
    times: dict[bool, list[float]] = {True: [], False: []}
    statements: dict[bool, list[int]] = {True: [], False: []}
    for turn in range(ROUNDS):
        for slug in STEPS:
            for number, measured in enumerate((True, False) if turn % 2 else (False, True)):
                sent = _form(client, f"{base}/{slug}", slug, 2 * turn + number + 1)
                with ExitStack() as stack:
                    if is_worst:
                        later = now() + timedelta(minutes=turn)
                        stack.enter_context(patch.object(trail, "now", lambda later=later: later))
                    took, count = _ask(app, client, f"{base}/{slug}/autosave", sent, measured=measured)
                if turn >= 3:
                    times[measured].append(took)
                    statements[measured].append(count)
    print(name)
    _tell(times, statements)


def _form(client: Any, path: str, slug: str, turn: int) -> dict[str, Any]:
    form = Page(path, client.get(path)).answers
    name, value = _answer(slug, turn, form)
    return {**form.values, name: value if isinstance(value, list) else [value]}


def _ask(app: Any, client: Any, path: str, sent: dict[str, Any], *, measured: bool) -> tuple[float, int]:
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with ExitStack() as stack:
            if not measured:
                stack.enter_context(without())
            start = time.process_time()
            done = client.post(path, data=sent, headers=HTMX)
            took = time.process_time() - start
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert done.status_code < 400, done.status
    return 1000 * took, count


def _tell(times: dict[bool, list[float]], statements: dict[bool, list[int]]) -> None:
    with_all, bare = float(np.median(times[True])), float(np.median(times[False]))
    mean = float(np.mean(times[True])) / float(np.mean(times[False]))
    print(f"autosave, median: {bare:.2f} ms without, {with_all:.2f} ms with: {with_all / bare:.3f} x (goal 1.05 x)")
    print(f"autosave, mean: {mean:.3f} x")
    more = max(statements[True]) - max(statements[False])
    print(f"statements: {max(statements[False])} without, {max(statements[True])} with: {more} more (goal 2)")


if __name__ == "__main__":
    main()
