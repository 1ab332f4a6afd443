"""The pages of datasets: the list, one dataset, one column, another reading, deleting and bringing back."""

from __future__ import annotations

import io
import uuid

import pytest

from app.domain.vocabulary import RunState
from app.services.datasets import datasets
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, upload
from tests.web import seeds
from tests.web.client import Browser, Page, fresh, words_of
from tests.web.readings import MISSING, leave_out_finding, marker_finding, put_findings


@pytest.fixture
def river(user: User) -> Dataset:
    """Return a small dataset of the user."""
    return upload(user, SMALL.encode())


def test_the_list_says_format_rows_time_and_use(browser: Browser, user: User, river: Dataset) -> None:
    used = seeds.add_experiment(user, RunState.FINISHED).dataset_id
    page = browser.get("/datasets")
    rows = {element.get("href"): row for row in page.tree.iter("tr") for element in row.iter("a")}
    own = [words_of(cell) for cell in rows[f"/datasets/{river.id}"].iter("td")]
    assert own[:-1] == ["Ready", "Delimited text", "300", "4", "6.7 kB", "0"]
    assert own[-1].endswith("UTC")
    assert [words_of(cell) for cell in rows[f"/datasets/{used}"].iter("td")][5] == "1"


def test_the_page_accounts_for_every_line_of_the_file(browser: Browser, user: User) -> None:
    lines = SMALL.splitlines()
    text = "\n".join(["Gauge 5", *lines[:9], ",,,", *lines[9:], "2002-01-01,\x00,1,2", "Source: the Agency"])
    page = browser.get(f"/datasets/{upload(user, text.encode()).id}")
    assert "305 = 1 of names + 301 rows + 3 passed over." in page.words
    assert "3 lines passed over" in page.words
    assert "1 Before the table" in page.words
    assert "11 Empty line" in page.words
    assert "305 Below the table" in page.words
    assert "It contains a NUL byte: it is damaged." in page.words


def facts_of(page: Page) -> dict[str, str]:
    """Return the facts of a column, term by term."""
    listing = next(page.element("datasets-column").iter("dl"))
    return dict(zip(map(words_of, listing.iter("dt")), map(words_of, listing.iter("dd")), strict=True))


def test_what_was_deleted_comes_back_by_one_click(browser: Browser, user: User, river: Dataset) -> None:
    page = browser.press(browser.get(f"/datasets/{river.id}/delete"), "Delete dataset")
    assert page.goes_to == f"/datasets?deleted={river.id}"
    page = browser.follow(page)
    assert "river.csv is deleted" in page.words
    assert browser.get(f"/datasets/{river.id}").status == 404
    answer = browser.press(page, "Undo", to="/restore")
    assert answer.goes_to == f"/datasets/{river.id}"
    assert "300 read, 300 kept" in browser.follow(answer).words


def test_what_was_deleted_earlier_can_be_brought_back_as_well(browser: Browser, user: User, river: Dataset) -> None:
    datasets.delete_dataset(user, river.id)
    page = browser.get("/datasets")
    assert "is deleted" not in page.words
    assert "You can restore each one for 30 days, and longer if an experiment uses it." in page.words
    browser.press(page, "Restore")
    fresh()
    assert [row.id for row in datasets.list_datasets(user)] == [river.id]


def test_a_dataset_of_somebody_else_is_not_restored(browser: Browser, other_user: User) -> None:
    theirs = upload(other_user, SMALL.encode())
    datasets.delete_dataset(other_user, theirs.id)
    page = browser.post(f"/datasets/{theirs.id}/restore", {"csrf_token": browser.get("/account").token})
    assert page.status == 404
    fresh()
    assert datasets.list_datasets(other_user) == []


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_column_is_shown_in_full(browser: Browser, river: Dataset, htmx: bool) -> None:
    put_findings(river, [marker_finding("rain", "-999"), leave_out_finding("rain"), leave_out_finding("flow")])
    page = browser.get(f"/datasets/{river.id}/columns/c1", htmx=htmx)
    assert page.status == 200
    words = words_of(page.element("datasets-column"))
    facts = facts_of(page)
    assert facts["Kind"] == "numeric numbers with decimals"
    assert (facts["Missing"], facts["Distinct"], facts["Smallest"], facts["Largest"]) == ("0", "11 3.7 %", "0", "5")
    assert (facts["Median"], facts["Negatives"]) == ("2.5", "0")
    assert facts["Zeros"] == "28 9.3 %"
    assert "rain holds -999 on 12 rows" in words
    assert "rain hardly changes." in words
    assert "flow hardly changes." not in words
    # Without a draft there is no feature to untick: only another reading is a button.
    assert "Leave it out" not in words
    (picture,) = (element for element in page.tree.iter() if element.get("class") == "chart histogram")
    assert picture.get("aria-label") == "How rain is spread, from 0 to 5, median 2.5"
    assert sum(element.tag.endswith("rect") for element in picture.iter()) == 11
    assert htmx or page.h1 == "rain"


def test_dates_and_words_are_shown_as_such(browser: Browser, user: User) -> None:
    text = "day,word\n" + "".join(
        f"2001-01-{1 + position % 28:02d},{'<b>low</b>' if position % 3 else 'high'}\n" for position in range(60)
    )
    dataset = upload(user, text.encode())
    page = browser.get(f"/datasets/{dataset.id}/columns/c0")
    assert facts_of(page)["Smallest"] == "2001-01-01"
    assert "00:00:00" not in page.words
    page = browser.get(f"/datasets/{dataset.id}/columns/c1")
    assert "Most frequent values <b>low</b> 40high 20" in page.words
    assert "<b>" not in page.text


@pytest.mark.parametrize("key", ["c99", "rain", "c1;drop"])
def test_a_column_that_is_not_there_is_missing(browser: Browser, river: Dataset, key: str) -> None:
    assert browser.get(f"/datasets/{river.id}/columns/{key}").status == 404


def test_the_table_of_columns_comes_alone_where_htmx_asks(browser: Browser, river: Dataset) -> None:
    page = browser.get(f"/datasets/{river.id}?q=rain", htmx=True)
    assert "rain" in words_of(page.element("datasets-columns"))
    assert "First rows" not in page.words
    assert page.response.headers["HX-Push-Url"] == f"/datasets/{river.id}?q=rain"
    whole = browser.get(f"/datasets/{river.id}?q=rain")
    assert whole.element("f-q").get("value") == "rain"
    assert "1 of 4 columns" in whole.words


def test_a_file_is_read_again_and_the_earlier_reading_stays(browser: Browser, user: User, river: Dataset) -> None:
    page = browser.get(f"/datasets/{river.id}")
    answer = browser.press(page, "Read the file again", {"reading.duplicates": "=leave_out"})
    assert answer.status == 303
    page = browser.follow(answer)
    assert "Read again" in page.words
    assert "This file was read again." in page.words
    assert any(element.get("href") == f"/datasets/{river.id}" for element in page.tree.iter("a"))
    fresh()
    assert len(datasets.list_datasets(user)) == 2
    assert "read again" in browser.get("/datasets").words
    same = browser.press(page, "Read the file again")
    assert same.goes_to == page.path.split("?")[0]


@pytest.mark.parametrize("button", ["Preview", "Read the file again"])
def test_a_choice_that_cannot_be_made_is_said_at_its_field(browser: Browser, river: Dataset, button: str) -> None:
    page = browser.press(browser.get(f"/datasets/{river.id}"), button, {"reading.footer_lines": "-1"})
    assert page.status == 422
    ((words, link),) = page.problems()
    assert "from 0 to 1,000" in words
    assert page.element(link.removeprefix("#")).get("aria-invalid") == "true"
    assert page.form_to("/reading/reread").values["reading.footer_lines"] == ["-1"]


def test_a_file_is_looked_at_in_another_way_without_a_script(browser: Browser, user: User, river: Dataset) -> None:
    page = browser.press(browser.get(f"/datasets/{river.id}"), "Preview", {"reading.decimal": "=,"})
    assert page.status == 200
    assert "As it would be read" in page.words
    fresh()
    assert len(datasets.list_datasets(user)) == 1


def test_a_mark_for_missing_is_answered_on_the_page_of_a_dataset(browser: Browser, user: User, river: Dataset) -> None:
    put_findings(river, [marker_finding("rain", "-999"), leave_out_finding("flow")])
    page = browser.get(f"/datasets/{river.id}")
    assert "Leave it out" not in page.buttons
    answer = browser.press(page, MISSING, to="/mend")
    page = browser.follow(answer)
    assert f"Done: {MISSING}" in page.words
    assert "Back to the earlier reading" in page.words
    fresh()
    newest = datasets.list_datasets(user)[0]
    assert newest.choices == {"markers": [{"column": "rain", "value": "-999"}]}
    form = {"csrf_token": page.token, "remedy": "7.0"}
    assert browser.post(f"/datasets/{newest.id}/mend", form).status == 409


def test_without_its_original_a_file_is_not_read_again_and_the_page_says_so(
    browser: Browser, user: User, river: Dataset
) -> None:
    original = datasets.original_of(river)
    assert original is not None
    original.unlink()
    page = browser.get(f"/datasets/{river.id}")
    answer = browser.press(page, "Read the file again", {"reading.duplicates": "=leave_out"})
    assert answer.status == 409
    assert "The file as it came was not kept" in answer.words
    assert "300 read, 300 kept" in answer.words


def test_the_same_file_leads_to_the_dataset_that_is_there(browser: Browser, user: User, river: Dataset) -> None:
    answer = browser.press(browser.get("/datasets"), "Upload file", {"file": (io.BytesIO(SMALL.encode()), "again.csv")})
    assert answer.goes_to == f"/datasets/{river.id}?done={river.id}.known"
    assert "You already have this file It was read on" in browser.follow(answer).words


@pytest.mark.parametrize("path", ["/datasets", "/experiments/new"])
def test_the_field_names_what_can_be_read_and_how_much(browser: Browser, path: str) -> None:
    page = browser.get(path)
    hint = words_of(page.element("f-file-h")) + words_of(page.element("f-file-more"))
    for name in ("CSV", "TSV", "JSON", "Parquet", "Excel", "USGS RDB", "CAMELS", "NetCDF", "gzip", "zip", "1,024 MB"):
        assert name in hint
    accepted = set(str(page.element("f-file").get("accept")).split(","))
    assert {".csv", ".parquet", ".xlsx", ".xls", ".rdb", ".nc", ".json", ".gz", ".zip"} <= accepted


@pytest.mark.parametrize("way", ["reading/preview", "reading/reread", "mend", "restore"])
def test_nothing_is_done_to_what_is_not_there(browser: Browser, way: str) -> None:
    form = {"csrf_token": browser.get("/account").token}
    assert browser.post(f"/datasets/{uuid.uuid4()}/{way}", form).status == 404
