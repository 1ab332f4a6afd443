"""Kinds of columns, findings and the time axis: each from evidence, on made tables and on real files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.findings.findings import column_findings, dataset_findings
from app.domain.analysis.profiling.kinds import KindEvidence, decide_kind
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, TimeAxis
from app.domain.analysis.profiling.time_axis import describe_axis
from app.domain.vocabulary import ColumnKind, Severity
from tests.domain.reading import known, real_file, sample

DAY = 86_400.0


def _kind(storage: str, **evidence: Any) -> ColumnKind:
    values = {"name": "x", "storage": storage, "rows": 100, "present": 100, "distinct": 50, **evidence}
    kind, reason = decide_kind(KindEvidence(**values))
    assert reason
    return kind


@pytest.mark.parametrize("storage", ["number", "integer", "boolean", "datetime", "text"])
def test_a_column_of_one_value_or_none_is_constant_whatever_it_holds(storage: str) -> None:
    assert _kind(storage, present=0, distinct=0) is ColumnKind.CONSTANT
    assert _kind(storage, present=100, distinct=1) is ColumnKind.CONSTANT
    assert _kind(storage, present=1, distinct=1) is ColumnKind.CONSTANT


@pytest.mark.parametrize(
    ("storage", "kind"),
    [
        ("number", ColumnKind.NUMERIC),
        ("integer", ColumnKind.INTEGER),
        ("boolean", ColumnKind.BOOLEAN),
        ("datetime", ColumnKind.DATETIME),
        ("text", ColumnKind.CATEGORICAL),
    ],
)
def test_the_storage_decides_where_nothing_speaks_against_it(storage: str, kind: ColumnKind) -> None:
    assert _kind(storage, distinct=2) is kind


@pytest.mark.parametrize("name", ["id", "ID", "site_id", "Sample Number", "gauge.id", "row_number", "rownames", "nr"])
def test_whole_numbers_that_differ_and_are_named_like_an_id_name_rows(name: str) -> None:
    apart = {"distinct": 100, "minimum": 500.0, "maximum": 90_000.0}
    assert _kind("integer", name=name, **apart) is ColumnKind.IDENTIFIER
    assert _kind("integer", name=name, **{**apart, "distinct": 99}) is ColumnKind.INTEGER
    assert _kind("integer", name=name, **{**apart, "present": 19, "distinct": 19}) is ColumnKind.INTEGER
    assert _kind("number", name=name, **apart) is ColumnKind.NUMERIC


@pytest.mark.parametrize("name", ["flow", "humid", "period", "grid", "tide", "elevation", "numbers_of_days"])
def test_a_name_that_only_sounds_like_an_id_is_none(name: str) -> None:
    assert _kind("integer", name=name, distinct=100, minimum=500.0, maximum=90_000.0) is ColumnKind.INTEGER


@pytest.mark.parametrize(("first", "kind"), [(0.0, "identifier"), (1.0, "identifier"), (1900.0, "integer")])
def test_only_a_count_from_the_first_row_names_rows_and_years_do_not(first: float, kind: str) -> None:
    assert _kind("integer", name="x", distinct=100, minimum=first, maximum=first + 99) == kind


def test_texts_are_words_names_or_prose() -> None:
    assert _kind("text", distinct=3, mean_length=5) is ColumnKind.CATEGORICAL
    assert _kind("text", distinct=95, mean_length=8) is ColumnKind.IDENTIFIER
    assert _kind("text", distinct=95, mean_length=120) is ColumnKind.TEXT
    assert _kind("text", distinct=60, mean_length=8) is ColumnKind.TEXT
    assert _kind("text", present=10, distinct=10, mean_length=8) is ColumnKind.CATEGORICAL


@pytest.mark.parametrize("name", ["CLIENTNUM", "CustomerId", "siteID", "station-id"])
def test_an_id_written_in_one_word_names_rows_too(name: str) -> None:
    assert _kind("integer", name=name, distinct=100, minimum=7.0e8, maximum=8.0e8) is ColumnKind.IDENTIFIER


def _column(values: list[Any], **parts: Any) -> tuple[ColumnProfile, int]:
    read = known(pd.DataFrame({"x": values, "other": range(len(values))})).column("x")
    return read, len(values)


def _codes(values: list[Any]) -> list[str]:
    profile = known(pd.DataFrame({"x": values, "other": range(len(values))})).profile
    return [finding.code for finding in profile.findings if "x" in finding.columns]


def test_each_finding_comes_from_its_own_fault_and_a_sound_column_has_none() -> None:
    sound = [round(float(value), 3) for value in np.random.default_rng(0).normal(size=200)]
    assert _codes(sound) == []
    assert _codes([None] * 200) == ["all_missing"]
    assert _codes([7.5] * 200) == ["constant"]
    assert _codes([7.5] * 198 + [1.5, 2.5]) == ["near_constant"]
    assert _codes([f"n{position}" for position in range(200)]) == ["identifier"]
    assert _codes([*sound[:80], *[None] * 120]) == ["mostly_missing"]
    assert _codes([*sound[:199], -9999.0]) == ["missing_value_marker"]
    assert _codes(["wet", "dry"] * 95 + ["?"] * 10) == ["missing_value_marker"]


def test_findings_about_one_column_name_it_and_are_sentences() -> None:
    column, rows = _column([7.5] * 60)
    (finding,) = column_findings(column, rows)
    assert (finding.columns, finding.severity) == (("x",), Severity.NOTICE)
    assert finding.message == "`x` is 7.5 on all 60 rows."
    assert finding.remedy == "Leave it out: it carries no information."


def test_findings_about_the_whole_dataset() -> None:
    column, _ = _column([1.5, 2.5] * 60)
    axis = TimeAxis("day", "2000-01-01", "2001-01-01", DAY, "daily", regular=True, gaps=4, duplicates=0)
    uneven = TimeAxis("day", "2000-01-01", "2001-01-01", DAY, "about daily", regular=False, gaps=0, duplicates=0)

    def codes(**parts: Any) -> list[str]:
        values = {"rows": 500, "columns": [column, column], "duplicates": 0, "axis": None, **parts}
        return [finding.code for finding in dataset_findings(**values)]

    assert codes() == []
    assert codes(duplicates=None) == []
    assert codes(rows=99) == ["too_few_rows"]
    assert codes(columns=[column]) == ["one_column"]
    assert codes(duplicates=3) == ["duplicate_rows"]
    assert codes(axis=axis) == ["time_gaps"]
    assert codes(axis=uneven) == ["irregular_time"]


def test_copied_rows_and_missing_days_are_counted_as_pandas_counts_them() -> None:
    days = pd.date_range("2001-01-01", periods=300, freq="D").delete([10, 11, 50])
    frame = pd.DataFrame({"day": days, "q": np.random.default_rng(1).normal(size=297).round(3)})
    profile = known(pd.concat([frame, frame.iloc[5:9]])).profile
    assert profile.duplicate_rows == 4
    assert profile.time_axis is not None
    assert (profile.time_axis.gaps, profile.time_axis.duplicates) == (3, 4)
    assert {"duplicate_rows", "time_gaps"} <= {finding.code for finding in profile.findings}


def _axis(times: pd.DatetimeIndex, rows_each: int = 1) -> TimeAxis | None:
    seconds = times.as_unit("ns").asi8 / 1e9
    return describe_axis("t", seconds, np.full(len(times), rows_each))


@pytest.mark.parametrize(
    ("step", "seconds", "label"),
    [
        ("1s", 1, "one-second"),
        ("1min", 60, "one-minute"),
        ("15min", 900, "15-minute"),
        ("1h", 3600, "hourly"),
        ("6h", 21_600, "6-hourly"),
        ("1D", DAY, "daily"),
        ("7D", 7 * DAY, "weekly"),
        ("10D", 10 * DAY, "every 10 days"),
        ("7min", 420, "7-minute"),
    ],
)
def test_a_regular_step_is_found_and_named(step: str, seconds: float, label: str) -> None:
    axis = _axis(pd.date_range("1969-12-20", periods=60, freq=step))
    assert axis is not None
    assert (axis.step_seconds, axis.step_label, axis.regular, axis.gaps) == (seconds, label, True, 0)
    assert axis.start == "1969-12-20 00:00:00"


def test_gaps_count_missing_steps_not_holes() -> None:
    whole = pd.date_range("2000-01-01", periods=400, freq="D")
    holed = whole.delete([5, 100, 101, 102, *range(200, 230)])
    axis = _axis(holed)
    assert axis is not None
    assert (axis.regular, axis.gaps, axis.duplicates) == (True, 34, 0)
    assert (axis.start, axis.end) == ("2000-01-01 00:00:00", "2001-02-03 00:00:00")


def test_dates_that_repeat_for_every_site_order_the_rows_and_are_counted() -> None:
    axis = _axis(pd.date_range("2000-01-01", periods=40, freq="D"), rows_each=4)
    assert axis is not None
    assert (axis.regular, axis.duplicates) == (True, 120)


def test_dates_that_repeat_without_a_pattern_do_not_order_rows() -> None:
    counts = np.random.default_rng(0).integers(1, 30, size=50)
    seconds = np.arange(50) * DAY
    assert describe_axis("t", seconds, counts) is None
    assert describe_axis("t", seconds[:4], np.ones(4)) is None


def test_steps_that_differ_have_no_gaps_and_are_called_irregular() -> None:
    steps = np.random.default_rng(3).uniform(0.5, 90, size=80)
    axis = describe_axis("t", np.cumsum(steps) * DAY, np.ones(80))
    assert axis is not None
    assert (axis.regular, axis.gaps) == (False, 0)
    assert axis.step_seconds == pytest.approx(np.median(steps[1:]) * DAY)
    assert axis.step_label.startswith("irregular, about every ")


@pytest.mark.parametrize(("step", "label"), [("MS", "monthly"), ("YS", "yearly")])
def test_a_series_of_every_month_or_every_year_is_regular(step: str, label: str) -> None:
    axis = _axis(pd.date_range("1990-01-01", periods=60, freq=step))
    assert axis is not None
    assert (axis.step_label, axis.regular) == (label, True)


def test_a_date_of_the_year_nought_breaks_no_reading() -> None:
    days = [str(day.date()) for day in pd.date_range("2000-01-01", periods=40)]
    frame = pd.DataFrame({"day": [*days[:7], "0000-01-01", *days[8:]], "q": range(40)})
    assert known(frame).profile.rows == 40


@pytest.mark.parametrize(
    ("name", "column", "days", "duplicates"),
    [
        ("hydro/piscataquis_01031500_daily.csv", "date", 12_784, 0),
        ("hydro/camels_us_4basins_2000_2002.csv", "date", 1096, 3288),
        ("hydro/gw_heby_daily.csv", "date", 15_007, 0),
        ("hydro/usgs_ChoptankFlow.csv", "datetime", 8035, 0),
    ],
)
def test_the_axis_of_a_real_series(name: str, column: str, days: int, duplicates: int) -> None:
    axis = real_file(name).profile.time_axis
    assert axis is not None
    assert (axis.column, axis.step_label, axis.gaps, axis.duplicates) == (column, "daily", 0, duplicates)
    assert (pd.Timestamp(axis.end) - pd.Timestamp(axis.start)).days + 1 == days


def test_samples_taken_now_and_then_make_an_irregular_axis() -> None:
    read = real_file("hydro/usgs_KlamathTP.csv").profile
    assert read.time_axis is not None
    assert (read.time_axis.column, read.time_axis.regular) == ("sample_dt", False)
    assert {"irregular_time", "too_few_rows"} <= {finding.code for finding in read.findings}


def test_a_site_number_with_leading_zeros_is_a_word() -> None:
    gauge = real_file("hydro/camels_us_4basins_2000_2002.csv").column("gauge_id")
    assert (gauge.kind, gauge.storage, gauge.distinct) == (ColumnKind.CATEGORICAL, "text", 4)
    assert all(value.startswith("0") for value, _ in gauge.top_values)
    assert "leading zeros" in gauge.kind_reason


@pytest.mark.parametrize("name", ["site_no", "gauge_id", "station", "basin_id", "HUC_02", "usgs_site_no"])
def test_numbers_that_name_sites_are_words_where_they_repeat(name: str) -> None:
    assert _kind("integer", name=name, distinct=4, minimum=1.0e6, maximum=2.0e6) is ColumnKind.CATEGORICAL
    assert _kind("integer", name="reading", distinct=4, minimum=1.0e6, maximum=2.0e6) is ColumnKind.INTEGER


def test_the_samples_have_the_kinds_a_person_would_give_them() -> None:
    penguins = {
        column.name: column.kind.value for column in sample("rd_palmerpenguins_penguins_raw.csv").profile.columns
    }
    assert penguins["rownames"] == "identifier"
    assert penguins["Species"] == penguins["Island"] == penguins["Sex"] == "categorical"
    assert penguins["Region"] == penguins["Stage"] == "constant"
    assert penguins["Individual ID"] == "text"
    assert penguins["Date Egg"] == "datetime"
    assert penguins["Body Mass (g)"] == "integer"
    river = {column.name: column.kind.value for column in sample("piscataquis_01031500_daily.csv").profile.columns}
    assert (river["date"], river["swe_mm"], river["discharge_mm"]) == ("datetime", "constant", "numeric")


def test_the_statistics_of_a_sample_are_those_of_pandas() -> None:
    read = sample("piscataquis_01031500_daily.csv")
    for name in ("prcp_mm", "tmax_c", "discharge_mm"):
        column, values = read.column(name), read.frame[name]
        assert (column.missing, column.distinct) == (values.isna().sum(), values.nunique())
        assert (column.zeros, column.negatives) == ((values == 0).sum(), (values < 0).sum())
        assert column.mean == pytest.approx(values.mean())
        assert column.std == pytest.approx(values.std())
        assert column.quantiles == pytest.approx(values.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).to_list())
        assert sum(column.histogram_counts) == values.notna().sum()


def test_a_profile_travels_as_json_unchanged() -> None:
    for name in ("piscataquis_01031500_daily.csv", "rd_palmerpenguins_penguins_raw.csv"):
        profile = sample(name).profile
        assert DatasetProfile.from_json(profile.to_json()) == profile
        assert profile.has(profile.columns[0].name)
        assert not profile.has("no such column")
