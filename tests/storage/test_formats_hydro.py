"""The text formats of hydrology: USGS RDB and CAMELS."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from tests.storage.answers import look, read, refused, shared

moment = dt.datetime.fromisoformat
RDB = """# retrieved: 2024-01-01
# Data for the following site(s):
#    USGS 01031500 Piscataquis River
agency_cd\tsite_no\tdatetime\t12345_00060_00003\t12345_00060_00003_cd
5s\t15s\t20d\t14n\t10s
USGS\t12031500\t1980-10-01\t92.0\tA
USGS\t12031500\t1980-10-02\t\tP Ice
USGS\t12031500\t1980-10-03\t103\tA:e
"""


def test_rdb_is_read_without_its_comments_and_formats(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, RDB.encode(), "x.txt")
    assert [(column.name, column.storage) for column in profile.columns] == [
        ("agency_cd", "text"),
        ("site_no", "text"),
        ("datetime", "datetime"),
        ("12345_00060_00003", "number"),
        ("12345_00060_00003_cd", "text"),
    ]
    assert rows[1] == ("USGS", "12031500", moment("1980-10-02"), None, "P Ice")
    report = profile.report
    assert (report.dialect.format, report.dialect.first_line, report.rows_read) == ("rdb", 4, 3)
    assert "The table starts on line 4; passed over: 3 lines of comments." in report.notes
    assert "Codes are kept as text: agency_cd, site_no, 12345_00060_00003_cd." in report.notes
    seen = look(tmp_path, RDB.encode(), "x.rdb")
    assert seen.kinds == ("text", "text", "datetime", "number", "text")
    assert seen.rows[0] == ("USGS", "12031500", "1980-10-01", "92.0", "A")


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_rdb_of_several_sites_repeats_its_names_and_comments(tmp_path: Path, ending: str) -> None:
    text = (RDB + RDB.replace("12031500", "12031501")).replace("\n", ending)
    profile, rows = read(tmp_path, text.encode(), "x.rdb")
    assert [row[1] for row in rows] == ["12031500"] * 3 + ["12031501"] * 3
    assert profile.report.rows_rejected == 0


def test_rdb_rows_that_do_not_fit_and_a_second_table_are_reported(tmp_path: Path) -> None:
    rows = RDB + "USGS\t12031500\t1980-10-04\t1\tA\n" * 30 + "USGS\t12031500\n"
    profile, results = read(tmp_path, rows.encode(), "x.rdb")
    assert (len(results), profile.report.rejected) == (33, ((39, "It has 2 cells; the table has 5 columns."),))
    second = rows + "site_no\tother\n5s\t3n\n01\t5\n"
    report = read(tmp_path, second.encode(), "x.rdb")[0].report
    assert (report.rows_kept, report.rows_rejected) == (33, 4)
    assert report.rejected[-1][1].startswith("It belongs to a second table, which begins on line 40")


def test_a_table_of_tabs_is_no_rdb(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, b"a\tb\nx\ty\nz\ty\n", "x.tsv")
    assert (profile.report.dialect.format, len(rows)) == ("csv", 2)


def test_rdb_without_rows_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "\n".join(RDB.split("\n")[:5]).encode(), "x.rdb")["code"] == "no_rows"


def test_the_real_rdb_keeps_its_zeros_and_dates(tmp_path: Path) -> None:
    profile, rows = read(tmp_path, shared("hydro/smwrdata_TestFull.rdb"), "TestFull.rdb")
    assert (profile.rows, rows[0][0], rows[2][0]) == (9, "05020500", "06031960")
    assert profile.column("Date.dash").storage == "datetime"
    assert profile.column("Numeric").storage == "number"


def frame(path: Path, skip: int, names: list[str] | None = None) -> pd.DataFrame:
    """Return a CAMELS file as pandas reads it."""
    return pd.read_csv(path, sep=r"\s+", skiprows=skip, names=names, header=None if names else 0, dtype={"basin": str})


@pytest.mark.parametrize("name", ["01031500_lump_cida_forcing_leap.txt", "nh/02064000_lump_cida_forcing_leap.txt"])
def test_the_real_forcing_has_one_column_of_dates(tmp_path: Path, name: str) -> None:
    path = shared(f"hydro/camels_us_raw/{name}")
    truth = frame(path, 3)
    profile, rows = read(tmp_path, path, "forcing.txt")
    assert [column.name for column in profile.columns] == ["date", *truth.columns[4:]]
    assert profile.rows == len(truth)
    dates = pd.to_datetime({"year": truth["Year"], "month": truth["Mnth"], "day": truth["Day"]})
    assert [row[0] for row in rows] == dates.dt.to_pydatetime().tolist()
    assert [row[2] for row in rows] == truth["prcp(mm/day)"].tolist()
    notes = profile.report.notes
    assert notes[0] == "Read as a CAMELS file of forcing."
    assert any("area" in note and "m²" in note for note in notes)
    assert any("became one column, date." in note for note in notes)
    assert profile.time_axis is not None
    assert profile.time_axis.regular


@pytest.mark.parametrize("name", ["01031500_streamflow_qc.txt", "nh/03015500_streamflow_qc.txt"])
def test_the_real_streamflow_keeps_its_basin_as_text(tmp_path: Path, name: str) -> None:
    path = shared(f"hydro/camels_us_raw/{name}")
    truth = frame(path, 0, ["basin", "y", "m", "d", "q", "flag"])
    profile, rows = read(tmp_path, path, "streamflow.txt")
    assert [(column.name, column.storage) for column in profile.columns] == [
        ("basin", "text"),
        ("date", "datetime"),
        ("QObs(cfs)", "number"),
        ("flag", "text"),
    ]
    assert [row[2] for row in rows] == truth["q"].tolist()
    assert {row[0] for row in rows} == {path.name[:8]}


def test_the_real_model_output_is_read(tmp_path: Path) -> None:
    path = shared("hydro/camels_us_raw/01031500_05_model_output.txt")
    truth = frame(path, 0)
    profile, rows = read(tmp_path, path, "model_output.txt")
    assert [column.name for column in profile.columns] == ["date", *truth.columns[4:]]
    assert [row[-1] for row in rows] == truth["OBS_RUN"].tolist()
    assert look(tmp_path, path, "x.txt").kinds[0] == "datetime"


FORCING = """  45.06
 318.00
 771486538
Year Mnth Day Hr prcp(mm/day) tmax(C)
1980 01 01 {hour}\t1.00\t-3.12
1980 01 02 12\t0.00\t-3.00
"""


def test_hours_that_differ_are_kept(tmp_path: Path) -> None:
    _, rows = read(tmp_path, FORCING.format(hour="06").encode(), "x.txt")
    assert [row[0] for row in rows] == [moment("1980-01-01 06:00"), moment("1980-01-02 12:00")]


def test_rows_that_are_cut_or_have_no_date_are_reported(tmp_path: Path) -> None:
    text = (
        FORCING.format(hour="12")
        + "1980 01 03 12\t1.00\t2.00\n" * 20
        + "1980 02 30 12\t1.00\t2.00\n1980 01 04 12\t1.0\n"
    )
    profile, rows = read(tmp_path, text.encode(), "x.txt")
    assert len(rows) == 22
    assert profile.report.rejected == ((27, "1980 02 30 12 is no date."), (28, "It has 5 cells; a row has 6."))
