"""NetCDF of basins and grids as long tables with a group, and workbooks of several sheets."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import openpyxl
import pytest

from app.storage.reading.formats import netcdf_stacks
from tests.storage.answers import look, read, refused, shared


def grid(path: Path, *, steps: int = 40, names: tuple[str, ...] = ("rr", "tg")) -> Path:
    """Write a grid of three by two cells, of which the last is sea, as the CF conventions have it."""
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("time", steps), ("lat", 3), ("lon", 2), ("bnds", 2)):
            data.createDimension(name, size)
        time = data.createVariable("time", "f8", ("time",))
        time.units, time.bounds = "days since 2001-01-01", "time_bnds"
        time[:] = np.arange(steps)
        data.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = 0
        data.createVariable("lat", "f8", ("lat",))[:] = [50.5, 51.0, 51.5]
        data.createVariable("lon", "f8", ("lon",))[:] = [5.0, 5.5]
        for number, name in enumerate(names):
            values = np.arange(steps * 6, dtype="f8").reshape(steps, 3, 2) + 1000 * number
            variable = data.createVariable(name, "f8", ("time", "lat", "lon"), fill_value=-9999.0)
            variable.units = ("mm", "Celsius")[number]
            values[:, 2, 1] = -9999.0
            variable[:] = np.ma.masked_equal(values, -9999.0)
        data.createVariable("elevation", "f8", ("lat", "lon"))[:] = np.arange(6).reshape(3, 2)
    return path


def test_grid_is_stacked_with_its_cells_as_group(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, grid(tmp_path / "grid.nc"), "grid.nc")
    assert profile.names == ("time", "cell", "lat", "lon", "rr", "tg", "elevation")
    assert (profile.rows, profile.group) == (200, "cell")
    assert (profile.column("rr").unit, profile.column("tg").unit) == ("mm", "°C")
    results = {(row[0].day, row[2], row[3]): row[4:] for row in rows if row[0].month == 1}
    assert results[2, 51.0, 5.5] == (9.0, 1009.0, 3.0)
    assert "Left out, because they hold no value: 1 series." in profile.report.notes
    assert look(tmp_path, grid(tmp_path / "grid.nc"), "grid.nc").names == profile.names


def test_basins_are_stacked_with_their_attributes(tmp_path: Path) -> None:
    path = tmp_path / "basins.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("basin", 3), ("date", 30)):
            data.createDimension(name, size)
        time = data.createVariable("date", "i4", ("date",))
        time.units = "days since 1990-10-01"
        time[:] = np.arange(30)
        data.createVariable("basin", str, ("basin",))[:] = np.array(["01013500", "01022500", "01030500"], dtype=object)
        flow = data.createVariable("QObs", "f4", ("basin", "date"))
        flow.units = "mm/day"
        flow[:] = np.arange(90).reshape(3, 30)
        data.createVariable("area", "f4", ("basin",))[:] = [1.0, 2.0, 3.0]
    profile, rows = read(tmp_path, path, "basins.nc")
    assert profile.names == ("date", "basin", "QObs", "area")
    assert (profile.rows, profile.group, profile.column("QObs").unit) == (90, "basin", "mm/d")
    assert [row[1:] for row in rows[29:31]] == [("01013500", 29.0, 1.0), ("01022500", 30.0, 2.0)]


def test_real_caravan_file_has_its_basins_as_group(tmp_path: Path) -> None:
    path = shared("hydro/agencies/caravan_forcing.nc")
    profile, rows = read(tmp_path, path, path.name)
    assert (profile.rows, profile.group) == (732, "basin_id")
    with netCDF4.Dataset(path) as data:
        expected = data["streamflow"][:].reshape(-1).tolist()
    place = profile.names.index("streamflow")
    assert [row[place] for row in rows] == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_grid_with_too_many_rows_says_how_to_cut_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netcdf_stacks, "MAX_STACKED_ROWS", 100)
    results = refused(tmp_path, grid(tmp_path / "grid.nc"), "grid.nc")
    assert (results["code"], results["status"]) == ("grid_too_large", 413)
    assert "40 steps of lat 3 x lon 2: 240 rows" in results["message"]
    assert "Choose a point or a box." in results["message"]


def test_time_alone_is_no_table(tmp_path: Path) -> None:
    results = refused(tmp_path, grid(tmp_path / "grid.nc", names=()), "grid.nc")
    assert results["code"] == "no_rows"
    assert "no variable with a number for each of them" in results["message"]


def workbook(path: Path) -> Path:
    """Write a workbook of a readme, a list of stations, and the data below a preamble and a merged header."""
    book = openpyxl.Workbook()
    readme = book.active
    readme.title = "Read me"
    for line in ("Water levels of the fen", "Provided by the water board", "2024"):
        readme.append([line])
    stations = book.create_sheet("Stations")
    stations.append(["id", "name", "x", "y"])
    stations.append(["A", "North", 1.5, 2.5])
    data = book.create_sheet("Data 2023")
    data.append(["Levels in the fen, provisional"])
    data.append([])
    data.append(["date", "Level", None, "Rain"])
    data.append([None, "A", "B", "mm"])
    data.merge_cells("B3:C3")
    for day in range(1, 29):
        data.append([f"2023-02-{day:02d}", day / 8, day / 4, day % 3])
    book.save(path)
    return path


def test_sheet_that_looks_like_data_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "fen.xlsx")
    profile, rows = read(tmp_path, path, "fen.xlsx")
    assert profile.report.dialect.sheet == "Data 2023"
    assert profile.report.dialect.sheets == ("Read me", "Stations", "Data 2023")
    assert profile.names == ("date", "Level A", "Level B", "Rain mm")
    assert len(rows) == 28
    note = "The sheet Data 2023 was read, because it holds most numbers and dates. There is also Read me, Stations."
    assert note in profile.report.notes
    chosen, _ = read(tmp_path, path, "fen.xlsx", sheet="Stations")
    assert chosen.names == ("id", "name", "x", "y")


def test_first_sheet_stays_where_sheets_are_alike(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "one"
    other = book.create_sheet("two")
    for sheet in (book.active, other):
        sheet.append(["date", "q"])
        for day in range(1, 20):
            sheet.append([f"2023-02-{day:02d}", day])
    other.append(["2023-02-21", 3])
    book.save(tmp_path / "x.xlsx")
    profile, _ = read(tmp_path, tmp_path / "x.xlsx", "x.xlsx")
    assert profile.report.dialect.sheet == "one"
