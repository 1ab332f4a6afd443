"""Selecting part of a gridded file: the cell nearest to a point, or the cells in a box.

Latitudes and longitudes are found as the CF conventions name them, sections 4.1, 4.2 and 5 (https://cfconventions.org),
along dimensions of their own or, on a curvilinear grid, as tables over two dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.import_options.quality_choices import PlaceInGrid
from app.storage.reading.formats.netcdf_stacks import GRID, MAX_STACKED_ROWS, Stack
from app.storage.reading.refusals import RefusedError

LATITUDES = ("latitude", "lat", "degrees_north", "degree_north", "degrees_n", "degree_n", "nav_lat", "xlat")
LONGITUDES = ("longitude", "lon", "long", "degrees_east", "degree_east", "degrees_e", "degree_e", "nav_lon", "xlong")
NO_PLACE = "no_such_place"
NOWHERE = "The file tells no latitudes and longitudes, so no point or box of it can be chosen."
SMALLER = "Choose a point or a smaller box."

# Degrees are often stored in single precision, which makes 8.1 of 8.1000004: two metres.
ROUNDING = 2e-5
# Tables of degrees over more cells are not looked at: 0.3 GB.
MAX_TABLE = 20_000_000


@dataclass(frozen=True)
class Coordinates:
    """The degrees of the cells: along two dimensions each its own, or, where it `is_table`, each over both of them."""

    dimensions: tuple[str, str]
    latitudes: Any
    longitudes: Any

    @property
    def is_table(self) -> bool:
        """Return whether latitude and longitude change along both dimensions."""
        return bool(self.latitudes.ndim == 2)

    @property
    def extent(self) -> str:
        """Return where the cells lie, in a sentence."""
        south, north = self.latitudes.min(), self.latitudes.max()
        west, east = self.longitudes.min(), self.longitudes.max()
        return f"Latitudes {south:.6g} to {north:.6g}, longitudes {west:.6g} to {east:.6g}."


def find_coordinates(data: Any, stack: Stack) -> Coordinates | None:
    """Return where the cells of a stack lie, or None where the file does not tell.

    Parameters
    ----------
    data, stack
        The file, and its variables over time and other dimensions.
    """
    import numpy as np

    results = []
    for words in (LATITUDES, LONGITUDES):
        candidates = [
            variable for variable in data.variables.values() if _is_named(variable, words) and _is_over(variable, stack)
        ]
        if not candidates:
            return None
        results.append(max(candidates, key=lambda element: len(element.dimensions)))
    places = tuple(dict.fromkeys(name for item in results for name in item.dimensions))
    shapes = {len(item.dimensions) for item in results}
    if len(places) != 2 or len(shapes) != 1 or results[0].size > MAX_TABLE:
        return None
    if shapes == {2} and results[0].dimensions != results[1].dimensions:
        return None
    latitudes, longitudes = _degrees_of(results[0]), _degrees_of(results[1])
    if not (np.isfinite(latitudes).all() and np.isfinite(longitudes).all()):
        return None
    return Coordinates((places[0], places[1]), latitudes, longitudes)


def _degrees_of(variable: Any) -> Any:
    import numpy as np

    return np.ma.filled(np.ma.asarray(variable[:], dtype="f8"), np.nan)


def _is_named(variable: Any, words: tuple[str, ...]) -> bool:
    if variable.dtype is str or variable.dtype.kind not in "iuf":
        return False
    told = {str(getattr(variable, name, "")).lower() for name in ("standard_name", "units")}
    return variable.name.lower() in words or not told.isdisjoint(words)


def _is_over(variable: Any, stack: Stack) -> bool:
    dimensions = variable.dimensions
    return 0 < len(dimensions) <= 2 and len(set(dimensions)) == len(dimensions) and set(dimensions) <= set(stack.others)


def cut_out(stack: Stack, coordinates: Coordinates | None, place: PlaceInGrid) -> tuple[Stack, str]:
    """Return the part of a stack that lies at a point or in a box, and a note on which cells these are.

    Parameters
    ----------
    stack, coordinates
        The variables, and where their cells lie.
    place
        What was chosen.

    Raises
    ------
    RefusedError
        If the file does not tell where its cells lie, or none of them is meant.
    """
    import numpy as np

    if coordinates is None:
        raise RefusedError(NO_PLACE, NOWHERE)
    rows, columns, note = _nearest_cell(coordinates, place) if place.is_point else _cells_inside(coordinates, place)
    starts, sizes = (
        dict(zip(stack.others, stack.starts, strict=True)),
        dict(zip(stack.others, stack.sizes, strict=True)),
    )
    for name, position in zip(coordinates.dimensions, (rows, columns), strict=True):
        starts[name], sizes[name] = int(position.min()), int(position.max() - position.min() + 1)
    part = replace(stack, starts=tuple(starts.values()), sizes=tuple(sizes.values()))
    window = np.zeros([sizes[name] for name in coordinates.dimensions], dtype=bool)
    window[rows - rows.min(), columns - columns.min()] = True
    if window.all():
        return part, note
    # Of a curvilinear grid, or across the date line, the cells of a box are no rectangle of the file.
    order = [coordinates.dimensions.index(name) for name in stack.others if name in coordinates.dimensions]
    shape = [sizes[name] if name in coordinates.dimensions else 1 for name in stack.others]
    wanted = np.broadcast_to(window.transpose(order).reshape(shape), part.sizes)
    return replace(part, wanted=frozenset(np.nonzero(wanted.reshape(-1))[0].tolist())), note


def _degrees_east(longitudes: Any, longitude: float) -> Any:
    """Return how far east longitudes lie of one, from -180 to 180 degrees."""
    return (longitudes - longitude + 180) % 360 - 180


def _nearest_cell(coordinates: Coordinates, place: PlaceInGrid) -> tuple[Any, Any, str]:
    """Return the row and the column of the cell whose centre is nearest, and a note on it."""
    import numpy as np

    latitude, longitude = place.numbers
    north, east = coordinates.latitudes - latitude, _degrees_east(coordinates.longitudes, longitude)
    if coordinates.is_table:
        row, column = divmod(_nearest_on_sphere(coordinates.latitudes, east, latitude), north.shape[1])
    else:
        row, column = int(np.abs(north).argmin()), int(np.abs(east).argmin())
    own = (row, column) if coordinates.is_table else None
    centre = (coordinates.latitudes[own or row], coordinates.longitudes[own or column])
    if max(abs(float(north[own or row])), abs(float(east[own or column]))) > _cell_spacing(coordinates, row, column):
        raise RefusedError(NO_PLACE, f"The point {place} lies outside of the grid. {coordinates.extent}")
    note = f"Read at the cell nearest to {place}, whose centre is {centre[0]:.6g}, {centre[1]:.6g}."
    return np.array([row]), np.array([column]), note


def _nearest_on_sphere(latitudes: Any, east: Any, latitude: float) -> int:
    """Return the place of the nearest cell by the haversine formula (Sinnott, Sky and Telescope 68, 1984)."""
    import numpy as np

    phi, other = np.radians(latitudes), np.radians(latitude)
    haversine = np.sin((phi - other) / 2) ** 2 + np.cos(phi) * np.cos(other) * np.sin(np.radians(east) / 2) ** 2
    return int(haversine.argmin())


def _cell_spacing(coordinates: Coordinates, row: int, column: int) -> float:
    """Return how far apart, in degrees, a cell and its neighbours are; a point further off is in no cell."""
    widest = 0.0
    for values, turns in ((coordinates.latitudes, False), (coordinates.longitudes, True)):
        own = (row, column) if coordinates.is_table else ((column,) if turns else (row,))
        for axis, size in enumerate(values.shape):
            beside = own[axis] + 1 if own[axis] + 1 < size else own[axis] - 1
            other = (*own[:axis], beside, *own[axis + 1 :])
            step = _degrees_east(values[other], float(values[own])) if turns else values[other] - values[own]
            widest = max(widest, abs(float(step)))
    return widest


def _cells_inside(coordinates: Coordinates, place: PlaceInGrid) -> tuple[Any, Any, str]:
    """Return the rows and the columns of the cells in a box, one of each for each cell, and a note on them."""
    import numpy as np

    south, west, north, east = place.numbers
    width = 360.0 if abs(east - west) == 360 else (east - west) % 360
    is_between = (coordinates.latitudes >= south - ROUNDING) & (coordinates.latitudes <= north + ROUNDING)
    is_across = (coordinates.longitudes - west + ROUNDING) % 360 <= width + 2 * ROUNDING
    if coordinates.is_table:
        rows, columns = np.nonzero(is_between & is_across)
    else:
        cells = int(is_between.sum()) * int(is_across.sum())
        if cells > MAX_STACKED_ROWS:
            message = f"The box {place} holds {cells:,} cells; at most {MAX_STACKED_ROWS:,} rows are read. {SMALLER}"
            raise RefusedError(GRID, f"{message} {coordinates.extent}", status=413)
        grid = np.meshgrid(np.nonzero(is_between)[0], np.nonzero(is_across)[0], indexing="ij")
        rows, columns = (values.reshape(-1) for values in grid)
    if not len(rows):
        raise RefusedError(NO_PLACE, f"No cell of the grid has its centre in the box {place}. {coordinates.extent}")
    return rows, columns, f"Read in the box {place} (south, west, north, east): {len(rows):,} cells."
