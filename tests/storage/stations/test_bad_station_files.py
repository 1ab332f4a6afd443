"""Broken and hostile files of loggers and agencies: each gets a sentence, and nothing is fetched or expanded."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.storage.reading.formats.refusals_by_name import refuse_by_name
from app.storage.reading.refusals import RefusedError
from tests.storage.answers import read, refused
from tests.storage.stations.cases import CASES, DATA, StationCase

WATERML = (DATA / "waterml1_iv.xml").read_text(encoding="utf-8")
START = "<?xml version='1.0'?>"
BOMB = (
    START
    + '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    + "<timeSeriesResponse><timeSeries>&c;</timeSeries></timeSeriesResponse>"
)
OUTSIDE = (
    START
    + '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + "<timeSeriesResponse><timeSeries>&e;</timeSeries></timeSeriesResponse>"
)
DTD = START + '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><timeSeriesResponse/>'
DEEP = START + "<timeSeriesResponse>" + "<a>" * 5_000


@pytest.mark.parametrize(("text", "code"), [(BOMB, "xml_entities"), (OUTSIDE, "xml_entities"), (DTD, "xml_entities"),
                                            (DEEP, "invalid_xml")])  # fmt: skip
def test_hostile_xml_is_refused_with_a_sentence(tmp_path: Path, text: str, code: str) -> None:
    results = refused(tmp_path, text.encode(), "x.xml")
    assert results["code"] == code
    assert "root:" not in results["message"]


def test_xml_that_ends_too_early_names_its_line(tmp_path: Path) -> None:
    cut = WATERML[:900]
    results = refused(tmp_path, cut.encode(), "x.xml")
    assert (results["code"], results["line"]) == ("invalid_xml", cut.count("\n") + 1)
    assert results["message"].endswith("It ends too early.")


def test_xml_with_a_huge_text_is_over_the_limit(tmp_path: Path) -> None:
    text = f"{START}<timeSeriesResponse><siteName>{'a' * 3_000_000}</siteName></timeSeriesResponse>"
    assert refused(tmp_path, text.encode(), "x.xml")["code"] == "cell_too_large"


def test_xml_of_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    text = "<?xml version='1.0' encoding='klingon'?><timeSeriesResponse/>"
    assert refused(tmp_path, text.encode(), "x.xml")["code"] == "invalid_xml"


def test_waterml_without_a_value_is_refused(tmp_path: Path) -> None:
    text = f"{START}<timeSeriesResponse><timeSeries/></timeSeriesResponse>"
    assert refused(tmp_path, text.encode(), "x.xml")["message"] == "The file holds series, but no value."


@pytest.mark.parametrize("file", ["usgs_daily.json"])
def test_json_that_is_cut_off_names_its_line(tmp_path: Path, file: str) -> None:
    results = refused(tmp_path, (DATA / file).read_bytes()[:600], file)
    assert (results["code"], results["line"]) == ("invalid_json", 3)


def test_usgs_json_says_where_its_count_is_wrong(tmp_path: Path) -> None:
    content = (DATA / "usgs_daily.json").read_bytes().replace(b'"numberReturned":2', b'"numberReturned":9')
    profile, _ = read(tmp_path, content, "x.json")
    assert "The file says that it holds 9 values, but it holds 2." in profile.report.notes


COUNTS = {
    "diver.mon": (b"[Data]\n3", b"[Data]\n50", "The file says that it holds 50 rows, but it holds 3."),
    "grdc_month.txt": (b"lines: 4", b"lines: 7", "The file says that it holds 7 rows, but it holds 4."),
    "solinst.xle": (b"<Num_log>3", b"<Num_log>8", "The file says that it holds 8 logs, but it holds 3."),
}


@pytest.mark.parametrize("file", COUNTS)
def test_wrong_count_of_rows_is_said(tmp_path: Path, file: str) -> None:
    before, after, note = COUNTS[file]
    profile, _ = read(tmp_path, (DATA / file).read_bytes().replace(before, after), file)
    assert note in profile.report.notes


HEADS = {
    "toa5_ten_minutes.dat": (2, "A TOA5 file begins with four lines of names and units; this one ends after line 2."),
    "hobo_us.csv": (1, "A HOBOware export has its names below the title; here they are missing."),
    "solinst.csv": (8, "A Solinst file names its columns on a line that begins with Date and Time; it is missing."),
    "in_situ_winsitu.csv": (
        9,
        "An In-Situ file names its columns on a line that begins with Date and Time; it is missing.",
    ),
    "diver.mon": (20, "A MON file says under [Data] how many rows it holds; that is missing."),
    "grdc_month.txt": (14, "A GRDC file has the names YYYY-MM-DD;hh:mm below its comments; they are missing."),
    "nrfa.csv": (15, "The NRFA file has its description, but no row that begins with a date."),
    "eca.txt": (16, "A file of ECA&D names its columns STAID, SOUID and DATE below its preamble; they are missing."),
    "wiski.zrx": (5, "The ZRXP file has its description, but no row of values."),
}


@pytest.mark.parametrize("file", HEADS)
def test_station_file_cut_off_in_its_head_is_refused(tmp_path: Path, file: str) -> None:
    lines, message = HEADS[file]
    head = b"".join((DATA / file).read_bytes().splitlines(keepends=True)[:lines])
    assert refused(tmp_path, head, file)["message"] == message


ODD_COUNTS = {
    "diver.mon": (b"[Data]\n3\n", b"[Data]\n%s\n"),
    "solinst.xle": (b"<Num_log>3</Num_log>", b"<Num_log>%s</Num_log>"),
    "usgs_daily.json": (b'"numberReturned":2', b'"numberReturned":"%s"'),
    "grdc_month.txt": (b"Data lines: 4", b"Data lines: %s"),
}


@pytest.mark.parametrize("count", ["9" * 5000, "\u00b2", "-4", "1e9", ""])
@pytest.mark.parametrize("file", ODD_COUNTS)
def test_odd_count_of_rows_loses_no_row(tmp_path: Path, file: str, count: str) -> None:
    """A count that is no number says nothing; only a MON file, where it tells where the rows begin, needs one."""
    answer, odd = ODD_COUNTS[file]
    content = (DATA / file).read_bytes()
    assert answer in content
    changed = content.replace(answer, odd % count.encode())
    if file == "diver.mon":
        assert refused(tmp_path, changed, file)["code"] == "damaged"
    else:
        assert read(tmp_path, changed, file)[0].rows == read(tmp_path, content, file)[0].rows


TEXTS = [case for case in CASES if not case.file.endswith((".xml", ".xle", ".json", ".dly"))]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.file)
def test_row_cut_off_is_rejected_and_every_line_accounted_for(tmp_path: Path, case: StationCase) -> None:
    content = (DATA / case.file).read_bytes().decode("utf-8", "surrogateescape").rstrip("\n")
    content = content.removesuffix("END OF DATA FILE OF DATALOGGER FOR WINDOWS").rstrip("\n")
    last = content.rsplit("\n", 1)[1]
    cut = f"{content}\n{last[: len(last) // 4]}\n"
    content_cut = cut.encode("utf-8", "surrogateescape")
    report = read(tmp_path, content_cut, case.file, ragged="leave_out")[0].report
    known = report.header_lines + report.rows_read + report.rows_passed_over + report.lines_continued
    assert report.lines == known == cut.count("\n")
    assert report.rows_rejected + report.rows_passed_over > case.passed - 1


NAMED = {
    b'"TOB1","STATION","CR9000","1000","1.00","CPU:BIG.DLD","25871","VALUES"\r\n': ("TOB1", "CardConvert"),
    b"ZDSS\x00\x00\x00\x00": ("HEC-DSS", "HEC-DSSVue"),
    b"\n\n  EPA STORM WATER MANAGEMENT MODEL - VERSION 5.1 (Build 5.1.013)\n": ("SWMM", "Export"),
    (516_114_522).to_bytes(4, "little") + b"\x00" * 20: ("SWMM", "Export"),
    b"[TITLE]\n;;Project\n\n[OPTIONS]\nFLOW_UNITS CFS\n": ("SWMM", "Run it"),
    b"GRIB\x00\x00": ("GRIB", "NetCDF"),
    b'<?xml version="1.0"?>\n<TimeSeries xmlns="http://www.wldelft.nl/fews/PI" version="1.2"></TimeSeries>': (
        "Delft-FEWS",
        "export module",
    ),
    b"$ib Funktion-Interpretation: Linie\r\n$sb Mess-Groesse: Abfluss\r\n*Z\r\nAbfluss m3/s 1900 2000\r\n": (
        "UVF",
        "ZRXP",
    ),
    b"ncols 3\nnrows 2\nxllcorner 0\n1 2 3\n4 5 6\n": ("ASCII grid", "NetCDF"),
    b"SQLite format 3\x00" + bytes(99): ("SQLite", "CSV"),
    b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(99): ("Access", "Excel"),
    b"\x00\x00\x27\x0a" + bytes(96): ("shapefile", "attribute table"),
    b"II*\x00" + bytes(99): ("TIFF", "gdallocationinfo"),
    b"RDX3\nX\n\x00\x00": ("data file of R", "write.csv"),
    b"$FL2@(#) SPSS DATA FILE": ("SPSS", "CSV"),
    b"<stata_dta><header><release>118</release>": ("Stata", "export delimited"),
    bytes(12) + b"\xc2\xea\x81\x60\xb3\x14": ("SAS", "PROC EXPORT"),
    b"ARROW1\x00\x00" + bytes(99): ("Arrow", "Parquet"),
    b"\x0e\x03\x13\x01" + bytes(99): ("HDF4", "h4toh5"),
}
ENDINGS = {".dfs0": "MIKE", ".wdm": "HSPF", ".dbf": "dBase", ".pkl": "pickle", ".rds": "of R", ".bufr": "BUFR"}


@pytest.mark.parametrize("head", NAMED)
def test_unreadable_kind_is_refused_by_name(tmp_path: Path, head: bytes) -> None:
    what, remedy = NAMED[head]
    results = refused(tmp_path, head, "x.dat")
    assert results["status"] == 415
    assert what in results["message"]
    assert remedy in results["message"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_binary_kind_is_known_by_its_ending(tmp_path: Path, ending: str) -> None:
    results = refused(tmp_path, b"\x80\x04\x00\x01\x00 values \x00" * 9, f"x{ending}")
    assert results["status"] == 415
    assert ENDINGS[ending] in results["message"]
    # Text of such a name is text.
    assert read(tmp_path, b"a,b\n1,2\n3,4\n", f"x{ending}")[0].rows == 2


def test_menyanthes_file_is_refused_by_name() -> None:
    with pytest.raises(RefusedError, match="Menyanthes"):
        refuse_by_name(b"MATLAB 5.0 MAT-file, Platform: PCWIN", ".men")


@pytest.mark.parametrize(
    "head", [b"; " * 9_000, b";\t;\n" * 4_000 + b"x", b";x \r\n" * 4_000 + b"[TITL", b"\n; " * 6_000]
)
def test_comments_and_blanks_alone_are_no_kind(head: bytes) -> None:
    refuse_by_name(head)


def test_swmm_input_may_begin_with_comments() -> None:
    with pytest.raises(RefusedError, match="an input file of SWMM"):
        refuse_by_name(b"\n;; made ; by hand\r\n\r\n  ; twice\r\n\r\n[TITLE]\n;;Project\n\n[OPTIONS]\nFLOW_UNITS CFS\n")
