"""Pearson correlations of many pairs of columns at once, by matrix products.

For two columns x and y that are 0 where missing, with presence m and k (1 or 0), the sums over the rows that both have
are all products of matrices: n = m'k, x'y, x'k, m'y, (x*x)'k and m'(y*y). Nothing is copied pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.analysis.associations.association import MIN_ROWS, pearson
from app.domain.analysis.associations.column_block import ColumnBlock, Floats

# Rows taken at a time: their squares and presences stay in the processor's own memory, and counts stay exact in
# single precision, which holds every whole number up to 2^24.
CHUNK_ROWS = 8192
# Where less than this share of a sum of squares is left as variance, too many digits are lost, and the pair is
# computed by itself.
CANCELLED = 1e-6


@dataclass
class _Sums:
    """What is summed over the rows that both columns of a pair have; each of shape (a, b)."""

    n: Floats
    xy: Floats
    x: Floats
    y: Floats
    xx: Floats
    yy: Floats


def pearson_of(block: ColumnBlock, other: ColumnBlock) -> Floats:
    """Return Pearson's correlation of every number of one block with every number of another.

    Parameters
    ----------
    block, other
        Blocks of columns over the same rows; they may be the same object.

    Returns
    -------
    ndarray
        Shape (a, b), between -1 and 1; nan where fewer than 10 rows are there or where one column does not vary on
        the rows they share.
    """
    sums = _pair_sums(block, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = sums.xx - sums.x**2 / sums.n, sums.yy - sums.y**2 / sums.n
        values = (sums.xy - sums.x * sums.y / sums.n) / np.sqrt(x * y)
        doubtful = ~((x > CANCELLED * sums.xx) & (y > CANCELLED * sums.yy))
    values = np.clip(values, -1.0, 1.0)
    values[sums.n < MIN_ROWS] = np.nan
    for i, j in zip(*np.nonzero(doubtful & (sums.n >= MIN_ROWS)), strict=True):
        both = block.present[:, i] & other.present[:, j]
        values[i, j] = pearson(block.numbers[both, i], other.numbers[both, j])
    if block is other:
        np.fill_diagonal(values, 1.0)
    return np.asarray(values)


def _pair_sums(block: ColumnBlock, other: ColumnBlock) -> _Sums:
    a, b = block.numbers.shape[1], other.numbers.shape[1]
    sums = _Sums(
        n=np.minimum(block.counts[:, None], other.counts[None, :]),
        xy=np.zeros((a, b)),
        x=np.repeat(block.sums[:, None], b, axis=1),
        y=np.repeat(other.sums[None, :], a, axis=0),
        xx=np.repeat(block.squares[:, None], b, axis=1),
        yy=np.repeat(other.squares[None, :], a, axis=0),
    )
    # A column without holes leaves the sums of the other one whole, so only columns with holes need products.
    for name, value in _products(block, other).items():
        if name == "xy":
            sums.xy = value
        elif name == "n":
            sums.n[np.ix_(block.holed, other.holed)] = value
        elif name in ("x", "xx"):
            getattr(sums, name)[:, other.holed] = value
        else:
            getattr(sums, name)[block.holed] = value
    return sums


def _products(block: ColumnBlock, other: ColumnBlock) -> dict[str, Floats]:
    """Return the products, summed over chunks of rows; of a block with itself, one of each two that mirror another."""
    same, left, right = block is other, block.holed, other.holed
    a, b = block.numbers.shape[1], other.numbers.shape[1]
    out = {"xy": np.zeros((a, b))}
    if len(left) and len(right):
        out["n"] = np.zeros((len(left), len(right)))
    if len(right):
        out["x"], out["xx"] = np.zeros((a, len(right))), np.zeros((a, len(right)))
    if len(left) and not same:
        out["y"], out["yy"] = np.zeros((len(left), b)), np.zeros((len(left), b))
    for start in range(0, len(block.numbers), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        x, y = block.numbers[rows], other.numbers[rows]
        out["xy"] += x.T @ y
        k = other.present[rows][:, right].astype(float) if len(right) else None
        if k is not None:
            out["x"] += x.T @ k
            out["xx"] += (x * x).T @ k
        m = k if same else block.present[rows][:, left].astype(float)
        if "y" in out and m is not None:
            out["y"] += m.T @ y
            out["yy"] += m.T @ (y * y)
        if "n" in out and m is not None and k is not None:
            single = m.astype(np.float32)
            out["n"] += single.T @ (single if same else k.astype(np.float32))
    if same and len(left):
        out["y"], out["yy"] = out["x"].T, out["xx"].T
    return out
