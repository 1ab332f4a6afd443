"""Quality flags as a filter, and values beyond a limit as a censoring column: choices that a reading follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import DatasetProfile, Finding
from tests.storage.answers import read

FLAGGED = b"day,flow,flow_cd\n" + b"".join(
    b"2001-01-%02d,%d.5,%s\n" % (day, day, (b"A", b"P", b"A:e", b"")[day % 4]) for day in range(1, 29)
)
LIMITS = b"sample,tp,no3\n" + b"".join(
    b"%d,%s,%d.25\n" % (position, b"0.%02d" % (position + 10) if position % 10 else b"<0.05", position)
    for position in range(60)
)
MANY_LIMITS = b"sample,tp\n" + b"".join(
    b"%d,%s\n" % (position, b"< 0.05" if position % 5 < 3 else b"0.%02d" % (position + 10)) for position in range(80)
)


def _finding(profile: DatasetProfile, code: str) -> Finding:
    return next(finding for finding in profile.findings if finding.code == code)


def _column(rows: Any, position: int) -> list[Any]:
    return [row[position] for row in rows]


def test_values_with_other_flags_are_missing(tmp_path: Path) -> None:
    keep = {"column": "flow", "flag": "flow_cd", "keep": ["A", "A:e"]}
    profile, rows = read(tmp_path, FLAGGED, "flow.csv", flags=[keep])
    assert [row[1] for row in rows] == [row[0].day + 0.5 if row[2] in ("A", "A:e") else None for row in rows]
    assert profile.column("flow").missing == 14
    assert profile.column("flow_cd").flag_of == "flow"
    note = "flow: 14 values with other quality flags than A, A:e in flow_cd read as missing."
    assert note in profile.report.notes
    assert profile.report.dialect.kept_flags[0].keep == ("A", "A:e")


def test_values_without_a_flag_can_be_the_kept_ones(tmp_path: Path) -> None:
    _, rows = read(tmp_path, FLAGGED, "flow.csv", flags=[{"column": "flow", "flag": "flow_cd", "keep": [""]}])
    assert [row[2] for row in rows if row[1] is not None] == [None] * 7


@pytest.mark.parametrize("word", ["\x00", "A'; DROP TABLE raw; --", "A\x00"])
def test_a_strange_flag_keeps_nothing(tmp_path: Path, word: str) -> None:
    keep = {"column": "flow", "flag": "flow_cd", "keep": [word]}
    assert read(tmp_path, FLAGGED, "flow.csv", flags=[keep])[0].column("flow").missing == 28


def test_the_filter_on_approved_values_is_offered_once(tmp_path: Path) -> None:
    finding = _finding(read(tmp_path, FLAGGED, "flow.csv")[0], "quality_flags")
    assert [remedy.label for remedy in finding.remedies] == ["Use only approved values"]
    after, rows = read(tmp_path, FLAGGED, "flow.csv", **finding.remedies[0].changes)
    assert {row[2] for row in rows if row[1] is not None} == {"A", "A:e"}
    assert _finding(after, "quality_flags").remedies == ()


def test_a_choice_about_no_column_changes_nothing(tmp_path: Path) -> None:
    keep = {"column": "flow", "flag": "nowhere", "keep": ["A"]}
    profile, rows = read(tmp_path, FLAGGED, "flow.csv", flags=[keep], censored=[{"column": "x", "take": "half"}])
    assert None not in _column(rows, 1)
    assert profile.report.dialect.kept_flags == profile.report.dialect.censored == ()


@pytest.mark.parametrize(("take", "value"), [("limit", 0.05), ("half", 0.025), ("missing", None)])
@pytest.mark.parametrize("content", [LIMITS, MANY_LIMITS], ids=["some limits", "mostly limits"])
def test_limits_are_read_as_chosen(tmp_path: Path, content: bytes, take: str, value: float | None) -> None:
    profile, rows = read(tmp_path, content, "lab.csv", censored=[{"column": "tp", "take": take}])
    texts = [line.split(b",")[1].strip() for line in content.splitlines()[1:]]
    assert _column(rows, 1) == [value if text.startswith(b"<") else float(text) for text in texts]
    assert profile.column("tp").storage == "number"
    marks = [column for column in profile.columns if column.flag_of == "tp"]
    assert [mark.name for mark in marks] == ([] if take == "missing" else ["tp_censored"])
    if marks:
        assert _column(rows, -1) == ["<" if text.startswith(b"<") else None for text in texts]


def test_limits_are_asked_about_with_their_readings(tmp_path: Path) -> None:
    some = _finding(read(tmp_path, LIMITS, "lab.csv")[0], "missing_value_marker")
    assert some.remedies[1].label == "Read them at half the limit, with a column that marks them"
    many = _finding(read(tmp_path, MANY_LIMITS, "lab.csv")[0], "values_beyond_limit")
    assert [remedy.changes["censored"][0]["take"] for remedy in many.remedies] == ["limit", "half", "missing"]
    after, _ = read(tmp_path, MANY_LIMITS, "lab.csv", **many.remedies[1].changes)
    assert "values_beyond_limit" not in {finding.code for finding in after.findings}


def test_an_upper_limit_has_no_half(tmp_path: Path) -> None:
    content = b"n,coli\n" + b"".join(
        b"%d,%s\n" % (position, b">2420" if position % 4 == 0 else b"%d" % position) for position in range(40)
    )
    _, rows = read(tmp_path, content, "lab.csv", censored=[{"column": "coli", "take": "half"}])
    assert _column(rows, 1) == [2420.0 if position % 4 == 0 else position for position in range(40)]
    assert set(_column(rows, -1)) == {">", None}


def test_limits_with_a_decimal_comma_keep_it(tmp_path: Path) -> None:
    content = b"n;tp\n" + b"".join(
        b"%d;%s\n" % (position, b"<0,5" if position % 3 else b"1,%02d" % position) for position in range(60)
    )
    _, rows = read(tmp_path, content, "lab.csv", censored=[{"column": "tp", "take": "limit"}])
    assert _column(rows, 1)[:4] == [1.0, 0.5, 0.5, 1.03]


def test_values_that_a_flag_marks_stand_at_half(tmp_path: Path) -> None:
    content = b"n,tp,tp_remark\n" + b"".join(
        b"%d,%d,%s\n" % (position, position, b"<" if position % 3 else b"") for position in range(1, 50)
    )
    profile, _ = read(tmp_path, content, "lab.csv")
    offered = _finding(profile, "values_below_limit")
    assert [remedy.label for remedy in offered.remedies] == ["Read them at half the limit", "Read them as missing"]
    after, rows = read(tmp_path, content, "lab.csv", **offered.remedies[0].changes)
    assert _column(rows, 1) == [position / 2 if position % 3 else position for position in range(1, 50)]
    assert "a model takes them as measured" in " ".join(after.report.notes)


def test_flags_and_limits_work_across_wide_tables(tmp_path: Path) -> None:
    names = [f"v{position}" for position in range(700)]
    lines = [",".join(["flow", *names, "flow_qc"])]
    lines += [",".join([str(day), *["1"] * 700, "A" if day % 2 else "P"]) for day in range(30)]
    keep = {"column": "flow", "flag": "flow_qc", "keep": ["A"]}
    _, rows = read(tmp_path, "\n".join(lines).encode(), "wide.csv", flags=[keep])
    assert _column(rows, 0) == [day if day % 2 else None for day in range(30)]


def test_choices_about_quality_are_merged_and_taken_back() -> None:
    first = ReadingChoices().merged({"flags": [{"column": "q", "flag": "q_cd", "keep": ["A"]}]})
    second = first.merged({"censored": [{"column": "tp", "take": "half"}], "decimal": ","})
    assert second.flags[0].keep == ("A",)
    assert second.fingerprint() != first.fingerprint() != ReadingChoices().fingerprint()
    back = {"flags": [{"column": "q", "flag": "q_cd", "keep": None}], "censored": [{"column": "tp", "take": None}]}
    assert second.merged({**back, "decimal": None}) == ReadingChoices()


@pytest.mark.parametrize(
    "wrong",
    [
        {"flags": [{"column": "q", "flag": "q_cd", "keep": []}]},
        {"flags": [{"column": "q", "flag": "q", "keep": ["A"]}]},
        {"censored": [{"column": "tp", "take": "double"}]},
        {"place": {"latitude": 47.0}},
        {"place": {"latitude": 47.0, "longitude": 8.0, "south": 1, "west": 2, "north": 3, "east": 4}},
        {"place": {"south": 5, "west": 2, "north": 3, "east": 4}},
        {"place": {"latitude": 91, "longitude": 8.0}},
    ],
)
def test_wrong_choices_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReadingChoices.model_validate(wrong)


@pytest.mark.parametrize(
    ("limit", "half"),
    [("<0,5", 0.25), ("<1,000", 500.0), ("<12,5", 6.25), ("<-5", -5.0), ("<=0", 0.0), ("<0.5.5", None), (">1,5", 1.5)],
)
def test_limits_keep_their_size_however_written(tmp_path: Path, limit: str, half: float | None) -> None:
    lines = [f'{position},"{limit if position % 3 == 0 else f"{position}.25"}",1' for position in range(60)]
    content = "\n".join(["day,tp,z", *lines]).encode()
    profile, rows = read(tmp_path, content, "lab.csv", censored=[{"column": "tp", "take": "half"}])
    if half is None:
        # What is no number is no limit, and nothing says that it was read as one.
        assert "had no effect" in " ".join(profile.report.notes)
        assert profile.column("tp").storage == "text"
    else:
        assert _column(rows, 1) == [half if position % 3 == 0 else position + 0.25 for position in range(60)]


@pytest.mark.parametrize(
    ("flags", "keep"),
    [(("True", "FALSE"), "True"), (("1.0", "2.0"), "1"), (("1", "2"), "1.0"), (("0", "1"), "0"), (("01", "1"), "01")],
)
def test_flags_that_are_numbers_are_kept_by_value(tmp_path: Path, flags: tuple[str, str], keep: str) -> None:
    content = "day,flow,q\n" + "".join(f"{day},{day}.5,{flags[day % 2]}\n" for day in range(60))
    choice = {"column": "flow", "flag": "q", "keep": [keep]}
    _, rows = read(tmp_path, content.encode(), "flow.csv", flags=[choice])
    assert _column(rows, 1) == [None if day % 2 else day + 0.5 for day in range(60)]
