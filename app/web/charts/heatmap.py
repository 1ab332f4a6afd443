"""The association matrix as a heatmap and as a table."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.associations.clustering import Clustering, cluster
from app.domain.analysis.associations.correlation import MEASURES, Matrix
from app.domain.text.numbers import MINUS
from app.domain.vocabulary import ColumnKind
from app.web.charts.chart_numbers import shorten_name
from app.web.charts.classes import STEPS

MAX_DRAWN = 500
MAX_IN_TABLE = 24
MAX_GROUPS = 12
MAX_NAME = 32
# Where there are many, their names are cut shorter, so that the fragment stays within what a page may weigh.
MANY, LONGEST_OF_MANY = 200, 24
# One byte for each pair: hundredths from -100 to 100, and two marks beyond them.
NO_VALUE, NOT_YET = 127, -128


@dataclass(frozen=True)
class HeatmapCell:
    """One pair in the table: its shade, its number, and the key of the other column; one with itself is a dot."""

    shade: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class HeatmapRow:
    """One line of the table."""

    name: str
    key: str
    cells: tuple[HeatmapCell, ...]


@dataclass(frozen=True)
class HeatmapGroup:
    """Columns that go together: the name of the middle one, all names, and the mean strength within."""

    title: str
    names: tuple[str, ...]
    keys: tuple[str, ...]
    strength: float


@dataclass(frozen=True)
class Heatmap:
    """What is drawn of a matrix. `names`, `keys`, `classes` and `cells` are for the script, the rest for readers.

    `cells` holds one byte for each pair below the diagonal, row by row, in base 64. `order` is that of the clusters.
    `left_out` counts columns that do not fit the picture.
    """

    names: str
    keys: str
    classes: str
    measures: str
    cells: str
    order: str
    count: int
    left_out: int
    rows: tuple[HeatmapRow, ...]
    heads: tuple[str, ...]
    of_groups: bool
    groups: tuple[HeatmapGroup, ...]
    sentence: str


def shade_class(value: float | None) -> str:
    """Return the class of a value: eleven steps from n5 by z0 to p5."""
    if value is None:
        return "none"
    step = sum(abs(value) >= edge for edge in STEPS)
    return "z0" if step == 0 else f"{'n' if value < 0 else 'p'}{step}"


def format_strength(value: float | None) -> str:
    """Write a value as it stands in a cell: two decimals without the leading zero."""
    if value is None:
        return ""
    text = f"{abs(value):.2f}"
    text = text if text.startswith("1") else text[1:]
    return f"{MINUS}{text}" if value <= -0.005 else text


def build(
    matrix: Matrix,
    *,
    keys: Mapping[str, str],
    kinds: Mapping[str, ColumnKind],
    word: str = "",
    threshold: float = 0.0,
    clustered: bool = False,
) -> Heatmap:
    """Return the picture of a matrix, narrowed to names that hold a word and to columns with a strong enough pair."""
    places, left_out = _columns_to_draw(matrix, word, threshold)
    names = [matrix.names[place] for place in places]
    values = matrix.values[np.ix_(places, places)]
    known = matrix.known[np.ix_(places, places)]
    clustering = cluster(values)
    groups = tuple(_group(item.members, item.middle, item.strength, names, keys) for item in clustering.clusters)
    of_groups = len(names) > MAX_IN_TABLE
    longest = LONGEST_OF_MANY if len(names) > MANY else MAX_NAME
    visible_rows = clustering.order if clustered else tuple(range(len(names)))
    heads, rows = _group_rows(values, clustering, groups) if of_groups else _rows(values, visible_rows, names, keys)
    return Heatmap(
        names="\n".join(shorten_name(name.replace("\n", " "), longest) for name in names),
        keys=",".join(keys[name] for name in names),
        classes="".join("n" if kinds[name].is_number else "w" for name in names),
        measures=_measures_words(matrix, places, [kinds[name].is_number for name in names]),
        cells=_pack_cells(values, known),
        order=",".join(str(position) for position in clustering.order),
        count=len(names),
        left_out=left_out,
        rows=rows,
        heads=heads,
        of_groups=of_groups,
        groups=groups,
        sentence=_sentence(values, names),
    )


def _columns_to_draw(matrix: Matrix, word: str, threshold: float) -> tuple[list[int], int]:
    """Return which columns are drawn; where there are too many, those with the strongest pair."""
    named = np.array([word.lower() in name.lower() for name in matrix.names], dtype=bool)
    strength = np.abs(np.nan_to_num(matrix.values))
    np.fill_diagonal(strength, 0.0)
    best = strength.max(axis=1, initial=0.0)
    result_values = np.flatnonzero(named & (best >= threshold))
    if len(result_values) > MAX_DRAWN:
        strongest = result_values[np.argsort(-best[result_values], kind="stable")[:MAX_DRAWN]]
        return sorted(int(position) for position in strongest), len(result_values) - MAX_DRAWN
    return [int(position) for position in result_values], 0


def _pack_cells(values: NDArray[np.float64], known: NDArray[np.bool_]) -> str:
    coded = np.where(np.isnan(values), NO_VALUE, np.rint(np.nan_to_num(values) * 100)).astype(np.int8)
    coded[~known] = NOT_YET
    below = np.tril_indices(len(values), k=-1)
    return base64.b64encode(coded[below].tobytes()).decode("ascii")


def _measures_words(matrix: Matrix, places: Sequence[int], numbers: Sequence[bool]) -> str:
    """Return which measure pairs of numbers, of a number and a class, and of classes have, as "nn:Spearman;…"."""
    results = []
    codes = matrix.measures[np.ix_(places, places)]
    is_number = np.array(numbers, dtype=bool)
    for mark, rows, columns in (
        ("nn", is_number, is_number),
        ("nw", is_number, ~is_number),
        ("ww", ~is_number, ~is_number),
    ):
        part = codes[np.ix_(rows, columns)]
        used = part[part > 0]
        if used.size:
            results.append(f"{mark}:{MEASURES[int(np.bincount(used).argmax())]}")
    return ";".join(results)


def _group(
    members: Sequence[int], middle: int, strength: float, names: Sequence[str], keys: Mapping[str, str]
) -> HeatmapGroup:
    inside = tuple(names[member] for member in members)
    return HeatmapGroup(names[middle], inside, tuple(keys[name] for name in inside), strength)


def _rows(
    values: NDArray[np.float64], order: Sequence[int], names: Sequence[str], keys: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[HeatmapRow, ...]]:
    rows = []
    for i in order:
        cells = tuple(_cell(values, i, j, keys[names[j]]) for j in order)
        rows.append(HeatmapRow(names[i], keys[names[i]], cells))
    return tuple(shorten_name(names[position], MAX_NAME) for position in order), tuple(rows)


def _cell(values: NDArray[np.float64], i: int, j: int, key: str) -> HeatmapCell:
    if i == j:
        return HeatmapCell("self", "\u00b7")
    value = None if np.isnan(values[i, j]) else float(values[i, j])
    return HeatmapCell(shade_class(value), format_strength(value), key)


def _group_rows(
    values: NDArray[np.float64], clustering: Clustering, groups: Sequence[HeatmapGroup]
) -> tuple[tuple[str, ...], tuple[HeatmapRow, ...]]:
    """Return a table of clusters against clusters, largest first: the mean strength of their pairs."""
    largest = sorted(range(len(groups)), key=lambda index: -len(groups[index].names))[:MAX_GROUPS]
    strength = np.abs(values)
    rows = []
    for first in largest:
        cells = []
        for other in largest:
            part = strength[np.ix_(clustering.clusters[first].members, clustering.clusters[other].members)]
            part = part[~np.eye(len(part), dtype=bool)] if first == other else part
            there = part[~np.isnan(part)]
            mean = float(there.mean()) if there.size else None
            cells.append(HeatmapCell(shade_class(mean), format_strength(mean)))
        rows.append(HeatmapRow(_group_title(groups[first]), "", tuple(cells)))
    return tuple(_group_title(groups[position]) for position in largest), tuple(rows)


def _group_title(group: HeatmapGroup) -> str:
    more = len(group.names) - 1
    return f"{shorten_name(group.title, 24)} and {more:,} more" if more else shorten_name(group.title, MAX_NAME)


def _sentence(values: NDArray[np.float64], names: Sequence[str]) -> str:
    strength = np.abs(np.nan_to_num(np.tril(values, k=-1)))
    if not strength.size or strength.max() == 0:
        return f"How {len(names):,} columns go with one another."
    i, j = divmod(int(strength.argmax()), len(names))
    value = f"{values[i, j]:.2f}".replace("-", MINUS)
    return f"How {len(names):,} columns go with one another; closest are {names[i]} and {names[j]}, {value}."
