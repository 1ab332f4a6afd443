"""Units: who says them, what a range suggests, what a person answers, and which checks are converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import config
from app.domain.analysis.findings.hydrologic import bounds_of
from app.domain.analysis.profiling.profile import DatasetProfile, Finding
from app.domain.analysis.profiling.units import unit_of
from app.storage.reading import child
from tests.domain.reading import known, real_file

RNG = np.random.default_rng(9)
DAYS = 900
DATES = pd.date_range("2001-01-01", periods=DAYS, freq="D")
SEASON = np.sin(np.arange(DAYS) / 58)
RAIN = np.where(RNG.random(DAYS) < 0.6, 0, RNG.exponential(7, DAYS))
TEMPERATURE = 10 + 9 * SEASON + RNG.normal(0, 2, DAYS)


def _read(content: str, folder: Path, **choices: Any) -> DatasetProfile:
    path = folder / "t.csv"
    path.write_text(content, encoding="utf-8")
    request = {"what": "read", "source": str(path), "folder": str(folder), "suffix": ".csv", "seconds": 30}
    answers = child.answer_request({**request, "choices": choices, "limits": config.Limits().__dict__})
    assert "error" not in answers, answers["error"]
    return DatasetProfile.from_json(json.loads(json.dumps(answers["profile"])))


def _finding(profile: DatasetProfile, code: str, column: str) -> Finding | None:
    return next((finding for finding in profile.findings if finding.code == code and column in finding.columns), None)


def test_names_of_a_convention_have_its_units() -> None:
    read = known(
        pd.DataFrame(
            {"date": DATES, "rr": RAIN.round(1), "tg": TEMPERATURE.round(1), "pp": RNG.normal(1013, 8, DAYS).round(1)}
        )
    )
    units = {column.name: (column.unit, column.unit_source) for column in read.profile.columns}
    assert units["rr"] == ("mm", "convention")
    assert units["tg"] == ("°C", "convention")
    assert units["pp"] == ("hPa", "convention")


def test_whole_tenths_under_the_names_of_a_convention_are_suggested() -> None:
    tenths = {
        "rr": RAIN * 10,
        "tg": TEMPERATURE * 10 + 300,
        "pp": RNG.normal(10130, 80, DAYS),
        "fg": RNG.gamma(3, 90, DAYS),
    }
    read = known(pd.DataFrame({"date": DATES, **{name: values.round().astype(int) for name, values in tenths.items()}}))
    suggested = {column.name: column.unit_suggested for column in read.profile.columns if column.unit_suggested}
    assert {"tg": "0.1 °C", "pp": "0.1 hPa", "fg": "0.1 m/s"}.items() <= suggested.items()
    finding = _finding(read.profile, "unit_suggested", "pp")
    assert finding is not None
    assert [remedy.changes["columns"][0]["unit"] for remedy in finding.remedies] == ["0.1 hPa", "hPa"]


def test_names_of_a_convention_by_themselves_or_with_other_values_have_none() -> None:
    alone = known(pd.DataFrame({"date": DATES, "rr": RAIN.round(1), "x": TEMPERATURE.round(2)})).profile
    assert alone.column("rr").unit == ""
    other = known(pd.DataFrame({"t2m": TEMPERATURE.round(2), "tp": RAIN.round(3), "sp": RNG.normal(size=DAYS)})).profile
    assert [column.unit for column in other.columns] == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("temp", TEMPERATURE.round(1), "°C"),
        ("Temp3pm", (TEMPERATURE * 1.8 + 45).round(1), "°F"),
        ("air_temperature", (TEMPERATURE + 273.15).round(2), "K"),
        ("TMAX", (TEMPERATURE * 10 + 60).round().astype(int), "0.1 °C"),
        ("precip", RAIN.round(1), "mm"),
        ("precip", (RAIN / 25.4).round(2), "in"),
        ("precipitation", (RAIN / 1000).round(6), "m"),
        ("PRCP", (RAIN * 20).round().astype(int), "0.1 mm"),
        ("pressure", RNG.normal(101.3, 0.5, DAYS).round(2), "kPa"),
        ("mslp", RNG.normal(29.9, 0.2, DAYS).round(2), "inHg"),
        ("Humidity9am", RNG.integers(30, 99, DAYS), "%"),
    ],
)
def test_a_range_suggests_a_unit_and_is_asked_about(name: str, values: Any, unit: str) -> None:
    read = known(pd.DataFrame({"date": DATES, name: values, "flow": RNG.gamma(2, 3, DAYS).round(3)}))
    column = read.profile.column(name)
    assert (column.unit, column.unit_source, column.unit_suggested) == ("", "", unit)
    finding = _finding(read.profile, "unit_suggested", name)
    assert finding is not None
    assert finding.remedies[0].changes == {"columns": [{"column": name, "unit": unit}]}


@pytest.mark.parametrize("name", ["temp", "blood_pressure", "temp_range", "x", "n_rain_days"])
def test_a_range_suggests_nothing_of_what_is_no_weather_or_scaled(name: str) -> None:
    read = known(pd.DataFrame({"date": DATES, name: RNG.random(DAYS).round(3), "y": RNG.normal(size=DAYS).round(3)}))
    assert read.profile.column(name).unit_suggested == ""


def test_the_answer_of_a_person_stands_before_all_others(tmp_path: Path) -> None:
    rows = "".join(f"{position},{position % 40},{position % 30}.5\n" for position in range(90))
    answers = [{"column": "temp_c", "unit": "degrees F"}, {"column": "rain", "unit": "m", "read_as": "point"}]
    profile = _read(f"n,temp_c,rain\n{rows}", tmp_path, columns=answers)
    assert (profile.column("temp_c").unit, profile.column("temp_c").unit_source) == ("°F", "user")
    assert profile.column("rain").unit == "m"
    # So much rain in metres cannot be, and the limit is said in the column's own unit.
    implausible = _finding(profile, "implausible_values", "rain")
    assert implausible is not None
    assert "is above 9.3 m" in implausible.message
    assert _finding(profile, "unit_suggested", "rain") is None
    none = _read(f"n,temp_c,rain\n{rows}", tmp_path, columns=[{"column": "temp_c", "unit": ""}])
    assert (none.column("temp_c").unit, none.column("temp_c").unit_source) == ("", "user")


def test_units_stand_in_rows_and_lines_above_the_table(tmp_path: Path) -> None:
    rows = "".join(
        f"2001-{1 + position // 28:02d}-{1 + position % 28:02d},{position % 7}.5,{position % 5}.25,{position % 3}.5\n"
        for position in range(80)
    )
    noted = _read(f"# q: mean flow (m3/s)\n# ta = air temperature, deg C\n# p [mm]\ndate,q,ta,p\n{rows}", tmp_path)
    assert [(column.unit, column.unit_source) for column in noted.columns[1:]] == [
        ("m³/s", "note"),
        ("°C", "note"),
        ("mm", "note"),
    ]
    below = _read(f"date,q,ta,p\n,cfs,Deg C,inches\n{rows}", tmp_path)
    assert [column.unit for column in below.columns[1:]] == ["ft³/s", "°C", "in"]
    assert {column.unit_source for column in below.columns[1:]} == {"unit_row"}


def test_loggers_tell_their_units() -> None:
    read = real_file("hydro/agencies/toa5_example.dat")
    units = {column.name.split()[0]: column.unit for column in read.profile.columns}
    assert (units["Batt_Min"], units["AirT_Max"], units["SlrkW_Max"], units["WaterLvl_Min"]) == (
        "V",
        "°C",
        "kW/m²",
        "ft",
    )


def test_bounds_are_converted_to_the_unit_that_is_known() -> None:
    in_tenths, in_metres = bounds_of("tmax", unit="0.1 °C"), bounds_of("tp_rain", unit="m")
    assert in_tenths is not None
    assert (in_tenths.low, in_tenths.high) == (-900.0, 600.0)
    assert in_metres is None
    rain = bounds_of("rain", unit="m")
    assert rain is not None
    assert rain.high == 9.3


@pytest.mark.parametrize(
    ("name", "unit"),
    [("head_cm_NAP", "cm"), ("level_m_msl", "m"), ("tp_m", "m"), ("wl_ft_NAVD88", "ft"), ("station_lat", "")],
)
def test_a_datum_behind_a_unit_is_passed_over(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_a_header_of_parameter_codes_names_columns_and_units(tmp_path: Path) -> None:
    rows = "".join(
        f"2001-{1 + position // 28:02d}-{1 + position % 28:02d},{position * 3.7:.1f},{position % 9}.25,{position % 20}.5\n"
        for position in range(80)
    )
    read = _read(f"date,00060,00065,00010\n{rows}", tmp_path)
    assert [(column.name, column.kind, column.unit) for column in read.columns[1:]] == [
        ("00060", "numeric", "ft³/s"),
        ("00065", "numeric", "ft"),
        ("00010", "numeric", "°C"),
    ]
    codes = "".join(f"a,00{position:03d},01{position:03d}\n" for position in range(60))
    assert _read(codes, tmp_path).rows == 60
