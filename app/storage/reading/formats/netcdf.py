"""NetCDF files, classic and HDF5: variables along time as columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.analysis.import_options.quality_choices import PlaceInGrid
from app.domain.text.words import pluralise
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.grid_places import NO_PLACE, NOWHERE, cut_out, find_coordinates
from app.storage.reading.formats.netcdf_stacks import Stack, find_stack, notes_of, refuse_too_large, rows_of
from app.storage.reading.formats.timesteps import NEARLY_REAL, REAL_CALENDARS, texts_of_times
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import RowTable, Tally

MAGICS = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")
BLOCK = 20_000
PEEKED = 20
UNITS_SHOWN = 20
SINCE = " since "


def _is_netcdf(head: bytes, suffix: str) -> bool:
    return head.startswith(MAGICS)


@dataclass(frozen=True)
class TimeVariable:
    """A variable along time: `position` is that of the time dimension; every other dimension has the length 1."""

    name: str
    variable: Any
    position: int
    is_time: bool = False
    letters: bool = False


@contextmanager
def _explain_fault() -> Iterator[None]:
    """Turn what the library says of a broken file into a sentence."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, IndexError, AttributeError, ValueError, OverflowError):
        raise RefusedError("damaged", "The NetCDF file is damaged: it cannot be read to its end.") from None


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the variables along time as a table of texts, read in blocks."""
    return _open(path, choices.place, limits, most=None)[0]


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first 20 steps."""
    table, steps = _open(path, choices.place, limits, most=PEEKED)
    return look_at_rows(table, of=steps)


def _open(path: Path, place: PlaceInGrid | None, limits: dict[str, int], *, most: int | None) -> tuple[RowTable, int]:
    import netCDF4

    with _explain_fault():
        data = netCDF4.Dataset(path)
    try:
        return _read_table(data, place, limits, most=most)
    except BaseException:
        # The library keeps a file by its place on the disk until it is closed, whatever is there by then.
        data.close()
        raise


def _read_table(
    data: Any, place: PlaceInGrid | None, limits: dict[str, int], *, most: int | None
) -> tuple[RowTable, int]:
    with _explain_fault():
        clock = _find_time_variable(data)
        if clock is None:
            raise _no_time_error(data)
        dimension = clock.dimensions[0]
        steps = len(data.dimensions[dimension])
        series, left = _find_series(data, clock, dimension)
        stack = find_stack(data, clock, _is_plain) if len(series) == 1 else None
    if stack is not None and steps:
        return _stacked_table(data, series[0], stack, place, most=most, limits=limits)
    if place is not None:
        raise RefusedError(NO_PLACE, NOWHERE)
    if len(series) == 1 and steps:
        _refuse_too_much(steps, len(series), limits)
        raise _no_series_error(clock.name, left)
    tally = Tally(notes=[f"Read along {dimension} with {pluralise(steps, 'step')}."])
    if left:
        tally.notes.append(f"Left out, because they have other dimensions than {dimension}: {format_list(left)}.")
    if data.groups:
        tally.notes.append(f"Groups inside the file were passed over: {format_list(data.groups)}.")
    _refuse_too_much(steps, len(series), limits)
    names = [variable.name for variable in series]
    units = [
        f"{variable.name[:60]} is in {unit}."
        for variable in series
        if not variable.is_time and (unit := _unit(variable))
    ]
    tally.notes += units[:UNITS_SHOWN]
    texts = frozenset(
        index
        for index, variable in enumerate(series)
        if variable.letters or (variable.is_time and not _is_real(variable))
    )
    rows = _rows(data, series, min(steps, most or steps), tally)
    return RowTable(names, rows, Dialect(format="netcdf"), tally, texts), steps


def _stacked_table(
    data: Any, clock: TimeVariable, stack: Stack, place: PlaceInGrid | None, *, most: int | None, limits: dict[str, int]
) -> tuple[RowTable, int]:
    """Return the long table of variables over time and the cells of a place, and how many rows it may have."""
    steps = clock.variable.shape[0]
    with _explain_fault():
        coordinates = find_coordinates(data, stack)
    extent = "" if coordinates is None else coordinates.extent
    where = ""
    if place is not None:
        stack, where = cut_out(stack, coordinates, place)
    # Of the cell of a point there is no smaller part.
    refuse_too_large(stack, steps, "" if place is not None and place.is_point else extent)
    names = [clock.name, *stack.places, *(variable.name for variable in (*stack.variables, *stack.fixed))]
    _refuse_too_much(steps * stack.cells, len(names), limits)
    tally = Tally(notes=[*([where] if where else []), *notes_of(stack, steps)])
    units = tuple((variable.name, unit) for variable in (*stack.variables, *stack.fixed)
                  if (unit := str(getattr(variable, "units", "")).strip()[:40]) not in ("", "1", "-"))  # fmt: skip
    number = 1 + len(stack.places) + len(stack.variables)
    words = {number + index for index, item in enumerate(stack.fixed) if item.dtype is str or str(item.dtype) == "|S1"}
    places = {1} if len(stack.others) > 1 or not _is_measured_dimension(data, stack.others[0]) else set()
    kept = min(steps, most or steps)

    def rows() -> Iterator[list[str]]:
        try:
            with _explain_fault():
                times = _format_values(clock, 0, kept, tally)
            result = _guard_rows(rows_of(data, stack, times, notes=tally.notes, most=most))
            yield from result if place is None else _some_rows(result, place, extent)
        finally:
            data.close()

    texts = frozenset(words | places | (set() if _is_real(clock) else {0}))
    dialect = Dialect(format="netcdf", units=units, grid=extent)
    return RowTable(names, rows(), dialect, tally, texts), steps * stack.cells


def _some_rows(rows: Iterator[list[str]], place: PlaceInGrid, extent: str) -> Iterator[list[str]]:
    """Pass rows on, and refuse a place without any."""
    first = next(rows, None)
    if first is None:
        raise RefusedError(NO_PLACE, f"The cells chosen by {place} hold no value; they may be sea. {extent}")
    yield first
    yield from rows


def _guard_rows(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Pass rows on, and turn what the library says of a broken part into a sentence."""
    while True:
        with _explain_fault():
            row = next(rows, None)
        if row is None:
            return
        yield row


def _is_measured_dimension(data: Any, dimension: str) -> bool:
    """Return whether the places along a dimension are told by measured numbers, not by names."""
    variable = data.variables.get(dimension)
    return variable is not None and variable.dtype is not str and variable.dtype.kind == "f"


def _no_series_error(name: str, left: list[str]) -> RefusedError:
    others = f" It has {format_list(left)}." if left else ""
    message = f"The NetCDF file has times ({name}), but no variable with a number for each of them.{others}"
    return RefusedError("no_rows", message)


def _calendar(variable: TimeVariable) -> str:
    return str(getattr(variable.variable, "calendar", "standard")).lower()


def _is_real(variable: TimeVariable) -> bool:
    return _calendar(variable) in (*REAL_CALENDARS, *NEARLY_REAL)


def _unit(variable: TimeVariable) -> str:
    return str(getattr(variable.variable, "units", "")).strip()[:40]


def _find_time_variable(data: Any) -> Any | None:
    """Return the variable that tells the time: of one dimension, with units such as "days since 1980-01-01".

    Where several do, the one that most variables share a dimension with; a coordinate named like its dimension first.
    """
    clocks = [
        variable
        for variable in data.variables.values()
        if len(variable.dimensions) == 1 and SINCE in str(getattr(variable, "units", ""))
    ]

    def shared(clock: Any) -> tuple[int, bool]:
        dimension = clock.dimensions[0]
        beside = sum(dimension in variable.dimensions for variable in data.variables.values())
        return beside, clock.name == dimension

    return max(clocks, key=shared, default=None)


def _no_time_error(data: Any) -> RefusedError:
    sizes = [f"{name} ({len(size):,})" for name, size in data.dimensions.items()]
    result = f"its dimensions are {format_list(sizes)}" if sizes else "it has no dimensions"
    message = f"The NetCDF file has no dimension of time (a variable in units such as days since a date): {result}."
    return RefusedError("no_time_dimension", message)


def _find_series(data: Any, clock: Any, dimension: str) -> tuple[list[TimeVariable], list[str]]:
    """Return the variables that have one value for each step, the time first, and the names of the others."""
    series, left = [TimeVariable(clock.name, clock, 0, is_time=True)], []
    for name, variable in data.variables.items():
        if name == clock.name:
            continue
        places = variable.dimensions
        letters = str(variable.dtype) == "|S1" and len(places) == 2 and places[0] == dimension
        others = [len(data.dimensions[place]) for place in places if place != dimension]
        single = places.count(dimension) == 1 and (letters or all(size == 1 for size in others))
        words = letters or variable.dtype is str
        if single and (words or _is_plain(variable)):
            series.append(TimeVariable(name, variable, places.index(dimension), letters=words))
        else:
            left.append(f"{name} ({', '.join(places) or 'one value'})")
    return series, left


def _is_plain(variable: Any) -> bool:
    """Return whether the variable holds numbers, and no type that the file defines for itself."""
    import numpy as np

    return isinstance(variable.datatype, np.dtype) and variable.dtype.kind in "iuf"


def _refuse_too_much(steps: int, columns: int, limits: dict[str, int]) -> None:
    if steps == 0:
        raise RefusedError("no_rows", f"It has {columns:,} variables along time but no steps.")
    if columns > limits["columns"]:
        message = f"It has {columns:,} variables along time; the limit is {limits['columns']:,}."
        raise over_limit("columns", message, code="too_many_columns")
    most, limit = min((limits["rows"], "rows"), (limits["cells"] // columns, "cells"))
    if steps > most:
        message = f"It has {steps:,} steps of {columns:,} variables; the limit is {most:,} steps."
        raise over_limit(limit, message, code="too_many_rows")


def _rows(data: Any, series: list[TimeVariable], steps: int, tally: Tally) -> Iterator[list[str]]:
    try:
        for start in range(0, steps, BLOCK):
            with _explain_fault():
                stop = min(start + BLOCK, steps)
                columns = [_format_values(variable, start, stop, tally) for variable in series]
            for row in zip(*columns, strict=True):
                yield list(row)
    finally:
        data.close()


def _format_values(variable: TimeVariable, start: int, stop: int, tally: Tally) -> list[str]:
    """Return the values of some steps as texts; what the file marks as filled, and NaN, is empty."""
    import numpy as np

    place = tuple(
        slice(start, stop) if position == variable.position else slice(None)
        for position in range(len(variable.variable.dimensions))
    )
    values = variable.variable[place]
    if variable.letters:
        return _decode_words(values, stop - start)
    values = np.ma.masked_invalid(np.ma.asarray(values).reshape(stop - start), copy=False)
    if variable.is_time:
        return texts_of_times(values, str(variable.variable.units), _calendar(variable), tally)
    gone = np.ma.getmaskarray(values)
    texts = values.data.astype(str).tolist()
    return ["" if missing else text for text, missing in zip(texts, gone.tolist(), strict=True)]


def _decode_words(values: Any, count: int) -> list[str]:
    import netCDF4
    import numpy as np

    plain = np.ma.filled(values, b"" if values.dtype.kind == "S" else "") if np.ma.isMaskedArray(values) else values
    if getattr(plain.dtype, "kind", "") == "S":
        plain = netCDF4.chartostring(plain, encoding="utf-8")
    return [str(word).strip() for word in plain.reshape(count).tolist()]


FORMAT = Format(
    "netcdf", "a NetCDF or HDF5 file", (".nc", ".nc4", ".cdf", ".h5", ".hdf5"), _is_netcdf, open_table, peek
)
