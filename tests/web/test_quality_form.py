"""Quality flags and parts of grids on the pages: boxes to tick, buttons of findings, and what is taken back."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from app.domain.analysis.import_options.import_choices import Dialect, ReadingChoices
from app.domain.analysis.import_options.quality_choices import PlaceInGrid
from app.domain.errors import DomainError
from app.services.datasets import datasets
from app.storage.tables import Dataset, User
from app.web import import_options_form, quality_form
from tests.services.tables import draft_on, save, upload
from tests.web.client import Browser, answers_of, fresh, step_path

FLAGS = ("A", "P", "A:e", "")
FLOW = "day,flow,flow_cd\n" + "".join(
    f"2001-{1 + position // 28:02d}-{position % 28 + 1:02d},{position}.5,{FLAGS[position % 4]}\n"
    for position in range(112)
)
LAB = "n,rain,tp\n" + "".join(
    f"{position},{position * 7 % 11}.5,{'<0.05' if position % 5 < 3 else f'0.{position + 10}'}\n"
    for position in range(80)
)
KEEP = {"column": "flow", "flag": "flow_cd", "keep": ["A", "A:e"]}


@pytest.fixture
def river(user: User) -> Dataset:
    """Return a dataset with flags of the flow."""
    return upload(user, FLOW.encode())


@pytest.mark.parametrize("place", ["dataset", "draft"])
def test_flags_that_are_not_ticked_make_values_missing(
    browser: Browser, user: User, river: Dataset, place: str
) -> None:
    row = draft_on(user, river, target="flow") if place == "draft" else None
    address = f"/datasets/{river.id}" if row is None else step_path(row, "data")
    page = browser.get(address)
    assert "Use flow where flow_cd is" in page.words
    assert "A (28)" in page.words
    assert "no flag (28)" in page.words
    name = "reading.flags.c2"
    answer = browser.press(page, "Read the file again", {f"{name}.2": None, f"{name}.3": None})
    assert answer.status == 303
    if row is None:
        dataset = next(item for item in datasets.list_datasets(user) if item.source_id == river.id)
    else:
        dataset = datasets.get_dataset(user, uuid.UUID(answers_of(user, row)["data"]["dataset_id"]))
    profile = datasets.profile_of(dataset)
    assert profile is not None
    assert profile.column("flow").missing == 56
    page = browser.follow(answer)
    assert "flow is used where flow_cd is A, A:e" in page.words
    usage = browser.press(page, "Use all values", to="/reading/reread")
    assert usage.status == 303
    assert river.choices in (None, {})


def test_a_column_keeps_at_least_one_flag(browser: Browser, river: Dataset) -> None:
    name = "reading.flags.c2"
    page = browser.press(
        browser.get(f"/datasets/{river.id}"),
        "Read the file again",
        {f"{name}.{position}": None for position in range(4)},
    )
    assert page.status == 422
    ((words, link),) = page.problems()
    assert words == "Keep at least one quality flag of flow."
    assert page.element(link.removeprefix("#")) is not None


def test_boxes_of_an_old_page_choose_no_other_flags(browser: Browser, user: User, river: Dataset) -> None:
    row = draft_on(user, river, target="flow")
    old = browser.get(step_path(row, "data"))
    # Another reading has the same columns and other flags, so that the same box stands for another one.
    fewer = upload(user, FLOW.replace(",A:e", ",P").encode())
    save(user, row, step="data", dataset_id=str(fewer.id))
    page = browser.press(old, "Read the file again", {"reading.flags.c2.1": None})
    assert page.status == 422
    assert page.problems()[0][0] == "The quality flags of flow changed meanwhile. Look at them again."
    assert answers_of(user, row)["data"]["dataset_id"] == str(fewer.id)


def test_approved_values_are_one_click_away(browser: Browser, user: User, river: Dataset) -> None:
    row = draft_on(user, river, target="flow")
    answer = browser.press(browser.get(step_path(row, "data")), "Use only approved values", to="/mend")
    assert answer.status == 303
    page = browser.follow(answer)
    assert "flow is used where flow_cd is A, A:e" in page.words
    browser.press(page, "Undo", to="/undo")
    assert answers_of(user, row)["data"]["dataset_id"] == str(river.id)


def test_limits_become_numbers_by_one_click(browser: Browser, user: User) -> None:
    lab = upload(user, LAB.encode())
    page = browser.get(f"/datasets/{lab.id}")
    assert "tp is read as text, because 48 values or more are limits, such as <0.5." in page.words
    page = browser.follow(browser.press(page, "Read them at half the limit", to="/mend"))
    assert "Values of tp beyond a limit are read as half the limit" in page.words
    assert "tp_censored" in page.words
    assert "tp_censored is < on" not in page.words
    browser.press(page, "As found", to="/reading/reread")
    assert len(datasets.list_datasets(user)) == 2


def test_flags_are_no_suggested_features_after_a_filter(browser: Browser, user: User) -> None:
    lab = upload(user, LAB.encode())
    half = datasets.reread(user, lab.id, {"censored": [{"column": "tp", "take": "half"}]})
    page = browser.get(step_path(draft_on(user, half, target="rain"), "features"))
    boxes = {
        element.get("value"): element.get("checked")
        for element in page.tree.iter("input")
        if element.get("name") == "column"
    }
    assert boxes["c3"] is None


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("47.3, 8.5", PlaceInGrid(latitude=47.3, longitude=8.5)),
        ("47.3 8.5", PlaceInGrid(latitude=47.3, longitude=8.5)),
        ("46; 7; 48; 9", PlaceInGrid(south=46, west=7, north=48, east=9)),
    ],
)
def test_a_point_and_a_box_are_understood(raw: str, place: PlaceInGrid) -> None:
    changes = import_options_form.changes_from({"reading.place": raw}, ReadingChoices())
    assert ReadingChoices().merged(changes).place == place


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        *((raw, quality_form.WRONG_PLACE) for raw in ("47.3", "47.3, 8.5, 9", "north, east", "nan, 8", "1e400, 2")),
        *((raw, quality_form.BEYOND) for raw in ("95, 8", "-90.1, 400", "46, 7, 91, 9")),
        ("48, 7, 46, 9", quality_form.SWAPPED),
    ],
)
def test_what_is_no_place_is_said_at_its_field(raw: str, sentence: str) -> None:
    with pytest.raises(DomainError) as info:
        import_options_form.changes_from({"reading.place": raw}, ReadingChoices())
    assert (info.value.field, info.value.message) == ("reading.place", sentence)


def test_an_empty_place_means_the_whole_grid() -> None:
    chosen = ReadingChoices(place=PlaceInGrid(latitude=47.3, longitude=8.5))
    made = import_options_form.panel_of(Dialect(format="netcdf", grid="Latitudes 46 to 48."), chosen, address="/x")
    assert made.place is not None
    assert (made.place.value, made.place.hint) == ("47.3, 8.5", "Latitudes 46 to 48.")
    assert chosen.merged(import_options_form.changes_from({"reading.place": " "}, chosen)) == ReadingChoices()
    assert import_options_form.panel_of(Dialect(format="csv"), ReadingChoices(), address="/x").place is None


@pytest.mark.parametrize("place", ["flag7", "censored0", "flagx", "flag", "flag٣"])
def test_a_button_of_an_old_page_changes_nothing(place: str) -> None:
    assert import_options_form.changes_from({"flip": place}, ReadingChoices()) == {}


@pytest.fixture
def grid(tmp_path: Path) -> bytes:
    """Return a grid that is larger than may be stacked, whose last cell is sea."""
    path = tmp_path / "grid.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("time", 12_000), ("lat", 30), ("lon", 20)):
            data.createDimension(name, size)
        time = data.createVariable("time", "f8", ("time",))
        time.units = "days since 1981-01-01"
        time[:] = np.arange(12_000)
        data.createVariable("lat", "f4", ("lat",))[:] = 46 + np.arange(30) / 10
        data.createVariable("lon", "f4", ("lon",))[:] = 7 + np.arange(20) / 10
        rain = data.createVariable("rr", "f4", ("time", "lat", "lon"), zlib=True, fill_value=-9999.0)
        rain.units = "mm"
        days = (np.arange(12_000) % 17 / 4).astype("f4")
        block = np.ma.masked_all((12_000, 30, 20), "f4")
        block[:, :29] = days[:, None, None]
        rain[:] = block
    return path.read_bytes()


@pytest.mark.parametrize("route", ["/datasets/upload", "/experiments/new/upload"])
def test_a_grid_too_large_waits_for_a_place(browser: Browser, user: User, grid: bytes, route: str) -> None:
    form = {"csrf_token": browser.get("/account").token, "file": [(io.BytesIO(grid), "grid.nc")]}
    refusal = browser.post(route, form, content_type="multipart/form-data")
    assert refusal.status == 413
    assert "Choose a point or a box. Latitudes 46 to 48.9, longitudes 7 to 8.9." in refusal.problems()[0][0]
    wrong = browser.press(refusal, "Read this part", {"reading.place": "somewhere"})
    assert wrong.status == 422
    assert wrong.problems()[0][0] == quality_form.WRONG_PLACE
    outside = browser.press(wrong, "Read this part", {"reading.place": "10, 10"})
    assert "The point 10, 10 lies outside of the grid." in outside.problems()[0][0]
    sea = browser.press(outside, "Read this part", {"reading.place": "48.9, 8"})
    assert "hold no value; they may be sea" in sea.problems()[0][0]
    (waiting,) = (item for item in datasets.list_datasets(user) if item.state == "failed")
    page = browser.follow(
        browser.press(browser.get(f"/datasets/{waiting.id}"), "Read this part", {"reading.place": "47.31, 8.52"})
    )
    assert "Read a part of the grid" in page.words
    assert "Read at the cell nearest to 47.31, 8.52, whose centre is 47.3, 8.5." in page.words
    fresh()
    dataset = datasets.get_dataset(user, waiting.id)
    assert (dataset.state, dataset.rows) == ("ready", 12_000)
    assert dataset.choices == {"place": {"latitude": 47.31, "longitude": 8.52}}
    assert page.form_to("/reading/reread").values["reading.place"] == ["47.31, 8.52"]
    again = browser.press(page, "Read the file again", {"reading.place": "47, 8, 47.1, 8.1"})
    assert again.status == 303
    fresh()
    box = next(item for item in datasets.list_datasets(user) if item.source_id == waiting.id)
    assert box.rows == 12_000 * 4
