"""Forms of times: what one reads, which ones could have written a value, and which of them a column has."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from app.domain.analysis.import_options.import_choices import ColumnImportChoice, ReadingChoices
from app.domain.analysis.profiling.clock_changes import clock_changes
from app.domain.analysis.time_forms.candidates import candidate_forms, may_be_times
from app.domain.analysis.time_forms.forms import Form, FormError, form_of
from app.domain.analysis.time_forms.joining import TimePart, find_joins, name_of
from app.domain.analysis.time_forms.judging import FormTrial, choose, first_year_of, is_believed
from app.domain.analysis.time_forms.numbers import number_forms, numbers_are_times, years_are_axis
from app.domain.analysis.time_forms.zone_names import changes_between, zone_of

NOON = datetime(2013, 10, 14, 13, 5)  # noqa: DTZ001 - moments in files have no zone
DAY = datetime(2013, 10, 14)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "code", "moment"),
    [
        ("14.10.2013 13:05:00", "%d.%m.%Y %H:%M:%S", NOON),
        ("14-10-2013 13:05", "%d-%m-%Y %H:%M", NOON),
        ("10/14/13 1:05 PM", "%m/%d/%y %I:%M %p", NOON),
        ("14-Oct-2013 13:05", "%d-%b-%Y %H:%M", NOON),
        ("14OCT2013:13:05:00", "%d%b%Y:%H:%M:%S", NOON),
        ("Monday, 14 October 2013 13:05", "%a, %d %b %Y %H:%M", NOON),
        ("October 14th, 2013", "%b %d%o, %Y", DAY),
        ("14. März 2013", "%d. %b %Y", datetime(2013, 3, 14)),  # noqa: DTZ001
        ("14 de octubre de 2013", "%d de %b de %Y", DAY),
        ("14 août 2013", "%d %b %Y", datetime(2013, 8, 14)),  # noqa: DTZ001
        ("20131014T130500", "%Y%m%dT%H%M%S", NOON),
        ("20131014 1305", "%Y%m%d %H%M", NOON),
        ("2013-10-14T13:05:00.25Z", "%Y-%m-%dT%H:%M:%S.%f%z", NOON.replace(microsecond=250_000)),
        ("2013-10-14 13.05", "%Y-%m-%d %H.%M", NOON),
        ("13:05 14/10/2013", "%H:%M %d/%m/%Y", NOON),
        ("13.10.2013 24:00", "%d.%m.%Y %H:%M", DAY),
        ("2013-287", "%Y-%j", DAY),
        ("2013-W42-1", "%G-W%V-%u", DAY),
        ("Q4 2013", "Q%q %Y", datetime(2013, 10, 1)),  # noqa: DTZ001
        ("2013.10.14", "%Y.%m.%d", DAY),
        ("Oct 2013", "%b %Y", datetime(2013, 10, 1)),  # noqa: DTZ001
    ],
)
def test_a_value_proposes_the_form_it_is_written_in(text: str, code: str, moment: datetime) -> None:
    forms = {form.code: form for form in candidate_forms([text])}
    assert forms[code].parse(text) == moment


@pytest.mark.parametrize(
    "text", ["192.168.1.10", "1.2.3", "12:30", "G00012345", "3-1", "12-34-5678", "2,345", "level 3", "1/2", "v2.10.14b"]
)
def test_what_is_no_time_proposes_no_form(text: str) -> None:
    assert not [form for form in candidate_forms([text]) if form.parse(text)]


def test_parts_that_some_values_lack_are_optional() -> None:
    assert candidate_forms(["14.10.2013 13:00:00", "14.10.2013 13:00", "14.10.2013"])[0].code == "%d.%m.%Y[ %H:%M[:%S]]"
    assert not may_be_times(["rain", "snow", "14.10.2013"])


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("%d.%m", "needs a year"),
        ("%Y-%Q", "no part %Q"),
        ("%Y %Y", "once"),
        ("%Y[-%m", "Every ["),
        ("%G", "needs its week"),
        ("%Y" + "-" * 70, "at most 60"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_the_reason(code: str, says: str) -> None:
    with pytest.raises(FormError, match=says.replace("[", r"\[")):
        form_of(code)


@pytest.mark.parametrize(
    ("years", "first"),
    [(range(68, 72), 1968), ([98, 99, 0, 1], 1998), (range(100), 1900), ([24, 25, 26], 2024), ([40, 41], 1940)],
)
def test_the_century_puts_no_date_in_the_far_future(years: list[int], first: int) -> None:
    assert first_year_of(np.array(years), latest=2027) == first


def _tried(code: str, start: str, step: str, many: int) -> FormTrial:
    moments = (np.datetime64(start, "us") + np.arange(many) * np.timedelta64(1, step)).astype(np.int64)
    return FormTrial(Form(code), many, moments)


def test_the_order_with_a_regular_step_wins_and_two_such_are_asked() -> None:
    daily, other = _tried("%d/%m/%Y", "2013-01-01", "D", 12), _tried("%m/%d/%Y", "2013-01-01", "D", 12)
    months = np.array([f"2013-{month:02d}-01" for month in range(1, 13)], dtype="datetime64[us]").astype(np.int64)
    uneven = FormTrial(Form("%m/%d/%Y"), 12, np.sort(months + np.arange(12) ** 2 * 86_400_000_000))
    won = choose([daily, uneven], present=12)
    assert won is not None
    assert (won.form.code, won.others) == ("%d/%m/%Y", ())
    reading = choose([other, FormTrial(Form("%d/%m/%Y"), 12, months)], present=12)
    assert reading is not None
    assert [form.code for form in (reading.form, *reading.others)] == ["%d/%m/%Y", "%m/%d/%Y"]
    assert "both orders" in reading.reason


def test_versions_and_seasons_are_no_times() -> None:
    versions = _tried("%d.%m.%y", "2013-01-01", "D", 30)
    reading = choose([versions], present=30)
    assert reading is not None
    assert not is_believed(reading, np.random.default_rng(1).permutation(versions.moments), "release")
    seasons = np.array([f"{year}-{year % 100 + 1:02d}-01" for year in range(2000, 2012)], dtype="datetime64[us]")
    reading = choose([FormTrial(Form("%Y-%m"), 12, seasons.astype(np.int64))], present=12)
    assert reading is not None
    assert not is_believed(reading, seasons.astype(np.int64), "season")


@pytest.mark.parametrize(
    ("name", "low", "step", "size", "found"),
    [
        ("ts", 1_381_708_800, 3600, 400, "unix_seconds"),
        ("population", 1_381_708_800, 3600, 400, ""),
        ("sensor", 1_381_708_800, 1, 400, ""),
        ("Date", 41_561, 1, 400, "excel"),
        ("elevation", 41_561, 1, 400, ""),
        ("row_id", 41_561, 1, 400, ""),
    ],
)
def test_numbers_are_times_on_strong_evidence_only(name: str, low: int, step: int, size: int, found: str) -> None:
    values = low + step * np.arange(size)
    forms = [
        number_form.form
        for number_form in number_forms(values[0], values[-1], is_whole=True)
        if number_form.form.is_counted
    ]
    moments = {form: np.array([np.datetime64(form.parse(str(v)), "us") for v in values]).astype(int) for form in forms}
    assert [form.code for form in forms if numbers_are_times(form, moments[form], name)] == ([found] if found else [])


def test_years_are_an_axis_only_where_rows_are_a_year_apart() -> None:
    draw = np.random.default_rng(3)
    assert years_are_axis(np.arange(1950, 2010), "year")
    assert years_are_axis(np.tile(np.arange(1950, 1990), 5), "Year")
    assert not years_are_axis(draw.integers(1950, 2010, 400), "year")
    assert not years_are_axis(np.sort(draw.integers(1970, 1983, 400)), "year")
    assert not years_are_axis(np.arange(1950, 2010), "year_built")


def test_columns_that_make_a_time_are_found_by_name_and_bounds() -> None:
    day = [
        TimePart("Year", "integer", 1990, 2001),
        TimePart("Mnth", "integer", 1, 12),
        TimePart("DAY", "integer", 1, 31),
    ]
    assert find_joins(day)[0] == (("Year", "Mnth", "DAY"), ("year", "month", "day"))
    assert find_joins([*day, TimePart("Hr", "integer", 0, 23)])[0][1] == ("year", "month", "day", "hour")
    assert find_joins([TimePart("YR", "integer", 68, 99), TimePart("doy", "integer", 1, 366)])[0][1] == (
        "short_year",
        "day_of_year",
    )
    assert find_joins([TimePart("date", "date"), TimePart("time", "clock")])[0][0] == ("date", "time")
    assert find_joins([TimePart("year", "integer", 1, 5), TimePart("month", "integer", 1, 40)]) == []
    assert name_of(("date", "clock"), ["date", "datetime"]) == "date_time"


def test_an_hour_left_out_in_spring_and_doubled_in_autumn_is_daylight_saving() -> None:
    zone = zone_of("Europe/Berlin")
    start, changes = changes_between(zone, DAY - timedelta(days=365), DAY + timedelta(days=60))
    assert (start, [change.after for change in changes]) == (120, [60, 120, 60])
    local = [
        (DAY + timedelta(hours=hour)).replace(tzinfo=zone_of("UTC")).astimezone(zone).replace(tzinfo=None)
        for hour in range(-5000, 1000)
    ]
    seconds, counts = np.unique(np.array(local, dtype="datetime64[s]").astype(int), return_counts=True)
    result = clock_changes(seconds, counts, 3600.0)
    assert (result.forward, result.back, result.steps_left_out, result.rows_repeated) == (1, 1, 1, 1)


def test_choices_about_times_are_checked_and_replace_each_other() -> None:
    choices = ReadingChoices().merged({"columns": [{"column": "t", "read_as": "datetime", "form": "%d.%m.%Y"}]})
    choices = choices.merged({"columns": [{"columns": ["y", "m"], "read_as": "datetime", "name": "date"}]})
    choices = choices.merged({"columns": [{"column": "t", "read_as": "numeric"}]})
    assert [column.place for column in choices.columns] == [("t",), ("m", "y")]
    assert choices.merged({"columns": [{"columns": ["y", "m"], "read_as": None}]}).columns == choices.columns[:1]
    apart = choices.merged({"columns": [{"columns": ["m", "y"], "read_as": "text"}]})
    assert [(column.columns, column.read_as) for column in apart.columns[1:]] == [(("m", "y"), "text")]
    for wrong in (
        {"columns": ["y", "y"], "read_as": "datetime"},
        {"columns": ["y", "m", "y"], "read_as": "datetime"},
        {"read_as": "text"},
        {"column": "a", "read_as": "text", "zone": "UTC"},
        {"column": "a", "form": "%Y"},
    ):
        with pytest.raises(ValueError, match=r"Name one|belong to|Name at least two|Name each"):
            ColumnImportChoice.model_validate(wrong)
    with pytest.raises(ValueError, match="no time zone"):
        ColumnImportChoice.model_validate({"column": "a", "read_as": "datetime", "zone": "Mars/Base"})


def test_what_is_said_of_times_marks_units_and_joins_is_kept_apart() -> None:
    when = {"column": "when", "read_as": "datetime", "form": "%d/%m/%Y", "zone": "Europe/Berlin"}
    choices = ReadingChoices().merged({"columns": [when], "markers": [{"column": "when", "value": "?"}]})
    choices = choices.merged({"columns": [{"column": "q", "unit": "mm"}, {"column": "when", "unit": "d"}]})
    choices = choices.merged({"columns": [{"columns": ["a", "b"], "read_as": "datetime"}]})
    current_values = {column.place: column.model_dump(exclude_defaults=True) for column in choices.columns}
    assert current_values[("when",)] == {**when, "unit": "d"}
    assert current_values[("q",)] == {"column": "q", "unit": "mm"}
    for back, kept in (
        ({"column": "when", "read_as": None}, {**current_values, ("when",): {"column": "when", "unit": "d"}}),
        ({"column": "when", "unit": None}, {**current_values, ("when",): when}),
        ({"column": "q", "unit": None}, {place: row for place, row in current_values.items() if place != ("q",)}),
        (
            {"columns": ["b", "a"], "read_as": None},
            {place: row for place, row in current_values.items() if len(place) == 1},
        ),
    ):
        after = choices.merged({"columns": [back]})
        assert {column.place: column.model_dump(exclude_defaults=True) for column in after.columns} == kept
        assert after.markers == choices.markers
