"""Answers requests of `benchmarks.steps_against` inside one tree: a line in, milliseconds out.

It runs in the tree that PYTHONPATH names, be it an earlier commit, so it imports nothing that was not there before.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.steps import prepared_client, token
from tests.web.client import Page

HTMX = {"HX-Request": "true"}
# The estimator that is suggested is not the same in each version, so one is chosen that all of them have.
ESTIMATOR = "hist_gradient_boosting"
STEPS = ("data", "features", "model", "validation", "review")


def _answer(slug: str, turn: int, form: Any) -> tuple[str, Any]:
    """Return the control that is changed in a turn and its value, another one than that of the turn before."""
    if slug == "data":
        # Any other kind would be at odds with the features that are derived from this column.
        return "kind.c2", ("numeric", "")[turn % 2]
    if slug == "features":
        # All but the date and the target, of which later versions say that it cannot predict itself.
        every = ("c1", "c2", "c3", "c4", "c6", "c7")
        return "column", [key for index, key in enumerate(every) if turn >> index & 1] or list(every[:1])
    names = {"model": f"{ESTIMATOR}.max_iter", "validation": "seed", "review": "name"}
    return names[slug], str(100 + turn)


def main() -> None:
    """Prepare a draft on the streamflow sample, say so, and answer until there are no more lines."""
    with tempfile.TemporaryDirectory() as folder:
        _, client = prepared_client(Path(folder))
        page = client.get("/experiments/new").text
        answer = client.post("/experiments/new/sample", data={"csrf_token": token(page), "sample": "piscataquis"})
        (base,) = re.findall(r"/experiments/drafts/[0-9a-f-]{36}", answer.headers["Location"])
        model = Page("model", client.get(f"{base}/model")).answers
        chosen = {**model.values, "estimator": [ESTIMATOR], "action": ["continue"]}
        assert client.post(f"{base}/model", data=chosen).status_code == 303
        print("ready", flush=True)
        for turn, line in enumerate(sys.stdin, start=1):
            kind, slug = line.split()
            path, sent = f"{base}/{slug}", None
            if kind != "show":
                form = Page(path, client.get(path)).answers
                name, value = _answer(slug, turn, form)
                sent = {**form.values, name: value if isinstance(value, list) else [value]}
            start, worked = time.perf_counter(), time.process_time()
            if sent is None:
                done = client.get(path)
            elif kind == "autosave":
                done = client.post(f"{path}/autosave", data=sent, headers=HTMX)
            else:
                done = client.post(path, data={**sent, "action": ["continue" if slug != "review" else "apply"]})
            done.get_data()
            assert done.status_code < 400, (line, done.status)
            print((time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000, flush=True)


if __name__ == "__main__":
    main()
