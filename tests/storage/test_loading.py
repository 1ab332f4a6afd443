"""The quick way into a table: counted by its bytes, held to its promises, and the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import DatasetProfile
from app.storage.columnar import connect
from app.storage.reading import load, read_file, table
from app.storage.reading.load import Loaded, Plain, count_records
from app.storage.reading.refusals import RefusedError
from app.storage.reading.scan import CHUNK, scan

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.csv"))
DRAWN = random.Random(3)


def _scanned(content: bytes, *, skip: int = 0, quote: str = '"') -> Any:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x"
        path.write_bytes(content)
        return scan(path, skip_lines=skip, delimiter=",", quote=quote)


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"", 0),
        (b"a,b\n1,2\n", 2),
        (b"a,b\n1,2", 2),
        (b"a,b\r\n1,2\r\n", 2),
        (b"\n\na,b\n\n1,2\n\n", 2),
        (b"\r\na,b\r\n\r\n1,2\r\n\r\n", 2),
        (b'a,"x\ny"\n1,"p\n\n\nq"\n', 2),
        (b'a,"x""\n""y"\n1,2\n', 2),
        (b"a,b\n" + b"1,2\n" * CHUNK, CHUNK + 1),
        (b'"' + b"x\n" * CHUNK + b'",b\n1,2\n', 2),
    ],
)
def test_records_are_counted_without_parsing_them(content: bytes, records: int) -> None:
    result = _scanned(content)
    assert (result.records, result.unsure) == (records, False)


@pytest.mark.parametrize(
    "content",
    [b"a,b\r1,2\r", b"a,\x00b\n", b'a,"b\n1,2\n', b"a,b\r\n1,2\n3,4\r\n", b'a,b\n1,"x\ry"\n', b"a,b\n1,2\r\n"],
    ids=["returns alone", "a NUL", "an open quote", "line ends of two kinds", "a return in quotes", "a stray return"],
)
def test_bytes_that_say_nothing_certain_are_called_unsure(content: bytes) -> None:
    assert _scanned(content).unsure


@pytest.mark.parametrize("wide", [b"x" * 10, b"x" * (CHUNK - 7), b"x" * (2 * CHUNK)])
def test_columns_with_site_numbers_are_told_wherever_they_stand(wide: bytes) -> None:
    assert _scanned(b"a,b,c\n1,%b,2\n3,4,007\n00,5,0.5\n" % wide).codes == {0, 2}
    # Separators in quotes move no column; what looks like a code in quotes makes its own column suspicious, no other.
    assert _scanned(b'a,b,c\n1,"%b,01,",2\n3,"4\n01,02",5\n6,7,"08"\n' % wide).codes == {1, 2}


CELLS = st.text(st.sampled_from('ab01,"\n .-'), max_size=5)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_any_records_are_counted_rightly(rows: list[list[str]], end: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    content = out.getvalue().encode()
    result = _scanned(content)
    assert result.unsure or result.records == len(rows)
    assert result.unsure <= (end == "\r\n" and any("\n" in cell for row in rows for cell in row))


def _read(folder: Path, content: bytes, **limits: int) -> tuple[DatasetProfile, list[tuple[Any, ...]]]:
    (folder / "upload").write_bytes(content)
    profile = read_file(
        folder / "upload", folder / "set", limits=config.Limits(**limits), seconds=60, file_name="x.csv"
    )
    with connect(folder / "set") as connection:
        rows = connection.execute("SELECT * FROM read_parquet(?)", [str(folder / "set" / "data.parquet")]).fetchall()
    return profile, rows


LATE = 40_000
BROKEN = [
    pytest.param(b"7", b"x", "text", "x", id="a word after whole numbers"),
    pytest.param(b"7", b"2.5", "number", 2.5, id="a decimal after whole numbers"),
    pytest.param(b"7", b"9007199254740993", "integer", 9_007_199_254_740_993, id="more than a float holds"),
    pytest.param(b"7", b"007", "text", "007", id="a site number after whole numbers"),
    pytest.param(b"2.5", b"021", "text", "021", id="a site number after decimals"),
    pytest.param(b"2001-02-03", b"x", "datetime", None, id="a word after dates"),
    pytest.param(b"2001-02-03", b"01-02-03", "datetime", None, id="half a year after dates"),
]


@pytest.mark.parametrize(("usual", "late", "storage", "value"), BROKEN)
def test_a_promise_of_the_first_rows_that_a_later_row_breaks_is_not_kept(
    tmp_path: Path, usual: bytes, late: bytes, storage: str, value: Any
) -> None:
    content = b"a,b\n" + (usual + b",%d\n" % DRAWN.randrange(10)) * LATE + late + b",1\n" + (usual + b",2\n") * LATE
    profile, rows = _read(tmp_path, content)
    column = profile.column("a")
    if storage == "text":
        # One word in eighty thousand rows is asked about; a site number alone makes all of them text.
        assert (column.storage == "text") == late.startswith(b"0")
        assert rows[LATE][0] == (value if column.storage == "text" else None)
    else:
        assert (column.storage, rows[LATE][0]) == (storage, value)
    assert len(rows) == 2 * LATE + 1
    assert sum(column.missing for column in profile.columns) == sum(cell is None for row in rows for cell in row)


def test_a_table_too_large_for_memory_is_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = {"suffix": ".csv", "limits": config.Limits().__dict__, "seconds": 60}
    profiles, tables = [], list[str]()
    for cells in (load.MAX_CELLS_NEAR, 100):
        monkeypatch.setattr(load, "MAX_CELLS_NEAR", cells)
        folder = tmp_path / str(cells)
        folder.mkdir()
        choices = ReadingChoices(duplicates="leave_out").to_json()
        answer = table.read_table({**request, "source": str(SAMPLES[1]), "folder": str(folder), "choices": choices})
        profiles.append(answer)
        tables.append(f"read_parquet('{folder}/data.parquet', file_row_number=true)")
        assert [path.name for path in folder.iterdir()] == ["data.parquet"]
    assert profiles[0] == profiles[1]
    with connect(tmp_path) as connection:
        kinds = [connection.execute(f"DESCRIBE FROM {text}").fetchall() for text in tables]
        apart = f"(FROM {tables[0]} EXCEPT FROM {tables[1]}) UNION ALL (FROM {tables[1]} EXCEPT FROM {tables[0]})"
        assert (kinds[0], connection.execute(apart).fetchall()) == (kinds[1], [])


@pytest.mark.parametrize(
    ("late", "storage", "value"),
    [(b"1.5", "number", 1.5), (b"99999999999999999", "integer", 99999999999999999), (b"", "integer", None)],
)
def test_whole_numbers_staged_on_disk_are_whole_to_the_last_or_read_as_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bytes, storage: str, value: Any
) -> None:
    monkeypatch.setattr(load, "MAX_CELLS_NEAR", 100)
    content = b"a,b\n" + b"7,0.5\n" * LATE + late + b",1\n" + b"8,2.5\n" * LATE
    source = tmp_path / "upload"
    source.write_bytes(content)
    request = {"suffix": ".csv", "limits": config.Limits().__dict__, "seconds": 60, "folder": str(tmp_path)}
    answer = table.read_table({**request, "source": str(source), "choices": ReadingChoices().to_json()})
    assert DatasetProfile.from_json(answer).column("a").storage == storage
    with connect(tmp_path) as connection:
        rows = connection.execute(f"SELECT c0, c1 FROM read_parquet('{tmp_path}/data.parquet')").fetchall()
    assert (len(rows), rows[LATE], rows[-1][1]) == (2 * LATE + 1, (value, 1.0), 2.5)
    assert not (tmp_path / load.STAGE).exists()


def test_the_same_file_gives_the_same_bytes_every_time(tmp_path: Path) -> None:
    rows = (
        f"{DRAWN.random()},{DRAWN.randrange(9)},{DRAWN.choice('xyz')},2001-01-0{1 + index % 9}\n"
        for index in range(300_000)
    )
    source = tmp_path / "upload"
    source.write_text("a,b,c,d\n" + "".join(rows))
    digests = set()
    for position in range(4):
        target = tmp_path / f"set{position}"
        read_file(source, target, limits=config.Limits(), seconds=60, file_name="x.csv")
        digests.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(target.iterdir())))
    assert len(digests) == 1


def test_rows_that_reader_and_bytes_count_differently_are_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of tables that loses rows in silence is found out, and its result is not believed."""
    real = load._source_sql
    monkeypatch.setattr(load, "_source_sql", lambda *given: f"(SELECT * FROM {real(*given)} LIMIT 5)")
    source = tmp_path / "upload"
    source.write_bytes(b"a,b\n" + b"1,2\n" * 9)
    request = {"source": str(source), "folder": str(tmp_path), "suffix": ".csv", "seconds": 9}
    with pytest.raises(RefusedError) as info:
        table.read_table({**request, "limits": config.Limits().__dict__})
    assert (info.value.code, info.value.status) == ("conservation", 422)
    assert "9 rows were read" in info.value.message


@pytest.mark.parametrize("quote", ['"', ""])
def test_a_promise_needs_the_whole_sample(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1,2.5,x,2001-01-01,\n2,3,y,2001-01-02,NA\n")
    plain = Plain(path, 5, ",", quote, skip_lines=0)
    sample = [["1", "2.5", "x", "2001-01-01", ""], ["2", "3", "y", "2001-01-02", "NA"]]
    with connect(tmp_path) as connection:
        counted = count_records(plain)
        loaded = load.load(connection, plain, sample, counted, folder=tmp_path, choices=ReadingChoices())
    assert loaded == Loaded(("integer", "number", "text", "datetime", "text"), rows=2, near=True)


@pytest.mark.parametrize("ragged", [b"", b"7\n"], ids=["at once", "row by row"])
def test_names_again_and_separators_alone_are_no_rows_either_way(tmp_path: Path, ragged: bytes) -> None:
    lines = [b"%d,x%d\n" % (position, position) for position in range(2000)]
    again, _ = _read(tmp_path, b"a,b\n" + b"".join(lines) + b"a,b\n" + b"".join(lines) + ragged)
    assert (again.rows, again.report.rows_rejected) == (4000, 1 + len(ragged) // 2)
    assert again.column("a").storage == "integer"
    empty, rows = _read(tmp_path, b"a,b\n" + b"".join(lines) + b",\n" + b"".join(lines) + ragged)
    assert (empty.rows, rows[2000], empty.report.rows_passed_over) == (4000, (0, "x0"), 1)


def test_a_large_parent_is_not_counted_to_the_child(tmp_path: Path) -> None:
    (tmp_path / "small.csv").write_text("a,b\n1,2\n3,4\n")
    code = (
        "import sys; from dataclasses import replace; from pathlib import Path; from config import Limits;"
        "from app.storage.reading import peek_file; held = bytearray(700_000_000);"
        "held[::4096] = b'x' * len(held[::4096]);"
        "print(peek_file(Path(sys.argv[1]), limits=replace(Limits(), read_memory_mb=500), seconds=60).names)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "small.csv")]
    process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert process.stdout.strip() == "('a', 'b')", process.stderr[-500:]
