"""Numbers as people write them are numbers, with a note; what could mean two things is asked, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.domain.analysis.profile import DatasetProfile, Finding
from tests.storage.test_markers import _read

Rows = list[tuple[Any, ...]]


def read(*values: str, delimiter: str = ",", times: int = 5, **choices: Any) -> tuple[DatasetProfile, list[Any]]:
    """Read a column of such values beside one of plain numbers."""
    lines = [f'"{value}"{delimiter}{at}.5' for at, value in enumerate(values * times)]
    profile, rows = _read("\n".join([f"v{delimiter}w", *lines, ""]).encode(), **choices)
    assert len(rows) == len(values) * times
    return profile, [row[0] for row in rows][: len(values)]


def asked(profile: DatasetProfile) -> Finding | None:
    return next((one for one in profile.findings if one.code == "written_numbers"), None)


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
    profile, held = read(*values)
    column = profile.column("v")
    assert (column.storage, column.unit, held) == ("number", unit, numbers)
    finding = asked(profile)
    assert finding is not None
    assert [one.label for one in finding.remedies] == ["Keep it as text"]
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
    profile, held = read(*values, delimiter=";")
    assert (profile.column("v").storage, held) == ("number", numbers)


@pytest.mark.parametrize(
    ("values", "readings"),
    [
        (("1,234", "2,345", "3,456"), {"point": [1234, 2345, 3456], "comma": [1.234, 2.345, 3.456]}),
        (("555 123", "444 222", "111 222"), {"point": [555123, 444222, 111222]}),
    ],
)
def test_what_could_mean_two_things_is_asked(values: tuple[str, ...], readings: dict[str, list[float]]) -> None:
    profile, held = read(*values)
    assert (profile.column("v").storage, held) == ("text", list(values))
    finding = asked(profile)
    assert finding is not None
    assert finding.message.endswith("Until you say so, the column stays text.")
    *buttons, text = finding.remedies
    assert text.changes == says("text")
    assert [one.changes for one in buttons] == [says(name) for name in readings]
    for button, numbers in zip(buttons, readings.values(), strict=True):
        answered, found = read(*values, **button.changes)
        assert (answered.column("v").storage, found, asked(answered)) == ("number", numbers, None)


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
    profile, held = read(*values)
    assert (profile.column("v").storage, held, asked(profile)) == ("text", list(values), None)


def test_a_date_with_points_is_no_number() -> None:
    assert read("12.1.2020", "13.1.2020")[0].column("v").storage == "datetime"


def test_the_decimal_mark_of_the_file_settles_what_could_mean_two_things() -> None:
    assert read("1,234", "2,345", decimal=".")[1] == [1234, 2345]
    assert read("1,234", "2,345", decimal=",")[1] == [1.234, 2.345]


def test_a_word_among_written_numbers_is_asked_about_like_any_other() -> None:
    lines = "".join(f'"1,{at:03}.5",x\n' for at in range(400))
    profile, rows = _read(f'v,w\n{lines}"?",y\n'.encode())
    assert (profile.column("v").storage, rows[-1][0], rows[7][0]) == ("number", None, 1007.5)
    assert {one.code for one in profile.findings if "v" in one.columns} >= {"missing_value_marker", "written_numbers"}


def test_what_changes_far_down_in_a_large_file_is_still_read() -> None:
    lines = [f'"{at % 900}",x' for at in range(30_000)] + ['"1,234.5",y']
    profile, rows = _read("\n".join(["v,w", *lines, ""]).encode())
    assert (profile.column("v").storage, rows[-1][0], rows[5][0]) == ("number", 1234.5, 5)


def test_plain_numbers_are_text_where_the_user_says_so() -> None:
    profile, held = read("1.50", "2.5", **says("text"))
    assert (profile.column("v").storage, held) == ("text", ["1.50", "2.5"])


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
    profile, held = read(*values)
    assert profile.column("v").storage == "datetime"
    assert held[0] == first
    assert any(note in one for one in profile.report.notes)
    if "-0530" in values[1]:
        assert held[1] == datetime(2020, 1, 2, 11, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (("2020-01-01T00:00:00+02:00", "2020-01-02T00:00:00"), "some times carry a time zone (+02:00) and others none"),
        (("2020-01-01 00:00 CET", "2020-07-02 00:00 CEST"), "the time zones CEST, CET cannot be brought together"),
    ],
)
def test_zones_that_cannot_be_brought_together_leave_a_text(values: tuple[str, ...], note: str) -> None:
    profile, held = read(*values)
    assert (profile.column("v").storage, held) == ("text", list(values))
    assert any(note in one for one in profile.report.notes)
