"""Columns as one block of prepared numbers and codes, for measuring many pairs at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations.association import MAX_LEVELS, MIN_ROWS, codes_of, is_number, numbers_of, ranks_of
from app.domain.vocabulary import ColumnKind

# Dates and texts are no measurements; a constant goes with nothing.
NEVER = (ColumnKind.CONSTANT, ColumnKind.DATETIME, ColumnKind.TEXT)
# Outside of these a square leaves what a float can hold; a spread below this share of the mean has lost digits.
TINY, HUGE = 1e-100, 1e100
DIGITS = 1e-6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnBlock:
    """Columns of the same rows. `number_places` and `class_places` say which column of the block each one is.

    `numbers` and `present` have the shape (rows, numbers): centred on their mean, scaled to a spread of one, and 0
    where missing. `codes` has the shape (rows, classes), -1 where missing.
    """

    width: int
    number_places: NDArray[np.intp]
    numbers: Floats
    present: NDArray[np.bool_]
    class_places: NDArray[np.intp]
    codes: NDArray[np.int32]

    @cached_property
    def holed(self) -> NDArray[np.intp]:
        """Which of the numbers are missing somewhere."""
        return np.flatnonzero(~self.present.all(axis=0))

    @cached_property
    def counts(self) -> Floats:
        """How many values of each number are there."""
        return self.present.sum(axis=0).astype(float)

    @cached_property
    def sums(self) -> Floats:
        """The sum of each number, which centring has left near 0."""
        return np.asarray(self.numbers.sum(axis=0))

    @cached_property
    def squares(self) -> Floats:
        """The sum of squares of each number."""
        return np.asarray(np.einsum("ij,ij->j", self.numbers, self.numbers))

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """Each value's place among the distinct values of its column, which is all that ranks look at."""
        places = np.empty(self.numbers.shape[::-1], dtype=np.int32)
        for position in range(len(places)):
            there = self.present[:, position]
            places[position] = 0
            places[position, there] = np.unique(self.numbers[there, position], return_inverse=True)[1]
        return places

    @cached_property
    def patterns(self) -> list[bytes]:
        """A word for each number that is the same for two numbers that are missing on the same rows."""
        packed = np.packbits(self.present, axis=0)
        return [
            hashlib.blake2b(packed[:, position].tobytes(), digest_size=16).digest()
            for position in range(packed.shape[1])
        ]

    def only(self, numbers: list[int]) -> ColumnBlock:
        """Return these of the numbers alone."""
        return ColumnBlock(
            self.width,
            self.number_places[numbers],
            self.numbers[:, numbers],
            self.present[:, numbers],
            self.class_places[:0],
            self.codes[:, :0],
        )

    @cached_property
    def ranked(self) -> ColumnBlock:
        """The same columns with the ranks of each within itself in place of its values."""
        ranks = np.zeros_like(self.numbers)
        for position in range(ranks.shape[1]):
            there = self.present[:, position]
            ranks[there, position] = standardise(ranks_of(self.numbers[there, position]))
        return ColumnBlock(self.width, self.number_places, ranks, self.present, self.class_places, self.codes)


def standardise(values: Floats) -> Floats:
    """Return finite values centred on their mean and divided by their spread, so that sums of squares stay exact."""
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return centred / spread if spread > 0 else centred


def prepare(frame: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> ColumnBlock:
    """Return the columns of a frame made ready. Infinities count as missing; what no measure fits has no place.

    Parameters
    ----------
    frame
        The rows, with the user's column names.
    kinds
        The kind of every column of the frame.
    """
    rows = len(frame)
    measured = [index for index, name in enumerate(frame.columns) if kinds[str(name)] not in NEVER]
    as_numbers = [
        position for position in measured if is_number(kinds[str(frame.columns[position])], frame.iloc[:, position])
    ]
    numbers = np.empty((rows, len(as_numbers)), order="F")
    present = np.empty((rows, len(as_numbers)), dtype=np.bool_, order="F")
    usable = np.zeros(len(as_numbers), dtype=np.bool_)
    for place, number in enumerate(as_numbers):
        usable[place] = _fill(frame.iloc[:, number], numbers[:, place], present[:, place])
    coded = {
        position: _encode_classes(frame.iloc[:, position]) for position in measured if position not in set(as_numbers)
    }
    classes = [position for position, codes in coded.items() if _usable_mask(codes)]
    codes = np.empty((rows, len(classes)), dtype=np.int32, order="F")
    for place, offset in enumerate(classes):
        codes[:, place] = coded[offset]
    if not usable.all():
        numbers, present = numbers[:, usable], present[:, usable]
    number_places = np.array(as_numbers, dtype=np.intp)[usable]
    return ColumnBlock(frame.shape[1], number_places, numbers, present, np.array(classes, dtype=np.intp), codes)


def _fill(values: pd.Series, numbers: Floats, present: NDArray[np.bool_]) -> bool:
    """Write a number centred, scaled and filled with 0, and where it is there; say whether it varies at all."""
    plain = values.dtype == np.float64
    raw = values.to_numpy() if plain else numbers_of(values)
    np.isfinite(raw, out=present)
    many = int(np.count_nonzero(present))
    if many < MIN_ROWS:
        return False
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean, spread = _centre(raw, numbers, present, many)
    if not (TINY < spread < HUGE and spread > DIGITS * abs(mean)):
        # Too large, too small, or hardly any spread beside the mean: looked at with care, which costs time.
        known = numbers_of(values)[present]
        if np.ptp(known) == 0:
            return False
        numbers[:] = 0
        numbers[present] = standardise(standardise(known))
        return True
    numbers /= spread
    return True


def _centre(raw: Floats, numbers: Floats, present: NDArray[np.bool_], many: int) -> tuple[float, float]:
    """Write a number centred on its mean, 0 where missing; returns the mean and the spread."""
    whole = many == len(raw)
    numbers[:] = raw
    gaps = None if whole else ~present
    if gaps is not None:
        np.copyto(numbers, 0.0, where=gaps)
    mean = float(numbers.sum()) / many
    np.subtract(numbers, mean, out=numbers)
    if gaps is not None:
        np.copyto(numbers, 0.0, where=gaps)
    # A product of vectors would wake the threads of the matrix library, which costs more than this.
    return mean, float(np.sqrt(np.einsum("i,i->", numbers, numbers) / many))


def _encode_classes(values: pd.Series) -> NDArray[np.int32]:
    return np.nan_to_num(codes_of(values), nan=-1).astype(np.int32)


def _usable_mask(codes: NDArray[np.int32]) -> bool:
    """Return whether classes come often enough to be compared: associate asks for the same."""
    levels, rows = int(codes.max(initial=-1)) + 1, int((codes >= 0).sum())
    return levels >= 2 and rows >= MIN_ROWS and not (levels > MAX_LEVELS and levels > rows // 2)
