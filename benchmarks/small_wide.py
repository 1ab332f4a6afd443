"""Small and wide files to their full analysis, warm: 67 rows of 181 columns in seven shapes, as exports have them.

Goals: at most 1 s each on two quiet cores, and none over 3 times the quickest shape. Yardstick: polars' `read_csv` and
`describe` of the same file in the same run, in turns; medians of the wall clock, and of the work that the processor
did, which a busy machine stretches less.

Then 1,000 rows with four in five cells empty, from 50 to 2,000 columns: at most 10 s, and about linear in the columns.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.analysis import analyse, describe

ROWS, COLUMNS, TURNS, SEED = 67, 181, 3, 22
WIDE_ROWS, WIDE_COLUMNS, FILLED = 1000, (50, 200, 1000, 2000), 0.2
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def shapes(draw: random.Random) -> dict[str, Callable[[int, int], str]]:
    """Return the functions that make the cell of a row and a column, by shape."""

    def word(length: int) -> str:
        return "".join(draw.choice(LETTERS) for _ in range(length))

    def number() -> str:
        return f"{draw.gauss(10, 3):.3f}"

    return {
        "words": lambda _, __: word(6),
        "the same word": lambda _, __: "reading",
        "numbers": lambda _, __: number(),
        "words of 40 letters": lambda _, __: word(40),
        "half of the columns empty": lambda _, column: "" if column % 2 else number(),
        "four in five columns empty": lambda _, column: "" if column % 5 else number(),
        "a word in every seventh cell of numbers": lambda row, column: (
            word(4) if (row * COLUMNS + column) % 7 == 0 else number()
        ),
    }


def write(target: Path, cell: Callable[[int, int], str], rows: int = ROWS, columns: int = COLUMNS) -> None:
    """Write a file of this shape."""
    lines = [",".join(f"c{column}" for column in range(columns))]
    lines += [",".join(cell(row, column) for column in range(columns)) for row in range(rows)]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def timed(what: Callable[[Path], None], source: Path) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor that something takes."""
    begin, work = time.perf_counter(), time.process_time()
    what(source)
    return time.perf_counter() - begin, time.process_time() - work


def main() -> None:
    """Print the shapes with both systems' times."""
    draw = random.Random(SEED)
    took: dict[str, tuple[float, float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, cell in shapes(draw).items():
            source = Path(folder) / "wide.csv"
            write(source, cell)
            turns = [(*timed(analyse, source), *timed(describe, source)) for _ in range(TURNS + 1)][1:]
            ours, work, theirs, _ = map(statistics.median, zip(*turns, strict=True))
            took[name] = ours, work, theirs
    quickest, least = min(ours for ours, _, _ in took.values()), min(work for _, work, _ in took.values())
    print(f"{ROWS} rows x {COLUMNS} columns, medians of {TURNS} turns{'':9}{'ours':>7}{'work':>7}{'polars':>8}")
    for name, (ours, work, theirs) in took.items():
        print(
            f"{name:42}{ours:7.2f}{work:7.2f}{theirs:8.3f} s; {ours / quickest:4.1f} x the quickest shape, "
            f"{work / least:4.1f} x by work, {ours / theirs:5.0f} x polars"
        )
    print_growth(draw)


def print_growth(draw: random.Random) -> None:
    """Print how the time grows with the columns of a table that is mostly empty."""
    first: tuple[int, float] | None = None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "wider.csv"
        for columns in WIDE_COLUMNS:
            write(
                source, lambda _, __: f"{draw.gauss(10, 3):.3f}" if draw.random() < FILLED else "", WIDE_ROWS, columns
            )
            ours, work = timed(analyse, source)
            first = first or (columns, work)
            times, wider = work / first[1], columns / first[0]
            print(
                f"{WIDE_ROWS:,} rows x {columns:5,} columns, four in five cells empty {ours:7.2f}{work:7.2f} s; "
                f"{times:5.1f} x the work for {wider:4.0f} x the columns"
            )


if __name__ == "__main__":
    main()
