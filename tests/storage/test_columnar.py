"""DuckDB sees one folder, keeps to its limits, can be interrupted, and is never shown a user's column name."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import config
from app.domain.analysis.profiling.profile import FIRST_COLUMNS, FIRST_ROWS, DatasetProfile
from app.storage import columnar
from app.storage.columnar import connect, literal, preview_rows, read_frame
from app.storage.reading import read_file

REFUSED = (duckdb.PermissionException, duckdb.InvalidInputException)


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """Return a folder with a file of its own, beside a secret that lies outside."""
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "own.csv").write_text("a,b\n1,2\n")
    (tmp_path / "secret.csv").write_text("word\nopen sesame\n")
    (tmp_path / "inside-out").mkdir()
    (tmp_path / "inside-out" / "secret.csv").write_text("word\nopen sesame\n")
    return folder


def _stored(folder: Path, text: str) -> tuple[Path, DatasetProfile]:
    """Read a file of this text and return where its rows lie, and its profile."""
    source = folder / "upload"
    source.write_text(text, encoding="utf-8")
    profile = read_file(source, folder / "set", limits=config.Limits(), seconds=30, file_name="x.csv")
    return folder / "set" / "data.parquet", profile


def test_the_folder_itself_can_be_read(inside: Path) -> None:
    with connect(inside) as connection:
        result = connection.execute("SELECT a, b FROM read_csv(?)", [str(inside / "own.csv")]).fetchall()
    assert result == [(1, 2)]


OUTSIDE = [
    pytest.param("{outside}/secret.csv", id="beside"),
    pytest.param("{inside}/../secret.csv", id="upwards"),
    pytest.param("{inside}/./../secret.csv", id="upwards with a dot"),
    pytest.param("{outside}/inside-out/secret.csv", id="a folder whose name begins alike"),
    pytest.param("{outside}/*.csv", id="a pattern"),
    pytest.param("{inside}/../*/secret.csv", id="a pattern upwards"),
    pytest.param("file://{outside}/secret.csv", id="an address of a file"),
    pytest.param("https://example.org/x.csv", id="https"),
    pytest.param("s3://bucket/x.csv", id="a bucket"),
    pytest.param("/etc/passwd", id="the system"),
    pytest.param("/proc/self/environ", id="the environment"),
    pytest.param("/dev/stdin", id="a device"),
    pytest.param("secret.csv", id="a bare name"),
]


@pytest.mark.parametrize("reader", ["read_csv", "read_text", "read_blob", "read_parquet", "glob"])
@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_can_be_read(inside: Path, path: str, reader: str) -> None:
    place = path.format(inside=inside, outside=inside.parent)
    with connect(inside) as connection, pytest.raises(REFUSED):
        connection.execute(f"SELECT * FROM {reader}({literal(place)})").fetchall()


def test_a_link_that_leads_outside_is_not_followed(inside: Path) -> None:
    (inside / "link.csv").symlink_to(inside.parent / "secret.csv")
    with connect(inside) as connection, pytest.raises(REFUSED):
        connection.execute("SELECT * FROM read_csv(?)", [str(inside / "link.csv")]).fetchall()


STATEMENTS = [
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{outside}/evil.duckdb_extension'",
    "INSTALL evil FROM community",
    "ATTACH '{outside}/other.db' AS other",
    "ATTACH 'https://example.org/x.db' AS other",
    "COPY (SELECT 1) TO '{outside}/out.csv'",
    "COPY (SELECT 1) TO '{inside}/../out.parquet' (FORMAT parquet)",
    "EXPORT DATABASE '{outside}/out'",
    "IMPORT DATABASE '{outside}/out'",
    "SET enable_external_access=true",
    "SET lock_configuration=false",
    "RESET lock_configuration",
    "SET allowed_directories=['/']",
    "SET allowed_paths=['/etc/passwd']",
    "SET memory_limit='64GB'",
    "SET threads=64",
    "SET max_temp_directory_size='64GB'",
    "SET temp_directory='{outside}'",
    "SET autoload_known_extensions=true",
    "SET allow_community_extensions=true",
    "SET python_enable_replacements=true",
    "PRAGMA enable_profiling='json'",
    "PRAGMA profiling_output='{outside}/out.json'",
    "SET log_query_path='{outside}/log.txt'",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_opens_the_lock(inside: Path, statement: str) -> None:
    before = sorted(path.name for path in inside.parent.rglob("*"))
    with connect(inside) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(inside=inside, outside=inside.parent))
    assert sorted(path.name for path in inside.parent.rglob("*")) == before


def test_the_lock_still_holds_after_all_that(inside: Path) -> None:
    with connect(inside) as connection:
        for statement in STATEMENTS:
            with pytest.raises(duckdb.Error):
                connection.execute(statement.format(inside=inside, outside=inside.parent))
        with pytest.raises(REFUSED):
            connection.execute("SELECT * FROM read_csv(?)", [str(inside.parent / "secret.csv")]).fetchall()
        settings = connection.execute(
            "SELECT current_setting('enable_external_access'), current_setting('lock_configuration'), "
            "current_setting('threads'), current_setting('autoload_known_extensions')"
        ).fetchone()
    assert settings == (False, True, 1, False)


def test_a_variable_of_python_is_no_table(inside: Path) -> None:
    hidden = pd.DataFrame({"word": ["open sesame"]})
    with connect(inside) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM hidden").fetchall()
    assert len(hidden) == 1


def test_one_connection_knows_nothing_of_another(inside: Path) -> None:
    with connect(inside) as first, connect(inside) as other:
        first.execute("CREATE TABLE kept AS SELECT 1 AS a")
        with pytest.raises(duckdb.CatalogException):
            other.execute("SELECT * FROM kept")


def test_a_folder_with_a_quote_in_its_name_is_no_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "it's', '"
    folder.mkdir()
    (folder / "own.csv").write_text("a\n1\n")
    with connect(folder) as connection:
        assert connection.execute("SELECT * FROM read_csv(?)", [str(folder / "own.csv")]).fetchall() == [(1,)]
        with pytest.raises(REFUSED):
            connection.execute("SELECT * FROM read_text('/etc/passwd')").fetchall()


def test_memory_is_limited_and_nothing_spills_without_leave(inside: Path) -> None:
    with connect(inside, memory_mb=32) as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute("SELECT array_agg(i::VARCHAR || 'x' ORDER BY hash(i)) FROM range(20000000) t(i)").fetchall()
    assert [path.name for path in inside.iterdir()] == ["own.csv"]


def test_a_query_that_takes_too_long_is_interrupted_and_the_next_one_works(inside: Path) -> None:
    start = time.monotonic()
    # Long, and with nothing to hold: a query that gathers rows can meet the memory's limit before the clock's.
    with connect(inside, seconds=0.3) as connection:
        with pytest.raises(duckdb.InterruptException):
            connection.execute("SELECT sum(hash(range)) FROM range(1000000000000)").fetchall()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert time.monotonic() - start < 60


def test_a_connection_is_closed_whatever_happens(inside: Path) -> None:
    kept: list[Any] = []

    def fail() -> None:
        with connect(inside, seconds=60) as connection:
            kept.append(connection)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    with pytest.raises(duckdb.ConnectionException):
        kept[0].execute("SELECT 1")


@pytest.mark.parametrize("text", ["", "plain", "it's", "''", "'; DROP TABLE raw; --", "\\'", "é\n\t😀", '"'])
def test_a_text_in_quotes_is_that_text(inside: Path, text: str) -> None:
    with connect(inside) as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchone() == (text,)


NAMES = [
    "it's",
    'say "hi"',
    "a; DROP TABLE raw; --",
    "c0",
    "c1",
    "select",
    "*",
    "?",
    "$1",
    "{x}",
    "%s",
    "rowid",
    "a.b",
    "(select 1)",
    "é😀",
    "' OR 1=1",
    "near",
    "raw",
]


def test_no_name_of_a_column_ever_reaches_the_database(tmp_path: Path) -> None:
    header = ",".join('"' + name.replace('"', '""') + '"' for name in NAMES)
    rows = [",".join(str(position + 100 * row) for position in range(len(NAMES))) for row in range(7)]
    path, profile = _stored(tmp_path, "\n".join([header, *rows]) + "\n")
    assert [column.name for column in profile.columns] == NAMES
    assert [column.key for column in profile.columns] == [f"c{position}" for position in range(len(NAMES))]
    with connect(path.parent) as connection:
        result = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    assert [row[0] for row in result] == [f"c{position}" for position in range(len(NAMES))]
    backwards = NAMES[::-1]
    frame = read_frame(path, profile, backwards)
    assert list(frame.columns) == backwards
    for index, name in enumerate(NAMES):
        assert frame[name].tolist() == [index + 100 * row for row in range(7)]
    assert preview_rows(path, profile, offset=1, limit=2)[0] == [str(position + 100) for position in range(len(NAMES))]


def test_a_column_that_does_not_exist_is_a_fault_before_any_query(tmp_path: Path) -> None:
    path, profile = _stored(tmp_path, "a,b\n1,2\n3,4\n")
    with pytest.raises(KeyError):
        read_frame(path, profile, ["a", "c1"])


def test_a_preview_shows_texts_pages_and_cut_cells(tmp_path: Path) -> None:
    text = "day,n,x,t,b\n" + "".join(
        f"2001-01-{position + 1:02d},{position},{position / 4},{'y' * 300},true\n" for position in range(25)
    )
    path, profile = _stored(tmp_path, text + "2001-02-01,,,,\n")
    assert preview_rows(path, profile, limit=1) == [["2001-01-01", "0", "0.0", "y" * columnar.CELL_SHOWN, "true"]]
    assert [row[1] for row in preview_rows(path, profile, offset=20, limit=20)] == ["20", "21", "22", "23", "24", ""]
    assert preview_rows(path, profile, offset=25) == [["2001-02-01", "", "", "", ""]]
    assert preview_rows(path, profile, offset=99) == []
    assert [len(row) for row in preview_rows(path, profile, most=2)] == [2] * 20
    # The first ones are kept with what is known, so that a page need not open the rows.
    assert [list(row) for row in profile.first_rows] == preview_rows(path, profile, limit=FIRST_ROWS)
    assert profile.preview_rows(3, 2) == preview_rows(path, profile, limit=3, most=2)
    assert profile.preview_rows(FIRST_ROWS + 1, 60) is None


def test_of_many_columns_the_first_are_kept(tmp_path: Path) -> None:
    width = FIRST_COLUMNS + 2
    path, profile = _stored(
        tmp_path, "".join(",".join(f"{position}{row}" for position in range(width)) + "\n" for row in "n12")
    )
    assert profile.preview_rows(8, FIRST_COLUMNS) == preview_rows(path, profile, most=FIRST_COLUMNS)
    assert profile.preview_rows(8, width) is None


TYPED = (
    "day,whole,holes,number,word,yes\n2001-01-01,1,1,0.5,x,true\n2001-01-02,2,,1.5,,false\n,9007199254740993,3,NA,z,\n"
)


def test_a_frame_has_the_types_that_training_expects(tmp_path: Path) -> None:
    path, profile = _stored(tmp_path, TYPED)
    frame = read_frame(path, profile, [column.name for column in profile.columns])
    assert frame["day"].tolist()[:2] == [datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2001-01-02")]
    assert frame["day"].isna().tolist() == [False, False, True]
    assert frame["whole"].dtype == np.dtype("int64")
    assert frame["whole"].tolist() == [1, 2, 9007199254740993]
    assert frame["holes"].dtype == frame["number"].dtype == np.dtype("float64")
    assert frame["holes"].isna().tolist() == [False, True, False]
    assert frame["number"].tolist()[:2] == [0.5, 1.5]
    assert frame["word"].tolist() == ["x", None, "z"]
    assert frame["yes"].tolist() == [True, False, None]


def test_a_sample_of_rows_is_the_same_every_time_and_no_row_comes_twice(tmp_path: Path) -> None:
    path, profile = _stored(tmp_path, "n,m\n" + "".join(f"{position},{-position}\n" for position in range(5000)))
    first = read_frame(path, profile, ["n", "m"], sample_rows=500)
    again = read_frame(path, profile, ["n", "m"], sample_rows=500)
    assert len(first) == first["n"].nunique() == 500
    assert (first["n"] == -first["m"]).all()
    pd.testing.assert_frame_equal(first, again)
    assert len(read_frame(path, profile, ["n"], sample_rows=5000)) == 5000


def test_rows_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    order = np.random.default_rng(3).permutation(200_000)
    path, profile = _stored(tmp_path, "n,m\n" + "".join(f"{position},1\n" for position in order))
    assert np.array_equal(read_frame(path, profile, ["n"])["n"].to_numpy(), order)


def test_reading_leaves_nothing_beside_the_rows(tmp_path: Path) -> None:
    path, profile = _stored(tmp_path, "a,b\n1,2\n3,4\n")
    before = sorted(item.name for item in path.parent.iterdir())
    preview_rows(path, profile)
    read_frame(path, profile, ["a"])
    assert (
        sorted(item.name for item in path.parent.iterdir()) == before == ["data.parquet", "hashes.json", "profile.json"]
    )
