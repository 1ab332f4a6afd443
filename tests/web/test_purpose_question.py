"""The question what the model is for: asked, answered, said on later steps and kept, with and without a script."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from app.domain.vocabulary import Purpose
from app.services.drafts import drafts
from app.storage.tables import DraftRow, User
from tests.services.tables import SMALL, draft_on, save, upload
from tests.web.client import Browser, Page, answers_of, draft_on_sample, step_path, words_of

LABELS = [
    "Simulate from drivers",
    "Forecast ahead",
    "Fill gaps",
    "A site never gauged",
    "New rows like these",
]
FORECAST = {"purpose": "forecast", "horizon": "3"}
WAYS = pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    """Return the browser of the member."""
    return Browser(app).sign_in(user)


@pytest.fixture
def row(user: User) -> DraftRow:
    """Return a draft on the streamflow sample."""
    return draft_on_sample(user)


def _open(browser: Browser, row: DraftRow, slug: str = "data") -> Page:
    return browser.get(step_path(row, slug))


def _radios(page: Page) -> list[Element]:
    return [element for element in page.element("f-purpose").iter("input") if element.get("type") == "radio"]


@pytest.mark.parametrize("slug", ["data", "single-page"])
def test_question_has_five_answers_each_drawn_and_in_words(browser: Browser, row: DraftRow, slug: str) -> None:
    page = _open(browser, row, slug)
    group = page.element("f-purpose")
    assert words_of(next(group.iter("legend"))) == "What is the model for?"
    radios = _radios(page)
    names = [words_of(page.element(str(element.get("aria-labelledby")))) for element in radios]
    assert names == LABELS
    assert [element.get("value") for element in radios] == list(Purpose)
    for radio in radios:
        sentence = words_of(page.element(str(radio.get("aria-describedby"))))
        assert sentence.endswith(".")
        assert len(sentence.split()) < 20
    pictures = [element for element in group.iter("span") if "pic" in element.get("class", "").split()]
    assert len(pictures) == len(LABELS)
    assert all(any(part.tag.endswith("svg") for part in picture.iter()) for picture in pictures)
    assert page.syntax_faults == []


def test_suggested_answer_is_chosen_with_its_reason(browser: Browser, user: User, row: DraftRow) -> None:
    page = _open(browser, row)
    assert page.value_of("purpose") == ["simulate"]
    reason = "Suggested because 6 drivers, such as prcp_mm, are measured beside discharge_mm."
    assert words_of(page.element("f-purpose-h")) == reason
    before = answers_of(user, row)
    assert browser.press(page, "Continue").status == 303
    assert answers_of(user, row) == before, "what is suggested is no answer of the person"


def test_question_waits_for_the_target(browser: Browser, user: User) -> None:
    row = draft_on_sample(user, "penguins")
    save(user, row, step="data", target="")
    assert not _open(browser, row).has("f-purpose")
    save(user, row, step="data", target="Species")
    page = _open(browser, row)
    assert page.value_of("purpose") == ["new_rows"]
    assert words_of(page.element("f-purpose-h")) == "Suggested because there is no time column."


@WAYS
def test_forecast_is_kept_and_said_on_later_steps(browser: Browser, user: User, row: DraftRow, htmx: bool) -> None:
    page = _open(browser, row)
    answer = browser.press(page, "Continue", FORECAST, htmx=htmx)
    assert answer.goes_to == step_path(row, "features") or answer.h1 == "Features"
    current_values = answers_of(user, row)["data"]
    assert (current_values["purpose"], current_values["horizon"]) == ("forecast", "3")
    assert "drivers_known_ahead" not in current_values, "it is suggested that they are not known"
    words = "3 days ahead, the target and the drivers known until today"
    features = _open(browser, row, "features")
    assert words in features.words
    assert "discharge_mm_lag_3" in features.words
    assert "discharge_mm_lag_2" not in features.words
    assert words in _open(browser, row, "review").words
    again = _open(browser, row)
    assert (again.value_of("purpose"), again.value_of("horizon")) == (["forecast"], ["3"])
    assert again.answers.values["drivers_known_ahead"] == []
    assert words_of(again.element("f-horizon-h")).startswith("3 steps = 3 days.")


def test_box_says_whether_drivers_are_known(browser: Browser, user: User, row: DraftRow) -> None:
    ticked = {**FORECAST, "drivers_known_ahead": "true"}
    browser.press(_open(browser, row), "Apply and look again", ticked)
    assert answers_of(user, row)["data"]["drivers_known_ahead"] is True
    page = _open(browser, row)
    assert page.value_of("drivers_known_ahead") == ["true"]
    assert "3 days ahead, the target known until today" in page.words
    browser.press(page, "Apply and look again", {"drivers_known_ahead": None})
    assert "drivers_known_ahead" not in answers_of(user, row)["data"]


def test_change_of_purpose_draws_the_page_anew(browser: Browser, row: DraftRow) -> None:
    for slug in ("data", "single-page"):
        page = _open(browser, row, slug)
        sent = page.answers.filled({"purpose": "ungauged" if slug == "data" else "forecast"})
        after = browser.post(f"{step_path(row, slug)}/autosave", sent, htmx=True)
        assert after.response.headers["HX-Retarget"] == "#wizard"
    assert "discharge_mm_lag_1" in after.words


@pytest.mark.parametrize("slug", ["data", "single-page"])
@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("soon", "Steps ahead: must be a number, 1 to 10,000; you wrote soon."),
        ("0", "Steps ahead: must be between 1 and 10,000; you wrote 0."),
    ],
)
def test_odd_horizon_is_said_at_its_field(browser: Browser, row: DraftRow, slug: str, raw: str, sentence: str) -> None:
    button = "Continue" if slug == "data" else "Launch experiment"
    page = browser.press(_open(browser, row, slug), button, {"purpose": "forecast", "horizon": raw})
    assert page.status == 422
    assert (sentence, "#f-horizon") in page.problems()
    assert page.element("f-horizon").get("aria-invalid") == "true"
    assert page.value_of("horizon") == [raw]
    remedy = browser.press(page, "Set it to 1")
    assert browser.follow(remedy).value_of("horizon") == ["1"]


@WAYS
def test_horizon_beyond_the_record_has_its_remedy(browser: Browser, user: User, htmx: bool) -> None:
    row = draft_on(user, upload(user, SMALL.encode()), target="flow")
    page = browser.press(_open(browser, row), "Continue", {"purpose": "forecast", "horizon": "300"}, htmx=htmx)
    assert page.status == 422
    sentence = "300 steps ahead is longer than the record, which has 300 steps."
    assert page.problems() == [(sentence, "#f-horizon")]
    assert sentence in words_of(page.element("f-horizon-e"))
    browser.press(_open(browser, row), "Set it to 1")
    assert answers_of(user, row)["data"]["horizon"] == 1
    assert _open(browser, row).value_of("purpose") == ["forecast"], "nothing else is lost"


def test_purpose_that_does_not_fit_is_said_at_the_question(browser: Browser, user: User, row: DraftRow) -> None:
    page = browser.press(_open(browser, row), "Continue", {"purpose": "ungauged"})
    assert page.status == 422
    ((sentence, link),) = page.problems()
    assert (sentence, link) == (
        '"A site never gauged" needs a group column that names the sites, and none is chosen.',
        "#f-purpose",
    )
    assert sentence == words_of(page.element("f-purpose-e"))
    assert page.value_of("purpose") == ["ungauged"]
    browser.press(page, 'Use "Simulate from drivers"')
    assert _open(browser, row).value_of("purpose") == ["simulate"]
    request = browser.press(_open(browser, row), "Continue", {"time_column": ""})
    assert request.status == 422
    browser.press(request, "Use date as the time column")
    assert _open(browser, row).value_of("time_column") == ["date"]


def test_suggestion_follows_the_time_column(browser: Browser, row: DraftRow) -> None:
    without = browser.press(_open(browser, row), "Continue", {"time_column": ""})
    assert without.goes_to == step_path(row, "features")
    assert _open(browser, row).value_of("purpose") == ["new_rows"]


def test_purpose_outlives_another_target_and_other_data(browser: Browser, user: User, row: DraftRow) -> None:
    browser.press(_open(browser, row), "Apply and look again", {**FORECAST, "drivers_known_ahead": "true"})
    browser.press(_open(browser, row), "Apply and look again", {"target": "tmax_c"})
    other = upload(user, SMALL.encode())
    save(user, row, step="data", dataset_id=str(other.id))
    save(user, row, step="data", target="flow")
    page = _open(browser, row)
    visible_rows = [page.value_of(name) for name in ("purpose", "horizon", "drivers_known_ahead")]
    assert visible_rows == [["forecast"], ["3"], ["true"]]


def test_draft_of_an_older_config_says_so_and_stays(browser: Browser, user: User, row: DraftRow) -> None:
    save(user, row, step="data", purpose="")
    page = _open(browser, row)
    assert page.answers.values["purpose"] == []
    assert words_of(page.element("f-purpose-h")).startswith("The config of this draft does not say it")
    browser.press(page, "Continue")
    assert answers_of(user, row)["data"]["purpose"] == ""
    assert "discharge_mm_lag_1" in _open(browser, row, "features").words
    assert "Purpose" not in words_of(_open(browser, row, "review").element("wizard-side"))


def test_two_tabs_that_disagree_see_the_labels(browser: Browser, user: User, row: DraftRow) -> None:
    page = _open(browser, row)
    drafts.save_answers(user, row.id, step="data", changes={"purpose": "fill_gaps"}, version=row.version)
    request = browser.press(page, "Continue", {"purpose": "forecast"})
    assert request.status == 409
    conflict = words_of(request.element("wizard-conflict"))
    assert "What the model is for" in conflict
    assert "Fill gaps" in conflict
    assert "Forecast ahead" in conflict
