"""Findings about columns beside one another, about times, water and whole real files; each remedy can be pressed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.findings.findings import all_findings, rejected_findings
from app.domain.analysis.findings.hydrologic import bounds_of
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import DatasetProfile, Finding, ImportReport, TimeAxis
from app.domain.recommendation.task import suggest_group
from app.domain.vocabulary import Severity
from app.storage.columnar import connect
from app.storage.reading.table_query import DuckDBTable
from tests.domain.reading import Known, known, real_file

RNG = np.random.default_rng(11)
DAYS = pd.date_range("2000-10-01", periods=400, freq="D")


def _found(read: Known, code: str) -> list[Finding]:
    return [finding for finding in read.profile.findings if finding.code == code]


def _codes(frame: pd.DataFrame) -> set[str]:
    return {finding.code for finding in known(frame).profile.findings}


def _again(read: Known, choices: ReadingChoices, folder: Path) -> set[str]:
    """Return the codes that are found once the user has said something about the file."""
    profile = read.profile
    with connect(folder) as connection:
        connection.register("held", read.frame.set_axis([column.key for column in profile.columns], axis=1))
        _, findings = all_findings(
            columns=profile.columns,
            rows=profile.rows,
            report=profile.report,
            axis=profile.time_axis,
            duplicates=profile.duplicate_rows,
            choices=choices,
            table=DuckDBTable(connection, "held"),
        )
    return {finding.code for finding in findings}


# What may change with what a person would say of the file; constants and names of rows are counted, not listed.
SAID_OF_FILES: dict[str, dict[str, set[str]]] = {
    "hydro/camels_us_4basins_2000_2002.csv": {"constant": {"swe_mm"}, "groups": {"gauge_id"}},
    "hydro/camels_us_attributes_671.csv": {"identifier": {"gauge_id", "gauge_name"}},
    "hydro/gw_heby_daily.csv": {"mostly_missing": {"head_m"}},
    "hydro/gw_kingstown_usgs_daily.csv": {},
    "hydro/piscataquis_01031500_daily.csv": {"constant": {"swe_mm"}},
    "hydro/piscataquis_01031500_daily_sentinel.csv": {
        "constant": {"swe_mm"},
        "missing_value_marker": {"q_cfs"},
        "quality_flags": {"flag"},
    },
    "hydro/reservoir_08049800_inflow.csv": {
        "missing_value_marker": {"in_flow", "out_flow"},
        "negative_flow": {"in_flow"},
    },
    "hydro/usgs_ChoptankFlow.csv": {"constant": {"agency_cd", "site_no"}, "quality_flags": {"Flow_cd"}},
    "hydro/usgs_GlacialRidge.csv": {},
    "hydro/usgs_KlamathTP.csv": {
        "constant": {"site_no", "TP_rmk"},
        "quality_flags": {"TP_rmk"},
        "values_below_limit": {"TP", "TP_rmk"},
        "too_few_rows": set(),
        "irregular_time": {"sample_dt"},
        "near_copy": {"TP", "TP_ss"},
    },
    "hydro/water_potability.csv": {},
    "general/california_housing.csv": {},
    "general/marketing_campaign.csv": {
        "identifier": {"ID"},
        "near_constant": {"AcceptedCmp2", "Complain"},
        "constant": {"Z_CostContact", "Z_Revenue"},
    },
    "general/pycaret_income.csv": {
        "missing_value_marker": {"capital-gain"},
        "duplicate_rows": set(),
        "near_copy": {"education", "education-num"},
    },
    "general/rd_openintro_nycflights.csv": {
        "identifier": {"rownames"},
        "constant": {"year"},
        "time_joined": {"datetime"},
        "irregular_time": {"datetime"},
        "duplicate_times": {"datetime"},
    },
    "general/rd_palmerpenguins_penguins_raw.csv": {
        "identifier": {"rownames"},
        "constant": {"Region", "Stage"},
        "mostly_missing": {"Comments"},
    },
    "general/telco_churn.csv": {"identifier": {"customerID"}, "missing_value_marker": {"TotalCharges"}},
    "general/titanic_kaggle_train.csv": {"identifier": {"PassengerId", "Name"}, "mostly_missing": {"Cabin"}},
    "general/uci_bike_sharing_hour.csv": {
        "identifier": {"instant"},
        "time_joined": {"datetime"},
        "time_gaps": {"datetime"},
        "daylight_saving": {"datetime"},
    },
    "general/uci_electrical_grid_leaky.csv": {},
    "general/winequality-red.csv": {"duplicate_rows": set()},
    "benchmark/openml/31.csv": {},
    "benchmark/openml/720.csv": {},
    "benchmark/openml/737.csv": {},
    "benchmark/pmlb/diabetes.tsv.gz": {},
    "benchmark/pmlb/car_evaluation.tsv.gz": {},
    "benchmark/pmlb/537_houses.tsv.gz": {},
    "benchmark/pmlb/529_pollen.tsv.gz": {},
    "benchmark/pmlb/vehicle.tsv.gz": {},
}
INFORMING = {"water_years", "units_in_names"}


@pytest.mark.parametrize("name", SAID_OF_FILES)
def test_a_real_file_has_these_findings_and_no_false_alarm(name: str) -> None:
    answers: dict[str, set[str]] = {}
    for finding in real_file(name).profile.findings:
        # A blank among numbers, or NA among words, may be asked about where the reader counted such words.
        if finding.code not in INFORMING and "read as missing" not in finding.message:
            answers.setdefault(finding.code, set()).update(finding.columns)
    assert answers == SAID_OF_FILES[name]


def test_every_remedy_of_a_real_file_can_be_pressed() -> None:
    for name in ("hydro/reservoir_08049800_inflow.csv", "general/pycaret_income.csv", "hydro/usgs_KlamathTP.csv"):
        profile = real_file(name).profile
        for remedy in (finding_remedy for finding in profile.findings for finding_remedy in finding.remedies):
            assert remedy.label
            if remedy.kind == "reading":
                assert ReadingChoices().merged(remedy.changes) != ReadingChoices()
            elif remedy.kind == "draft":
                assert all(field.split(".", 1)[0] in ("data", "validation") for field in remedy.changes)
            else:
                assert remedy.kind == "leave_out"
                assert remedy.columns
                assert all(profile.has(column) for column in remedy.columns)


def test_a_question_that_was_answered_is_silent_for_copies_and_bounds_too(tmp_path: Path) -> None:
    read = real_file("hydro/reservoir_08049800_inflow.csv")
    assert {"missing_value_marker", "negative_flow"} <= _again(read, ReadingChoices(), tmp_path)
    choices = ReadingChoices()
    for finding in read.profile.findings:
        if finding.code in ("missing_value_marker", "negative_flow"):
            choices = choices.merged(finding.remedies[1].changes)
    assert not {"missing_value_marker", "negative_flow"} & _again(read, choices, tmp_path)
    wine = real_file("general/winequality-red.csv")
    (copies,) = _found(wine, "duplicate_rows")
    assert [remedy.changes["duplicates"] for remedy in copies.remedies] == ["leave_out", "keep"]
    assert "duplicate_rows" not in _again(wine, ReadingChoices(duplicates="keep"), tmp_path)


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("prcp_mm", [0.0, 12.5, 9831.0], "above 1,825 mm on 1 row, up to 9,831 mm"),
        ("prcp(mm/day)", [0.0, 12.5, 1826.0], "the most ever measured in a day is 1,825 mm"),
        ("rain_in", [0.0, 1.5, 80.0], "above 71.85 in on 1 row"),
        ("rain_m", [0.0, 0.015, 9.831], "on 1 row, up to 9.831 m"),
        ("prcp_mm", [0.0, 12.5, -3.5], "below 0 mm on 1 row, down to \u22123.5 mm: rain has no negative"),
        ("temp_K", [281.4, 290.1, 0.0], "down to 0 K: absolute zero is 0 K"),
        ("tmin_c", [1.5, -12.5, -300.0], "down to \u2212300 °C: absolute zero is \u2212273.15 °C"),
        ("tmax_f", [60.5, 70.5, 250.0], "above 140 °F"),
        ("tmax_c", [20.5, 31.0, 71.0], "above 60 °C on 1 row, up to 71 °C"),
        ("RH", [40.5, 99.0, 130.0], "relative humidity ends at 100 %"),
        ("pH", [6.5, 7.5, 21.0], "pH goes from 0 to 14"),
        ("latitude", [45.5, -33.5, 120.0], "latitude goes from -90 to 90"),
        ("gauge_lon", [-120.5, 8.5, -999.5], "longitude goes from -180 to 360"),
    ],
)
def test_a_value_that_nature_does_not_give_is_asked_about(name: str, values: list[float], sentence: str) -> None:
    ordinary = [values[0], values[1]] * 200
    frame = pd.DataFrame({"date": DAYS, name: [*ordinary[:399], values[2]], "other": RNG.normal(size=400)})
    (finding,) = _found(known(frame), "implausible_values")
    assert finding.columns == (name,)
    assert sentence in finding.message
    side = {"below", "above"} & set(finding.remedies[0].changes["markers"][0])
    assert len(side) == 1
    assert [remedy.changes["markers"][0]["meaning"] for remedy in finding.remedies] == ["missing", "value"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("prcp_mm", [0.0, 1800.0]),
        ("rain", [0.0, 9000.0]),
        ("tmax_c", [-60.0, 52.0]),
        ("temp", [0.1, 900.0]),
        ("pH", [0.0, 14.0]),
        ("RH", [0.0, 100.0]),
        ("head_m", [-40.0, 900.0]),
        ("longitude", [-179.5, 179.5]),
        ("phone", [15.0, 900.0]),
    ],
)
def test_a_value_that_may_well_be_is_no_finding(name: str, values: list[float]) -> None:
    frame = pd.DataFrame({"date": DAYS, name: np.linspace(*values, 400).round(2), "other": RNG.normal(size=400)})
    assert not {"implausible_values", "negative_flow"} & _codes(frame)


def test_a_mark_is_not_implausible_as_well() -> None:
    rain = [*RNG.gamma(1, 5, 390).round(1), *[-999.0] * 10]
    findings = known(pd.DataFrame({"date": DAYS, "prcp_mm": rain})).profile.findings
    assert {finding.code for finding in findings} >= {"missing_value_marker"}
    assert "implausible_values" not in {finding.code for finding in findings}


@pytest.mark.parametrize(("step", "most"), [(3600.0, 1825.0), (86_400.0, 1825.0), (31 * 86_400.0, 9300.0)])
def test_the_most_rain_depends_on_the_step(step: float, most: float) -> None:
    axis = TimeAxis("t", "", "", step, "", regular=True, gaps=0, duplicates=0)
    bounds = bounds_of("rain_mm", axis)
    assert bounds is not None
    assert bounds.high == most


def test_columns_that_say_the_same_are_found_whatever_their_unit_and_likes_are_not() -> None:
    cfs, noise = RNG.gamma(1.5, 300, 500).round(1), RNG.normal(size=500)
    words = np.array(["low", "middle", "high", "flood"])[RNG.integers(0, 4, 500)]
    frame = pd.DataFrame(
        {
            "q_cfs": cfs,
            "noise": noise.round(4),
            "q_m3s": (cfs * 0.0283168).round(3),
            "less": (100 - 2 * noise).round(4),
            "like": RNG.permutation(noise).round(4),
            "state": words,
            "code": pd.Series(words).map({"low": 4, "middle": 1, "high": 3, "flood": 2}),
            "other_state": RNG.permutation(words),
        }
    )
    pairs = {finding.columns for finding in _found(known(frame), "near_copy")}
    assert pairs == {("q_cfs", "q_m3s"), ("noise", "less"), ("state", "code")}


def test_a_near_copy_offers_to_leave_out_either() -> None:
    read = known(pd.DataFrame({"a": range(50, 100), "b": range(100, 200, 2)}))
    (finding,) = _found(read, "near_copy")
    assert [(remedy.kind, remedy.columns) for remedy in finding.remedies] == [
        ("leave_out", ("b",)),
        ("leave_out", ("a",)),
    ]


def _sites(times: pd.DatetimeIndex, sites: list[Any], name: str = "site") -> pd.DataFrame:
    frame = pd.MultiIndex.from_product([sites, times], names=[name, "date"]).to_frame(index=False)
    return frame.assign(kind=RNG.integers(0, 4, len(frame)), q=RNG.gamma(2, 5, len(frame)).round(3))


def test_the_column_that_divides_rows_into_series_is_found_and_no_other() -> None:
    read = known(_sites(DAYS[:100], ["north", "south", "east"]))
    axis = read.profile.time_axis
    assert axis is not None
    assert (axis.group, axis.group_duplicates, axis.duplicates) == ("site", 0, 200)
    (finding,) = _found(read, "groups")
    assert finding.remedies[0].changes == {"data.group_column": "site"}
    assert suggest_group(read.profile)[0] == "site"
    assert _found(read, "duplicate_times") == []


def test_times_that_come_twice_in_one_series_are_counted() -> None:
    frame = _sites(DAYS, ["north", "south", "east"])
    twice = pd.concat([frame, frame.iloc[[7]].assign(q=99.5)])
    axis = known(twice).profile.time_axis
    assert axis is not None
    assert (axis.group, axis.group_duplicates) == ("site", 1)
    assert "duplicate_times" in _codes(twice)


def test_times_that_come_twice_without_a_group_are_a_warning() -> None:
    frame = pd.DataFrame({"date": [*DAYS, *DAYS[:30]], "q": RNG.gamma(2, 5, 430).round(3)})
    read = known(frame)
    (finding,) = _found(read, "duplicate_times")
    assert finding.severity is Severity.WARNING
    assert "30 rows share their time" in finding.message
    assert suggest_group(read.profile)[0] == ""


def test_the_time_of_day_is_joined_with_its_day() -> None:
    read = real_file("general/pycaret_airquality.csv")
    assert read.profile.time_axis is not None
    assert read.profile.time_axis.group == ""
    assert (read.profile.time_axis.columns, read.profile.time_axis.step_label) == (("Date", "Time"), "hourly")
    (finding,) = _found(read, "time_joined")
    assert finding.columns == (read.profile.time_axis.column,)


def test_uneven_times_and_gaps_can_be_answered_by_using_no_time_column() -> None:
    (finding,) = _found(real_file("hydro/usgs_KlamathTP.csv"), "irregular_time")
    assert finding.remedies[0].changes == {"data.time_column": ""}


def test_water_years_are_counted_for_water_and_for_nothing_else() -> None:
    (finding,) = _found(real_file("hydro/piscataquis_01031500_daily.csv"), "water_years")
    assert "34 complete water years (from 1 October), 1981 to 2014" in finding.message
    assert "2 more are incomplete, 1980-01-01 to 2014-12-31" in finding.message
    frame = pd.DataFrame({"date": DAYS, "sales": RNG.gamma(2, 5, 400).round(3)})
    assert not INFORMING & _codes(frame)
    short = pd.DataFrame({"date": DAYS[:200], "discharge_mm": RNG.gamma(2, 5, 200).round(3)})
    (none,) = _found(known(short), "water_years")
    assert none.severity is Severity.WARNING


def test_rows_that_did_not_fit_are_told_with_the_choice_that_keeps_them() -> None:
    report = ImportReport(100, 97, 3, "UTF-8", ",", rejected=((12, "It has 4 cells; the table has 3 columns."),))
    (finding,) = rejected_findings(report, ReadingChoices())
    assert finding.message == (
        "3 rows are not in the table (3 %); the first is line 12: it has 4 cells; the table has 3 columns."
    )
    assert [remedy.changes for remedy in finding.remedies] == [{"ragged": "pad"}, {"ragged": "leave_out"}]
    assert list(rejected_findings(report, ReadingChoices(ragged="leave_out"))) == []
    quoted = replace(report, rejected=((12, "A quote stands in the middle of a value."),))
    assert next(rejected_findings(quoted, ReadingChoices())).remedies == ()
    assert list(rejected_findings(replace(report, rows_rejected=0), ReadingChoices())) == []


def test_one_quantity_in_two_units_is_a_warning() -> None:
    frame = pd.DataFrame({"tmax_c": RNG.normal(20, 5, 200).round(2), "tmin_f": RNG.normal(40, 5, 200).round(2)})
    (finding,) = _found(known(frame), "mixed_units")
    assert set(finding.columns) == {"tmax_c", "tmin_f"}


def test_an_older_profile_is_still_read() -> None:
    values = real_file("hydro/camels_us_4basins_2000_2002.csv").profile.to_json()
    for key in ("group", "group_duplicates", "water_year_month", "water_years", "complete_water_years"):
        del values["time_axis"][key]
    for column in values["columns"]:
        del column["unit"], column["missing_words"]
    for finding in values["findings"]:
        del finding["remedies"]
    old = DatasetProfile.from_json(values)
    assert old.time_axis is not None
    assert old.time_axis.group is None
    assert suggest_group(old)[0] == "gauge_id"


def test_ten_thousand_columns_of_every_kind_are_gone_through() -> None:
    dataset = known(
        pd.DataFrame({"a": [*RNG.normal(size=199).round(3), -999.0], "b": ["x", "y"] * 100, "c": [1.5] * 200})
    ).profile
    columns = [
        type(column)(**{**column.__dict__, "name": f"{column.name}{position}", "key": f"c{3 * position + place}"})
        for position in range(3334)
        for place, column in enumerate(dataset.columns)
    ]
    with_units, findings = all_findings(columns=columns, rows=200, report=dataset.report, axis=None, duplicates=None)
    assert len(with_units) == 10_002
    questions = [finding for finding in findings if finding.code == "missing_value_marker"]
    assert [len(question.columns) for question in questions] == [1000, 1000, 1000, 334]
    assert "and 997 more columns" in questions[0].message
    choices = ReadingChoices()
    for question in questions:
        choices = choices.merged(question.remedies[0].changes)
    assert len(choices.markers) == 3334
