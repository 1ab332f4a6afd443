"""Every bad file gets the status, the code and the sentence it should, and leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import NoSpaceError, UnreadableFileError
from app.storage.reading import child, read_file, reader_pool

GOOD = b"a,b\n1,2\n3,4\n"
OFFICE = ("[Content_Types].xml", "xl/workbook.xml")
NOISE = random.Random(1)


def _zip(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    return packed.getvalue()


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(GOOD)
        archive.addfile(member, io.BytesIO(GOOD))
    return packed.getvalue()


def _read(folder: Path, content: bytes, name: str = "x.csv", limits: dict[str, int] | None = None) -> DatasetProfile:
    source = folder / "upload"
    source.write_bytes(content)
    return read_file(source, folder / "set", limits=config.Limits(**(limits or {})), seconds=30, file_name=name)


def _refused(
    folder: Path, content: bytes, name: str = "x.csv", limits: dict[str, int] | None = None
) -> UnreadableFileError:
    """Read a file that must be refused, and check that only the upload itself is left, unchanged."""
    with pytest.raises(UnreadableFileError) as caught:
        _read(folder, content, name, limits)
    assert [path.name for path in folder.iterdir()] == ["upload"]
    assert (folder / "upload").read_bytes() == content
    _is_a_sentence(str(caught.value), folder)
    return caught.value


def _is_a_sentence(words: str, folder: Path) -> None:
    assert words[0].isupper() or words[0].isdigit()
    assert words.endswith(".")
    assert len(words) < 400
    assert str(folder) not in words
    assert "Traceback" not in words


EMPTY = [
    pytest.param(b"", "x.csv", id="no bytes"),
    pytest.param(b"\xef\xbb\xbf", "x.csv", id="a UTF-8 mark alone"),
    pytest.param(b"\xff\xfe", "x.csv", id="a UTF-16 mark alone"),
    pytest.param(b"\n\r\n  \n\t\n", "x.csv", id="blank lines"),
    pytest.param(b",,,\n,,,\n", "x.csv", id="separators"),
    pytest.param(gzip.compress(b""), "x.csv.gz", id="a gzip of nothing"),
]


@pytest.mark.parametrize(("content", "name"), EMPTY)
def test_a_file_without_anything_is_called_empty(tmp_path: Path, content: bytes, name: str) -> None:
    refusal = _refused(tmp_path, content, name)
    assert (refusal.status, refusal.code, str(refusal)) == (422, "empty_file", "The file is empty.")


WRONG_KINDS = [
    pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(99), "x.csv", "wrong_type", "PNG", id="png"),
    pytest.param(b"\xff\xd8\xff\xe0" + bytes(99), "x.csv", "wrong_type", "JPEG", id="jpeg"),
    pytest.param(b"GIF89a" + bytes(99), "x.csv", "wrong_type", "GIF", id="gif"),
    pytest.param(b"%PDF-1.7\n1 0 obj\n", "x.csv", "wrong_type", "PDF", id="pdf"),
    pytest.param(b"\x7fELF\x02\x01" + bytes(99), "x.csv", "wrong_type", "program", id="elf"),
    pytest.param(b"MZ\x90\x00" + bytes(99), "x.csv", "wrong_type", "program", id="exe"),
    pytest.param(b"PAR1" + bytes(99) + b"PAR1", "x.csv", "name_and_content_differ", "Parquet", id="parquet named csv"),
    pytest.param(b"SQLite format 3\x00" + bytes(99), "x.csv", "unsupported_format", "SQLite", id="sqlite"),
    pytest.param(b"\x89HDF\r\n\x1a\n" + bytes(99), "x.csv", "name_and_content_differ", "HDF5", id="hdf5"),
    pytest.param(b"CDF\x01" + bytes(99), "x.csv", "name_and_content_differ", "NetCDF", id="netcdf named csv"),
    pytest.param(b'[{"a": 1}, {"a": 2}]', "x.csv", "name_and_content_differ", "JSON", id="json named csv"),
    pytest.param(b'{"a": 1}\n{"a": 2}\n', "x.csv", "name_and_content_differ", "JSON", id="json lines"),
    pytest.param(b"[" * 100_000, "x.csv", "name_and_content_differ", "JSON", id="json of great depth"),
    pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "x.xls", "wrong_type", "CSV", id="old excel"),
    pytest.param(_zip(*OFFICE), "x.csv", "name_and_content_differ", "Excel", id="xlsx named csv"),
    pytest.param(GOOD, "x.parquet", "name_and_content_differ", ".csv", id="csv named parquet"),
    pytest.param(GOOD, "x.xlsx", "name_and_content_differ", ".csv", id="csv named xlsx"),
    pytest.param(GOOD, "x.JSON", "name_and_content_differ", ".csv", id="csv named json"),
    pytest.param(_zip("a.csv"), "x.csv", "name_and_content_differ", "zip", id="zip"),
    pytest.param(_tar(), "x.csv", "archive", "tar", id="tar"),
    pytest.param(gzip.compress(_tar()), "x.tar.gz", "archive", "tar", id="tar in gzip"),
    pytest.param(gzip.compress(_tar()), "x.csv.gz", "archive", "tar", id="tar in gzip named csv"),
    pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(99), "x.csv", "archive", "7z", id="7z"),
    pytest.param(b"Rar!\x1a\x07" + bytes(99), "x.csv", "archive", "rar", id="rar"),
    pytest.param(b"BZh91AY" + bytes(99), "x.csv", "archive", "bzip2", id="bzip2"),
    pytest.param(b"\xfd7zXZ\x00" + bytes(99), "x.csv", "archive", "xz", id="xz"),
    pytest.param(b"(\xb5/\xfd" + bytes(99), "x.csv", "archive", "zstd", id="zstd"),
    pytest.param(gzip.compress(gzip.compress(GOOD)), "x.csv.gz", "archive", "gzip", id="gzip in gzip"),
    pytest.param(gzip.compress(_zip("a.csv")), "x.csv.gz", "archive", "zip", id="zip in gzip"),
    pytest.param(gzip.compress(b"\x89PNG\r\n" + bytes(99)), "x.csv.gz", "wrong_type", "PNG", id="png in gzip"),
]


@pytest.mark.parametrize(("content", "name", "code", "word"), WRONG_KINDS)
def test_what_is_no_text_table_is_known_by_its_bytes(
    tmp_path: Path, content: bytes, name: str, code: str, word: str
) -> None:
    refusal = _refused(tmp_path, content, name)
    assert (refusal.status, refusal.code) == (415, code)
    assert word in str(refusal)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<!DOCTYPE html>\n<html><body>Sign in, please</body></html>", id="a sign-in page"),
        pytest.param(b"\xef\xbb\xbf\r\n  <HTML lang=en><table><tr><td>1,2", id="capitals after a mark and blanks"),
        pytest.param(b'<?xml version="1.0"?>\n<html><body>1,2</body></html>', id="a page as xml"),
        pytest.param(b"<svg xmlns='x'><script>alert(1)</script></svg>", id="svg"),
        pytest.param(
            b"<!-- saved from a portal --><html>\n1,2\n3,4\n",
            id="a page that begins with a comment",
        ),
    ],
)
def test_a_web_page_is_no_table(tmp_path: Path, content: bytes) -> None:
    refusal = _refused(tmp_path, content)
    assert (refusal.status, refusal.code) == (422, "looks_like_html")
    assert "web page" in str(refusal)


def test_xml_of_an_unknown_kind_is_named_and_never_expanded(tmp_path: Path) -> None:
    refusal = _refused(tmp_path, b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]>\n<a>&b;</a>')
    assert (refusal.status, refusal.code) == (415, "unsupported_format")
    assert str(refusal).startswith("This is an XML file of a kind that is not known (a). Of XML, WaterML")


ODD_TEXT = [
    pytest.param(b"a,b\n1,2\n" + b"3,\x004\n" * 9, "ragged", 3, id="NUL bytes on most lines"),
    pytest.param("ä,b\n1,2\n".encode("utf-16-le")[1:], "damaged", None, id="UTF-16 without its first byte"),
    pytest.param(b"a,b\n1," + b"x" * 5_000_000, "line_too_long", 2, id="a line without end"),
    pytest.param(b"a,b\n" + b"1," * 2_500_000, "line_too_long", 2, id="a line of separators without end"),
    pytest.param(b"a,b\n" + b'"' * 1_000_001, "ragged", 2, id="an odd million of quotes"),
    pytest.param(b"a,b,c\n" + b"1,2,3\n1,2\n4,5,6,7\n" * 30, "ragged", 3, id="mostly ragged rows"),
    pytest.param(b"a,b,c\n1\n1,2\n1,2,3,4\n1,2,3,4,5\n", "ragged", 2, id="only ragged rows"),
    pytest.param(b"a,b,c\n", "no_rows", None, id="a header only"),
    pytest.param(b"a", "no_rows", None, id="one name only"),
    pytest.param("a,b\n1,2\n".encode("utf-16")[:-1], "damaged", None, id="half a letter of UTF-16"),
]


@pytest.mark.parametrize(("content", "code", "line"), ODD_TEXT)
def test_text_that_is_no_whole_table_is_refused_with_its_line(
    tmp_path: Path, content: bytes, code: str, line: int | None
) -> None:
    refusal = _refused(tmp_path, content)
    assert (refusal.status, refusal.code, refusal.line) == (422, code, line)
    if line is not None:
        assert f"ine {line:,}" in str(refusal)


def test_an_even_million_of_quotes_is_not_called_too_much_memory(tmp_path: Path) -> None:
    assert _refused(tmp_path, b"a,b\n" + b'"' * 1_000_000).status == 422


def test_random_bytes_are_no_table(tmp_path: Path) -> None:
    assert _refused(tmp_path, NOISE.randbytes(5000)).status in (415, 422)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(GOOD * 99)[:-12], id="cut off"),
        pytest.param(gzip.compress(GOOD * 99)[:-8] + b"\x01\x02\x03\x04" + gzip.compress(GOOD * 99)[-4:], id="sum"),
        pytest.param(gzip.compress(GOOD) + b"junk after the end", id="junk after the end"),
        pytest.param(b"\x1f\x8b", id="two bytes"),
        pytest.param(b"\x1f\x8bnot a gzip at all", id="only begins like one"),
    ],
)
def test_a_damaged_gzip_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    refusal = _refused(tmp_path, content, "x.csv.gz")
    assert (refusal.status, refusal.code) == (422, "damaged")
    assert "gzip" in str(refusal)


BOMB = gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000)
WIDE = b",".join(b"c%d" % position for position in range(21)) + b"\n" + b",".join([b"1"] * 21) + b"\n"
OVER = [
    pytest.param(BOMB, {"unpacked_mb": 5}, 413, "expands_too_much", "UNPACKED_MB", id="a gzip bomb"),
    pytest.param(BOMB, {}, 413, "expands_too_much", "UNPACKED_RATIO", id="a gzip bomb by its ratio"),
    pytest.param(WIDE, {"columns": 20}, 422, "too_many_columns", "COLUMNS", id="columns"),
    pytest.param(b"a,b\n" + b"1,2\n" * 101, {"rows": 100}, 422, "too_many_rows", "ROWS", id="rows"),
    pytest.param(b"a,b\n1," + b"x" * 2000 + b"\n", {"cell_kb": 1}, 422, "cell_too_large", "CELL_KB", id="a cell"),
    pytest.param(
        b"a,b\n" + b"1,2\n" * 51,
        {"cells": 100},
        422,
        "too_many_rows",
        "CELLS",
        id="cells",
    ),
]


@pytest.mark.parametrize(("content", "limits", "status", "code", "setting"), OVER)
def test_what_is_over_a_limit_is_refused_with_the_setting_that_raises_it(
    tmp_path: Path, content: bytes, limits: dict[str, int], status: int, code: str, setting: str
) -> None:
    refusal = _refused(tmp_path, content, limits=limits)
    assert (refusal.status, refusal.code) == (status, code)
    assert f"HYDROML_LIMIT_{setting} " in str(refusal)


@pytest.mark.parametrize("limits", [{"rows": 100}, {"cells": 200}, {"columns": 2}])
def test_what_is_exactly_at_a_limit_is_read(tmp_path: Path, limits: dict[str, int]) -> None:
    assert _read(tmp_path, b"a,b\n" + b"1,2\n" * 100, limits=limits).rows == 100


def test_reading_that_takes_too_long_is_stopped_and_its_child_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader_pool.forget()
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    source = tmp_path / "upload"
    source.write_bytes(b"a,b\n" + b"1,2\n" * 25_000_000)
    with pytest.raises(UnreadableFileError, match="more than 1 s") as caught:
        read_file(source, tmp_path / "set", limits=config.Limits(), seconds=1, file_name="x.csv")
    assert (caught.value.status, caught.value.code) == (422, "too_slow")
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]
    assert [item.returncode for item in started] == [-9]


def test_reading_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    refusal = _refused(tmp_path, b"a,b\n" + b"1,2\n" * 100_000, limits={"read_memory_mb": 64})
    assert (refusal.status, refusal.code) == (413, "too_large_to_read")
    assert "64 MB" in str(refusal)


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    content = b"a,b\n" + b"".join(b"%r,%r\n" % (NOISE.random(), NOISE.random()) for _ in range(200_000))
    with pytest.raises(NoSpaceError, match="no room"):
        _read(tmp_path, content, limits={"unpacked_mb": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def test_a_refused_file_leaves_the_earlier_dataset_as_it_was(tmp_path: Path) -> None:
    _read(tmp_path, GOOD)
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    with pytest.raises(UnreadableFileError):
        _read(tmp_path, b"")
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "upload"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "%252e%252e%252fx.csv",
        "x\x00.csv",
        "a\r\nSet-Cookie: b=c",
        "n" * 300 + ".csv",
        "\u202egpj.csv",
        "",
        "." * 50,
    ],
)
def test_a_name_of_a_file_never_decides_where_anything_is_written(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, GOOD, name).rows == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "upload"]
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["data.parquet", "hashes.json", "profile.json"]


POOR = [
    pytest.param(b"a\n1\n2\n3\n", "one_column", id="one column"),
    pytest.param(b"a,b\n1,2\n", "too_few_rows", id="one row"),
    pytest.param(b"a,b\n1,\n2,NA\n3,\n", "all_missing", id="a column of which all is missing"),
    pytest.param(b"a,b\n1,x\n2,x\n3,x\n", "constant", id="one class"),
    pytest.param(b"a,b\n" + b"1,2\n3,4\n" * 3, "duplicate_rows", id="rows that repeat"),
]


@pytest.mark.parametrize(("content", "code"), POOR)
def test_a_table_too_poor_to_learn_from_is_read_with_a_finding(tmp_path: Path, content: bytes, code: str) -> None:
    profile = _read(tmp_path, content)
    finding = next(item for item in profile.findings if item.code == code)
    assert finding.message.endswith(".")
    assert (tmp_path / "set" / "data.parquet").exists()


def test_a_few_ragged_rows_are_left_out_and_listed_with_their_lines(tmp_path: Path) -> None:
    profile = _read(tmp_path, b"a,b,c\n" + b"1,2,3\n" * 57 + b"1,2\n1,2,3,4\n1\n")
    report = profile.report
    assert (report.rows_read, report.rows_kept, report.rows_rejected, profile.rows) == (60, 57, 3, 57)
    assert [line for line, _ in report.rejected] == [59, 60, 61]
    assert all(reason.endswith("the table has 3 columns.") for _, reason in report.rejected)


NAMES = [
    pytest.param("a,a,A, ,", ["a", "a_2", "A_3", "column_4", "column_5"], 4, id="twice, by case, blank, none"),
    pytest.param(f"{'n' * 5000},{'n' * 5000}", ["n" * 200, "n" * 198 + "_2"], 2, id="five thousand letters"),
    pytest.param("c,d\x07e,\u202egpj,\u200b", ["c", "de", "gpj", "column_4"], 3, id="what cannot be seen"),
    pytest.param('c,"a\nb"', ["c", "a b"], 1, id="a line break"),
    pytest.param("<script>alert(1)</script>,{{7*7}},x", ["<script>alert(1)</script>", "{{7*7}}", "x"], 0, id="HTML"),
    pytest.param('"""><img onerror=a()>",b', ['"><img onerror=a()>', "b"], 0, id="HTML that closes a quote"),
    pytest.param('\'; DROP TABLE raw;--,"c0, c1"', ["'; DROP TABLE raw;--", "c0, c1"], 0, id="SQL"),
    pytest.param("=1+1,__class__,constructor", ["=1+1", "__class__", "constructor"], 0, id="words of languages"),
    pytest.param("عربي,😀,e\u0301", ["عربي", "😀", "e\u0301"], 0, id="letters of the world"),
]


@pytest.mark.parametrize(("header", "names", "renamed"), NAMES)
def test_any_name_of_a_column_is_kept_or_repaired_and_said(
    tmp_path: Path, header: str, names: list[str], renamed: int
) -> None:
    row = ",".join(str(position) for position in range(len(names)))
    profile = _read(tmp_path, f"{header}\n{row}\n{row}\n".encode())
    assert [column.name for column in profile.columns] == names
    assert [column.minimum for column in profile.columns] == list(range(len(names)))
    assert sum(note.startswith("Renamed: ") for note in profile.report.notes) == renamed


def test_two_names_that_look_the_same_are_pointed_out(tmp_path: Path) -> None:
    profile = _read(tmp_path, "\u00e9,e\u0301\n1,2\n3,4\n".encode())
    assert profile.report.notes or any("look" in finding.message for finding in profile.findings)


def test_numbers_that_are_not_finite_count_as_missing_and_that_is_said(tmp_path: Path) -> None:
    profile = _read(tmp_path, b"a,b\n" + b"1,2.5\n" * 999 + b"3,1e400\n4,-inf\n5,NaN\n6,5e-324\n7,-0\n")
    column = profile.column("b")
    assert (column.storage, column.missing, column.maximum, column.minimum) == ("number", 3, 2.5, 0.0)
    assert "b: 2 values are not finite numbers and count as missing." in profile.report.notes


def test_numbers_that_are_not_finite_are_noticed_in_a_small_table_too(tmp_path: Path) -> None:
    profile = _read(tmp_path, b"a,b\n1,2.5\n2,inf\n3,1e400\n4,3.5\n5,4.5\n")
    assert profile.column("b").storage == "number" or any(note.startswith("b: ") for note in profile.report.notes)


@pytest.mark.parametrize("first", [b"PK,depth", b"MZ,depth"])
def test_a_first_column_named_like_two_magic_letters_is_no_archive(tmp_path: Path, first: bytes) -> None:
    assert _read(tmp_path, first + b"\n1,2\n3,4\n").rows == 2


PIECES = st.sampled_from(
    [
        *b"a 1 2.5 , ; | # NA inf 1e400 \xe9 \xc3\xa9 \x00 \x1a \x85 \xef\xbb\xbf 2001-01-02 \\ <html {".split(b" "),
        *(b"\n", b"\r\n", b"\r", b"\t", b"\x0b", b'"', b" "),
    ]
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.sampled_from([b"", b"a,b\n1,2\n3,4\n"]), st.lists(PIECES, max_size=30))
def test_any_bytes_give_a_profile_or_a_sentence(start: bytes, pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "upload"
        source.write_bytes(start + b"".join(pieces))
        limits = config.Limits().__dict__
        request = {"source": str(source), "folder": folder, "suffix": ".csv", "limits": limits, "seconds": 30}
        answers = child.answer_request(request)
    if "error" in answers:
        assert answers["error"]["status"] in (413, 415, 422)
        assert answers["error"]["message"].endswith(".")
    else:
        report = answers["profile"]["report"]
        assert report["rows_read"] == report["rows_kept"] + report["rows_rejected"]
        assert report["rows_kept"] == answers["profile"]["rows"]
