"""Grids: the nearest cell of a point or the cells of a box are read, and a grid too large says how to choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from app.storage.reading.formats import netcdf_stacks
from tests.storage.answers import look, read, refused

STEPS = 12


def regular(path: Path, *, longitudes: Any = (5.0, 5.5, 6.0, 6.5), north_first: bool = True, level: int = 1) -> Path:
    """Write a grid of three latitudes; every value is 100 x latitude + 10 x longitude + step."""
    latitudes = [51.5, 51.0, 50.5] if north_first else [50.5, 51.0, 51.5]
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("time", STEPS), ("level", level), ("latitude", 3), ("longitude", len(longitudes))):
            data.createDimension(name, size)
        time = data.createVariable("time", "f8", ("time",))
        time.units = "days since 2001-01-01"
        time[:] = np.arange(STEPS)
        data.createVariable("latitude", "f8", ("latitude",))[:] = latitudes
        data.createVariable("longitude", "f8", ("longitude",))[:] = longitudes
        values = 100 * np.array(latitudes)[:, None] + 10 * np.array(longitudes)[None, :]
        block = values[None, None] + np.arange(STEPS)[:, None, None, None] + np.zeros((1, level, 1, 1))
        data.createVariable("tp", "f8", ("time", "level", "latitude", "longitude"))[:] = block
        data.createVariable("z", "f8", ("latitude", "longitude"))[:] = values
    return path


def curvilinear(path: Path) -> Path:
    """Write a rotated grid of five by four cells, whose degrees are tables, and which has a cell of sea."""
    x, y = np.meshgrid(np.arange(4) * 0.5, np.arange(5) * 0.5)
    latitudes, longitudes = 46 + 0.8 * y + 0.3 * x, 7 + 0.8 * x - 0.3 * y
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("time", STEPS), ("y", 5), ("x", 4)):
            data.createDimension(name, size)
        time = data.createVariable("time", "f8", ("time",))
        time.units = "days since 2001-01-01"
        time[:] = np.arange(STEPS)
        for name, values in (("lat", latitudes), ("lon", longitudes)):
            data.createVariable(name, "f8", ("y", "x"))[:] = values
        values = latitudes[None] * 100 + longitudes[None] + np.arange(STEPS)[:, None, None]
        values[:, 4, 3] = np.nan
        data.createVariable("pr", "f8", ("time", "y", "x"))[:] = values
    return path


def point(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}


def box(south: float, west: float, north: float, east: float) -> dict[str, float]:
    return {"south": south, "west": west, "north": north, "east": east}


@pytest.mark.parametrize("north_first", [True, False])
@pytest.mark.parametrize(("asked", "cell"), [((51.1, 5.6), (51.0, 5.5)), ((50.2, 6.7), (50.5, 6.5))])
def test_nearest_cell_of_a_point_is_read(
    tmp_path: Path, north_first: bool, asked: tuple[float, float], cell: tuple[float, float]
) -> None:
    path = regular(tmp_path / "grid.nc", north_first=north_first)
    profile, rows = read(tmp_path, path, "grid.nc", place=point(*asked))
    names = list(profile.names)
    assert [row[names.index("tp")] for row in rows] == [100 * cell[0] + 10 * cell[1] + step for step in range(STEPS)]
    assert {(row[names.index("latitude")], row[names.index("longitude")]) for row in rows} == {cell}
    assert {row[names.index("z")] for row in rows} == {100 * cell[0] + 10 * cell[1]}
    note = f"Read at the cell nearest to {asked[0]:g}, {asked[1]:g}, whose centre is {cell[0]:g}, {cell[1]:g}."
    assert note in profile.report.notes


def test_cells_of_a_box_are_read(tmp_path: Path) -> None:
    path = regular(tmp_path / "grid.nc")
    profile, rows = read(tmp_path, path, "grid.nc", place=box(50.9, 5.4, 51.6, 6.1))
    names = list(profile.names)
    results = {(row[names.index("latitude")], row[names.index("longitude")]) for row in rows}
    assert results == {(lat, lon) for lat in (51.0, 51.5) for lon in (5.5, 6.0)}
    assert all(
        row[names.index("tp")] == 100 * row[names.index("latitude")] + 10 * row[names.index("longitude")] + step % STEPS
        for step, row in enumerate(rows)
    )
    assert profile.rows == 4 * STEPS
    assert profile.report.dialect.grid == "Latitudes 50.5 to 51.5, longitudes 5 to 6.5."
    assert look(tmp_path, path, "grid.nc", place=box(50.9, 5.4, 51.6, 6.1)).names == profile.names


def test_a_box_crosses_the_meridian_of_a_grid_from_0_to_360(tmp_path: Path) -> None:
    path = regular(tmp_path / "grid.nc", longitudes=(0.0, 90.0, 180.0, 270.0, 359.0))
    profile, rows = read(tmp_path, path, "grid.nc", place=box(51, -5, 52, 5))
    names = list(profile.names)
    assert {row[names.index("longitude")] for row in rows} == {0.0, 359.0}
    assert all(row[names.index("tp")] // 1 >= 5100 for row in rows)
    single, rows = read(tmp_path, path, "grid.nc", place=point(51, -1))
    assert {row[list(single.names).index("longitude")] for row in rows} == {359.0}


def test_levels_of_a_point_stay(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, regular(tmp_path / "grid.nc", level=2), "grid.nc", place=point(51, 6))
    assert (profile.rows, profile.column("level").distinct) == (2 * STEPS, 2)


def test_nearest_cell_of_a_curvilinear_grid_is_read(tmp_path: Path) -> None:
    path = curvilinear(tmp_path / "grid.nc")
    with netCDF4.Dataset(path) as data:
        lat, lon, values = data["lat"][:], data["lon"][:], data["pr"][:]
    for row, column in ((0, 0), (2, 1), (4, 2)):
        query = point(float(lat[row, column]) + 0.02, float(lon[row, column]) - 0.02)
        profile, rows = read(tmp_path, path, "grid.nc", place=query)
        position = profile.names.index("pr")
        assert [item[position] for item in rows] == pytest.approx(values[:, row, column].tolist())
    inside = (lat >= 46.5) & (lat <= 47.5) & (lon >= 7) & (lon <= 8)
    profile, rows = read(tmp_path, path, "grid.nc", place=box(46.5, 7, 47.5, 8))
    position = profile.names.index("pr")
    assert len(rows) == STEPS * inside.sum()
    assert {round(item[position], 6) for item in rows} == {
        round(value, 6) for value in values[:, inside].reshape(-1).tolist()
    }


def test_a_grid_too_large_asks_for_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netcdf_stacks, "MAX_STACKED_ROWS", 100)
    path = regular(tmp_path / "grid.nc")
    results = refused(tmp_path, path, "grid.nc")
    assert (results["code"], results["status"]) == ("grid_too_large", 413)
    assert results["message"] == (
        "It has 12 steps of latitude 3 x longitude 4: 144 rows; at most 100 are read. "
        "Choose a point or a box. Latitudes 50.5 to 51.5, longitudes 5 to 6.5."
    )
    assert read(tmp_path, path, "grid.nc", place=point(51, 5.5))[0].rows == STEPS
    wide = refused(tmp_path, path, "grid.nc", place=box(50, 5, 52, 7))
    assert wide["code"] == "grid_too_large"


@pytest.mark.parametrize(
    ("make", "place", "sentence"),
    [
        (regular, point(40, 5), "The point 40, 5 lies outside of the grid. Latitudes 50.5 to 51.5"),
        (regular, point(51, 9), "The point 51, 9 lies outside of the grid."),
        (regular, box(51.1, 5, 51.4, 6), "No cell of the grid has its centre in the box 51.1, 5, 51.4, 6."),
        (curvilinear, point(10, 7), "The point 10, 7 lies outside of the grid."),
        (curvilinear, point(48.05, 7.6), "The cells chosen by 48.05, 7.6 hold no value; they may be sea."),
    ],
)
def test_a_place_without_cells_is_refused(tmp_path: Path, make: Any, place: Any, sentence: str) -> None:
    results = refused(tmp_path, make(tmp_path / "grid.nc"), "grid.nc", place=place)
    assert (results["code"], results["status"]) == ("no_such_place", 422)
    assert results["message"].startswith(sentence)


def test_a_box_of_a_grid_far_larger_than_its_bytes_waits(tmp_path: Path) -> None:
    path = tmp_path / "claims.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("time", STEPS), ("lat", 50_000), ("lon", 60_000)):
            data.createDimension(name, size)
        time = data.createVariable("time", "f8", ("time",))
        time.units = "days since 2001-01-01"
        time[:] = np.arange(STEPS)
        for name in ("lat", "lon"):
            data.createVariable(name, "f4", (name,))[:] = np.linspace(-80, 80, len(data.dimensions[name]))
        data.createVariable("tp", "f4", ("time", "lat", "lon"), zlib=True, chunksizes=(1, 1000, 1000))
    results = refused(tmp_path, path, "claims.nc", place=box(-80, -80, 80, 80))
    assert (results["code"], results["status"]) == ("grid_too_large", 413)
    assert results["message"].startswith(
        "The box -80, -80, 80, 80 holds 3,000,000,000 cells; at most 5,000,000 rows are"
    )


def test_a_point_of_too_many_steps_asks_for_no_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netcdf_stacks, "MAX_STACKED_ROWS", STEPS - 1)
    results = refused(tmp_path, regular(tmp_path / "grid.nc"), "grid.nc", place=point(51, 5.5))
    assert results["code"] == "too_many_rows"
    assert "Cut out a part of it first" in results["message"]


def test_a_file_without_degrees_has_no_places(tmp_path: Path) -> None:
    path = tmp_path / "basins.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("basin", 3), ("date", STEPS)):
            data.createDimension(name, size)
        time = data.createVariable("date", "i4", ("date",))
        time.units = "days since 1990-10-01"
        time[:] = np.arange(STEPS)
        data.createVariable("flow", "f4", ("basin", "date"))[:] = 1
    results = refused(tmp_path, path, "basins.nc", place=point(51, 5))
    assert results["message"] == "The file tells no latitudes and longitudes, so no point or box of it can be chosen."
    assert read(tmp_path, path, "basins.nc")[0].report.dialect.grid == ""


def test_a_place_in_a_file_without_a_grid_is_passed_over(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, b"day,flow\n1,2.5\n2,3.5\n", "flow.csv", place=point(51, 5))
    note = "The part of a grid that was chosen, 51, 5, had no effect: the file holds no grid."
    assert note in profile.report.notes
