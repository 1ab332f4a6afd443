"""Experiment templates in Chromium: from the gallery to a finished experiment, with scripts and without."""

from __future__ import annotations

import re

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser
NAME = "Groundwater head simulation"


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="javascript", marks=pytest.mark.slow), pytest.param(False, id="no-javascript")]
)
def test_a_fitting_template_leads_to_a_result_in_five_clicks(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(javascript=javascript).page
    walk = Walk(page)
    page.goto("/experiments/new")
    page.get_by_label("Kingstown groundwater").check()
    walk.click("button", "Use this sample")
    walk.heading("Data")
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("heading", level=1, name=f"Use {NAME}").wait_for()
    page.get_by_role("button", name="Use it").click()
    walk.heading("Review")
    page.get_by_text("No changes.").wait_for()
    walk.click("button", "Launch experiment")
    assert walk.wait_for_end(javascript=javascript) == "Finished"
    page.get_by_text(f"From the template {NAME}, version 1.").wait_for()


def test_pages_of_a_template_break_no_rule_of_access(open_page: OpenPage) -> None:
    page = open_page().page
    page.goto("/experiment-templates?q=groundwater")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("heading", level=1, name=NAME).wait_for()
    addresses = [page.url]
    page.get_by_role("button", name="Duplicate").click()
    page.wait_for_url(lambda url: url != addresses[0])
    addresses += [page.url, f"{page.url}/edit", f"{page.url}/diff?from=1&to=1", f"{page.url}/apply"]
    page.goto(f"{addresses[1]}/apply")
    page.get_by_role("button", name="Use this sample").click()
    page.wait_for_url(re.compile("dataset_id="))
    addresses += [page.url, f"/admin{addresses[1][addresses[1].index('/experiment-templates') :]}"]
    addresses.append("/admin/experiment-templates")
    for address in addresses:
        page.goto(address)
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert sideways_overflow(page) <= 0, f"{address} at {width} px"
            assert violations(page) == [], f"{address} at {width} px"
