"""A CSV of 10,000 columns and 200 rows through the limited reading child: seconds and the child's largest memory.

Goals: 20 s under 1 GB. Yardstick: polars' `read_csv` of the same file, which describes nothing, the same run.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import config
from app.storage.reading import read_file
from benchmarks.large_file import children_mb

COLUMNS, ROWS = 10_000, 200


def make(target: Path) -> None:
    """Write numbers, whole numbers, words and dates in turn, one in twenty missing."""
    draw = np.random.default_rng(1)
    kinds = (
        lambda: pl.Series(np.round(draw.normal(0, 9, ROWS), 3)),
        lambda: pl.Series(draw.integers(0, 1000, ROWS)),
        lambda: pl.Series(draw.choice(["low", "middle", "high"], ROWS)),
        lambda: pl.Series(np.datetime64("2001-01-01") + draw.integers(0, 9999, ROWS).astype("timedelta64[D]")),
    )
    columns = {f"column {position}": kinds[position % len(kinds)]() for position in range(COLUMNS)}
    holes = {name: column.set(pl.Series(draw.random(ROWS) < 0.05), None) for name, column in columns.items()}
    pl.DataFrame(holes).write_csv(target)


def main() -> None:
    """Make the file, read it, and say what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "made.csv"
        make(source)
        begin = time.perf_counter()
        pl.read_csv(source)
        yard = time.perf_counter() - begin
        begin = time.perf_counter()
        limits = config.Limits(read_memory_mb=1024)
        profile = read_file(source, folder / "set", limits=limits, seconds=120, file_name="made.csv")
        took = time.perf_counter() - begin
        assert (profile.rows, len(profile.columns)) == (ROWS, COLUMNS)
    print(f"yardstick, polars' read_csv of {COLUMNS:,} columns and {ROWS} rows  {yard:.2f} s")
    print(f"full analysis in the child                              {took:.1f} s = {took / yard:.1f} x (goal: 20 s)")
    print(f"the child's largest memory                              {children_mb():,.0f} MB (goal: 1,024 MB)")


if __name__ == "__main__":
    main()
