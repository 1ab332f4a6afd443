"""Starting HydroML: the first start of a data folder, every later one, and what stays behind when it is stopped.

Figures: a second start in under 5 s, and no process left. Yardstick: starting Python with Flask and SQLAlchemy, the
same run. The first start of a clone also installs what the lock names, which is the network's time and not ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.browser.conftest import ROOT, free_port

AGAIN = 5


def family(session: int) -> list[int]:
    """Return the processes that carry this data folder in their environment."""
    mark, results = f"HYDROML_BENCH={session}".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                results.append(int(entry.name))
        except OSError:
            continue
    return results


def start_and_stop(data: Path) -> tuple[float, float, int]:
    """Return seconds to the ready line, seconds to the end after SIGTERM, and how many processes were left."""
    session = time.monotonic_ns()
    command = [sys.executable, "-m", "app.cli", "up", "--port", str(free_port()), "--data", str(data)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "HYDROML_BENCH": str(session)}
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "ready" in line:
            break
    ready = time.perf_counter() - begin
    begin = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return ready, time.perf_counter() - begin, len(family(session))


def yardstick() -> float:
    """Return the median seconds of a bare Python that imports what every web process imports."""
    times = []
    for _ in range(AGAIN):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import flask, sqlalchemy"], check=True)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def main() -> None:
    """Start a fresh folder once and then again and again."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        first, _, left = start_and_stop(data)
        later = [start_and_stop(data) for _ in range(AGAIN)]
    yard = yardstick()
    again = sorted(ready for ready, _, _ in later)
    print(f"yardstick, Python with Flask and SQLAlchemy  {yard:.2f} s")
    print(f"first start of a data folder                 {first:.1f} s = {first / yard:.0f} x")
    print(f"later starts, median and slowest of {AGAIN}        {np.median(again):.1f} s and {again[-1]:.1f} s = "
          f"{np.median(again) / yard:.0f} x (goal: under 5 s)")  # fmt: skip
    print(f"stopping, median                             {np.median([end for _, end, _ in later]):.1f} s")
    print(f"processes left behind                        {left + sum(rest for _, _, rest in later)} (goal: 0)")


if __name__ == "__main__":
    main()
