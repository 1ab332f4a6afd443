"""People at work in the wizard: how long they wait, how many are refused, and how many connections are cut.

Figures: with 100 people, who pause 3 s between two acts and launch nothing, p95 <= 250 ms, p99 <= 800 ms, no error and
no cut connection. With 500 people (`--people 500`) the server answers 503 with Retry-After to what it has no room for,
and answers everybody again within 10 s after they left. Yardstick: `/health/live`, asked twice a second in the same
run. The people share the machine with the server, as they do nowhere else.

`--root` names another checkout of the product, so that two commits are compared turn by turn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.people import Account
from tests.browser.conftest import ROOT, free_port

RECOVERY_TRIES = 100
EVERY_SECONDS = 0.1
SLOW_SECONDS = 0.5
SHARES = (0.5, 0.95, 0.99)


@dataclass
class Product:
    """A product that was started for this run."""

    url: str
    process: subprocess.Popen[str]
    accounts: list[Account] = field(default_factory=list)
    forms: dict[str, dict[str, list[str]]] = field(default_factory=dict)


@contextlib.contextmanager
def product(root: Path, people: int) -> Iterator[Product]:
    """Start a product on an empty folder, with an account, drafts and a finished experiment for each person."""
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "data", free_port()
        environment = {**os.environ, "HYDROML_DATA": str(data), "PYTHONPATH": f"{root}:{ROOT}"}
        command = [sys.executable, "-m", "app.cli", "up", "--port", str(port), "--data", str(data)]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "is ready" in line:
                    break
            made = Product(f"http://127.0.0.1:{port}", process)
            if people:
                prepare(made, people, root, environment)
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def prepare(made: Product, people: int, root: Path, environment: dict[str, str]) -> None:
    """Add the people, and one more who goes through all steps first, so that each thing is measured once."""

    def ask(*arguments: str) -> str:
        command = [sys.executable, "-m", "benchmarks.people", *arguments]
        return subprocess.run(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    made.accounts = [Account(**values) for values in json.loads(ask(str(people)))]
    first = made.accounts[-1]
    made.forms = json.loads(ask("--forms", made.url, first.link))
    ask("--spread", first.dataset)


def run(position: Product, *, people: int, seconds: int, seed: int = 1) -> Any:
    """Have people work for so long; returns locust's statistics, without those of their arrival."""
    # Locust replaces the blocking parts of the standard library, so nothing else of it may be in use before.
    from benchmarks.load_people import Monitor, Person, begin, forget_outcomes

    begin(position.accounts[:-1], position.forms)
    import gevent
    from locust.env import Environment

    random.seed(seed)
    made = Environment(user_classes=[Person, Monitor], host=position.url, reset_stats=True)
    runner = made.create_local_runner()
    runner.start(people + 1, spawn_rate=max(5, people / 20))
    gevent.sleep(max(20.0, people / 20) + 5)
    made.stats.reset_all()
    forget_outcomes()
    begin_at, worked = time.monotonic(), web_seconds(position.process.pid)
    gevent.sleep(seconds)
    made.stats.seconds = time.monotonic() - begin_at
    made.stats.web_seconds = web_seconds(position.process.pid) - worked
    runner.stop()
    runner.quit()
    return made.stats


def web_seconds(supervisor: int) -> float:
    """Return the processor's time that the processes of the web have taken so far."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_web = b"gunicorn" in (entry / "cmdline").read_bytes()
            if is_web and f"HYDROML_SUPERVISOR={supervisor}".encode() in (entry / "environ").read_bytes():
                ticks += sum(int(cell) for cell in (entry / "stat").read_text().rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def recovery(url: str) -> float:
    """Return the seconds until ten answers in a row come within half a second each, and none is a refusal."""
    import urllib.error
    import urllib.request

    begin, good = time.perf_counter(), 0
    for _ in range(RECOVERY_TRIES):
        request = time.perf_counter()
        try:
            # An address of our own, which was made above.
            with urllib.request.urlopen(f"{url}/sign-in", timeout=30) as answer:  # noqa: S310
                fine = answer.status == 200 and time.perf_counter() - request < SLOW_SECONDS
        except (urllib.error.HTTPError, OSError):
            fine = False
        good = good + 1 if fine else 0
        if good == 1:
            first = request
        if good == 10:
            return first - begin
        time.sleep(EVERY_SECONDS)
    return float("inf")


def report(stats: Any, people: int) -> None:
    """Print one line per route, and all together."""
    from benchmarks.load_people import HEALTH, outcome

    print(f"{people} people, {stats.seconds:.0f} s{'':10} asked   p50   p95   p99   503s  errors  cut")
    for entry in sorted(
        (item for item in stats.entries.values() if item.name != HEALTH), key=lambda element: element.name
    ):
        _line(entry.name, entry, outcome(entry.name))
    _line("all of it", _without_health(stats, HEALTH), outcome(None))
    health = stats.get(HEALTH, "GET")
    p50, p95, p99 = (health.get_response_time_percentile(share) for share in SHARES)
    count = sum(item.num_requests for item in stats.entries.values() if item.name != HEALTH)
    print(
        f"the web's processors worked {stats.web_seconds:.1f} s, {stats.web_seconds / max(count, 1) * 1000:.1f} ms each"
    )
    print(f"yardstick, {HEALTH}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms")


def _without_health(stats: Any, health: str) -> Any:
    from locust.stats import StatsEntry

    total = StatsEntry(stats, "all", None)
    total.reset()
    for entry in stats.entries.values():
        if entry.name != health:
            total.extend(entry)
    return total


def _line(name: str, entry: Any, counted: Any) -> None:
    p50, p95, p99 = (entry.get_response_time_percentile(share) or 0 for share in SHARES)
    print(f"{name:27}{entry.num_requests:8}{p50:6.0f}{p95:6.0f}{p99:6.0f}"
          f"{counted.refused:7}{counted.errors:8}{counted.cut:5}")  # fmt: skip


def main() -> None:
    """Let people work and print what it was like."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args()
    with product(options.root.resolve(), options.people) as position:
        stats = run(position, people=options.people, seconds=options.seconds)
        seconds = recovery(position.url)
        report(stats, options.people)
        print(f"everybody is answered again {seconds:.1f} s after they left (goal: 10 s)")


if __name__ == "__main__":
    main()
