"""How well polluted files are read without a word from anyone: the Pollock benchmark, all of its 2,290 files.

Figure: at least 9.9 of 10 (simple) and 9.5 (weighted), and no file with a row that is neither read nor reported.
Yardstick: DuckDB's `read_csv`, which detects the dialect by itself, in the same run. Each file has a clean version;
what a system read is written as a standard CSV file and compared with it, as in Vitagliano et al. (2023), "Pollock: A
Data Loading Benchmark", VLDB 16(8): did it load, and precision, recall and F1 of header, records and cells.
The simple score is the sum of the ten means over all files; the weighted one weighs each file by how often its
pollution is found among real files. A refusal counts as a file that was not loaded.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import dateutil.parser
import duckdb

import config
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.refusals import RefusedError
from app.storage.reading.text import find_layout, open_rows

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "torture" / "pollock_polluted.tar.xz"
MEASURES = ("success", *(f"{what} {how}" for what in ("header", "record", "cell") for how in ("P", "R", "F1")))
NOTHING = ReadingChoices()
LIMITS = config.Limits().__dict__
MONEY = re.compile(r"([$€£¥])\s?(\d[\d,]*(?:\.\d+)?)")
Table = list[list[str]]


@dataclass(frozen=True)
class Polluted:
    """One file: its name, its bytes, the rows of its clean version and its weight."""

    name: str
    content: bytes
    clean: Table
    weight: float


def polluted_files(archive: Path = ARCHIVE, *, most: int | None = None, seed: int = 1) -> list[Polluted]:
    """Return the files of the archive, or a part of them that has one of each kind."""
    with tarfile.open(archive) as tar:
        current_values = {
            member.name: _bytes(tar, member) for member in tar if member.name.endswith((".csv", "weights.json"))
        }
    weights = json.loads(next(content for name, content in current_values.items() if name.endswith("weights.json")))
    dirty = {name.rsplit("/", 1)[1]: content for name, content in current_values.items() if "/csv/" in name}
    clean = {name.rsplit("/", 1)[1]: content for name, content in current_values.items() if "/clean/" in name}
    names = sorted(dirty)
    if most is not None:
        whole = [name for name in names if not name.startswith("row_")]
        rows = [name for name in names if name.startswith("row_")]
        names = whole + sorted(random.Random(seed).sample(rows, most - len(whole)))
    return [Polluted(name, dirty[name], _rows(clean[name]), weights.get(name, -1)) for name in names]


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    handle = tar.extractfile(member)
    return handle.read() if handle else b""


def _rows(content: bytes) -> Table:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@lru_cache(maxsize=100_000)
def normal(cell: str) -> str:
    """Return the value of a cell as the benchmark compares records: numbers, times, dates and sums of money alike."""
    if not cell.strip():
        return cell
    if cell in ("True", "true", "False", "false"):
        return "1" if cell.lower() == "true" else "0"
    for kind in (int, float):
        try:
            return str(kind(cell))
        except ValueError:
            continue
    if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", cell):
        return cell if cell.count(":") == 2 else f"{cell}:00"
    try:
        return str(dateutil.parser.parse(cell))
    except (ValueError, OverflowError, TypeError):
        pass
    money = MONEY.search(cell)
    return f"{money[1]}{float(money[2].replace(',', ''))}" if money else cell.lower()


def _compared(clean: Iterable[str], loaded: Iterable[str]) -> tuple[float, float, float]:
    wanted, results = Counter(clean), Counter(loaded)
    if not wanted:
        return 1.0, 1.0, 1.0
    both = (wanted & results).total()
    if not both:
        return 0.0, 0.0, 0.0
    # The benchmark names the share of what was wanted precision, and that of what was found recall.
    first, other = both / wanted.total(), both / results.total()
    return first, other, 2 * first * other / (first + other)


def measures(clean: Table, loaded: Table | None) -> list[float]:
    """Return the ten measures of one file; `loaded` is None where the system gave an error."""
    if loaded is None:
        return [0.0] * 10
    if not clean:
        return [1.0] * 10
    header = _compared(map(normal, clean[0]), map(normal, loaded[0] if loaded else []))
    records = _compared(
        ("".join(map(normal, row)) for row in clean[1:]), ("".join(map(normal, row)) for row in loaded[1:])
    )
    cells = _compared((cell for row in clean for cell in row), (cell for row in loaded for cell in row))
    return [1.0, *header, *records, *cells]


@dataclass(frozen=True)
class Read:
    """What we read of a file, and whether each of its lines is accounted for; `error` is why it was refused."""

    table: Table | None
    error: str
    is_accounted_for: bool
    reported: int


def read_by_us(path: Path) -> Read:
    """Read a file as the product does, and count its lines another way."""
    try:
        layout = find_layout(path, choices=NOTHING, limits=LIMITS)
        opened = open_rows(path, layout, choices=NOTHING, limits=LIMITS)
        rows = list(opened.rows)
    except RefusedError as refusal:
        return Read(None, refusal.message, is_accounted_for=True, reported=0)
    tally = opened.tally
    with path.open(encoding="utf-8", newline="") as handle:
        lines = sum(1 for _ in handle)
    passed = tally.passed
    reported = tally.rejected_count + tally.passed_count - passed["blank"]
    answer = len(tally.notes) >= bool(layout.first_line > 1) + bool(passed["other_table"]) + bool(passed["footer"])
    is_complete = tally.is_complete and tally.lines + layout.skip_lines == lines and answer
    names = [list(layout.names)] if layout.header_lines else []
    return Read(names + rows, "", is_accounted_for=is_complete, reported=reported)


def is_loss_reported(polluted: Polluted, read: Read) -> bool:
    """Return whether every clean record was read to the letter and digit, or is among those reported."""
    if read.table is None:
        return True
    wanted = Counter(_letters(row) for row in polluted.clean[1:])
    missing = (wanted - Counter(map(_letters, read.table))).total()
    return read.is_accounted_for and missing <= read.reported


def _letters(row: list[str]) -> str:
    return "".join(letter for cell in row for letter in cell if letter.isalnum())


def read_by_duckdb(path: Path) -> Table | None:
    """Read a file by DuckDB's own detection with the options that the benchmark gives it."""
    try:
        with duckdb.connect() as connection:
            relation = connection.read_csv(str(path), strict_mode=False, ignore_errors=True, null_padding=True)
            text = relation.df().to_csv(index=False)
    except duckdb.Error:
        return None
    return list(csv.reader(io.StringIO(text, newline="")))


def scores(files: list[Polluted], measured: list[list[float]]) -> tuple[float, float]:
    """Return the simple and the weighted score."""
    simple = sum(sum(column) / len(files) for column in zip(*measured, strict=True))
    total = sum(file.weight for file in files)
    return simple, sum(sum(ten) * file.weight / total for file, ten in zip(files, measured, strict=True))


def main() -> None:
    """Print both scores of both systems, the worst files, and the files with unreported loss."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--most", type=int, default=None, help="read only about so many files")
    most = arguments.parse_args().most
    if not ARCHIVE.exists():
        print(f"{ARCHIVE.name} is not here; nothing was measured.")
        return
    files = polluted_files(most=most)
    lost: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "polluted.csv"

        def ours(polluted: Polluted) -> Table | None:
            read = read_by_us(path)
            if not is_loss_reported(polluted, read):
                lost.append(polluted.name)
            return read.table

        readers: list[tuple[str, Callable[[Polluted], Table | None]]] = [
            ("HydroML", ours),
            ("DuckDB read_csv", lambda _: read_by_duckdb(path)),
        ]
        print(f"{len(files):,} files\n{'':18}{'simple':>9}{'weighted':>10}{'seconds':>9}")
        for name, read in readers:
            measured, start = [], time.perf_counter()
            for polluted in files:
                path.write_bytes(polluted.content)
                measured.append(measures(polluted.clean, read(polluted)))
            simple, weighted = scores(files, measured)
            print(f"{name:18}{simple:9.3f}{weighted:10.3f}{time.perf_counter() - start:9.1f}")
            if read is ours:
                worst = sorted(zip(map(sum, measured), (file.name for file in files), strict=True))[:12]
    print(f"files with unreported loss: {len(lost)} {lost[:5]}")
    print("our lowest: " + ", ".join(f"{name} {score:.2f}" for score, name in worst))


if __name__ == "__main__":
    main()
