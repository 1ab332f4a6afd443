"""Every physical line of a text is in the account, and what is damaged or written otherwise costs its own line."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from app.domain.analysis.profiling.describing import report_json
from app.domain.analysis.profiling.profile import DatasetProfile
from tests.storage.answers import SHARED, ask, read
from tests.storage.texts import read_text

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FILES = [
    SAMPLES / "piscataquis_01031500_daily.csv",
    SAMPLES / "gw_kingstown_usgs_daily.csv",
    SAMPLES / "rd_palmerpenguins_penguins_raw.csv",
    SHARED / "general" / "winequality-red.csv",
    SHARED / "general" / "titanic_kaggle_train.csv",
    SHARED / "hydro" / "usgs_KlamathTP.csv",
    SHARED / "hydro" / "smwrdata_TestFull.rdb",
]
MOST_LINES = 300
EACH = 12


def dates(rows: int, delimiter: str = ",") -> list[str]:
    """Return lines of a daily record with its names."""
    values = [
        (f"2001-{1 + position // 28 % 12:02}-{1 + position % 28:02}", f"{position}.5", f"{position * 7 % 31}", "ice")
        for position in range(rows)
    ]
    return [delimiter.join(row) for row in (("date", "level", "count", "note"), *values)]


def account(folder: Path, content: bytes, name: str = "x.csv", **choices: Any) -> dict[str, Any]:
    """Read a file and hold its report to an independent count of lines."""
    profile, rows = read(folder, content, name, **choices)
    report = report_json(profile.report)
    lines = len(content.splitlines())
    assert report["lines"] == lines
    known = report["header_lines"] + report["rows_read"] + report["rows_passed_over"] + report["lines_continued"]
    assert known == lines
    assert report["rows_read"] == report["rows_kept"] + report["rows_rejected"] + report["left_out"]
    assert len(rows) == report["rows_kept"]
    listed = sum(row["last_line"] - row["line"] + 1 for row in report["passed_over"])
    assert listed == report["rows_passed_over"] or len(report["passed_over"]) >= 50
    return report


def text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("start", [20, 90, 384, 700])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_rows_after_a_change_of_separator_are_rejected(tmp_path: Path, start: int, delimiter: str) -> None:
    lines = dates(768)
    # A first column that is no number under the other separator was once taken for a remark, and so for a footer.
    lines = [lines[0], *(f"{index},{line[11:]}" for index, line in enumerate(lines[1:]))]
    content = text(lines[:start] + [line.replace(",", delimiter) for line in lines[start:]])
    report = account(tmp_path, content, ragged="leave_out")
    assert report["rows_read"] == 768
    assert report["rows_kept"] in (start - 1, 769 - start)
    assert report["rows_passed_over"] == 0
    assert "separated by" in report["rejected"][0]["reason"]
    names = [
        column["name"] for column in ask("read", tmp_path, content, "x.csv", ragged="leave_out")["profile"]["columns"]
    ]
    assert names[1] == "level"


def test_a_change_of_separator_in_many_rows_is_refused_with_a_remedy(tmp_path: Path) -> None:
    lines = dates(768)
    content = text(lines[:385] + [line.replace(",", ";") for line in lines[385:]])
    error = ask("read", tmp_path, content, "x.csv")["error"]
    assert (error["code"], error["line"]) == ("ragged", 386)
    assert "It is separated by semicolons; the table is separated by commas" in error["message"]


DAMAGE: list[Any] = [
    pytest.param(b"2001-02-07,3\x007.5,11,ice", "NUL byte", id="a NUL byte"),
    pytest.param(b"\x00" * 5000, "NUL byte", id="a block of NUL bytes"),
    pytest.param(b"2001-02-07,3\xff7.5,11,ice", "0xFF, which is not UTF-8", id="a byte that is no letter"),
    pytest.param(b"2001-02-07,37.5,11,i\xc3", "0xC3, which is not UTF-8", id="half a letter"),
    pytest.param(b"2001-02-07,3\x017.5,11,ice", "control character 0x01", id="a control character"),
    pytest.param(b"2001-02-07,37.", "It has 2 cells", id="a line that is cut off"),
    pytest.param(b"2001-02-07,37.5,11,ice2001-02-08,3,4,ice", "It has 7 cells", id="two lines in one"),
    pytest.param(b'2001-02-07,37.5,11,"ice', "A quote is opened", id="a quote that is never closed"),
    pytest.param(b"2001-02-07;37.5;11;ice", "separated by semicolons", id="another separator"),
]


@pytest.mark.parametrize(("line", "reason"), DAMAGE)
@pytest.mark.parametrize("at", [1, 40, 90])
def test_a_damaged_line_costs_itself_alone(tmp_path: Path, line: bytes, reason: str, at: int) -> None:
    lines = text(dates(90)).split(b"\n")
    lines[at] = line
    report = account(tmp_path, b"\n".join(lines))
    assert (report["rows_kept"], report["rows_rejected"], report["rows_passed_over"]) == (89, 1, 0)
    assert report["rejected"][0]["line"] == at + 1
    assert reason in report["rejected"][0]["reason"]


def test_a_damaged_line_does_not_change_the_types_of_columns(tmp_path: Path) -> None:
    lines = text(dates(90)).split(b"\n")
    lines[40] = lines[40].replace(b".", b"\xfe")
    profile, _ = read(tmp_path, b"\n".join(lines), "x.csv")
    assert [column.storage for column in profile.columns] == ["datetime", "number", "integer", "text"]


def test_an_odd_byte_leaves_another_encoding_as_it_is() -> None:
    lines = [f"{overloaded},Müller,größer {overloaded}" for overloaded in range(60)]
    for encoding in ("utf-8", "cp1252"):
        content = text(["a,b,c", *lines]).decode().encode(encoding).replace(b"17,M", b"17,\x81M")
        seen = read_text(content)
        assert (len(seen.rows), seen.tally.rejected[0][0]) == (59, 19)
        assert seen.rows[0][1] == "Müller"


def test_words_with_accents_on_one_line_are_no_damage() -> None:
    seen = read_text(text(["a,b", *(f"{position},x" for position in range(60)), "60,Zürich"]).decode().encode("cp1252"))
    assert (seen.rows[-1], seen.tally.rejected) == (["60", "Zürich"], [])


def test_a_mark_of_the_end_of_file_is_no_row(tmp_path: Path) -> None:
    report = account(tmp_path, text(dates(30)) + b"\x1a")
    assert (report["rows_kept"], report["rows_rejected"], report["rows_passed_over"]) == (30, 0, 1)


def test_lines_of_separators_alone_are_passed_over(tmp_path: Path) -> None:
    lines = dates(60)
    lines[20:20] = [",,,", ' ,"",,']
    report = account(tmp_path, text(lines))
    assert (report["rows_kept"], report["rows_passed_over"]) == (60, 2)
    assert report["passed_over"] == [{"line": 21, "last_line": 22, "kind": "blank"}]


def test_rows_of_nothing_are_kept_where_every_column_has_gaps(tmp_path: Path) -> None:
    report = account(tmp_path, b"a,b\n1,\n,\n,2\n3,4\n")
    assert (report["rows_kept"], report["rows_passed_over"]) == (4, 0)


def test_preamble_comments_blanks_and_footer_are_named_with_their_lines(tmp_path: Path) -> None:
    lines = ["Station 5", "", *dates(40), "Total,12,13,", "Source: the Agency"]
    lines[10:10] = ["# checked"]
    report = account(tmp_path, text(lines), comment="#")
    assert [(item["line"], item["last_line"], item["kind"]) for item in report["passed_over"]] == [
        (1, 1, "preamble"), (2, 2, "blank"), (11, 11, "comment"), (45, 46, "footer"),
    ]  # fmt: skip


def test_lines_of_quoted_line_breaks_are_counted_apart(tmp_path: Path) -> None:
    report = account(tmp_path, b'a,"b\nc"\n1,"x\ny\nz"\n\n2,w\n' * 1)
    assert (report["rows_kept"], report["lines_continued"], report["rows_passed_over"]) == (2, 3, 1)


def test_many_remarks_below_a_short_table_are_no_footer_unless_set_apart(tmp_path: Path) -> None:
    lines, remarks = dates(40), ["Data are provisional"] * 12
    assert account(tmp_path, text([*lines, "", *remarks]))["rows_passed_over"] == 13
    assert account(tmp_path, text([*lines, *remarks]), ragged="leave_out")["rows_rejected"] == 12


def test_a_report_of_an_earlier_version_still_opens(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, text(dates(30)), "x.csv")
    stored = profile.to_json()
    for name in ("lines", "header_lines", "rows_passed_over", "lines_continued", "passed_over"):
        del stored["report"][name]
    opened = DatasetProfile.from_json(stored)
    assert (opened.report.rows_passed_over, report_json(opened.report)["lines"]) == (0, None)


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return the content with one fault of those that files come with."""
    lines = content.split(b"\n")
    position = draw.randrange(len(lines))
    line = lines[position]
    place = draw.randrange(len(line) + 1)
    kind = draw.choice(("nul", "byte", "tear", "cut", "join", "quote", "blank", "empty", "switch", "double"))
    if kind in ("nul", "byte", "quote"):
        odd = {"nul": b"\x00", "quote": b'"', "byte": bytes([draw.choice((1, 7, 0x80, 0x9D, 0xB5, 0xE9, 0xFF))])}[kind]
        lines[position] = line[:place] + odd + line[place + draw.randrange(2) :]
    elif kind == "tear":
        lines[position : position + 1] = [line[:place], line[place:]]
    elif kind == "cut":
        lines[position] = line[:place]
    elif kind == "join":
        lines[position : position + 2] = [b"".join(lines[position : position + 2])]
    elif kind in ("blank", "empty"):
        lines.insert(position, b"" if kind == "blank" else b"," * line.count(b","))
    elif kind == "switch":
        lines[position:] = [
            item.replace(b",", b";") if b"," in item else item.replace(b";", b",") for item in lines[position:]
        ]
    else:
        lines.insert(position, line)
    return b"\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_line_of_a_mutated_file_is_accounted_for(tmp_path: Path, path: Path) -> None:
    if not path.exists():
        pytest.skip("the real data is not here")
    draw = random.Random(path.name)
    content = b"".join(path.read_bytes().splitlines(keepends=True)[:MOST_LINES])
    for _ in range(EACH):
        faulty = mutated(content, draw)
        answer = ask("read", tmp_path, faulty, path.name, ragged="leave_out")
        if "error" in answer:
            assert answer["error"]["code"] in ("ragged", "damaged", "no_rows"), answer
            continue
        account(tmp_path, faulty, path.name, ragged="leave_out")
