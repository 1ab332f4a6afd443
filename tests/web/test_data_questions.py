"""The Data step asks what columns mean: units, marks of the target, and classes or amounts."""

from __future__ import annotations

import pytest

from app.services.datasets import datasets
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, draft_on, upload
from tests.web.client import Browser, answers_of
from tests.web.test_data_step import at, stands_on


@pytest.fixture
def river(user: User) -> Dataset:
    """Return a small dataset of the user."""
    return upload(user, SMALL.encode())


def test_the_unit_of_a_column_is_set_and_taken_back(browser: Browser, user: User, river: Dataset) -> None:
    row = draft_on(user, river, target="flow")
    page = browser.get(at(row))
    form = {"reading.unit_column": "warmth", "reading.unit": "deg F"}
    page = browser.follow(browser.press(page, "Set the unit", form))
    dataset = stands_on(user, row)
    profile = datasets.profile_of(dataset)
    assert profile is not None
    assert dataset.choices == {"columns": [{"column": "warmth", "unit": "°F"}]}
    assert (profile.column("warmth").unit, profile.column("warmth").unit_source) == ("°F", "user")
    assert "warmth is in °F" in page.words
    browser.press(page, "As found", to="/reading/reread")
    assert stands_on(user, row).id == river.id


@pytest.mark.parametrize(
    ("column", "unit", "words"),
    [("warmth", "", "Type a unit"), ("warmth", "x" * 41, "40 characters"), ("no", "mm", "no")],
)
def test_a_unit_that_cannot_be_set_is_said_at_its_field(
    browser: Browser, user: User, river: Dataset, column: str, unit: str, words: str
) -> None:
    row = draft_on(user, river, target="flow")
    form = {"reading.unit_column": column, "reading.unit": unit}
    answer = browser.press(browser.get(at(row)), "Set the unit", form)
    assert answer.status == 422
    ((text, link),) = answer.problems()
    assert words in text
    assert answer.element(link.removeprefix("#")).get("aria-invalid") == "true"


def test_a_suggested_unit_is_shown_as_probable_and_answered_by_one_click(browser: Browser, user: User) -> None:
    lines = "".join(f"2001-01-{position + 1:02d},{position * 2.5 - 20},{position % 7}\n" for position in range(28))
    row = draft_on(user, upload(user, f"day,temperature,flow\n{lines}".encode()), target="flow")
    page = browser.get(at(row))
    assert "temperature probably °C" in page.words
    page = browser.follow(browser.press(page, "Yes, °C", to="/mend"))
    assert stands_on(user, row).choices == {"columns": [{"column": "temperature", "unit": "°C"}]}
    assert "probably °C" not in page.words


def test_the_task_waits_for_marks_of_the_target_and_is_asked_first(browser: Browser, user: User) -> None:
    lines = "".join(
        f"{position},{'?' if position % 9 == 0 else position * 0.5},{position % 7}\n" for position in range(120)
    )
    row = draft_on(user, upload(user, f"n,rate,x\n{lines}".encode()), target="rate")
    page = browser.get(at(row))
    assert "Regression is suggested; it waits for your answer." in page.words
    assert "The task of rate waits for your answer: does ? mean missing?" in page.words
    page = browser.follow(browser.press(page, "They mean missing", to="/mend"))
    assert "is suggested; it waits" not in page.words
    assert stands_on(user, row).choices == {"markers": [{"column": "rate", "value": "?"}]}


def test_whole_numbers_are_classes_or_amounts_by_one_click(browser: Browser, user: User) -> None:
    lines = "".join(f"{position % 19 / 4},{'abc'[position % 3]},{position * 7 % 26}\n" for position in range(520))
    row = draft_on(user, upload(user, f"x,w,letter\n{lines}".encode()), target="letter")
    page = browser.get(at(row))
    assert "Several classes is suggested; it waits for your answer." in page.words
    page = browser.follow(browser.press(page, "Amounts: regression", to="/mend"))
    assert answers_of(user, row)["data"]["task_kind"] == "regression"
    assert "is suggested; it waits" not in page.words
