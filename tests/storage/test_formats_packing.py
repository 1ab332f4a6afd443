"""What is packed is unpacked with a counter, and an archive of several tables asks which one."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest

import config
from tests.storage.answers import ask, look, read, refused, shared

TABLE = b"a,b\n1,2\n3,4\n"


def zipped(*members: tuple[str, bytes], comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return packed.getvalue()


@pytest.mark.parametrize("name", ["x.csv.gz", "x.gz", "x"])
def test_a_gzip_holds_one_table(tmp_path: Path, name: str) -> None:
    profile, rows = read(tmp_path, gzip.compress(TABLE), name)
    assert rows == [(1, 2), (3, 4)]
    assert [column.name for column in profile.columns] == ["a", "b"]


def test_a_gzip_of_another_format_is_read_as_that_format(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, gzip.compress(b'{"a": 1}\n{"a": 2}\n'), "x.jsonl.gz")
    assert (rows, profile.report.dialect.format, profile.report.dialect.packing) == ([(1,), (2,)], "jsonl", "gzip")


def test_a_real_gzip_is_read(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, shared("benchmark/pmlb/car_evaluation.tsv.gz"), "car_evaluation.tsv.gz")
    assert profile.rows == 1728
    assert look(tmp_path, shared("benchmark/pmlb/car_evaluation.tsv.gz"), "x.tsv.gz").dialect.packing == "gzip"


JUNK = (("__MACOSX/._a.csv", b"\x00\x05"), (".DS_Store", b"\x00"), ("folder/", b""), ("readme.md", b"# read me"))


@pytest.mark.parametrize("name", ["x.zip", "x"])
def test_a_zip_with_one_table_needs_no_choice(tmp_path: Path, name: str) -> None:
    profile, rows = read(tmp_path, zipped(("folder/a.csv", TABLE), *JUNK), name)
    assert rows == [(1, 2), (3, 4)]
    assert "Read from the zip archive: folder/a.csv." in profile.report.notes
    seen = look(tmp_path, zipped(("folder/a.csv", TABLE), *JUNK), name)
    assert (seen.names, seen.dialect.packing, seen.whole) == (("a", "b"), "zip", True)


def test_a_zip_with_several_tables_lists_them_and_reads_the_one_chosen(tmp_path: Path) -> None:
    content = zipped(("a.csv", TABLE), ("b.json", b'[{"c": 5}]'), ("c.tsv", b"d\te\n6\t7\n"))
    error = refused(tmp_path, content, "x.zip")
    assert error["code"] == "choose_sheet"
    assert "a.csv, b.json, c.tsv" in error["message"]
    assert read(tmp_path, content, "x.zip", sheet="b.json")[1] == [(5,)]
    seen = look(tmp_path, content, "x.zip", sheet="c.tsv")
    assert (seen.names, seen.dialect.sheet, seen.dialect.sheets) == (("d", "e"), "c.tsv", ("a.csv", "b.json", "c.tsv"))
    assert refused(tmp_path, content, "x.zip", sheet="z.csv")["code"] == "choose_sheet"


def test_a_table_that_is_longer_than_its_head_is_seen_but_not_whole(tmp_path: Path) -> None:
    rows = b"".join(b"%d,%d\n" % (position, position * 7919 % 10007) for position in range(1_200_000))
    seen = look(tmp_path, gzip.compress(b"a,b\n" + rows, 1), "x.csv.gz")
    assert (seen.names, seen.rows[1], seen.whole) == (("a", "b"), ("1", "7919"), False)


def lying(content: bytes) -> bytes:
    """Return a zip whose directory says that its one file has eight bytes."""
    position = content.index(b"PK\x01\x02") + 24
    return content[:position] + (8).to_bytes(4, "little") + content[position + 4 :]


def locked(content: bytes) -> bytes:
    """Return a zip whose directory says that its one file is encrypted."""
    position = content.index(b"PK\x01\x02") + 8
    return content[:position] + (1).to_bytes(2, "little") + content[position + 2 :]


def reached(content: bytes) -> bytes:
    """Return a zip whose directory points to a place with no file."""
    position = content.index(b"PK\x01\x02") + 42
    return content[:position] + (7).to_bytes(4, "little") + content[position + 4 :]


ZEROS = b"a,b\n" + b"0,0\n" * 6_000_000
BAD = [
    pytest.param(gzip.compress(ZEROS), "x.csv.gz", 413, "expands_too_much", id="a gzip bomb"),
    pytest.param(zipped(("a.csv", ZEROS)), "x.zip", 413, "expands_too_much", id="a zip bomb"),
    pytest.param(lying(zipped(("a.csv", ZEROS))), "x.zip", 413, "expands_too_much", id="a bomb that says it is small"),
    pytest.param(lying(zipped(("a.csv", TABLE))), "x.zip", 422, "damaged", id="a directory that lies"),
    pytest.param(reached(zipped(("a.csv", TABLE))), "x.zip", 422, "damaged", id="a directory that points nowhere"),
    pytest.param(locked(zipped(("a.csv", TABLE))), "x.zip", 415, "archive", id="a password"),
    pytest.param(zipped(("a.csv", TABLE))[:-30], "x.zip", 422, "damaged", id="no directory"),
    pytest.param(b"PK\x03\x04" + bytes(500), "x.zip", 422, "damaged", id="only begins like one"),
    pytest.param(zipped(("b.zip", zipped(("a.csv", TABLE)))), "x.zip", 415, "archive", id="a zip in a zip"),
    pytest.param(zipped(("a.csv.gz", gzip.compress(TABLE))), "x.zip", 415, "archive", id="a gzip in a zip"),
    pytest.param(gzip.compress(zipped(("a.csv", TABLE))), "x.gz", 415, "archive", id="a zip in a gzip"),
    pytest.param(gzip.compress(gzip.compress(TABLE)), "x.gz", 415, "archive", id="a gzip in a gzip"),
    pytest.param(zipped(("a.pdf", b"%PDF"), ("b.png", b"\x89PNG")), "x.zip", 415, "archive", id="no table"),
    pytest.param(zipped(), "x.zip", 415, "archive", id="nothing"),
    pytest.param(zipped(("a.csv", b"")), "x.zip", 422, "empty_file", id="an empty table"),
    pytest.param(zipped(("a.csv", TABLE)), "x.csv", 415, "name_and_content_differ", id="a zip named csv"),
    pytest.param(TABLE, "x.zip", 415, "name_and_content_differ", id="a csv named zip"),
]


@pytest.mark.parametrize(("content", "name", "status", "code"), BAD)
def test_an_archive_that_cannot_be_unpacked_is_refused(
    tmp_path: Path, content: bytes, name: str, status: int, code: str
) -> None:
    error = refused(tmp_path, content, name)
    assert (error["status"], error["code"]) == (status, code)


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    content = zipped(*((f"{position}.csv", b"") for position in range(3000)))
    error = refused(tmp_path, content, "x.zip")
    assert (error["status"], error["code"]) == (413, "too_many_entries")
    assert "3,000" in error["message"]


def test_the_limit_of_what_is_unpacked_names_its_setting(tmp_path: Path) -> None:
    content = zipped(("a.csv", b"a\n" + b"".join(b"%d\n" % (position * 7919) for position in range(400_000))))
    error = refused(tmp_path, content, "x.zip", limits={"unpacked_mb": 2})
    assert (error["status"], error["code"]) == (413, "expands_too_much")
    assert "HYDROML_LIMIT_UNPACKED_MB" in error["message"]


@pytest.mark.parametrize(("content", "name"), [(gzip.compress(ZEROS), "x.csv.gz"), (zipped(("a.csv", ZEROS)), "x.zip")])
def test_the_named_limit_of_the_ratio_raises_it(tmp_path: Path, content: bytes, name: str) -> None:
    error = refused(tmp_path, content, name)
    assert "100 times its size" in error["message"]
    (setting,) = re.findall(r"HYDROML_LIMIT_[A-Z_]+", error["message"])
    raised = config.load({"HYDROML_DATA": str(tmp_path), setting: "100000"}).limits
    assert "error" not in ask("read", tmp_path, content, name, limits=raised.__dict__)


def test_a_path_inside_a_zip_never_decides_where_anything_is_written(tmp_path: Path) -> None:
    name = "../../../tmp/escaped.csv"
    assert read(tmp_path, zipped((name, TABLE)), "x.zip")[1] == [(1, 2), (3, 4)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "upload"]
