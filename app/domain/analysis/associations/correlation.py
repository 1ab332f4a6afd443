"""The association matrix of all columns: its blocks, the measure for each pair of kinds, and ranked pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.associations.association import (
    MIN_ROWS,
    correlation_ratio_of_codes,
    cramers_v_of_codes,
    pearson,
)
from app.domain.analysis.associations.column_block import ColumnBlock, Floats
from app.domain.analysis.associations.pearson_pairs import pearson_of

# The measures in the order of the codes that a block stores; 0 is a pair that no measure fits.
MEASURES = ("none", "Pearson", "Spearman", "Cramér's V", "correlation ratio")
NONE, PEARSON, SPEARMAN, CRAMER, RATIO = range(5)
# The first columns make a small block of their own, so that something is to be seen at once.
FIRST_COLUMNS = 16
BLOCK_COLUMNS = 256
# Ranks of columns with holes are made anew for every pair. Beyond this many values, `auto` takes Pearson's instead.
MAX_RANKED = 2_000_000_000


class Method(StrEnum):
    """What was asked for. `auto` takes the measure that fits the two kinds of a pair."""

    AUTO = "auto"
    PEARSON = "pearson"
    SPEARMAN = "spearman"
    CRAMERS_V = "cramers_v"


@dataclass(frozen=True)
class Block:
    """The pairs of the columns of one group with those of another, counted in the order of the matrix.

    `values` has the shape (rows, columns) and is nan where a pair has none; `measures` holds codes of MEASURES.
    """

    rows: range
    columns: range
    values: Floats
    measures: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Return values and measures as bytes, the values as 64-bit floats, lowest byte first."""
        return self.values.astype("<f8").tobytes() + self.measures.astype(np.uint8).tobytes()

    @staticmethod
    def from_bytes(rows: range, columns: range, content: bytes) -> Block:
        """Build from what `to_bytes` gave; ValueError if it has another size."""
        shape = (len(rows), len(columns))
        cells = shape[0] * shape[1]
        if len(content) != 9 * cells:
            raise ValueError("a stored block has the wrong size")
        values = np.frombuffer(content[: 8 * cells], dtype="<f8").reshape(shape)
        measures = np.frombuffer(content[8 * cells :], dtype=np.uint8).reshape(shape)
        return Block(rows, columns, values.astype(np.float64), measures)


@dataclass(frozen=True)
class RankedPair:
    """One pair of a ranked list."""

    column: str
    other: str
    value: float
    measure: str


@dataclass(frozen=True)
class Matrix:
    """What has come of a matrix so far. All arrays have the shape (columns, columns) and mirror themselves.

    `values` is nan where a pair has no value or has not come yet; `known` says which pairs have come.
    """

    names: tuple[str, ...]
    values: Floats
    measures: NDArray[np.uint8]
    known: NDArray[np.bool_]

    def value(self, i: int, j: int) -> float | None:
        """Return the value of a pair, or None where there is none (yet)."""
        result = float(self.values[i, j])
        return None if np.isnan(result) else result

    def measure(self, i: int, j: int) -> str:
        """Return the name of the measure of a pair; "none" where none fits or it has not come yet."""
        return MEASURES[int(self.measures[i, j])]

    def rows(self) -> list[list[float | None]]:
        """Return the values as plain numbers, None where a pair has none (yet)."""
        return [[None if math.isnan(value) else value for value in row] for row in self.values.tolist()]

    def ranked(self, *, threshold: float = 0.0, word: str = "") -> list[RankedPair]:
        """Return the pairs at or above a threshold, strongest first, whatever the sign; `word` is part of a name."""
        strong = np.triu(np.abs(np.nan_to_num(self.values)) >= threshold, k=1) & ~np.isnan(self.values)
        if word:
            named = np.array([word.lower() in name.lower() for name in self.names], dtype=bool)
            strong &= named[:, None] | named[None, :]
        i, j = np.nonzero(strong)
        order = np.argsort(-np.abs(self.values[i, j]), kind="stable")
        return [
            RankedPair(self.names[a], self.names[b], float(self.values[a, b]), self.measure(a, b))
            for a, b in zip(i[order].tolist(), j[order].tolist(), strict=True)
        ]


def groups_of(columns: int) -> list[range]:
    """Return the groups of neighbouring columns that blocks are made of: a small one first, then larger ones."""
    if columns == 0:
        return []
    starts = [0, *range(FIRST_COLUMNS, columns, BLOCK_COLUMNS)]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], columns], strict=True)]


def places_of(groups: Sequence[range]) -> list[tuple[int, int]]:
    """Return which two groups make each block, in the order in which they are computed.

    A group is read once and then set against itself and all before it, so what has come is always a whole square.
    """
    return [(late, early) for late in range(len(groups)) for early in range(late + 1)]


def number_measure(method: Method, *, holed: int, rows: int) -> int:
    """Return which measure two numbers get, as a code of MEASURES.

    Parameters
    ----------
    method
        What was asked for. `auto` takes Spearman's, which sees every rise and is not led by a few large values, and
        Pearson's where the ranks would take minutes.
    holed, rows
        How many of the numbers have missing values, and how many rows are looked at.
    """
    if method is Method.PEARSON:
        return PEARSON
    if method is Method.CRAMERS_V:
        return NONE
    if method is Method.AUTO and holed * (holed - 1) // 2 * rows > MAX_RANKED:
        return PEARSON
    return SPEARMAN


def block_of(
    block: ColumnBlock, other: ColumnBlock, *, method: Method, of_numbers: int, places: tuple[range, range]
) -> Block:
    """Measure every column of one block against every column of another.

    Parameters
    ----------
    block, other
        Blocks of columns over the same rows; the same object for a group with itself.
    method
        The method that was chosen.
    of_numbers
        The measure of two numbers, from `number_measure`.
    places
        Where the two blocks stand in the matrix.

    Returns
    -------
    Block
        nan where a pair has fewer than 10 rows in common, where one of the two does not vary on them, and where the
        method asked for does not fit the kinds of the pair.
    """
    values = np.full((block.width, other.width), np.nan)
    measures = np.zeros((block.width, other.width), dtype=np.uint8)
    if of_numbers != NONE:
        numbers = pearson_of(block, other) if of_numbers == PEARSON else spearman_of(block, other)
        _put(values, measures, np.ix_(block.number_places, other.number_places), numbers, of_numbers)
    if method in (Method.AUTO, Method.CRAMERS_V):
        _put(values, measures, np.ix_(block.class_places, other.class_places), _class_pairs(block, other), CRAMER)
    if method is Method.AUTO:
        _put(values, measures, np.ix_(block.class_places, other.number_places), _mixed_pairs(block, other), RATIO)
        _put(values, measures, np.ix_(block.number_places, other.class_places), _mixed_pairs(other, block).T, RATIO)
    return Block(places[0], places[1], values, measures)


def _put(
    values: Floats, measures: NDArray[np.uint8], where: tuple[Any, ...], result_values: Floats, measure: int
) -> None:
    values[where] = result_values
    measures[where] = np.where(np.isnan(result_values), NONE, measure)


def spearman_of(block: ColumnBlock, other: ColumnBlock) -> Floats:
    """Return Spearman's correlation of every number of one block with every number of another, shape (a, b).

    Two columns that are missing on the same rows keep the ranks they have alone, so that many such pairs are one matrix
    product; for all others both columns are ranked anew on the rows they share. Ties share their mean rank.
    """
    a, b, same = block.numbers.shape[1], other.numbers.shape[1], block is other
    values = np.full((a, b), np.nan)
    alike = np.zeros((a, b), dtype=np.bool_)
    for pattern in set(block.patterns) & set(other.patterns):
        left = [index for index, result in enumerate(block.patterns) if result == pattern]
        right = [index for index, result in enumerate(other.patterns) if result == pattern]
        part = block.ranked.only(left)
        where = np.ix_(left, right)
        values[where] = pearson_of(part, part if same else other.ranked.only(right))
        alike[where] = True
    for i, j in zip(*np.nonzero(~alike), strict=True):
        if same and j < i:
            values[i, j] = values[j, i]
            continue
        both = block.present[:, i] & other.present[:, j]
        if np.count_nonzero(both) >= MIN_ROWS:
            values[i, j] = pearson(_ranks(block.order[i][both]), _ranks(other.order[j][both]))
    return values


def _ranks(places: NDArray[np.int32]) -> Floats:
    """Return the ranks of values that are given by their place among all distinct values; sorts nothing."""
    counts = np.bincount(places)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def _class_pairs(block: ColumnBlock, other: ColumnBlock) -> Floats:
    a, b, same = block.codes.shape[1], other.codes.shape[1], block is other
    values = np.full((a, b), np.nan)
    for i in range(a):
        for j in range(b):
            if same and j < i:
                values[i, j] = values[j, i]
                continue
            both = (block.codes[:, i] >= 0) & (other.codes[:, j] >= 0)
            left, right = block.codes[both, i], other.codes[both, j]
            if len(left) >= MIN_ROWS and np.ptp(left) > 0 and np.ptp(right) > 0:
                values[i, j] = cramers_v_of_codes(left, right)
    return values


def _mixed_pairs(classes: ColumnBlock, numbers: ColumnBlock) -> Floats:
    values = np.full((classes.codes.shape[1], numbers.numbers.shape[1]), np.nan)
    for i in range(len(values)):
        there = classes.codes[:, i] >= 0
        for j in range(values.shape[1]):
            both = there & numbers.present[:, j]
            codes, result = classes.codes[both, i], numbers.numbers[both, j]
            if len(codes) >= MIN_ROWS and np.ptp(codes) > 0 and np.ptp(result) > 0:
                values[i, j] = correlation_ratio_of_codes(codes, result)
    return values


def assemble_matrix(names: Sequence[str], blocks: Iterable[Block]) -> Matrix:
    """Return the matrix that the blocks make so far; each block stands for its mirror image too."""
    shape = (len(names), len(names))
    matrix = Matrix(tuple(names), np.full(shape, np.nan), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_))
    for block in blocks:
        rows, columns = slice(block.rows.start, block.rows.stop), slice(block.columns.start, block.columns.stop)
        matrix.values[rows, columns], matrix.values[columns, rows] = block.values, block.values.T
        matrix.measures[rows, columns], matrix.measures[columns, rows] = block.measures, block.measures.T
        matrix.known[rows, columns] = matrix.known[columns, rows] = True
    return matrix
