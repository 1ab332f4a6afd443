"""The memory of a target and the suggested set on the Features step: shown, switched, taken back, with no script too."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from app.domain.recommendation.set_effect import SetEffect
from app.domain.recommendation.suggested_set import suggested_set
from app.domain.recommendation.verdict import MeasuredEstimator, ShortFitEvidence
from app.services.drafts import draft_context
from app.services.measurements import fit_requests, runner
from app.storage.db import transaction
from app.storage.tables import DraftRow, User
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, Page, answers_of, step_path, words_of
from tests.web.counting import counted

ROWS = 900


@pytest.fixture
def river(user: User) -> DraftRow:
    random = np.random.default_rng(6)
    rain = random.gamma(0.5, 6.0, size=ROWS)
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=ROWS), "rain_mm": rain.round(3)})
    frame["temp_c"] = (10 * np.sin(np.arange(ROWS) / 58) + random.normal(0, 3, ROWS)).round(3)
    frame["flow_mm"] = (frame["rain_mm"].rolling(30, min_periods=1).mean() + random.gamma(1, 0.2, ROWS)).round(4)
    dataset = upload(user, frame.to_csv(index=False).encode())
    return draft_on(user, dataset, target="flow_mm", purpose="simulate")


def _arrive(browser: Browser, row: DraftRow) -> Page:
    return browser.follow(browser.press(browser.get(step_path(row, "data")), "Continue"))


def _switch(page: Page) -> tuple[str | None, str]:
    button = page.element("features-set-switch")
    return button.get("aria-checked"), words_of(button)


def _drawn(part: Element, name: str) -> bool:
    """Return whether a picture of this class stands in a part of a page."""
    return any(element.get("class") == name and str(element.tag).endswith("svg") for element in part.iter())


def test_derived_features_are_ranked_beside_measured_columns(browser: Browser, river: DraftRow) -> None:
    page = _arrive(browser, river)
    first = words_of(page.element("features-association")).split("strongest first")[1].split()
    assert first[:3] == ["\u0192", "derived:", first[2]]
    assert first[2].startswith("rain_mm_")
    assert "\u0192 marks a derived feature." in page.words


def test_memory_is_said_drawn_and_listed(browser: Browser, river: DraftRow) -> None:
    part = _arrive(browser, river).element("features-memory")
    words = words_of(part)
    assert "This river remembers its rain for about" in words
    assert _drawn(part, "chart deep")
    heads = [words_of(element) for element in part.iter("th") if element.get("scope") == "col"]
    assert heads == ["Before", "rain_mm", "temp_c"]


def test_radiation_without_a_season_is_asked_about(browser: Browser, user: User) -> None:
    random, rows = np.random.default_rng(6), 1_400
    days = pd.date_range("2001-10-01", periods=rows)
    frame = pd.DataFrame({"day": days, "rain_mm": random.gamma(0.5, 6.0, size=rows).round(3)})
    frame["srad_wm2"] = random.uniform(20, 300, rows).round(1)
    frame["ssrd_wm2"] = (150 + 100 * np.sin(days.day_of_year / 58.1) + random.normal(0, 20, rows)).round(1)
    frame["flow_mm"] = (frame["rain_mm"].rolling(30, min_periods=1).mean() + random.gamma(1, 0.2, rows)).round(4)
    dataset = upload(user, frame.to_csv(index=False).encode())
    words = words_of(_arrive(browser, draft_on(user, dataset, target="flow_mm")).element("features-memory"))
    assert "srad_wm2 follows no season, as radiation does." in words
    assert "ssrd_wm2 follows" not in words


def test_the_set_is_one_switch_that_can_be_taken_back(browser: Browser, user: User, river: DraftRow) -> None:
    page = _arrive(browser, river)
    assert _switch(page) == ("true", "On")
    off = browser.press(page, "On")
    assert (off.status, off.goes_to) == (303, f"{step_path(river, 'features')}#features-derived")
    page = browser.follow(off)
    assert _switch(page) == ("false", "Off")
    assert answers_of(user, river)["features"]["transforms"] == []
    assert "features of rain_mm" in words_of(page.element("features-set-words"))
    contents = words_of(page.element("features-set_features"))
    assert "rain_mm_mean_30" in contents
    assert _drawn(page.element("features-set_features"), "strip")
    page = browser.follow(browser.press(page, "Undo"))
    assert _switch(page) == ("true", "On")
    page = browser.follow(browser.press(browser.follow(browser.press(page, "On")), "Off"))
    assert _switch(page) == ("true", "On")
    assert answers_of(user, river).get("features", {}).get("transforms") is None


def test_a_set_in_part_says_how_much_is_not_used(browser: Browser, user: User, river: DraftRow) -> None:
    page = _arrive(browser, river)
    whole = suggested_set(draft_context.load(user, river.id).plan)
    assert whole is not None
    removed = next(name for name in page.buttons if name.startswith("Remove "))
    page = browser.follow(browser.press(page, removed))
    assert _switch(page) == ("false", "Off")
    assert "1 of its rules is not used." in words_of(page.element("features-set"))
    page = browser.follow(browser.press(page, "Off"))
    assert _switch(page) == ("true", "On")
    assert len(whole.recipes) > 1


def test_what_is_measured_later_has_its_place_and_comes_by_itself(
    browser: Browser, river: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    page = _arrive(browser, river)
    memory, contents = page.element("features-memory"), page.element("features-set_features")
    assert (memory.get("hx-trigger"), contents.get("hx-trigger")) == ("every 2s", "every 2s")
    assert "Being measured." in words_of(memory)
    lines = page.element("features-association").iter("li")
    assert any("being measured" in words_of(line) for line in lines)
    part = browser.get(f"{step_path(river, 'features')}/memory", htmx=True)
    assert part.has("features-memory")
    assert browser.get(f"{step_path(river, 'features')}/set", htmx=True).has("features-set_features")


def test_a_page_that_nobody_led_to_asks_for_the_memory_itself(browser: Browser, river: DraftRow) -> None:
    page = browser.get(step_path(river, "features"))
    assert "Not measured yet." in words_of(page.element("features-memory"))
    page = browser.follow(browser.press(page, "Measure the memory"))
    assert "This river remembers its rain" in page.words


def test_looking_at_the_parts_begins_nothing(app: Flask, browser: Browser, river: DraftRow) -> None:
    path = step_path(river, "features")
    browser.get(path)
    for part in ("", "/memory", "/set"):
        with counted(app) as cost:
            assert browser.get(f"{path}{part}", htmx=True).status == 200
        assert (cost.written, cost.calls["rings"]) == ([], 0)


def test_data_without_time_have_no_memory(browser: Browser, user: User) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(200, 4)).round(3), columns=["a", "b", "c", "y"])
    row = draft_on(user, upload(user, frame.to_csv(index=False).encode()), target="y")
    page = _arrive(browser, row)
    assert not words_of(page.element("features-memory"))
    assert not words_of(page.element("features-set"))
    for part in ("memory", "set"):
        assert browser.get(f"{step_path(row, 'features')}/{part}").goes_to == step_path(row, "features")


def test_what_the_set_brings_is_shown_once_it_is_measured(browser: Browser, user: User, river: DraftRow) -> None:
    page = _arrive(browser, river)
    assert not page.has("features-set-effect")
    _store_effect(user, river)
    for address in ("features", "model", "model/evidence"):
        words = browser.get(f"{step_path(river, address)}").words
        assert "NSE 0.820; without: 0.650; better in 3 of 3 folds." in words
    words = words_of(browser.get(step_path(river, "features")).element("features-set-effect"))
    assert words.startswith("With the set: NSE 0.820")
    assert "Gain, 90 % interval: 0.090 to 0.250." in words
    assert words.endswith("Short fits: Ridge.")


def test_what_the_set_brings_stays_when_it_is_turned_off_and_on(browser: Browser, user: User, river: DraftRow) -> None:
    page = _arrive(browser, river)
    assert not page.has("features-set-measured")
    page = browser.follow(browser.press(page, "On"))
    assert words_of(page.element("features-set-measured")) == "Its gain in scores is measured on the Model step."
    page = browser.follow(browser.press(page, "Off"))
    _store_effect(user, river)
    page = browser.follow(browser.press(browser.get(step_path(river, "features")), "On"))
    assert not page.has("features-set-measured")
    assert _switch(page) == ("false", "Off")
    assert words_of(page.element("features-set-effect")).startswith("With the set: NSE 0.820; without: 0.650")
    page = browser.follow(browser.press(page, "Off"))
    assert _switch(page) == ("true", "On")
    assert page.has("features-set-effect")


def test_what_the_set_brings_stays_when_one_of_its_rules_is_removed(
    browser: Browser, user: User, river: DraftRow
) -> None:
    page = _arrive(browser, river)
    removed = next(name for name in page.buttons if name.startswith("Remove "))
    _store_effect(user, river)
    page = browser.follow(browser.press(page, removed))
    assert _switch(page) == ("false", "Off")
    assert words_of(page.element("features-set-effect")).startswith("With the set: NSE 0.820")


def _store_effect(user: User, row: DraftRow) -> None:
    """Store short fits that say what the set brings."""
    current = draft_context.load(user, row.id)
    assert current.dataset is not None
    scores, without = (0.81, 0.83, 0.82), (0.64, 0.66, 0.65)
    effect = SetEffect("ridge", "nse", 500, scores, without, 0.17, 0.09, 0.25)
    items = (MeasuredEstimator("ridge", 500, scores, 0.0, 0.1, 1),)
    result = ShortFitEvidence(
        "nse", 900, 500, 0.25, items, (0.1, 0.1, 0.1), complete=True, first="ridge", set_effect=effect
    )
    request = fit_requests.request_for(current.dataset, current.plan)
    assert request is not None
    with transaction():
        fit_requests.STORE.save(request, result)
