"""Workbooks: the stored values of one sheet, whatever stands around the table; and nothing else of them runs."""

from __future__ import annotations

import datetime as dt
import gzip
import math
import random
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import config
from app.domain.errors import UnreadableFileError
from app.storage.reading import read_file
from tests.storage.answers import ask, look, read, refused, shared
from tests.storage.test_formats_packing import zipped
from tests.storage.workbooks import repacked, with_dtd, workbook

DAYS = [dt.date(2020, 1, 1) + dt.timedelta(days=position) for position in range(40)]
PLAIN = [["date", "rain (mm)", "site"], *([day, index / 4, f"0{index}"] for index, day in enumerate(DAYS))]
moment = dt.datetime.fromisoformat
SHEET = "xl/worksheets/sheet1.xml"


def test_a_plain_sheet_is_read_with_its_types(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, workbook(("Rain", PLAIN)), "x.xlsx")
    assert [(column.name, column.storage) for column in profile.columns] == [
        ("date", "datetime"),
        ("rain (mm)", "number"),
        ("site", "text"),
    ]
    assert rows[5] == (moment("2020-01-06"), 1.25, "05")
    dialect = profile.report.dialect
    assert (dialect.format, dialect.sheet, dialect.sheets, dialect.first_line) == ("xlsx", "Rain", ("Rain",), 1)


def test_the_first_look_shows_the_first_rows(tmp_path: Path) -> None:
    seen = look(tmp_path, workbook(("Rain", PLAIN)), "x.xlsx")
    assert (seen.names, seen.kinds) == (("date", "rain (mm)", "site"), ("datetime", "number", "text"))
    assert seen.rows[0] == ("2020-01-01", "0", "00")
    assert (len(seen.rows), seen.rows_seen, seen.whole) == (20, 40, True)


def test_of_several_sheets_the_one_chosen_is_read(tmp_path: Path) -> None:
    content = workbook(("Notes", []), ("Rain", PLAIN), ("Flow", [["q"], [7], [8]]))
    profile, _ = read(tmp_path, content, "x.xlsx")
    assert (profile.rows, profile.report.dialect.sheet) == (40, "Rain")
    assert "The sheet Rain was read. There is also Notes, Flow." in profile.report.notes
    chosen, rows = read(tmp_path, content, "x.xlsx", sheet="Flow")
    assert (rows, chosen.report.dialect.sheet, chosen.report.dialect.said) == ([(7,), (8,)], "Flow", ("sheet",))
    assert chosen.report.dialect.sheets == ("Notes", "Rain", "Flow")
    assert look(tmp_path, content, "x.xlsx", sheet="Flow").names == ("q",)
    empty = refused(tmp_path, content, "x.xlsx", sheet="Notes")
    assert (empty["code"], empty["message"]) == ("no_rows", "The sheet Notes is empty.")
    unknown = refused(tmp_path, content, "x.xlsx", sheet="Snow")
    assert unknown["message"] == "The workbook has no sheet Snow. It has Notes, Rain, Flow."


def test_titles_above_the_table_and_blank_rows_are_passed_over_and_said(tmp_path: Path) -> None:
    rows = [["Rain at the station", None, None], ["source: the agency"], [], *PLAIN, [], [dt.date(2020, 3, 1), 1, "09"]]
    profile, results = read(tmp_path, workbook(("Rain", rows)), "x.xlsx")
    assert [column.name for column in profile.columns] == ["date", "rain (mm)", "site"]
    assert len(results) == 41
    assert "The table starts on row 4 of the sheet; the rows before it were passed over." in profile.report.notes
    assert profile.report.dialect.first_line == 4
    dataset, _ = read(tmp_path, workbook(("Rain", rows)), "x.xlsx", first_line=5, header_lines=0)
    assert [column.name for column in dataset.columns] == ["column_1", "column_2", "column_3"]
    assert dataset.report.dialect.said == ("first_line", "header_lines")


def test_a_title_merged_over_the_table_is_no_header(tmp_path: Path) -> None:
    def merge(book: Any) -> None:
        book.worksheets[0].merge_cells("A1:C1")

    rows = [["Rain at the station", None, None], *PLAIN]
    profile, _ = read(tmp_path, workbook(("Rain", rows), change=merge), "x.xlsx")
    assert [column.name for column in profile.columns] == ["date", "rain (mm)", "site"]
    assert profile.rows == 40


def test_names_over_two_rows_with_merged_cells_are_joined(tmp_path: Path) -> None:
    def merge(book: Any) -> None:
        book.worksheets[0].merge_cells("B1:C1")
        book.worksheets[0].merge_cells("A1:A2")

    rows: list[list[Any]] = [["date", "air", None], [None, "rain", "temperature"], *([day, 1, 2] for day in DAYS)]
    profile, _ = read(tmp_path, workbook(("Weather", rows), change=merge), "x.xlsx")
    assert [column.name for column in profile.columns] == ["date", "air rain", "air temperature"]
    assert (profile.rows, profile.report.dialect.header_lines) == (40, 2)


def test_a_sheet_that_begins_elsewhere_is_found(tmp_path: Path) -> None:
    rows = [[], [], *([None, None, *row] for row in PLAIN)]
    profile, results = read(tmp_path, workbook(("Rain", rows)), "x.xlsx")
    assert [column.name for column in profile.columns] == ["date", "rain (mm)", "site"]
    assert (len(results), profile.report.dialect.first_line) == (40, 3)


def test_years_may_be_names(tmp_path: Path) -> None:
    rows = [["basin", 2001, 2002, 2003], ["a", 1.5, 2, 3], ["b", 4, 5, 6]]
    profile, _ = read(tmp_path, workbook(("Flow", rows)), "x.xlsx")
    assert [column.name for column in profile.columns] == ["basin", "2001", "2002", "2003"]


def test_a_footer_said_by_the_user_is_left_out(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, workbook(("Rain", [*PLAIN, ["Total", 195, None]])), "x.xlsx", footer_lines=1)
    assert (profile.rows, profile.column("date").storage) == (40, "datetime")


def test_errors_and_formulas_without_a_result_count_as_missing_and_are_counted(tmp_path: Path) -> None:
    def spoil(book: Any) -> None:
        sheet = book.worksheets[1]
        sheet["B3"], sheet["B4"], sheet["B5"] = "#DIV/0!", "=1+1", "#N/A"

    content = workbook(("Other", [["a"], ["=1+1"]]), ("Rain", PLAIN), change=spoil)
    profile, rows = read(tmp_path, content, "x.xlsx", sheet="Rain")
    assert profile.column("rain (mm)").missing == 3
    assert "Missing, because of an error such as #DIV/0!: 2 cells." in profile.report.notes
    assert "Missing, because no result was stored: 1 formula." in profile.report.notes
    assert rows[0][1] == 0.0


def test_stored_results_of_formulas_are_the_values(tmp_path: Path) -> None:
    def stored(part: bytes) -> bytes:
        assert b"<f>1+1</f><v />" in part
        return part.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(b"<f>1+1</f><v></v>", b"")

    content = repacked(workbook(("A", [["a", "b"], [1, "=1+1"], [3, "=1+1"]])), {SHEET: stored})
    profile, rows = read(tmp_path, content, "x.xlsx")
    assert rows == [(1, 2), (3, 2)]
    assert not any("no result" in note for note in profile.report.notes)


@pytest.mark.parametrize("since_1904", [False, True])
def test_dates_of_both_calendars_of_the_program_are_the_same_days(tmp_path: Path, since_1904: bool) -> None:
    def epoch(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.MAC_EPOCH if since_1904 else openpyxl.utils.datetime.WINDOWS_EPOCH

    rows = [["at", "b"], [moment("1999-12-31 06:30"), 1], [moment("2000-03-01"), 2]]
    _, results = read(tmp_path, workbook(("A", rows), change=epoch), "x.xlsx")
    assert [row[0] for row in results] == [moment("1999-12-31 06:30"), moment("2000-03-01")]


def test_truth_and_text_and_whole_numbers_keep_their_kind(tmp_path: Path) -> None:
    rows = [["yes", "id", "big", "half"], [True, "007", 2**40, 0.5], [False, "008", 3, 2.0], [None, None, None, None]]
    profile, results = read(tmp_path, workbook(("A", rows)), "x.xlsx")
    assert [column.storage for column in profile.columns] == ["boolean", "text", "integer", "number"]
    assert results[0] == (True, "007", 2**40, 0.5)


def test_columns_without_name_and_values_are_passed_over(tmp_path: Path) -> None:
    rows = [["a", None, "b"], *([position, None, position] for position in range(9))]
    profile, _ = read(tmp_path, workbook(("A", rows)), "x.xlsx")
    assert [column.name for column in profile.columns] == ["a", "b"]
    assert "1 column without name and values passed over." in profile.report.notes


def test_hidden_sheets_are_not_offered(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        book.worksheets[0].sheet_state = "hidden"

    profile, _ = read(tmp_path, workbook(("Secret", [["s"], [1]]), ("Rain", PLAIN), change=hide), "x.xlsx")
    assert profile.report.dialect.sheets == ("Rain",)


def test_a_workbook_in_a_zip_or_a_gzip_keeps_its_sheets(tmp_path: Path) -> None:
    content = workbook(("Rain", PLAIN), ("Flow", [["q"], [7], [8]]))
    assert read(tmp_path, zipped(("rain.xlsx", content)), "x.zip", sheet="Flow")[1] == [(7,), (8,)]
    assert read(tmp_path, gzip.compress(content), "x.xlsx.gz")[0].rows == 40


def test_the_real_xlsx_holds_what_another_reader_finds(tmp_path: Path) -> None:
    path = shared("general/uci_airquality.xlsx")
    profile, rows = read(tmp_path, path, "uci_airquality.xlsx")
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    truth = [row for row in book.worksheets[0].iter_rows(values_only=True) if any(cell is not None for cell in row)]
    assert len(rows) == len(truth)
    for row, cells in zip(rows, truth, strict=True):
        for value, cell in zip(row, cells[: len(row)], strict=True):
            assert (value is None) == (cell is None)
            assert value is None or math.isclose(value, cell, rel_tol=1e-12)
    assert "The first row holds values, so columns are named by their place." in profile.report.notes


def test_the_real_xls_is_read(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, shared("general/uci_concrete_data.xls"), "Concrete_Data.xls")
    assert (profile.rows, len(profile.columns), profile.report.dialect.format) == (1030, 9, "xls")
    assert rows[0][:4] == (540.0, 0.0, 0.0, 162.0)
    assert profile.report.dialect.sheets == ("Sheet1", "Sheet2", "Sheet3")
    assert profile.column("Age (day)").storage == "integer"
    assert refused(tmp_path, shared("general/uci_concrete_data.xls"), "x.xls", sheet="Sheet2")["code"] == "no_rows"


OFFICE = {"[Content_Types].xml": b"<Types/>"}
LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


def office(*parts: str) -> bytes:
    return zipped(*((name, b"<a/>") for name in ("[Content_Types].xml", *parts)))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
GOOD = workbook(("A", [["a", "b"], [1, 2], [3, 4]]))
BAD = [
    pytest.param(repacked(GOOD, {SHEET: lambda part: with_dtd(part, LAUGHS)}), 422, "unsafe_xml", id="laughs"),
    pytest.param(
        repacked(GOOD, {SHEET: lambda part: with_dtd(part, OUTSIDE)}), 422, "unsafe_xml", id="an entity outside"
    ),
    pytest.param(
        repacked(GOOD, {"xl/workbook.xml": lambda part: with_dtd(part, OUTSIDE)}),
        422,
        "unsafe_xml",
        id="in the workbook",
    ),
    pytest.param(
        repacked(GOOD, {SHEET: lambda part: with_dtd(part, b"<!--" + b" " * 3_000_000 + b"-->" + OUTSIDE)}),
        422,
        "unsafe_xml",
        id="far behind a comment",
    ),
    pytest.param(repacked(GOOD, {SHEET: lambda part: part + b" " * 60_000_000}), 413, "expands_too_much", id="a bomb"),
    pytest.param(
        repacked(GOOD, {"xl/media/image1.bin": bytes(60_000_000)}), 413, "expands_too_much", id="a bomb beside"
    ),
    pytest.param(GOOD[:-40], 422, "damaged", id="its end is missing"),
    pytest.param(GOOD[: len(GOOD) // 2], 422, "damaged", id="half of it"),
    pytest.param(repacked(GOOD, {SHEET: lambda part: part[: len(part) // 2]}), 422, "damaged", id="half a sheet"),
    pytest.param(repacked(GOOD, {SHEET: lambda part: b"no XML at all"}), 422, "", id="a sheet that is no XML"),
    pytest.param(repacked(GOOD, {"xl/workbook.xml": lambda part: b"<a/>"}), 422, "", id="a workbook without sheets"),
    pytest.param(workbook(("A", [])), 422, "empty_file", id="an empty sheet"),
    pytest.param(workbook(("A", []), ("B", [])), 422, "empty_file", id="two empty sheets"),
    pytest.param(workbook(("A", [["a", "b"]])), 422, "no_rows", id="names only"),
    pytest.param(office("xl/workbook.bin"), 415, "wrong_type", id="xlsb"),
    pytest.param(office("content.xml", "META-INF/manifest.xml"), 415, "wrong_type", id="ods"),
    pytest.param(office("word/document.xml"), 415, "wrong_type", id="docx"),
    pytest.param(office("other.xml"), 415, "wrong_type", id="another document"),
    pytest.param(OLE + "EncryptedPackage".encode("utf-16-le") + bytes(400), 422, "excel_locked", id="a password"),
    pytest.param(OLE + "WordDocument".encode("utf-16-le") + bytes(400), 415, "wrong_type", id="doc"),
    pytest.param(OLE + "Workbook".encode("utf-16-le") + bytes(400), 422, "damaged", id="a broken xls"),
]


@pytest.mark.parametrize(("content", "status", "code"), BAD)
def test_a_workbook_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, status: int, code: str) -> None:
    error = refused(tmp_path, content, "x.xlsx")
    assert error["status"] == status
    assert code in ("", error["code"])
    assert "passwd" not in error["message"]


def test_a_broken_xls_is_refused_or_read_but_never_ends_the_child(tmp_path: Path) -> None:
    whole = shared("general/uci_concrete_data.xls").read_bytes()
    noise = random.Random(3)
    for _ in range(30):
        broken = bytearray(whole[: noise.randrange(2000, len(whole))] if noise.random() < 0.3 else whole)
        for _ in range(20):
            broken[noise.randrange(512, len(broken))] = noise.randrange(256)
        answers = ask("read", tmp_path, bytes(broken), "x.xls")
        assert "profile" in answers or answers["error"]["message"].endswith(".")


def test_a_broken_xlsx_is_refused_or_read_but_never_ends_the_child(tmp_path: Path) -> None:
    whole = workbook(("Rain", PLAIN))
    noise = random.Random(4)
    for _ in range(30):
        broken = bytearray(whole)
        for _ in range(3):
            broken[noise.randrange(len(broken))] = noise.randrange(256)
        answers = ask("read", tmp_path, bytes(broken), "x.xlsx")
        assert "profile" in answers or answers["error"]["message"].endswith(".")


def test_two_cells_at_the_ends_of_a_sheet_are_not_taken_for_a_table_of_billions(tmp_path: Path) -> None:
    def far(book: Any) -> None:
        book.worksheets[0]["XFD1048576"] = 1

    source = tmp_path / "upload"
    source.write_bytes(workbook(("A", [["a"]]), change=far))
    with pytest.raises(UnreadableFileError) as caught:
        read_file(source, tmp_path / "set", limits=config.Limits(), seconds=30, file_name="x.xlsx")
    assert caught.value.status in (413, 422)
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def test_names_and_content_must_agree(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD, "x.csv")
    assert (error["status"], error["code"]) == (415, "name_and_content_differ")
    assert error["message"] == "This is an Excel workbook, but its name ends in csv. Rename it to .xlsx."
    assert read(tmp_path, GOOD, "x.xls")[0].rows == 2
    assert read(tmp_path, GOOD, "x")[0].rows == 2


def test_limits_of_a_workbook_name_their_setting(tmp_path: Path) -> None:
    wide = workbook(("A", [[f"c{position}" for position in range(30)], list(range(30))]))
    assert refused(tmp_path, wide, "x.xlsx", limits={"columns": 20})["code"] == "too_many_columns"
    assert refused(tmp_path, workbook(("A", PLAIN)), "x.xlsx", limits={"rows": 20})["code"] == "too_many_rows"
    large = workbook(("A", [["a", "b"], [1, "x" * 3000]]))
    assert refused(tmp_path, large, "x.xlsx", limits={"cell_kb": 1})["code"] == "cell_too_large"
