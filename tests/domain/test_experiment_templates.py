"""What templates say, need and match: names in several languages, units, steps, recipes, and differences in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import InvalidBodyError
from app.domain.experiment import Draft, Spec
from app.domain.experiment_templates import matching
from app.domain.experiment_templates.applying import apply_template
from app.domain.experiment_templates.column_words import name_likeness, read_name
from app.domain.experiment_templates.describing import TemplateContent, changes_since, diff_contents
from app.domain.experiment_templates.library import LIBRARY
from app.domain.experiment_templates.matching import chosen_mapping, mapping_of_matches, propose_mapping
from app.domain.experiment_templates.requirements import (
    NeedRole,
    Requirements,
    derive_requirements,
    needs_in_words,
)
from app.domain.experiment_templates.template_config import (
    config_of_spec,
    named_columns,
    read_template_config,
    rename_columns,
)
from app.domain.experiment_templates.unit_conversion import conversion_between, measure_different_things
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import ColumnKind, Purpose
from tests.domain.reading import Known, known, sample


def river(*, step: str = "D", days: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(7)
    rain = random.gamma(0.5, 6.0, days).round(2)
    return pd.DataFrame(
        {
            "date": pd.date_range("2001-01-01", periods=days, freq=step),
            "prcp_mm": rain,
            "tmax_c": (12 + 9 * np.sin(np.arange(days) / 58) + random.normal(0, 2, days)).round(2),
            "tmin_c": (4 + 8 * np.sin(np.arange(days) / 58) + random.normal(0, 2, days)).round(2),
            "discharge_mm": (1 + 0.2 * pd.Series(rain).rolling(9, min_periods=1).mean()).round(3),
        }
    )


CONFIG: dict[str, Any] = {
    "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "purpose": "simulate"},
    "features": {
        "selected": ["prcp_mm", "tmax_c", "tmin_c"],
        "transforms": [{"columns": ["prcp_mm", "tmin_c"], "kind": "lag", "parameters": {"steps": [1, 2]}}],
    },
    "model": {"estimator": "ridge"},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 5, "gap": 7}, "warm_up": 30},
}


def made_on(table: Known) -> tuple[Any, Requirements]:
    config = read_template_config(CONFIG)
    return config, derive_requirements(config, table.profile)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("prcp_mm", "rain"),
        ("Tagesniederschlag [mm]", "rain"),
        ("Précipitations (mm/j)", "rain"),
        ("neerslag", "rain"),
        ("rr", "rain"),
        ("Abfluss_m3s", "flow"),
        ("débit", "flow"),
        ("caudal (m3/s)", "flow"),
        ("Lufttemperatur", "temperature"),
        ("tg", "temperature"),
        ("Verdunstung", "evaporation"),
        ("Grundwasserstand", "level"),
        ("gauge_id", "site"),
    ],
)
def test_names_of_many_languages_mean_the_same(name: str, meaning: str) -> None:
    assert meaning in read_name(name).meanings


def test_minimum_and_maximum_are_never_alike() -> None:
    assert name_likeness(read_name("tmax_c"), read_name("Tmin (degC)")) == 0.0
    assert name_likeness(read_name("tmax_c"), read_name("Höchste Lufttemperatur")) == 0.85
    assert name_likeness(read_name("tmax_c"), read_name("TMAX [°C]")) >= 0.95


def test_units_of_one_quantity_are_converted() -> None:
    fahrenheit = conversion_between("°F", "°C")
    assert fahrenheit is not None
    assert 212 * fahrenheit.factor + fahrenheit.offset == pytest.approx(100)
    assert fahrenheit.in_words("°F", "°C") == "°C = 0.5556 × °F − 17.78"
    assert conversion_between("mm", "°C") is None
    assert measure_different_things("m³/s", "°C")
    assert not measure_different_things("mm", "m")
    assert not measure_different_things("mm", "")


def test_requirements_follow_from_the_config_and_its_data() -> None:
    _, needs = made_on(known(river()))
    roles = {need.name: need.role for need in needs.columns}
    assert roles["discharge_mm"] is NeedRole.TARGET
    assert roles["date"] is NeedRole.TIME
    assert {need.name for need in needs.columns if need.needed} == {"discharge_mm", "date", "prcp_mm", "tmin_c"}
    assert (needs.step_seconds, needs.needs_time, needs.min_rows) == (86_400, True, 125)
    assert needs_in_words(needs)[:2] == ("a number to predict", "a daily step")
    assert Requirements.from_json(needs.to_json()) == needs


def test_edited_requirements_outlive_the_next_config() -> None:
    config, needs = made_on(known(river()))
    edited = replace(needs, min_rows=900, edited=("min_rows",))
    again = derive_requirements(config, None, edited)
    assert again.min_rows == 900
    assert again.columns == needs.columns


def test_renamed_reordered_and_translated_columns_are_found() -> None:
    table = river()
    _, needs = made_on(known(table))
    other = table.rename(
        columns={
            "date": "Datum",
            "prcp_mm": "Niederschlag [mm]",
            "tmax_c": "Höchste Temperatur [°C]",
            "tmin_c": "Tiefste Temperatur [°C]",
            "discharge_mm": "Abfluss [mm]",
        }
    )[["Tiefste Temperatur [°C]", "Abfluss [mm]", "Datum", "Höchste Temperatur [°C]", "Niederschlag [mm]"]]
    matches = propose_mapping(needs, known(other).profile)
    assert mapping_of_matches(matches) == dict(zip(table.columns, _order(table, other), strict=True))
    assert [match.doubt for match in matches] == [""] * 5
    assert all(match.reason.endswith(".") for match in matches)


def _order(table: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    return [next(name for name in other.columns if other[name].equals(table[column])) for column in table.columns]


def test_two_columns_that_could_be_it_are_doubtful() -> None:
    table = river()
    needs = derive_requirements(read_template_config({**CONFIG, "features": {"selected": ["rain"]}}))
    other = known(
        table.assign(rain_north=table["prcp_mm"][::-1].to_numpy(), rain_south=table["prcp_mm"]).drop(columns="prcp_mm")
    )
    match = next(match for match in propose_mapping(needs, other.profile) if match.need.name == "rain")
    assert match.column in ("rain_north", "rain_south")
    assert "could be it as well" in match.doubt


def test_what_is_missing_is_left_visible_and_its_recipes_left_out() -> None:
    table = known(river())
    config, needs = made_on(table)
    other = known(river().drop(columns=["tmin_c"]))
    matches = propose_mapping(needs, other.profile)
    assert next(match for match in matches if match.need.name == "tmin_c").column == ""
    use = apply_template(config, needs, matches, other.profile)
    assert [problem.code for problem in use.problems] == ["template_column_missing"]
    assert use.answers["features"]["transforms"] == [
        {"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2]}}
    ]
    assert use.fits


def test_a_person_finishes_a_mapping() -> None:
    table = known(river())
    _, needs = made_on(table)
    matches = chosen_mapping(propose_mapping(needs, table.profile), {"tmax_c": "tmin_c"}, table.profile)
    results = {match.need.name: match.column for match in matches}
    assert (results["tmax_c"], results["tmin_c"]) == ("tmin_c", "")
    left_out = chosen_mapping(propose_mapping(needs, table.profile), {"tmax_c": None}, table.profile)
    assert "tmax_c" not in mapping_of_matches(left_out)


def test_answers_of_a_whole_template_give_the_same_config() -> None:
    table = known(river())
    spec = table.plan({"data": {"target": "discharge_mm"}}).spec
    assert spec is not None
    config = config_of_spec(spec)
    needs = derive_requirements(config, table.profile)
    use = apply_template(config, needs, propose_mapping(needs, table.profile), table.profile)
    assert use.problems == ()
    again = make_plan(Draft(use.answers), table.profile, None).spec
    assert again is not None
    assert config_of_spec(again) == config


def test_steps_of_an_hourly_series_are_converted() -> None:
    config, needs = made_on(known(river()))
    hourly = known(river(step="h", days=3000))
    use = apply_template(config, needs, propose_mapping(needs, hourly.profile), hourly.profile)
    assert use.config.validation.parameters["gap"] == 168
    assert use.config.validation.warm_up == 720
    assert {problem.code for problem in use.problems} == {"template_step_differs", "template_steps_converted"}


def test_a_dataset_of_another_kind_is_told_what_it_lacks() -> None:
    config, needs = made_on(known(river()))
    other = known(pd.DataFrame({"kind": list("ab") * 40, "width": range(80), "depth": [1.5, 2.5, 3.0, 9.0] * 20}))
    use = apply_template(config, needs, propose_mapping(needs, other.profile), other.profile)
    assert not use.fits
    codes = {problem.code for problem in use.problems}
    assert {"template_target_missing", "template_time_missing", "template_few_rows"} <= codes
    assert make_plan(Draft(use.answers), other.profile, None).spec is not None


def test_recipes_are_told_the_units_of_the_data() -> None:
    recipe = {
        "columns": ["prcp_mm", "tmax_c"],
        "kind": "degree_day_snow",
        "parameters": {"rain_unit": "mm", "temperature_unit": "c"},
    }
    config = read_template_config({**CONFIG, "features": {"selected": ["prcp_mm", "tmax_c"], "transforms": [recipe]}})
    needs = derive_requirements(config, known(river()).profile)
    table = river()
    inches = table.assign(prcp_mm=(table["prcp_mm"] / 25.4).round(3)).rename(columns={"prcp_mm": "precipitation (in)"})
    other = known(inches)
    matches = propose_mapping(needs, other.profile)
    assert next(match for match in matches if match.need.name == "prcp_mm").units == "1 in = 25.4 mm"
    use = apply_template(config, needs, matches, other.profile)
    assert use.config.features.transforms is not None
    assert use.config.features.transforms[0].parameters["rain_unit"] == "inch"
    assert [problem.code for problem in use.problems] == ["template_units_converted"]


def test_groups_are_counted() -> None:
    table = river(days=900)
    table["site"] = ["north", "south", "east"] * 300
    entry = next(entry for entry in LIBRARY if entry.key == "ungauged-basins")
    three = known(table)
    matches = propose_mapping(entry.content.requirements, three.profile)
    use = apply_template(entry.content.config, entry.content.requirements, matches, three.profile)
    assert "template_few_groups" in {problem.code for problem in use.problems}


def test_a_recipe_of_a_renamed_column_is_followed() -> None:
    config = read_template_config(CONFIG)
    renamed = rename_columns(config, {"prcp_mm": "P", "tmin_c": "T", "discharge_mm": "Q", "date": "day"})
    assert named_columns(renamed) == ("Q", "day", "P", "T")
    assert renamed.features.transforms is not None
    assert renamed.features.transforms[0].columns == ["P", "T"]


def test_differences_are_told_in_words() -> None:
    config, needs = made_on(known(river()))
    before = TemplateContent("Flow", "", "", ("daily",), "private", config, needs)
    changed = read_template_config(
        {
            **CONFIG,
            "features": {"selected": ["prcp_mm", "srad"], "transforms": []},
            "validation": {"strategy": "time_series", "parameters": {"n_splits": 5, "gap": 14}},
        }
    )
    after = replace(before, config=changed, tags=("daily", "small"))
    sentences = [change.sentence for change in diff_contents(before, after)]
    assert "Gap: 7 → 14 days" in sentences
    assert "Features: added srad, removed tmax_c and tmin_c" in sentences
    assert "Tags: added small" in sentences
    assert "Warm-up: 30 days left out" in sentences
    assert diff_contents(before, before) == ()


def test_changes_since_are_those_of_the_person() -> None:
    spec = known(river()).plan({"data": {"target": "discharge_mm"}}).spec
    assert spec is not None
    later = Spec.model_validate({**spec.to_json(), "model": {"estimator": "decision_tree"}})
    assert changes_since(spec, spec) == ()
    assert next(iter(changes_since(spec, later))).term == "Model"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"task": {"target": 5}}, "config.task.target"),
        ({"model": {"estimator": 3}}, "config.model.estimator"),
        ({"schema_version": 9}, "config.schema_version"),
        ({"task": {"horizon": 0}}, "config.task.horizon"),
        ({"features": {"selected": "all"}}, "config.features.selected"),
    ],
)
def test_a_config_that_does_not_fit_names_its_field(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidBodyError) as info:
        read_template_config(raw)
    assert info.value.faults[0].field == field


def test_the_library_is_whole() -> None:
    assert len(LIBRARY) == 11
    assert len({entry.content.name for entry in LIBRARY}) == 11
    for entry in LIBRARY:
        assert entry.use_when, entry.key
        assert entry.not_when, entry.key
        assert entry.result is not None, entry.key
        assert read_template_config(entry.content.config.to_json()) == entry.content.config
        for sentence in (*entry.use_when, *entry.not_when):
            assert len(sentence.split()) <= 20, sentence


def test_the_streamflow_template_finds_the_sample() -> None:
    entry = next(entry for entry in LIBRARY if entry.key == "daily-streamflow")
    table = sample("piscataquis_01031500_daily.csv")
    matches = propose_mapping(entry.content.requirements, table.profile)
    assert mapping_of_matches(matches)["streamflow"] == "discharge_mm"
    assert mapping_of_matches(matches)["precipitation"] == "prcp_mm"
    use = apply_template(entry.content.config, entry.content.requirements, matches, table.profile)
    plan = table.plan(use.answers)
    assert plan.launchable, plan.problems
    assert plan.spec is not None
    assert plan.spec.task.purpose is Purpose.SIMULATE
    assert table.profile.column("prcp_mm").kind is ColumnKind.NUMERIC


def test_very_many_columns_are_compared_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({f"depth {number}": range(number, number + 40) for number in range(30)})
    names = [f"depth of layer {number}" for number in range(400)]
    config = read_template_config({"task": {"target": "depth of all"}, "features": {"selected": names}})
    needs = derive_requirements(config)
    compared = []
    real = matching._compare
    monkeypatch.setattr(matching, "_compare", lambda need, *rest: compared.append(need.name) or real(need, *rest))
    monkeypatch.setattr(matching, "MAX_PAIRS", 100)
    monkeypatch.setattr(matching, "MAX_LOOKED_AT", 3000)
    monkeypatch.setattr(matching, "MAX_COMPARED", 200)
    mapping = propose_mapping(needs, known(frame).profile)
    assert [match.need.name for match in mapping] == [need.name for need in needs.columns]
    assert compared[0] == "depth of all", "what is needed comes first"
    assert len(compared) == 200
    assert mapping[-1].reason == "No column looks like it."
