"""Files of loggers and agencies: names, units, times with their zone, rows, missing values, flags and facts."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from app.domain.analysis.import_options.format_titles import FORMAT_TITLES, TEXT_FORMATS
from app.storage.reading.formats import FORMATS
from tests.storage.answers import look, read, shared
from tests.storage.stations.cases import CASES, DATA, StationCase
from tests.storage.stations.judging import differences


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_station_file_is_read_as_described(tmp_path: Path, case: StationCase) -> None:
    assert differences(tmp_path, DATA / case.file, case) == []


@pytest.mark.parametrize("file", ["toa5_ten_minutes.dat", "waterml2.xml", "usgs_daily.json", "ghcn.dly"])
def test_station_file_is_read_from_an_archive_alike(tmp_path: Path, file: str) -> None:
    plain, rows = read(tmp_path, DATA / file, file)
    packed, same = read(tmp_path, gzip.compress((DATA / file).read_bytes()), f"{file}.gz")
    assert packed.report.dialect.packing == "gzip"
    assert (packed.names, same) == (plain.names, rows)
    assert look(tmp_path, gzip.compress((DATA / file).read_bytes()), f"{file}.gz").names == plain.names


def test_every_format_has_a_title_and_a_way_back() -> None:
    names = {item.name for item in FORMATS}
    assert names <= set(FORMAT_TITLES)
    assert {item.name for item in FORMATS if item.is_text} == TEXT_FORMATS


@pytest.mark.parametrize("file", ["toa5_ten_minutes.dat", "hobo_us.csv", "knmi_daily.txt", "cdec.csv"])
def test_station_text_can_be_read_as_plain_text(tmp_path: Path, file: str) -> None:
    profile, _ = read(tmp_path, DATA / file, file, format="csv", ragged="leave_out")
    assert profile.report.dialect.format == "csv"
    assert profile.report.dialect.facts == ()


REAL = {
    "toa5_example.dat": ("toa5", 57, {"Rain_Tot": "mm", "BaromPres_Max": "mmHg"}, ""),
    "hobo_ellis_1m.csv": ("hobo", 2806, {"Water Temp": "°C"}, "-04:00"),
    "minidot_20191213.txt": ("minidot", 49, {"DO": "mg/L"}, "UTC"),
    "grdc_Q_Day.Cmd.txt": ("grdc", 33, {"Value": "m³/s"}, ""),
    "nwis_dv_waterml.json": ("waterml_json", 4, {"value": "ft³/s"}, ""),
    "nwis_RI_daily_waterml.xml": ("waterml", 58, {}, ""),
}


@pytest.mark.parametrize("file", REAL)
def test_real_station_file_is_known(tmp_path: Path, file: str) -> None:
    name, rows, units, zone = REAL[file]
    profile, _ = read(tmp_path, shared(f"hydro/agencies/{file}"), file)
    assert (profile.report.dialect.format, profile.rows) == (name, rows)
    assert {column: profile.column(column).unit for column in units} == units
    assert zone in " ".join(profile.report.notes)
    assert profile.report.dialect.facts


def test_real_dino_file_gives_its_second_table(tmp_path: Path) -> None:
    path = shared("hydro/data_stowa__B28H1804001_1.csv")
    profile, _ = read(tmp_path, path, path.name)
    assert (profile.report.dialect.format, profile.rows) == ("dino", 2104)
    assert profile.column("Filternummer").storage == "text"


def test_several_usgs_series_are_grouped_by_series(tmp_path: Path) -> None:
    head = (DATA / "usgs_two.csv").read_text().splitlines()[0]
    series = (("USGS-1", "00060", "ft^3/s"), ("USGS-1", "00065", "ft"), ("USGS-2", "00060", "ft^3/s"))
    lines = [
        f",,i,t,{site},{code},00003,2024-{month:02d}-{day:02d},{day * month / 7:.3f},{unit},Approved,,x"
        for site, code, unit in series
        for month in (1, 2)
        for day in range(1, 29)
    ]
    profile, _ = read(tmp_path, "\n".join([head, *lines]).encode(), "daily.csv")
    assert (profile.group, profile.rows) == ("series", 168)
    assert profile.time_axis is not None
    assert profile.time_axis.group == "series"


def test_knmi_stations_are_groups(tmp_path: Path) -> None:
    lines = [f"{site},202101{day:02d},{hour},{day - hour}" for site in (240, 380) for day in range(1, 20)
             for hour in range(1, 25)]  # fmt: skip
    profile, rows = read(tmp_path, "\n".join(["# STN,YYYYMMDD,HH,T", *lines]).encode(), "uur.txt")
    assert (profile.group, len(rows)) == ("STN", 912)
