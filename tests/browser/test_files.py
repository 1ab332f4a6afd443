"""Files in a real browser: how far an upload is, a fault where its form stands, and names of any length."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import sideways_overflow
from tests.browser.conftest import OpenPage
from tests.browser.walk import STEPS, Walk, focus_comes_to

pytestmark = pytest.mark.browser
LONG = "N" * 190


def _send(page: Any, path: Path) -> None:
    page.goto("/datasets")
    page.get_by_label("Data file").set_input_files(path)
    page.get_by_role("button", name=re.compile("^Upload")).first.click()


def test_an_upload_says_how_far_it_is(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{position},{position * 7 % 1000}\n" for position in range(300_000)))
    page = open_page().page
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    speed = {"offline": False, "latency": 0, "downloadThroughput": -1}
    network.send("Network.emulateNetworkConditions", {**speed, "uploadThroughput": 100_000})
    _send(page, path)
    bar = page.get_by_role("progressbar", name="Upload")
    # So slow that it is under way for as long as it takes to look, and then as fast as can be.
    page.get_by_text(re.compile(r"^[1-9]\d? % sent$")).wait_for()
    assert 0 < float(bar.get_attribute("value")) < 100
    network.send("Network.emulateNetworkConditions", {**speed, "uploadThroughput": -1})
    page.locator("h1", has_text="long.csv").wait_for(timeout=60_000)
    page.get_by_text("300,000 read, 300,000 kept, 0 rejected").wait_for()


@pytest.mark.parametrize("address", ["/datasets", "/experiments/new"])
def test_a_fault_of_a_file_stands_where_its_form_stands(open_page: OpenPage, tmp_path: Path, address: str) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    watched = open_page()
    page = watched.page
    page.goto(address)
    page.get_by_label("Data file").set_input_files(path)
    page.get_by_role("button", name=re.compile("^Upload")).first.click()
    page.get_by_role("link", name="This is a PNG picture.").wait_for()
    assert page.url.endswith(address)
    assert page.locator("main").count() == 1
    page.get_by_role("link", name="This is a PNG picture.").click()
    focus_comes_to(page, "[name=file]")
    watched.expect("415")


def test_names_of_any_length_push_no_page_aside(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / f"{'f' * 150}.csv"
    rows = (
        f"2001-{1 + position // 28:02d}-{1 + position % 28:02d},{position % 7},{'w' * 80},{position * 7 % 83 / 4}\n"
        for position in range(300)
    )
    path.write_text(f"day,{'r' * 150},word,{LONG}\n" + "".join(rows))
    page = open_page().page
    _send(page, path)
    page.locator("h1", has_text="fff").wait_for()
    places = [page.url, "/datasets", "/experiments"]
    page.goto("/experiments/new")
    page.get_by_label("One of your datasets").select_option(index=0)
    page.get_by_role("button", name="Use this dataset").click()
    walk = Walk(page)
    for title in STEPS[:-1]:
        walk.heading(title)
        _fits(page)
        walk.click("button", "Continue")
    walk.heading("Review")
    _fits(page)
    walk.click("button", "Launch experiment")
    assert walk.wait_for_end(javascript=True) == "Finished"
    for place in [page.url, *places]:
        page.goto(place)
        _fits(page)


def _fits(page: Any) -> None:
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0, f"{page.url} at {width} px"
