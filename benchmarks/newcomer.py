"""A newcomer's first finished experiment: clicks made, seconds waited, and what it scored.

Figures: at most 8 clicks and under 60 s of waiting with the sample and every default; NSE above the strongest baseline.
Yardstick: the same six fits of the same estimator in a bare scikit-learn loop, in the same run.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright
from sklearn.ensemble import HistGradientBoostingRegressor

from tests.browser.conftest import CHROMIUM_ARGUMENTS, ROOT, chromium_path, start_product, stop_product
from tests.browser.walk import Walk


def bare_fits() -> float:
    """Seconds for six bare fits of histogram gradient boosting on the sample with as many columns."""
    frame = pd.read_csv(ROOT / "samples" / "piscataquis_01031500_daily.csv").dropna()
    target = frame.pop("discharge_mm").to_numpy()
    numbers = frame.drop(columns="date").to_numpy()
    wide = np.hstack([np.roll(numbers, lag, axis=0) for lag in range(2)])
    start = time.perf_counter()
    for part in range(1, 7):
        rows = len(target) * part // 6
        HistGradientBoostingRegressor(max_iter=200, random_state=42).fit(wide[:rows], target[:rows])
    return time.perf_counter() - start


def main() -> None:
    """Walk once and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        product, link = start_product(Path(folder) / "data")
        try:
            with sync_playwright() as engine:
                browser = engine.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
                page = browser.new_context(base_url=product.url).new_page()
                walk = Walk(page)
                walk.sign_in(link)
                start = time.perf_counter()
                walk.choose_sample()
                walk.accept_all_defaults()
                launched = time.perf_counter()
                state = walk.wait_for_end(javascript=True)
                end = time.perf_counter()
                text = page.locator("main").inner_text()
                browser.close()
        finally:
            stop_product(product)
    match = re.search(r"NSE (-?[\d.]+) against (-?[\d.]+)", text.replace("−", "-"))
    bare = bare_fits()
    print(f"experiment                       {state}")
    print(f"clicks                           {walk.clicks} (goal: at most 8)")
    print(f"waited in all                    {end - start:.1f} s (goal: under 60 s)")
    waited = end - launched
    print(f"of that, from launch to result   {waited:.1f} s = {waited / bare:.1f} x six bare fits ({bare:.1f} s)")
    if match:
        print(f"NSE, experiment and baseline     {match.group(1)} and {match.group(2)}")


if __name__ == "__main__":
    main()
