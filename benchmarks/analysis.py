"""A file on disk to its full analysis and its Parquet, in a warm process: a CSV of 55 MB with 22 columns.

Goal: at most 2.0 times what DuckDB takes to load the same file and say nothing about it. polars' `read_csv` and
`describe` stand beside, which say far less. All three take turns in one run; medians of their wall clock and of their
processor time are quoted, since a shared machine stretches the first.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

import config
from app.storage.reading.table import read_table

ROWS = 300_000
TURNS = 7
SEED = 7
WORDS = ("clear", "river", "high", "low", "gauge", "ice", "reading", "checked", "by", "hand", "storm", "after")


def frame(rows: int, seed: int = SEED) -> pl.DataFrame:
    """Return 22 columns as measurements have them: dates, numbers with few and many decimals, categories, texts."""
    draw = np.random.default_rng(seed)
    start, positions = np.datetime64("1980-01-01"), np.arange(rows)
    moments = start.astype("datetime64[m]") + (15 * positions).astype("timedelta64[m]")
    values = {
        "date": pl.Series(start + (positions // 40).astype("timedelta64[D]")),
        "taken_at": pl.Series(moments.astype("datetime64[us]")).dt.strftime("%Y-%m-%d %H:%M"),
        **{
            f"few_{index}": pl.Series(np.round(size * draw.gamma(2, 3, rows), digits))
            for index, (size, digits) in enumerate(((1, 1), (10, 2), (1, 2), (5, 3), (2, 1), (30, 2)))
        },
        **{
            f"many_{index}": pl.Series(np.round(draw.normal(0, size, rows), digits))
            for index, (size, digits) in enumerate(((1, 6), (10, 6), (100, 8), (1, 5), (3, 9)))
        },
        **{f"whole_{most}": pl.Series(draw.integers(0, most, rows)) for most in (50, 5000, 10_000_000)},
        **{f"kind_{most}": pl.Series(draw.integers(0, most, rows)).cast(pl.String) for most in (3, 12, 60, 400)},
        "note": pl.Series([" ".join(words) for words in np.array(WORDS)[draw.integers(0, len(WORDS), (rows, 4))]]),
        "code": pl.Series(draw.integers(0, 3 * rows, rows)).cast(pl.String),
    }
    named = {name: "level " + value if name.startswith("kind") else value for name, value in values.items()}
    named["code"] = "G" + named["code"].str.zfill(8)
    always = ("date", "taken_at", "code")
    return pl.DataFrame(
        {
            name: item if name in always else item.set(pl.Series(draw.random(rows) < 0.05), None)
            for name, item in named.items()
        }
    )


def analyse(source: Path) -> None:
    """Read, type, store and describe the file as the reading child does."""
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        limits = config.Limits().__dict__
        read_table({"source": str(source), "folder": folder, "suffix": ".csv", "limits": limits, "seconds": 120})


def load(source: Path) -> None:
    """Load the file with DuckDB, which finds out its layout, and nothing more."""
    connection = duckdb.connect()
    connection.execute("SET threads=2")
    connection.execute("CREATE TABLE bare AS SELECT * FROM read_csv(?)", [str(source)])
    connection.close()


def describe(source: Path) -> None:
    """Read and describe the file with polars."""
    pl.read_csv(source).describe()


def main() -> None:
    """Let the three take turns."""
    whats: dict[str, Callable[[Path], None]] = {"load": load, "polars": describe, "analysis": analyse}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in whats}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "made.csv"
        frame(ROWS).write_csv(source)
        size = source.stat().st_size / 1e6
        for turn in range(TURNS + 1):
            for name, what in whats.items():
                begin, work = time.perf_counter(), time.process_time()
                what(source)
                if turn:
                    took[name].append((time.perf_counter() - begin, time.process_time() - work))
    wall = {name: statistics.median(number for number, _ in times) for name, times in took.items()}
    work = {name: statistics.median(number for _, number in times) for name, times in took.items()}
    turns = statistics.median(ours[0] / bare[0] for ours, bare in zip(took["analysis"], took["load"], strict=True))
    print(f"CSV of {size:.0f} MB, {ROWS:,} rows, 22 columns, {TURNS} turns")
    print(f"yardstick, DuckDB's bare load        {wall['load']:.2f} s, {work['load']:.2f} s of work")
    print(f"polars, read_csv and describe        {wall['polars']:.2f} s = {wall['polars'] / wall['load']:.2f} x")
    print(f"full analysis with its Parquet       {wall['analysis']:.2f} s = {wall['analysis'] / wall['load']:.2f} x, "
          f"turn by turn {turns:.2f} x, of the work {work['analysis'] / work['load']:.2f} x (goal: 2.0 x)")  # fmt: skip


if __name__ == "__main__":
    main()
