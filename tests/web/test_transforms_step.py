"""Derived features as a person meets them: a preview on real rows, added, put in order, removed, and what is refused."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest

from app.domain.estimators.parameters import Parameter
from app.domain.training.preprocessing.recipes import TRANSFORMS
from app.storage.tables import DraftRow, User
from tests.services.tables import draft_on, upload
from tests.variants import slow_after
from tests.web.client import Browser, Page, answers_of, step_path

FORM = "features"


def _basin(rows: int = 120) -> bytes:
    random = np.random.default_rng(5)
    rain = random.gamma(0.7, 4.0, size=rows) + 0.1
    frame = pd.DataFrame({"date": pd.date_range("2001-10-01", periods=rows, freq="D"), "rain_mm": rain})
    frame["temp_c"] = random.normal(5, 6, size=rows)
    frame.loc[frame.index % 9 == 4, "temp_c"] = np.nan
    frame["evap_mm"], frame["low_c"] = random.gamma(2.0, 1.0, size=rows), frame["temp_c"] - 4
    frame["soil"] = random.choice(["clay", "sand", "silt"], size=rows)
    frame["flat"] = 3.0
    frame["flow_mm"] = rain / 3 + random.normal(2, 0.2, size=rows)
    return frame.to_csv(index=False, float_format="%.4f").encode()


@pytest.fixture
def basin(user: User) -> DraftRow:
    return draft_on(user, upload(user, _basin()), target="flow_mm")


def _preview(browser: Browser, row: DraftRow, kind: str, *columns: str, htmx: bool = False, **words: str) -> Page:
    query = [("new.kind", kind), ("new.fields", kind), *(("new.column", name) for name in columns)]
    query += [(f"new.{name}", value) for name, value in words.items()]
    return browser.get(f"{step_path(row, FORM)}/transform?{urlencode(query)}", htmx=htmx)


def _recipes(user: User, row: DraftRow) -> list[dict[str, Any]]:
    return list(answers_of(user, row)["features"]["transforms"])


def _columns(entry: Any) -> list[str]:
    if not entry.needs_columns:
        return []
    if entry.roles:
        return {"degree_day_snow": ["rain_mm", "temp_c"], "effective_rain": ["rain_mm", "evap_mm"]}.get(
            entry.kind, ["temp_c"]
        )
    return ["soil"] if entry.takes == "words" else ["temp_c"] if entry.role in ("fill", "mark") else ["rain_mm"]


@pytest.mark.parametrize("entry", slow_after(12, TRANSFORMS), ids=lambda entry: entry.kind)
def test_every_recipe_has_a_preview_on_real_rows(browser: Browser, basin: DraftRow, entry: Any) -> None:
    answers = {
        parameter.name: str(parameter.default) for parameter in entry.parameters if isinstance(parameter, Parameter)
    }
    answers |= {
        parameter.name: str(parameter.default[0])
        for parameter in entry.parameters
        if not isinstance(parameter, Parameter)
    }
    answers |= {"latitude": "45.2"} if "latitude" in answers else {}
    page = _preview(browser, basin, entry.kind, *_columns(entry), **answers)
    assert page.status == 200
    assert entry.help in page.words
    element = page.element("features-transform-shown")
    assert 4 <= len(list(element.iter("tr"))) <= 9
    assert "Before:" in page.words
    assert "After:" in page.words
    assert page.text.count('<svg class="chart"') + page.text.count('<ol class="rank"') >= (
        2 if entry.needs_columns else 1
    )
    part = _preview(browser, basin, entry.kind, *_columns(entry), htmx=True, **answers)
    assert part.has("features-transform_preview")
    assert "<h1" not in part.text
    assert "<html" not in part.text


def test_the_preview_shows_what_the_recipe_makes_of_real_values(browser: Browser, basin: DraftRow) -> None:
    page = _preview(browser, basin, "log", "rain_mm", offset="1")
    cells = [[cell.text for cell in line.iter("td")] for line in page.element("features-transform-shown").iter("tr")][
        1:
    ]
    for before, after in cells:
        assert np.log(float(str(before)) + 1) == pytest.approx(float(str(after)), abs=2e-3)


def test_a_recipe_is_previewed_and_added_without_a_script(browser: Browser, user: User, basin: DraftRow) -> None:
    first = browser.get(step_path(basin, FORM))
    request = browser.press(first, "Preview", {"new.kind": "yeo_johnson", "new.column": ["rain_mm"]}, to="/transform")
    assert request.status == 303
    page = browser.follow(request)
    assert (
        "Fitted on these rows for the preview. In training, it is fitted on the training rows of each fold."
        in page.words
    )
    added = browser.press(page, "Add")
    assert added.goes_to == f"{step_path(basin, FORM)}#features-derived"
    assert _recipes(user, basin)[-1] == {"columns": ["rain_mm"], "kind": "yeo_johnson", "parameters": {}}
    back = browser.follow(added)
    browser.press(back, "Undo last change")
    assert "transforms" not in answers_of(user, basin).get("features", {})


def test_columns_are_chosen_in_their_roles_without_a_script(browser: Browser, user: User, basin: DraftRow) -> None:
    first = browser.get(step_path(basin, FORM))
    page = browser.follow(browser.press(first, "Preview", {"new.kind": "degree_day_snow"}, to="/transform"))
    for title in ("Precipitation", "Temperature, or its minimum", "Maximum temperature", "Unit of temperature"):
        assert title in page.words
    assert "Source: Hock (2003), Journal of Hydrology 282, 104-115." in page.words
    roles = {"new.column": ["rain_mm", "low_c", "temp_c"], "new.factor": "3,5"}
    page = browser.follow(browser.press(page, "Preview", roles, to="/transform"))
    assert "After: rain_mm_snow_store mm" in page.words
    assert "3 new columns" in page.words
    browser.press(page, "Add")
    added = _recipes(user, basin)[-1]
    assert added["columns"] == ["rain_mm", "low_c", "temp_c"]
    assert added["parameters"]["factor"] == 3.5
    assert (added["parameters"]["rain_unit"], added["parameters"]["temperature_unit"]) == ("mm", "c")


def test_a_recipe_on_a_derived_column_is_previewed_and_added(browser: Browser, user: User, basin: DraftRow) -> None:
    snow = {"new.kind": "degree_day_snow", "new.fields": "degree_day_snow", "new.column": ["rain_mm", "temp_c", ""]}
    defaults = {"new.threshold": "0", "new.transition": "2", "new.factor": "3", "new.rain_unit": "mm"}
    page = browser.get(step_path(basin, FORM))
    browser.post(
        step_path(basin, FORM),
        {"csrf_token": page.token, "action": "add-transform", **snow, **defaults, "new.temperature_unit": "c"},
    )
    page = _preview(browser, basin, "window_means", "rain_mm_liquid", windows="3, 30")
    assert page.status == 200
    assert "Before: rain_mm_liquid mm" in page.words
    assert "After: rain_mm_liquid_mean_30 mm" in page.words
    assert "rain_mm_liquid" in page.text.split('id="f-new-column"')[1].split("</select>")[0]
    browser.press(page, "Add")
    assert _recipes(user, basin)[-1] == {
        "columns": ["rain_mm_liquid"],
        "kind": "window_means",
        "parameters": {"windows": [3, 30]},
    }


@pytest.mark.parametrize("kind", ["potential_evaporation", "day_length", "degree_day_snow"])
def test_a_recipe_just_chosen_blames_nobody_for_empty_fields(browser: Browser, basin: DraftRow, kind: str) -> None:
    request = urlencode([("new.kind", kind), ("new.fields", "lag")])
    page = browser.get(f"{step_path(basin, FORM)}/transform?{request}", htmx=True)
    assert page.status == 200
    assert 'aria-invalid="true"' not in page.text
    pressed = _preview(browser, basin, "day_length", latitude="")
    assert pressed.status == 422
    assert "Latitude: needs a value" in pressed.words


ROLE_FAULTS = [
    ("degree_day_snow", ["", "temp_c", ""], {}, "Degree-day snow: choose a column for precipitation."),
    ("degree_day_snow", ["rain_mm", "", "temp_c"], {}, "choose a column for temperature, or its minimum."),
    ("degree_day_snow", ["rain_mm", "rain_mm", ""], {}, "choose a different column for each role."),
    ("degree_day_snow", ["rain_mm", "soil", ""], {}, "soil does not hold numbers."),
    ("degree_day_snow", ["rain_mm", "flow_mm", ""], {}, "flow_mm is the target"),
    ("degree_day_snow", ["rain_mm", "temp_c", ""], {"factor": "0"}, "Degree-day factor: must be more than 0 to 20"),
    ("potential_evaporation", ["temp_c", "", ""], {"latitude": ""}, "Give the latitude, or say which column tells it"),
    ("potential_evaporation", ["temp_c", "", "flat"], {"latitude": "45"}, "say what the third column tells"),
    (
        "potential_evaporation",
        ["low_c", "temp_c", ""],
        {"latitude": "", "sun_from": "day_length_s"},
        "choose the column of the latitude or the length of the day.",
    ),
    (
        "potential_evaporation",
        ["temp_c", "", ""],
        {"latitude": "45", "method": "hargreaves"},
        "Hargreaves needs the minimum and the maximum temperature of each day.",
    ),
]


@pytest.mark.parametrize(("kind", "columns", "said", "sentence"), ROLE_FAULTS, ids=lambda item: str(item)[:20])
def test_roles_that_do_not_fit_get_a_sentence_and_stay(
    browser: Browser, basin: DraftRow, kind: str, columns: list[str], said: dict[str, str], sentence: str
) -> None:
    entry = next(entry for entry in TRANSFORMS if entry.kind == kind)
    values = {
        parameter.name: "" if parameter.default is None else str(parameter.default) for parameter in entry.parameters
    } | said
    page = _preview(browser, basin, kind, *columns, **values)
    assert page.status == 422
    assert sentence in page.words
    form = next(form for form in page.forms if "new.column" in form.names)
    kept = [name if name in ("rain_mm", "temp_c", "low_c", "flat") else "" for name in columns]
    assert form.values["new.column"] == kept


def test_roles_of_a_wide_table_take_any_name(browser: Browser, user: User) -> None:
    frame = pd.read_csv(io.BytesIO(_basin()))
    wide = pd.DataFrame({f"n{number}": frame["rain_mm"] + number for number in range(210)})
    content = pd.concat([frame[["date"]], wide, frame[["temp_c", "flow_mm"]]], axis=1).to_csv(index=False)
    row = draft_on(user, upload(user, content.encode()), target="flow_mm")
    page = _preview(browser, row, "effective_rain", "n209", "temp_c", rain_unit="mm", evaporation_unit="mm")
    assert page.status == 200
    assert "After: n209_minus_temp_c mm" in page.words
    assert page.text.count('list="f-new-columns"') == 2
    assert page.has("f-new-columns")
    wrong = _preview(browser, row, "effective_rain", "n209", "n9999", rain_unit="mm", evaporation_unit="mm")
    assert wrong.status == 422
    assert "Effective rain: there is no column named n9999." in wrong.words
    assert 'value="n9999"' in wrong.text


def test_equal_temperatures_refuse_hargreaves_in_the_preview(browser: Browser, user: User) -> None:
    frame = pd.read_csv(io.BytesIO(_basin())).assign(low_c=lambda rows: rows["temp_c"])
    row = draft_on(user, upload(user, frame.to_csv(index=False).encode()), target="flow_mm")
    values = {"latitude": "45", "method": "hargreaves", "sun_from": "latitude", "temperature_unit": "c"}
    page = _preview(browser, row, "potential_evaporation", "low_c", "temp_c", "", **values)
    assert page.status == 422
    assert "low_c and temp_c are equal on all rows, so Hargreaves would be 0 throughout. Use Oudin." in page.words


BAD = [
    ("lag", ["flow_mm"], {"steps": "0"}, "Step 0 is the row itself"),
    ("lag", ["rain_mm"], {"steps": "x"}, "Each step must be a whole number from 1 to 10,000."),
    ("rolling_sum", ["rain_mm"], {"window": "1"}, "Window: must be between 2 and 10,000; you wrote 1."),
    (
        "antecedent_precipitation",
        ["rain_mm"],
        {"decay": "1"},
        "Share kept: must be between 0.01 and 0.999; you wrote 1.",
    ),
    ("date_parts", [], {}, "Choose from:"),
    ("scale_standard", ["soil"], {}, "soil does not hold numbers."),
    ("one_hot", ["rain_mm"], {"most": "50"}, "rain_mm holds numbers."),
    ("log", ["flow_mm"], {"offset": "1"}, "flow_mm is the target, of which only earlier steps may be used."),
    ("log", ["gone"], {"offset": "1"}, "there is no column named gone."),
]


@pytest.mark.parametrize(("kind", "columns", "said", "sentence"), BAD, ids=lambda item: str(item)[:20])
def test_what_makes_no_sense_gets_a_sentence_at_its_field_and_nothing_is_lost(
    browser: Browser, user: User, basin: DraftRow, kind: str, columns: list[str], said: dict[str, str], sentence: str
) -> None:
    page = _preview(browser, basin, kind, *columns, **said)
    assert page.status == 422
    assert sentence in page.words
    values = {"csrf_token": page.token, "action": "add-transform", "new.kind": kind, "new.fields": kind}
    refusal = browser.post(
        step_path(basin, FORM),
        {**values, "new.column": columns, **{f"new.{name}": text for name, text in said.items()}},
    )
    assert refusal.status == 422
    assert sentence in refusal.words
    assert refusal.value_of("new.kind") == [kind]
    assert "transforms" not in answers_of(user, basin).get("features", {})


def test_recipes_on_one_column_are_put_in_another_order(browser: Browser, user: User, basin: DraftRow) -> None:
    for kind in ("scale_robust", "log"):
        page = browser.follow(browser.press(_preview(browser, basin, kind, "rain_mm", offset="1"), "Add"))
    assert "Logarithm must come before Robust scaling on rain_mm: it works on values as measured." in page.words
    page = browser.follow(browser.press(page, "Do it earlier: Logarithm of rain_mm"))
    assert [recipe["kind"] for recipe in _recipes(user, basin)][-2:] == ["log", "scale_robust"]
    assert "must come before" not in page.words
    page = browser.follow(browser.press(page, "Remove Logarithm of rain_mm"))
    kinds = [recipe["kind"] for recipe in _recipes(user, basin)]
    assert kinds[-1] == "scale_robust"
    assert "log" not in kinds


def test_a_conflict_has_a_remedy(browser: Browser, user: User, basin: DraftRow) -> None:
    for kind in ("ordinal", "target_encoding"):
        page = browser.follow(browser.press(_preview(browser, basin, kind, "soil", folds="5"), "Add"))
    assert "soil can become numbers in one way only" in page.words
    browser.press(page, "Remove: Mean target per word")
    assert [recipe["kind"] for recipe in _recipes(user, basin)][-1] == "ordinal"


def test_another_persons_draft_has_no_preview(browser: Browser, other_user: User) -> None:
    row = draft_on(other_user, upload(other_user, _basin()), target="flow_mm")
    assert _preview(browser, row, "log", "rain_mm").status == 404


def test_without_a_time_column_the_fields_are_those_of_the_recipe_that_is_shown(browser: Browser, user: User) -> None:
    row = draft_on(user, upload(user, _basin().replace(b"date", b"no_day").replace(b"-", b"x")), target="flow_mm")
    form = browser.get(step_path(row, FORM)).answers.values
    first = next(entry for entry in TRANSFORMS if not entry.needs_time)
    assert (form["new.kind"], form["new.fields"]) == ([first.kind], [first.kind])
