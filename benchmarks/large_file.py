"""A CSV of 1 GB through the limited reading child: seconds and the child's largest memory.

Goals: 30 s and 2 GB on two cores. Yardstick: DuckDB's bare load of the same file into Parquet, the same run. It needs
3 GB of room in the temporary folder while it runs, and leaves nothing there.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import duckdb

import config
from app.storage.reading import read_file
from benchmarks.analysis import frame

SIZE_MB = 1000
ROWS_AT_ONCE = 300_000


def make(target: Path, megabytes: int) -> int:
    """Write a CSV of about this size; return its rows."""
    rows, seed = 0, 0
    with target.open("wb") as out:
        while out.tell() < megabytes * 1e6:
            part, seed = frame(ROWS_AT_ONCE, seed + 1), seed + 1
            part.write_csv(out, include_header=rows == 0)
            rows += len(part)
    return rows


def children_mb() -> float:
    """Return the largest memory that any child of this process has used."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def bare(source: Path, folder: Path) -> float:
    """Return the seconds that DuckDB takes from CSV to Parquet, saying nothing about it."""
    begin = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("SET threads=2")
        connection.execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{folder}/bare.parquet' (FORMAT parquet)")
    (folder / "bare.parquet").unlink()
    return time.perf_counter() - begin


def main() -> None:
    """Make the file, read it, and say what it took."""
    limits = config.Limits(upload_mb=2 * SIZE_MB)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "made.csv"
        rows = make(source, SIZE_MB)
        yard = bare(source, folder)
        begin, mine = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        profile = read_file(source, folder / "set", limits=limits, seconds=300, file_name="made.csv")
        took = time.perf_counter() - begin
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - mine) / 1024
        assert profile.rows == rows
        size, stored = source.stat().st_size / 1e6, (folder / "set" / "data.parquet").stat().st_size / 1e6
    print(f"CSV of {size:,.0f} MB, {rows:,} rows, 22 columns; stored in {stored:,.0f} MB")
    print(f"yardstick, DuckDB from CSV to Parquet  {yard:.1f} s")
    print(f"full analysis in the child             {took:.1f} s = {took / yard:.2f} x (goal: 30 s)")
    print(f"the child's largest memory             {children_mb():,.0f} MB (goal: 2,048 MB)")
    print(f"its parent grew by                     {grown:,.0f} MB")


if __name__ == "__main__":
    main()
