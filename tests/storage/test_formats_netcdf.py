"""NetCDF: the variables along time are columns, whatever calendar it counts in; the others are listed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from tests.storage.answers import ask, look, read, refused

moment = dt.datetime.fromisoformat
CLASSIC, NEW = "NETCDF3_CLASSIC", "NETCDF4"


def made(folder: Path, fill: Callable[[Any], None], form: str = NEW) -> bytes:
    """Return a file of this form, filled by a function."""
    path = folder / "made.nc"
    with netCDF4.Dataset(path, "w", format=form) as data:
        fill(data)
    content = path.read_bytes()
    path.unlink()
    return content


def clock(data: Any, values: Any, units: str, calendar: str = "standard", name: str = "time") -> None:
    """Add a dimension of time with its coordinate."""
    data.createDimension(name, None)
    variable = data.createVariable(name, "f8", (name,))
    variable.units, variable.calendar = units, calendar
    variable[:] = values


def basin(data: Any) -> None:
    """Fill a file as the data sets of many basins have them: one basin, three series, and some that are none."""
    clock(data, np.arange(400), "days since 1980-01-01 00:00:00", "proleptic_gregorian", "date")
    data.createDimension("basin", 1)
    data.createDimension("level", 3)
    data.createDimension("letters", 4)
    flow = data.createVariable("q", "f4", ("date", "basin"), fill_value=-999.0)
    values = (np.arange(400) / 10).astype("f4")
    values[3], values[5] = -999.0, np.nan
    flow[:] = values[:, None]
    flow.units = "mm/day"
    packed = data.createVariable("t", "i2", ("date",))
    packed.scale_factor, packed.add_offset = 0.5, 10.0
    packed[:] = 10.0 + np.arange(400) % 7 * 0.5
    count = data.createVariable("n", "i4", ("date",))
    count[:] = np.arange(400)
    flag = data.createVariable("flag", "S1", ("date", "letters"))
    flag[:] = netCDF4.stringtochar(np.array(["A", "Ae", "", "P"] * 100, "S4"))
    data.createVariable("soil", "f4", ("date", "level"))[:] = 1
    data.createVariable("area", "f4", ())[:] = 3


@pytest.mark.parametrize("form", [CLASSIC, "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", NEW, "NETCDF4_CLASSIC"])
def test_series_along_time_are_columns_and_the_others_are_listed(tmp_path: Path, form: str) -> None:
    profile, rows = read(tmp_path, made(tmp_path, basin, form), "x.nc")
    assert [(column.name, column.storage) for column in profile.columns] == [
        ("date", "datetime"),
        ("q", "number"),
        ("t", "number"),
        ("n", "integer"),
        ("flag", "text"),
    ]
    assert rows[1] == (moment("1980-01-02"), pytest.approx(0.1), 10.5, 1, "Ae")
    assert [rows[3][1], rows[5][1], rows[2][4]] == [None, None, None]
    assert profile.column("q").missing == 2
    assert "Left out, because they have other dimensions than date: soil (date, level), area (one value)." in (
        profile.report.notes
    )
    assert "q is in mm/day." in profile.report.notes


def test_all_values_are_what_the_reference_reader_finds(tmp_path: Path) -> None:
    content = made(tmp_path, basin)
    _, rows = read(tmp_path, content, "x.nc")
    path = tmp_path / "truth.nc"
    path.write_bytes(content)
    with netCDF4.Dataset(path) as data:
        flow = np.ma.masked_invalid(data["q"][:, 0])
        dates = netCDF4.num2date(data["date"][:], data["date"].units, only_use_cftime_datetimes=False)
    mine = np.ma.masked_invalid(np.array([np.nan if row[1] is None else row[1] for row in rows]))
    assert np.array_equal(mine.mask, flow.mask)
    assert np.allclose(mine.compressed(), flow.compressed(), rtol=1e-6)
    assert [row[0] for row in rows] == [moment(date.isoformat()) for date in dates]


def test_the_first_look_shows_the_first_steps(tmp_path: Path) -> None:
    seen = look(tmp_path, made(tmp_path, basin), "x.nc")
    assert seen.names == ("date", "q", "t", "n", "flag")
    assert seen.kinds == ("datetime", "number", "number", "integer", "text")
    assert (seen.rows[0][0], len(seen.rows), seen.whole) == ("1980-01-01", 20, False)


TIMES = [
    pytest.param([0, 6, 30], "hours since 2000-02-28", "standard", "2000-02-29 06:00", id="hours"),
    pytest.param([0, 60, 90061], "seconds since 2000-02-28 00:00:00", "gregorian", "2000-02-29 01:01:01", id="seconds"),
    pytest.param([0, 1, 1440], "minutes since 2000-02-28 12:00", "standard", "2000-02-29 12:00", id="minutes"),
    pytest.param([0, 0.5, 1.25], "days since 2000-02-28", "standard", "2000-02-29 06:00", id="parts of days"),
    pytest.param([0, 1, 730179], "days since 0001-01-01", "proleptic_gregorian", "2000-03-01", id="since the year 1"),
    pytest.param([0, 1, 730181], "days since 0001-01-01", "standard", "2000-03-01", id="over the change of calendars"),
    pytest.param([0, 1, 2], "days since 2000-02-28", "noleap", "2000-03-02", id="no leap days"),
    pytest.param([0, 1, 24], "hours since 2000-02-28 02:00 +02:00", "standard", "2000-02-29", id="a zone"),
]


@pytest.mark.parametrize(("values", "units", "calendar", "last"), TIMES)
def test_times_are_decoded_by_their_units_and_calendar(
    tmp_path: Path, values: list[float], units: str, calendar: str, last: str
) -> None:
    def fill(data: Any) -> None:
        clock(data, values, units, calendar)
        data.createVariable("q", "f8", ("time",))[:] = [1, 2, 3]

    profile, rows = read(tmp_path, made(tmp_path, fill), "x.nc")
    assert (profile.column("time").storage, rows[2][0]) == ("datetime", moment(last))


def test_times_of_no_real_calendar_or_fixed_length_are_said(tmp_path: Path) -> None:
    def thirty(data: Any) -> None:
        clock(data, np.arange(720), "days since 2000-01-01", "360_day")
        data.createVariable("q", "f8", ("time",))[:] = 1

    profile, rows = read(tmp_path, made(tmp_path, thirty), "x.nc")
    assert (len(rows), rows[59][0]) == (720, "2000-02-30")
    assert "Its dates are of the calendar 360_day, which is not the real one, and stay text." in profile.report.notes

    def months(data: Any) -> None:
        clock(data, [0, 1, 2], "fortnights since 2000-01-01")
        data.createVariable("q", "f8", ("time",))[:] = 1

    profile, rows = read(tmp_path, made(tmp_path, months), "x.nc")
    assert profile.column("time").storage == "number"
    assert any("stay numbers" in note for note in profile.report.notes)


def test_a_missing_time_and_texts_of_any_length_are_kept(tmp_path: Path) -> None:
    def fill(data: Any) -> None:
        clock(data, np.ma.array([0.0, 1.0, 2.0], mask=[False, True, False]), "days since 2000-01-01")
        data.createVariable("note", str, ("time",))[:] = np.array(["a", "é, b", ""], dtype=object)
        data.createGroup("more")

    profile, rows = read(tmp_path, made(tmp_path, fill), "x.nc")
    assert rows == [(moment("2000-01-01"), "a"), (None, "é, b"), (moment("2000-01-03"), None)]
    assert "Groups inside the file were passed over: more." in profile.report.notes


def test_types_of_the_files_own_are_left_out(tmp_path: Path) -> None:
    def fill(data: Any) -> None:
        clock(data, [0, 1], "days since 2000-01-01")
        data.createVariable("pairs", data.createCompoundType(np.dtype([("a", "f4")]), "pair"), ("time",))
        data.createVariable("lists", data.createVLType(np.int32, "list"), ("time",))
        data.createVariable("q", "f8", ("time",))[:] = [1, 2]

    profile, _ = read(tmp_path, made(tmp_path, fill), "x.nc")
    assert [column.name for column in profile.columns] == ["time", "q"]
    assert any("pairs (time), lists (time)" in note for note in profile.report.notes)


def test_a_file_without_time_is_refused_with_its_dimensions(tmp_path: Path) -> None:
    def fill(data: Any) -> None:
        data.createDimension("lat", 3)
        data.createDimension("lon", 4)
        data.createVariable("height", "f4", ("lat", "lon"))[:] = 1

    error = refused(tmp_path, made(tmp_path, fill), "x.nc")
    assert (error["code"], error["status"]) == ("no_time_dimension", 422)
    assert error["message"].endswith("its dimensions are lat (3), lon (4).")


def test_no_steps_and_limits_are_refused(tmp_path: Path) -> None:
    empty = made(tmp_path, lambda data: clock(data, [], "days since 2000-01-01"))
    assert refused(tmp_path, empty, "x.nc")["code"] == "no_rows"
    content = made(tmp_path, basin)
    assert refused(tmp_path, content, "x.nc", limits={"rows": 100})["code"] == "too_many_rows"
    assert refused(tmp_path, content, "x.nc", limits={"columns": 2})["code"] == "too_many_columns"


def test_a_file_that_claims_more_than_it_holds_is_judged_by_its_claim(tmp_path: Path) -> None:
    def fill(data: Any) -> None:
        data.createDimension("time", 2_000_000_000)
        data.createVariable("time", "f8", ("time",), chunksizes=(1000,)).units = "days since 2000-01-01"

    error = refused(tmp_path, made(tmp_path, fill), "x.nc")
    assert error["code"] == "too_many_rows"
    assert "2,000,000,000 steps" in error["message"]


@pytest.mark.parametrize("form", [CLASSIC, NEW])
def test_a_broken_file_is_refused_or_read_but_never_ends_the_child(tmp_path: Path, form: str) -> None:
    whole, noise = made(tmp_path, basin, form), random.Random(8)
    assert refused(tmp_path, whole[:300], "x.nc")["code"] == "damaged"
    for _ in range(25):
        broken = bytearray(whole)
        for _ in range(4):
            broken[noise.randrange(len(broken) // 4)] = noise.randrange(256)
        answers = ask("read", tmp_path, bytes(broken), "x.nc")
        assert "profile" in answers or answers["error"]["message"].endswith(".")


def test_names_and_content_must_agree(tmp_path: Path) -> None:
    content = made(tmp_path, basin)
    assert refused(tmp_path, content, "x.csv")["code"] == "name_and_content_differ"
    assert refused(tmp_path, b"a,b\n1,2\n", "x.nc")["code"] == "name_and_content_differ"
    assert read(tmp_path, content, "x")[0].rows == 400
