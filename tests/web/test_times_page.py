"""Times on the pages: how they were read and why, another form by menu or by hand, and datasets of earlier versions."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from app.domain.analysis.profiling.describing import describe
from app.services import experiments
from app.services.datasets import analysis, datasets
from app.services.datasets.outdated import changes_when_read_again
from app.services.drafts import drafts
from app.storage import datasets as dataset_rows
from app.storage.db import transaction
from app.storage.tables import Dataset, User
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, answers_of, fresh, step_path

START = datetime(2013, 1, 2)  # noqa: DTZ001 - moments in files have no zone
DAYS = [START + timedelta(days=day) for day in range(300)]


def table(*columns: str) -> bytes:
    """Write days in some forms, each as `name=form`, beside rain and flow."""
    forms = dict(column.split("=") for column in columns)
    lines = [",".join([*(day.strftime(form) for form in forms.values()), f"{index % 7}", f"{index % 11}.5"])
             for index, day in enumerate(DAYS)]  # fmt: skip
    return "\n".join([",".join([*forms, "rain", "flow"]), *lines, ""]).encode()


def read_by_an_earlier_version(dataset: Dataset) -> None:
    with transaction():
        dataset_rows.get_dataset(dataset.id).analysis_version = 5
    fresh()


@pytest.fixture
def german(user: User) -> Dataset:
    """Return a dataset whose days are written in the German way."""
    return upload(user, table("when=%d.%m.%Y"))


def test_the_page_says_how_times_were_read_and_why(browser: Browser, german: Dataset) -> None:
    page = browser.get(f"/datasets/{german.id}")
    assert "Read as DD.MM.YYYY: the first number goes above 12, so it is the day." in page.words
    assert "2013-01-02 to 2013-10-28, daily, no step missing" in page.words
    form = page.form_to("/reading/reread")
    assert form.values["reading.time_form"] == [""]
    assert "when: 02.01.2013 is 2013-01-02 (DD.MM.YYYY, as now)" in page.words
    assert "when: 02.01.2013 is 2013-02-01 (MM.DD.YYYY)" in page.words


@pytest.mark.parametrize(
    ("said", "storage"),
    [
        ({"reading.time_column": "when", "reading.time_read_as": "text"}, "text"),
        ({"reading.time_column": "when", "reading.time_free": "%d.%m.%Y"}, "datetime"),
        ({"reading.time_form": '["when", "%d.%m.%Y"]'}, "datetime"),
    ],
)
def test_times_are_read_as_a_person_says(
    browser: Browser, user: User, german: Dataset, said: dict[str, str], storage: str
) -> None:
    answer = browser.press(browser.get(f"/datasets/{german.id}"), "Read the file again", said)
    assert answer.status == 303
    page = browser.follow(answer)
    second = datasets.get_dataset(user, uuid.UUID(answer.goes_to.split("/")[-1].split("?")[0]))
    profile = datasets.profile_of(second)
    assert profile is not None
    assert profile.column("when").storage == storage
    assert "Your answers about values" in page.words


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"reading.time_free": "%d.%m.%Y"}, "Choose the column that this is about."),
        ({"reading.time_column": "when", "reading.time_free": "%d.%m"}, "A form needs a year: %Y, %y or %G."),
        ({"reading.time_column": "when", "reading.time_zone": "Mars"}, "There is no time zone Mars."),
        ({"reading.time_together": "when"}, "Name at least two columns"),
        ({"reading.time_together": "when, when"}, "Name at least two columns"),
        ({"reading.time_together": "when, rain", "reading.time_zone": "Mars"}, "time zone"),
        ({"reading.time_together": "when, hour"}, "There is no column hour."),
    ],
)
def test_a_form_that_cannot_be_is_said_at_its_field(
    browser: Browser, german: Dataset, said: dict[str, str], sentence: str
) -> None:
    page = browser.press(browser.get(f"/datasets/{german.id}"), "Read the file again", said)
    assert page.status == 422
    assert any(sentence in message for sentences in page.problems() for message in sentences)


def test_joined_columns_are_said_and_taken_apart_by_one_click(browser: Browser, user: User) -> None:
    dataset = upload(user, table("year=%Y", "month=%m", "day=%d"))
    page = browser.get(f"/datasets/{dataset.id}")
    assert "year, month and day were joined into date" in page.words
    profile = datasets.profile_of(dataset)
    assert profile is not None
    axis = describe(profile)["time_axis"]
    assert (axis["column"], axis["columns"], axis["step_seconds"]) == ("date", ("year", "month", "day"), 86_400)
    again = browser.follow(browser.press(page, "Do not join them"))
    assert "are not joined" in again.words


def test_an_older_dataset_offers_to_be_read_again_and_says_what_changes(
    browser: Browser, user: User, german: Dataset
) -> None:
    read_by_an_earlier_version(german)
    row = draft_on(user, german, target="flow")
    page = browser.get(f"/datasets/{german.id}")
    assert "Read by an earlier version" in page.words
    step = browser.get(step_path(row, "data"))
    answer = browser.press(step, "Read again", to="/reading/reread")
    assert answer.status == 303
    current_values = answers_of(user, drafts.get_draft(user, row.id))["data"]
    assert (current_values["target"], current_values["dataset_id"] == str(german.id)) == ("flow", False)
    assert "Read by an earlier version" not in browser.get(step_path(row, "data")).words


def test_what_another_reading_would_change_is_what_it_changes(user: User) -> None:
    lines = [
        f"{day:%d.%m.%Y},{'?' if index % 9 == 0 else index + 0.5},{index % 11}.5" for index, day in enumerate(DAYS)
    ]
    dataset = upload(user, "\n".join(["when,rain,flow", *lines, ""]).encode())
    read_by_an_earlier_version(dataset)
    assert changes_when_read_again(dataset_rows.get_dataset(dataset.id)) == ()
    with transaction():
        row = dataset_rows.get_dataset(dataset.id)
        columns = [{**item, "storage": "text"} for item in (row.profile or {})["columns"][:2]]
        row.profile = {**(row.profile or {}), "columns": [*columns, (row.profile or {})["columns"][2]]}
    fresh()
    analysis.forget_profiles()
    assert changes_when_read_again(dataset_rows.get_dataset(dataset.id)) == (
        "`when` is read as times; it was text.",
        "`rain` is read as numbers; it was text.",
    )


def test_times_not_understood_stay_with_the_result(browser: Browser, user: User) -> None:
    lines = [
        f"2013-01-{position % 28 + 1:02d}T00:00{'Z' if position % 2 else ''},{position % 7},{position % 11}.5"
        for position in range(300)
    ]
    dataset = upload(user, "\n".join(["sampled,rain,flow", *lines, ""]).encode())
    row = draft_on(user, dataset, target="flow")
    sentence = "sampled looks like times that were not understood"
    assert sentence in browser.get(step_path(row, "review")).words
    experiment = experiments.launch(user, row.id, version=row.version, idempotency_key="once")
    assert [warning for warning in experiment.warnings or () if warning["code"] == "looks_like_time_not_understood"]
