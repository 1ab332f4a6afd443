"""A file that this product has never seen, walked in Chromium: the leak questions come to the page that is open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk, focus_comes_to
from tests.domain.tables import REAL

pytestmark = pytest.mark.browser
BIKES = REAL / "general" / "uci_bike_sharing_hour.csv"
MINUTE = 60_000


def _made(folder: Path) -> Path:
    """Write a file that a worker has to measure: hourly counts of two kinds of cyclists, and their sum."""
    random = np.random.default_rng()
    frame = pd.DataFrame(
        random.gamma(2.0, size=(40_000, 14)).round(1), columns=[f"gauge_{position}" for position in range(14)]
    )
    frame["casual"] = random.poisson(30, size=40_000)
    frame["registered"] = random.poisson(150, size=40_000) + (8 * frame["gauge_0"]).astype(int)
    frame["cnt"] = frame["registered"] + frame["casual"]
    path = folder / "cyclists.csv"
    frame.to_csv(path, index=False)
    return path


def _real(folder: Path) -> Path:
    """Copy the real counts with one byte changed, so that nothing of them was kept before."""
    if not BIKES.exists():
        pytest.skip(f"{BIKES.name} is not here")
    lines = BIKES.read_text(encoding="utf-8").splitlines(keepends=True)
    weather = np.random.default_rng().integers(0, 1_000)
    head, *cells = lines[1].split(",")
    place = lines[0].split(",").index("windspeed") - 1
    cells[place] = f"0.{weather:04d}"
    lines[1] = ",".join([head, *cells])
    path = folder / "bikes.csv"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _upload(page: Any, path: Path) -> Walk:
    walk = Walk(page)
    page.goto("/experiments/new")
    page.get_by_label("Data file").set_input_files(path)
    page.get_by_role("button", name="Upload").first.click()
    page.get_by_label("Target column", exact=True).wait_for(timeout=MINUTE)
    page.get_by_label("Target column", exact=True).select_option("cnt")
    return walk


def _comes(page: Any) -> Any:
    """Wait until the questions about leaks are on the page, which nobody loads again."""
    page.evaluate("() => { window.sameDocument = true; }")
    panel = page.locator("#features-leaks")
    panel.locator("form", has_text="registered").first.wait_for(timeout=2 * MINUTE)
    page.locator("#wizard-measuring:not([hx-get])").wait_for(state="attached", timeout=2 * MINUTE)
    assert page.evaluate("() => window.sameDocument")
    return panel


def _place(page: Any, identifier: str) -> float:
    return float(page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", identifier))


@pytest.mark.parametrize(
    "source", [pytest.param(_made, id="made"), pytest.param(_real, id="real", marks=pytest.mark.slow)]
)
def test_leak_questions_come_to_a_fresh_file_by_themselves(open_page: OpenPage, tmp_path: Path, source: Any) -> None:
    page = open_page().page
    walk = _upload(page, source(tmp_path))
    walk.click("button", "Continue")
    walk.heading("Features")
    panel = _comes(page)
    request = panel.inner_text()
    assert "registered + casual is cnt." in request
    for name in ("registered", "casual"):
        assert not page.get_by_label(f"Use {name}", exact=True).is_checked()
    assert "casual" not in page.locator("#wizard-side").inner_text()
    assert violations(page) == []
    for title in ("Features", "Model", "Validation"):
        walk.heading(title)
        walk.click("button", "Continue")
    walk.heading("Review")
    verdict = page.locator("#review-verdict")
    assert "open about what would be known at prediction time." in verdict.inner_text()
    assert "Ready to launch." not in verdict.inner_text()
    verdict.get_by_role("link", name="Answer on the Features step").click()
    walk.heading("Features")
    while page.locator("#features-leaks").get_by_role("button", name="No").count():
        questions = page.locator("#features-leaks .chip.success", has_text="Answered").count()
        page.locator("#features-leaks").get_by_role("button", name="No").first.click()
        page.wait_for_function(
            "(n) => [...document.querySelectorAll('#features-leaks .leak .chip.success')].length > n", arg=questions
        )
    page.goto(page.url.split("/features")[0] + "/review")
    assert "Ready to launch." in page.locator("#review-verdict").inner_text()
    assert "registered" in page.locator("#review-features dd", has_text="casual").first.inner_text()


def test_a_tick_by_hand_outlives_what_a_measurement_brings(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(width=375).page
    walk = _upload(page, _made(tmp_path))
    walk.click("button", "Continue")
    walk.heading("Features")
    page.get_by_label("Search columns").fill("gau")
    # Changed by a script, so that nothing is sent and the list alone knows of it.
    page.locator("#f-column-c3").evaluate("box => { box.checked = false; }")
    page.locator("#f-column-c13").focus()
    page.evaluate("() => { document.getElementById('wizard').style.overflowAnchor = 'none'; }")
    before = _place(page, "f-column-c13")
    _comes(page)
    # Browsers scroll by whole pixels, and several polls have come.
    assert abs(_place(page, "f-column-c13") - before) < 4
    assert not page.locator("#f-column-c3").is_checked()
    assert page.locator("#f-column-c4").is_checked()
    focus_comes_to(page, "#f-column-c13")
    assert page.get_by_label("Search columns").input_value() == "gau"
    assert page.locator("#features-columns [data-count]").inner_text() == "13"
    assert sideways_overflow(page) <= 0


def test_news_that_come_after_the_step_was_left_are_dropped(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page().page
    walk = _upload(page, _made(tmp_path))
    walk.click("button", "Continue")
    walk.heading("Features")
    current_values: list[Any] = []

    def hold(route: Any) -> None:
        current_values.append(route)

    page.route("**/features/measured?*", hold)
    with page.expect_request("**/features/measured?*"):
        pass
    walk.click("button", "Continue")
    walk.heading("Model")
    current_values[0].continue_()
    page.wait_for_timeout(1_500)
    assert page.locator("#features-ticks").count() == 0
    assert page.locator("#wizard-side a[href$='/model']").count() == 0


def test_a_fresh_file_is_followed_without_javascript(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(javascript=False).page
    walk = _upload(page, _made(tmp_path))
    walk.click("button", "Continue")
    walk.heading("Features")
    for _ in range(60):
        refresh = page.get_by_role("link", name="Refresh", exact=True)
        if not refresh.count():
            break
        refresh.click()
        page.wait_for_timeout(1_000)
    page.locator("#features-leaks form", has_text="registered").wait_for()
    page.get_by_role("button", name=re.compile("^No ?, not known: casual")).click()
    page.get_by_text("casual, registered: No, left out.").wait_for()
