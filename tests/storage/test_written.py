"""Numbers as people write them are numbers, with a note; what could mean two things is asked, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.domain.analysis.profiling.profile import DatasetProfile, Finding
from app.storage.reading.zones import may_carry_zones
from tests.storage.answers import read as read_file
from tests.storage.test_markers import _read
from tests.variants import slow_after

Rows = list[tuple[Any, ...]]


def read(*values: str, delimiter: str = ",", times: int = 5, **choices: Any) -> tuple[DatasetProfile, list[Any]]:
    """Read a column of such values beside one of plain numbers."""
    lines = [f'"{value}"{delimiter}{index}.5' for index, value in enumerate(values * times)]
    profile, rows = _read("\n".join([f"v{delimiter}w", *lines, ""]).encode(), **choices)
    assert len(rows) == len(values) * times
    return profile, [row[0] for row in rows][: len(values)]


def asked(profile: DatasetProfile) -> Finding | None:
    return next((finding for finding in profile.findings if finding.code == "written_numbers"), None)


def says(read_as: str) -> dict[str, Any]:
    return {"columns": [{"column": "v", "read_as": read_as}]}


@pytest.mark.parametrize(
    ("values", "numbers", "unit"),
    [
        pytest.param(("1,234.5", "987", "12,345"), [1234.5, 987, 12345], "", id="commas between thousands"),
        pytest.param(("1,234", "987", "1,000"), [1234, 987, 1000], "", id="and no decimals"),
        pytest.param(("1,234,567", "2,345,678"), [1234567, 2345678], "", id="millions"),
        pytest.param(("1'234.5", "12.5", "2'000"), [1234.5, 12.5, 2000], "", id="apostrophes"),
        pytest.param(("1 234,5", "12,5", "2 000"), [1234.5, 12.5, 2000], "", id="blanks and a decimal comma"),
        pytest.param(("1\u202f234.5", "12\u00a0000"), [1234.5, 12000], "", id="thin blanks"),
        pytest.param(("3,14", "2,7", "0,567"), [3.14, 2.7, 0.567], "", id="a decimal comma in a file of commas"),
        pytest.param(("12.5 %", "3 %", "-100 %"), [12.5, 3, -100], "%", id="percent"),
        pytest.param(("12,5%", "3%", "100%"), [12.5, 3, 100], "%", id="percent with a decimal comma"),
        pytest.param(("€ 12.50", "€ 1,200.00", "-€3"), [12.5, 1200, -3], "€", id="a currency in front"),
        pytest.param(("$1,200", "$15", "$2,000.50"), [1200, 15, 2000.5], "$", id="dollars"),
        pytest.param(("3.2 m3/s", "12 m3/s", "0.4 m3/s"), [3.2, 12, 0.4], "m³/s", id="a unit"),
        pytest.param(("\u22121,234.5", "+987", "12,345"), [-1234.5, 987, 12345], "", id="true minus"),
    ],
)
def test_numbers_as_people_write_them_are_numbers(values: tuple[str, ...], numbers: list[float], unit: str) -> None:
    profile, current_values = read(*values)
    column = profile.column("v")
    assert (column.storage, column.unit, current_values) == ("number", unit, numbers)
    finding = asked(profile)
    assert finding is not None
    assert [remedy.label for remedy in finding.remedies] == ["Keep it as text"]
    assert any("were read as numbers" in note for note in profile.report.notes)
    kept, words = read(*values, **finding.remedies[0].changes)
    assert kept.column("v").storage == "text"
    assert words == list(values)
    assert asked(kept) is None


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        pytest.param(("1.234,5", "12,5", "2.000"), [1234.5, 12.5, 2000], id="points between thousands"),
        pytest.param(("12,50 €", "1.200,00 €", "3 €"), [12.5, 1200, 3], id="euros"),
    ],
)
def test_a_file_of_semicolons_has_points_between_thousands(values: tuple[str, ...], numbers: list[float]) -> None:
    profile, current_values = read(*values, delimiter=";")
    assert (profile.column("v").storage, current_values) == ("number", numbers)


@pytest.mark.parametrize(
    ("values", "readings"),
    [
        (("1,234", "2,345", "3,456"), {"point": [1234, 2345, 3456], "comma": [1.234, 2.345, 3.456]}),
        (("555 123", "444 222", "111 222"), {"point": [555123, 444222, 111222]}),
    ],
)
def test_what_could_mean_two_things_is_asked(values: tuple[str, ...], readings: dict[str, list[float]]) -> None:
    profile, current_values = read(*values)
    assert (profile.column("v").storage, current_values) == ("text", list(values))
    finding = asked(profile)
    assert finding is not None
    assert finding.message.endswith("The column stays text until you decide.")
    *buttons, text = finding.remedies
    assert text.changes == says("text")
    assert [remedy.changes for remedy in buttons] == [says(name) for name in readings]
    for button, numbers in zip(buttons, readings.values(), strict=True):
        answered, results = read(*values, **button.changes)
        assert (answered.column("v").storage, results, asked(answered)) == ("number", numbers, None)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(("12 abc", "13 abc"), id="no unit"),
        pytest.param(("007 mm", "012 mm"), id="codes"),
        pytest.param(("12 mm", "13 cm"), id="two units"),
        pytest.param(("a1", "b2"), id="words"),
        pytest.param(("1,23,456", "2,34,567"), id="groups of two"),
        pytest.param(("555-1234", "555-9876"), id="telephones"),
        pytest.param(("1.2.3.4", "10.0.0.1"), id="addresses of machines"),
    ],
)
def test_what_is_no_number_stays_text(values: tuple[str, ...]) -> None:
    profile, current_values = read(*values)
    assert (profile.column("v").storage, current_values, asked(profile)) == ("text", list(values), None)


def test_a_date_with_points_is_no_number() -> None:
    assert read("12.1.2020", "13.1.2020")[0].column("v").storage == "datetime"


def test_the_decimal_mark_of_the_file_settles_what_could_mean_two_things() -> None:
    assert read("1,234", "2,345", decimal=".")[1] == [1234, 2345]
    assert read("1,234", "2,345", decimal=",")[1] == [1.234, 2.345]


def test_a_word_among_written_numbers_is_asked_about_like_any_other() -> None:
    lines = "".join(f'"1,{position:03}.5",x\n' for position in range(400))
    profile, rows = _read(f'v,w\n{lines}"?",y\n'.encode())
    assert (profile.column("v").storage, rows[-1][0], rows[7][0]) == ("number", None, 1007.5)
    assert {finding.code for finding in profile.findings if "v" in finding.columns} >= {
        "missing_value_marker",
        "written_numbers",
    }


def test_what_changes_far_down_in_a_large_file_is_still_read() -> None:
    lines = [f'"{position % 900}",x' for position in range(30_000)] + ['"1,234.5",y']
    profile, rows = _read("\n".join(["v,w", *lines, ""]).encode())
    assert (profile.column("v").storage, rows[-1][0], rows[5][0]) == ("number", 1234.5, 5)


def test_plain_numbers_are_text_where_the_user_says_so() -> None:
    profile, current_values = read("1.50", "2.5", **says("text"))
    assert (profile.column("v").storage, current_values) == ("text", ["1.50", "2.5"])


@pytest.mark.parametrize(
    ("values", "first", "note"),
    [
        (("2020-01-01T00:00:00+02:00", "2020-01-02T06:00:00+02:00"), datetime(2020, 1, 1), "in the zone +02:00"),  # noqa: DTZ001
        (("2020-01-01T00:00:00Z", "2020-01-02T06:00:00Z"), datetime(2020, 1, 1), "times are in UTC."),  # noqa: DTZ001
        (
            ("2020-01-01T00:30:00+02:00", "2020-01-02T06:00:00-0530"),
            datetime(2019, 12, 31, 22, 30),  # noqa: DTZ001
            "(+02:00, -0530) were turned into UTC.",
        ),
    ],
)
def test_a_zone_is_never_dropped_without_a_word(values: tuple[str, ...], first: datetime, note: str) -> None:
    profile, current_values = read(*values)
    assert profile.column("v").storage == "datetime"
    assert current_values[0] == first
    assert any(note in text for text in profile.report.notes)
    if "-0530" in values[1]:
        assert current_values[1] == datetime(2020, 1, 2, 11, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (("2020-01-01T00:00:00+02:00", "2020-01-02T00:00:00"), "some times carry a time zone (+02:00) and others none"),
        (("2020-01-01 00:00 CET", "2020-07-02 00:00 IST"), "the time zones CET, IST cannot be brought together"),
    ],
)
def test_zones_that_cannot_be_brought_together_leave_a_text(values: tuple[str, ...], note: str) -> None:
    profile, current_values = read(*values)
    assert (profile.column("v").storage, current_values) == ("text", list(values))
    assert any(note in text for text in profile.report.notes)


def test_what_a_number_means_is_heard_however_it_is_written() -> None:
    values = ("1,234.5", "2,345.5", "-9,999", "3,333.1")
    for marker in ({"value": "-9999"}, {"value": "-9,999"}, {"below": -900}):
        assert read(*values, markers=[{"column": "v", **marker}])[1] == [1234.5, 2345.5, None, 3333.1]
    assert read(*values)[1][2] == -9999


def two(first: tuple[str, ...], second: tuple[str, ...], delimiter: str, **choices: Any) -> DatasetProfile:
    lines = [f'"{text}"{delimiter}"{other}"' for text, other in zip(first * 5, second * 5, strict=True)]
    return _read("\n".join([f"v{delimiter}u", *lines, ""]).encode(), **choices)[0]


@pytest.mark.parametrize("other", [("12,5", "3,75", "0,5"), ("12,50 €", "3,75 €", "0,50 €")])
def test_a_comma_that_is_a_decimal_mark_elsewhere_in_the_file_makes_thousands_a_question(
    other: tuple[str, ...],
) -> None:
    values = ("1,234", "987", "5,000")
    assert two(values, ("12.5", "3.75", "0.5"), ",").column("v").storage == "number"
    profile = two(values, other, ",")
    assert (profile.column("v").storage, profile.column("u").storage) == ("text", "number")
    finding = asked(profile)
    assert finding is not None
    assert [remedy.changes for remedy in finding.remedies] == [says("point"), says("comma"), says("text")]
    for name, largest in (("point", 5000), ("comma", 987)):
        assert two(values, other, ",", **says(name)).column("v").maximum == largest


def test_a_decimal_comma_with_three_digits_throughout_is_a_question_with_both_answers() -> None:
    values = ("12,752", "1,134", "987")
    profile, current_values = read(*values, delimiter=";")
    assert (profile.column("v").storage, current_values) == ("number", [12.752, 1.134, 987])
    finding = asked(profile)
    assert finding is not None
    assert finding.message == '`v`: "12,752" was read as 12.752. If its commas stand between thousands, it is 12752.'
    stay, other = finding.remedies
    for remedy, numbers in ((stay, current_values), (other, [12752, 1134, 987])):
        again, results = read(*values, delimiter=";", **remedy.changes)
        assert (results, asked(again)) == (numbers, None)
    # Where another column leaves no doubt, or a value of this one, nothing is asked.
    for sure in (("1,5", "2,25", "3,0"), ("1.200,50 €", "2,25 €", "3,00 €")):
        assert all(
            first.columns != ("v",) for first in two(values, sure, ";").findings if first.code == "written_numbers"
        )
    assert asked(read("12,752", "0,134", delimiter=";")[0]) is None


def test_points_between_thousands_are_one_word_away_where_they_pass_for_decimals() -> None:
    values = ("1.234", "12.500", "2.000")
    assert read(*values, delimiter=";")[1] == [1.234, 12.5, 2]
    assert read(*values, delimiter=";", **says("comma"))[1] == [1234, 12500, 2000]


def test_codes_are_numbers_where_the_user_says_so() -> None:
    assert read("0012", "0345")[1] == ["0012", "0345"]
    assert read("0012", "0345", **says("point"))[1] == [12, 345]


@pytest.mark.parametrize("values", [("12,5", "3,25"), ("abc", "def")])
def test_a_word_that_cannot_be_followed_is_answered(values: tuple[str, ...]) -> None:
    profile, current_values = read(*values, **says("point"))
    assert current_values == list(values)
    assert "v: kept as text: too few values are numbers with a decimal point." in profile.report.notes


def test_several_units_in_a_column_are_told() -> None:
    profile, current_values = read("12 mm", "13 cm", "14 mm")
    assert (profile.column("v").storage, current_values) == ("text", ["12 mm", "13 cm", "14 mm"])
    told = [finding for finding in profile.findings if finding.code == "units_differ"]
    assert [finding.message for finding in told] == ["`v` holds numbers in different units (mm, cm), so it stays text."]
    answered, _ = read("12 mm", "13 cm", "14 mm", **told[0].remedies[0].changes)
    assert all(finding.code != "units_differ" for finding in answered.findings)


def test_a_unit_at_the_values_is_not_said_to_be_in_the_name() -> None:
    lines = "".join(f"{position}.5 m3/s,{position}.25,x\n" for position in range(20))
    profile, _ = _read(f"discharge,rain_mm,w\n{lines}".encode())
    assert profile.column("discharge").unit == "m³/s"
    assert [finding.columns for finding in profile.findings if finding.code == "units_in_names"] == [("rain_mm",)]


@pytest.mark.parametrize("zone", slow_after(1, ["+05:00", "Z", " UTC", "-0330"]))
@pytest.mark.parametrize("seconds", ["", ":00"])
def test_a_zone_far_down_in_a_large_file_is_not_lost(zone: str, seconds: str) -> None:
    lines = [
        f"2020-01-{position % 28 + 1:02d}T{position % 24:02d}:30{seconds},http://a/{position}"
        for position in range(90_000)
    ]
    lines[50_001] = lines[50_001].replace(f":30{seconds},", f":30{seconds}{zone},")
    profile, rows = _read("\n".join(["v,w", *lines, ""]).encode())
    assert (profile.column("v").storage, rows[50_001][0]) == ("datetime", None)
    assert any("1 of 90,000 values in `v` are not dates" in finding.message for finding in profile.findings)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (b"a,12:30:00+02:00\n", True),
        (b"12:30Z", True),
        (b"12:30 CET\n", True),
        (b"x" * ((1 << 18) - 3) + b":30Z\n", True),
        (b"12:30:00,Z\n12:30 5\n", False),
        (b"http://site:80/x\n", False),
        (b"2020-01-01,+5\n", False),
        (b":", False),
        (b"", False),
    ],
)
def test_bytes_tell_whether_times_may_carry_a_zone(tmp_path: Path, text: bytes, may: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(text)
    assert may_carry_zones(path) is may


def test_a_file_with_types_of_its_own_answers_that_nothing_else_holds(tmp_path: Path) -> None:
    pl.DataFrame({"v": ["1,234.5", "NA", "x"], "w": [1.5, 2.5, 3.5]}).write_parquet(tmp_path / "made.parquet")
    answers = [{"column": "v", "read_as": "point"}, {"column": "w", "read_as": "text"}]
    profile, rows = read_file(tmp_path, tmp_path / "made.parquet", "made.parquet", columns=answers)
    assert rows == [("1,234.5", 1.5), ("NA", 2.5), ("x", 3.5)]
    told = "how you said it is read has no effect: the file itself says what its values are."
    assert {f"v: {told}", f"w: {told}"} <= set(profile.report.notes)
