"""Small and wide files to their full analysis, warm: 67 rows of 181 columns in seven shapes, as exports have them.

Goals: at most 1 s each on two quiet cores, and none over 3 times the quickest shape. Yardstick: polars' `read_csv` and
`describe` of the same file in the same run, in turns; medians of the wall clock, and of the work that the processor
did, which a busy machine stretches less.
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
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def shapes(draw: random.Random) -> dict[str, Callable[[int, int], str]]:
    """Return what each shape has in the cell of a row and a column."""

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


def write(target: Path, cell: Callable[[int, int], str]) -> None:
    """Write a file of this shape."""
    lines = [",".join(f"c{column}" for column in range(COLUMNS))]
    lines += [",".join(cell(row, column) for column in range(COLUMNS)) for row in range(ROWS)]
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


if __name__ == "__main__":
    main()
