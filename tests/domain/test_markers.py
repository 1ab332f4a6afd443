"""Values that may mean missing are found with evidence, asked about once, and never found among real values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.findings.findings import all_findings
from app.domain.analysis.findings.markers import find_marks, origin_of
from app.domain.analysis.findings.questions import word_findings
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, Finding
from app.domain.vocabulary import ColumnKind, Severity
from tests.domain.reading import Known, known, real_file

CODE = "missing_value_marker"
RNG = np.random.default_rng(7)


def _questions(read: Known) -> list[Finding]:
    return [finding for finding in read.profile.findings if finding.code == CODE]


def _texts(read: Known, column: str) -> list[str]:
    """Return the values of one column that are asked about."""
    results = [finding.remedies[0].changes["markers"] for finding in _questions(read)]
    return sorted(marker["value"] for markers in results for marker in markers if marker["column"] == column)


def _made(values: Any, name: str = "x") -> Known:
    return known(pd.DataFrame({name: values, "other": np.arange(len(values)) * 1.5}))


def _flow(size: int = 300) -> list[float]:
    return [round(float(value), 2) for value in RNG.gamma(1.5, 20, size)]


@pytest.mark.parametrize(
    ("value", "unit", "origin"),
    [
        (-999.0, "", ""),
        (-9999.0, "ft³/s", ""),
        (-200.0, "", ""),
        (9.96920997e36, "", ""),
        (-28316.8, "", "-999999 ft³/s in m³/s"),
        (-28316.818275, "m³/s", "-999999 ft³/s in m³/s"),
        (-28317.0, "", "-999999 ft³/s in m³/s"),
        (-28.3168, "", "-999.99 ft³/s in m³/s"),
        (-28.2885, "", "-999 ft³/s in m³/s"),
        (-572.78, "", "-999 °F in °C"),
        (-725.85, "K", "-999 °C in K"),
        (-25374.6, "mm", "-999 in in mm"),
        (-3047.7, "", "-9999 ft in m"),
        (-28316.8, "mm", None),
        (-500.0, "", None),
        (-28.0, "", None),
        (-17.78, "", None),
        (12.5, "", None),
        (0.0, "", None),
    ],
)
def test_a_mark_is_known_as_it_is_and_as_a_conversion_left_it(value: float, unit: str, origin: str | None) -> None:
    assert origin_of(value, unit) == origin


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("-999", "q_cfs"),
        ("-9999", "q_cfs"),
        ("-99999", "q"),
        ("-999999", "q"),
        ("-200", "co"),
        ("-99.9", "rain_mm"),
        ("9999", "visib"),
        ("-28316.8", "q_m3s"),
        ("-28.3168", "q_m3s"),
        ("-32768", "level"),
    ],
)
def test_a_mark_beside_flow_is_found_and_its_rows_are_counted(mark: str, name: str) -> None:
    read = _made([*_flow(), *[float(mark)] * 7], name)
    assert _texts(read, name) == [mark]
    (question,) = _questions(read)
    assert "on 7 rows" in question.message
    assert question.severity is Severity.WARNING


def test_two_marks_at_one_end_are_both_found_and_the_rest_stays() -> None:
    read = _made([*_flow(), -999.0, -999.0, -9999.0])
    assert _texts(read, "x") == ["-999", "-9999"]
    assert all("every other value is" in question.message for question in _questions(read))


def test_a_mark_amid_values_is_found_where_it_is_far_commoner_than_any() -> None:
    wide = [round(float(value), 1) for value in RNG.normal(0, 2000, 900)]
    assert _texts(_made([*wide, *[-999.0] * 60]), "x") == ["-999"]
    assert _texts(_made([*wide, -999.0]), "x") == []


@pytest.mark.parametrize(
    "values",
    [
        [float(value) for value in np.linspace(-250, 250, 201)],
        [float(value) for value in np.linspace(-1010, -990, 201)],
        [round(float(value), 1) for value in np.random.default_rng(1).normal(9900, 60, 400)] + [9999.0],
        [-1, 0, 1] * 70,
        [int(value) for value in np.random.default_rng(2).integers(-9, 30, 300)],
        [999, *np.random.default_rng(3).integers(0, 900, 300).tolist()],
        [round(float(value), 3) for value in np.random.default_rng(4).normal(-28.3, 2, 300)] + [-28.3168],
    ],
)
def test_a_value_amid_values_like_it_is_no_mark(values: list[float]) -> None:
    assert _questions(_made(values)) == []


def test_minus_one_is_asked_about_only_where_it_is_common_and_alone_below_nought() -> None:
    days = [*np.random.default_rng(5).integers(1, 400, 300).tolist(), *[-1] * 200]
    assert _texts(_made(days), "x") == ["-1"]
    assert _texts(_made([*days[:300], -1]), "x") == []


@pytest.mark.parametrize("word", ["?", "-", "n.a.", "missing", "Unknown", "None"])
def test_words_that_stand_for_nothing_are_found_among_words(word: str) -> None:
    read = _made(["wet", "dry", "moist"] * 40 + [word] * 9)
    assert _texts(read, "x") == [word]


def test_a_word_that_is_one_of_two_answers_and_a_sign_are_no_marks() -> None:
    assert _questions(_made(["Yes", "None"] * 60)) == []
    assert _questions(_made(["+", "-", "+", "0"] * 30)) == []


def test_what_reading_itself_asks_about_is_not_asked_twice() -> None:
    read = _made(["wet", "dry", "moist"] * 40 + ["?"] * 9)
    (question,) = _questions(read)
    profile = read.profile
    parts = {"columns": profile.columns, "rows": profile.rows, "report": profile.report}
    _, findings = all_findings(**parts, axis=None, duplicates=None, query=[question])
    assert [finding for finding in findings if finding.code == CODE] == [question]


def test_one_value_of_many_columns_is_one_question_with_an_answer_for_all() -> None:
    frame = pd.DataFrame({name: [*_flow(), -999.0, -999.0] for name in ("a", "b", "c", "d", "e")})
    read = known(frame)
    (question,) = _questions(read)
    assert question.columns == ("a", "b", "c", "d", "e")
    missing, value = question.remedies
    assert (missing.label, missing.kind) == ("It means missing in all 5", "reading")
    assert [change["meaning"] for change in value.changes["markers"]] == ["value"] * 5
    alone = question.about("c")
    assert [change["column"] for change in alone.remedies[0].changes["markers"]] == ["c"]


def _asked_again(read: Known, choices: ReadingChoices) -> list[Finding]:
    profile = read.profile
    _, findings = all_findings(
        columns=profile.columns,
        rows=profile.rows,
        report=profile.report,
        axis=profile.time_axis,
        duplicates=profile.duplicate_rows,
        choices=choices,
    )
    return [finding for finding in findings if finding.code == CODE]


@pytest.mark.parametrize("place", [0, 1])
def test_an_answered_question_is_not_asked_again_whatever_the_answer(place: int) -> None:
    read = _made([*_flow(), *[-999.0] * 30])
    (question,) = _asked_again(read, ReadingChoices())
    answered = ReadingChoices().merged(question.remedies[place].changes)
    assert _asked_again(read, answered) == []
    other = ReadingChoices().merged({"markers": [{"column": "other", "value": "-999", "meaning": "value"}]})
    assert len(_asked_again(read, other)) == 1
    spelled = ReadingChoices().merged({"markers": [{"column": "x", "value": "-999.0", "meaning": "value"}]})
    assert _asked_again(read, spelled) == []


def _column(**parts: Any) -> ColumnProfile:
    values = {
        "kind": ColumnKind.NUMERIC,
        "kind_reason": "",
        "storage": "number",
        "missing": 0,
        "distinct": 100,
        **parts,
    }
    return ColumnProfile(name="x", key="c0", **values)


def test_without_the_table_the_quantiles_must_do() -> None:
    far = _column(minimum=-999.0, maximum=90.0, quantiles=(1.0, 5.0, 9.0, 20.0, 60.0), negatives=3)
    near = _column(minimum=-999.0, maximum=900.0, quantiles=(-800.0, -400.0, 0.0, 400.0, 800.0), negatives=50)
    assert [mark.text for mark in find_marks([far], 100, None)[0].marks] == ["-999"]
    assert find_marks([near], 100, None)[0].marks == []
    assert find_marks([_column(minimum=None, maximum=None)], 100, None)[0].marks == []


def test_words_that_reading_took_for_missing_are_asked_about_where_they_may_mean_something() -> None:
    alley = _column(storage="text", kind=ColumnKind.CATEGORICAL, missing=9, missing_words=(("NA", 9),))
    frontage = _column(missing=5, missing_words=(("NA", 5),))
    (finding,) = word_findings([alley], ReadingChoices())
    assert (finding.code, finding.severity) == (CODE, Severity.NOTICE)
    assert finding.remedies[1].changes["markers"] == [{"column": "x", "value": "NA", "meaning": "value"}]
    assert list(word_findings([frontage], ReadingChoices())) == []
    assert list(word_findings([alley], ReadingChoices().merged(finding.remedies[0].changes))) == []


def test_the_word_for_missing_is_asked_about_where_it_may_mean_none() -> None:
    house = real_file("general/pycaret_house.csv").profile
    (finding,) = [item for item in house.findings if item.code == CODE and "read as missing" in item.message]
    assert {"Alley", "PoolQC", "Fence", "GarageType"} <= set(finding.columns)
    assert {"LotFrontage", "MasVnrArea"}.isdisjoint(finding.columns)
    assert house.column("Alley").missing_words == (("NA", 1369),)


def test_a_reservoir_has_a_mark_and_real_negatives_and_they_are_told_apart() -> None:
    read = real_file("hydro/reservoir_08049800_inflow.csv")
    assert _texts(read, "in_flow") == ["-999"]
    assert _texts(read, "out_flow") == ["-999"]
    (negative,) = [finding for finding in read.profile.findings if finding.code == "negative_flow"]
    assert negative.columns == ("in_flow",)
    assert "negative on 199 rows, down to \u2212206" in negative.message


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("hydro/piscataquis_01031500_daily_sentinel.csv", "-999", {"q_cfs"}),
        (
            "general/pycaret_airquality.csv",
            "-200",
            {"CO(GT)", "PT08.S1(CO)", "NMHC(GT)", "C6H6(GT)", "PT08.S2(NMHC)", "NOx(GT)", "PT08.S3(NOx)", "NO2(GT)"}
            | {"PT08.S4(NO2)", "PT08.S5(O3)", "T", "RH", "AH"},
        ),
        ("general/uci_bank-full.csv", "unknown", {"job", "education", "contact", "poutcome"}),
        ("general/uci_bank-full.csv", "-1", {"pdays"}),
        ("general/pycaret_house.csv", "None", {"MasVnrType"}),
        ("general/BankChurners.csv", "Unknown", {"Education_Level", "Marital_Status", "Income_Category"}),
        ("general/pycaret_income.csv", "99999", {"capital-gain"}),
    ],
)
def test_the_marks_of_real_files_are_found_in_these_columns_and_no_others(
    name: str, text: str, columns: set[str]
) -> None:
    read = real_file(name)
    assert {column for column in read.frame.columns if text in _texts(read, str(column))} == columns


def test_the_remedies_travel_as_json() -> None:
    read = _made([*_flow(), -999.0])
    changes = json.loads(json.dumps(_questions(read)[0].remedies[0].changes))
    assert ReadingChoices().merged(changes).markers[0].value == "-999"
