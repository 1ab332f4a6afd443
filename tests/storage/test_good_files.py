"""Good files of every common layout come back value by value, and no row is ever lost unsaid."""

from __future__ import annotations

import csv
import gzip
import io
import json
import string
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import config
from app.domain.analysis.profiling.profile import DatasetProfile
from app.storage.columnar import connect
from app.storage.reading import child, read_file

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.csv"))
Rows = list[tuple[Any, ...]]


def _rows(folder: Path, parquet: Path) -> Rows:
    with connect(folder) as connection:
        result_values: Rows = connection.execute("SELECT * FROM read_parquet(?)", [str(parquet)]).fetchall()
    return result_values


def _table(content: bytes, suffix: str = ".csv") -> tuple[DatasetProfile, Rows]:
    """Read a file as the child does, and return its profile and every stored row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "upload").write_bytes(content)
        answers = child.answer_request(
            {
                "source": str(folder / "upload"),
                "folder": name,
                "suffix": suffix,
                "limits": config.Limits().__dict__,
                "seconds": 30,
            }
        )
        assert "error" not in answers, answers["error"]
        profile = DatasetProfile.from_json(json.loads(json.dumps(answers["profile"], allow_nan=False)))
        rows = _rows(folder, folder / "data.parquet")
    report = profile.report
    assert report.rows_read == report.rows_kept + report.rows_rejected
    assert report.rows_kept == profile.rows == len(rows)
    return profile, rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_is_found(delimiter: str, end: str) -> None:
    lines = (("site", "rain", "count"), ("north", "1.5", "7"), ("south", "-2.25", "8"))
    profile, rows = _table(end.join(delimiter.join(line) for line in lines).encode())
    assert rows == [("north", 1.5, 7), ("south", -2.25, 8)]
    assert [column.name for column in profile.columns] == ["site", "rain", "count"]
    assert [column.storage for column in profile.columns] == ["text", "number", "integer"]
    assert (profile.report.delimiter, profile.report.encoding, profile.report.notes) == (delimiter, "UTF-8", ())


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_decimal_comma_is_read_and_said(delimiter: str) -> None:
    text = "site;rain;count\nnorth;1,5;7\nsouth;-2,25;8\neast;,5;9\n".replace(";", delimiter)
    profile, rows = _table(text.encode())
    assert rows == [("north", 1.5, 7), ("south", -2.25, 8), ("east", 0.5, 9)]
    assert profile.report.decimal == ","
    assert "Numbers were read with a decimal comma." in profile.report.notes


def test_a_decimal_point_beside_semicolons_stays_a_point() -> None:
    profile, rows = _table(b"a;b\n1.5;x\n2.25;y\n")
    assert rows == [(1.5, "x"), (2.25, "y")]
    assert profile.report.decimal == "."


@pytest.mark.parametrize(
    ("encoding", "mark", "said"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8-sig", b"", "UTF-8"),
        ("utf-16", b"", "UTF-16"),
        ("utf-16-le", b"\xff\xfe", "UTF-16"),
        ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("cp1252", b"", "Windows-1252"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_encoding_gives_the_same_letters(encoding: str, mark: bytes, said: str, packed: bool) -> None:
    content = mark + "Ort,Größe\nOrléans,1\nKöln €,2\n".encode(encoding)
    profile, rows = _table(gzip.compress(content) if packed else content, ".csv.gz" if packed else ".csv")
    assert rows == [("Orléans", 1), ("Köln €", 2)]
    assert [column.name for column in profile.columns] == ["Ort", "Größe"]
    assert profile.report.encoding == said
    assert any("Windows-1252" in note for note in profile.report.notes) == (encoding == "cp1252")


def test_letters_beyond_the_first_plane_survive() -> None:
    assert _table("a,b\n😀,1\n𝒳,2\n".encode("utf-16"))[1] == [("😀", 1), ("𝒳", 2)]


def test_quotes_hold_separators_line_breaks_and_quotes() -> None:
    profile, rows = _table(b'a,b\n1,"x, y\nand ""z"""\n2,"p\r\nq"\n3,"r;s|t"\n')
    assert rows == [(1, 'x, y\nand "z"'), (2, "p\r\nq"), (3, "r;s|t")]
    assert profile.report.notes == ()


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("# a comment\n", 2),
        ("Station: North\n\n", 3),
        ("# one\n# two\nMeasured by hand\n\n", 5),
    ],
)
def test_lines_before_the_table_are_passed_over_and_said(before: str, line: int) -> None:
    profile, rows = _table((before + "a,b,c\n1,2,3\n4,5,6\n7,8\n" + "7,8,9\n" * 20).encode())
    assert [column.name for column in profile.columns] == ["a", "b", "c"]
    assert rows[:2] == [(1, 2, 3), (4, 5, 6)]
    assert f"The table starts on line {line}; the lines before it were passed over." in profile.report.notes
    assert [position for position, _ in profile.report.rejected] == [line + 3]


CODES = [
    pytest.param(["01234", "00001", "20000"], "leading zeros", id="leading zeros"),
    pytest.param(["12345678901234567890", "12345678901234567891", "3"], "very long numbers", id="twenty digits"),
    pytest.param(["9223372036854775807", "9223372036854775806", "1"], "very long numbers", id="nineteen digits"),
    pytest.param(["1E5", "2E3", "7E1"], "look like codes", id="plates of cars"),
    pytest.param(["9" * 5000, "8", "7"], "very long numbers", id="five thousand digits"),
]


@pytest.mark.parametrize(("values", "words"), CODES)
def test_codes_stay_the_text_they_are_and_that_is_said(values: list[str], words: str) -> None:
    profile, rows = _table(("code,v\n" + "".join(f"{value},1\n" for value in values)).encode())
    assert [row[0] for row in rows] == values
    assert profile.column("code").storage == "text"
    assert any(note.startswith("code: kept as text") and words in note for note in profile.report.notes)


TYPES = [
    pytest.param(["999999999999999999", "-999999999999999999"], "integer", [10**18 - 1, 1 - 10**18], id="eighteen"),
    pytest.param(["+5", " -3 "], "integer", [5, -3], id="signs and blanks"),
    pytest.param([".5", "5."], "number", [0.5, 5.0], id="bare points"),
    pytest.param(["1e5", "2.5e-3"], "number", [1e5, 2.5e-3], id="powers of ten"),
    pytest.param(["5e-324", "1e200"], "number", [5e-324, 1e200], id="very small and large"),
    pytest.param(["true", "FALSE", "T", ""], "boolean", [True, False, True, None], id="true and false"),
    pytest.param(["NA", "nan", "n/a", "NULL", "<NA>", "7"], "integer", [None] * 5 + [7], id="words for nothing"),
    pytest.param(["10%", "5 €"], "text", ["10%", "5 €"], id="units"),
    pytest.param(["0x1F", "0x20"], "text", ["0x1F", "0x20"], id="hexadecimal"),
    pytest.param(["12:30", "13:40"], "text", ["12:30", "13:40"], id="times of day"),
    pytest.param(["1.2.3.4", "1.2.3.5"], "text", ["1.2.3.4", "1.2.3.5"], id="addresses"),
    pytest.param(["=1+1", "@cmd"], "text", ["=1+1", "@cmd"], id="formulas"),
]


@pytest.mark.parametrize(("texts", "storage", "values"), TYPES)
def test_each_type_is_told_and_its_values_come_back(texts: list[str], storage: str, values: list[Any]) -> None:
    profile, rows = _table(("a,b\n" + "".join(f"{text},x\n" for text in texts)).encode())
    assert profile.column("a").storage == storage
    assert [row[0] for row in rows] == values


DAY = datetime.fromisoformat("2001-02-13")
NOON = DAY.replace(hour=4, minute=5)
DATES = [
    ("2001-02-13", DAY, ""),
    ("2001-2-13", DAY, ""),
    ("2001/02/13", DAY, ""),
    ("2001-02-13 04:05", NOON, ""),
    ("2001-02-13 04:05:06", NOON.replace(second=6), ""),
    ("2001-02-13T04:05:06", NOON.replace(second=6), ""),
    ("2001-02-13 04:05:06.789", NOON.replace(second=6, microsecond=789_000), ""),
    ("13-02-2001", DAY, "DD-MM-YYYY"),
    ("13.02.2001", DAY, "DD.MM.YYYY"),
    ("13/02/2001", DAY, "DD/MM/YYYY"),
    ("02/13/2001", DAY, "MM/DD/YYYY"),
    ("13/02/2001 04:05", NOON, "DD/MM/YYYY hh:mm"),
    ("02/13/2001 04:05", NOON, "MM/DD/YYYY hh:mm"),
    ("13.02.2001 04:05", NOON, "DD.MM.YYYY hh:mm"),
]


@pytest.mark.parametrize(("text", "moment", "layout"), DATES, ids=[text for text, _, _ in DATES])
def test_dates_are_read_and_an_order_that_had_to_be_guessed_is_said(text: str, moment: datetime, layout: str) -> None:
    profile, rows = _table(f"day,v\n{text},1\n{text},2\n,3\n".encode())
    assert profile.column("day").storage == "datetime"
    assert [row[0] for row in rows] == [moment, moment, None]
    assert [note.split(": ")[1] for note in profile.report.notes] == ([f"dates read as {layout}"] if layout else [])


def test_a_date_that_can_be_read_both_ways_is_pointed_out() -> None:
    profile, rows = _table(b"day,v\n01/02/2001,1\n03/02/2001,2\n")
    assert rows[0][0] == DAY.replace(month=2, day=1)
    question = next(finding for finding in profile.findings if finding.code == "looks_like_time_not_understood")
    assert [remedy.label for remedy in question.remedies] == [
        "01/02/2001 is 1 February 2001 (suggested)",
        "01/02/2001 is 2 January 2001",
        "They are no dates",
    ]


@pytest.mark.parametrize("text", ["01/02/03", "13.2.01", "1.2.3"])
def test_no_date_is_moved_to_the_first_century(text: str) -> None:
    value = _table(f"day,v\n{text},1\n{text},2\n".encode())[1][0][0]
    assert isinstance(value, str) or value.year > 1900


LAYOUTS = [
    pytest.param(b"1,2\n3,4\n5,6\n", ["column_1", "column_2"], [(1, 2), (3, 4), (5, 6)], id="no header"),
    pytest.param(b"a,b\n0,1,2\n1,3,4\n", ["column_1", "a", "b"], [(0, 1, 2), (1, 3, 4)], id="a name too few"),
    pytest.param(b"a,b\n1,x\n\n2,y\n\n", ["a", "b"], [(1, "x"), (2, "y")], id="blank lines between"),
    pytest.param(b"a,b\n1,x\n2,y", ["a", "b"], [(1, "x"), (2, "y")], id="no line end at the end"),
    pytest.param(
        b"id,tags\n" + b"7,u;v;w\n" * 20,
        ["id", "tags"],
        [(7, "u;v;w")] * 20,
        id="lists inside cells",
    ),
    pytest.param(
        b"#,name\n1,x\n2,y\n",
        ["#", "name"],
        [(1, "x"), (2, "y")],
        id="a name that is a hash",
    ),
    pytest.param(
        b"sep=;\na;b\n1;2\n3;4\n",
        ["a", "b"],
        [(1, 2), (3, 4)],
        id="the separator named by Excel",
    ),
    pytest.param(
        b'a,b\r\n1,"x\r\ny"\r\n2,z\r\n',
        ["a", "b"],
        [(1, "x\r\ny"), (2, "z")],
        id="a Windows line break in a cell of the first row",
    ),
    pytest.param(b"a,b\n1," + b"x" * 200_000, ["a", "b"], [(1, "x" * 200_000)], id="a long cell near the top"),
    pytest.param(
        b'a,b\n1,"x""\n' + b"x" * 140_000 + b'"\n', ["a", "b"], [(1, 'x"\n' + "x" * 140_000)], id="long, quoted"
    ),
]


@pytest.mark.parametrize(("content", "names", "values"), LAYOUTS)
def test_less_common_layouts_are_understood(content: bytes, names: list[str], values: Rows) -> None:
    profile, rows = _table(content)
    assert [column.name for column in profile.columns] == names
    assert rows == values


@pytest.mark.parametrize("header", [b'depth 5",flow', b'"a\nb",c'], ids=["an inch", "a line break"])
def test_a_quote_in_the_header_never_swallows_rows(header: bytes) -> None:
    profile, _ = _table(header + b"\n" + b"".join(b"%d,%d\n" % (position, 3 * position) for position in range(100)))
    assert profile.report.rows_read == 100


def test_numbers_near_the_largest_are_profiled() -> None:
    assert _table(b"a,b\n1e308,x\n-1e308,y\n1.5e308,z\n")[1][0] == (1e308, "x")


def test_a_stray_quote_costs_one_row_which_is_named() -> None:
    profile, rows = _table(b'a,b\n1,"x"y\n' + b"2,z\n" * 20)
    assert rows == [(2, "z")] * 20
    assert profile.report.rejected == ((2, "A quote stands in the middle of a value."),)


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=12).map("w{}".format)
PLAIN = st.text(string.ascii_letters + string.digits + " -_.:/äß€", max_size=12).map("w{}".format)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100)
WHOLE = st.integers(-(10**18) + 1, 10**18 - 1)


def _written(rows: Rows, *, delimiter: str = ",", quoting: Any = csv.QUOTE_ALL, end: str = "\n") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(("word", "number", "whole"))
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue().encode()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.tuples(st.none() | WORDS, NUMBERS, st.none() | WHOLE), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=[('w"\n,;', -0.0, None)], delimiter=";", end="\r\n")
def test_any_small_table_in_quotes_comes_back_exactly(rows: Rows, delimiter: str, end: str) -> None:
    profile, stored = _table(_written(rows, delimiter=delimiter, end=end))
    assert stored == rows
    assert profile.report.rows_rejected == 0
    assert [column.missing for column in profile.columns] == [
        sum(row[position] is None for row in rows) for position in range(3)
    ]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.tuples(PLAIN, NUMBERS, WHOLE), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_any_small_table_without_quotes_comes_back_exactly(rows: Rows, delimiter: str) -> None:
    assert _table(_written(rows, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL))[1] == rows


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.tuples(PLAIN, NUMBERS, WHOLE), min_size=30, max_size=50),
    bad=st.sets(st.integers(1, 29), max_size=5),
    cells=st.sampled_from([["wx"], ["wx", 1], ["wx", 1, 2, 3], ["wx", 1, 2, 3, 4, 5]]),
    blank=st.integers(0, 4),
)
def test_rows_read_are_rows_kept_and_rows_rejected(rows: Rows, bad: set[int], cells: list[Any], blank: int) -> None:
    given_rows = [tuple(cells) if index in bad else row for index, row in enumerate(rows)]
    content = _written(given_rows, quoting=csv.QUOTE_MINIMAL) + b"\n" * blank
    profile, stored = _table(content)
    assert (profile.report.rows_read, profile.report.rows_rejected) == (len(rows), len(bad))
    assert [line for line, _ in profile.report.rejected] == [position + 2 for position in sorted(bad)]
    assert stored == [row for index, row in enumerate(rows) if index not in bad]


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_the_shipped_samples_are_read_cell_by_cell(tmp_path: Path, path: Path) -> None:
    profile = read_file(path, tmp_path / "set", limits=config.Limits(), seconds=60, file_name=path.name)
    with path.open(encoding="utf-8", newline="") as handle:
        names, *texts = list(csv.reader(handle))
    assert [column.name for column in profile.columns] == names
    assert (profile.report.rows_read, profile.report.rows_kept, profile.report.rows_rejected) == (len(texts),) * 2 + (
        0,
    )
    for row, cells in zip(_rows(tmp_path, tmp_path / "set" / "data.parquet"), texts, strict=True):
        for value, text in zip(row, cells, strict=True):
            assert _same(value, text), (value, text)
    assert (tmp_path / "set" / "profile.json").exists()


def _same(value: Any, text: str) -> bool:
    if value is None:
        return text in ("", "NA", "NaN")
    if isinstance(value, datetime):
        return value == datetime.fromisoformat(text)
    return value == text if isinstance(value, str) else float(text) == value
