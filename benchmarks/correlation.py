"""Pearson's correlation of 500 columns with 100,000 rows and 5 % missing, each pair on the rows where both are there.

Figure: at most 5 times one bare product of two float64 matrices of that size, in the same run. The time is that of all
blocks, from a frame in memory to the last value; the first block stands alone too, since it is what a page shows first.
numpy notices that X.T @ X mirrors itself and does half the work; that time is printed as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.column_block import ColumnBlock, prepare
from app.domain.analysis.associations.correlation import Method, assemble_matrix, block_of, groups_of, places_of
from app.domain.vocabulary import ColumnKind

ROWS, COLUMNS, MISSING = 100_000, 500, 0.05
AGAIN = 3
PANDAS_COLUMNS = 40


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def frame_of(rows: int, columns: int, *, seed: int = 0) -> pd.DataFrame:
    """Return columns that go together a little, with holes."""
    random = np.random.default_rng(seed)
    values = np.asfortranarray(random.normal(size=(rows, columns)) + random.normal(size=(rows, 1)))
    values[random.random((rows, columns)) < MISSING] = np.nan
    return pd.DataFrame(values, columns=[f"x{position}" for position in range(columns)], copy=False)


def all_blocks(frame: pd.DataFrame, kinds: dict[str, ColumnKind]) -> tuple[np.ndarray, float]:
    """Return the matrix and the seconds to its first block."""
    start, first = time.perf_counter(), 0.0
    groups, slabs, blocks = groups_of(frame.shape[1]), {}, []
    for late, early in places_of(groups):
        for group in (late, early):
            if group not in slabs:
                slabs[group] = prepare(frame.iloc[:, groups[group].start : groups[group].stop], kinds)
        pair: tuple[ColumnBlock, ColumnBlock] = slabs[late], slabs[early]
        blocks.append(
            block_of(*pair, method=Method.PEARSON, of_numbers=correlation.PEARSON, places=(groups[late], groups[early]))
        )
        first = first or time.perf_counter() - start
    return assemble_matrix(list(frame.columns), blocks).values, first


def main() -> None:
    """Print the ratio, the first block, and how far the values are from those of pandas."""
    frame = frame_of(ROWS, COLUMNS)
    kinds = dict.fromkeys(frame.columns, ColumnKind.NUMERIC)
    filled = np.nan_to_num(frame.to_numpy())
    other = filled.copy()
    results: dict[str, tuple[np.ndarray, float]] = {}

    def measure() -> None:
        results["all"] = all_blocks(frame, kinds)

    # Product and blocks take turns, so that whatever else the machine does weighs on both.
    product, mirrored, blocks = np.inf, np.inf, np.inf
    for _ in range(AGAIN):
        product = min(product, seconds_of(lambda: filled.T @ other))
        mirrored = min(mirrored, seconds_of(lambda: filled.T @ filled))
        blocks = min(blocks, seconds_of(measure))
    values, first = results["all"]
    few = frame.iloc[:, :PANDAS_COLUMNS]
    start = time.perf_counter()
    expected = few.corr().to_numpy()
    pandas_seconds = (time.perf_counter() - start) * (COLUMNS / PANDAS_COLUMNS) ** 2
    apart = float(np.abs(values[:PANDAS_COLUMNS, :PANDAS_COLUMNS] - expected).max())
    print(f"yardstick, one product of {COLUMNS} x {ROWS:,}     {product:.2f} s (mirrored: {mirrored:.2f} s)")
    print(f"all blocks, pairwise complete                {blocks:.2f} s = {blocks / product:.1f} x (goal: 5 x), "
          f"{blocks / mirrored:.1f} x the mirrored one")  # fmt: skip
    print(f"first block                                  {first:.2f} s (goal: 1 s on the page)")
    print(f"pandas corr, from {PANDAS_COLUMNS} columns                 about {pandas_seconds:.0f} s = "
          f"{pandas_seconds / blocks:.0f} x as long")  # fmt: skip
    print(f"furthest from pandas                         {apart:.1e}")


if __name__ == "__main__":
    main()
