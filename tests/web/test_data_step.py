"""The Data step: how the file was read and may be read again, remedies of one click, thousands of columns."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import DatasetState
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage import datasets as dataset_rows
from app.storage.db import transaction
from app.storage.tables import Dataset, DraftRow, User
from tests.services.tables import SMALL, draft_on, save, upload, with_limits
from tests.web.client import Browser, Page, answers_of, fresh, step_path, words_of
from tests.web.readings import MISSING, VALUE, kind_finding, leave_out_finding, marker_finding, put_findings, widen

MOST_BYTES = 200_000


@pytest.fixture
def river(user: User) -> Dataset:
    """Return a small dataset of the user."""
    return upload(user, SMALL.encode())


@pytest.fixture
def trip(user: User, river: Dataset) -> DraftRow:
    """Return a draft on it, with answers of its own."""
    row = draft_on(user, river, target="flow")
    changes: dict[str, Any] = {"data": {"kind.c2": "categorical"}, "features": {"column.c1": False}}
    drafts.save_many(user, row.id, changes=changes, version=row.version)
    return drafts.get_draft(user, row.id)


def at(row: DraftRow) -> str:
    return step_path(row, "data")


def stands_on(user: User, row: DraftRow) -> Dataset:
    return datasets.get_dataset(user, uuid.UUID(answers_of(user, row)["data"]["dataset_id"]))


def test_the_step_says_how_the_file_was_read_and_what_became_of_its_rows(browser: Browser, trip: DraftRow) -> None:
    page = browser.get(at(trip))
    panel = words_of(page.element("datasets-dialect"))
    assert "How the file was read Delimited text, comma, UTF-8" in panel
    assert {"Comma (found)", "UTF-8 (found)", "Point (found)"} <= set(_options(page))
    assert "300 read, 300 kept, 0 rejected." in page.words


def _options(page: Page) -> list[str]:
    return [words_of(element) for element in page.element("datasets-dialect").iter("option")]


def test_rows_that_were_not_kept_are_counted_and_listed(browser: Browser, user: User) -> None:
    bad = SMALL + "2002-01-01,1\n"
    page = browser.get(at(draft_on(user, upload(user, bad.encode()), target="flow")))
    assert "301 read, 300 kept, 1 rejected." in page.words
    assert "1 row could not be read" in page.words
    assert "302" in page.words


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_another_way_of_reading_is_looked_at_before_anything_is_stored(
    browser: Browser, user: User, trip: DraftRow, htmx: bool
) -> None:
    before = answers_of(user, trip)
    page = browser.press(browser.get(at(trip)), "Preview", {"reading.first_line": "3"}, htmx=htmx)
    assert page.status == 200
    look = page.element("datasets-look")
    assert "As it would be read" in words_of(look)
    assert len(list(look.iter("tr"))) > 2
    assert answers_of(user, trip) == before
    assert len(datasets.list_datasets(user)) == 1
    if not htmx:
        assert page.form_to("/reading/reread").values["reading.first_line"] == ["3"]
        assert next(page.element("datasets-dialect").iter("details")).get("open") is not None


@pytest.mark.parametrize("button", ["Preview", "Read the file again"])
def test_a_choice_that_cannot_be_made_is_said_at_its_field_and_nothing_is_lost(
    browser: Browser, user: User, trip: DraftRow, button: str
) -> None:
    before = answers_of(user, trip)
    filled = {"reading.first_line": "two", "reading.decimal": "=,"}
    page = browser.press(browser.get(at(trip)), button, filled)
    assert page.status == 422
    ((words, link),) = page.problems()
    assert "The first line is a whole number" in words
    assert page.element(link.removeprefix("#")).get("aria-invalid") == "true"
    form = page.form_to("/reading/reread")
    assert (form.values["reading.first_line"], form.values["reading.decimal"]) == (["two"], ["=,"])
    assert answers_of(user, trip) == before


def test_a_fault_of_a_preview_stands_where_the_preview_stands(browser: Browser, trip: DraftRow) -> None:
    page = browser.press(browser.get(at(trip)), "Preview", {"reading.first_line": "two"}, htmx=True)
    assert page.status == 422
    assert "The file cannot be read this way. The first line is a whole number" in words_of(
        page.element("datasets-look")
    )


def test_reading_again_moves_the_draft_and_keeps_its_answers(browser: Browser, user: User, trip: DraftRow) -> None:
    first = stands_on(user, trip)
    answer = browser.press(browser.get(at(trip)), "Read the file again", {"reading.duplicates": "=leave_out"})
    assert (answer.status, answer.goes_to) == (303, f"{at(trip)}?done={first.id}.read")
    second = stands_on(user, trip)
    assert (second.id == first.id, second.source_id, second.choices) == (False, first.id, {"duplicates": "leave_out"})
    answers = answers_of(user, trip)
    assert (answers["data"]["target"], answers["data"]["kind.c2"], answers["features"]) == (
        "flow",
        "categorical",
        {"column.c1": False},
    )
    page = browser.follow(answer)
    assert "Read again The file was read again: 300 of 300 rows kept." in page.words
    assert page.form_to("/reading/reread").values["reading.duplicates"] == ["=leave_out"]
    browser.press(page, "Undo", to="/undo")
    assert stands_on(user, trip).id == first.id


def test_the_same_choices_change_nothing(browser: Browser, user: User, trip: DraftRow) -> None:
    before = answers_of(user, trip)
    answer = browser.press(browser.get(at(trip)), "Read the file again")
    assert (answer.status, answer.goes_to) == (303, at(trip))
    assert answers_of(user, trip) == before


def test_a_mark_for_missing_is_asked_about_and_answered_by_one_click(
    browser: Browser, user: User, river: Dataset, trip: DraftRow
) -> None:
    put_findings(river, [marker_finding("rain", "-999")])
    page = browser.get(at(trip))
    assert "rain holds -999 on 12 rows: is that a mark for missing?" in page.words
    assert any(words_of(element) == "rain" for element in page.tree.iter("code"))
    answer = browser.press(page, VALUE, to="/mend")
    assert answer.status == 303
    answers = stands_on(user, trip).choices
    assert answers == {"markers": [{"column": "rain", "value": "-999", "meaning": "value"}]}
    page = browser.follow(answer)
    assert f"Done: {VALUE}" in page.words
    assert "The file was read again: 300 of 300 rows kept." in page.words
    # What was said can be turned round later, in the panel that tells it.
    assert "-999 in rain is a value" in page.words
    browser.press(page, MISSING, to="/reading/reread")
    assert stands_on(user, trip).choices == {"markers": [{"column": "rain", "value": "-999"}]}


def test_how_numbers_are_written_is_told_and_turned_back_by_one_click_without_a_script(
    browser: Browser, user: User
) -> None:
    lines = "".join(f'2001-01-{position + 1:02d},"{1000 + position:,}.5",{position % 7}\n' for position in range(28))
    dataset = upload(user, f"day,flow,rain\n{lines}".encode())
    row = draft_on(user, dataset, target="rain")
    page = browser.get(at(row))
    assert 'flow: values such as "1,027.5" were read as numbers, this one as 1027.5.' in page.words
    page = browser.follow(browser.press(page, "Keep it as text", to="/mend"))
    answer = stands_on(user, row)
    profile = datasets.profile_of(answer)
    assert answer.choices == {"columns": [{"column": "flow", "read_as": "text"}]}
    assert profile is not None
    assert profile.column("flow").storage == "text"
    assert "flow is read as text" in page.words
    # What was said is taken back in the panel that tells it, and the first reading is there again.
    browser.press(page, "As found", to="/reading/reread")
    assert stands_on(user, row).id == dataset.id


def test_one_click_answers_for_all_columns_that_are_alike(
    browser: Browser, user: User, river: Dataset, trip: DraftRow
) -> None:
    put_findings(river, [marker_finding("rain", "-999"), marker_finding("warmth", "-999")])
    page = browser.get(at(trip))
    answer = browser.press(page, f"{MISSING}: all 2 like this", to="/mend")
    answers = stands_on(user, trip).choices or {}
    assert [item["column"] for item in answers["markers"]] == ["rain", "warmth"]
    assert "2 findings of this kind." in browser.follow(answer).words


def test_columns_are_left_out_and_kinds_are_set_by_one_click_and_undone_by_another(
    browser: Browser, user: User, river: Dataset, trip: DraftRow
) -> None:
    put_findings(river, [leave_out_finding("warmth"), kind_finding("rain", "c1")])
    before = answers_of(user, trip)
    page = browser.follow(browser.press(browser.get(at(trip)), "Leave it out", to="/mend"))
    assert answers_of(user, trip)["features"] == {"column.c1": False, "column.c2": False}
    assert "Done: Leave it out" in page.words
    assert "✓ Leave it out" in page.words
    page = browser.follow(browser.press(page, "Undo", to="/undo"))
    assert answers_of(user, trip) == before
    page = browser.follow(browser.press(page, "Treat it as words", to="/mend"))
    assert answers_of(user, trip)["data"]["kind.c1"] == "categorical"
    assert "✓ Treat it as words" in page.words


def test_a_button_of_a_page_that_is_out_of_date_does_nothing(
    browser: Browser, user: User, river: Dataset, trip: DraftRow
) -> None:
    put_findings(river, [marker_finding("rain", "-999")])
    page = browser.get(at(trip))
    other = upload(user, SMALL.replace("rain", "snow").encode(), "other.csv")
    drafts.save_answers(user, trip.id, step="data", changes=datasets.first_answers(other), version=trip.version)
    before = answers_of(user, trip)
    answer = browser.press(page, VALUE, to="/mend")
    assert answer.status == 409
    assert "The data of this draft changed meanwhile, so nothing was done." in answer.words
    assert answers_of(user, trip) == before


def test_an_address_with_a_made_up_button_says_nothing(browser: Browser, trip: DraftRow, river: Dataset) -> None:
    for done in ("x", f"{river.id}", f"{river.id}.9.9", f"{uuid.uuid4()}.read", f"{river.id}.<b>"):
        page = browser.get(f"{at(trip)}?done={done}")
        assert page.status == 200
        assert "Done:" not in page.words


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_columns_are_searched_filtered_and_put_in_order_on_the_server(
    browser: Browser, river: Dataset, trip: DraftRow, htmx: bool
) -> None:
    put_findings(river, [marker_finding("rain", "-999")])
    base = f"{at(trip)}/columns" if htmx else at(trip)

    def names(query: str) -> list[str]:
        page = browser.get(f"{base}?{query}", htmx=htmx)
        assert page.status == 200
        elements = (
            element for element in page.element("datasets-columns").iter("a") if element.get("data-details") is not None
        )
        return [words_of(element).removeprefix("Details of ") for element in elements]

    assert names("") == ["day", "rain", "warmth", "flow"]
    assert names("q=OW") == ["flow"]
    assert names("kind=datetime") == ["day"]
    assert names("finding=missing_value_marker") == ["rain"]
    assert names("order=name") == ["day", "flow", "rain", "warmth"]
    assert names("page=-1&order=odd&kind=none&finding=none") == []
    assert "No column matches." in browser.get(f"{base}?q=zzz", htmx=htmx).words


def test_a_page_of_the_table_that_is_opened_by_itself_leads_to_the_step(browser: Browser, trip: DraftRow) -> None:
    answer = browser.get(f"{at(trip)}/columns?q=rain")
    assert (answer.status, answer.goes_to) == (303, f"{at(trip)}?q=rain")


@pytest.mark.slow
def test_ten_thousand_columns_fit_into_small_pages(
    browser: Browser, river: Dataset, trip: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    widen(river, 9_996)
    # The made-up columns hold no rows.
    monkeypatch.setattr(datasets, "preview_rows", lambda *_args, **_more: [])
    for path in (at(trip), f"/datasets/{river.id}", f"{at(trip)}?page=99&order=name"):
        page = browser.get(path)
        assert page.status == 200
        assert len(page.response.data) < MOST_BYTES, path
    assert "Page 1 of 167, 10,000 columns" in browser.get(at(trip)).words
    assert "mm/day" in browser.get(f"{at(trip)}?q=sensor_00007").words
    result = browser.get(f"{at(trip)}/columns?finding=missing_value_marker&page=17", htmx=True)
    assert "Page 17 of 17, 1,000 columns" in result.words
    assert len(result.response.data) < MOST_BYTES / 2


def test_of_very_many_names_those_that_hold_what_is_typed_are_offered(
    browser: Browser, user: User, river: Dataset, trip: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    widen(river, 500)
    monkeypatch.setattr(datasets, "preview_rows", lambda *_args, **_more: [])
    page = browser.get(at(trip))
    assert page.element("f-target").tag == "input"
    assert page.value_of("target") == ["flow"]
    offered = browser.get(f"{at(trip)}/names?asked=target&target=_0049", htmx=True)
    names = [element.get("value") for element in offered.tree.iter("option")]
    assert names == [f"sensor_{position:05d}_mm_per_day" for position in range(490, 500)]
    page = browser.press(page, "Continue", {"target": "no such"}, to="/data")
    assert page.status == 422
    assert page.problems()[0][1] == "#f-target"


def test_the_same_file_twice_is_recognised_and_said(browser: Browser, user: User) -> None:
    first = browser.press(browser.get("/experiments/new"), "Upload file", {"file": _file()})
    assert "You already have this file" not in browser.follow(first).words
    again = browser.press(browser.get("/experiments/new"), "Upload file", {"file": _file()})
    assert "You already have this file It was read on" in browser.follow(again).words
    page = browser.press(browser.get(again.goes_to), "Upload file", {"file": _file()})
    assert "You already have this file" in browser.follow(page).words
    assert len(datasets.list_datasets(user)) == 1


def _file() -> tuple[io.BytesIO, str]:
    return io.BytesIO(SMALL.encode()), "river.csv"


def test_while_a_large_file_is_read_its_first_rows_are_shown(app: Flask, browser: Browser, user: User) -> None:
    with_limits(app, inline_read_mb=0)
    answer = browser.press(browser.get("/experiments/new"), "Upload file", {"file": _file()})
    page = browser.follow(answer)
    assert "Reading river.csv" in page.words
    assert "First look" in page.words
    assert "4 columns, all 300 rows" in page.words
    assert "2001-01-01" in page.words
    assert "Worth knowing" not in page.words
    assert not page.has("answers")
    poll = page.element("datasets-reading")
    assert poll.get("hx-get") == f"{answer.goes_to}/reading"
    assert browser.get(f"{answer.goes_to}/reading").goes_to == answer.goes_to
    (row,) = datasets.list_datasets(user)
    datasets.read_dataset(row.id)
    assert browser.get(f"{answer.goes_to}/reading", htmx=True).goes_to == answer.goes_to


def test_a_large_file_that_is_read_again_leaves_the_step_as_it_was_until_it_is_done(
    app: Flask, browser: Browser, user: User, trip: DraftRow
) -> None:
    first = stands_on(user, trip)
    with_limits(app, inline_read_mb=0)
    answer = browser.press(browser.get(at(trip)), "Read the file again", {"reading.duplicates": "=leave_out"})
    page = browser.follow(answer)
    assert stands_on(user, trip).id == first.id
    assert "Reading river.csv" in page.words
    assert page.value_of("target") == ["flow"]
    waiting = drafts.waiting_for(user, trip.id)
    assert waiting is not None
    datasets.fail_dataset(waiting.id, code="too_slow", message="It took too long.")
    page = browser.get(at(trip))
    assert "river.csv could not be read this way. It took too long. The draft keeps its earlier data." in page.words


def test_an_upload_that_was_cut_says_so(browser: Browser, user: User) -> None:
    row = datasets.start_upload(user, "river.csv", expected_bytes=4_000_000)
    with transaction():
        dataset_rows.touch_dataset(row.id, size_bytes=1_000_000)
    page = browser.get(f"/datasets/{row.id}")
    assert "Receiving river.csv 1.0 MB of 4.0 MB received." in page.words
    datasets.fail_dataset(row.id, code="upload_stopped", message="The upload stopped at 25 %. Send the file again.")
    assert (
        "The file could not be read. The upload stopped at 25 %. Send the file again."
        in browser.get(f"/datasets/{row.id}").words
    )
    fresh()
    assert datasets.get_dataset(user, row.id).state == DatasetState.FAILED.value


def test_what_is_worth_knowing_about_the_target_stands_beside_it(browser: Browser, user: User) -> None:
    text = "rain,warmth,state\n" + "".join(
        f"{position * 7 % 23 / 2},{position * 5 % 17},{'flood' if position % 25 == 3 else 'dry'}\n"
        for position in range(300)
    )
    row = draft_on(user, upload(user, text.encode()), target="state")
    buttons = [button for form in browser.get(at(row)).forms for button in form.buttons if button.value.startswith("t")]
    assert buttons == [], "what is suggested already needs no button"
    before = save(user, row, step="validation", strategy="k_fold")
    page = browser.get(at(row))
    results = [button for form in page.forms for button in form.buttons if button.value.startswith("t")]
    assert "state" in page.words
    assert results, "an uneven target has a finding with a button"
    answer = browser.press(page, results[0].words, to="/mend")
    assert answer.status == 303
    assert "Done" in browser.follow(answer).words
    assert drafts.get_draft(user, row.id).version == before + 1


def test_a_draft_whose_dataset_was_deleted_names_it_and_brings_it_back(
    browser: Browser, user: User, trip: DraftRow, river: Dataset
) -> None:
    answers = answers_of(user, trip)
    datasets.delete_dataset(user, river.id)
    page = browser.get(at(trip))
    assert "river.csv was deleted." in page.words
    assert "Datariver.csv, deleted" in words_of(page.element("wizard-side"))
    back = browser.press(page, "Restore: river.csv")
    assert (back.status, back.goes_to) == (303, at(trip))
    fresh()
    page = browser.follow(back)
    assert "was deleted" not in page.words
    assert page.value_of("target") == ["flow"]
    assert answers_of(user, trip) == answers


def test_what_was_deleted_for_good_is_named_without_a_button(
    browser: Browser, user: User, trip: DraftRow, river: Dataset
) -> None:
    datasets.delete_dataset(user, river.id)
    assert datasets.purge(river)
    page = browser.get(at(trip))
    assert "its files are gone for good. Upload it again, or choose other data." in page.words
    assert not [button for button in page.buttons if button.startswith("Restore")]
    late = browser.post(f"{at(trip)}/restore", {"csrf_token": browser.get("/account").token})
    assert late.status == 404
    assert "This dataset was deleted for good." in late.words


def test_the_deleted_dataset_of_somebody_elses_draft_stays_deleted(browser: Browser, other_user: User) -> None:
    theirs = upload(other_user, SMALL.encode())
    row = draft_on(other_user, theirs, target="flow")
    datasets.delete_dataset(other_user, theirs.id)
    answer = browser.post(f"{at(row)}/restore", {"csrf_token": browser.get("/account").token})
    assert answer.status == 404
    fresh()
    assert datasets.list_datasets(other_user) == []
