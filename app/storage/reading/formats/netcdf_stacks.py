"""NetCDF files with basins or a grid beside time, as one long table.

Coordinates are those of the CF conventions, sections 4 and 5 (https://cfconventions.org).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.text.words import pluralise
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError

# A table of more rows is better cut out of its grid first; a model does not get better by each neighbour of a cell.
MAX_STACKED_ROWS = 5_000_000
CELL = "cell"
GRID = "grid_too_large"
CUT_OUT = "Cut out a part of it first, for example with cdo sellonlatbox or ncks -d."


@dataclass(frozen=True)
class Stack:
    """Variables over time and the same other dimensions, `others`; `fixed` have those dimensions and no time.

    `starts` and `sizes` are the part of each other dimension that is read, and `wanted` the cells of that part, in the
    order of the rows, where it is not all of them.
    """

    dimension: str
    others: tuple[str, ...]
    sizes: tuple[int, ...]
    variables: tuple[Any, ...]
    fixed: tuple[Any, ...]
    left: tuple[str, ...]
    starts: tuple[int, ...] = ()
    wanted: frozenset[int] | None = None

    @property
    def cells(self) -> int:
        """Return how many series there are."""
        return math.prod(self.sizes) if self.wanted is None else len(self.wanted)

    @property
    def window(self) -> dict[str, slice]:
        """Return the part of each other dimension that is read."""
        parts = zip(self.others, self.starts, self.sizes, strict=True)
        return {name: slice(start, start + size) for name, start, size in parts}

    @property
    def group(self) -> str:
        """Return the name of the column that tells the series apart."""
        return self.others[0] if len(self.others) == 1 else CELL

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of the columns that say where a series is."""
        return self.others if len(self.others) == 1 else (CELL, *self.others)


def find_stack(data: Any, clock: Any, is_plain: Callable[[Any], bool]) -> Stack | None:
    """Return the stack that most variables make, or None where none has another dimension than time.

    Parameters
    ----------
    data, clock
        The file, and its variable of time.
    is_plain
        Whether a variable holds numbers.
    """
    dimension = clock.dimensions[0]
    bounds = {str(getattr(item, "bounds", "")) for item in data.variables.values()}
    current_values: Counter[frozenset[str]] = Counter()
    over_time = []
    for name, variable in data.variables.items():
        others = _other_dimensions(data, variable, dimension)
        if variable.dimensions.count(dimension) == 1 and others and is_plain(variable) and name not in bounds:
            over_time.append(variable)
            current_values[frozenset(others)] += 1
    if not current_values:
        return None
    most = max(current_values, key=lambda dimensions: current_values[dimensions])
    chosen = tuple(item for item in over_time if frozenset(_other_dimensions(data, item, dimension)) == most)
    others = _other_dimensions(data, chosen[0], dimension)
    fixed = [
        variable
        for name, variable in data.variables.items()
        if name not in others and dimension not in variable.dimensions and _is_fixed(variable, others, is_plain)
    ]
    used = {item.name for item in (*chosen, *fixed, clock)} | set(others) | bounds
    left = tuple(f"{name} ({', '.join(item.dimensions) or 'one value'})" for name, item in data.variables.items()
                 if name not in used)  # fmt: skip
    sizes = tuple(len(data.dimensions[other]) for other in others)
    return Stack(dimension, others, sizes, chosen, tuple(fixed), left, starts=(0,) * len(sizes))


def _other_dimensions(data: Any, variable: Any, dimension: str) -> tuple[str, ...]:
    return tuple(item for item in variable.dimensions if item != dimension and len(data.dimensions[item]) > 1)


def _is_fixed(variable: Any, others: tuple[str, ...], is_plain: Callable[[Any], bool]) -> bool:
    """Return whether a variable has one number or word for each series."""
    if variable.dimensions == others:
        return is_plain(variable) or variable.dtype is str
    return str(variable.dtype) == "|S1" and variable.dimensions[:-1] == others


def refuse_too_large(stack: Stack, steps: int, extent: str) -> None:
    """Refuse more rows than a table of cells may have; `extent` says where they lie, if a place can be chosen."""
    rows = steps * stack.cells
    if rows > MAX_STACKED_ROWS:
        sizes = " x ".join(f"{name} {size:,}" for name, size in zip(stack.others, stack.sizes, strict=True))
        way_out = f"Choose a point or a box. {extent}" if extent else CUT_OUT
        message = f"It has {steps:,} steps of {sizes}: {rows:,} rows; at most {MAX_STACKED_ROWS:,} are read. {way_out}"
        raise RefusedError(GRID if extent else "too_many_rows", message, status=413)


def notes_of(stack: Stack, steps: int) -> list[str]:
    """Return notes on the rows: how they are stacked, and which variables are left out."""
    across = " and ".join(stack.others)
    notes = [
        f"One row for each of {pluralise(steps, 'step')} of {pluralise(stack.cells, 'series', 'series')} ({across})."
    ]
    if stack.left:
        notes.append(f"Left out, because they have other dimensions: {format_list(stack.left)}.")
    return notes


def rows_of(data: Any, stack: Stack, times: list[str], *, notes: list[str], most: int | None) -> Iterator[list[str]]:
    """Yield the rows, series by series; a series without any value, such as a cell of sea, has none.

    Parameters
    ----------
    data, stack
        The open file, and its stack.
    times
        The text of each step.
    notes
        What is said of the file, to which the series without values are added.
    most
        How many steps of how many series of the first slab a first look needs; None for all.
    """
    labels = [_place_labels(data, name, part) for name, part in stack.window.items()]
    fixed = [_fixed_texts(variable, stack) for variable in stack.fixed]
    steps = len(times)
    width = math.prod(stack.sizes[1:])
    empty = 0
    places = list(itertools.product(*(range(size) for size in stack.sizes)))
    wanted = range(math.prod(stack.sizes)) if stack.wanted is None else stack.wanted
    for first in range(stack.sizes[0]):
        slabs = [_slab_texts(variable, stack, first, steps) for variable in stack.variables]
        for position in range(width if most is None else min(width, most)):
            columns = [slab[position] for slab in slabs]
            if first * width + position not in wanted:
                continue
            if not any(any(column) for column in columns):
                empty += 1
                continue
            number = first * width + position
            words = [label[place] for label, place in zip(labels, places[number], strict=True)]
            where = words if len(words) == 1 else [" ".join(words), *words]
            beside = [texts[number] for texts in fixed]
            for step, values in enumerate(zip(*columns, strict=True)):
                yield [times[step], *where, *values, *beside]
        if most is not None:
            return
    if empty:
        notes.append(f"Left out, because they hold no value: {pluralise(empty, 'series', 'series')}.")


def _slab_texts(variable: Any, stack: Stack, first: int, steps: int) -> list[list[str]]:
    """Return the texts of one slab: for each series in it the values of all steps."""
    import numpy as np

    dimensions = variable.dimensions
    parts: dict[str, Any] = {stack.dimension: slice(0, steps), **stack.window}
    parts[stack.others[0]] = stack.starts[0] + first
    index = tuple(parts.get(name, 0) for name in dimensions)
    values = np.ma.masked_invalid(np.ma.asarray(variable[index]), copy=False)
    kept = [name for name in dimensions if name == stack.dimension or name in stack.others[1:]]
    order = [kept.index(name) for name in (*stack.others[1:], stack.dimension)]
    values = values.transpose(order).reshape(-1, steps)
    gone, texts = np.ma.getmaskarray(values), values.data.astype(str)
    texts[gone] = ""
    results: list[list[str]] = texts.tolist()
    return results


def _place_labels(data: Any, name: str, part: slice) -> list[str]:
    """Return the text of each place along a dimension: its coordinate, or its number."""
    variable = data.variables.get(name)
    if variable is None or variable.dimensions[:1] != (name,) or len(variable.dimensions) > 2:
        return [str(number) for number in range(part.start + 1, part.stop + 1)]
    return _decode_words(variable, (part,), part.stop - part.start)


def _fixed_texts(variable: Any, stack: Stack) -> list[str]:
    return _decode_words(variable, tuple(stack.window.values()), math.prod(stack.sizes))


def _decode_words(variable: Any, part: tuple[slice, ...], count: int) -> list[str]:
    import netCDF4
    import numpy as np

    values = variable[part]
    if getattr(getattr(values, "dtype", None), "kind", "") == "S":
        letters = netCDF4.chartostring(np.ma.filled(values, b""), encoding="utf-8")
        return [str(word).strip() for word in letters.reshape(count).tolist()]
    if variable.dtype is str:
        return [str(word).strip() for word in np.asarray(values).reshape(count).tolist()]
    masked = np.ma.masked_invalid(np.ma.asarray(values).reshape(count), copy=False)
    texts = masked.data.astype(str)
    texts[np.ma.getmaskarray(masked)] = ""
    return [str(text) for text in texts.tolist()]
