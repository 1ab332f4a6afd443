"""Times in every ordinary form become an axis; what could be two things is asked, and what is no time stays none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from app.domain.analysis.profiling.profile import DatasetProfile
from tests.storage.answers import Rows, read

START = datetime(2013, 10, 14)  # noqa: DTZ001 - moments in files have no zone
HOURS = [START + timedelta(hours=hour) for hour in range(400)]
DAYS = [datetime(1968, 10, 14) + timedelta(days=day) for day in range(400)]  # noqa: DTZ001
Write = Callable[[datetime], object]


def table(folder: Path, data: dict[str, Sequence[object]], **choices: Any) -> tuple[DatasetProfile, Rows]:
    """Read a table of these columns beside one of plain numbers."""
    names = [*data, "discharge"]
    rows = [",".join([*(f'"{value}"' for value in row), f"{line}.5"]) for line, row in enumerate(zip(*data.values()))]  # noqa: B905
    return read(folder, "\n".join([",".join(names), *rows, ""]).encode(), "x.csv", **choices)


def written(form: str) -> Write:
    return lambda moment: moment.strftime(form)


def serial(moment: datetime) -> str:
    return str((moment - datetime(1899, 12, 30)).total_seconds() / 86_400)  # noqa: DTZ001


def unix(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "write", "step"),
    [
        ("when", written("%d.%m.%Y %H:%M:%S"), 3600),
        ("when", written("%m/%d/%Y %I:%M:%S %p"), 3600),
        ("when", written("%d-%b-%y %H:%M"), 3600),
        ("when", written("%Y%m%dT%H%M%S"), 3600),
        ("when", written("%Y%m%d%H"), 3600),
        ("when", written("%Y%m%d%H%M"), 3600),
        ("when", written("%Y-%m-%dT%H:%M:%SZ"), 3600),
        ("ts", unix, 3600),
        ("ts", lambda moment: 1000 * unix(moment), 3600),
        ("date", serial, 3600),
        ("when", written("%d/%m/%y"), 86_400),
        ("when", written("%Y%m%d"), 86_400),
        ("when", written("%d%m%Y"), 86_400),
        ("when", written("%y%m%d"), 86_400),
        ("when", written("%Y%j"), 86_400),
        ("when", written("%B %d, %Y"), 86_400),
        ("when", written("%G-W%V-%u"), 86_400),
    ],
)
def test_times_make_an_axis_in_every_ordinary_form(tmp_path: Path, name: str, write: Write, step: int) -> None:
    moments = HOURS if step == 3600 else DAYS
    profile, rows = table(tmp_path, {name: [write(moment) for moment in moments]})
    axis = profile.time_axis
    assert axis is not None
    assert (axis.column, axis.step_seconds, axis.regular, axis.gaps) == (name, step, True, 0)
    assert [row[0] for row in rows] == moments
    assert profile.column(name).kind_reason.startswith("dates, read as ") or axis.form == ""


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ([f"{1960 + position // 12}-{position % 12 + 1:02d}" for position in range(400)], "monthly"),
        ([f"{1960 + position // 12}{position % 12 + 1:02d}" for position in range(400)], "monthly"),
        ([f"{1960 + position // 12}.{position % 12 + 1:02d}" for position in range(400)], "monthly"),
        ([f"Q{position % 4 + 1} {1900 + position // 4}" for position in range(400)], "every 3 months"),
    ],
)
def test_months_and_quarters_make_an_axis(tmp_path: Path, values: list[str], label: str) -> None:
    axis = table(tmp_path, {"month": values})[0].time_axis
    assert axis is not None
    assert (axis.step_label, axis.regular, axis.gaps) == (label, True, 0)


def test_a_year_is_an_axis_in_rows_a_year_apart_and_a_number_elsewhere(tmp_path: Path) -> None:
    axis = table(tmp_path, {"year": range(1800, 2000)})[0].time_axis
    assert axis is not None
    assert (axis.step_label, axis.start[:4]) == ("yearly", "1800")
    built = [1950 + position * 37 % 60 for position in range(200)]
    assert table(tmp_path, {"year": built})[0].column("year").storage == "integer"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("version", [f"{position % 12 + 1}.{position % 28 + 1}.{10 + position % 9}" for position in range(200)]),
        ("site_no", [f"{1_900_101 + 7 * position:08d}" for position in range(200)]),
        ("huc", [f"1702{position % 12 + 1:02d}{position % 28 + 1:02d}" for position in range(200)]),
        ("elevation", [41_000 + position for position in range(200)]),
        ("order_id", [20_130_101 + position for position in range(20)]),
        ("population", [1_300_000_000 + 60 * position for position in range(200)]),
        ("ratio", [f"{position % 28 + 1}/{position % 12 + 1}" for position in range(200)]),
        ("flow", [f"{1990 + position % 30}.{position % 12 + 1:02d}" for position in range(200)]),
    ],
)
def test_codes_versions_and_measurements_are_no_times(tmp_path: Path, name: str, values: list[object]) -> None:
    profile, _ = table(tmp_path, {name: values})
    assert profile.column(name).storage != "datetime"
    assert profile.time_axis is None


@pytest.mark.parametrize(
    "parts",
    [
        {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M"},
        {"YR": "%y", "MON": "%b", "DAY": "%d", "HR": "%H"},
        {"date": "%d/%m/%Y", "time": "%H:%M"},
        {"date": "%Y-%m-%d", "time": "%I:%M %p"},
        {"Date": "%Y%m%d", "hour": "%H"},
        {"year": "%Y", "doy": "%j", "hour": "%H"},
        {"date": "%Y%m%d", "hhmm": "%H%M"},
    ],
    ids=" ".join,
)
def test_columns_that_make_a_time_are_joined_and_stay(tmp_path: Path, parts: dict[str, str]) -> None:
    columns = {name: [moment.strftime(form) for moment in HOURS] for name, form in parts.items()}
    profile, rows = table(tmp_path, columns)
    axis = profile.time_axis
    assert axis is not None
    assert set(axis.columns) <= set(parts)
    assert (axis.step_label, axis.gaps) == ("hourly", 0)
    assert [row[-1] for row in rows] == HOURS
    assert [column.name for column in profile.columns[: len(parts)]] == list(parts)
    joined = next(finding for finding in profile.findings if finding.code == "time_joined")
    undone, _ = table(tmp_path, columns, **joined.remedies[0].changes)
    assert [column.name for column in undone.columns] == [*parts, "discharge"]


def test_derived_calendar_columns_beside_a_date_are_not_joined(tmp_path: Path) -> None:
    columns = {name: [day.strftime(form) for day in DAYS] for name, form in (("date", "%Y-%m-%d"), ("year", "%Y"))}
    profile, _ = table(tmp_path, {**columns, "month": [day.month for day in DAYS], "day": [day.day for day in DAYS]})
    assert [column.name for column in profile.columns] == ["date", "year", "month", "day", "discharge"]


def test_columns_are_joined_as_a_person_says(tmp_path: Path) -> None:
    columns = {"a": [day.year for day in DAYS], "b": [day.month for day in DAYS], "c": [day.day for day in DAYS]}
    choice = {"columns": ["a", "b", "c"], "read_as": "datetime", "name": "date"}
    profile, rows = table(tmp_path, columns, columns=[choice])
    assert profile.columns[-1].name == "date"
    assert [row[-1] for row in rows] == DAYS


def test_an_order_that_nothing_tells_is_asked_with_the_likelier_one_read(tmp_path: Path) -> None:
    values = [f"{1 + position * 5 % 12:02d}/{1 + position * 7 % 12:02d}/2013" for position in range(60)]
    profile, rows = table(tmp_path, {"day": values})
    question = next(finding for finding in profile.findings if finding.code == "looks_like_time_not_understood")
    assert question.severity.value == "warning"
    assert "(suggested)" in question.remedies[0].label
    answered, other = table(tmp_path, {"day": values}, **question.remedies[1].changes)
    assert not any(finding.code == "looks_like_time_not_understood" for finding in answered.findings)
    assert [row[0] for row in other] != [row[0] for row in rows]
    assert table(tmp_path, {"day": values}, **question.remedies[-1].changes)[0].column("day").storage == "text"


@pytest.mark.parametrize(
    ("choice", "storage"),
    [
        ({"read_as": "text"}, "text"),
        ({"read_as": "numeric"}, "integer"),
        ({"read_as": "datetime", "form": "%Y%m%d"}, "datetime"),
        ({"read_as": "datetime"}, "datetime"),
        ({"read_as": "datetime", "form": "%d.%m.%Y"}, "text"),
    ],
)
def test_a_column_is_read_as_a_person_says(tmp_path: Path, choice: dict[str, str], storage: str) -> None:
    values = [day.strftime("%Y%m%d") for day in DAYS]
    profile, _ = table(tmp_path, {"when": values}, columns=[{"column": "when", **choice}])
    assert profile.column("when").storage == storage


@pytest.mark.parametrize("choice", [{}, {"form": "unix_seconds"}, {"zone": "Europe/Berlin"}])
def test_numbers_that_count_are_times_where_a_person_says_so(tmp_path: Path, choice: dict[str, str]) -> None:
    values = [unix(hour) + index * index % 3600 for index, hour in enumerate(HOURS)]
    assert (
        table(tmp_path, {"amount": values}, columns=[{"column": "amount", "read_as": "numeric"}])[0].time_axis is None
    )
    profile, rows = table(tmp_path, {"amount": values}, columns=[{"column": "amount", "read_as": "datetime", **choice}])
    east = timedelta(hours=0 if "zone" not in choice else 2)
    assert rows[0][0] == HOURS[0] - east
    assert any("turned into UTC" in note for note in profile.report.notes) == ("zone" in choice)


@pytest.mark.parametrize(
    ("column", "value", "choice"),
    [
        ("a VARCHAR", "strftime(day, '%d/%m/%Y')", {"form": "%d/%m/%Y"}),
        ("a VARCHAR", "strftime(day, '%d.%m.%Y')", {}),
        ("an INTEGER", "strftime(day, '%Y%m%d')::INTEGER", {"form": "%Y%m%d"}),
        ("a small INTEGER", "strftime(day, '%d%m%y')::INTEGER", {"form": "%d%m%y"}),
        ("a BIGINT", "epoch_ms(day)", {}),
        ("a DOUBLE", "epoch(day)", {"form": "unix_seconds"}),
        ("a DATE", "day::DATE", {}),
    ],
)
def test_a_typed_file_is_read_as_a_person_says(tmp_path: Path, column: str, value: str, choice: dict[str, str]) -> None:
    days = "SELECT unnest(generate_series(TIMESTAMP '1995-10-14', TIMESTAMP '1996-11-16', INTERVAL 1 DAY)) AS day"
    target = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT {value} AS held, random() AS q FROM ({days})) TO '{target}' (FORMAT parquet)")
    say = {"column": "held", "read_as": "datetime", "zone": "-05:00", **choice}
    profile, rows = read(tmp_path, target, "x.parquet", columns=[say])
    assert profile.column("held").storage == "datetime", column
    assert [row[0] for row in rows[:2]] == [datetime(1995, 10, 14, 5), datetime(1995, 10, 15, 5)]  # noqa: DTZ001
    assert "has no effect" not in " ".join(profile.report.notes)


@pytest.mark.parametrize(
    ("form", "is_time"), [("%Y-%m-%d", True), ("%d.%m.%Y", True), ("%Y-%m-%dT%H:%M:%SZ", True), ("no %d", False)]
)
def test_texts_of_a_typed_file_are_times_where_all_of_them_are(tmp_path: Path, form: str, is_time: bool) -> None:
    days = "SELECT unnest(generate_series(TIMESTAMP '1995-10-14', TIMESTAMP '1996-11-16', INTERVAL 1 DAY)) AS day"
    target = tmp_path / "x.parquet"
    current = f"strftime(day, '{form}') AS held, strftime(day, '{form}') || if(random() < 0.5, '', '?') AS odd"
    duckdb.sql(f"COPY (SELECT {current}, random() AS q FROM ({days})) TO '{target}' (FORMAT parquet)")
    profile, rows = read(tmp_path, target, "x.parquet")
    assert [column.storage for column in profile.columns] == ["datetime" if is_time else "text", "text", "number"]
    assert (profile.time_axis is not None) == is_time
    assert not is_time or rows[1][0] == datetime(1995, 10, 15)  # noqa: DTZ001


def test_a_typed_column_that_holds_no_times_keeps_its_kind_and_says_so(tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT range / 7 AS q, 'w' || range AS word FROM range(99)) TO '{target}' (FORMAT parquet)")
    columns = [{"column": name, "read_as": "datetime", "form": "%Y%m%d"} for name in ("q", "word")]
    profile, _ = read(tmp_path, target, "x.parquet", columns=columns)
    assert [column.storage for column in profile.columns] == ["number", "text"]
    words = "too few values are written YYYYMMDD."
    assert profile.report.notes == (f"q: kept as numbers: {words}", f"word: kept as text: {words}")


def test_joined_times_are_on_the_clock_that_a_person_says(tmp_path: Path) -> None:
    parts = {"tag": [hour.date() for hour in HOURS], "h": [hour.hour for hour in HOURS]}
    choice = {"columns": ["tag", "h"], "read_as": "datetime", "name": "when", "zone": "Europe/Berlin"}
    profile, rows = table(tmp_path, parts, columns=[choice])
    assert profile.time_axis is not None
    assert profile.time_axis.columns == ("tag", "h")
    # Until 27 October the clock is two hours ahead.
    assert [row[-1] for row in rows[:48]] == [hour - timedelta(hours=2) for hour in HOURS[:48]]


def test_no_two_columns_of_joined_times_have_one_name(tmp_path: Path) -> None:
    first, second = ({f"{name}{end}": [getattr(day, name) for day in DAYS] for name in ("year", "month", "day")}
                     for end in ("", "_obs"))  # fmt: skip
    choices = [{"columns": list(item), "read_as": "datetime", "name": "date"} for item in (first, second)]
    profile, rows = table(tmp_path, {"date": ["x"] * len(DAYS), **first, **second}, columns=choices)
    names = [column.name for column in profile.columns]
    assert names[-2:] == ["joined_date", "joined_time"]
    assert len(set(names)) == len(names)
    assert [row[-2:] for row in rows] == [(day, day) for day in DAYS]
    assert "joined_date: not called date, as another column is." in profile.report.notes


@pytest.mark.parametrize(
    "other", [["true", "false"] * 200, [hour.hour + hour.day % 2 / 2 for hour in HOURS]], ids=["truths", "half hours"]
)
def test_columns_that_make_no_times_are_left_apart_and_it_is_said(tmp_path: Path, other: list[object]) -> None:
    choice = {"columns": ["day", "other"], "read_as": "datetime"}
    profile, _ = table(tmp_path, {"day": [hour.date() for hour in HOURS], "other": other}, columns=[choice])
    assert [column.name for column in profile.columns] == ["day", "other", "discharge"]
    assert "day: not joined with other: their values make no times." in profile.report.notes


def test_a_form_of_ones_own_reads_what_no_rule_knows(tmp_path: Path) -> None:
    values = [day.strftime("d%d m%m y%Y") for day in DAYS]
    assert table(tmp_path, {"when": values})[0].time_axis is None
    _, rows = table(
        tmp_path, {"when": values}, columns=[{"column": "when", "read_as": "datetime", "form": "d%d m%m y%Y"}]
    )
    assert [row[0] for row in rows] == DAYS


def test_local_times_are_regular_and_become_utc_where_the_zone_is_said(tmp_path: Path) -> None:
    zone, utc = ZoneInfo("Europe/Berlin"), [datetime(2013, 1, 1) + timedelta(hours=hour) for hour in range(8760)]  # noqa: DTZ001
    local = [moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).strftime("%d.%m.%Y %H:%M") for moment in utc]
    profile, _ = table(tmp_path, {"time": local})
    axis = profile.time_axis
    assert axis is not None
    assert (axis.step_label, axis.gaps, axis.duplicates, axis.clock_forward, axis.clock_back) == ("hourly", 0, 0, 1, 1)
    assert any(finding.code == "daylight_saving" for finding in profile.findings)
    choice = {"column": "time", "read_as": "datetime", "zone": "Europe/Berlin"}
    assert [row[0] for row in table(tmp_path, {"time": local}, columns=[choice])[1]] == utc


def test_what_looks_like_time_and_is_not_understood_is_a_warning(tmp_path: Path) -> None:
    values = [
        f"2013-10-{position % 28 + 1:02d}T{position % 24:02d}:00{'Z' if position % 2 else ''}"
        for position in range(200)
    ]
    profile, _ = table(tmp_path, {"sampled": values})
    finding = next(item for item in profile.findings if item.code == "looks_like_time_not_understood")
    assert (finding.severity.value, finding.columns) == ("warning", ("sampled",))
    dataset, _ = table(tmp_path, {"sampled": values}, **finding.remedies[0].changes)
    assert not any(item.code == finding.code for item in dataset.findings)
