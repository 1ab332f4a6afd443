"""Words that a reader sees on arrival at each step and on the single page, with the sample and every default.

Figure: at most 400 on any of the five steps (805 on the Data step before). Yardstick: the same page with every fold and
every help opened.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path, start_product, stop_product
from tests.browser.walk import STEPS, Walk
from tests.browser.words import MAX_WORDS, settle, visible_words

OPEN_ALL = "() => document.querySelectorAll('main details').forEach(part => { part.open = true; })"


def words_of(page: Any, address: str) -> tuple[int, int]:
    """Return how many words a page shows on arrival, and how many with all of it opened."""
    page.goto(address)
    page.locator("h1").wait_for()
    settle(page)
    arrived = visible_words(page)
    page.evaluate(OPEN_ALL)
    return arrived, visible_words(page)


def main() -> None:
    """Print the words of every step."""
    with tempfile.TemporaryDirectory() as folder:
        product, link = start_product(Path(folder) / "data")
        try:
            with sync_playwright() as engine:
                browser = engine.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
                page = browser.new_context(base_url=product.url, viewport={"width": 1280, "height": 900}).new_page()
                walk = Walk(page)
                walk.sign_in(link)
                above = walk.start_at("Data")
                print(f"{'page':<16}{'on arrival':>12}{'all opened':>12}")
                most = 0
                for step in STEPS:
                    arrived, opened = words_of(page, f"{above}/{step.lower()}")
                    most = max(most, arrived)
                    print(f"{step:<16}{arrived:>12}{opened:>12}")
                arrived, opened = words_of(page, f"{above}/single-page")
                print(f"{'Single page':<16}{arrived:>12}{opened:>12}")
                print(f"most of any step {most} (goal: at most {MAX_WORDS})")
                browser.close()
        finally:
            stop_product(product)


if __name__ == "__main__":
    main()
