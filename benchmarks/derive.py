"""Seconds for features with a memory of 100,000 rows and 7 drivers, at one site and at 500.

Figure: means over 7 windows, exponential memory over 4 shares, and degree-day snow. Yardstick: pandas' rolling mean of
the same windows, by time, for each column and site.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from app.domain.training.preprocessing.derivation import apply_transforms
from tests.domain.tables import make_spec, profile_of

ROWS, DRIVERS = 100_000, 7
WINDOWS, KEEPS = [3, 7, 14, 30, 90, 180, 365], [0.8, 0.9, 0.97, 0.99]
DAY = pd.Timedelta(days=1)


def table(sites: int) -> pd.DataFrame:
    """Return days of some sites, with drivers that hold no gap."""
    days, random = ROWS // sites, np.random.default_rng(0)
    frame = pd.DataFrame({"day": np.tile(pd.date_range("1901-01-01", periods=days), sites)})
    frame["site"] = np.repeat([f"s{number:04d}" for number in range(sites)], days)
    for number in range(DRIVERS):
        frame[f"d{number}"] = random.gamma(1.0, 3.0, len(frame))
    return frame.assign(y=1.0)


def seconds(work: Callable[[], Any]) -> float:
    """Return the best of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print seconds and ratios."""
    drivers = [f"d{number}" for number in range(DRIVERS)]
    recipes: dict[str, dict[str, Any]] = {
        "means over 7 windows": {"kind": "window_means", "columns": drivers, "parameters": {"windows": WINDOWS}},
        "exponential memory, 4 shares": {
            "kind": "exponential_memory",
            "columns": drivers,
            "parameters": {"keeps": KEEPS},
        },
        "degree-day snow": {"kind": "degree_day_snow", "columns": drivers[:2], "parameters": {}},
    }
    for sites in (1, 500):
        frame = table(sites)
        profile = profile_of(frame, "day")
        by_site = frame.set_index("day").groupby("site")[drivers]
        bare = seconds(lambda by_site=by_site: [by_site.rolling(window * DAY).mean() for window in WINDOWS])
        for name, recipe in recipes.items():
            task = {"time_column": "day", "group_column": "site"}
            spec = make_spec(task=task, selected=["d0"], transforms=[recipe])
            amount = seconds(lambda frame=frame, spec=spec, profile=profile: apply_transforms(frame, spec, profile))
            print(f"{sites} sites, {name}: {amount:.2f} s, {amount / bare:.2f} of pandas' rolling means ({bare:.2f} s)")


if __name__ == "__main__":
    main()
