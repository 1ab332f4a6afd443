"""Bytes of the first page and of each step of the wizard, with all that a browser fetches on arrival.

Figure: a first page that weighs at most 115 kB. Yardstick: the same answers without compression, in the same run.
Bytes are those of the bodies; headers come on top. The library of charts stands apart, since it comes when a chart is
opened and not before.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.steps import prepared_client, token

STATIC = re.compile(r'<(?:script|link)\b[^>]*?(?:src|href)="(/static/[^"]+)"')
WAYS = {"plain": "", "gzip": "gzip", "br": "gzip, deflate, br"}
GOAL_KB = 115


def bytes_of(client: Any, path: str, accepts: str) -> int:
    """Return the size of an answer's body as it travels."""
    answer = client.get(path, headers={"Accept-Encoding": accepts} if accepts else {})
    assert answer.status_code == 200, (path, answer.status)
    return len(answer.get_data())


def weights(client: Any, path: str) -> dict[str, tuple[int, int]]:
    """Return the bytes of a page alone, and with all that comes with it, for each way of sending them."""
    files = dict.fromkeys(STATIC.findall(client.get(path).text))
    results = {}
    for way, accepts in WAYS.items():
        page = bytes_of(client, path, accepts)
        results[way] = (page, page + sum(bytes_of(client, name, accepts) for name in files))
    return results


def report(title: str, results: dict[str, tuple[int, int]]) -> None:
    """Print one line."""
    cells = "".join(f"{page / 1000:9.1f}{whole / 1000:9.1f}" for page, whole in results.values())
    print(f"{title:16}{cells}   {results['br'][1] / results['plain'][1]:.2f}")


def main() -> None:
    """Print one line for each page."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        print("kB, the page alone and with what it loads")
        print(f"{'':16}" + "".join(f"{way:>18}" for way in WAYS) + "   br / plain")
        report("sign in", weights(app.test_client(), "/sign-in"))
        report("experiments", weights(client, "/experiments"))
        first = weights(client, "/experiments/new")
        report("new experiment", first)
        page = client.get("/experiments/new").text
        answer = client.post("/experiments/new/sample", data={"csrf_token": token(page), "sample": "piscataquis"})
        base = answer.headers["Location"].partition("/data")[0]
        for slug in ("data", "features", "model", "validation", "review"):
            report(slug, weights(client, f"{base}/{slug}"))
        with app.test_request_context():
            library = app.jinja_env.globals["static_file"]("vendor/chart.js-4.6.1/chart.umd.min.js")
        sizes = [bytes_of(client, library, accepts) / 1000 for accepts in WAYS.values()]
        print(f"{'chart library':16}" + "".join(f"{size:18.1f}" for size in sizes) + "   when a chart is opened")
        kilobytes = first["br"][1] / 1000
        print(f"the first page weighs {kilobytes:.0f} kB (goal: at most {GOAL_KB} kB)")
        assert kilobytes <= GOAL_KB


if __name__ == "__main__":
    main()
