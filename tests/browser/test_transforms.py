"""Derived features in a browser: the preview follows what is chosen, keeps the focus, and works without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import sideways_overflow, violations
from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk, focus_comes_to

pytestmark = pytest.mark.browser


def _at_features(page: Any) -> Any:
    Walk(page).start_at("Features")
    page.locator("#features-add > summary").click()
    return page.locator("#features-derived")


def test_a_preview_follows_what_is_chosen_and_keeps_the_focus(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    panel = _at_features(page)
    kind = panel.get_by_label("What")
    kind.focus()
    kind.select_option("log")
    panel.get_by_label("Offset").wait_for()
    focus_comes_to(page, "#f-new-kind")
    panel.get_by_label("Of columns").select_option(["prcp_mm"])
    panel.locator("#features-transform-shown table").wait_for()
    offset = panel.get_by_label("Offset")
    offset.fill("-3")
    offset.press("Tab")
    panel.get_by_text("must be between 0 and 1,000,000,000; you wrote -3").wait_for()
    assert offset.input_value() == "-3"
    # A save of the step knows nothing of it, and leaves what is said there.
    with page.expect_response("**/autosave"):
        page.locator("#features-ticks input[name=column]").last.evaluate("(box) => box.click()")
    page.wait_for_function("() => !document.querySelector('#wizard-saver.htmx-request')")
    assert page.locator("#f-new-offset-e", has_text="you wrote -3").count() == 1
    offset.fill("0.5")
    offset.press("Tab")
    panel.locator("#features-transform-shown svg.chart").first.wait_for()
    assert not panel.get_by_text("you wrote -3").is_visible()
    assert violations(page) == []
    for width in (768, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0
    panel.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Logarithm of prcp_mm").first.wait_for()
    page.get_by_role("button", name="Undo last change").click()
    page.locator("#f-transforms").wait_for(state="attached")
    page.wait_for_function("() => !document.getElementById('f-transforms').textContent.includes('Logarithm')")


def test_a_recipe_is_previewed_and_added_without_javascript(open_page: OpenPage) -> None:
    page = open_page(javascript=False, width=375).page
    panel = _at_features(page)
    panel.get_by_label("What").select_option("antecedent_precipitation")
    panel.get_by_role("button", name="Preview").click()
    page.get_by_label("Of columns").select_option(["prcp_mm"])
    page.get_by_role("button", name="Preview").click()
    page.locator("#features-transform-shown table").wait_for()
    assert sideways_overflow(page) <= 0
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#f-transforms").get_by_text("prcp_mm_api_0.9").wait_for()


def test_preview_is_shown_in_place_and_leaves_the_form_whole(open_page: OpenPage) -> None:
    watched = open_page()
    # The preview of a logarithm with an offset below zero is refused at its field.
    watched.expect("status of 422")
    page = watched.page
    panel = _at_features(page)
    controls = panel.locator("select, input, button").count()
    panel.get_by_label("Of columns").select_option(["prcp_mm"])
    with page.expect_response("**/features/transform?*"):
        panel.get_by_role("button", name="Preview", exact=True).click()
    panel.locator("#features-transform-shown table").wait_for()
    assert panel.locator("select, input, button").count() == controls
    assert panel.get_by_role("button", name="Preview", exact=True).inner_text() == "Preview"
    assert page.locator("#f-new").count() == 1
    panel.get_by_label("What").select_option("log")
    panel.get_by_label("Offset").fill("-3")
    with page.expect_response("**/features/transform?*"):
        panel.get_by_role("button", name="Preview", exact=True).click()
    panel.get_by_text("must be between 0 and 1,000,000,000; you wrote -3").wait_for()
    assert panel.get_by_role("button", name="Add", exact=True).count() == 1


def test_columns_in_roles_are_previewed_in_place(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expect("status of 422")
    page = watched.page
    panel = _at_features(page)
    panel.get_by_label("What").select_option("potential_evaporation")
    view = panel.locator("#features-transform-shown")
    panel.get_by_label("Maximum temperature").select_option("tmax_c")
    panel.get_by_text("choose a column for mean temperature, or its minimum").wait_for()
    panel.get_by_label("Mean temperature, or its minimum").select_option("tmin_c")
    panel.get_by_label("Latitude", exact=True).fill("45.2")
    panel.get_by_label("Latitude", exact=True).press("Tab")
    view.get_by_text("tmin_c_oudin").first.wait_for()
    assert violations(page) == []
    for width in (768, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways_overflow(page) <= 0
    panel.get_by_role("button", name="Add", exact=True).click()
    page.locator("#f-transforms").get_by_text("tmin_c_oudin").wait_for()
    page.locator("#features-add > summary").click()
    panel.get_by_label("What").select_option("window_means")
    panel.get_by_label("Windows", exact=True).wait_for()
    panel.get_by_label("Of columns").select_option(["tmin_c_oudin"])
    view.get_by_text("tmin_c_oudin_mean_30").first.wait_for()
